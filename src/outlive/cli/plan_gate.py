"""`outlive plan-guard --gate`: what a plan would destroy is looked at now, and let through only by the gate."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from outlive import wiring
from outlive.backup.copies import catalog
from outlive.cli.looking import Look, look, person, remembering
from outlive.clock import Clock
from outlive.config.schema import Settings
from outlive.errors import UsageError
from outlive.model.copy import Proof
from outlive.model.host import Host
from outlive.recovery.gate import Circumstances, Condition, Target, Waiver, gate, is_open

_UNITS = {"m": 60, "h": 3600, "d": 86400}


@dataclass(frozen=True, slots=True)
class Said:
    """What a person said of it, in writing: the target in full ("ID ADDRESS HOSTNAME"), how much may be lost, and why."""

    named: str = ""
    may_lose: str = ""
    accept_loss: str = ""
    waive_disk: str = ""
    waive_order: str = ""

    def target(self) -> Target | None:
        """Raises `UsageError`."""
        if not self.named:
            return None
        words = self.named.split()
        if len(words) != 3:
            raise UsageError(f"--named {self.named!r} is not three names.", hint='Write --named "ID ADDRESS HOSTNAME".')
        return Target(*words)

    def loss(self) -> timedelta:
        """Raises `UsageError`."""
        read = re.fullmatch(r"(\d{1,6})([mhd])", self.may_lose or "0m")
        if read is None:
            raise UsageError(f"--may-lose {self.may_lose}: it is no duration.", hint="Write 90m, 2h or 1d.")
        return timedelta(seconds=int(read[1]) * _UNITS[read[2]])


@dataclass(frozen=True, slots=True)
class Judged:
    """One resource of the plan before the gate. `host` is None where no guarded host is known to be it."""

    address: str
    target: Target
    host: str | None
    conditions: tuple[Condition, ...]

    @property
    def is_open(self) -> bool:
        return self.host is not None and is_open(self.conditions)

    def to_json(self) -> dict[str, Any]:
        return {
            "address": self.address,
            "target": asdict(self.target),
            "host": self.host,
            "open": self.is_open,
            "conditions": [asdict(one) for one in self.conditions],
        }


def judged(settings: Settings, targets: Mapping[str, Target], said: Said, clock: Clock) -> list[Judged]:
    """Every host is looked at now. Raises `UsageError`."""
    said.target(), said.loss()
    with remembering(settings) as memory:
        found = look(settings, clock, memory)
    now = clock.now()
    return [_judged(found, settings, where, target, said, clock, now) for where, target in targets.items()]


def _judged(
    found: Look, settings: Settings, where: str, target: Target, said: Said, clock: Clock, now: datetime
) -> Judged:
    host = _host(found, target)
    if host is None:
        return Judged(where, target, None, gate(target, Circumstances(named=said.target()), now))
    verdict = next(one for one in found.hosts if one.host == host.name)
    answers = {one.address: one.answers_as for one in found.addresses}
    places = found.watcher.subjects(host)
    is_seen = any(answers.get(place) for place, bare in places.items() if bare == target.address)
    known = Circumstances(
        named=said.target(),
        seen_at=found.began if is_seen else None,
        verdict=verdict.name,
        is_confirmed=verdict.confirmed,
        still_answers=tuple(sorted(place for place, name in answers.items() if name == host.name)),
        restorable_until=_restorable_until(settings, host, clock),
        accepted_loss=said.loss(),
        loss_accepted=_waiver(said.accept_loss, now),
        quarantine_waived=_waiver(said.waive_disk, now),
        order_waived=_waiver(said.waive_order, now),
    )
    return Judged(where, target, host.name, gate(target, known, now))


def _host(found: Look, target: Target) -> Host | None:
    """The one that is known by the target's id or, where a host has none, by its address."""
    claims = found.watcher.eyes.sight.claims
    named = [
        host
        for host in found.watcher.settings.hosts
        if (claim := claims.get(host.name)) is not None
        and (target.id in claim.ids if claim.ids else target.address in claim.addresses)
    ]
    return named[0] if len(named) == 1 else None


def _restorable_until(settings: Settings, host: Host, clock: Clock) -> datetime | None:
    """Of all assets of the host, up to when each is in a copy that a drill has restored; None where one never was."""
    vault = wiring.vault(settings, clock)
    moments = []
    for asset in settings.assets:
        if asset.host == host.name:
            copies = catalog.listing(vault, asset.name).copies
            proven = [one.manifest.data_until for one in copies if one.proof is Proof.RESTORED]
            moments.append(max(proven, default=None))
    known = [one for one in moments if one is not None]
    return min(known) if known and len(known) == len(moments) else None


def _waiver(text: str, now: datetime) -> Waiver | None:
    return Waiver(person(), now, text) if text else None
