"""Manifests and proofs are JSON that is read as it was written, or refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import fields, make_dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from outlive.backup.copies.manifest import NotAManifest, dump_manifest, dump_proof, load_manifest, load_proof, sums
from outlive.model.copy import Check, Manifest, Part, Proof, ProofRecord, Stream

AT = datetime(2026, 2, 7, 8, 15, 0, 123456, tzinfo=UTC)
PART = Part("files.tar.zst.age.000000", 1234, "ab" * 32, 4000)
MANIFEST = Manifest(
    id="20260207T081500Z-0123456789",
    asset="files",
    kind="path",
    host=None,
    lineage="path-1",
    sequence=3,
    started_at=AT,
    data_until=AT,
    finished_at=AT + timedelta(seconds=2),
    streams=(Stream("files.tar", 4000, (PART, replace(PART, file="files.tar.zst.age.000001"))),),
    recipients=("age1x", "age1y"),
    source={"tar": "1.35", "nested": {"list": [1, 2.5, None, True]}},
    warnings=("2 files changed",),
    tool="outlive 0.1.0",
)
PROOF = ProofRecord(MANIFEST.id, "files", Proof.RESTORED, False, AT, (Check("start", None, "?"),), 41.5)


def test_they_are_read_as_they_were_written() -> None:
    assert load_manifest(dump_manifest(MANIFEST)) == MANIFEST
    assert load_proof(dump_proof(PROOF)) == PROOF


def test_a_copy_that_stands_alone_is_written_as_before_there_were_others() -> None:
    assert b"parent" not in dump_manifest(MANIFEST)
    child = replace(MANIFEST, parent="20260206T081500Z-0123456789")
    assert load_manifest(dump_manifest(child)) == child


def test_a_reader_from_before_there_were_parents_refuses_a_copy_that_has_one() -> None:
    """It knows every field but that one, and refuses what it does not know: it would restore a fraction."""
    old = make_dataclass("Manifest", [(one.name, Any) for one in fields(Manifest) if one.name != "parent"])
    old.__pydantic_config__ = Manifest.__pydantic_config__
    reader = TypeAdapter(old)
    reader.validate_json(dump_manifest(MANIFEST))
    with pytest.raises(ValidationError, match="parent"):
        reader.validate_json(dump_manifest(replace(MANIFEST, parent="20260206T081500Z-0123456789")))


@given(st.text(), st.text(), st.integers(0, 2**62), st.floats(allow_nan=False, allow_infinity=False))
def test_whatever_words_and_numbers_they_hold(warning: str, fact: str, size: int, seconds: float) -> None:
    warning, fact = (text.encode("utf-8", "replace").decode() for text in (warning, fact))
    stream = replace(MANIFEST.streams[0], plain_bytes=size)
    manifest = replace(MANIFEST, warnings=(warning,), source={"fact": fact}, streams=(stream,))
    assert load_manifest(dump_manifest(manifest)) == manifest
    proof = replace(PROOF, rto_seconds=seconds)
    assert load_proof(dump_proof(proof)) == proof


def test_a_moment_is_the_same_moment_whatever_its_zone() -> None:
    there = AT.astimezone(timezone(timedelta(hours=-5)))
    assert load_manifest(dump_manifest(replace(MANIFEST, data_until=there))).data_until == AT


def test_it_is_text_for_people() -> None:
    text = dump_manifest(MANIFEST).decode()
    assert text.endswith("}\n") and "\n " in text
    assert json.loads(text)["data_until"] == "2026-02-07T08:15:00.123456Z"


def _with(**changes: Any) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda document: {**document, **changes}


WRONG: dict[str, Callable[[dict[str, Any]], Any]] = {
    "a newer format": _with(format="outlive-copy/2"),
    "an unknown key": _with(surprise=1),
    "no streams": lambda document: {k: v for k, v in document.items() if k != "streams"},
    "a size that is none": _with(sequence="many"),
    "a time that is none": _with(data_until="yesterday"),
    "a list": lambda document: [document],
}


@pytest.mark.parametrize("change", WRONG.values(), ids=WRONG)
def test_what_is_not_one_is_refused_with_its_reason(change: Callable[[dict[str, Any]], Any]) -> None:
    document = json.loads(dump_manifest(MANIFEST))
    with pytest.raises(NotAManifest) as caught:
        load_manifest(json.dumps(change(document)).encode())
    assert ": " in str(caught.value) or "format is" in str(caught.value)


@given(st.integers(0, 900))
def test_a_manifest_cut_anywhere_is_none(length: int) -> None:
    whole = dump_manifest(MANIFEST)
    if length < len(whole) - 1:  # the newline at the end may be missing
        with pytest.raises(NotAManifest):
            load_manifest(whole[:length])


def test_sums_are_what_sha256sum_reads() -> None:
    assert (
        sums(MANIFEST) == (f"{'ab' * 32}  files.tar.zst.age.000000\n{'ab' * 32}  files.tar.zst.age.000001\n").encode()
    )
