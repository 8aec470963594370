"""The keeper's own clock jumps while it watches: what follows is unknown, or seen anew; never a loss, nor the health of
before."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from outlive import wiring_watch
from outlive.model.observation import Channel, Observation
from outlive.model.verdict import Name, Verdict
from outlive.model.watching import Enrolment
from outlive.testing.clock import ManualClock
from outlive.watch.watcher import Watcher
from tests.keeper.watched import configured
from tests.watch.made import A, B

pytestmark = pytest.mark.slow

HOSTS = {"web-1": A, "web-2": B}
JUMPS = [90.0, 7200.0, 30 * 86400.0, -90.0, -7200.0, -30 * 86400.0]
INTERVAL_SECONDS = 5.0
AFTER_A_JUMP = {Name.NO_DATA, Name.UNREACHABLE_UNPROVEN}


class Keeper:
    """Sees two hosts, whose clocks are right: `wrong_seconds` is how far its own is ahead."""

    def __init__(self, folder: Path) -> None:
        self.clock = ManualClock()
        hosts = "".join(f'[[hosts]]\nname = "{host}"\naddress = "ssh://root@{at}"\n' for host, at in HOSTS.items())
        eyes = wiring_watch.eyes(configured(folder, hosts), self.clock)
        self.watcher = Watcher(eyes, None)
        self.wrong_seconds = 0.0
        for host, at in HOSTS.items():
            facts = {"address": [at], "ssh.host_key": f"SHA256:{host}", "guest.machine_id": f"machine-{host}"}
            enrolment = Enrolment(host, self.clock.now(), "alice", "enrol", facts | {"guest.dmi_uuid": f"board-{host}"})
            self.watcher.enrolments[host] = enrolment

    def jump(self, seconds: float) -> None:
        self.clock.jump(seconds)
        self.wrong_seconds += seconds

    def look(self, *, silent: tuple[str, ...] = (), tells_time: bool = True) -> Verdict:
        """What is made of web-1, five seconds later."""
        self.clock.advance(INTERVAL_SECONDS)
        seen = [one for host in HOSTS for one in self._of(host, host in silent, tells_time)]
        self.watcher.recall.add(seen)
        self.watcher.recall.add(asyncio.run(self.watcher.own.after(seen)))
        return self.judge()

    def judge(self) -> Verdict:
        return next(one for one in self.watcher.judge().hosts if one.host == "web-1")

    def _of(self, host: str, silent: bool, tells_time: bool) -> Iterator[Observation]:
        at = HOSTS[host]
        if silent:
            yield self._saw(Channel.OUTSIDE, at, "ssh.host_key", {"error": "timeout"})
            yield self._saw(Channel.OUTSIDE, at, "http.response", {"url": "u", "error": "connect_timeout"})
            return
        page = {"url": "u", "status": 200, "remote_address": at}
        yield self._saw(Channel.OUTSIDE, at, "http.response", page)
        yield self._saw(Channel.OUTSIDE, at, "ssh.host_key", f"SHA256:{host}")
        for fact, value in (("machine_id", "machine"), ("dmi_uuid", "board"), ("boot_id", "boot")):
            yield self._saw(Channel.INSIDE, at, f"guest.{fact}", f"{value}-{host}")
        if tells_time:
            yield self._saw(Channel.INSIDE, at, "guest.skew_seconds", -self.wrong_seconds)

    def _saw(self, channel: Channel, subject: str, fact: str, value: object) -> Observation:
        now = self.clock.now()
        return Observation(now, "w", channel, subject, fact, value, observed_at=now)


@pytest.fixture
def keeper(tmp_path: Path) -> Iterator[Keeper]:
    one = Keeper(tmp_path)
    for _ in range(3):
        assert one.look().name is Name.SAME_MACHINE_OK
    yield one
    asyncio.run(one.watcher.eyes.close())


@pytest.mark.parametrize("seconds", JUMPS)
def test_a_clock_that_others_contradict_makes_the_keeper_blind(keeper: Keeper, seconds: float) -> None:
    keeper.jump(seconds)
    for _ in range(2):
        found = keeper.look()
        assert (found.name, found.confirmed) == (Name.NO_DATA, False)
        assert any("own clock is off" in line for line in found.advice)
    keeper.jump(-seconds)
    assert keeper.look().name is Name.SAME_MACHINE_OK, "put right, it sees again"


@pytest.mark.parametrize("seconds", JUMPS)
@pytest.mark.parametrize("silent", [(), ("web-1",), ("web-1", "web-2")])
def test_a_jump_is_never_a_loss(keeper: Keeper, seconds: float, silent: tuple[str, ...]) -> None:
    """Also where nobody tells it the time."""
    keeper.jump(seconds)
    expected = AFTER_A_JUMP if silent else {Name.NO_DATA, Name.SAME_MACHINE_OK}
    assert keeper.judge().name in {Name.NO_DATA, Name.SAME_MACHINE_OK}
    for _ in range(3):
        found = keeper.look(silent=silent, tells_time=False)
        assert found.name in expected
        assert found.forbidden or not silent


@pytest.mark.parametrize("seconds", [one for one in JUMPS if one < 0])
def test_a_silence_of_the_future_is_over(keeper: Keeper, seconds: float) -> None:
    """It was written down by a clock that was ahead; now the host answers."""
    assert keeper.look(silent=("web-1",)).name is Name.UNREACHABLE_UNPROVEN
    keeper.jump(seconds)
    assert keeper.look(tells_time=False).name is Name.SAME_MACHINE_OK
