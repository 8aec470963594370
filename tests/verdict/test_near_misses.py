"""What must not earn the strong verdict, and what must: one fact more or less around every rule."""

from __future__ import annotations

from typing import Any

import pytest

from outlive.model.observation import Channel
from tests.verdict.scenes import (
    AWAY,
    DAY,
    HOME,
    THIRD,
    Seen,
    enrolled,
    judged,
    look,
    page,
    said,
    saw,
    server,
    silence,
    verdict,
)

NEW = "stranger"
BEFORE = 1800.0  # seconds before the look that is judged


def only(*facts: str, of: str = NEW, at: str = HOME) -> list[Any]:
    """A look that saw nothing but these facts."""
    return [one for one in look(of, at, page=None) if one.fact in facts]


KEY, MACHINE, BOARD, ENGINE = "ssh.host_key", "guest.machine_id", "guest.dmi_uuid", "guest.docker_engine_id"


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        # another host key, and more and more of what goes with it
        (only(KEY), ("unknown_machine", False)),
        ([*only(KEY), *only(MACHINE, of="web-1")], ("rekeyed", True)),
        ([*only(KEY), *only(BOARD, of="web-1")], ("rekeyed", False)),
        (only(KEY, MACHINE), ("machine_replaced", False)),
        (only(KEY, MACHINE, BOARD), ("machine_replaced", True)),
        ([*only(KEY, MACHINE), *only(BOARD, of="web-1")], ("os_reinstalled", True)),
        ([*only(KEY, MACHINE), server("1")], ("os_reinstalled", False)),
        # only one channel
        (only(MACHINE, BOARD), ("machine_replaced", False)),
        (only(MACHINE, BOARD, "pg.system_identifier"), ("machine_replaced", True)),
        (only("pg.system_identifier"), ("data_replaced", False)),
        # the key is the host's, other facts are not
        ([*only(KEY, of="web-1"), *only(MACHINE)], ("same_machine_ok", False)),
        ([*only(KEY, of="web-1"), *only(MACHINE, ENGINE)], ("machine_replaced", False)),
        ([*only(KEY, of="web-1"), *only("pg.system_identifier")], ("data_replaced", True)),
        ([*only(KEY, MACHINE, of="web-1"), *only(BOARD)], ("cloned", False)),
    ],
)
def test_what_changed_and_what_did_not(seen: list[Any], expected: tuple[str, bool]) -> None:
    assert said(enrolled(provider__server={"id": "1"}), seen) == expected


def test_only_the_provider_says_replaced() -> None:
    other = server("2", created_at="2026-03-14T11:40:00Z")
    assert said(enrolled(provider__server={"id": "1"}), other, silence())[0] == "unreachable_unproven"
    assert said(enrolled(provider__server={"id": "1"}), other)[0] == "no_data"
    assert said(enrolled(provider__server={"id": "1"}), other, look()) == ("same_machine_ok", True)


def test_the_provider_and_tofu_are_one_channel() -> None:
    state = saw("tofu.state", {"server_id": "2", "addresses": [HOME]}, "web-1", channel=Channel.OUTSIDE)
    one = verdict(enrolled(provider__server={"id": "1"}), server("2"), state, only("pg.system_identifier"))
    assert not one.confirmed


def test_another_key_where_the_provider_lists_another_server() -> None:
    assert said(enrolled(provider__server={"id": "1"}), server("2"), only(KEY)) == ("machine_replaced", True)


def test_a_replacement_at_another_address_needs_the_provider_and_a_silent_home() -> None:
    moved = server("1", addresses=[AWAY])
    new = look(NEW, AWAY, page=None)
    pins = enrolled(provider__server={"id": "1"})
    assert said(pins, moved, new, silence()) == ("machine_replaced", True)
    assert said(pins, moved, new)[0] == "unknown_machine"  # nobody asked the old address
    assert said(pins, new, silence(), saw("dns.addresses", [AWAY], "web-1.example.org"))[0] == "unknown_machine"
    assert said(pins, moved, new, look())[0] == "same_machine_ok"


