"""docs/format.md against real copies: every key fits a documented pattern, every field is documented."""

from __future__ import annotations

import dataclasses
import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from outlive.backup.copies import catalog
from outlive.backup.copies.acceptance import Acceptance, accept
from outlive.backup.drill.drill_moment import DrilledTo
from outlive.backup.drill.drill_plan import Looked
from outlive.backup.drill.key_drill import key_drill
from outlive.backup.drill.log_proof import record
from outlive.backup.drill.verify import verify
from outlive.backup.log.wal_names import branch_folder, history_key, stretch_key
from outlive.backup.log.windows import Base, Window
from outlive.backup.streams.seal import SealPolicy
from outlive.backup.take import take
from outlive.backup.upkeep.prune import prune
from outlive.backup.upkeep.retention import Policy
from outlive.clock import SystemClock
from outlive.commands.wal import Switch
from outlive.model.asset import PathAsset
from outlive.model.copy import Check, Manifest, Part, ProofRecord, Stream
from outlive.sources.path import PathSource
from outlive.transport.local import LocalShell
from outlive.vault.encryption import decrypt, parse_recipients, read_identities
from outlive.vault.frames import FRAME_BYTES, split_frames
from outlive.vault.keys import create_keys
from outlive.vault.local import LocalVault

MOMENT = datetime(2026, 2, 7, 8, 15, 2, tzinfo=UTC)
PAGE = (Path(__file__).parents[1] / "docs" / "format.md").read_text()
PLACEHOLDERS = {
    "ASSET": r"[a-z0-9][a-z0-9._-]{0,99}",
    "LINEAGE": r"[a-z0-9][a-z0-9._-]{0,99}",
    "STREAM": r"[a-z0-9][a-z0-9._-]{0,99}",
    "COPY": r"\d{8}T\d{6}Z-[0-9a-f]{10}",
    "MOMENT": r"\d{8}T\d{12}Z",
    "LEVEL": r"(verified|restored)",
    "NNNNNN": r"\d{6}",
}


def patterns() -> list[re.Pattern[str]]:
    """The keys in the first table of the page."""
    keys = re.findall(r"^\| `([a-z]+/[^`]+)` \|", PAGE, re.M)
    words = re.compile("|".join(PLACEHOLDERS))
    return [re.compile(words.sub(lambda m: PLACEHOLDERS[m[0]], re.escape(key))) for key in keys if "..." not in key]


def documented(heading: str) -> set[str]:
    """The words in code style in the first column of the tables and in the sentences below a heading."""
    section = PAGE.split(f"## {heading}\n")[1].split("\n## ")[0]
    return set(re.findall(r"`([a-z0-9_]+)`", section))


@pytest.fixture(scope="module")
def vault(tmp_path_factory: pytest.TempPathFactory) -> LocalVault:
    """Two copies, verified; a red drill of log; a key drill; an accepted lineage; one copy pruned."""
    home = tmp_path_factory.mktemp("format")
    clock = SystemClock()
    keys = create_keys(home / "keys", clock.now())
    vault = LocalVault.create(home / "vault")
    (home / "files").mkdir()
    (home / "files" / "large").write_bytes(bytes(range(256)) * (9 << 12))
    asset = PathAsset(name="media", host="web-1", path=str(home / "files"))
    policy = SealPolicy(parse_recipients(keys.recipients), part_bytes=5 << 20)
    source = PathSource(asset, LocalShell(), clock)
    for _ in range(2):
        taken = take(asset, source, vault, policy, state=home / "state", clock=clock)
    copies = catalog.copies(vault, "media")
    for copy in copies:
        verify(vault, copy, read_identities(keys.drill_identity), now=clock.now())
    key_drill(vault, read_identities(keys.recovery_identity), keys.recipients, now=clock.now())
    accept(vault, Acceptance("media", taken.manifest.lineage, clock.now(), "operator@keeper"))
    window = Window(Base(copies[0].id, 1, 0, 1, clock.now(), 16 << 20), clock.now(), clock.now(), 1, 1, ())
    red = DrilledTo(window, Looked([Check("replay", False, "no log")], None), None)
    record(vault, "media", red, clock.now())
    prune(vault, "media", Policy(1, 0, 0, 0), now=clock.now() + timedelta(days=1), state=home / "state")
    return vault


def documents(vault: LocalVault, prefix: str) -> list[dict[str, Any]]:
    keys = [info.key for info in vault.walk(prefix) if info.key.endswith(".json") and "/inventory" not in info.key]
    return [json.loads(vault.get(key)) for key in keys]


