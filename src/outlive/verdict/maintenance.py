"""Changes that a person announced beforehand. Pure.

What was expected is not an alarm: the verdict stays what it is, because it is true, and is marked as accepted until a
person enrols what is there now. A window excuses only its own kind of change, only when the change can have happened in
it, and only when it was declared before the change was seen.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from outlive.model.observation import Observation
from outlive.model.verdict import Name, Verdict
from outlive.verdict.case import Case
from outlive.verdict.evidence import field, when
from outlive.verdict.sight import answered
from outlive.verdict.signs import BOOT_ID, BOOT_TIME, UNIQUE

DNS = "dns.addresses"
_DOWNTIME = frozenset(
    {Name.UNREACHABLE_UNPROVEN, Name.SAME_MACHINE_APP_DOWN, Name.SAME_MACHINE_APP_HUNG, Name.SUSPENDED}
)
_NEW_DISK = frozenset({Name.OS_REINSTALLED, Name.REKEYED, Name.DATA_REPLACED, Name.UNKNOWN_MACHINE, Name.REBOOTED})

EXPECTED = {
    "reboot": frozenset({Name.REBOOTED}),
    "reinstall": _NEW_DISK,
    "replace": _NEW_DISK | {Name.MACHINE_REPLACED, Name.ADDRESS_MOVED, Name.DNS_ELSEWHERE, Name.DUPLICATE},
    "move": frozenset({Name.ADDRESS_MOVED, Name.DNS_ELSEWHERE, Name.REBOOTED}),
}


def accepted(case: Case, verdict: Verdict) -> Verdict:
    """The verdict, marked as accepted where a window covers it."""
    for window in case.scene.evidence.of("maintenance"):
        if window.subject in (case.host, *case.own) and _covers(case, verdict, window):
            return replace(
                verdict,
                accepted=True,
                in_favour=(*verdict.in_favour, window),
                advice=(_words(verdict, window),),
            )
    return verdict


def _words(verdict: Verdict, window: Observation) -> str:
    expected = f"{field(window, 'expect')} from {field(window, 'from')} to {field(window, 'to')}"
    if verdict.name in _DOWNTIME:
        return f"expected: maintenance is on ({expected})"
    return f"expected ({expected}): when it is as it should be, enrol it (`outlive identity --enrol`)"


def _covers(case: Case, verdict: Verdict, window: Observation) -> bool:
    begins, ends = when(field(window, "from")), when(field(window, "to"))
    if begins is None or ends is None:
        return False
    if verdict.name in _DOWNTIME:
        return begins <= case.now <= ends
    if verdict.name not in EXPECTED.get(str(field(window, "expect")), frozenset()):
        return False
    if case.pins.at is not None and ends < case.pins.at:
        return False  # somebody enrolled what came of it
    slack = timedelta(seconds=case.scene.settings.slack_seconds)
    before, first = _when_changed(case, verdict)
    declared_in_time = window.at <= first + slack
    return declared_in_time and first >= begins - slack and (before is None or before <= ends + slack)


def _when_changed(case: Case, verdict: Verdict) -> tuple[datetime | None, datetime]:
    """The last sight of what was there before, and the first of what is there now."""
    if case.main.place not in (*case.own, case.host):
        return _when_moved(case)
    others = {id(sign.now) for sign in case.like.signs if not sign.same}
    changed = [one for one in verdict.in_favour if id(one) in others or one.fact in (BOOT_ID, BOOT_TIME, DNS)]
    changed = [one for one in changed if one in case.main.now.values() or one.fact == DNS]
    firsts = [case.past.first_seen(one) for one in changed]
    lasts = [other.at for one in changed for other in case.past.before(one) if other.value != one.value]
    return max(lasts, default=None), min(firsts, default=case.now)


def _when_moved(case: Case) -> tuple[datetime | None, datetime]:
    """The last answer at home, and the first one at the other place."""
    placed = case.scene.placed
    at_home = [one.at for home in case.own for one in placed.get(home, ()) if answered(one)]
    away = [one.at for one in placed.get(case.main.place, ()) if answered(one) or one.fact in UNIQUE]
    return max(at_home, default=None), min(away, default=case.now)
