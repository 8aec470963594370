"""What the page shows of the keeper's memory: hosts, how they answered, incidents."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from outlive.cli import incident_case
from outlive.cli.incident_words import document, sending_document
from outlive.cli.looking import person
from outlive.cli.status_hosts import blind_time
from outlive.clock import Clock
from outlive.config.schema import Settings
from outlive.errors import UsageError
from outlive.incidents.report import report
from outlive.model.observation import Observation
from outlive.model.recovery import Entry, Recovery
from outlive.model.stretch import Stretch
from outlive.model.tally import Tally
from outlive.recovery.destination import elsewhere
from outlive.state.recovering import Recovering
from outlive.state.store import Store
from outlive.state.tallies import Tallies
from outlive.state.telling import Telling
from outlive.state.watching import Watching
from outlive.web.views.calendar import DAYS

WEEK = timedelta(days=7)
MOST_RECOVERIES = 10
IDENTITY = (
    *("ssh.host_key", "guest.machine_id", "guest.dmi_uuid", "guest.root_fs_uuid", "guest.docker_engine_id"),
    *("guest.boot_id", "pg.system_identifier", "pg.timeline"),
)


class PageMemory:
    """Raises what the store raises."""

    def __init__(self, settings: Settings, store: Store, clock: Clock) -> None:
        self._settings, self._store, self._clock = settings, store, clock
        self._watching, self._telling = Watching(store), Telling(store)

    def hosts(self) -> dict[str, dict[str, Any]]:
        """By name: `judged`, `changes` of the verdict (newest first), `enrolments`, `addresses`, `blind` times."""
        now, watching = self._clock.now(), self._watching
        standing, told = watching.standing(), watching.addresses()
        verdicts, enrolled = watching.verdicts(), watching.enrolments()
        blind = [blind_time(one, now) for one in watching.blind(now - timedelta(days=DAYS))]
        return {
            name: {
                "judged": standing[name].document if name in standing else None,
                "changes": [
                    {"since": one.since, "judged_at": one.judged_at, "verdict": one.verdict}
                    for one in reversed(verdicts)
                    if one.host == name
                ],
                "enrolments": [
                    {"at": one.at, "how": one.how, "by": one.by, "facts": one.facts}
                    for one in enrolled
                    if one.host == name
                ],
                "addresses": [
                    {"address": one.address, "told_by": one.told_by, "last_at": one.last_at}
                    for one in told
                    if one.host == name and one.is_asked
                ],
                "blind": blind,
            }
            for name in {*standing, *(one.host for one in told), *(one.host for one in enrolled)}
        }

    def seen(self, host: str) -> list[dict[str, Any]]:
        """Who was at the host's addresses, oldest first."""
        there = {host, *(one.address for one in self._watching.addresses() if one.host == host)}
        found = self._watching.of_facts(there, IDENTITY, self._clock.now() - timedelta(days=DAYS))
        return [_seen(one) for one in found]

    def answers(self, host: str) -> list[dict[str, Any]]:
        """How each check answered in its last hour and over the last week."""
        found = Tallies(self._store).answers(host, self._clock.now() - WEEK)
        return [_tally(one.last) | {"all_looks": one.looks, "all_failed": one.failed} for one in found]

    def hours(self, subject: str, check: str) -> list[dict[str, Any]]:
        """Of the last week, oldest first."""
        return [_tally(one) for one in Tallies(self._store).of(subject, check, self._clock.now() - WEEK)]

    def incidents(self) -> list[dict[str, Any]]:
        """Newest first."""
        return [document(one) for one in reversed(self._telling.incidents())]

    def incident(self, number: int) -> dict[str, Any] | None:
        one = self._telling.incident(number)
        if one is None:
            return None
        return {
            **document(one),
            "messages": [sending_document(each) for each in self._telling.sendings(number)],
            "notes": [_note(each) for each in self._telling.notes(number)],
        }

    def report(self, number: int) -> str:
        """Raises `UsageError` when there is no such incident."""
        one = self._telling.incident(number)
        if one is None:
            raise UsageError(f"there is no incident {number}.", hint="See the list of incidents.")
        return report(incident_case.remembered_case(self._settings, self._store, one, self._clock))

    def recoveries(self) -> list[dict[str, Any]]:
        """The latest, newest first."""
        journal = Recovering(self._store)
        return [_recovery(one, journal.entries(one.id)) for one in reversed(journal.recoveries()[-MOST_RECOVERIES:])]

    def acknowledge(self, number: int, seen_to: bool, who: str) -> None:
        if seen_to:
            self._telling.acknowledge(number, _by(who), self._clock.now())
        else:
            self._telling.release(number)

    def note(self, number: int, text: str, who: str) -> None:
        one, now = self._telling.incident(number), self._clock.now()
        if one is not None:
            host = one.trouble.host or one.cause
            noted = incident_case.note(text, host, _by(who), now, None)
            self._telling.note(number, [noted], now)


def _by(who: str) -> str:
    """Who typed the password is known only by the keeper's own name."""
    return f"{who or person()}, on the page"


def _seen(one: Stretch) -> dict[str, Any]:
    seen = {"from": one.first.at, "to": one.last.at, "fact": one.last.fact, "value": one.last.value}
    return {"address": one.last.subject, "cluster": one.last.cluster, **seen}


def _tally(one: Tally) -> dict[str, Any]:
    return {
        "check": one.check,
        "at": one.at,
        "looks": one.looks,
        "failed": one.failed,
        "mean_seconds": one.mean_seconds,
        "most_seconds": one.most_seconds if one.timed else None,
        "why": one.why,
    }


def _recovery(one: Recovery, entries: Sequence[Entry]) -> dict[str, Any]:
    return {
        "id": one.id,
        "title": one.title,
        "host": one.host,
        "rehearsal": one.rehearsal,
        "began_at": one.began_at,
        "by": one.by,
        "to": elsewhere(one, entries) or None,
        "steps": [str(step["name"]) for step in one.steps],
        "entries": [
            {"at": each.at, "step": each.step, "what": each.what, "by": each.by, "said": each.said} for each in entries
        ],
    }


def _note(one: Observation) -> dict[str, Any]:
    text = one.value.get("text") if isinstance(one.value, dict) else None
    return {"at": one.at, "by": one.witness, "text": str(text or f"{one.fact}: {one.value}")}
