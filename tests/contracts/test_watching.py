"""One contract for what is remembered of looking, on SQLite and on a real Postgres."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from outlive.model.observation import Channel, Observation
from outlive.model.stretch import Stretch
from outlive.model.watching import Blind, Enrolment, Judged, LogPosition, Planted, Settlement, Told, Window
from outlive.state.store import Store
from outlive.state.watching import Watching

pytestmark = pytest.mark.slow

NOON = datetime(2026, 2, 7, 12, 0, 0, 123456, tzinfo=UTC)
HOUR = timedelta(hours=1)
A, B = "203.0.113.9", "198.51.100.3"


@pytest.fixture
def memory(store: Store) -> Watching:
    return Watching(store)


def seen(value: object, at: datetime = NOON, fact: str = "ssh.host_key", subject: str = A) -> Observation:
    return Observation(at, "w", Channel.OUTSIDE, subject, fact, value, "said ü", "db", at + timedelta(seconds=1))


def stretch(value: object, at: datetime = NOON, **more: str) -> Stretch:
    return Stretch.of(seen(value, at, **more))


def test_it_is_empty_at_first(memory: Watching) -> None:
    assert memory.stretches(NOON) == memory.enrolments() == memory.addresses() == memory.windows() == []
    assert memory.planted() == memory.verdicts() == memory.blind(NOON) == []
    assert memory.standing() == {}


def test_what_was_seen_comes_back_as_it_was(memory: Watching) -> None:
    one = stretch({"url": "u", "status": 502, "text": "'; drop table -- ü"})
    memory.keep([one])
    assert memory.stretches(NOON - HOUR) == [one]


def test_a_stretch_grows_in_its_row(memory: Watching) -> None:
    one = stretch("SHA256:a")
    memory.keep([one])
    longer = one.with_next(seen("SHA256:a", NOON + timedelta(seconds=30)))
    assert longer is not None
    memory.keep([longer])
    assert memory.stretches(NOON - HOUR) == [longer]


def test_what_providers_told_is_found_among_all_the_rest(memory: Watching) -> None:
    told = [
        stretch({"id": "7", "kind": "orphan"}, fact="provider.finding"),
        stretch({"ids": ["7"]}, fact="provider.listing"),
        stretch({"name": "infra", "exit_code": 0}, fact="tofu.plan"),
        stretch({"error": "status", "why": "500"}, fact="provider.server", subject="project"),
    ]
    others = [
        stretch("SHA256:a"),
        stretch({"id": "7"}, fact="provider.server"),
        stretch("x", NOON - HOUR, fact="tofu.plan"),
    ]
    memory.keep([*told, *others])
    found = memory.told_by_providers(NOON - HOUR / 2)
    assert sorted(one.key for one in found) == sorted(one.key for one in told)


def test_of_each_thing_the_last_is_there_however_old(memory: Watching) -> None:
    old, older = stretch("SHA256:a", NOON - 90 * HOUR), stretch("SHA256:b", NOON - 99 * HOUR)
    fresh = stretch("SHA256:c", NOON, subject=B)
    memory.keep([old, older, fresh])
    assert memory.stretches(NOON - HOUR) == [old, fresh]
    assert memory.stretches(NOON - 200 * HOUR) == [older, old, fresh]


def test_log_positions_move_on_with_what_was_told_and_end(memory: Watching) -> None:
    first = LogPosition(A, "/a.log", NOON, {"inode": 1, "offset": 10})
    other = LogPosition("loki grafana", "f" * 64, NOON, {"from": 1770000000000000000})
    memory.keep([], [first, other])
    moved = replace(first, at=NOON + HOUR, document={"inode": 1, "offset": 99})
    memory.keep([stretch("SHA256:a", NOON)], [moved])
    assert sorted(memory.log_positions(), key=lambda one: one.reader) == sorted(
        [moved, other], key=lambda one: one.reader
    )
    memory.keep([], [], [(A, "/a.log")])
    assert memory.log_positions() == [other]
    memory.prune(NOON + HOUR, 1000)
    assert memory.log_positions() == []


def test_what_people_said_of_signs_comes_back_and_covers_only_what_was_before(memory: Watching) -> None:
    def sign(at: datetime, **more: object) -> Observation:
        value = {"service": "app", "project": "shop", "rule": "jwt", "fingerprint": "f", "count": 1} | more
        return Observation(at, "logs", Channel.INSIDE, A, "log.leak", value)

    grave, sly = sign(NOON, severity="critical"), sign(NOON, rule="next-rsc-exec", compromise=True)
    memory.keep([Stretch.of(grave), Stretch.of(sly), Stretch.of(sign(NOON, fingerprint="g", severity="high"))])
    assert {one.value["rule"] for one in memory.signs(NOON - HOUR)} == {"jwt", "next-rsc-exec"}
    assert memory.signs(NOON + HOUR) == []
    said = Settlement.of(grave, NOON + HOUR, "ann", "rotated")
    memory.settle([Settlement.of(grave, NOON, "bob", "harmless")])
    memory.settle([said])
    assert memory.settlements() == [said]
    assert said.covers(grave) and not said.covers(sly)
    assert not said.covers(replace(grave, at=NOON + 2 * HOUR)) and not said.covers(replace(grave, subject=B))
    assert Settlement.from_observation(said.observation()) == said
    memory.prune(NOON + 2 * HOUR, 1000)
    assert memory.settlements() == []


def test_old_rows_go_then_the_oldest_of_too_many(memory: Watching) -> None:
    memory.keep(stretch(f"SHA256:{number}", NOON + number * HOUR) for number in range(10))
    assert memory.prune(NOON + 3 * HOUR, 1000) == 3
    assert memory.prune(NOON, 4) == 3
    assert [one.first.value for one in memory.stretches(NOON)] == [f"SHA256:{number}" for number in range(6, 10)]
    assert memory.prune(NOON, 4) == 0


def test_the_history_of_identities_is_kept(memory: Watching) -> None:
    first = Enrolment("web-1", NOON, "alice", "init", {"ssh.host_key": ["SHA256:a"], "address": [A]})
    second = Enrolment("web-1", NOON + HOUR, "keeper", "reinstall declared by alice", {"ssh.host_key": "SHA256:b"})
    other = Enrolment("web-2", NOON, "bob", "enrol", {})
    for one in (second, first, other):
        memory.enrol(one)
    assert memory.enrolments("web-1") == [first, second]
    assert {one.host: one for one in memory.enrolments()}["web-1"] == second


def test_addresses_keep_when_they_were_told_first(memory: Watching) -> None:
    told = Told("web-1", A, "ssh", NOON, NOON)
    memory.tell([told, Told("web-1", B, "dns shop.example.com", NOON, NOON)])
    memory.tell([replace(told, first_at=NOON + HOUR, last_at=NOON + HOUR)])
    (one,) = [found for found in memory.addresses() if found.address == A]
    assert (one.first_at, one.last_at, one.is_asked) == (NOON, NOON + HOUR, True)


def test_what_was_forgotten_stays_so_until_it_is_told_later(memory: Watching) -> None:
    told = Told("web-1", A, "ssh", NOON, NOON)
    memory.tell([told])
    assert memory.forget("web-1", A, NOON + HOUR)
    assert not memory.forget("web-1", B, NOON + HOUR)
    memory.tell([told])
    assert [one.is_asked for one in memory.addresses()] == [False]
    memory.tell([replace(told, last_at=NOON + 2 * HOUR)])
    assert [one.is_asked for one in memory.addresses()] == [True]


def test_windows_markers_and_blind_times_come_back(memory: Watching) -> None:
    window = Window("web-1", NOON, NOON + HOUR, "reinstall", "alice")
    marker = Planted("web-1", "", "tag", NOON, "alice")
    memory.declare(window)
    memory.plant(marker)
    memory.plant(replace(marker, removed_at=NOON + HOUR))
    memory.set_blind(Blind("the hosts", NOON, None, "no network"))
    assert memory.windows() == [window]
    assert memory.planted() == [replace(marker, removed_at=NOON + HOUR)]
    assert memory.blind(NOON + 9 * HOUR) == [Blind("the hosts", NOON, None, "no network")]
    over = Blind("the hosts", NOON, NOON + HOUR, "no network")
    memory.set_blind(over)
    assert memory.blind(NOON + HOUR) == [over]
    assert memory.blind(NOON + 2 * HOUR) == []


def test_a_verdict_is_a_row_a_change(memory: Watching) -> None:
    def judge(hours: int, verdict: str, confirmed: bool = True) -> Judged:
        at = NOON + hours * HOUR
        return memory.judged(Judged("web-1", at, at, verdict, confirmed, {"hours": hours}))

    judge(0, "same_machine_ok")
    stands = judge(1, "same_machine_ok")
    assert (stands.since, stands.judged_at, stands.document) == (NOON, NOON + HOUR, {"hours": 1})
    judge(2, "rebooted")
    judge(3, "rebooted", False)
    memory.judged(Judged("web-2", NOON, NOON, "no_data", False, {}))
    changes = [(one.verdict, one.confirmed, one.since) for one in memory.verdicts("web-1")]
    assert changes == [
        ("same_machine_ok", True, NOON),
        ("rebooted", True, NOON + 2 * HOUR),
        ("rebooted", False, NOON + 3 * HOUR),
    ]
    assert {host: one.verdict for host, one in memory.standing().items()} == {"web-1": "rebooted", "web-2": "no_data"}


def test_two_may_write_what_they_saw(store: Store) -> None:
    """`outlive check` beside the keeper."""
    keeper, check = Watching(store), Watching(store)
    one = stretch("SHA256:a")
    keeper.keep([one])
    check.keep([one, stretch("SHA256:b", subject=B)])
    assert len(keeper.stretches(NOON - HOUR)) == 2
