"""What `outlive recover` is asked for, made into a run: which host, which runbook, which copy of every asset."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from outlive import wiring, wiring_recovery
from outlive.backup.copies import catalog
from outlive.backup.restore.recover_to import pick
from outlive.cli import moments
from outlive.cli.looking import person
from outlive.cli.pick import to_restore
from outlive.clock import Clock
from outlive.config.schema import Settings
from outlive.errors import HostKeyUnknown, OutliveError, Refused, UsageError
from outlive.model.asset import Asset
from outlive.model.copy import Copy
from outlive.model.host import Host, SshAddress
from outlive.model.observation import rfc3339
from outlive.model.recovery import Destination, Recovery
from outlive.recovery import plan, runbook
from outlive.recovery.destination import decide
from outlive.recovery.steps.machine import pin_it
from outlive.recovery.steps.registry import STEPS
from outlive.transport import hostkey
from outlive.vault.base import Vault


@dataclass(frozen=True, slots=True)
class Wish:
    """As the command was called."""

    host: str
    to: str
    runbook: str
    asset: str
    at: str
    copies: tuple[str, ...]
    accept_loss: str
    rehearse: bool
    identity: Path | None


def begun(settings: Settings, clock: Clock, wish: Wish) -> Recovery:
    """The run, not yet remembered. Raises `UsageError`, `HostKeyUnknown`, `Refused` and the vault's errors."""
    named = wish.runbook or (_runbook_of(settings, wish.asset) if wish.asset else "lost-host")
    recipe = wiring_recovery.recipe(named)
    if recipe.asset != bool(wish.asset):
        needed = "--asset NAME" if recipe.asset else "no --asset"
        raise UsageError(f"the runbook {recipe.name} wants {needed}.", hint="docs/how-to/recover.md shows each.")
    host = _host(settings, wish)
    destination = decide(recipe, wish.to, settings.hosts, recovered=host.name, rehearsal=wish.rehearse)
    if recipe.brings_back and destination is not Destination.MADE:
        _known(settings, replace(host, address=wish.to) if wish.to else host)
    wiring.identities(settings, wish.identity)  # now, not after an hour
    assets = _assets(settings, host, wish, recipe) if recipe.brings_back else ()
    now, vault = clock.now(), wiring.vault(settings, clock)
    moment = moments.parse_moment(wish.at) if wish.at else None
    losses = [_loss(vault, asset, moment, wish.copies) for asset in assets]
    _insist(losses, wish.accept_loss)
    run = f"{recipe.name}-{host.name}-{now:%Y%m%dT%H%M%SZ}"
    there = [asset for asset, one in zip(assets, losses, strict=True) if not one["everything"]]
    ordering = destination is Destination.MADE
    entries = runbook.expanded(recipe, there, rehearsal=wish.rehearse, ordering=ordering)
    copies = {one["asset"]: one["copy"] for one in losses}
    entries = tuple(_with_copy(one, copies, moment) for one in entries)
    return Recovery(
        id=run,
        began_at=now,
        host=host.name,
        runbook=recipe.name,
        title=recipe.title,
        to=wish.to,
        by=person(),
        steps=plan.carried(run, entries, STEPS),
        losses=tuple(losses),
        rehearsal=wish.rehearse,
        former=host.address,
        destination=destination,
        former_server=host.server_id or "",
        identity=str(wish.identity.absolute()) if wish.identity else "",
    )


def _runbook_of(settings: Settings, named: str) -> str:
    asset = settings.asset(named)
    if asset is not None and asset.host is None and asset.kind in wiring_recovery.OF_ASSET:
        hint = f"outlive temporal restore {named} --update"
        raise UsageError(f"{named} is on no host of ours, so there is no machine to recover.", hint=hint)
    return wiring_recovery.OF_ASSET.get(asset.kind, "restore-asset") if asset else "restore-asset"


