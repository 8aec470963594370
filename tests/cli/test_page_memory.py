"""What the page is told of the keeper's memory, the vault and the settings: real ones, filled by hand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from outlive.cli.page_memory import PageMemory
from outlive.cli.page_settings import settings_words
from outlive.config.load import load
from outlive.errors import UsageError
from outlive.model.observation import Channel, Observation
from outlive.model.stretch import Stretch
from outlive.model.tally import tally
from outlive.model.watching import Blind, Enrolment, Judged, Told
from outlive.state.store import Store
from outlive.state.tallies import Tallies
from outlive.state.telling import Telling
from outlive.state.watching import Watching
from outlive.testing.clock import ManualClock
from outlive.web.views.host import host_view
from outlive.web.views.incident import incident_view
from tests.contracts.test_telling import INCIDENT, NOON, sending
from tests.keeper.homes import home
from tests.web.documents import status

MORE = '[page]\npassword = { env = "HASH" }\n[[alerts.channels]]\nname = "phone"\nurl = { file = "phone.url" }\n'


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return home(tmp_path / "home", more=MORE)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(f"sqlite:///{tmp_path}/state.db")
    yield made
    made.close()


@pytest.fixture
def memory(config: Path, store: Store) -> PageMemory:
    return PageMemory(load(config), store, ManualClock(NOON + timedelta(hours=1)))


def test_a_host_as_the_page_shows_it(memory: PageMemory, store: Store) -> None:
    watching = Watching(store)
    watching.judged(Judged("web-1", NOON - timedelta(days=1), NOON, "rebooted", True, {"for": []}))
    watching.judged(Judged("web-1", NOON, NOON, "same_machine_ok", True, {"for": [], "missing": ["provider"]}))
    watching.enrol(Enrolment("web-1", NOON, "me@home", "init"))
    watching.tell([Told("web-1", "203.0.113.9", "ssh", NOON, NOON)])
    watching.set_blind(Blind("the hosts", NOON, None, "no network"))
    Tallies(store).add([tally("web-1", "https://shop.example.com/", NOON, 0.2), tally("web-1", "u", NOON, None, "dns")])
    key = Observation(NOON, "ssh_identity", Channel.OUTSIDE, "203.0.113.9", "ssh.host_key", "SHA256:x", "test")
    other = replace(key, subject="203.0.113.10")
    watching.keep([Stretch.of(key), Stretch.of(other), Stretch.of(replace(key, fact="guest.hostname", value="a"))])
    known = memory.hosts()["web-1"]
    assert [(one["fact"], one["value"]) for one in memory.seen("web-1")] == [("ssh.host_key", "SHA256:x")]
    assert memory.seen("web-2") == []
    assert [one["verdict"] for one in known["changes"]] == ["same_machine_ok", "rebooted"]
    assert known["blind"][0]["to"] == NOON + timedelta(hours=1)
    view = host_view("web-1", status(), known, (), memory.answers("web-1"), memory.hours("web-1", "u"))
    assert view is not None and [one.name for one in view.checks] == ["u", "https://shop.example.com/"]
    assert (view.checks[0].last, view.checks[0].mean) == ("does not answer as it should: dns", "-")


def test_an_incident_is_seen_to_released_noted_and_told(memory: PageMemory, store: Store) -> None:
    telling = Telling(store)
    telling.remember([INCIDENT], [sending(1)])
    memory.acknowledge(7, True, "")
    memory.note(7, "<b>the disk was full</b>", "ann@example.org")
    memory.note(8, "nobody has that one", "")
    (listed,), one = memory.incidents(), memory.incident(7)
    assert one is not None and listed["acknowledged_by"].endswith(", on the page")
    view = incident_view(one, [], NOON)
    told = [each.what for each in view.happened]
    assert any(each.endswith("says: <b>the disk was full</b>") for each in told)
    assert "opened: told phone, queued" in told and view.is_mine
    memory.acknowledge(7, False, "")
    released = memory.incident(7)
    assert released is not None and released["acknowledged_at"] is None
    assert memory.incident(8) is None
    assert memory.report(7).startswith("# Incident 7")
    with pytest.raises(UsageError):
        memory.report(8)


def test_of_secrets_only_where_they_are(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HASH", "a-hash")
    (config.parent / "phone.url").write_text("json://secret")
    words = dict(settings_words(load(config)))
    assert ("password", "in the environment: HASH") in words["page"]
    assert any(value == "in a file: phone.url" for _, value in words["alerts"])
    assert ("name", "files") in words["assets: files"]
    shown = str(words)
    assert "a-hash" not in shown and "json://secret" not in shown and "AGE-SECRET-KEY" not in shown
