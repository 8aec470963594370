"""Alerting within the keeper: what is remembered becomes incidents and messages that the engine carries, through kills,
dead channels and a memory that is away."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from outlive.alerts.heartbeat import Beat, Signal
from outlive.alerts.ping import HeartbeatUnheard
from outlive.alerts.signs import MOST_PARTS, TOLD
from outlive.config.load import load
from outlive.engine.port import RunStatus
from outlive.keeper.alerting import STEP_SECONDS, Alerting, AlertParts
from outlive.model.incident import Delivery
from outlive.model.observation import Channel, Observation
from outlive.model.schedule import Outcome
from outlive.model.stretch import Stretch
from outlive.model.watching import Blind, Judged, Settlement
from outlive.state.store import Store
from outlive.state.telling import Telling
from outlive.state.watching import Watching
from outlive.testing.clock import ManualClock
from tests.engine.databases import sqlite_url
from tests.keeper.homes import home
from tests.keeper.memory_engine import MemoryEngine

pytestmark = pytest.mark.slow

CHANNELS = """
[alerts]
test_every_seconds = 604800
{more}
[[alerts.channels]]
name = "phone"
url = {{ file = "phone_url" }}
[[alerts.channels]]
name = "mail"
url = {{ file = "mail_url" }}
step = 2
"""


@dataclass
class World:
    """A keeper's alerting, stepped by hand; `settle` ends the messages that are on their way."""

    folder: Path
    more: str = ""
    deaf: set[str] = field(default_factory=set)
    said: list[str] = field(default_factory=list)
    beats: list[Beat] = field(default_factory=list)
    texts: list[tuple[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.clock = ManualClock()
        self.engine = MemoryEngine(self.clock)
        self.store = Store(sqlite_url(self.folder / "state"))
        self.settings = load(home(self.folder / "home", more=CHANNELS.format(more=self.more)))
        self.watching, self.telling = Watching(self.store), Telling(self.store)
        self.restart()

    def restart(self) -> None:
        parts: dict[str, Any] = {"settings": self.settings, "clock": self.clock, "store": self.store}
        self.alerting = Alerting(AlertParts(**parts, engine=self.engine, say=self.said.append, ping=self.beats.append))

    def judge(self, verdict: str = "same_machine_ok", *, confirmed: bool = True) -> None:
        now = self.clock.now()
        self.watching.judged(Judged("here", now, now, verdict, confirmed))

    def settle(self) -> None:
        for run in self.engine.running():
            channel = run.id.split(":")[1]
            status = RunStatus.FAILED if channel in self.deaf else RunStatus.DONE
            self.engine.end(run.id, status, "status 500" if channel in self.deaf else "")
            self.texts += [(channel, one.title) for one in self.telling.queued() if one.id == run.id]

    def live(self, seconds: float, verdict: str = "same_machine_ok") -> None:
        for _ in range(int(seconds / STEP_SECONDS)):
            self.clock.advance(STEP_SECONDS)
            self.judge(verdict)
            self.alerting.step()
            self.settle()

    def heard(self, channel: str) -> list[str]:
        return [title for name, title in self.texts if name == channel and "this channel works" not in title]


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_each_channel_is_tested_when_a_keeper_first_runs(world: World) -> None:
    world.live(30)
    assert sorted(world.texts) == [(name, "Outlive: this channel works") for name in ("mail", "phone")]
    assert {one.state for one in world.telling.latest().values()} == {Delivery.SENT}


def test_a_verdict_opens_an_incident_that_is_told_and_ends(world: World) -> None:
    world.live(60, "same_machine_app_down")
    (one,) = world.telling.incidents()
    assert world.heard("phone") == ["here: the machine is ours and alive; its service is down"]
    world.live(60)
    assert world.heard("phone")[1:] == ["Over: here: the machine is ours and alive; its service is down"]
    assert [line for line in world.said if f"incident {one.id}" in line] == [
        f"incident {one.id}: here: the machine is ours and alive; its service is down (same_machine_app_down)",
        f"incident {one.id} is over: here: the machine is ours and alive; its service is down",
    ]


def test_who_acknowledges_is_not_told_again(world: World) -> None:
    world.live(30, "same_machine_app_down")
    assert world.telling.acknowledge(1, "ann", world.clock.now())
    world.live(3600, "same_machine_app_down")
    assert len(world.heard("phone")) == 1 and world.heard("mail") == []


def test_a_message_that_a_kill_kept_from_being_begun_is_begun(world: World) -> None:
    world.live(30)
    begin = world.engine.start
    world.engine.start = lambda run_id, runbook: None  # type: ignore[method-assign]
    world.live(30, "machine_replaced")
    world.engine.start = begin  # type: ignore[method-assign]
    assert world.heard("phone") == [] and len(world.telling.queued()) == 1
    world.restart()
    world.live(30, "machine_replaced")
    assert world.heard("phone") == ["here: another machine stands in its place"]


def test_a_restart_tells_nothing_twice(world: World) -> None:
    world.live(30, "same_machine_app_down")
    for _ in range(5):
        world.restart()
        world.live(9, "same_machine_app_down")
    assert len(world.heard("phone")) == 1


def test_a_dead_channel_is_told_by_the_others_and_heard_again_when_it_lives(world: World) -> None:
    world.live(30)
    world.deaf = {"phone"}
    world.live(60, "same_machine_app_down")
    assert world.heard("mail") == ["here: the machine is ours and alive; its service is down (+1 more)"]
    assert "alerts do not reach anybody by phone: status 500" in world.telling.latest()["mail"].body
    world.deaf = set()
    world.live(600, "same_machine_app_down")
    assert world.heard("phone")[-1] == "here: the machine is ours and alive; its service is down"
    assert any(title.startswith("Over: alerts do not reach") for title in world.heard("mail"))


def test_without_a_network_nothing_is_told_and_no_heart_beats(world: World) -> None:
    world.live(70)
    count = len(world.beats)
    now = world.clock.now()
    world.watching.set_blind(Blind("the hosts, over the network", now, None, "no canary answered"))
    world.live(300, "unreachable_unproven")
    assert world.heard("phone") == [] and len(world.beats) == count


def test_the_heart_beats_once_a_minute_and_tells_what_fails(world: World) -> None:
    world.live(180)
    assert [one.signal for one in world.beats] == [Signal.SUCCESS] * 3
    world.store.set_outcome(Outcome("backup:files", "run", world.clock.now(), False, "no space"))
    world.live(60)
    assert world.beats[-1].signal is Signal.FAIL and "no space" in world.beats[-1].words


def test_a_receiver_that_is_away_is_told_once_and_stops_nothing(world: World) -> None:
    def away(beat: Beat) -> None:
        raise HeartbeatUnheard("It answered with status 503.")

    parts: dict[str, Any] = {"settings": world.settings, "clock": world.clock, "store": world.store}
    world.alerting = Alerting(AlertParts(**parts, engine=world.engine, say=world.said.append, ping=away))
    world.live(300, "same_machine_app_down")
    assert len([line for line in world.said if "status 503" in line]) == 1 and len(world.heard("phone")) == 1


def test_quiet_hours_and_steps_come_from_the_file(tmp_path: Path) -> None:
    world = World(tmp_path, more='quiet_hours = "00:00-23:59"')
    world.live(60, "same_machine_app_down")
    assert world.heard("phone") == []
    world.live(60, "os_reinstalled")
    assert world.heard("phone") == ["here: the same server with a new disk: what was on it is gone"]


def test_it_runs_until_it_is_told_to_stop(world: World) -> None:
    answers = iter([False, True])
    world.alerting.run(lambda: next(answers))
    assert [one.signal for one in world.beats][:1] == [Signal.START] and len(world.telling.queued()) == 2


def test_old_incidents_are_forgotten(world: World) -> None:
    world.live(30, "same_machine_app_down")
    world.live(30)
    world.clock.advance(timedelta(days=200).total_seconds())
    world.live(6)
    assert world.telling.incidents() == []


def leak(world: World, rule: str, fingerprint: str = "f1", count: int = 1, **more: Any) -> None:
    value = {"service": "app", "project": "shop", "rule": rule, "severity": "high", "count": count}
    value |= {"fingerprint": fingerprint, **more}
    seen = Observation(world.clock.now(), "logs", Channel.INSIDE, "here", "log.leak", value)
    world.watching.keep([Stretch.of(seen)])


def settle(world: World) -> None:
    now = world.clock.now()
    world.watching.settle(Settlement.of(one, now, "ann", "rotated") for one in world.watching.signs(now - TOLD))


def test_signs_of_compromise_in_a_log_are_an_incident_for_a_day(world: World) -> None:
    world.live(10)
    leak(world, "jwt")
    leak(world, "environment-dump", compromise=True)
    leak(world, "next-rsc-exec", compromise=True)
    world.live(30)
    (said,) = world.heard("phone")
    assert said.startswith("possible compromise: signs in the log of shop/app at here (environment-dump f1")
    (one,) = world.telling.incidents()
    assert not one.trouble.sure and "scan" in one.trouble.safe[0] and "next-rsc-exec f1" in one.trouble.what
    world.clock.advance(86400)
    world.live(30)
    assert world.heard("phone")[-1].startswith("Over: possible compromise")


PROVIDER = (
    '[[providers]]\nname = "cloud"\nkind = "static"\nfile = "servers.toml"\n[[tofu]]\nname = "infra"\nfolder = "."\n'
)


def test_what_the_provider_says_reaches_the_channels(tmp_path: Path) -> None:
    """Alarms at once, notes never; a plan that failed too; over when the next answer does not say it any more."""
    world = World(tmp_path)
    file = world.folder / "home" / "outlive.toml"
    file.write_text(file.read_text() + PROVIDER)
    world.settings = load(file)
    world.restart()

    def say(fact: str, value: dict[str, Any], witness: str = "provider cloud") -> None:
        one = Observation(
            world.clock.now(), witness, Channel.PROVIDER, "project", fact, value, observed_at=world.clock.now()
        )
        world.watching.keep([Stretch.of(one)])

    def finding(kind: str, *, alarm: bool) -> None:
        value = {"kind": kind, "server": "7", "host": None, "attribute": None, "what": f"{kind}!", "alarm": alarm}
        say("provider.finding", value | {"id": f"{kind} 7"})

    say("provider.listing", {"name": "cloud", "ids": ["7"]})
    finding("orphan", alarm=False)
    finding("credit", alarm=True)
    say("tofu.plan", {"name": "infra", "error": "plan_failed", "why": "exit 1"}, "tofu_plan")
    world.live(60)
    assert sorted(world.heard("phone")) == ["provider cloud: credit! (+1 more)"]
    assert {one.trouble.what for one in world.telling.incidents()} == {
        "provider cloud: credit!",
        "tofu infra: the plan gives no data: exit 1",
    }
    world.clock.advance(1)
    say("provider.listing", {"name": "cloud", "ids": ["7", "8"]})
    say("tofu.plan", {"name": "infra", "exit_code": 0, "resource_drift": [], "output_changes": {}}, "tofu_plan")
    world.live(60)
    assert len([one for one in world.telling.incidents() if one.ended_at is None]) == 0


def test_a_critical_leak_is_told_by_rule_fingerprint_place_and_count_and_what_is_less_is_not(world: World) -> None:
    world.live(10)
    leak(world, "jwt")
    world.live(30)
    assert world.heard("phone") == []
    leak(world, "private-key", "ab12", count=3, severity="critical")
    world.live(30)
    (one,) = world.telling.incidents()
    assert one.trouble.what == "secrets stand in the log of shop/app at here (private-key ab12, 3 times)"
    assert (one.cause, one.trouble.name, one.trouble.sure) == ("leak:here shop/app", "leak", True)
    assert len(world.heard("phone")) == 1


def test_what_is_dealt_with_is_over_and_what_is_new_after_that_is_told_though_acknowledged(world: World) -> None:
    world.live(10)
    leak(world, "private-key", "ab12", severity="critical")
    world.live(30)
    world.telling.acknowledge(1, "ann", world.clock.now())
    settle(world)
    world.live(30)
    assert [one[:4] for one in world.heard("phone")] == ["secr", "Over"]
    leak(world, "private-key", "ab12", count=2, severity="critical")
    world.live(30)
    assert world.heard("phone")[-1].startswith("Again: ")
    (one,) = [one for one in world.telling.incidents() if one.ended_at is None]
    assert not one.is_acknowledged, "it is repeated and escalated until somebody sees to it anew"


def test_another_secret_in_the_same_log_makes_it_worse_though_acknowledged_but_not_each_step(world: World) -> None:
    world.live(10)
    leak(world, "private-key", "f0", severity="critical")
    world.live(30)
    world.telling.acknowledge(1, "ann", world.clock.now())
    for number in range(1, 60):
        leak(world, "private-key", f"f{number}", severity="critical")
        world.live(6)
    told = world.heard("phone")
    assert 2 <= len(told) <= 8 and told[1].startswith("Now: ")
    (one,) = world.telling.incidents()
    assert len(one.trouble.parts) == MOST_PARTS and "and 55 more" in one.trouble.what


def compromised(world: World) -> None:
    """What the keeper remembers a look after the signs: its verdict, which names them."""
    now = world.clock.now()
    named = [one.to_json() for one in world.watching.signs(now - TOLD) if one.value.get("compromise")]
    world.watching.judged(Judged("here", now, now, "possible_compromise", False, {"for": named}))


def live_compromised(world: World, steps: int) -> None:
    for _ in range(steps):
        compromised(world)
        world.alerting.step()
        world.settle()
        world.clock.advance(STEP_SECONDS)


def test_a_compromise_is_one_incident_with_the_verdict_and_the_secrets_in_the_same_log_under_it(world: World) -> None:
    world.live(3)
    leak(world, "environment-dump", compromise=True)
    leak(world, "private-key", "ab12", severity="critical")
    world.live(9)
    live_compromised(world, 22)
    (one,) = world.telling.incidents()
    assert one.cause == "compromise:here shop/app" and one.times == 1 and one.ended_at is None
    assert [said.split(" ")[0] for said in one.symptoms] == ["secrets", "here:"]
    assert len(world.heard("phone")) == 1, "and it is told once"
    leak(world, "next-rsc-exec", "f2", compromise=True)
    live_compromised(world, 22)
    assert len(world.telling.incidents()) == 1 and world.heard("phone")[1].startswith("Now: ")
    settle(world)
    live_compromised(world, 3)
    world.live(12)
    assert [one.ended_at is None for one in world.telling.incidents()] == [False]
    assert len(world.heard("phone")) == 3 and world.heard("phone")[2].startswith("Over: ")


def test_a_leak_of_another_log_and_one_that_was_told_before_are_incidents_of_their_own(world: World) -> None:
    world.live(3)
    leak(world, "private-key", "ab12", severity="critical")
    world.live(12)
    leak(world, "environment-dump", compromise=True)
    leak(world, "private-key", "cd34", severity="critical", service="worker")
    live_compromised(world, 22)
    causes = [one.cause for one in world.telling.incidents() if one.ended_at is None]
    assert sorted(causes) == ["compromise:here shop/app", "leak:here shop/app", "leak:here shop/worker"]
    assert not [one for one in world.heard("phone") if one.startswith("Over")]


def test_an_application_that_fails_is_an_incident_beside_the_compromise_and_over_when_it_serves_again(
    world: World,
) -> None:
    leak(world, "environment-dump", compromise=True)
    world.live(12, "same_machine_app_down")
    assert {one.cause for one in world.telling.incidents()} == {"compromise:here shop/app", "host:here"}
    live_compromised(world, 22)
    assert {one.cause: one.ended_at is None for one in world.telling.incidents()} == {
        "compromise:here shop/app": True,
        "host:here": False,
    }
