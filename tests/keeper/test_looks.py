"""The keeper's looking: a verdict that follows what happens, nothing said of a host that the keeper itself could not see,
and no change of identity that nobody declared."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from outlive.config.schema import Settings
from outlive.model.schedule import Beat
from outlive.model.watching import Blind, Enrolment, Window
from outlive.state.errors import StateUnreachable
from outlive.state.store import Store
from outlive.state.watching import Watching
from outlive.transport import hostkey
from tests.engine.databases import sqlite_url
from tests.keeper.watched import Watched, configured
from tests.world.need import need
from tests.world.sshd import SshServer
from tests.world.web import Page, WebServer

pytestmark = pytest.mark.slow
NOBODY = "2001:db8::9"  # a documentation address: no route leads there
AWAY = f'[[hosts]]\nname = "web-1"\naddress = "ssh://root@[{NOBODY}]"\nurls = ["http://[{NOBODY}]/"]\n'


@pytest.fixture
def ssh() -> Iterator[SshServer]:
    """One's own, to be rekeyed."""
    server = need("sshd", SshServer().start)
    yield server
    server.close()


@pytest.fixture
def web() -> Iterator[WebServer]:
    with WebServer() as server:
        yield server


def stack(folder: Path, ssh: SshServer, web: WebServer) -> Settings:
    """A host with its key pinned, and a page that takes half a second at most."""
    (folder / "known_hosts").write_text(ssh.known_hosts.read_text())
    page = f'[[hosts.checks]]\nurl = "{web.url()}"\ntimeout_seconds = 0.5\n'
    where = f'address = "ssh://web-1"\nssh_config = "{ssh.config}"\ncontainers = false\n'
    return configured(folder, f'[[hosts]]\nname = "web-1"\n{where}{page}')


def enrolled(settings: Settings, ssh: SshServer, at: datetime) -> None:
    machine = Path("/etc/machine-id").read_text().strip()
    facts = {"ssh.host_key": ssh.host_key_fingerprint, "guest.machine_id": machine}
    store = Store(sqlite_url(settings.base))
    address = {"address": [f"127.0.0.1:{ssh.port}"]}
    Watching(store).enrol(Enrolment("web-1", at, "alice", "enrol", facts | address))
    store.close()


def test_the_verdict_follows_what_happens(tmp_path: Path, ssh: SshServer, web: WebServer) -> None:
    settings = stack(tmp_path, ssh, web)
    enrolled(settings, ssh, datetime.now(UTC))
    with Watched(settings) as looking:
        looking.until_verdict("same_machine_ok")
        web.pages["/"] = Page(hang="headers")
        looking.until_verdict("same_machine_app_hung")
        web.pages["/"] = Page(503)
        looking.until_verdict("same_machine_app_down")
        web.pages["/"] = Page()
        looking.until_verdict("same_machine_ok")
        changes = [one.verdict for one in looking.memory.verdicts("web-1") if one.confirmed]
        expected = ["same_machine_ok", "same_machine_app_hung", "same_machine_app_down", "same_machine_ok"]
        assert [one for n, one in enumerate(changes) if n == 0 or changes[n - 1] != one] == expected
        assert looking.heard("web-1: same_machine_app_hung")
        pages = [one for one in looking.memory.stretches(datetime.now(UTC)) if one.first.fact == "http.response"]
        assert max(one.times for one in pages) > 1, "what does not change is one row"


def test_a_host_that_is_silent_while_others_answer_is_unreachable(tmp_path: Path, web: WebServer) -> None:
    canary = f'canaries = ["127.0.0.1:{web.port}"]'
    with Watched(configured(tmp_path, AWAY, canary)) as looking:
        looking.until_verdict("unreachable_unproven", confirmed=False)
        assert looking.memory.blind(datetime.now(UTC)) == []


def test_a_keeper_without_a_network_says_so_and_nothing_of_the_host(tmp_path: Path) -> None:
    settings = configured(tmp_path, AWAY, f'canaries = ["[{NOBODY}]:53", "http://[{NOBODY}]/"]')
    with Watched(settings) as looking:
        looking.until(lambda: looking.heard("not seeing the hosts, over the network"), "its own blindness")
        looking.until_verdict("no_data", confirmed=False)
        (blind,) = looking.memory.blind(datetime.now(UTC))
        assert blind.until is None and "no network" in blind.why


