"""`outlive temporal`: the schedules and namespaces of a Temporal server against what was exported, and brought back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer

from outlive import wiring
from outlive.backup.restore.restore_temporal import Restored, read_export, restore_temporal
from outlive.cli.app import ConfigOption, JsonOption, Output, app
from outlive.cli.asking import insist
from outlive.cli.from_vault import FromOption, Which, opened
from outlive.cli.pick import to_restore
from outlive.cli.verify import IdentityOption
from outlive.cli.words import moment
from outlive.clock import SystemClock
from outlive.commands.temporal import Export
from outlive.commands.temporal_compare import Comparison, compare
from outlive.config.load import load
from outlive.config.schema import Settings
from outlive.errors import Failed, UsageError
from outlive.model.asset import TemporalAsset
from outlive.model.copy import Manifest
from outlive.transport.temporal import AddressWay
from outlive.transport.temporal_door import Door

group = typer.Typer(
    help="Temporal's schedules and namespaces: compared, brought back.", no_args_is_help=True, rich_markup_mode=None
)
app.add_typer(group, name="temporal")

AssetArgument = Annotated[str, typer.Argument(help="The asset, of kind temporal.")]
ToOption = Annotated[str, typer.Option("--to", metavar="NAME:PORT", help="Another server; else the asset's own.")]
CopyOption = Annotated[str | None, typer.Option("--copy", help="A certain copy, else the newest.")]


@group.callback()
def temporal() -> None:
    """Temporal's schedules and namespaces: compared, brought back."""


