"""`outlive status`: what would be lost now, per asset, how well that is proven, and what nobody guards."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any

import typer
from rich.table import Table

from outlive import wiring
from outlive.backup import acceptance, catalog
from outlive.backup.recover_to import windows
from outlive.backup.standing import Standing, StreamFacts, standing
from outlive.cli.app import ConfigOption, JsonOption, Output, app
from outlive.cli.words import duration, moment, size
from outlive.clock import SystemClock
from outlive.commands.postgres import lsn
from outlive.config.load import load
from outlive.config.schema import Settings
from outlive.errors import OutliveError
from outlive.model.asset import Asset
from outlive.model.host import Host
from outlive.survey.look import look
from outlive.survey.proposal import LeftOut
from outlive.survey.propose import propose
from outlive.survey.unguarded import unguarded
from outlive.vault.base import Vault

NOT_JUDGED = "this version checks the pinned SSH host key only; whether it is the same machine is not judged yet"


@dataclass(slots=True)
class Looked:
    """What the looks at the hosts gave: who answered, what nobody guards, what could not be seen and why."""

    hosts: list[dict[str, Any]] = field(default_factory=list)
    unguarded: list[tuple[str, LeftOut]] = field(default_factory=list)
    blind: list[dict[str, Any]] = field(default_factory=list)


@app.command()
def status(
    look_at_hosts: Annotated[bool, typer.Option("--look/--no-look", help="Also look at the hosts themselves.")] = True,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> int:
    """What would be lost if a host vanished now, and how well the copies are proven. Exit 1 when anything is at risk."""
    settings = load(config)
    clock = SystemClock()
    now = clock.now()
    vault = wiring.vault(settings, clock)
    streams = _streams(settings)
    standings = [_standing(vault, asset, streams.get(asset.name), now) for asset in settings.assets]
    looked = _look(settings, now) if look_at_hosts else Looked(blind=[_blind("what the hosts hold", now, "--no-look")])
    output = Output(as_json)
    output.document(_document(settings, now, standings, looked))
    if not as_json:
        _tell(output, now, standings, looked)
    at_risk = any(one.risks for one in standings) or bool(looked.unguarded)
    return 1 if at_risk else 3 if looked.blind and look_at_hosts else 0


def _standing(vault: Vault, asset: Asset, stream: StreamFacts | None, now: datetime) -> Standing:
    copies = catalog.copies(vault, asset.name)
    opened = windows(vault, copies) if asset.kind == "postgres" else []
    accepted = acceptance.accepted(vault, asset.name)
    return standing(asset, copies, accepted, now, windows=opened, stream=stream)


def _streams(settings: Settings) -> dict[str, StreamFacts]:
    """What the keeper told of each stream; nothing when none ever ran here."""
    if not wiring.has_store(settings):
        return {}
    from outlive import wiring_keeper  # its database layer is loaded only where there is a database

    store = wiring_keeper.store(settings)
    try:
        rows = store.stream_rows()
    finally:
        store.close()
    return {
        asset: StreamFacts(
            row.health, row.until, lsn(row.position), row.bytes_at_risk, row.told_at, row.why, row.advice
        )
        for asset, row in rows.items()
    }


def _look(settings: Settings, now: datetime) -> Looked:
    """One read-only look at each host. A host that cannot be seen is said to be unseen, never to be well."""
    looked = Looked()
    for host in settings.hosts:
        try:
            found = look(wiring.host_shell(settings, host), host.address, wanted=_watched_paths(settings, host))
        except OutliveError as error:
            looked.blind.append(_blind(f"host {host.name}", now, str(error)))
            looked.hosts.append(_host(host, None, str(error)))
            continue
        looked.hosts.append(_host(host, now, NOT_JUDGED))
        left = unguarded(propose(found, host=host.name), settings.assets, settings.unguarded)
        looked.unguarded += [(host.name, one) for one in left]
    return looked


def _watched_paths(settings: Settings, host: Host) -> tuple[str, ...]:
    """Paths that are guarded on the host: a look need not propose what lies around them."""
    return tuple(asset.path for asset in settings.assets if asset.kind == "path" and asset.host == host.name)


def _host(host: Host, seen_at: datetime | None, because: str) -> dict[str, Any]:
    return {"host": host.name, "verdict": "no_data", "confirmed": False, "because": [because], "seen_at": seen_at}


def _blind(what: str, now: datetime, why: str) -> dict[str, Any]:
    return {"what": what, "from": now, "to": now, "why": why}


def _document(settings: Settings, now: datetime, standings: list[Standing], looked: Looked) -> dict[str, Any]:
    """As CONTRACT has it."""
    return {
        "at": now,
        "hosts": looked.hosts,
        "assets": [_asset(one) for one in standings],
        "unguarded": [
            {"kind": one.kind, "name": one.name, "host": host, "bytes": one.bytes, "why": one.why, "accepted": False}
            for host, one in looked.unguarded
        ]
        + [
            {"kind": one.kind, "name": one.name, "host": one.host, "bytes": None, "why": one.why, "accepted": True}
            for one in settings.unguarded
        ],
        "blind": looked.blind,
    }


def _asset(one: Standing) -> dict[str, Any]:
    newest, drill, window = one.newest, one.last_drill, one.window
    return {
        "asset": one.asset,
        "kind": one.kind,
        "host": one.host,
        "loss": {"seconds": one.loss.seconds, "everything": one.loss.everything, "bytes_at_risk": one.bytes_at_risk},
        "last_copy": newest
        and {
            "id": newest.id,
            "at": newest.manifest.data_until,
            "proof": newest.proof,
            "lineage": newest.manifest.lineage,
        },
        "window": window
        and {"from": window.since, "to": window.until, "base": window.base.copy, "gap": window.gap or None},
        "last_drill": drill and {"at": drill.at, "ok": drill.ok, "rto_seconds": drill.rto_seconds},
        "alarms": [str(alarm) for alarm in one.alarms],
        "risks": list(one.risks),
        "notes": list(one.notes),
    }


def _tell(output: Output, now: datetime, standings: list[Standing], looked: Looked) -> None:
    console = output.console
    console.print(f"If its host vanished at {moment(now)}, this would be lost:\n")
    table = Table(box=None, pad_edge=False)
    for column in ("asset", "lost", "newest copy", "proof", "last drill"):
        table.add_column(column, no_wrap=column != "asset")
    for one in standings:
        table.add_row(*_row(one, now))
    console.print(table)
    risks = [f"{one.asset}: {risk}" for one in standings for risk in one.risks]
    risks += [
        f"{host}: {one.kind} {one.name} ({_bytes(one)}) is not guarded: {one.why}" for host, one in looked.unguarded
    ]
    for title, lines in (("At risk", risks), ("Not seen", [f"{one['what']}: {one['why']}" for one in looked.blind])):
        if lines:
            console.print(f"\n{title}:")
            for line in lines:
                console.print(f"  - {line}")
    for one in standings:
        for note in one.notes:
            console.print(f"\nAdvice for {one.asset}: {note}")
    if not risks and not looked.blind:
        console.print("\nNothing is at risk beyond the seconds above.")


def _row(one: Standing, now: datetime) -> tuple[str, ...]:
    lost = "EVERYTHING" if one.loss.seconds is None else f"last {duration(one.loss.seconds)}"
    copy = "none" if one.newest is None else moment(one.newest.manifest.data_until)
    proof = "-" if one.newest is None else str(one.newest.proof)
    drill = "never"
    if one.last_drill is not None:
        ago = duration((now - one.last_drill.at).total_seconds())
        back = "" if one.last_drill.rto_seconds is None else f"back in {duration(one.last_drill.rto_seconds)}, "
        drill = f"{back}{ago} ago" if one.last_drill.ok else f"RED {ago} ago"
    return one.asset, lost, copy, proof, drill


def _bytes(one: LeftOut) -> str:
    return "size unknown" if one.bytes is None else size(one.bytes)
