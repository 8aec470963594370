"""`stack`: what the compose files on the machine say: services, images, and which volume is whose."""

from __future__ import annotations

import posixpath

from outlive.commands import compose
from outlive.errors import Failed, UsageError
from outlive.model.asset import ConfigAsset, ImagesAsset, PostgresAsset, TemporalAsset
from outlive.recovery.steps.base import Done, Effect, Inputs, Look, Manners, NotYet, World
from outlive.transport.base import Shell

ASK_SECONDS = 60


class Stack(Manners):
    """`project` and `files` in the runbook say which; else the project is the one that the assets are of, and the files are
    looked for in the paths of the config assets. Facts: `project`, `files`, `services`, `images`, `binds`, `pgdata`."""

    effect = Effect.READS

    def plan(self, world: World, inputs: Inputs) -> str:
        return f"reads the compose files of the project {_project(world, inputs)!r}"

    def look(self, world: World, inputs: Inputs) -> Look:
        there = world.shell(world.host_of(inputs))
        files = inputs.args.get("files") or self._files(world, there)
        if not files:
            return NotYet("no compose file is in the paths of the config assets")
        project = compose.Project(_project(world, inputs), tuple(files))
        asked = there.run(compose.config(project), timeout_seconds=ASK_SECONDS)
        if asked.status != 0:
            return NotYet(" | ".join(asked.stderr.strip().splitlines()[-2:]))
        try:
            found = compose.read_config(asked.text)
        except ValueError as error:
            return NotYet(str(error))
        binds = {
            name: [{"target": one.target, "volume": one.volume, "source": one.source} for one in several]
            for name, several in found.binds.items()
        }
        facts = {"project": project.name, "files": list(files), "services": list(found.services), "binds": binds}
        facts |= {"images": list(found.images), "pgdata": found.pgdata, "volume_keys": found.keys}
        return Done(f"{project.name}: {', '.join(found.services)}", facts)

    def do(self, world: World, inputs: Inputs, timeout_seconds: float) -> None:
        seen = self.look(world, inputs)
        raise Failed(
            f"the compose project cannot be read: {seen.why if isinstance(seen, NotYet) else ''}.",
            hint='Guard its compose file and `.env` (kind = "config"), or say where it is: `files` of this step.',
        )

    def undo(self, world: World, inputs: Inputs) -> None:
        """A look leaves nothing."""

    def _files(self, world: World, there: Shell) -> list[str]:
        paths = [path for one in world.own_assets() if isinstance(one, ConfigAsset) for path in one.paths]
        named = [path for path in paths if posixpath.basename(path) in compose.FILES]
        if named:
            return named[:1]
        tried = [f"{path}/{name}" for path in paths for name in compose.FILES]
        script = 'for file; do if [ -f "$file" ]; then printf "%s\\n" "$file"; exit 0; fi; done'
        return there.run(("sh", "-c", script, "find", *tried)).check(there.name).text.splitlines()


def _project(world: World, inputs: Inputs) -> str:
    named = inputs.args.get("project")
    if isinstance(named, str):
        return named
    assets = world.own_assets()
    containers = [one.container or "" for one in assets if isinstance(one, PostgresAsset | TemporalAsset)]
    found = {name.partition("/")[0] for name in containers if "/" in name}
    found |= {one.project for one in assets if isinstance(one, ImagesAsset)}
    if len(found) != 1:
        raise UsageError(
            f"which compose project is meant? The assets of {world.host.name} name {', '.join(sorted(found)) or 'none'}.",
            hint="Say so in the runbook: `project` of the step of kind stack.",
        )
    return found.pop()