def test_silence_is_never_loss_whatever_people_and_documents_add() -> None:
    claims = [saw("claim", {"text": "it is gone", "verdict": "machine_replaced"}, "web-1") for _ in range(5)]
    failed, credit = saw("tofu.plan", {"exit_code": 1}, "web-1"), saw("provider.credit_hours", 40, "project")
    for more in ([], [server()], [failed], [credit]):
        found = verdict(enrolled(), look(ago=BEFORE), silence(), claims, more)
        assert (found.name, found.confirmed) == ("unreachable_unproven", False)
        assert any("silence is no proof of loss" in line for line in found.forbidden)


def test_refused_ports_are_no_identity() -> None:
    refused = [saw("ssh.host_key", {"error": "refused"}), saw("tcp.connect", {"port": 443, "error": "refused"})]
    assert said(enrolled(), refused) == ("unreachable_unproven", False)


def test_a_log_that_is_not_there_is_no_silence() -> None:
    """Of the keeper's own machine, that nobody has enrolled."""
    pinned = saw("enrolled", {"address": []}, "web-1", channel=Channel.PERSON)
    here = [saw(fact, fact, "web-1", channel=Channel.INSIDE) for fact in (MACHINE, "guest.boot_id")]
    gone = {"service": "nginx", "stream": "stderr", "error": "not_there"}
    odd = saw("log.seen", gone, "web-1", channel=Channel.INSIDE)
    assert said(pinned, here, odd) == said(pinned, here) != ("unreachable_unproven", False)


def test_a_hung_machine_is_unproven() -> None:
    no_banner, open_port = saw(KEY, {"error": "banner_timeout"}), saw("tcp.connect", {"port": 443, "seconds": 0.1})
    assert said(enrolled(), no_banner, open_port, page("headers_timeout")) == ("unreachable_unproven", False)


def test_nothing_pinned_is_never_confirmed() -> None:
    state = saw("tofu.state", {"server_id": "1", "addresses": [HOME]}, "web-1")
    assert said(state, look()) == ("same_machine_ok", False)
    changed = verdict(state, look(ago=BEFORE), look(NEW))
    assert not changed.confirmed
    assert changed.missing[0].startswith("an enrolment of web-1")


def test_what_was_not_pinned_is_compared_with_what_was_seen_first() -> None:
    pins = saw("enrolled", {"address": HOME, KEY: "SHA256:web-1"}, "web-1", 30 * DAY)
    assert said(pins, look(ago=BEFORE), look(NEW)) == ("machine_replaced", True)
    assert said(pins, look(ago=BEFORE), look(pg__system_identifier="cluster-other"))[0] == "data_replaced"


def test_an_enrolment_begins_a_new_memory() -> None:
    accepted = saw("enrolled", {"address": HOME, KEY: f"SHA256:{NEW}"}, "web-1", 600)
    assert said(enrolled(), look(ago=BEFORE), look(NEW, ago=900), accepted, look(NEW))[0] == "same_machine_ok"


def test_values_that_two_hosts_share_tell_nobody_apart() -> None:
    """Machines made from one template: the machine-id is the same, the key is not."""
    pins = (enrolled(guest__machine_id="template"), enrolled("web-2", AWAY, guest__machine_id="template"))
    looks = (look(guest__machine_id="template"), look("web-2", AWAY, "web-2", guest__machine_id="template", page=None))
    assert {one.host: one.name.value for one in judged(*pins, *looks).hosts} == {
        "web-1": "same_machine_ok",
        "web-2": "same_machine_ok",
    }
    alone = [one for one in look(guest__machine_id="template", page=None) if one.fact == MACHINE]
    assert said(*pins, alone)[0] == "no_data"


@pytest.mark.parametrize("fact", ["guest.hostname", "guest.root_fs_uuid", "guest.authorized_keys"])
def test_weak_facts_prove_nothing(fact: str) -> None:
    pins = enrolled(**{fact.replace(".", "__"): "same"})
    assert said(pins, saw(fact, "same")) == ("no_data", False)
    assert said(pins, look(), saw(fact, "other"))[0] == "same_machine_ok"