@group.command()
def diff(
    asset: AssetArgument,
    to: ToOption = "",
    copy: CopyOption = None,
    identity: IdentityOption = None,
    which: FromOption = Which.VAULT,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> int:
    """Name every difference between the export and the server. Nothing is changed. Exit 1 when there is any."""
    settings, output = load(config), Output(as_json)
    manifest, export = _export(settings, asset, copy, identity, which)
    with _door(settings, asset, to) as door:
        seen = compare(export, door.export(export))
    _show(manifest, export, seen, output)
    output.document(_document(manifest, seen))
    return 1 if seen.differences else 0


@group.command()
def restore(
    asset: AssetArgument,
    to: ToOption = "",
    update: Annotated[bool, typer.Option("--update", help="What differs becomes as exported, too.")] = False,
    run: Annotated[
        bool, typer.Option("--run", help="Let them run as they did; else what is made waits paused.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    copy: CopyOption = None,
    identity: IdentityOption = None,
    which: FromOption = Which.VAULT,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> int:
    """Make the namespaces and schedules that are missing, paused, after showing what differs. Nothing is ever deleted.
    Exit 1 when the server is still another than the export, 5 when it would not take something."""
    settings, output = load(config), Output(as_json)
    manifest, export = _export(settings, asset, copy, identity, which)
    with _door(settings, asset, to) as door:
        seen = compare(export, door.export(export))
        _show(manifest, export, seen, output)
        if not (acts := _acts(seen, update=update, run=run)):
            output.console.print("There is nothing to be made." + _left(seen, update=update, run=run))
            output.document(_document(manifest, seen))
            return 1 if seen.differing or seen.missing or seen.namespaces_differing else 0
        if not yes:
            declined = "Say yes, or leave it."
            insist(f"{acts} Shall it be done?", nothing="nothing was changed", read="diff", declined=declined)
        done = restore_temporal(
            door, export, seen, update=update, run=run, say=lambda text: output.console.print(f"  {text}")
        )
    return _end(manifest, done, output)


@group.command()
def release(
    asset: AssetArgument,
    to: ToOption = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> int:
    """Let the schedules run that a recovery or a restore has paused, as they are there. What people paused stays paused.
    Say it once nothing else runs them: the old server is off."""
    settings, output = load(config), Output(as_json)
    with _door(settings, asset, to) as door:
        held = [(one.name, each.id) for one in door.export().namespaces for each in one.schedules if each.is_held]
        for name, id in held:
            output.console.print(f"  {name}/{id}")
        if held and not yes:
            told = f"{len(held)} schedules run from now on, and what they start is done. Is the old server off?"
            insist(told, nothing="nothing was changed", read="diff", declined="Say yes, or leave it.")
        for name, id in held:
            door.release(name, id)
    output.console.print(f"{len(held)} schedules run again." if held else "None waits: there is nothing to release.")
    output.document({"asset": asset, "released": [f"{name}/{id}" for name, id in held]})
    return 0


def _end(manifest: Manifest, done: Restored, output: Output) -> int:
    after = done.comparison
    if not done.failed:
        output.document(_document(manifest, after))
    for difference in (one for one in after.differences if not one.is_held):
        output.console.print(f"  still: {difference}")
    if after.held:
        output.console.print(f"next: {len(after.held)} schedules wait paused.{RUN}")
    if done.failed:
        hint = "The rest is there. Mend the cause and run it again: what is there already stays."
        raise Failed("; ".join(done.failed), hint=hint)
    return 1 if after.missing or after.differing or after.namespaces_differing else 0


RUN = (
    " Once nothing else runs them (the old server is off, what has run since the export is known): "
    "`outlive temporal release`."
)


def _acts(seen: Comparison, *, update: bool, run: bool) -> str:
    parts = [
        f"{len(seen.namespaces)} namespaces and {len(seen.missing)} schedules are made{'' if run else ', paused'}."
        * bool(seen.namespaces or seen.missing or seen.attributes),
        f"{len(seen.namespaces_differing)} namespaces are updated." * bool(seen.namespaces_differing and update),
        f"{len(seen.differing)} schedules are updated." * bool(seen.differing and update),
        f"{len(seen.held)} schedules run again." * bool(seen.held and run),
    ]
    return " ".join(filter(None, parts))


def _left(seen: Comparison, *, update: bool, run: bool) -> str:
    left = (
        f" {len(seen.differing)} schedules and {len(seen.namespaces_differing)} namespaces stay as they are there; --update "
        "makes them as exported."
        if not update
        else ""
    )
    held = f" {len(seen.held)} wait paused.{RUN}" if not run else ""
    return left * bool(seen.differing or seen.namespaces_differing) + held * bool(seen.held)


def _export(settings: Settings, asset: str, copy: str | None, identity: Any, which: Which) -> tuple[Manifest, Export]:
    vault = opened(settings, SystemClock(), which)
    manifest = to_restore(vault, asset, copy, None).copy.manifest
    if manifest.kind != "temporal":
        raise UsageError(f"{asset} is of kind {manifest.kind}.", hint="`outlive restore` brings it back.")
    return manifest, read_export(vault, manifest, wiring.identities(settings, identity))


@contextmanager
def _door(settings: Settings, asset: str, to: str) -> Iterator[Door]:
    known = settings.asset(asset)
    if not to and not isinstance(known, TemporalAsset):
        raise UsageError(f"outlive.toml has no Temporal server {asset!r}.", hint="Name one: --to NAME:PORT")
    way = AddressWay(to) if to or not isinstance(known, TemporalAsset) else wiring.temporal_way(settings, known)
    with way.open() as door:
        yield door


def _show(manifest: Manifest, export: Export, seen: Comparison, output: Output) -> None:
    output.console.print(
        f"{manifest.asset}: {export.count} schedules in {len(export.namespaces)} namespaces, exported "
        f"{moment(manifest.data_until)} ({manifest.id}); {seen.same} are the same there"
    )
    for difference in seen.differences:
        output.console.print(f"  {difference}")


def _document(manifest: Manifest, seen: Comparison) -> dict[str, Any]:
    return {
        "asset": manifest.asset,
        "copy": manifest.id,
        "exported_at": manifest.data_until,
        "same": seen.same,
        "missing": [f"{name}/{one.id}" for name, one in seen.missing],
        "held": [f"{name}/{one.id}" for name, one in seen.held],
        "differing": [f"{name}/{one.id}" for name, one in seen.differing],
        "others": ["/".join(filter(None, one)) for one in seen.others],
        "differences": [
            {"namespace": one.namespace, "schedule": one.schedule or None, "what": one.what} for one in seen.differences
        ],
    }
