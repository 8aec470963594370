"""What counts as now: ages, silence, another machine stepping in, doors that close, and two clocks."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from outlive.model.observation import Observation
from outlive.verdict.judging import Judging
from tests.verdict.scenes import AWAY, HOME, enrolled, judged, look, page, said, saw, silence, verdict

WATCHING = Judging()
KEY = "ssh.host_key"


def test_an_old_look_is_no_look() -> None:
    assert said(enrolled(), look(ago=590), settings=WATCHING) == ("same_machine_ok", True)
    assert said(enrolled(), look(ago=610), settings=WATCHING) == ("no_data", False)
    assert said(enrolled(), look(ago=7200)) == ("same_machine_ok", True)  # recorded evidence is spread over hours
    assert said(enrolled(), look(ago=7 * 3600)) == ("no_data", False)


def test_facts_have_ages_of_their_own() -> None:
    settings = Judging(max_ages={"guest.machine_id": 60.0})
    assert said(enrolled(), look(ago=90), settings=settings)[0] == "same_machine_ok"
    missed = verdict(enrolled(), look(ago=90), settings=settings).missing
    assert f"guest.machine_id at {HOME}" in missed


def test_an_error_replaces_what_the_same_witness_saw_before() -> None:
    seen = [*look(ago=5), *silence()]
    assert said(enrolled(), seen, settings=WATCHING)[0] == "unreachable_unproven"


def test_at_about_the_same_time_one_answer_outweighs_another_witnesss_silence() -> None:
    unheard = [replace(one, witness="far away") for one in silence()]
    assert said(enrolled(), look(ago=5), unheard) == ("same_machine_ok", True)


def test_silence_ends_what_other_witnesses_saw_long_before() -> None:
    assert (
        said(enrolled(), look(ago=900), saw("tcp.connect", {"port": 22, "error": "timeout"}))[0]
        == "unreachable_unproven"
    )


def test_what_was_seen_of_the_former_machine_is_not_the_new_ones() -> None:
    """Only the key was asked after the change: the machine-id seen before belongs to the machine before."""
    found = verdict(enrolled(), look(ago=900), saw(KEY, "SHA256:other"))
    assert found.name == "unknown_machine"
    assert {one.fact for one in found.in_favour} == {KEY}


def test_each_fact_goes_to_the_machine_that_was_seen_nearest_to_it() -> None:
    changed = saw(KEY, "SHA256:other")
    early = saw("guest.machine_id", "machine-web-1", ago=1700)
    late = saw("guest.machine_id", "machine-web-1", ago=100)
    assert said(enrolled(), saw(KEY, "SHA256:web-1", ago=1800), early, changed)[0] == "unknown_machine"
    assert said(enrolled(), saw(KEY, "SHA256:web-1", ago=1800), late, changed)[0] == "rekeyed"


@pytest.mark.parametrize(
    "door", [saw(KEY, {"error": "timeout"}), saw("ssh.login", "rejected"), saw("ssh.login", "password_prompt")]
)
def test_behind_a_closed_door_the_inside_is_remembered_and_not_seen(door: Observation) -> None:
    inside = [one for one in look(ago=300, page=None) if one.fact.startswith("guest.")]
    found = verdict(enrolled(), inside, door, page(200))
    assert not [one for one in found.in_favour if one.fact.startswith("guest.")]


def test_what_is_far_apart_does_not_confirm_each_other() -> None:
    key, inside = saw(KEY, "SHA256:other"), saw("guest.machine_id", "machine-web-1", ago=1200)
    assert said(enrolled(), key, inside) == ("rekeyed", False)


def test_two_values_at_one_time_are_a_contradiction() -> None:
    first, second = saw(KEY, "SHA256:web-1", ago=5, witness="here"), saw(KEY, "SHA256:other", witness="there")
    found = judged(enrolled(), first, second)
    assert not found.hosts[0].confirmed
    assert any("two witnesses" in one.why for one in found.contradictions)


def test_times_in_the_future_are_taken_as_they_are() -> None:
    assert said(enrolled(), look(ago=-300)) == ("same_machine_ok", True)


BLIND = ("no_data", False)


@pytest.mark.parametrize("state", ["no_network", "clock_skew", "locked", "something new"])
def test_a_blind_keeper_judges_nobody(state: str) -> None:
    blind = saw("self", {"state": state}, "keeper")
    found = verdict(enrolled(), look(ago=300), silence(), blind)
    assert (found.name, found.confirmed) == BLIND
    assert any("we are blind" in line for line in found.advice)
    assert not any(name in " ".join(found.advice) for name in ("unreachable", "replaced"))


def test_blindness_ends() -> None:
    blind, well = saw("self", {"state": "locked"}, "keeper", 60), saw("self", {"state": "ok"}, "keeper")
    assert said(enrolled(), look(), blind) == BLIND
    assert said(enrolled(), look(), blind, well)[0] == "same_machine_ok"
    assert (
        said(enrolled(), look(), saw("self", {"state": "locked"}, "keeper", 900), settings=WATCHING)[0]
        == "same_machine_ok"
    )


def test_a_network_that_answers_again_is_back() -> None:
    assert said(enrolled(), look(), saw("self", {"state": "no_network"}, "keeper", 120))[0] == "same_machine_ok"
    assert said(enrolled(), silence(), saw("self", {"state": "no_network"}, "keeper", 120)) == BLIND


def test_one_keeper_that_is_well_is_enough() -> None:
    one, other = saw("self", {"state": "no_network"}, "keeper-1"), saw("self", {"state": "ok"}, "keeper-2")
    assert said(enrolled(), silence(), one, other)[0] == "unreachable_unproven"


def test_a_reboot_is_news_for_a_while() -> None:
    before = look(ago=4000)
    for ago, expected in ((120.0, "rebooted"), (3800.0, "same_machine_ok")):
        again = [look(ago=ago, guest__boot_id="second"), look(guest__boot_id="second")]
        assert said(enrolled(), before, *again, settings=WATCHING) == (expected, True)


def test_a_reboot_against_a_pinned_boot() -> None:
    assert said(enrolled(guest__boot_id="first"), look(guest__boot_id="first"))[0] == "same_machine_ok"
    assert said(enrolled(guest__boot_id="first"), look(guest__boot_id="second")) == ("rebooted", True)


def test_a_reboot_where_only_boot_times_are_known() -> None:
    def seen(at: str, ago: float) -> list[Observation]:
        return [*look(ago=ago, guest__boot_id=None), saw("guest.boot_time", at, ago=ago)]

    first = seen("2026-03-01T00:00:00Z", 1800)
    assert said(enrolled(), first, seen("2026-03-14T11:45:00Z", 0)) == ("rebooted", True)
    assert said(enrolled(), first, seen("2026-03-01T00:00:20Z", 0))[0] == "same_machine_ok"  # rounded differently


def window(expect: str, begins: str = "11:30", ends: str = "13:00", declared_ago: float = 1800) -> Observation:
    value = {"from": f"2026-03-14T{begins}:00Z", "to": f"2026-03-14T{ends}:00Z", "expect": expect}
    return saw("maintenance", value, "web-1", declared_ago)


def accepted(*seen: object) -> tuple[str, bool]:
    one = verdict(*seen)  # type: ignore[arg-type]
    return one.name.value, one.accepted


NEW = [one for one in look("other", page=None) if one.fact != "guest.dmi_uuid"] + [saw("guest.dmi_uuid", "board-web-1")]


def test_an_announced_change_is_accepted_until_somebody_enrols() -> None:
    pins, before = enrolled(), look(ago=2400)
    assert accepted(pins, before, window("reinstall"), NEW) == ("os_reinstalled", True)
    assert accepted(pins, before, window("reinstall", ends="11:50"), NEW) == (
        "os_reinstalled",
        True,
    )  # long after its end
    assert accepted(pins, before, window("replace"), look("other", page=None)) == ("machine_replaced", True)
    assert accepted(pins, before, window("reboot"), look(guest__boot_id="second")) == ("rebooted", True)
    moved = (silence(), look(at=AWAY))
    assert accepted(pins, before, window("move"), *moved) == ("address_moved", True)


def test_a_window_excuses_nothing_else() -> None:
    pins, before = enrolled(), look(ago=2400)
    assert accepted(pins, before, window("reboot"), NEW) == ("os_reinstalled", False)
    assert accepted(pins, before, window("reinstall"), look("other", page=None)) == ("machine_replaced", False)
    assert accepted(pins, before, window("nonsense"), NEW) == ("os_reinstalled", False)
    declared_after, over, not_begun = (
        window("reinstall", declared_ago=-60),
        window("reinstall", "08:00", "10:00", 15000),
        window("reinstall", "12:30", "13:00"),
    )
    for other in (declared_after, over, not_begun):
        assert accepted(pins, before, other, NEW) == ("os_reinstalled", False)


def test_a_second_change_after_the_window_is_not_accepted() -> None:
    pins, over = enrolled(), window("replace", "11:00", "11:30", 3700)
    assert accepted(pins, look(ago=3600), over, look("other", page=None, ago=2700))[1]
    again = (look(ago=3600), look("other", page=None, ago=1200), look("third", page=None))
    assert accepted(pins, over, *again) == ("machine_replaced", False)


def test_while_maintenance_is_on_the_host_may_be_down() -> None:
    assert accepted(enrolled(), look(ago=2400), window("reboot"), silence()) == ("unreachable_unproven", True)
    assert accepted(enrolled(), look(ago=2400), window("reboot", ends="11:50"), silence()) == (
        "unreachable_unproven",
        False,
    )
    assert judged(enrolled(), look(ago=2400), window("reboot"), silence()).exit_code == 0


def test_a_new_enrolment_ends_the_matter() -> None:
    again = saw("enrolled", {"address": HOME, KEY: "SHA256:other", "guest.machine_id": "machine-other"}, "web-1", 60)
    assert accepted(enrolled(), look(ago=2400), window("reinstall"), again, look("other"))[0] == "same_machine_ok"
    third = look("third", page=None)
    assert accepted(enrolled(), window("replace", ends="11:55"), again, third) == ("machine_replaced", False)


def test_a_machine_that_was_seen_replaced_and_is_silent_now_is_silent() -> None:
    assert said(enrolled(), look("other", ago=900, page=None), silence())[0] == "unreachable_unproven"


def test_two_witnesses_whose_clocks_differ_put_nothing_back() -> None:
    ahead = [saw("pg.lsn", "0/5000010", "web-1", ago=5, witness="stream")]
    assert said(enrolled(), look(), ahead)[0] == "same_machine_ok"
    assert (
        said(enrolled(), look(), [replace(one, at=one.at - timedelta(minutes=5)) for one in ahead])[0] == "rolled_back"
    )


LOGIN = "ssh.login"


@pytest.mark.parametrize("error", ["timeout", "unreachable"])
@pytest.mark.parametrize("login", ["accepted", "rejected", "password_prompt"])
def test_a_login_ends_with_the_key_exchange_that_fails_after_it(error: str, login: str) -> None:
    """The same witness asked again and got no answer: that it was let in five seconds before keeps no host alive."""
    before = [*look(ago=5, page=None), saw(LOGIN, login, ago=5)]
    after = [saw(KEY, {"error": error}), saw("tcp.connect", {"port": 443, "error": "timeout"})]
    assert said(enrolled(), before, after, settings=WATCHING)[0] == "unreachable_unproven"


def test_a_login_ends_with_a_connection_that_the_same_witness_did_not_get() -> None:
    before = [*look(ago=5, page=None), saw(LOGIN, "accepted", ago=5)]
    gone = saw("tcp.connect", {"port": 22, "error": "timeout"}, witness="ssh")
    after = [gone, saw(KEY, {"error": "timeout"}, witness="second")]
    assert said(enrolled(), before, after, settings=WATCHING)[0] == "unreachable_unproven"


def test_a_login_after_the_failure_counts() -> None:
    now = [saw(KEY, {"error": "timeout"}, ago=5), *look(), saw(LOGIN, "accepted")]
    assert said(enrolled(), now, settings=WATCHING) == ("same_machine_ok", True)


def test_another_witness_may_still_be_let_in() -> None:
    """From there the host was seen five seconds ago; that we get no answer may be our network's."""
    there = [saw(LOGIN, "accepted", ago=5, witness="far away"), saw(KEY, "SHA256:web-1", ago=5, witness="far away")]
    found = verdict(enrolled(), there, saw(KEY, {"error": "timeout"}), page(200), settings=WATCHING)
    assert found.name == "same_machine_ok"


def test_a_refused_key_exchange_closes_the_door_and_no_more() -> None:
    """Whoever refuses is there: the machine answers, and what was seen inside is remembered."""
    before = [*look(ago=5, page=None), saw(LOGIN, "accepted", ago=5)]
    found = verdict(enrolled(), before, saw(KEY, {"error": "refused"}), page(200), settings=WATCHING)
    assert found.name == "same_machine_ok"
    assert not found.confirmed
    assert f"ssh.host_key at {HOME} (refused)" in found.missing
