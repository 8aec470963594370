"""What `outlive status` knows, as gauges in OpenMetrics (which the textfile collector of node_exporter reads as well). Pure.

Made from the document of `status --json`, so that both say the same. What is not known has no sample: never a zero.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

_ESCAPES = {"\\": r"\\", '"': r"\"", "\n": r"\n"}
_ESCAPED = re.compile(r'[\\"\n]')


@dataclass(frozen=True, slots=True)
class Gauge:
    """`unit` ends the name where it has one."""

    name: str
    help: str
    samples: list[tuple[Mapping[str, str], float]] = field(default_factory=list)

    def add(self, value: float | bool | None, **labels: str | None) -> None:
        if value is not None:
            self.samples.append(({name: one for name, one in labels.items() if one is not None}, float(value)))


@dataclass(frozen=True, slots=True)
class Told:
    """What the document of `status` does not hold."""

    keeper_told_at: datetime | None = None
    incidents_open: int = 0
    channels: Mapping[str, bool] = field(default_factory=dict)
    allowed_seconds: Mapping[str, float] = field(default_factory=dict)


def render(document: Mapping[str, Any], told: Told) -> str:
    """`document`: as `status --json` has it, times as datetimes."""
    gauges = [*_assets(document["assets"], told), *_hosts(document["hosts"]), *_whole(document, told)]
    return "".join(line for gauge in gauges for line in _lines(gauge)) + "# EOF\n"


def _assets(assets: Sequence[Mapping[str, Any]], told: Told) -> list[Gauge]:
    lost = Gauge("outlive_loss_seconds", "Seconds of writes that would be lost if the host vanished now.")
    everything = Gauge("outlive_loss_everything", "1 when no whole copy exists.")
    allowed = Gauge("outlive_loss_allowed_seconds", "Max_age_seconds of the asset.")
    at_risk = Gauge("outlive_at_risk_bytes", "Bytes of log that are not in the vault yet.")
    copied = Gauge("outlive_copy_timestamp_seconds", "Start of the newest whole copy.")
    proof = Gauge("outlive_copy_proof", "How well the newest copy is proven: stored, verified, restored.")
    drilled = Gauge("outlive_drill_timestamp_seconds", "The last drill.")
    green = Gauge("outlive_drill_ok", "Whether the last drill was green.")
    back = Gauge("outlive_rto_seconds", "How long the last drill took to be back.")
    alarms = Gauge("outlive_alarms", "Alarms in the row of copies.")
    for one in assets:
        labels = {"asset": one["asset"], "kind": one["kind"], "host": one["host"]}
        copy, drill = one["last_copy"], one["last_drill"]
        lost.add(one["loss"]["seconds"], **labels)
        everything.add(one["loss"]["everything"], **labels)
        allowed.add(told.allowed_seconds.get(one["asset"]), **labels)
        at_risk.add(one["loss"]["bytes_at_risk"], **labels)
        alarms.add(len(one["alarms"]), **labels)
        if copy:
            copied.add(_unix(copy["at"]), **labels)
            proof.add(1, **labels, proof=str(copy["proof"]))
        if drill:
            drilled.add(_unix(drill["at"]), **labels)
            green.add(drill["ok"], **labels)
            back.add(drill["rto_seconds"], **labels)
    return [lost, everything, allowed, at_risk, copied, proof, drilled, green, back, alarms]


def _hosts(hosts: Sequence[Mapping[str, Any]]) -> list[Gauge]:
    verdict = Gauge("outlive_host_verdict", "1 for the verdict that stands.")
    seen = Gauge("outlive_host_seen_timestamp_seconds", "When somebody saw it last.")
    for one in hosts:
        confirmed = "true" if one["confirmed"] else "false"
        verdict.add(1, host=one["host"], verdict=str(one["verdict"]), confirmed=confirmed)
        seen.add(_unix(one["seen_at"]), host=one["host"])
    return [verdict, seen]


def _whole(document: Mapping[str, Any], told: Told) -> list[Gauge]:
    made = Gauge("outlive_metrics_timestamp_seconds", "When these gauges were made.")
    made.add(_unix(document["at"]))
    keeper = Gauge("outlive_keeper_told_timestamp_seconds", "The keeper's last sign of life.")
    keeper.add(_unix(told.keeper_told_at))
    blind = Gauge("outlive_blind", "How many things cannot be seen at present.")
    blind.add(sum(one["to"] >= document["at"] for one in document["blind"]))
    incidents = Gauge("outlive_incidents_open", "Open incidents.")
    incidents.add(told.incidents_open)
    channels = Gauge("outlive_channel_reaches", "Whether the last message by the channel was delivered.")
    for name, reaches in told.channels.items():
        channels.add(reaches, channel=name)
    missing = Gauge("outlive_cron_missing", "Whether a cron job failed, or did not tell that it ran.")
    heard = Gauge("outlive_cron_timestamp_seconds", "When the cron job told something last.")
    for one in document["crons"]:
        if one["state"] != "unknown":
            missing.add(one["state"] == "down", cron=one["cron"])
        heard.add(_unix(one["last_at"]), cron=one["cron"])
    return [made, keeper, blind, incidents, channels, missing, heard, *_rehearsals(document)]


def _rehearsals(document: Mapping[str, Any]) -> list[Gauge]:
    back = Gauge(
        "outlive_rehearsal_rto_seconds", "How long the whole stack took to be back in the last whole rehearsal."
    )
    at = Gauge("outlive_rehearsal_timestamp_seconds", "When that rehearsal began.")
    bad = Gauge("outlive_rehearsal_bad", "1 when the last rehearsal failed, or the last whole one is too long ago.")
    for one in document.get("rehearsals", ()):
        back.add(one["rto_seconds"], host=one["host"])
        at.add(_unix(one["at"]), host=one["host"])
    for one in document.get("rehearsal_plan", ()):
        bad.add(bool(one["late"] or one["failed"]), host=one["host"])
    return [back, at, bad]


def _lines(gauge: Gauge) -> Iterator[str]:
    if gauge.samples:
        yield f"# HELP {gauge.name} {gauge.help}\n"
        yield f"# TYPE {gauge.name} gauge\n"
    for labels, value in gauge.samples:
        inside = ",".join(f'{name}="{_ESCAPED.sub(_escape, one)}"' for name, one in labels.items())
        yield f"{gauge.name}{'{' + inside + '}' if inside else ''} {_number(value)}\n"


def _escape(found: re.Match[str]) -> str:
    return _ESCAPES[found[0]]


def _unix(at: datetime | None) -> float | None:
    return None if at is None else at.timestamp()


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else f"{value:.3f}"
