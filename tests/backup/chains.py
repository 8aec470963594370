"""Rows of copies that build on one another, made in memory, as the catalog would read them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from outlive.backup.copies.chain import linked
from outlive.backup.copies.lineage import in_order
from outlive.model.chain import FROM_LSN
from outlive.model.copy import Copy, Proof
from tests.backup.upkeep.test_retention import make


def member(number: int, parent: Copy | None = None, *, source: dict[str, Any] | None = None, **settings: Any) -> Copy:
    """Copy `number`, a full one or one on `parent`; not linked yet. `settings` as for `make`."""
    where = {"start_lsn": f"0/{number:X}000028", "end_lsn": f"0/{number:X}000100", "wal_segment_size": "16MB"}
    facts = {"timeline": 1, "data_checksums": True, **where, **(source or {})}
    if parent is not None:
        facts = {FROM_LSN: parent.manifest.source["start_lsn"]} | facts
    copy = make(number, **settings)
    manifest = replace(copy.manifest, source=facts, parent=parent.id if parent else None)
    return replace(copy, manifest=manifest)


def row(length: int, begin: int = 0, **settings: Any) -> list[Copy]:
    """A full copy and, after it, `length` - 1 that build on one another."""
    copies = [member(begin, **settings)]
    while len(copies) < length:
        copies.append(member(begin + len(copies), copies[-1], **settings))
    return copies


def known(copies: list[Copy]) -> list[Copy]:
    """As the catalog gives them."""
    return list(linked(in_order(copies)))


@st.composite
def histories(draw: st.DrawFn) -> list[Copy]:
    """Any row of full copies and copies on any earlier one; some damaged, some gone, some that do not fit."""
    copies: list[Copy] = []
    for number in range(draw(st.integers(1, 14))):
        parent = draw(st.sampled_from([None, *copies, *copies[-1:] * 3]))
        lineage = draw(st.sampled_from(["7000"] * 6 + ["9999"]))
        source = {"timeline": draw(st.sampled_from([1] * 9 + [2]))}
        proof = draw(st.sampled_from(Proof))
        damaged = draw(st.integers(0, 7)) == 0
        copies.append(member(number, parent, source=source, lineage=lineage, proof=proof, damaged=damaged))
    gone = draw(st.sets(st.sampled_from(copies).map(lambda copy: copy.id), max_size=3))
    return known([copy for copy in copies if copy.id not in gone] or copies)
