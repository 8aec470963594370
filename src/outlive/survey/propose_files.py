"""Which paths of a host to guard: what containers have bound, what people asked for, and configuration. PURE."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePosixPath

from outlive.commands.docker_objects import Container, Mount
from outlive.model.asset import ConfigAsset, PathAsset
from outlive.survey.found import Survey
from outlive.survey.proposal import LeftOut, Names, Proposed, amount
from outlive.survey.propose_postgres import data_mounts
from outlive.survey.propose_volumes import notes_on, to_stop

# What an operating system, a runtime or a kernel makes again by itself.
SYSTEM = (
    *("/proc", "/sys", "/dev", "/run", "/var/run", "/usr", "/lib", "/lib64", "/bin", "/sbin", "/boot"),
    *("/etc/hostname", "/etc/hosts", "/etc/resolv.conf", "/etc/localtime", "/etc/timezone", "/etc/machine-id"),
    *("/etc/passwd", "/etc/group", "/etc/os-release", "/etc/ssl/certs", "/etc/ca-certificates", "/etc/pki"),
)
SCRATCH = ("/tmp", "/var/tmp", "/var/lib/docker", "/var/lib/containerd", "/var/log", "/var/cache")
WHOLE = ("/", "/etc", "/var", "/home", "/root", "/opt", "/srv", "/mnt", "/var/lib")
# Folders that people put data into; elsewhere, programs and dotfiles are the rule.
DATA_ROOTS = ("/srv", "/var/www")
SMALL_BYTES = 64 << 20  # a read-only mount up to this size, beside its compose file, is configuration
EMPTY_BYTES = 4096

Found = tuple[list[Proposed], list[LeftOut]]


def paths(survey: Survey, host: str, names: Names, guarded: tuple[Proposed, ...]) -> Found:
    """What people asked for, then the bind mounts that are data."""
    proposed = [_path(survey, path, host, names, ()) for path in survey.wanted_paths]
    left: list[LeftOut] = []
    for source, users in sorted(_binds(survey).items()):
        inside = [one.asset.path for one in proposed if isinstance(one.asset, PathAsset)]
        if _is_config(survey, source, users) or any(_within(source, outer) for outer in inside):
            continue
        if why := _why_not(survey, source, users):
            left.append(why)
        else:
            proposed.append(_path(survey, source, host, names, [container for container, _ in users]))
    return proposed, left


def configs(survey: Survey, host: str, names: Names, guarded: tuple[Proposed, ...]) -> Found:
    """For each compose project, the files that say how it is run."""
    proposed: list[Proposed] = []
    left: list[LeftOut] = []
    for project in survey.docker.projects if survey.docker else ():
        files, unreadable = _config_files(survey, project)
        if files:
            asset = ConfigAsset(name=names.fresh(project, "config"), host=host, paths=tuple(files))
            sizes = [survey.weight(path).bytes or 0 for path in files]
            proposed.append(Proposed(asset, (f"how {project} is run",), bytes=sum(sizes) or None))
        else:
            why = "no compose file was found on the host: it was started from elsewhere"
            left.append(LeftOut("config", project, why))
        left += [LeftOut("config", path, "this login may not read it", at_risk=True) for path in unreadable]
    return proposed, left


def roots(survey: Survey, host: str, names: Names, guarded: tuple[Proposed, ...]) -> Found:
    """Folders where people put things on a server, as far as nothing in them is guarded already."""
    proposed: list[Proposed] = []
    left: list[LeftOut] = []
    covered = [path for one in guarded for path in _paths_of(one)]
    for root in survey.host.roots if survey.host else ():
        weight = survey.weight(root)
        if any(_within(root, path) for path in covered) or (weight.bytes or EMPTY_BYTES + 1) <= EMPTY_BYTES:
            continue
        if any(_within(path, root) for path in covered):
            left.append(LeftOut("path", root, "only what the assets name in it is guarded", weight.bytes))
        elif not any(_within(root, data) for data in DATA_ROOTS):
            why = "as a rule programs or people's own files; name it with --path if it is data"
            left.append(LeftOut("path", root, why, weight.bytes))
        elif not weight.readable:
            left.append(LeftOut("path", root, "this login may not read it", at_risk=True))
        else:
            proposed.append(_path(survey, root, host, names, ()))
    return proposed, left


def _binds(survey: Survey) -> dict[str, list[tuple[Container, Mount]]]:
    found: dict[str, list[tuple[Container, Mount]]] = {}
    for container in survey.docker.containers if survey.docker else ():
        for mount in container.mounts:
            if mount.kind == "bind":
                found.setdefault(mount.source, []).append((container, mount))
    return found


def _is_config(survey: Survey, source: str, users: Iterable[tuple[Container, Mount]]) -> bool:
    """Small and read-only beside a compose file, or a single file there."""
    weight = survey.weight(source)
    beside = all(one.working_dir and _within(source, one.working_dir) for one, _ in users)
    frozen = not any(mount.writable for _, mount in users)
    small = weight.bytes is not None and weight.bytes <= SMALL_BYTES
    return beside and weight.readable and small and (weight.kind == "f" or (frozen and weight.kind == "d"))


def _why_not(survey: Survey, source: str, users: list[tuple[Container, Mount]]) -> LeftOut | None:
    """Why a bound path is not guarded by itself, or None."""
    weight = survey.weight(source)

    def left(why: str, *, at_risk: bool = False, harmless: bool = False) -> LeftOut:
        return LeftOut("path", source, why, weight.bytes, at_risk, harmless)

    if owner := data_mounts(survey, asked=True).get(source):
        return left(f"holds the data of {owner.address}, which is guarded as a database", harmless=True)
    if owner := data_mounts(survey, asked=False).get(source):
        return left(f"holds the data of {owner.address}, which could not be asked", at_risk=True)
    if weight.kind == "s" or source.endswith(".sock"):
        return left("a socket: there is nothing in it to copy", harmless=True)
    if source in WHOLE:
        return left("too wide to be one asset; name what matters in it with --path")
    if any(_within(source, folder) for folder in SYSTEM):
        return left("belongs to the operating system", harmless=True)
    if any(_within(source, folder) for folder in SCRATCH):
        return left("scratch, logs or Docker's own files")
    if weight.kind not in ("d", "f"):
        return left("this login sees nothing there", at_risk=any(one.running for one, _ in users))
    return None if weight.readable else left("this login may not read it", at_risk=True)


def _path(survey: Survey, path: str, host: str, names: Names, users: Iterable[Container]) -> Proposed:
    containers = list(users)
    files = survey.databases_in(path)
    size = survey.weight(path).bytes
    used_by = ", ".join(dict.fromkeys(one.address for one in containers))
    about = f"{amount(size)}, used by {used_by}" if used_by else amount(size)
    project = next((one.project for one in containers if one.project), "")
    leaf = PurePosixPath(path).name or "root"
    name = names.fresh(project, leaf) if project else names.fresh(leaf)
    notes = notes_on(files)
    if survey.weight(path).kind == "-":
        notes.append("Nothing was seen there. Check the path, and what this login may read.")
    return Proposed(
        PathAsset(name=name, host=host, path=path), (about,), tuple(notes), to_stop(files, containers), size
    )


def _config_files(survey: Survey, project: str) -> tuple[list[str], list[str]]:
    """Those that may be read, and those that may not: beside the compose file, named by it, or bound from there."""
    containers = [one for one in survey.docker.containers if one.project == project] if survey.docker else []
    found = {one.path: one.readable for one in survey.config_files if one.project == project}
    for path in dict.fromkeys(path for one in containers for path in one.compose_files):
        weight = survey.weight(path)
        if weight.kind == "f":
            found.setdefault(path, weight.readable)
    for source, users in _binds(survey).items():
        if any(one.project == project for one, _ in users) and _is_config(survey, source, users):
            found[source] = True
    outer = [path for path in found if not any(_within(path, other) and path != other for other in found)]
    return sorted(path for path in outer if found[path]), sorted(path for path in outer if not found[path])


def _paths_of(one: Proposed) -> tuple[str, ...]:
    match one.asset:
        case PathAsset(path=path):
            return (path,)
        case ConfigAsset(paths=several):
            return several
        case _:
            return ()


def _within(path: str, folder: str) -> bool:
    """Whether `path` is `folder` or below it, going by the names."""
    return PurePosixPath(path).is_relative_to(folder)