def test_a_renewed_certificate_is_no_change() -> None:
    pins = enrolled(tls__leaf={"spki": "sha256:old", "serial": "1"})
    renewed = saw("tls.leaf", {"names": [], "spki": "sha256:new", "serial": "2", "valid": True})
    assert said(pins, look(), renewed) == ("same_machine_ok", True)
    assert said(pins, renewed) == ("same_machine_ok", False)  # valid, and nothing else is known


def test_a_deployed_certificate_makes_no_other_machine_the_host() -> None:
    pins = (enrolled(tls__leaf={"spki": "sha256:ours"}), silence())
    elsewhere = saw("tls.leaf", {"names": [], "spki": "sha256:ours", "valid": True}, AWAY)
    assert said(*pins, elsewhere)[0] == "unreachable_unproven"


def test_a_standby_is_no_clone() -> None:
    """It has its primary's system identifier by design."""
    standby = look("web-2", AWAY, "web-2", page=None, pg__system_identifier="cluster-web-1")
    pins = (enrolled(), enrolled("web-2", AWAY, pg__system_identifier="cluster-web-1"))
    assert [one.name.value for one in judged(*pins, look(), standby).hosts] == ["same_machine_ok"] * 2


def test_one_machine_with_two_addresses_is_no_clone() -> None:
    assert said(enrolled(), look(), look(at=AWAY, page=None)) == ("same_machine_ok", True)
    assert said(enrolled(), look(), look(at=AWAY, page=None, guest__boot_id="another"))[0] == "cloned"


def test_a_boot_older_than_our_last_sight_is_another_machine() -> None:
    before = look(ago=BEFORE)
    later = look(guest__boot_id="other", guest__boot_time="2026-03-14T11:45:00Z")
    older = look(guest__boot_id="other", guest__boot_time="2026-03-01T00:00:00Z")
    assert said(enrolled(), before, later) == ("rebooted", True)
    assert said(enrolled(), before, older) == ("cloned", False)


LSN = "pg.lsn"


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        (("0/5000000", 1), ("0/5000000", 1), "same_machine_ok"),
        (("0/5000000", 1), ("0/6000000", 1), "same_machine_ok"),
        (("0/5000000", 1), ("0/4000000", 1), "rolled_back"),
        (("0/FFFFFFFF", 1), ("1/0", 1), "same_machine_ok"),
        (("1/0", 1), ("0/FFFFFFFF", 1), "rolled_back"),
        (("0/5000000", 1), ("0/4FFFFFF", 2), "same_machine_ok"),  # a failover
        (("0/5000000", 3), ("0/5000000", 2), "same_machine_ok"),
        (("0/5000000", 3), ("0/4000000", 2), "rolled_back"),
        (("0/5000000", 1), ("nonsense", 1), "same_machine_ok"),
    ],
)
def test_positions_in_the_log(before: tuple[str, int], now: tuple[str, int], expected: str) -> None:
    then = look(ago=BEFORE, pg__lsn=before[0], pg__timeline=before[1])
    assert said(enrolled(), then, look(pg__lsn=now[0], pg__timeline=now[1])) == (expected, True)


def test_a_position_that_was_asked_without_its_cluster_or_timeline_confirms_nothing() -> None:
    then = look(ago=BEFORE)
    for unasked in ("pg__timeline", "pg__system_identifier"):
        assert said(enrolled(), then, look(pg__lsn="0/1000000", **{unasked: None})) == ("rolled_back", False)


