"""From a page that fails to a message at a real webhook and in a real mailbox, by a real keeper, and back."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from outlive.config.load import load
from outlive.model.watching import Enrolment
from outlive.state.store import Store
from outlive.state.watching import Watching
from outlive.wiring import state_file
from outlive.wiring_state import sqlite
from tests.e2e.test_keep import Keep, make  # noqa: F401 - the fixture
from tests.world.receivers import MailServer, Webhook, free_port
from tests.world.sshd import SshServer
from tests.world.web import Page, WebServer

pytestmark = pytest.mark.slow

ALERTS = """
[watch]
every_seconds = 5
canaries = []
[alerts]
heartbeat = {{ env = "HEARTBEAT" }}
heartbeat_every_seconds = 10
[[alerts.channels]]
name = "phone"
url = {{ env = "PHONE" }}
[[alerts.channels]]
name = "mail"
url = {{ env = "MAIL" }}
[[hosts]]
name = "web-1"
address = "ssh://web-1"
ssh_config = "{ssh}"
containers = false
[[hosts.checks]]
url = "{page}"
"""


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    with Webhook() as server:
        yield server


@pytest.fixture
def web() -> Iterator[WebServer]:
    with WebServer() as server:
        yield server


def told(webhook: Webhook) -> list[str]:
    return [body["title"] for path, body in webhook.got if path.startswith("/alerts")]


@pytest.fixture
def keep(make: Callable[..., Keep], webhook: Webhook, web: WebServer, ssh_server: SshServer) -> Keep:  # noqa: F811
    """A stack with an enrolled host that serves a page; nobody listens at the mail server's port yet."""
    port = free_port()
    env = {
        "PHONE": f"json://{webhook.address}/alerts-of-ann",
        "MAIL": f"mailto://127.0.0.1:{port}?smtp=127.0.0.1&mode=insecure&from=k@example.test&to=ann@example.test",
        "HEARTBEAT": f"http://{webhook.address}/ping-of-ann",
        "MAIL_PORT": str(port),
    }
    made = make(env=env, more=ALERTS.format(ssh=ssh_server.config, page=web.url()))
    (made.config.parent / "known_hosts").write_text(ssh_server.known_hosts.read_text())
    store = Store(sqlite(state_file(load(made.config))))
    facts = {
        "ssh.host_key": ssh_server.host_key_fingerprint,
        "guest.machine_id": Path("/etc/machine-id").read_text().strip(),
        "address": [f"127.0.0.1:{ssh_server.port}"],
    }
    Watching(store).enrol(Enrolment("web-1", datetime.now(UTC), "ann", "enrol", facts))
    store.close()
    return made


def test_a_page_that_fails_is_told_acknowledged_and_told_to_be_over(
    keep: Keep, webhook: Webhook, web: WebServer
) -> None:
    with MailServer(at=int(keep.env["MAIL_PORT"])) as mail:
        keeper = keep.start()
        keep.until(lambda: len(told(webhook)) == 1 and len(mail.got) == 1, "the tests of both channels")
        keep.until(lambda: ("/ping-of-ann", True) in [(p, "looked" in b) for p, b in _pings(webhook)], "a heartbeat")
        web.pages["/"] = Page(502, b"bad gateway")
        keep.until(lambda: len(told(webhook)) == 2 and len(mail.got) == 2, "that the page fails")
        assert told(webhook)[1] == "web-1: the machine is ours and alive; its service is down"
        incidents = keep.json("incident", "list")["incidents"]
        assert [one["name"] for one in incidents] == ["same_machine_app_down"]
        assert keep.call("ack").returncode == 0
        web.pages["/"] = Page(200, b"shop")
        keep.until(lambda: len(told(webhook)) == 3, "that it is over")
        assert told(webhook)[2].startswith("Over: ")
        report = keep.call("incident", "report", str(incidents[0]["id"])).stdout
        assert "answered 502" in report and "told by phone, sent" in report and "acknowledged by" in report
        listed = keep.json("alerts", "list")["channels"]
        assert [one["reaches"] for one in listed] == [True, True] and listed[0]["last_acknowledged_at"]
        assert keep.stop(keeper) == 0
    assert "of-ann" not in keep.log


def test_a_kill_loses_no_message_and_a_dead_mail_server_holds_up_nobody(
    keep: Keep, webhook: Webhook, web: WebServer
) -> None:
    keeper = keep.start()
    keep.until(lambda: len(told(webhook)) == 1, "the test of the channel that works")
    webhook.status = 503
    web.pages["/"] = Page(502, b"bad gateway")
    keep.until(lambda: keep.heard("incident 1"), "that the page fails")
    keep.until(lambda: webhook.asked > 3, "an attempt that fails")
    keep.stop(keeper, signal.SIGKILL)
    webhook.status = 200
    keep.start()
    keep.until(lambda: any("its service is down" in title for title in told(webhook)), "the message, after the kill")


def _pings(webhook: Webhook) -> list[tuple[str, Any]]:
    return [(path, body) for path, body in webhook.got if path.startswith("/ping")]


def test_the_secrets_are_nowhere_in_the_state(keep: Keep, webhook: Webhook) -> None:
    assert keep.call("alerts", "test", "phone").returncode == 0
    done = keep.call("alerts", "test", "mail", "--json")
    assert done.returncode == 5 and "could not be reached" in done.stdout
    listed = keep.call("alerts", "list")
    assert listed.returncode == 1 and "mail: REACHES NOBODY" in listed.stdout and "phone: works" in listed.stdout
    said = done.stdout + done.stderr + listed.stdout
    kept = b"".join(path.read_bytes() for path in Path(keep.config.parent / "state").rglob("*") if path.is_file())
    assert "of-ann" not in said and b"of-ann" not in kept
