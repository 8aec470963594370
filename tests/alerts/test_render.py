"""What somebody reads on a phone."""

from __future__ import annotations

from dataclasses import replace

from outlive.alerts.render import TITLE, render
from outlive.alerts.telling import Item, Notice
from outlive.model.incident import Incident, Kind, Urgency
from tests.alerts.replay import HOUR, MINUTE, NOON, trouble

GONE = trouble(
    name="machine_replaced",
    urgency=Urgency.DATA_LOSS,
    what="web-1: another machine stands in its place",
    sure=False,
    safe=("ask every address in the ledger",),
    forbidden=("do not destroy or re-create any server",),
)
INCIDENT = Incident(12, GONE, NOON, NOON, symptoms=("backup of shop-db failed: no route",))


def text(kind: Kind, *incidents: Incident, link: str | None = None) -> str:
    notice = Notice("phone", tuple(Item(kind, one) for one in incidents))
    found = render(notice, NOON + 12 * MINUTE, link)
    return f"{found.title}\n--\n{found.body}"


def test_it_says_what_since_when_how_sure_what_is_safe_and_what_not_to_do() -> None:
    assert text(Kind.OPENED, INCIDENT, link="https://wiki.example.com/outage?incident={id}").splitlines() == [
        "web-1: another machine stands in its place",
        "--",
        "web-1: another machine stands in its place (machine_replaced)",
        "Since 2026-02-07 12:00Z (12 min)",
        "NOT confirmed: one kind of evidence only, or none",
        "Safe: ask every address in the ledger",
        "DO NOT destroy or re-create any server",
        "Explained by it: backup of shop-db failed: no route",
        "I see to it: outlive ack 12",
        "https://wiki.example.com/outage?incident=12",
    ]


def test_the_end_says_how_long_it_took_and_asks_for_nothing() -> None:
    over = replace(INCIDENT, ended_at=NOON + 3 * HOUR)
    said = text(Kind.RECOVERED, over)
    assert said.startswith("Over: web-1") and "From 2026-02-07 12:00Z to 2026-02-07 15:00Z (3 h)" in said
    assert "outlive ack" not in said and "Safe" not in said


def test_the_beginning_of_the_title_says_why_it_comes() -> None:
    begins = {kind: text(kind, INCIDENT).split("web-1")[0] for kind in Kind if kind is not Kind.TEST}
    assert begins == {
        Kind.OPENED: "",
        Kind.CHANGED: "Now: ",
        Kind.AGAIN: "Again: ",
        Kind.REPEATED: "Still: ",
        Kind.ESCALATED: "Nobody answered: ",
        Kind.RECOVERED: "Over: ",
        Kind.AFTERWARDS: "In quiet hours, and over: ",
    }


def test_several_are_one_message() -> None:
    said = text(Kind.OPENED, INCIDENT, replace(INCIDENT, id=13, trouble=trouble("host:web-2", what="web-2 is down")))
    assert said.splitlines()[0].endswith("(+1 more)") and "outlive ack 12" in said and "outlive ack 13" in said


def test_a_long_title_is_cut_and_its_text_is_not() -> None:
    long = replace(INCIDENT, trouble=replace(GONE, what="backup of shop-db failed: " + "x" * 500))
    title, _, body = text(Kind.OPENED, long).partition("\n--\n")
    assert len(title) <= TITLE and title.endswith("...") and "x" * 500 in body


def test_flapping_is_said() -> None:
    assert "Flapping: it came 4 times" in text(Kind.OPENED, replace(INCIDENT, times=4))


def test_a_test_says_that_it_is_one() -> None:
    found = render(Notice("phone"), NOON)
    assert found.good and "test of the channel phone" in found.body
