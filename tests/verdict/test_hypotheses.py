"""What it may be: measured by one table, ranked, with the look that would tell two explanations apart."""

from __future__ import annotations

from outlive.model.verdict import Name
from outlive.verdict.hypotheses import Hypothesis
from outlive.verdict.predictions import PREDICTIONS, ROWS
from tests.verdict.scenes import AWAY, HOME, Seen, enrolled, judged, look, page, saw, server, silence

CLAIM = saw("claim", {"text": "replaced", "verdict": "machine_replaced"}, "web-1")


def of(*seen: Seen) -> dict[str, Hypothesis]:
    return {one.name.value: one for one in judged(*seen).hypotheses}


def test_the_table_names_rows_that_exist_and_every_verdict_that_explains() -> None:
    assert all(set(table) <= set(ROWS) for table in PREDICTIONS.values())
    assert set(Name) - set(PREDICTIONS) == {Name.NO_DATA}


def test_where_all_is_surely_well_nothing_has_to_be_explained() -> None:
    assert of(enrolled(), look()) == {}
    assert list(of(enrolled(), look(), CLAIM)) == ["same_machine_ok", "machine_replaced"]


def test_the_verdict_comes_first_then_what_fits_best() -> None:
    found = list(of(enrolled(), look(page=502), CLAIM))
    assert found[0] == "same_machine_app_down"
    assert "machine_replaced" in found
    weights = [one.weight for one in judged(enrolled(), page(502), CLAIM, server(addresses=[AWAY])).hypotheses]
    assert len(weights) > 2 and weights[1:] == sorted(weights[1:], reverse=True)


def test_the_next_probe_is_the_cheapest_that_splits() -> None:
    by_certificate = of(enrolled(), page(502), CLAIM)
    assert by_certificate["same_machine_app_down"].next_probe.startswith(
        f"ssh.host_key at {HOME}: the host's own key means"
    )
    assert "machine_replaced" in by_certificate["machine_replaced"].next_probe
    by_key = of(enrolled(), saw("ssh.host_key", "SHA256:other"))
    assert by_key["unknown_machine"].next_probe.startswith(f"tls.leaf at {HOME}: ")


def test_the_home_is_probed_whatever_people_look_at() -> None:
    elsewhere = [saw("ssh.login", "rejected", AWAY), server(addresses=[AWAY])]
    found = of(enrolled(), page(502), elsewhere, CLAIM)
    assert all(HOME in one.next_probe for one in found.values() if one.name is not Name.ADDRESS_MOVED)


def test_what_was_seen_is_not_asked_again() -> None:
    found = of(enrolled(), look(page=502), CLAIM)["machine_replaced"]
    assert not any(one.startswith("ssh.host_key") for one in found.missing)
    assert {one.fact for one in found.against} >= {"ssh.host_key", "guest.machine_id", "guest.dmi_uuid"}


def test_silence_leaves_everything_open() -> None:
    found = of(enrolled(), look(ago=1800), silence(), CLAIM)
    assert next(iter(found)) == "unreachable_unproven"
    assert (found["machine_replaced"].in_favour, found["machine_replaced"].against) == ((), ())
    assert all(one.next_probe for one in found.values())