def test_one_of_several_clusters_went_back() -> None:
    def clusters(app: str, jobs: str, ago: float, timeline: int | None = 1) -> Seen:
        told = [saw("pg.timeline", timeline, "web-1", ago, cluster=name) for name in ("app", "jobs") if timeline]
        return [
            *told,
            *(saw("pg.lsn", value, "web-1", ago, cluster=name) for name, value in (("app", app), ("jobs", jobs))),
            *(saw("pg.system_identifier", name, "web-1", ago, cluster=name) for name in ("app", "jobs")),
        ]

    pins = enrolled(pg__system_identifier={"app": "app", "jobs": "jobs"})
    plain = look(pg__lsn=None, pg__system_identifier=None, pg__timeline=None)
    assert said(pins, clusters("0/5", "0/9", BEFORE), clusters("0/6", "0/1", 0), plain) == ("rolled_back", True)
    assert said(pins, clusters("0/5", "0/9", BEFORE), clusters("0/6", "0/9", 0), plain) == ("same_machine_ok", True)
    unknown = [clusters("0/5", "0/9", BEFORE, None), clusters("0/6", "0/1", 0, None)]
    assert said(pins, *unknown, plain) == ("rolled_back", False), "a standby that took over may be a little behind"


def test_volumes() -> None:
    def made(at: str, ago: float = 0) -> Seen:
        return saw("volume.created_at", {"volume": "data", "at": at}, "web-1", ago)

    def marker(state: str) -> Seen:
        return saw("volume.marker", {"volume": "data", "state": state}, "web-1")

    assert said(enrolled(), look(), marker("ok"))[0] == "same_machine_ok"
    assert said(enrolled(), look(), marker("missing")) == ("data_replaced", True)
    assert said(enrolled(), look(), marker("foreign")) == ("data_replaced", True)
    assert said(enrolled(), look(), marker("old")) == ("rolled_back", True)
    first = made("2026-01-01T00:00:00Z", BEFORE)
    assert said(enrolled(), look(), first, made("2026-01-01T00:00:00+00:00"))[0] == "same_machine_ok"
    assert said(enrolled(), look(), first, made("2026-03-14T11:59:00Z")) == ("data_replaced", True)


def test_a_marker_decides_over_a_machine_id_that_an_image_ships() -> None:
    new = [*only(KEY), *only(MACHINE, of="web-1"), saw("guest.marker", "missing"), *only(BOARD)]
    assert said(enrolled(), new) == ("machine_replaced", False)


def test_suspended_only_while_it_is_silent() -> None:
    off = server("1", state="inactive", power="off")
    assert said(enrolled(), off, silence()) == ("suspended", False)
    assert said(enrolled(), off) == ("suspended", False)
    found = judged(enrolled(), off, look())
    assert found.hosts[0].name == "same_machine_ok"
    assert any("does not run" in one.claim for one in found.contradictions)


@pytest.mark.parametrize("state", ["suspended", "terminated", "locked", "something new"])
def test_words_that_nobody_knows_are_news(state: str) -> None:
    assert said(enrolled(), server("1", state=state), silence())[0] == "suspended"


def test_a_second_server_of_the_same_name_is_a_duplicate_unless_it_is_another_host() -> None:
    twin = server("2", addresses=[AWAY], host="project")
    pins = enrolled(provider__server={"id": "1"})
    assert said(pins, look(), server("1"), twin) == ("duplicate", True)
    assert said(pins, look(), server("1"), server("2", addresses=[AWAY], host="web-2"))[0] == "same_machine_ok"
    assert said(pins, look(), server("1"), server("2", hostname="other", host="project"))[0] == "same_machine_ok"


def test_a_second_server_that_is_in_the_list_no_more_is_none() -> None:
    """Of servers that are nobody's there may be no newer word: the list itself says that one is gone."""
    twins = (enrolled(), look(), server("1", ago=300), server("2", [THIRD], host="project", ago=300))

    def listing(ids: object, ago: float) -> Seen:
        return saw("provider.listing", {"name": "cloud", "ids": ids}, "project", ago)

    assert said(*twins, listing(["1", "2"], 300)) == ("duplicate", True)
    assert said(*twins, listing(["1", "2"], 300), server("1", ago=1), listing(["1"], 1)) == ("same_machine_ok", True)
    assert said(*twins, listing(["1"], 600))[0] == "duplicate", "an older list"
    assert said(*twins, listing(None, 1))[0] == "duplicate", "what is no list says nothing"


