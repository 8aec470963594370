"""One failure at every call of a source: the run fails, no copy was added, the source is closed, the next run is whole."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from outlive.backup.copies import catalog
from outlive.backup.take import take
from outlive.errors import SourceFailed
from outlive.sources.base import Outcome, RawStream
from outlive.testing.clock import ManualClock
from outlive.vault.memory import MemoryVault
from tests.backup.made import ASSET, KEY, Made, contents, policy

STREAMS = {"a": b"a" * 2500, "b.sql": b"", "c": b"c" * 900}
STEPS = ("open", "streams", "a: begins", "a: ends", "b.sql: ends", "c: begins", "finish", "close")


class Breaking(Made):
    """Raises at one step."""

    at = ""

    def _meet(self, step: str) -> None:
        if step == self.at:
            raise SourceFailed(f"at {step}")

    @contextmanager
    def capture(self) -> Iterator[Made]:
        self._meet("open")
        with super().capture():
            yield self
        self._meet("close")

    def streams(self) -> Iterator[RawStream]:
        self._meet("streams")
        for name, data in self.streams_.items():
            yield RawStream(name, self._pieces(name, data))

    def _pieces(self, name: str, data: bytes) -> Iterator[bytes]:
        self._meet(f"{name}: begins")
        yield data
        self._meet(f"{name}: ends")

    def finish(self) -> Outcome:
        self._meet("finish")
        return super().finish()


@pytest.mark.parametrize("step", STEPS)
def test_a_source_that_breaks_at_any_step(step: str, tmp_path: Path) -> None:
    vault = MemoryVault()
    source = Breaking(STREAMS)
    take(ASSET, source, vault, policy(), state=tmp_path, clock=ManualClock())
    (earlier,) = catalog.copies(vault, "made")
    broken = Breaking(STREAMS)
    broken.at = step
    with pytest.raises(SourceFailed, match=f"at {step}"):
        take(ASSET, broken, vault, policy(), state=tmp_path, clock=ManualClock())
    assert not broken.is_open
    listed = catalog.copies(vault, "made")
    assert listed[0] == earlier
    assert len(listed) == (2 if step == "close" else 1), "what broke after the commit: the copy is whole, and says so"
    take(ASSET, Breaking(STREAMS), vault, policy(), state=tmp_path, clock=ManualClock())
    for copy in catalog.copies(vault, "made"):
        assert contents(vault, copy.manifest, KEY) == STREAMS
    assert len(vault.folders("copies/made/")) == len(catalog.copies(vault, "made")), "litter is left"
