"""Gathers what a report is made from: the keeper's memory, the vault, recorded evidence."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from outlive import wiring
from outlive.backup.copies import catalog
from outlive.backup.log.windows import Window
from outlive.backup.restore.recover_to import windows
from outlive.backup.upkeep.loss import at_or_before
from outlive.clock import Clock
from outlive.config.schema import Settings
from outlive.errors import OutliveError
from outlive.incidents.case import AssetLoss, Case
from outlive.model.asset import Asset
from outlive.model.copy import Copy
from outlive.model.incident import Incident
from outlive.model.observation import Channel, Observation
from outlive.state.store import Store
from outlive.state.telling import Telling
from outlive.state.watching import Watching
from outlive.vault.base import Vault
from outlive.verdict.judge import judge
from outlive.verdict.judging import Judging

BEFORE = timedelta(days=7)  # of what was seen, so much before the incident tells how things were


def remembered_case(settings: Settings, store: Store, incident: Incident, clock: Clock) -> Case:
    """As of the last moment at which it was judged so: afterwards all may be well again."""
    watching, telling = Watching(store), Telling(store)
    noted = telling.notes(incident.id)
    until = _judged_until(watching, incident) or incident.ended_at or clock.now()
    seen = [one for one in _seen(watching, incident) if one.at <= until]
    at = max([until, *(one.at for one in noted)])
    return Case(
        title=f"Incident {incident.id}: {incident.trouble.what}",
        at=at,
        judgement=judge([*seen, *noted], now=at, settings=Judging.recorded()),
        incident=incident,
        messages=telling.sendings(incident.id),
        losses=_losses(settings, clock, incident.trouble.since),
    )


def recorded_case(observations: Sequence[Observation], at: datetime) -> Case:
    """From `evidence.jsonl` alone."""
    judgement = judge(observations, now=at, settings=Judging.recorded())
    hosts = ", ".join(one.host for one in judgement.hosts) or "no host"
    return Case(title=f"Incident report: {hosts}", at=at, judgement=judgement)


def _judged_until(watching: Watching, incident: Incident) -> datetime | None:
    same = [
        one.judged_at
        for one in watching.verdicts(incident.trouble.host)
        if one.verdict == incident.trouble.name and one.judged_at >= incident.trouble.since
    ]
    return max(same, default=None)


def _seen(watching: Watching, incident: Incident) -> list[Observation]:
    since = incident.trouble.since - BEFORE
    stretches = watching.stretches(since)
    windows = [one.observation() for one in watching.windows() if one.until >= since]
    enrolled = [one.observation() for one in watching.enrolments()]
    ends = {(one.key, end.at): end for one in stretches for end in (one.first, one.last)}
    return [*enrolled, *windows, *ends.values()]


def _losses(settings: Settings, clock: Clock, since: datetime) -> list[AssetLoss]:
    try:
        vault = wiring.vault(settings, clock)
    except OutliveError as error:
        return [AssetLoss(one.name, one.kind, None, unknown=str(error)) for one in settings.assets]
    return [_loss(vault, one, since) for one in settings.assets]


def _loss(vault: Vault, asset: Asset, since: datetime) -> AssetLoss:
    """From what lies in the vault now: what was pruned since counts as not there."""
    try:
        copies = catalog.listing(vault, asset.name).copies
        opened: Sequence[Window] = windows(vault, copies) if asset.kind == "postgres" else ()
    except OutliveError as error:
        return AssetLoss(asset.name, asset.kind, None, unknown=str(error))
    return loss_at(asset, copies, opened, since)


def loss_at(asset: Asset, copies: Sequence[Copy], opened: Sequence[Window], since: datetime) -> AssetLoss:
    copy = at_or_before([one for one in copies if not one.is_damaged], since)
    if copy is None:
        return AssetLoss(asset.name, asset.kind, None)
    replayed = [min(one.until, since) for one in opened if one.since <= since]
    until = max([copy.manifest.data_until, *replayed])
    return AssetLoss(asset.name, asset.kind, until, copy.id, copy.proof.value)


def note(text: str, host: str, by: str, at: datetime, verdict: str | None) -> Observation:
    """What a person says: a claim, which is judged and never believed."""
    value = {"text": text, **({"verdict": verdict} if verdict else {})}
    return Observation(at, by, Channel.PERSON, host, "claim", value, "outlive incident note")
