"""Messages reach a real webhook and a real mail server, and what fails there is told without the secret."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from outlive.alerts.heartbeat import Beat, Signal
from outlive.alerts.ping import HeartbeatUnheard, ping
from outlive.alerts.render import Text
from outlive.alerts.send import NotDelivered, send
from outlive.errors import ConfigError
from tests.world.receivers import MailServer, Webhook, free_port

pytestmark = pytest.mark.slow

TEXT = Text("web-1: ümlaut", "Since 2026-02-07 12:00Z\nDO NOT <b>reinstall</b> it & wait")
SECRET = "token-that-nobody-may-see"
QUICK = "?cto=0.3&rto=0.3"


@pytest.fixture
def logged() -> Iterator[list[str]]:
    """What a log of this process would hold."""
    said: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: said.append(f"{record.name}: {record.getMessage()}")  # type: ignore[method-assign]
    root, level = logging.getLogger(), logging.getLogger().level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield said
    root.removeHandler(handler)
    root.setLevel(level)


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    with Webhook() as server:
        yield server


@pytest.fixture
def mail() -> Iterator[MailServer]:
    with MailServer() as server:
        yield server


def mail_url(port: int) -> str:
    return f"mailto://127.0.0.1:{port}?smtp=127.0.0.1&mode=insecure&from=keeper@example.test&to=ann@example.test"


def test_a_webhook_gets_title_and_text(webhook: Webhook) -> None:
    send(f"json://{webhook.address}/{SECRET}", TEXT)
    ((path, body),) = webhook.got
    assert path.strip("/") == SECRET and body["title"] == TEXT.title and body["message"] == TEXT.body
    assert body["type"] == "failure"
    send(f"json://{webhook.address}/{SECRET}", Text("over", "x", good=True))
    assert webhook.got[1][1]["type"] == "success"


def test_a_mail_has_them_as_plain_text(mail: MailServer) -> None:
    send(mail_url(mail.port), TEXT)
    (got,) = mail.got
    assert got["Subject"] == TEXT.title and got["To"] == "ann@example.test"
    assert "DO NOT <b>reinstall</b> it & wait" in got.as_string()


@pytest.mark.parametrize(
    ("status", "fault", "said"),
    [
        (500, "", "status 500"),
        (401, "", "status 401"),
        (429, "", "status 429"),
        (200, "hang", "in time"),
        (200, "cut", "could not be reached"),
    ],
)
def test_what_fails_is_told_without_the_secret(
    webhook: Webhook, status: int, fault: str, said: str, logged: list[str]
) -> None:
    webhook.status, webhook.fault = status, fault
    with pytest.raises(NotDelivered) as error:
        send(f"json://{webhook.address}/{SECRET}{QUICK}", TEXT)
    assert said in str(error.value)
    assert SECRET not in str(error.value) and not [line for line in logged if SECRET in line or "apprise" in line]


def test_nobody_there() -> None:
    with pytest.raises(NotDelivered):
        send(f"json://127.0.0.1:{free_port()}/{SECRET}{QUICK}", TEXT)
    with pytest.raises(NotDelivered) as error:
        send(mail_url(free_port()), TEXT)
    assert "could not be reached" in str(error.value)


@pytest.mark.parametrize(
    ("refuses", "cut"), [("451 4.3.0 try later", False), ("550 5.1.1 no such user", False), ("", True)]
)
def test_a_mail_server_that_does_not_take_it(mail: MailServer, refuses: str, cut: bool) -> None:
    mail.refuses, mail.cut = refuses, cut
    with pytest.raises(NotDelivered):
        send(mail_url(mail.port), TEXT)
    mail.refuses, mail.cut = "", False
    send(mail_url(mail.port), TEXT)
    assert len(mail.got) == 1


@pytest.mark.parametrize("url", ["", "no url", f"nosuch://{SECRET}@host"])
def test_what_is_no_url_of_a_service(url: str) -> None:
    with pytest.raises(ConfigError) as error:
        send(url, TEXT)
    assert SECRET not in str(error.value)


# --- the heartbeat -----------------------------------------------------------------------------------------------


def test_a_heartbeat_is_what_healthchecks_understands(webhook: Webhook) -> None:
    for signal in Signal:
        ping(f"http://{webhook.address}/{SECRET}", Beat(signal, "looked at 1 host"))
    assert webhook.got == [(f"/{SECRET}{end}", "looked at 1 host") for end in ("/start", "", "/fail")]


@pytest.mark.parametrize(("status", "fault"), [(404, ""), (503, ""), (200, "cut")])
def test_one_that_is_not_heard_is_told_without_the_secret(webhook: Webhook, status: int, fault: str) -> None:
    webhook.status, webhook.fault = status, fault
    with pytest.raises(HeartbeatUnheard) as error:
        ping(f"http://{webhook.address}/{SECRET}", Beat(Signal.SUCCESS, "x"))
    assert SECRET not in str(error.value)


@pytest.mark.parametrize("url", ["", "nonsense", f"http://127.0.0.1:1/{SECRET}", "ftp://x y"])
def test_neither_is_one_to_nowhere(url: str) -> None:
    with pytest.raises(HeartbeatUnheard) as error:
        ping(url, Beat(Signal.SUCCESS, "x"))
    assert SECRET not in str(error.value)