def test_every_key_is_documented_and_every_documented_kind_is_there(vault: LocalVault) -> None:
    keys = [info.key for info in vault.walk("")]
    unknown = [key for key in keys if not any(pattern.fullmatch(key) for pattern in patterns())]
    assert unknown == []
    unseen = [pattern.pattern for pattern in patterns() if not any(pattern.fullmatch(key) for key in keys)]
    assert unseen == []


LOG = {
    "SEGMENT": r"[0-9A-F]{24}",
    "MOMENT": r"\d{8}T\d{9}Z",
    "START-START": r"([0-9A-F]{8})-\1",
    "START-END": r"([0-9A-F]{8})-(?!\1)[0-9A-F]{8}",
    "TIMELINE": r"[0-9A-F]{8}",
    "PARENT-POSITION": r"[0-9A-F]{8}-[0-9A-F]{16}",
}


@pytest.mark.parametrize(
    ("key", "row"),
    [
        (stretch_key("", 1, 32 << 20, 48 << 20, MOMENT, 16 << 20), "SEGMENT.MOMENT.zst.age"),
        (stretch_key("", 1, 32 << 20, 40 << 20, MOMENT, 16 << 20), "SEGMENT.START-END.MOMENT.zst.age"),
        (stretch_key("", 1, 40 << 20, 40 << 20, MOMENT, 16 << 20), "SEGMENT.START-START.MOMENT.zst.age"),
        (history_key("", 2, Switch(1, 33 << 20)), "TIMELINE.PARENT-POSITION.history.zst.age"),
        (branch_folder("", MOMENT) + "...", "after-MOMENT/..."),
    ],
)
def test_every_name_of_log_is_documented(key: str, row: str) -> None:
    names = re.findall(r"^\| `([^`]+)` \|", PAGE.split("\n## Log\n")[1].split("\n## ")[0], re.M)
    words = re.compile("|".join(LOG))
    fitting = [
        name for name in names if re.fullmatch(words.sub(lambda m: LOG[m[0]], re.escape(name).replace(r"\-", "-")), key)
    ]
    assert fitting == [row]


@pytest.mark.parametrize("kind", [Manifest, Stream, Part])
def test_every_field_of_the_manifest_is_documented(kind: type) -> None:
    assert {field.name for field in dataclasses.fields(kind)} <= documented("manifest.json")


@pytest.mark.parametrize("kind", [ProofRecord, Check])
def test_every_field_of_a_proof_is_documented(kind: type) -> None:
    assert {field.name for field in dataclasses.fields(kind)} <= documented("Proofs")


@pytest.mark.parametrize(
    ("prefix", "heading"),
    [
        ("copies/", "manifest.json"),
        ("proofs/", "Proofs"),
        ("lineages/", "Lineages and tombstones"),
        ("tombstones/", "Lineages and tombstones"),
    ],
)
def test_every_field_that_is_written_is_documented(vault: LocalVault, prefix: str, heading: str) -> None:
    found = documents(vault, prefix)
    assert found
    for document in found:
        assert set(document) <= documented(heading)
        assert set(document.get("source", {})) <= documented("manifest.json")


def test_parts_are_frames_of_at_most_4_mib_with_size_and_checksum(vault: LocalVault) -> None:
    """Read by age and zstd's own rules: RFC 8878, 3.1.1.1: the descriptor's bit 2 is the checksum flag."""
    (copy,) = catalog.copies(vault, "media")
    stream = copy.manifest.stream("files.tar")
    assert stream and len(stream.parts) > 1
    folder = vault.root / "copies" / "media" / copy.id
    secret = read_identities(vault.root.parent / "keys" / "recovery.txt")
    for part in stream.parts:
        sealed = (folder / part.file).read_bytes()
        header = sealed.split(b"\n---")[0]
        assert header.startswith(b"age-encryption.org/v1\n")
        assert header.count(b"-> X25519 ") == len(copy.manifest.recipients) == 2
        plain = decrypt(sealed, secret, what=part.file)
        frames = [bytes(frame) for frame in split_frames(plain, what=part.file)]
        assert all(frame[4] & 0b100 for frame in frames)
        assert len(frames) == -(-part.plain_bytes // FRAME_BYTES)


def test_what_is_in_clear_names_no_file(vault: LocalVault) -> None:
    for info in vault.walk(""):
        if ".zst.age." not in info.key:
            assert b"large" not in vault.get(info.key)


def test_the_words_are_sorted_and_said_once() -> None:
    words = re.findall(r"^\*\*([^*]+)\*\*", (Path(__file__).parents[1] / "docs" / "glossary.md").read_text(), re.M)
    assert words == sorted(words, key=str.lower) and len(words) == len(set(words)) > 30
