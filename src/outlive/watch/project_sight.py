"""From what was seen of a provider's project to its findings, which are observations again: so they are remembered, and a
month of them is the history of the project. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from outlive.config.schema import Settings
from outlive.config.schema_watch import ProviderSettings
from outlive.model.observation import Channel, Observation, moment
from outlive.model.project import Server, Snapshot
from outlive.model.watching import Told
from outlive.watch import ledger
from outlive.watch.project import Finding, Known, findings
from outlive.witnesses.provider import CREDIT, FACT, LISTING, PROJECT, Claim

FOUND = "provider.finding"


def claims(settings: Settings, present: Iterable[Observation], told: Iterable[Told]) -> dict[str, Claim]:
    """By what every host knows its server: what a person wrote, else its state, else the addresses it is reached at."""
    stated = {one.subject: one.value for one in present if one.fact == "tofu.state" and one.error is None}
    ours = (ledger.CONFIG, ledger.SSH)
    addresses = ledger.asked(one for one in told if one.told_by in ours)
    found: dict[str, Claim] = {}
    for host in settings.hosts:
        ids = {host.server_id or str(stated.get(host.name, {}).get("server_id") or "")} - {""}
        found[host.name] = Claim(frozenset(ids), frozenset(addresses.get(host.name, ())))
    return found


def found_in(
    provider: ProviderSettings, before: Iterable[Observation], seen: Sequence[Observation], now: datetime
) -> list[Observation]:
    """What is to be told of a look. Nothing when it got no answer: no data is no change."""
    witness = f"provider {provider.name}"
    after = _snapshot(seen, witness)
    if after is None:
        return []
    old = [one for one in before if one.witness == witness]
    whose = {**_owners(old), **_owners(seen)}
    known = Known(whose, provider.ignore, provider.credit_days)
    return [_observation(one, witness, now) for one in findings(_snapshot(old, witness), after, known)]


def alarms(seen: Iterable[Observation]) -> frozenset[str]:
    """What of a look somebody must hear at once, in words."""
    found = (one for one in seen if one.fact == FOUND and one.value["alarm"])
    return frozenset(f"{one.witness}: {one.value['what']}" for one in found)


def _snapshot(seen: Iterable[Observation], witness: str) -> Snapshot | None:
    """The listing that is last in these observations."""
    ours = [one for one in seen if one.witness == witness and one.error is None]
    listing = next((one for one in ours if one.fact == LISTING), None)
    if listing is None:
        return None
    ids = set(listing.value["ids"])
    newest: dict[str, Observation] = {}
    for one in sorted(ours, key=lambda other: other.at):
        if one.fact == FACT and one.value.get("id") in ids:
            newest[one.value["id"]] = one
    credit = next((one.value for one in ours if one.fact == CREDIT), None)
    return Snapshot(tuple(_server(newest[key].value) for key in sorted(newest)), credit)


def _owners(seen: Iterable[Observation]) -> dict[str, str]:
    servers = (one for one in seen if one.fact == FACT and one.error is None and one.subject != PROJECT)
    return {one.value["id"]: one.subject for one in servers}


def _server(value: Mapping[str, Any]) -> Server:
    """As our own witness wrote it."""
    created = value.get("created_at")
    return Server(
        id=value["id"],
        hostname=value.get("hostname", ""),
        state=value.get("state", ""),
        status=value.get("status", ""),
        power=value.get("power", ""),
        addresses=tuple(value.get("addresses", ())),
        keys=tuple(value.get("ssh_keys", ())),
        image=value.get("image", ""),
        plan=value.get("plan", ""),
        created_at=moment(created) if created else None,
    )


def _observation(one: Finding, witness: str, now: datetime) -> Observation:
    value = one.to_json() | {"id": f"{one.kind} {one.server} {one.attribute}".strip()}
    return Observation(now, witness, Channel.PROVIDER, one.host or PROJECT, FOUND, value, observed_at=now)
