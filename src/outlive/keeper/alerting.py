"""Tells people: from what is remembered to incidents, from incidents to messages that the engine carries, and the heartbeat.
Runs in a thread of its own; `loop.py` starts it. Nothing here looks at a host, and no look waits for anything here."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from outlive.alerts import heartbeat, telling
from outlive.alerts.crons import CronStanding, standings
from outlive.alerts.heartbeat import Beat, Signal
from outlive.alerts.incidents import follow
from outlive.alerts.projects import Alarm, Project
from outlive.alerts.render import render
from outlive.alerts.signs import TOLD
from outlive.alerts.telling import Channel, Notice, Policy, Quiet
from outlive.alerts.troubles import Memory, Seen, StreamSeen, seen
from outlive.clock import Clock
from outlive.config.checks_alerts import hours, zone
from outlive.config.schema import Settings
from outlive.config.schema_people import AlertSettings
from outlive.engine.port import Engine, RunStatus
from outlive.errors import OutliveError
from outlive.keeper.jobs import ALERT
from outlive.model.incident import Delivery, Incident, Sending, Urgency
from outlive.model.runbook import Runbook, Step
from outlive.state.crons import Crons
from outlive.state.store import Store
from outlive.state.telling import Telling
from outlive.state.watching import Watching
from outlive.watch import project_told
from outlive.watch.project_told import Told

STEP_SECONDS = 3.0
PROVIDERS_TOLD = timedelta(days=7)  # an older answer is none
PAUSE_SECONDS = 0.5
TIDY = timedelta(hours=1)
FRESH_SECONDS, FRESH_PERIODS = 120.0, 4
ATTEMPTS, ATTEMPT_PAUSE_SECONDS, ATTEMPT_SECONDS = 4, 20.0, 90.0


@dataclass(frozen=True, slots=True)
class AlertParts:
    """What alerting joins; made in `wiring_keeper`. `ping` sends a heartbeat; None where nobody waits for one. `unproven`
    says at once which protection is not proven; None when that is not known yet. `hears_crons`: the page is served, where
    cron jobs tell that they ran."""

    settings: Settings
    clock: Clock
    store: Store
    engine: Engine
    say: Callable[[str], None]
    ping: Callable[[Beat], None] | None = None
    unproven: Callable[[datetime], Sequence[str] | None] = lambda _now: ()
    hears_crons: bool = False


class Alerting:
    """Until stopped."""

    def __init__(self, parts: AlertParts) -> None:
        self._parts = parts
        self._watching, self._telling = Watching(parts.store), Telling(parts.store)
        self._policy = policy(parts.settings.alerts)
        self._beat_at: datetime | None = None
        self._tidied_at: datetime | None = None
        self._said: dict[str, str] = {}

    def run(self, stopped: Callable[[], bool]) -> None:
        self._tolerantly("heartbeat", lambda: self._ping(Beat(Signal.START, "the keeper has started")))
        next_at = time.monotonic()
        while not stopped():
            if time.monotonic() >= next_at:
                self._tolerantly("alerts", self.step)
                next_at = time.monotonic() + STEP_SECONDS
            time.sleep(PAUSE_SECONDS)

    def step(self) -> None:
        """Looks at what is remembered once, and does what follows. Raises what the memory and the engine raise."""
        now = self._parts.clock.now()
        self._follow_messages(now)
        latest = self._telling.latest(Delivery.SENT, Delivery.FAILED)
        deaf = {name: one for name, one in latest.items() if one.state is Delivery.FAILED and self._knows(name)}
        found = seen(self._remembered(deaf), now)
        known = self._telling.incidents(now - telling.REACH)
        followed = follow(found, known, now, self._telling.next_number())
        present = {one.id: one for one in (*known, *followed.open, *followed.changed)}
        notices = telling.due(list(present.values()), self._policy, self._watching.windows(), now)
        told = {one.id: one for one in telling.after(present.values(), notices, now)}
        changed = [one for one in told.values() if one not in known]
        tests = telling.to_test(self._policy, self._tried_at(), deaf, now)
        self._tell_log(changed, known)
        self._telling.remember(changed, [self._sending(one, now) for one in (*notices, *_apart(tests, notices))])
        self._begin_queued()
        self._heartbeat(found, deaf, now)
        self._tidy(now)

    # --- messages ------------------------------------------------------------------------------------------------

    def _sending(self, notice: Notice, now: datetime) -> Sending:
        text = render(notice, now, self._parts.settings.alerts.link)
        return Sending(
            id=f"{ALERT}:{notice.channel}:{now:%Y%m%dT%H%M%S.%fZ}",
            channel=notice.channel,
            at=now,
            title=text.title,
            body=text.body,
            good=text.good,
            incidents=tuple(item.incident.id for item in notice.items),
            kinds=tuple(item.kind for item in notice.items),
        )

    def _begin_queued(self) -> None:
        """Also those that a kill kept from being begun. The engine begins none twice."""
        for one in self._telling.queued():
            if self._parts.engine.status(one.id) is None:
                self._parts.engine.start(one.id, _runbook(one))

    def _follow_messages(self, now: datetime) -> None:
        for one in self._telling.queued():
            run = self._parts.engine.status(one.id)
            if run is None or run.status is RunStatus.RUNNING:
                continue
            done = run.status is RunStatus.DONE
            if not done:
                self._parts.say(f"{one.channel} could not be told: {run.error}")
            self._telling.remember(self._after(one, done, now))
            self._telling.ended(one.id, Delivery.SENT if done else Delivery.FAILED, run.error, now)

    def _after(self, sending: Sending, done: bool, now: datetime) -> list[Incident]:
        about = [one for number in sending.incidents if (one := self._telling.incident(number)) is not None]
        if done:
            return [telling.delivered(one, sending.channel) for one in about]
        return [telling.undelivered(one, sending.channel, sending.at, now) for one in about]

    def _tried_at(self) -> dict[str, datetime]:
        return {name: one.at for name, one in self._telling.latest().items()}

    def _knows(self, channel: str) -> bool:
        return any(one.name == channel for one in self._policy.channels)

    # --- what is remembered --------------------------------------------------------------------------------------

    def _remembered(self, deaf: dict[str, Sending]) -> Memory:
        settings, store, now = self._parts.settings, self._parts.store, self._parts.clock.now()
        every = {one.name: one.every_seconds or settings.watch.every_seconds for one in settings.hosts}
        rows = store.stream_rows().values()
        return Memory(
            standing=self._watching.standing(),
            fresh_seconds={host: max(FRESH_SECONDS, FRESH_PERIODS * seconds) for host, seconds in every.items()},
            blind=self._watching.blind(now),
            outcomes=list(store.outcomes().values()),
            streams=[StreamSeen(row.asset, row.health, row.since, row.why) for row in rows],
            on_host={asset.name: asset.host for asset in settings.assets},
            deaf={name: (one.ended_at or one.at, one.why) for name, one in deaf.items()},
            signs=self._watching.signs(now - TOLD),
            settled=self._watching.settlements(),
            crons=self._crons(now),
            projects=self._projects(now),
        )

    def _projects(self, now: datetime) -> tuple[Project, ...]:
        settings = self._parts.settings
        if not (settings.providers or settings.tofu):
            return ()
        found = project_told.told(settings, self._watching.told_by_providers(now - PROVIDERS_TOLD), now)
        return tuple(Project(one.who, _alarms(one), one.silent_since, one.no_data) for one in found)

    def _crons(self, now: datetime) -> tuple[CronStanding, ...]:
        crons = self._parts.settings.crons
        if not crons:
            return ()
        beat = self._parts.store.beat() if self._parts.hears_crons else None
        return standings(crons, Crons(self._parts.store).heard(), beat.started_at if beat else None, now)

    def _tell_log(self, changed: list[Incident], known: list[Incident]) -> None:
        before = {one.id: one for one in known}
        for one in changed:
            was = before.get(one.id)
            if was is None or was.trouble.name != one.trouble.name:
                self._parts.say(f"incident {one.id}: {one.trouble.what} ({one.trouble.name})")
            elif was.ended_at is None and one.ended_at is not None:
                self._parts.say(f"incident {one.id} is over: {one.trouble.what}")

    # --- heartbeat, and keeping house ----------------------------------------------------------------------------

    def _heartbeat(self, found: Seen, deaf: dict[str, Sending], now: datetime) -> None:
        alerts = self._parts.settings.alerts
        if self._parts.ping is None or not heartbeat.is_time(self._beat_at, alerts.heartbeat_every_seconds, now):
            return
        nobody_hears = deaf if len(deaf) == len(alerts.channels) else ()
        hosts = [host.name for host in self._parts.settings.hosts]
        unproven = self._parts.unproven(now)
        if (beat := heartbeat.beat(found, hosts, nobody_hears, unproven, now)) is not None:
            self._beat_at = now
            self._tolerantly("heartbeat", lambda: self._ping(beat))

    def _ping(self, beat: Beat) -> None:
        if self._parts.ping is not None:
            self._parts.ping(beat)

    def _tidy(self, now: datetime) -> None:
        if self._tidied_at is None or abs(now - self._tidied_at) >= TIDY:
            self._tidied_at = now
            self._telling.prune(now - timedelta(days=self._parts.settings.watch.keep_days))

    def _tolerantly(self, what: str, act: Callable[[], None]) -> None:
        """A memory or a receiver that is away is told once, and tried again."""
        try:
            act()
            self._said.pop(what, None)
        except OutliveError as error:
            if str(error) != self._said.get(what):
                self._said[what] = str(error)
                self._parts.say(f"{what}: {error} cure: {error.hint}")


def _alarms(one: Told) -> tuple[Alarm, ...]:
    """Of what changed there and back, the later one."""
    found: dict[str, Alarm] = {}
    for each in (finding for finding in one.findings if finding["alarm"]):
        known_as = " ".join(str(each[name]) for name in ("kind", "server", "attribute") if each[name])
        found[known_as] = Alarm(known_as, each["kind"], each["host"], each["since"], each["what"])
    return tuple(found.values())


def policy(alerts: AlertSettings) -> Policy:
    """As `outlive.toml` says it."""
    between = None if alerts.quiet_hours is None else hours(alerts.quiet_hours)
    quiet = None if between is None else Quiet(*between, zone(alerts.timezone))
    return Policy(
        tuple(
            Channel(one.name, one.step, Urgency[one.least.upper()], quiet if one.quiet_hours else None)
            for one in alerts.channels
        ),
        repeat=timedelta(seconds=alerts.repeat_every_seconds),
        escalate=timedelta(seconds=alerts.escalate_after_seconds),
        test=timedelta(seconds=alerts.test_every_seconds),
    )


def _apart(tests: list[Notice], notices: list[Notice]) -> list[Notice]:
    """A channel that is told something now needs no test."""
    busy = {one.channel for one in notices}
    return [one for one in tests if one.channel not in busy]


def _runbook(one: Sending) -> Runbook:
    args = {"channel": one.channel, "title": one.title, "body": one.body, "good": one.good}
    step = Step("tell", ALERT, args, ATTEMPT_SECONDS, ATTEMPTS, ATTEMPT_PAUSE_SECONDS)
    return Runbook(f"{ALERT} {one.channel}", (step,))
