"""Images made once, from Debian packages and the Postgres wheel, without any registry; remade when a recipe changes."""

from __future__ import annotations

import hashlib
import io
import subprocess
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from outlive.lab.ground import wheels
from outlive.lab.ground.cache import cache_root, is_root, locked, make_once, remove
from outlive.lab.ground.docker import DockerEngine
from outlive.lab.ground.missing import Missing, ProgramFailed
from outlive.lab.ground.postgres_trees import LIBRARIES, VERSIONS, tree
from outlive.lab.ground.process import program, run

RECIPES = Path(__file__).parent / "recipes"
LABEL = "outlive-test.recipe"
BASE = "outlive-test/debian"
# Debian's Postgres libraries are in the base, so that every image made from it costs one layer.
BASE_PACKAGES = (*LIBRARIES, "ca-certificates", "locales")


def debian(engine: DockerEngine) -> str:
    """Bookworm as debootstrap makes it, plus the libraries and the en_US.utf8 locale that Postgres images have."""
    recipe = _digest((), {}, {})
    with locked("image-debian"):
        if _recipe_of(engine, BASE) != recipe:
            archive = make_once(cache_root() / "images" / f"debian-{recipe}.tar.zst", _bootstrap)
            _import(engine, archive, recipe)
    return BASE


def _import(engine: DockerEngine, archive: Path, recipe: str) -> None:
    command = [engine.client, "import", "--change", f"LABEL {LABEL}={recipe}", "--change", 'CMD ["bash"]', "-", BASE]
    with archive.open("rb") as packed:
        unpack = subprocess.Popen(["zstd", "-dcq"], stdin=packed, stdout=subprocess.PIPE)
        done = subprocess.run(command, stdin=unpack.stdout, capture_output=True)
    if unpack.wait() or done.returncode:
        raise ProgramFailed(f"docker import: {done.stderr.decode()}")


def postgres(engine: DockerEngine, major: int) -> str:
    """`outlive-test/postgres:<major>`, a stand-in for Docker Hub's image of that major."""
    debian(engine)
    volume = postgres_volume(major)
    data = f"{volume}/{major}/docker" if major >= 18 else volume
    arguments = {"MAJOR": str(major), "VERSION": VERSIONS[major], "PGDATA": data, "VOLUME": volume}
    return build(engine, RECIPES / "postgres", tag=str(major), arguments=arguments, files={"tree": tree(major)})


def postgres_volume(major: int) -> str:
    """Where the image wants its volume. The official image moved it with 18: the data lie in a folder below it."""
    return "/var/lib/postgresql" if major >= 18 else "/var/lib/postgresql/data"


def busybox(engine: DockerEngine) -> str:
    """`outlive-test/busybox`: one static program."""
    debian(engine)
    return build(engine, RECIPES / "busybox")


def server(engine: DockerEngine) -> str:
    """`outlive-test/server`: a machine with sshd and a Docker engine of its own (machine.py)."""
    debian(engine)
    return build(engine, RECIPES / "server", files={"docker-compose": wheels.program(wheels.COMPOSE, "docker-compose")})


def build(
    engine: DockerEngine,
    recipe: Path,
    *,
    tag: str = "latest",
    arguments: Mapping[str, str] | None = None,
    files: Mapping[str, Path] | None = None,
    above: Sequence[Path] = (),
) -> str:
    """The image of <recipe>/Dockerfile with further `files` beside it; nothing is done when it is there.

    `above` are the recipes that it is made from, besides the base: when they change, it is made again.
    """
    image = f"outlive-test/{recipe.name.replace('_', '-')}:{tag}"
    digest = _digest((recipe, *above), arguments or {}, files or {})
    with locked(f"image-{recipe.name}-{tag}"):
        if _recipe_of(engine, image) == digest:
            return image
        words = ["build", "--quiet", "--network", "host", "--label", f"{LABEL}={digest}", "--tag", image]
        for name, value in (arguments or {}).items():
            words += ["--build-arg", f"{name}={value}"]
        engine.docker(*words, "-", input=_context(recipe, files or {}), timeout=1200)
    return image


def _context(recipe: Path, files: Mapping[str, Path]) -> bytes:
    """The build context as a tar, so that what it holds may lie anywhere."""
    content = io.BytesIO()
    # GNU: docker looks at the first block only, and PAX would put there a header of its own.
    with tarfile.open(fileobj=content, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for path in sorted(recipe.iterdir()):
            archive.add(path, path.name, filter=_executable if path.read_bytes().startswith(b"#!") else None)
        for name, path in files.items():
            archive.add(path, name)
    return content.getvalue()


def _executable(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """A script stays one, though whoever installed this package may have dropped its mode."""
    member.mode = 0o755
    return member


def _digest(recipes: Sequence[Path], arguments: Mapping[str, str], files: Mapping[str, Path]) -> str:
    """Changes with the recipes, the arguments and the base's packages; further files are known by their path."""
    sum_ = hashlib.sha256(" ".join(BASE_PACKAGES).encode())
    files_of = [path for recipe in recipes for path in recipe.iterdir()]
    for path in sorted(files_of, key=lambda path: (path.parent.name, path.name)):
        sum_.update(path.name.encode() + path.read_bytes())
    for name, value in sorted(
        {**arguments, **{key: str(path.relative_to(cache_root())) for key, path in files.items()}}.items()
    ):
        sum_.update(f"{name}={value}\n".encode())
    return sum_.hexdigest()[:16]


def _recipe_of(engine: DockerEngine, image: str) -> str:
    form = '{{index .Config.Labels "' + LABEL + '"}}'
    done = subprocess.run([engine.client, "image", "inspect", "-f", form, image], capture_output=True, text=True)
    return done.stdout.strip() if done.returncode == 0 else ""


def _bootstrap(archive: Path) -> None:
    """debootstrap without a mirror named: it takes Debian's own, by whatever way this machine reaches it."""
    if not is_root():
        raise Missing("making the base image takes root")
    debootstrap = program("debootstrap", package="debootstrap")
    root = cache_root() / "debootstrap"
    remove(root)
    run([debootstrap, "--variant=minbase", f"--include={','.join(BASE_PACKAGES)}", "bookworm", root], timeout=1200)
    run(["chroot", root, "localedef", "-i", "en_US", "-c", "-f", "UTF-8", "en_US.UTF-8"])
    for rubbish in ("var/cache/apt/archives", "var/lib/apt/lists", "usr/share/doc", "usr/share/man", "usr/share/i18n"):
        remove(root / rubbish)
    (root / "var/cache/apt/archives/partial").mkdir(parents=True)
    (root / "var/lib/apt/lists/partial").mkdir(parents=True)
    run(["tar", "--numeric-owner", "--zstd", "--one-file-system", "-cf", archive, "-C", root, "."])
    remove(root)
