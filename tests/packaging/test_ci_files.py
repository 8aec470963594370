"""The CI files that are shipped: their shell steps are run as a runner runs them, with a real SSH agent. OpenTofu, pip and
`outlive` are played by scripts that note how they were called: what is tried here is the files."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.world import tofu
from tests.world.infrastructure import Infrastructure
from tests.world.need import need

FOLDER = Path(__file__).parents[2] / "docs" / "ci"
NAMES = ["github-watch.yml", "gitlab-watch.yml"]
AGENT = "trap 'ssh-agent -k >/dev/null 2>&1 || true' EXIT\n"  # a runner ends with all of its processes
pytestmark = [pytest.mark.slow, pytest.mark.skipif(shutil.which("ssh-agent") is None, reason="no ssh-agent here")]


@dataclass(frozen=True)
class Runner:
    """A checkout, and programs that note their calls."""

    room: Path
    key: str

    def program(self, name: str, body: str = "") -> None:
        path = self.room / "bin" / name
        path.write_text(f'#!/bin/bash\necho "{name} $*" >> "{self.room}/called"\n{body}\n')
        path.chmod(0o700)

    def run(self, shells: list[str], **environment: str) -> tuple[int, str]:
        """Status of the first step that failed, and everything that was printed. Each step is `bash -e`, as with both."""
        said = ""
        path = f"{self.room / 'bin'}:{os.environ['PATH']}"
        env = {"PATH": path, "HOME": str(self.room), "RUNNER_TEMP": str(self.room)} | environment
        for shell in shells:
            argv = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", AGENT + shell]
            done = subprocess.run(argv, cwd=self.room / "work", env=env, capture_output=True, text=True, check=False)
            said += done.stdout + done.stderr
            if done.returncode:
                return done.returncode, said
        return 0, said

    @property
    def called(self) -> list[str]:
        path = self.room / "called"
        return path.read_text().splitlines() if path.exists() else []


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    (tmp_path / "bin").mkdir()
    (tmp_path / "work" / "infra").mkdir(parents=True)
    argv = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "canary", "-f", str(tmp_path / "key")]
    subprocess.run(argv, check=True)
    made = Runner(tmp_path, (tmp_path / "key").read_text())
    for name in ("pip", "apt-get", "tofu"):
        made.program(name)
    return made


def read(name: str) -> dict[str, Any]:
    found = yaml.safe_load((FOLDER / name).read_text())
    assert isinstance(found, dict)
    return found


def canary(name: str, runner: Runner) -> tuple[list[str], dict[str, str]]:
    """The shell of the job, and the environment that it gets."""
    if name.startswith("github"):
        steps = [one["run"] for one in read(name)["jobs"]["canary"]["steps"] if "run" in one]
        return steps, {"OUTLIVE_SSH_KEY": runner.key}
    job = read(name)["outlive-canary"]
    return ["\n".join([*job["before_script"], *job["script"]])], {"OUTLIVE_SSH_KEY": str(runner.room / "key")}


def guard(name: str) -> list[str]:
    if name.startswith("github"):
        job = read(name)["jobs"]["plan"]
        inside = job["defaults"]["run"]["working-directory"]
        return [f"cd {inside}\n{one['run']}" for one in job["steps"] if "run" in one]
    return ["\n".join(read(name)["outlive-plan-guard"]["script"])]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("code", [0, 1, 3])
def test_the_canary_ends_as_check_does_and_has_the_key(name: str, code: int, runner: Runner) -> None:
    runner.program("outlive", f'ssh-add -l >> "{runner.room}/called"; exit {code}')
    shells, environment = canary(name, runner)
    status, said = runner.run(shells, **environment)
    assert status == code, said
    assert "outlive check --no-remember" in runner.called
    assert any("canary (ED25519)" in line for line in runner.called), "the agent holds the key"
    assert "tofu -chdir=infra init -input=false" in runner.called, "drift would be no data without"
    assert "PRIVATE KEY" not in said


@pytest.mark.parametrize("name", NAMES)
def test_without_opentofu_files_the_canary_does_not_touch_it(name: str, runner: Runner) -> None:
    (runner.room / "work" / "infra").rmdir()
    runner.program("outlive")
    shells, environment = canary(name, runner)
    assert runner.run(shells, **environment)[0] == 0
    assert not [line for line in runner.called if line.startswith("tofu")]


@pytest.mark.parametrize("name", NAMES)
def test_a_key_that_is_none_ends_the_canary_before_it_looks(name: str, runner: Runner) -> None:
    runner.program("outlive")
    (runner.room / "key").write_text("no key\n")
    shells, environment = canary(name, Runner(runner.room, "no key\n"))
    assert runner.run(shells, **environment)[0] != 0
    assert not [line for line in runner.called if line.startswith("outlive")]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("code", [0, 4])
def test_the_guard_judges_the_plan_that_was_made(name: str, code: int, runner: Runner) -> None:
    shown = (
        'if [ "$1" = show ]; then echo \'{"secret": "in clear"}\'; fi\nif [ "$1" = workspace ]; then echo preview; fi'
    )
    runner.program("tofu", shown)
    runner.program("outlive", f'grep -q secret "${{@: -1}}" || exit 99\nexit {code}')
    status, said = runner.run(guard(name))
    assert status == code and "in clear" not in said
    assert [line.split()[1] for line in runner.called if line.startswith("tofu")] == [
        "init",
        "plan",
        "show",
        "workspace",
    ]
    assert any(line.startswith("outlive plan-guard --workspace preview ") for line in runner.called)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("failing", ["init", "plan", "show"])
def test_a_plan_that_fails_is_not_judged(name: str, failing: str, runner: Runner) -> None:
    runner.program("tofu", f'if [ "$1" = {failing} ]; then exit 1; fi')
    runner.program("outlive")
    assert runner.run(guard(name))[0] == 1
    assert not [line for line in runner.called if line.startswith("outlive")]


@pytest.mark.parametrize("name", NAMES)
def test_it_trusts_no_key_that_merely_answers_and_forgives_nothing(name: str) -> None:
    text = (FOLDER / name).read_text()
    assert not [
        word for word in ("ssh-keyscan", "accept-new", "|| true", "continue-on-error", "allow_failure") if word in text
    ]


def test_github_is_asked_for_what_it_knows() -> None:
    found = read("github-watch.yml")
    when = found[True]  # YAML 1.1 reads the word `on` so; GitHub does not
    assert when["schedule"][0]["cron"] == "*/15 * * * *" and found["permissions"] == {"contents": "read"}
    for job in found["jobs"].values():
        assert {"runs-on", "steps", "timeout-minutes", "if"} <= job.keys()
        assert all(("run" in one) != ("uses" in one) for one in job["steps"])


def test_gitlab_is_asked_for_what_it_knows() -> None:
    for job in read("gitlab-watch.yml").values():
        assert job.keys() <= {"image", "timeout", "rules", "variables", "before_script", "script"}
        assert all(isinstance(one, str) for one in [*job.get("before_script", []), *job["script"]])


@pytest.fixture(scope="module")
def infra(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Infrastructure]:
    program = need("tofu", tofu.opentofu)
    need("tofu", tofu.framework)
    with Infrastructure(tmp_path_factory.mktemp("infrastructure"), program) as made:
        yield made


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("environment", "code"), [("production", 0), ("preview", 4)])
def test_with_the_real_opentofu_the_guard_knows_for_which_workspace_it_planned(
    name: str, environment: str, code: int, runner: Runner, infra: Infrastructure
) -> None:
    (runner.room / "work" / "infra").rmdir()
    (runner.room / "work" / "infra").symlink_to(infra.folder)
    (runner.room / "bin" / "tofu").unlink()
    (runner.room / "bin" / "tofu").symlink_to(infra.program)
    runner.program("outlive", f'exec {sys.executable} -m outlive "$@"')
    status, said = runner.run(guard(name), TF_VAR_environment=environment, TF_VAR_reinstall="false")
    assert status == code, said
    assert ("the plan is for 'preview', the workspace is 'production'" in " ".join(said.split())) == (code == 4)