def _host(settings: Settings, wish: Wish) -> Host:
    asset = settings.asset(wish.asset) if wish.asset else None
    if wish.asset and asset is None:
        raise UsageError(f"no asset is named {wish.asset!r}.", hint="`outlive status` lists them.")
    name = wish.host or (asset.host if asset and asset.host else "")
    guarded = {one.host for one in settings.assets}
    found = [one for one in settings.hosts if (one.name == name if name else one.name in guarded)]
    if len(found) != 1:
        known = ", ".join(one.name for one in settings.hosts) or "none"
        raise UsageError(
            "which host is meant?" if found else f"no host is named {name!r}.", hint=f"Known are: {known}."
        )
    return found[0]


def _known(settings: Settings, machine: Host) -> None:
    """The machine's key is pinned beforehand, by a person or a provider: nothing is learned from whoever answers."""
    if machine.is_local:
        raise UsageError("this machine itself cannot be recovered.", hint="A host is reached by SSH.")
    try:
        SshAddress.parse(machine.address)
    except ValueError as error:
        raise UsageError(f"--to: {error}.") from error
    if not hostkey.pinned(machine, settings.keeper.known_hosts):
        raise HostKeyUnknown(machine.address, hint=pin_it(settings.keeper.known_hosts))


def _assets(settings: Settings, host: Host, wish: Wish, recipe: runbook.Recipe) -> Sequence[Asset]:
    own = [one for one in settings.assets if one.host == host.name]
    assets = [one for one in own if wish.asset in ("", one.name)]
    if not assets:
        raise UsageError(f"nothing is guarded of {host.name}, so there is nothing to bring back.")
    if left := runbook.left_out(recipe, assets):
        names = ", ".join(f"{one.name} ({one.kind})" for one in left)
        raise UsageError(
            f"the runbook {recipe.name} cannot bring back {names}.", hint="`outlive restore` can, one by one."
        )
    return assets


def _loss(vault: Vault, asset: Asset, at: datetime | None, named: Sequence[str]) -> dict[str, Any]:
    """What the run will bring back of an asset: from which copy, until when."""
    try:
        copy = _copy(vault, asset.name, at, named)
    except OutliveError as error:
        if catalog.listing(vault, asset.name).copies or not isinstance(error, UsageError):
            raise
        return {"asset": asset.name, "kind": asset.kind, "copy": None, "until": None, "proof": None, "everything": True}
    until = copy.manifest.data_until
    if asset.kind == "postgres":
        own = [
            one for one in catalog.listing(vault, asset.name).copies if one.manifest.lineage == copy.manifest.lineage
        ]
        window, base = pick(vault, own, at)
        until = at or window.until
        copy = next(one for one in own if one.id == base.id)
    return {
        "asset": asset.name,
        "kind": asset.kind,
        "copy": copy.id,
        "until": rfc3339(until),
        "proof": copy.proof.value,
        "everything": False,
    }


def _copy(vault: Vault, asset: str, at: datetime | None, named: Sequence[str]) -> Copy:
    for one in named:
        copy = catalog.find(vault, one)
        if copy.manifest.asset == asset:
            return copy
    copy = to_restore(vault, asset, None, at).copy
    if copy.is_damaged:
        raise UsageError(f"the copy {copy.id} of {asset} is marked damaged.", hint="Name an earlier one: --copy ID.")
    return copy


def _insist(losses: Sequence[dict[str, Any]], accepted: str) -> None:
    gone = [one["asset"] for one in losses if one["everything"]]
    if gone and not accepted:
        raise Refused(
            f"There is no copy at all of {', '.join(gone)}: all of it would be missing on the new machine.",
            hint='Find another vault (`--config`), or give it up in writing: --accept-loss "WHY"',
        )
    if losses and len(gone) == len(losses):
        raise UsageError("there is no copy of anything, so there is nothing to bring back.")


def _with_copy(entry: runbook.Entry, copies: dict[str, str], at: datetime | None) -> runbook.Entry:
    if not entry.each:
        return entry
    more = {"copy": copies[entry.args["asset"]]} | ({"at": at.isoformat()} if at and entry.kind == "cluster" else {})
    return replace(entry, args=entry.args | more)