def test_a_hostname_that_two_insides_give_is_a_duplicate() -> None:
    pins = enrolled(guest__hostname="web-1")
    other = [
        *look(NEW, AWAY, page=None, pg__lsn=None, pg__system_identifier=None),
        saw("guest.hostname", "web-1", AWAY),
    ]
    assert said(pins, look(), saw("guest.hostname", "web-1"), other) == ("duplicate", True)


def test_dns_elsewhere_needs_all_answers_to_be_elsewhere() -> None:
    def answer(*addresses: str, by: str = "ns1") -> Seen:
        return saw("dns.addresses", list(addresses), "web-1.example.org", witness=by)

    assert said(enrolled(), look(), answer(AWAY)) == ("dns_elsewhere", True)
    assert said(enrolled(), look(), answer(AWAY, HOME))[0] == "same_machine_ok"
    assert said(enrolled(), look(), answer(AWAY), answer(HOME, by="ns2"))[0] == "same_machine_ok"
    assert said(enrolled(dns__addresses=[THIRD]), look(), answer(THIRD))[0] == "same_machine_ok"
    assert (
        said(enrolled(), look(), saw("dns.addresses", {"error": "timeout"}, "web-1.example.org"))[0]
        == "same_machine_ok"
    )


def test_a_pinned_cluster_without_a_name_is_any_of_several() -> None:
    two = [saw("pg.system_identifier", value, "web-1", cluster=value) for value in ("cluster-web-1", "cluster-jobs")]
    plain = look(pg__system_identifier=None, pg__lsn=None, pg__timeline=None)
    assert said(enrolled(), plain, two)[0] == "same_machine_ok"
    assert said(enrolled(), plain, two[1:])[0] == "data_replaced"


def test_what_a_person_types_in_is_no_channel() -> None:
    by_hand = saw(KEY, "SHA256:web-1", channel=Channel.PERSON)
    assert said(enrolled(), by_hand, only(MACHINE, of="web-1"), page(502)) == ("same_machine_app_down", True)
    assert said(enrolled(), by_hand, only(MACHINE, of="web-1"), page("headers_timeout")) == (
        "same_machine_app_hung",
        False,
    )


def test_a_marker_decides_over_facts_that_were_made_anew() -> None:
    anew = [*only(KEY, MACHINE, ENGINE), saw("guest.marker", "ok")]
    assert said(enrolled(), anew) == ("rekeyed", False)


def test_the_same_boot_with_another_kind_of_key_is_one_machine() -> None:
    assert (
        said(enrolled(), look(), look(at=AWAY, page=None, ssh__host_key="SHA256:of another type"))[0]
        == "same_machine_ok"
    )


def test_two_enrolled_hosts_of_one_hostname_are_meant() -> None:
    pins = (enrolled(guest__hostname="app"), enrolled("web-2", AWAY, guest__hostname="app"))
    names = (saw("guest.hostname", "app"), saw("guest.hostname", "app", AWAY))
    both = (look(), look("web-2", AWAY, "web-2", page=None))
    assert [one.name.value for one in judged(*pins, *both, *names).hosts] == ["same_machine_ok"] * 2


def test_an_address_that_the_provider_lent_and_took_back_is_no_wrong_machine() -> None:
    """The other host is where it belongs; this one is silent."""
    both = (enrolled(), enrolled("web-2", address=AWAY), silence(), look("web-2", at=AWAY, host="web-2"))
    lent, back = server("1", addresses=[AWAY], ago=3600), server("1", ago=1)
    assert said(*both, lent, back)[0] == "unreachable_unproven"
    assert said(*both, lent)[0] == "wrong_machine", "its newest word"
    assert (
        said(*both, lent, back, saw("ci.secret", {"name": "VM_HOST", "address": AWAY}, "web-1"))[0] == "wrong_machine"
    )


def test_a_host_that_is_at_one_of_its_addresses_is_not_the_wrong_machine() -> None:
    pins = (enrolled(address=[HOME, AWAY]), enrolled("web-2", THIRD))
    assert said(*pins, look(), look("web-2", AWAY, "web-2", page=None))[0] == "same_machine_ok"
