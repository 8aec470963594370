"""`hold-schedules`: what came back with Temporal's database is paused before a worker starts, unless it is known that the
old server starts nothing any more: two servers with the same schedules charge every card twice.

Temporal catches up what a schedule missed as soon as it is up, so that a few workflows may have begun before the pause.
These are terminated, for no worker has seen them, and told. What was under way in the database goes on.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from outlive.backup.restore.pour import step
from outlive.commands import compose, docker, docker_objects
from outlive.commands.temporal import Export, Schedule
from outlive.errors import ConfigError, Failed, NoData, OutliveError
from outlive.model.asset import PostgresAsset, TemporalAsset
from outlive.recovery.schedule_server import asset_of, door_of, exported
from outlive.recovery.steps.base import Done, Effect, Inputs, Look, Manners, NotYet, World
from outlive.recovery.two_servers import why_two
from outlive.transport.temporal_door import Door
from outlive.transport.temporal_link import must_be_installed

ASK_SECONDS = 60
UP_SECONDS = 600
POLL_SECONDS = 1.0


class HoldSchedules(Manners):
    """Facts: `held_schedules_of`, `held` (names), `caught_up` (names, with how many workflows they had begun)."""

    effect = Effect.CHANGES
    timeout_seconds = 300.0
    attempts = 1

    def plan(self, world: World, inputs: Inputs) -> str:
        asset = asset_of(world, inputs)
        if cannot := _cannot(asset):
            return f"does NOT pause Temporal's schedules: {cannot}"
        until = "while the old machine may still run: `outlive temporal release` lets them run"
        return f"starts {asset.container} before any worker, and pauses its schedules {until}"

    def look(self, world: World, inputs: Inputs) -> Look:
        known = inputs.facts.get(inputs.step)
        return NotYet() if known is None else Done(str(known.get("said", "")), known)

    def do(self, world: World, inputs: Inputs, timeout_seconds: float) -> dict[str, Any]:
        asset = asset_of(world, inputs)
        why = why_two(inputs, world.host.address, rehearsal=world.rehearsal)
        found: dict[str, Any] = {"held_schedules_of": asset.name, "held": [], "caught_up": []}
        if not why:
            return found | {"said": "they run on: the old machine starts nothing any more"}
        if cannot := _cannot(asset):
            return found | {"said": f"NOT PAUSED, though {why}: {cannot}"}
        end = world.clock.monotonic() + timeout_seconds
        try:
            self._up(world, inputs, asset)
            seen = _patient(world, end, lambda: self._held(world, asset, _exported(world, inputs), end))
        except OutliveError as error:
            if word := inputs.args.get("approved"):
                return found | {"said": f"NOT PAUSED, though {why}, as {word['who']} has approved: {error}"}
            hint = (
                f'{error.hint} Then `outlive recover --resume`; or go on without the pause: --approve "{inputs.step}"'
            )
            raise Failed(f"the schedules could not be paused, though {why}: {error}", hint=hint) from error
        said = f"{len(seen['held'])} schedules wait paused, for {why}"
        said += "" if world.rehearsal else f"; outlive temporal release {asset.name}"
        if seen["caught_up"]:
            said += (
                f"; what they had begun to catch up was terminated before any worker: {', '.join(seen['caught_up'])}"
            )
        return found | seen | {"said": said}

    def undo(self, world: World, inputs: Inputs) -> None:
        """Stops what was started; the pauses go with the data that is taken back."""
        if files := inputs.fact("files"):
            project = compose.Project(inputs.fact("project"), tuple(files))
            step(world.there.run(project.say("stop"), timeout_seconds=UP_SECONDS), "stopping the project")

    def _up(self, world: World, inputs: Inputs, asset: TemporalAsset) -> None:
        project = compose.Project(inputs.fact("project"), tuple(inputs.fact("files")))
        services = [*_databases(world), _service(asset)]
        words = project.say("up", "--detach", "--no-recreate", "--no-build", "--quiet-pull", *services)
        step(world.there.run(words, timeout_seconds=UP_SECONDS), "docker compose up")

    def _held(self, world: World, asset: TemporalAsset, wanted: Export, end: float) -> dict[str, Any]:
        """Those that the server lists and those that were exported: its list may lag behind what it has."""
        began = _began(world, asset)
        with door_of(world, asset) as door:
            now = door.export(wanted)
            for name, id in sorted(_names(now) | _names(wanted)):
                door.hold(name, id)
            while running := [each.id for one in now.namespaces for each in one.schedules if not each.is_paused]:
                if world.clock.monotonic() > end:
                    raise Failed(f"these would not be paused: {', '.join(running)}.", hint="outlive recover --resume")
                world.clock.sleep(POLL_SECONDS)
                now = door.export(wanted)
            every = [(one.name, each) for one in now.namespaces for each in one.schedules]
            caught = [f"{name}/{one.id} ({n})" for name, one in every if (n := _ended(world, door, name, one, began))]
        return {"held": [f"{name}/{one.id}" for name, one in every if one.is_held], "caught_up": caught}


def _ended(world: World, door: Door, namespace: str, schedule: Schedule, began: datetime) -> int:
    """How many workflows the schedule had begun before it was paused; they are terminated, and no worker has seen them. The
    server's list of what runs may lag, so that it is asked until it says nothing new."""
    ended: set[tuple[str, str]] = set()
    fresh = schedule.begun_since(began)
    while fresh:
        for workflow, run in fresh:
            door.end(namespace, workflow, run)
        ended |= fresh
        world.clock.sleep(POLL_SECONDS)
        fresh = door.begun(namespace, schedule.id, began) - ended
    return len(ended)


def _cannot(asset: TemporalAsset) -> str:
    if asset.address:
        return f"they are asked for at {asset.address}, which is not the machine that is recovered to."
    if not _service(asset):
        return 'its container is not named as a service of the project: container = "project/service" in outlive.toml.'
    try:
        must_be_installed()
    except ConfigError as error:
        return f"{error} {error.hint}"
    return ""


def _exported(world: World, inputs: Inputs) -> Export:
    """A copy that does not open keeps nobody from being served: then the server's own list must do."""
    try:
        return exported(world, inputs.copy)
    except OutliveError:
        return Export("", "", ())


def _service(asset: TemporalAsset) -> str:
    return (asset.container or "").partition("/")[2]


def _databases(world: World) -> list[str]:
    containers = [one.container or "" for one in world.own_assets() if isinstance(one, PostgresAsset)]
    return [service for _, _, service in (one.partition("/") for one in containers) if service]


def _names(export: Export) -> set[tuple[str, str]]:
    return {(one.name, each.id) for one in export.namespaces for each in one.schedules}


def _began(world: World, asset: TemporalAsset) -> datetime:
    """When its container started, by the clock of the machine that it runs on."""
    ids = docker.read_lines(
        step(world.there.run(docker.ps(stopped=False), timeout_seconds=ASK_SECONDS), "docker ps").text
    )
    told = world.there.run(docker.inspect(ids), timeout_seconds=ASK_SECONDS).text if ids else ""
    found = docker_objects.pick(docker_objects.read_containers(told), asset.container or "")
    if found is None or not found.started_at:
        raise NoData(f"no container of {asset.container} runs.", hint="It may be starting; `outlive recover --resume`.")
    return datetime.fromisoformat(found.started_at)


def _patient(world: World, end: float, look: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """It may still be starting. When it does not answer to the end, the run stops before any worker starts."""
    while True:
        try:
            return look()
        except NoData:
            if world.clock.monotonic() > end:
                raise
        world.clock.sleep(POLL_SECONDS)
