"""Manifests and proofs as JSON. Pure. The format is docs/format.md; unknown keys are refused, so that a newer format is
never half-read."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from outlive.model.copy import FORMAT, Manifest, ProofRecord

_manifest: TypeAdapter[Manifest] = TypeAdapter(Manifest)
_proof: TypeAdapter[ProofRecord] = TypeAdapter(ProofRecord)


T = TypeVar("T")


class NotAManifest(ValueError):
    """The bytes are not a manifest (or proof) that this version can read."""


OWN_SUM = "manifest_sha256"
_ZEROS = "0" * 64
_OWN_SUM = re.compile(rb'"manifest_sha256": "([0-9a-f]{64})"')


def dump_manifest(manifest: Manifest) -> bytes:
    """Indented JSON, for people; a newline at the end. `source.manifest_sha256` is the SHA-256 of the document with zeros
    in its own place: a flipped bit in a date or name is still JSON, and would be believed."""
    marked = replace(manifest, source={**manifest.source, OWN_SUM: _ZEROS})
    blank = _manifest.dump_json(marked, indent=1, exclude=None if manifest.parent else {"parent"}) + b"\n"
    return _OWN_SUM.sub(f'"{OWN_SUM}": "{hashlib.sha256(blank).hexdigest()}"'.encode(), blank)


def load_manifest(data: bytes) -> Manifest:
    """Raises `NotAManifest`, saying what is wrong. Its own sum is required: a flipped bit in its name would hide it."""
    manifest = _load(_manifest, data)
    if OWN_SUM not in manifest.source:
        raise NotAManifest(f"it has no {OWN_SUM} in its source")
    blank = _OWN_SUM.sub(f'"{OWN_SUM}": "{_ZEROS}"'.encode(), data)
    if hashlib.sha256(blank).hexdigest() != manifest.source[OWN_SUM]:
        raise NotAManifest(f"it is not what was written ({OWN_SUM} differs)")
    return replace(manifest, source={name: fact for name, fact in manifest.source.items() if name != OWN_SUM})


def dump_proof(proof: ProofRecord) -> bytes:
    return _proof.dump_json(proof, indent=1) + b"\n"


def load_proof(data: bytes) -> ProofRecord:
    """Raises `NotAManifest`."""
    return _load(_proof, data)


def sums(manifest: Manifest) -> bytes:
    """What `sha256sum -c SHA256SUMS` reads: a line for each part, in order."""
    lines = (f"{part.sha256}  {part.file}\n" for stream in manifest.streams for part in stream.parts)
    return "".join(lines).encode()


def _load(adapter: TypeAdapter[T], data: bytes) -> T:
    try:
        value = adapter.validate_json(data)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(step) for step in first["loc"]) or "document"
        raise NotAManifest(f"{where}: {first['msg']}") from error
    if isinstance(value, Manifest) and value.format != FORMAT:
        raise NotAManifest(f"format is {value.format!r}, this version reads {FORMAT!r}")
    return value