def test_clocks_elsewhere_that_agree_show_that_ours_is_off(tmp_path: Path) -> None:
    fast = Page(skew=timedelta(minutes=10))
    with WebServer() as one, WebServer(address="127.0.0.2") as other:
        one.pages["/"] = other.pages["/"] = fast
        hosts = "".join(
            f'[[hosts]]\nname = "{name}"\naddress = "ssh://root@[{NOBODY}]"\nurls = ["{server.url()}"]\n'
            for name, server in (("web-1", one), ("web-2", other))
        )
        with Watched(configured(tmp_path, hosts)) as looking:
            looking.until(lambda: looking.heard("not seeing the time"), "the clock's being off")
            looking.until_verdict("no_data", confirmed=False)


def test_a_memory_that_is_away_is_unknown_for_that_time(
    tmp_path: Path, ssh: SshServer, web: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = [True]
    keep = Watching.keep

    def sometimes(memory: Watching, *news: object) -> None:
        if away[0]:
            raise StateUnreachable("the disk is away")
        keep(memory, *news)  # type: ignore[arg-type]

    with Watched(stack(tmp_path, ssh, web)) as looking:
        looking.until(lambda: looking.verdict()[0] == "same_machine_ok", "a first verdict")
        monkeypatch.setattr(Watching, "keep", sometimes)
        looking.until_verdict("no_data", confirmed=False)
        away[0] = False
        looking.until(lambda: looking.heard("seeing again: what was seen"), "its being back")
        looking.until(lambda: looking.verdict()[0] == "same_machine_ok", "a verdict")
        (blind,) = [one for one in looking.memory.blind(datetime.now(UTC) - timedelta(hours=1)) if one.until]
        assert blind.what == "what was seen"
        assert sum("the disk is away" in line for line in looking.said) == 1, "told once"
        seen = {one.first.fact for one in looking.memory.stretches(datetime.now(UTC))}
        assert "ssh.host_key" in seen, "what was seen meanwhile is written afterwards"


def test_another_key_is_pinned_only_when_that_was_declared(tmp_path: Path, ssh: SshServer, web: WebServer) -> None:
    settings, now = stack(tmp_path, ssh, web), datetime.now(UTC)
    enrolled(settings, ssh, now)
    ssh.rekey()
    with Watched(settings) as looking:
        looking.until_verdict("rekeyed")
        assert [one.by for one in looking.memory.enrolments("web-1")] == ["alice"]
        looking.memory.declare(Window("web-1", now, now + timedelta(hours=1), "reboot", "alice"))
        now = datetime.now(UTC)
    with Watched(settings) as looking:
        looking.until(lambda: looking.has_judged_a_login_since(now), "a judgement of what is seen inside")
        assert looking.verdict()[0] == "rekeyed"
        assert len(looking.memory.enrolments("web-1")) == 1, "a reboot explains no new key"
        looking.memory.declare(Window("web-1", now, now + timedelta(hours=1), "reinstall", "alice"))
    with Watched(settings) as looking:
        looking.until(lambda: looking.heard("within the declared reinstall"), "its being accepted")
        looking.until_verdict("same_machine_ok")
        history = looking.memory.enrolments("web-1")
    assert [one.by for one in history] == ["alice", "keeper"] and "declared" in history[-1].how
    host = settings.host("web-1")
    assert host is not None
    pinned = hostkey.pinned(host, settings.keeper.known_hosts)
    assert [one.fingerprint for one in pinned] == [ssh.host_key_fingerprint], (
        "backups trust it, and the old one no more"
    )
    ssh.disconnect_all()


def test_the_time_without_a_keeper_was_blind(tmp_path: Path, ssh: SshServer, web: WebServer) -> None:
    now = datetime.now(UTC)
    beat = Beat(now - timedelta(hours=9), now - timedelta(hours=2))
    settings = stack(tmp_path, ssh, web)
    store = Store(sqlite_url(settings.base))
    Watching(store).set_blind(Blind("the time", now - timedelta(hours=3), None, "clock"))
    store.close()
    with Watched(settings, beat) as looking:
        looking.until(lambda: len(looking.memory.blind(now - timedelta(days=1))) == 2, "both times")
        left, away = looking.memory.blind(now - timedelta(days=1))
    assert (left.what, left.until) == ("the time", beat.told_at), "what it left open ended with it"
    assert (away.what, away.since, away.why) == ("the hosts", beat.told_at, "the keeper did not run")
