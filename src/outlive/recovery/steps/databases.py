"""`databases`: the cluster that now runs is the one that was copied, with its databases, roles and extensions."""

from __future__ import annotations

from outlive.backup.copies import catalog
from outlive.backup.copies.compare import compare
from outlive.backup.streams.inventory import read_inventory
from outlive.config.secrets import resolve
from outlive.errors import Failed
from outlive.model.asset import PostgresAsset
from outlive.recovery.steps.base import Done, Effect, Inputs, Look, Manners, NotYet, World
from outlive.sources.postgres_inventory import inventory
from outlive.transport.postgres import ContainerWay
from outlive.transport.postgres_identity import identify_through

LIVE = ("rows",)  # it serves already: rows come


class Databases(Manners):
    """Facts: `checks`."""

    effect = Effect.READS
    attempts = 10

    def plan(self, world: World, inputs: Inputs) -> str:
        return f"compares databases, roles, extensions and tables of {inputs.args['asset']} with what was copied"

    def look(self, world: World, inputs: Inputs) -> Look:
        manifest = catalog.find(world.vault, inputs.copy).manifest
        with _way(world, inputs).open() as door:
            system = str(identify_through(door).system_identifier)
            if system != (wanted := str(manifest.source["system_identifier"])):
                return NotYet(f"another cluster runs there: {system}, not {wanted}")
            found = inventory(door)
        wanted_things = read_inventory(world.vault, manifest, world.identities)
        checks = [
            one for one in compare(wanted_things["before"], wanted_things["after"], found) if one.name not in LIVE
        ]
        if bad := [one for one in checks if not one.ok]:
            return NotYet("; ".join(f"{one.name}: {one.detail}" for one in bad))
        said = "; ".join(f"{one.name}: {one.detail}" for one in checks)
        return Done(said, {"checks": [f"{one.name}: {one.detail}" for one in checks]})

    def do(self, world: World, inputs: Inputs, timeout_seconds: float) -> None:
        seen = self.look(world, inputs)
        raise Failed(
            f"{inputs.args['asset']} is not what was copied: {seen.why if isinstance(seen, NotYet) else ''}.",
            hint="What was dropped since that copy was taken is missing rightly; else restore an earlier moment (--at).",
        )

    def undo(self, world: World, inputs: Inputs) -> None:
        """A look leaves nothing."""


def _way(world: World, inputs: Inputs) -> ContainerWay:
    asset = world.settings.asset(inputs.args["asset"])
    if not isinstance(asset, PostgresAsset) or not asset.container:
        raise Failed(f"{inputs.args['asset']} is no cluster in a container.", hint="Compare with outlive.toml.")
    password = resolve(asset.password, world.settings.base) if asset.password else None
    return ContainerWay(world.there, asset.container, asset.port, asset.user, password)
