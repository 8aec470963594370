"""The same machine, started again.

Only the kernel's boot-id changed, and the boot began after our last sight of the machine (research/watch.md 3.3 rule 2). It
is worth a verdict for a while and no longer: whoever looks next week does not care. A service that did not come up with the
machine is the graver news, and a boot older than our last sight is another machine (rules/cloned.py).
"""

from __future__ import annotations

from datetime import datetime, timedelta

from outlive.model.observation import Observation
from outlive.model.verdict import Name, Verdict
from outlive.verdict.case import Case
from outlive.verdict.evidence import text, when
from outlive.verdict.finding import found, missing, seen
from outlive.verdict.signs import BOOT_ID, BOOT_TIME

_ROUNDING = timedelta(minutes=1)  # a boot time is computed from an uptime


def rebooted(case: Case) -> Verdict | None:
    if not case.at_home:
        return None
    news = _other_boot(case) or _later_boot(case)
    if not news:
        return None
    return found(
        case,
        Name.REBOOTED,
        (*news, *case.main.values(BOOT_TIME), *seen(case.like.same)),
        against=seen(case.like.changed),
        missing=missing(case),
        advice=(
            "find out why it started again (`last -x`, `journalctl -b -1`, the provider's notices), and whether every "
            "service came up",
        ),
    )


def _other_boot(case: Case) -> tuple[Observation, ...]:
    """Another boot-id than the last one, first seen a short while ago."""
    boot = case.main.value(BOOT_ID)
    if boot is None or not _is_news(case, case.past.first_seen(boot)):
        return ()
    former = next((one for one in reversed(case.past.before(boot)) if one.value != boot.value), None)
    if former is not None:
        return former, boot
    pinned = set(map(text, case.pins.known(BOOT_ID)))
    return (boot,) if pinned and text(boot.value) not in pinned else ()


def _later_boot(case: Case) -> tuple[Observation, ...]:
    """Where boot-ids are not known: a boot that began later than the one before."""
    began = case.main.value(BOOT_TIME)
    at = when(began.value) if began else None
    if began is None or at is None or case.main.value(BOOT_ID) is not None or not _is_news(case, at):
        return ()
    before = list(filter(None, (when(one.value) for one in case.past.before(began))))
    known = before or list(filter(None, map(when, case.pins.known(BOOT_TIME))))
    return (began,) if known and at > max(known) + _ROUNDING else ()


def _is_news(case: Case, since: datetime) -> bool:
    return (case.now - since).total_seconds() <= case.scene.settings.news_seconds
