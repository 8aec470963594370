"""`outlive ack`, `alerts` and `incident` beside a keeper's memory."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from outlive.alerts.signs import cause
from outlive.cli.main import run
from outlive.config.load import load
from outlive.model.incident import Delivery, Incident, Sending, Told, Trouble, Urgency
from outlive.model.observation import Channel, Observation
from outlive.model.stretch import Stretch
from outlive.model.verdict import Name, Verdict
from outlive.model.watching import Judged
from outlive.state.telling import Telling
from outlive.state.watching import Watching
from outlive.wiring_state import store
from tests.cli.home import Done
from tests.cli.shapes import SHAPES, differences
from tests.keeper.homes import home
from tests.world.receivers import Webhook

pytestmark = pytest.mark.slow

THEN = datetime.now(UTC) - timedelta(hours=2)
GONE = Trouble(
    "host:here",
    "machine_replaced",
    "here",
    Urgency.DATA_LOSS,
    THEN,
    "here: another machine",
    True,
    ("ask",),
    ("wipe it",),
)
CHANNELS = "".join(
    f'[[alerts.channels]]\nname = "{name}"\nurl = {{ env = "{name.upper()}" }}\n' for name in ("phone", "mail")
)

Call = Callable[..., Done]


@pytest.fixture
def webhook(monkeypatch: pytest.MonkeyPatch) -> Iterator[Webhook]:
    with Webhook() as server:
        monkeypatch.setenv("PHONE", f"json://{server.address}/of-ann")
        monkeypatch.setenv("MAIL", f"json://{server.address}/of-bob")
        yield server


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return home(tmp_path / "home", more=CHANNELS)


@pytest.fixture
def call(config: Path, capsys: pytest.CaptureFixture[str]) -> Call:
    def one(*words: str) -> Done:
        code = run([*words, "--config", str(config)])
        out, err = capsys.readouterr()
        return Done(code, out, err)

    return one


def remember(config: Path, *incidents: Incident, sendings: tuple[Sending, ...] = ()) -> None:
    opened = store(load(config))
    Telling(opened).remember(incidents, sendings)
    opened.close()


OPEN = Incident(1, GONE, THEN, THEN, symptoms=("backup of files failed",), told={"phone": Told(THEN, THEN, "x", True)})
OVER = Incident(2, GONE, THEN, THEN, ended_at=THEN + timedelta(hours=1))


def test_where_nothing_happened_it_says_so(call: Call) -> None:
    assert call("incident", "list").out == "No incident is open.\n"
    done = call("ack")
    assert done.code == 0 and done.out == "Nothing is open.\n"


def test_open_incidents_are_listed_and_those_that_are_over_on_demand(call: Call, config: Path) -> None:
    remember(config, OPEN, OVER)
    done = call("incident", "list")
    assert done.code == 1 and "OPEN" in done.out and len(done.out.splitlines()) == 1
    document = json.loads(call("incident", "list", "--all", "--json").out)
    assert differences(document, SHAPES["incident list"]) == [] and [one["id"] for one in document["incidents"]] == [
        1,
        2,
    ]


def test_one_incident_tells_everything(call: Call, config: Path) -> None:
    sending = Sending("alert:phone:1", "phone", THEN, "title", "body", False, (1,), ("opened",))
    remember(config, OPEN, sendings=(sending,))
    said = call("incident", "show", "1").out
    for words in (
        "another machine",
        "confirmed",
        "explains  backup of files",
        "DO NOT    wipe it",
        "opened -> phone: queued",
    ):
        assert words in said, said
    assert differences(json.loads(call("incident", "show", "1", "--json").out), SHAPES["incident show"]) == []
    assert call("incident", "show", "9").code == 2


def test_acknowledging_one_or_all(call: Call, config: Path) -> None:
    remember(config, OPEN, OVER, Incident(3, GONE, THEN, THEN))
    document = json.loads(call("ack", "3", "--json").out)
    assert differences(document, SHAPES["ack"]) == [] and [one["id"] for one in document["acknowledged"]] == [3]
    assert [one["id"] for one in json.loads(call("ack", "--json").out)["acknowledged"]] == [1]
    assert call("ack").out == "Nothing is open.\n"
    assert "acknowledged" in call("incident", "list").out
    done = call("ack", "7", "1")
    assert done.code == 2 and "no incident 7" in done.err


def test_what_was_found_in_a_log_is_settled_by_the_number_of_its_incident(call: Call, config: Path) -> None:
    def sign(service: str, **more: object) -> Observation:
        value = {"service": service, "rule": "next-rsc-exec", "fingerprint": "f", "count": 1, "compromise": True} | more
        return Observation(THEN, "logs", Channel.INSIDE, "here", "log.leak", value)

    app, jobs, edge = sign("app"), sign("jobs"), sign("edge")
    judged = Verdict("here", Name.POSSIBLE_COMPROMISE, False, in_favour=(edge,))
    suspicion = replace(GONE, name="possible_compromise")
    remember(config, Incident(1, suspicion, THEN, THEN), Incident(2, replace(GONE, cause=cause(app)), THEN, THEN))
    remember(config, Incident(3, replace(GONE, cause="backup:files"), THEN, THEN))
    opened = store(load(config))
    watching = Watching(opened)
    watching.keep(map(Stretch.of, (app, jobs, edge)))
    watching.judged(Judged("here", THEN, THEN, judged.name, False, judged.to_json()))
    done = json.loads(call("ack", "--rotated", "1", "2", "--json").out)
    assert sorted(one["service"] for one in done["settled"]) == ["app", "edge"]
    assert [one["id"] for one in done["acknowledged"]] == [1, 2]
    refused = call("ack", "--harmless", "3")
    assert refused.code == 2 and "incident 3" in refused.err
    assert [one["service"] for one in json.loads(call("ack", "--harmless", "--json").out)["settled"]] == ["jobs"]
    assert {one.service: one.how for one in watching.settlements()} == {
        "app": "rotated",
        "edge": "rotated",
        "jobs": "harmless",
    }
    assert [one.is_acknowledged for one in Telling(opened).incidents()] == [True, True, False]
    opened.close()


# --- channels ----------------------------------------------------------------------------------------------------


def test_a_channel_is_tested_and_then_known_to_work(call: Call, webhook: Webhook) -> None:
    assert call("alerts", "list").code == 3, "never tried"
    done = call("alerts", "test")
    assert done.code == 0 and sorted(path for path, _ in webhook.got) == ["/of-ann", "/of-bob"]
    listed = call("alerts", "list", "--json")
    assert listed.code == 0 and differences(json.loads(listed.out), SHAPES["alerts list"]) == []


def test_one_that_reaches_nobody_is_told_without_its_secret(call: Call, webhook: Webhook) -> None:
    webhook.status = 401
    done = call("alerts", "test", "phone", "--json")
    document = json.loads(done.out)
    assert done.code == 5 and document["failed"][0]["channel"] == "phone" and "status 401" in done.out
    assert differences(document, SHAPES["alerts test"]) == []
    listed = call("alerts", "list")
    assert listed.code == 1 and "phone: REACHES NOBODY" in listed.out
    assert "of-ann" not in done.out + done.err + listed.out
    webhook.status = 200
    assert call("alerts", "test", "phone").code == 0
    assert "phone: works" in call("alerts", "list").out


def test_a_secret_that_is_not_there_is_told(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PHONE", raising=False)
    done = call("alerts", "test", "phone")
    assert done.code == 2 and "PHONE is not set" in done.err


def test_wrong_names_and_no_channels_at_all(call: Call, config: Path) -> None:
    assert call("alerts", "test", "fax").code == 2
    config.write_text(config.read_text().replace(CHANNELS, ""))
    assert call("alerts", "test").code == 2
    done = call("alerts", "list")
    assert done.code == 1 and "Nobody is told anything" in done.out


# --- the story of one --------------------------------------------------------------------------------------------


def test_a_note_and_an_import_are_in_the_report_and_count_once(call: Call, config: Path, tmp_path: Path) -> None:
    remember(config, OPEN)
    assert call("incident", "note", "1", "everything is lost", "--verdict", "machine_replaced").code == 0
    history = tmp_path / "history"
    history.write_text("#1770452100\ntofu apply -auto-approve\nno time\n")
    done = call("incident", "import", "1", "shell", str(history), "--json")
    assert done.code == 1 and json.loads(done.out) == {"incident": 1, "added": 1, "read": 1, "unread": 1}
    assert json.loads(call("incident", "import", "1", "shell", str(history), "--json").out)["added"] == 0
    done = call("incident", "report", "1")
    assert done.code == 0 and "CLAIM" in done.out and "tofu apply" in done.out
    assert "| files | path | nothing is |" in done.out, "no copy was taken: the vault was asked"
    out = tmp_path / "report.md"
    assert call("incident", "report", "1", "--out", str(out)).code == 0
    assert out.read_text().startswith("# Incident 1: here: another machine")


def test_the_report_tells_what_a_copy_would_have_saved(call: Call, config: Path) -> None:
    assert call("backup").code == 0
    soon = datetime.now(UTC) + timedelta(minutes=5)
    later = replace(OPEN, trouble=replace(GONE, since=soon), opened_at=soon, worsened_at=soon)
    remember(config, later)
    found = call("incident", "report", "1").out
    assert "| files | path | 20" in found and "(stored) |" in found and "drill files" in found


def test_recorded_evidence_needs_no_keeper(call: Call, capsys: pytest.CaptureFixture[str]) -> None:
    outage = Path(__file__).parents[1] / "stories/outage"
    assert run(["incident", "report", "--evidence", str(outage)]) == 0
    assert capsys.readouterr().out.startswith("# Incident report: production-web")
    assert run(["incident", "report", "--html", "--evidence", str(outage)]) == 0
    assert "<h1>Incident report: production-web" in capsys.readouterr().out


@pytest.mark.parametrize(
    "words",
    [
        ("report",),
        ("report", "9"),
        ("report", "1", "--evidence", "x"),
        ("note", "1", "x", "--at", "yesterday"),
        ("note", "1", "x", "--verdict", "gone"),
        ("note", "9", "x"),
        ("import", "1", "fax", "x"),
        ("import", "1", "github", "/nowhere"),
        ("import", "1", "github", __file__),
    ],
)
def test_wrong_calls_of_incident(call: Call, config: Path, words: tuple[str, ...]) -> None:
    remember(config, OPEN)
    done = call("incident", *words)
    assert done.code == 2 and "cure:" in done.err


def test_status_shows_what_is_open_and_channels_that_reach_nobody(call: Call, config: Path) -> None:
    def sending(channel: str, state: Delivery) -> Sending:
        return Sending(f"alert:{channel}", channel, THEN, "t", "b", False, state=state, ended_at=THEN, why="HTTP 503")

    told = (sending("phone", Delivery.FAILED), sending("mail", Delivery.SENT), sending("gone", Delivery.FAILED))
    remember(config, OPEN, OVER, sendings=told)
    document = json.loads(call("status", "--no-look", "--json").out)
    assert differences(document, SHAPES["status"]) == []
    assert [one["id"] for one in document["incidents"]] == [1]
    assert [one for one in document["risks"] if "alerts" in one] == ["alerts do not reach anybody by phone: HTTP 503"]
    shown = call("status", "--no-look").out
    assert "Open incidents:" in shown and "here: another machine" in shown
