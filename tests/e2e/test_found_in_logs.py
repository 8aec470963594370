"""From a secret in a log to a message, by a real keeper that listens to a Loki; dealt with by a person; and over a kill."""

from __future__ import annotations

import secrets
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.test_keep import Keep, make  # noqa: F401 - the fixture
from tests.e2e.test_tell import ALERTS, told
from tests.world.loki import QUERY, TENANT, TOKEN, USER, Loki
from tests.world.receivers import Webhook
from tests.world.sshd import SshServer
from tests.world.web import WebServer

pytestmark = pytest.mark.slow

LOKI = """
[[loki]]
name = "grafana"
host = "web-1"
url = "{url}"
query = '{query}'
user = "{user}"
tenant = "{tenant}"
token = {{ env = "OUTLIVE_LOKI_TOKEN" }}
tail = true
every_seconds = 10
"""
SECRET = "ghp_" + "".join(secrets.choice("abcdefghijklmnopqrstuvwxyz0123456789ABCDEF") for _ in range(36))
WHAT = "secrets stand in the log of app at web-1"


@pytest.fixture
def loki() -> Iterator[Loki]:
    with Loki() as one:
        yield one


def test_a_secret_is_told_dealt_with_and_told_again_only_when_it_is_printed_again(
    make: Callable[..., Keep],  # noqa: F811
    ssh_server: SshServer,
    loki: Loki,
) -> None:
    with Webhook() as webhook, WebServer() as web:
        table = LOKI.format(url=loki.url, query=QUERY, user=USER, tenant=TENANT)
        more = ALERTS.format(ssh=ssh_server.config, page=web.url()) + table
        where = f"json://{webhook.address}/alerts"
        env = {
            "PHONE": where,
            "MAIL": where,
            "HEARTBEAT": f"http://{webhook.address}/ping",
            "OUTLIVE_LOKI_TOKEN": TOKEN,
        }
        keep = make(env=env, more=more)
        (keep.config.parent / "known_hosts").write_text(ssh_server.known_hosts.read_text())

        def messages() -> list[str]:
            return [title for title in dict.fromkeys(told(webhook)) if WHAT in title]

        def printed() -> None:
            loki.write(time.time_ns(), f"GITHUB_TOKEN={SECRET}")

        keeper = keep.start()
        keep.until(lambda: loki.tails_open == 1, "it listens")
        printed()
        keep.until(lambda: len(messages()) == 1, "the message")
        assert keep.call("ack", "--rotated").returncode == 0
        keep.until(lambda: len(messages()) == 2, "that it is over")
        keep.stop(keeper, signal.SIGKILL)
        tails = loki.tails
        keep.start()
        keep.until(lambda: loki.tails > tails, "it listens again")
        loki.write(time.time_ns(), "all is well")
        asked = len(loki.asked)
        keep.until(lambda: len(loki.asked) > asked, "it asks once more")
        assert len(messages()) == 2, "what was dealt with is not told again"
        printed()
        keep.until(lambda: len(messages()) == 3, "that it is printed again")
        assert [title.partition(" ")[0] for title in messages()] == ["secrets", "Over:", "Again:"]
        kept = b"".join(path.read_bytes() for path in Path(keep.config.parent / "state").rglob("*") if path.is_file())
        assert SECRET.encode() not in kept and SECRET not in keep.log and SECRET not in str(webhook.got)
        assert loki.wrong == []
