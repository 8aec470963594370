"""The container image: built from the tree as it is, run without root, and stopped in time."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.keeper.homes import home
from tests.world import images
from tests.world.docker import DockerEngine

pytestmark = [pytest.mark.docker, pytest.mark.slow]
ROOT = Path(__file__).parents[2]
IMAGE = "outlive-test/keeper"
UID = 10001


@pytest.fixture(scope="module")
def image(docker_host: DockerEngine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """On the test world's Debian; Python packages are fetched outside, as this machine's pip may reach them."""
    context = tmp_path_factory.mktemp("context")
    for name in ("pyproject.toml", "README.md", "requirements.lock"):
        shutil.copy(ROOT / name, context / name)
    unwanted = shutil.ignore_patterns("__pycache__", "*.egg-info")
    shutil.copytree(ROOT / "src", context / "src", ignore=unwanted)
    shutil.copytree(ROOT / "packaging", context / "packaging")
    words = ["download", "-q", "-d", str(context / "wheels"), "-c", "requirements.lock", ".", "setuptools>=69", "wheel"]
    wanted = ["--python-version", "3.11", "--only-binary", ":all:", "--platform", "manylinux_2_28_x86_64"]
    wanted += ["--platform", "manylinux_2_17_x86_64", "--platform", "manylinux2014_x86_64"]
    if sys.version_info[:2] == (3, 11):
        wanted = []
    subprocess.run([sys.executable, "-m", "pip", *words, *wanted], cwd=context, check=True, capture_output=True)
    base = images.debian(docker_host)
    options = ["--build-arg", f"BASE={base}", "--build-arg", "PIP_OPTIONS=--no-index --find-links /src/wheels"]
    place = ["--file", str(context / "packaging" / "Containerfile"), str(context)]
    docker_host.docker("build", "--quiet", "--network", "host", *options, "--tag", IMAGE, *place, timeout=1200)
    yield IMAGE
    docker_host.docker("rmi", "--force", IMAGE)


def test_it_runs_without_root_and_without_a_writable_image(docker_host: DockerEngine, image: str) -> None:
    strict = ["--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"]
    said = docker_host.docker("run", "--rm", *strict, "--entrypoint", "id", image, "-u")
    assert said == str(UID)
    assert docker_host.docker("run", "--rm", *strict, image, "--version").startswith("outlive ")
    assert docker_host.docker("run", "--rm", *strict, "--entrypoint", "sh", image, "-c", "ssh -V 2>&1").startswith(
        "OpenSSH"
    )


def test_it_keeps_and_stops_in_order(docker_host: DockerEngine, image: str, tmp_path: Path) -> None:
    config = home(tmp_path / "home")
    config.write_text(config.read_text().replace(str(config.parent), "/guarded"))
    subprocess.run(["chown", "-R", f"{UID}:{UID}", str(config.parent)], check=True)
    strict = ["--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"]
    options = [*strict, "--volume", f"{config.parent}:/guarded"]
    container = docker_host.run(image, "keep", "--config", "/guarded/outlive.toml", options=options)
    docker_host.wait_for_log(container, "ended backup files: done", seconds=90)
    told = docker_host.exec(container, "outlive", "copies", "--json", "--config", "/guarded/outlive.toml")
    assert [copy["proof"] for copy in json.loads(told)["copies"]] == ["restored"]
    docker_host.docker("stop", "--time", "60", container)
    assert docker_host.docker("inspect", "-f", "{{.State.ExitCode}}", container) == "0"
    assert docker_host.logs(container).rstrip().endswith("stopped")
    docker_host.remove(container)
