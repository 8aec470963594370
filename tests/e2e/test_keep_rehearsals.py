"""The keeper rehearses by itself, on a machine apart: when it is due, once however often it was missed, and nothing of it
stays. A failure is told once; a kill in the middle is made good; what it came to is in `status`, the metrics, the page."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from outlive.config.load import load
from outlive.lab.ground.cache import is_root
from outlive.model.recovery import What
from outlive.model.schedule import Due
from outlive.recovery.rehearsal import CLEARED
from outlive.recovery.under_way import is_under_way
from outlive.state.recovering import Recovering
from outlive.state.store import Store
from outlive.wiring import state_file
from outlive.wiring_state import sqlite
from tests.e2e.test_keep import Keep, make
from tests.world.apart import MachineApart
from tests.world.receivers import Webhook

__all__ = ["make"]
pytestmark = [pytest.mark.slow, pytest.mark.skipif(not is_root(), reason="mount namespaces take root")]

JOB = "rehearsal:here"
BRING = "path files"
RUNBOOK = f"""
name = "mine"
title = "the files elsewhere"
to = true
[[steps]]
name = "new machine"
kind = "machine"
attempts = 1
[[steps]]
name = "{BRING.replace("files", "{asset}")}"
kind = "path"
each = "path"
attempts = 1
"""
MORE = """
[watch]
every_seconds = 600
canaries = []
[[alerts.channels]]
name = "phone"
url = { env = "PHONE" }
[[rehearsals]]
host = "here"
to = "ssh://web-1"
runbook = "mine.toml"
"""


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    with Webhook() as server:
        yield server


@pytest.fixture
def scratch(tmp_path: Path) -> Iterator[MachineApart]:
    (tmp_path / "home").mkdir()
    machine = MachineApart(tmp_path / "apart", tmp_path / "home", Path("/var/lib"))
    try:
        yield machine.start()
    finally:
        machine.close()


@pytest.fixture
def keep(make: Callable[..., Keep], webhook: Webhook, scratch: MachineApart) -> Keep:
    made = make(env={"PHONE": f"json://{webhook.address}/alerts"}, more=MORE)
    here = f'address = "local"\nssh_config = "{scratch.ssh.config}"\n'
    made.config.write_text(made.config.read_text().replace('address = "local"\n', here))
    (made.config.parent / "mine.toml").write_text(RUNBOOK)
    (made.config.parent / "known_hosts").write_text(scratch.ssh.known_hosts.read_text())
    return made


class Memory:
    """What the keeper remembers, read and changed from beside it."""

    def __init__(self, keep: Keep) -> None:
        self._store = Store(sqlite(state_file(load(keep.config))))

    def due(self) -> Due | None:
        return self._store.dues().get(JOB)

    def time_passes(self, days: int) -> None:
        """It was due so long ago."""
        known = self.due() or Due(JOB, datetime.now(UTC))
        self._store.set_due(Due(JOB, datetime.now(UTC) - timedelta(days=days), known.runs, known.last_run))

    def has_failed(self) -> bool:
        """The last run, and the keeper has written down all that follows: what is changed now is not overwritten."""
        due, outcome = self.due(), self._store.outcomes().get(JOB)
        is_sooner = due is not None and due.next_due < datetime.now(UTC) + timedelta(days=2)
        return is_sooner and outcome is not None and outcome.run == due.last_run and not outcome.ok

    def happened(self, what: What, step: str = "", said: str = "") -> int:
        journal = Recovering(self._store)
        entries = [one for run in journal.recoveries() for one in journal.entries(run.id)]
        return sum((one.what, one.step) == (what, step) and said in one.said for one in entries)


def told(webhook: Webhook) -> list[str]:
    return [body["title"] for _, body in webhook.got if "rehears" in body["title"]]


def of_rehearsals(status: dict[str, Any]) -> list[str]:
    return [one for one in status["risks"] if "rehears" in one]


def is_empty(keep: Keep, scratch: MachineApart) -> bool:
    """Nothing of production is left there, nor is it where it came from gone."""
    left = scratch.inside("sh", "-c", f"find {keep.config.parent} /var/lib -type f")
    assert (keep.config.parent / "data" / "file").read_text() == "what must not be lost\n"
    return left.strip() == ""


def test_it_rehearses_by_itself_and_tells_what_it_came_to(keep: Keep, scratch: MachineApart, webhook: Webhook) -> None:
    keeper = keep.start()
    keep.until(lambda: keep.heard("ended backup files: done"), "a first copy")
    memory = Memory(keep)
    keep.until(lambda: memory.due() is not None, "the rehearsal to be planned")

    data = keep.config.parent / "data"
    scratch.inside("sh", "-c", f"mkdir {data} && touch {data}/somebody-else")
    memory.time_passes(days=95)  # missed three times
    keep.until(lambda: keep.heard("ended rehearse here: failed"), "one that fails")
    assert keep.log.count("started rehearse here") == 1, "it is caught up once"
    keep.until(memory.has_failed, "the next time to be set")
    memory.time_passes(days=1)
    keep.until(lambda: keep.log.count("ended rehearse here: failed") == 2, "the next one, which fails as well")
    keep.until(lambda: len(told(webhook)) == 1, "somebody to be told")
    status = keep.json("status", "--no-look")
    assert status["rehearsals"] == [] and "'path files' failed" in status["rehearsal_plan"][0]["failed"]
    assert "the last rehearsal failed" in of_rehearsals(status)[0]
    assert "somebody-else" in scratch.inside("ls", str(data)), "what is not ours stays"

    keep.until(memory.has_failed, "the next time to be set")
    scratch.inside("rm", "-r", str(data))
    scratch.held.write_text("tar")
    memory.time_passes(days=1)
    keep.until(lambda: memory.happened(What.DOING, BRING) == 1, "the middle of a third")
    assert not [one for one in of_rehearsals(keep.json("status", "--no-look")) if "not ended" in one], "it is at work"
    assert "under way" in keep.call("recover", "--rehearse", "--undo", "--yes").stderr, "and nobody interferes"
    keep.stop(keeper, signal.SIGKILL)
    scratch.held.write_text("")
    keep.until(lambda: not is_under_way(keep.config.parent / "state" / "recover"), "the end of what it had begun")
    assert [one for one in of_rehearsals(keep.json("status", "--no-look")) if "not ended" in one]

    keep.start()
    keep.until(lambda: keep.heard(f"going on with {JOB}"), "the run that was cut off")
    keep.until(lambda: keep.heard("ended rehearse here: done"), "its end")
    assert is_empty(keep, scratch)
    assert (memory.happened(What.DONE, BRING), memory.happened(What.UNDONE, BRING)) == (1, 2)
    assert memory.happened(What.ENDED, said=CLEARED) == 2, "once each"
    status = keep.json("status", "--no-look")
    (done,), (plan,) = status["rehearsals"], status["rehearsal_plan"]
    assert done["rto_seconds"] > 0 and not of_rehearsals(status)
    assert plan["next_at"] > status["at"] and plan["last_at"] and not plan["late"] and not plan["failed"]
    assert 'outlive_rehearsal_rto_seconds{host="here"}' in keep.call("metrics").stdout
    keep.until(lambda: len(told(webhook)) == 2, "that it is over")
    assert told(webhook)[1].startswith("Over: "), "and nothing was told in between"
