"""The `.env` of the host's compose project: read, swapped whole, put back; and its services begun anew with it."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping

from outlive.backup.restore.pour import step
from outlive.commands import compose, env_file
from outlive.errors import Failed
from outlive.model.asset import PostgresAsset
from outlive.recovery.steps.base import Inputs, World

ASK_SECONDS = 60
UP_SECONDS = 600


def path(inputs: Inputs) -> str:
    """`env_file` of the runbook, else the `.env` beside the project's first compose file."""
    named = inputs.args.get("env_file")
    return str(named) if named else posixpath.join(posixpath.dirname(project(inputs).files[0]), ".env")


def project(inputs: Inputs) -> compose.Project:
    return compose.Project(inputs.fact("project"), tuple(inputs.fact("files")))


def text(world: World, inputs: Inputs) -> str:
    """Raises `Failed`. It holds secrets."""
    return _read(world, path(inputs))


def before(world: World, inputs: Inputs) -> str | None:
    """As this run found it; None when the run has not changed it."""
    return read_if_there(world, env_file.kept(path(inputs), inputs.run))


def read_if_there(world: World, file: str) -> str | None:
    """Raises `Failed` when it is there and cannot be read."""
    words = ("sh", "-c", 'if [ -e "$1" ]; then echo there; else echo absent; fi', "sh", file)
    there = world.there.run(words, timeout_seconds=ASK_SECONDS).check(f"looking for {file}").text.strip()
    return _read(world, file) if there == "there" else None


def write(world: World, inputs: Inputs, new: Mapping[str, str]) -> None:
    """These variables, and nothing else of it. The file as it was stays beside it."""
    fresh = changed(inputs, text(world, inputs), new)
    words = env_file.swap(path(inputs), inputs.run)
    step(world.there.run(words, stdin=fresh.encode(), timeout_seconds=ASK_SECONDS), f"writing {path(inputs)}")


def changed(inputs: Inputs, text: str, new: Mapping[str, str]) -> str:
    """That `.env` with these variables. Raises `Failed` where it cannot be written so."""
    try:
        return env_file.changed(text, new)
    except ValueError as error:
        hint = "Each variable wants a line NAME=value of its own there, special characters in an address as %XX."
        raise Failed(f"{path(inputs)}: {error}.", hint=hint) from error


def put_back(world: World, inputs: Inputs, names: set[str]) -> None:
    """These variables become what they were before the run; what a person changed beside them stays."""
    if (old := before(world, inputs)) is not None:
        former = env_file.lines(old)
        fresh = env_file.with_lines(text(world, inputs), {name: former[name] for name in names & former.keys()})
        words = env_file.swap(path(inputs), inputs.run)
        step(world.there.run(words, stdin=fresh.encode(), timeout_seconds=ASK_SECONDS), f"putting {path(inputs)} back")


def services(world: World, inputs: Inputs) -> list[str]:
    """All but the guarded databases: these are never made anew here."""
    containers = [one.container or "" for one in world.own_assets() if isinstance(one, PostgresAsset)]
    databases = {name.partition("/")[2] for name in containers if "/" in name}
    return [name for name in inputs.fact("services") if name not in databases]


def up(world: World, inputs: Inputs, *, start: bool) -> None:
    """Containers whose environment has changed are made anew, as by every deploy; without `start` they wait."""
    words = ("--detach",) if start else ("--no-start",)
    if names := services(world, inputs):
        argv = project(inputs).say("up", *words, "--no-build", "--no-deps", "--quiet-pull", *names)
        step(world.there.run(argv, timeout_seconds=UP_SECONDS), "docker compose up")


def stop(world: World, inputs: Inputs) -> None:
    if names := services(world, inputs):
        step(world.there.run(project(inputs).say("stop", *names), timeout_seconds=UP_SECONDS), "docker compose stop")


def _read(world: World, file: str) -> str:
    asked = world.there.run(env_file.read(file), timeout_seconds=ASK_SECONDS)
    if asked.status != 0:
        hint = "Say where it is: `env_file` of the step. docs/how-to/move-postgres.md"
        raise Failed(f"{file} on {world.target.name} cannot be read: {asked.stderr.strip()}", hint=hint)
    return asked.text
