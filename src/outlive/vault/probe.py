"""Looks at a vault by using it: a canary is written, read, overwritten, listed, copied and deleted.

Its keys lie below `checks/`, are fresh each time and mean nothing to any other part. Where objects are locked, the
canary stays until its lock ends.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from outlive.clock import Clock
from outlive.errors import ObjectExists, ObjectMissing, VaultForbidden
from outlive.vault import probe_local
from outlive.vault.base import Vault
from outlive.vault.findings import (
    CreateOnly,
    Finding,
    State,
    VaultReport,
    Versioning,
    create_only,
    deletion,
    local_deletion,
    lock,
)
from outlive.vault.layers import innermost, lock_of
from outlive.vault.local import LocalVault
from outlive.vault.probe_s3 import BucketProbe
from outlive.vault.s3 import S3Vault

FOLDER = "checks/"
CANARY_BYTES = 4096


def check_vault(vault: Vault, clock: Clock, beside: Mapping[str, Path] | None = None) -> VaultReport:
    """All that can be found out about the vault with the credentials it has; takes a few seconds.

    `beside`: named paths that a local vault should not share a disk with. Raises what `put` raises when the vault
    cannot be used at all.
    """
    key = f"{FOLDER}{clock.now():%Y%m%dT%H%M%SZ}-{secrets.token_hex(6)}"
    canary = secrets.token_bytes(CANARY_BYTES)
    vault.put(key, canary)
    findings = [_read(vault, key, canary)]
    outcome = _put_again(vault, key)
    findings += [_listing(vault, key), _copying(vault, key)]
    inner = innermost(vault)
    if isinstance(inner, S3Vault):
        findings += _bucket(inner, vault, key, clock, outcome)
    else:
        findings += [create_only(outcome), local_deletion(_delete(vault, key))]
    if isinstance(inner, LocalVault):
        findings += probe_local.look(inner.root, beside or {})
    return VaultReport(vault.url, tuple(findings))


def _read(vault: Vault, key: str, canary: bytes) -> Finding:
    if vault.get(key) == canary and vault.holds(key, canary):
        return Finding("read", State.OK, "What is written comes back unchanged.")
    return Finding(
        "read", State.BAD, "What came back is not what was written.", "Do not use this store; something alters objects."
    )


def _put_again(vault: Vault, key: str) -> CreateOnly:
    try:
        vault.put(key, b"overwritten")
    except ObjectExists:
        inner = innermost(vault)
        refused = isinstance(inner, S3Vault) and inner.refuses_conditions
        return CreateOnly.REFUSED if refused else CreateOnly.HONOURED
    return CreateOnly.IGNORED


def _listing(vault: Vault, key: str) -> Finding:
    if key in [info.key for info in vault.walk(FOLDER)] and FOLDER.rstrip("/") in vault.folders(""):
        return Finding("list", State.OK, "What is written is listed at once.")
    return Finding(
        "list",
        State.BAD,
        "What was just written is not in the listing: copies may look missing for a while.",
        "Use a store with consistent listings.",
    )


def _copying(vault: Vault, key: str) -> Finding:
    target = f"{key}-copy"
    vault.copy(key, target)
    same = vault.holds(target, vault.get(key))
    with suppress(VaultForbidden):
        vault.delete(target)
    if same:
        return Finding("copy", State.OK, "Objects can be copied within the vault, so a cut backup resumes cheaply.")
    return Finding("copy", State.BAD, "A copy made within the vault differs from its source.", "Do not use this store.")


def _bucket(inner: S3Vault, vault: Vault, key: str, clock: Clock, outcome: CreateOnly) -> list[Finding]:
    probe = BucketProbe(inner.location, key)
    findings = [probe.clock(clock), probe.strangers(), probe.lifecycle()]
    if inner.location.plain_http and not inner.location.loopback:
        sentence = "Requests travel unencrypted. Parts are encrypted; names, sizes and inventories are read on the way."
        findings.append(Finding("transport", State.BAD, sentence, "Use an https:// endpoint."))
    powers = probe.powers(lambda: _delete(vault, key))
    if layer := lock_of(vault):
        findings.append(lock(layer.rule.words, powers.held, layer.rule.mode))
    kept = powers.versioning is Versioning.ON and powers.gone_for_good is False
    return [create_only(outcome, kept=kept), *findings, deletion(powers)]


def _delete(vault: Vault, key: str) -> bool:
    """Whether the canary is gone after an attempt to delete it."""
    with suppress(VaultForbidden):
        vault.delete(key)
    try:
        vault.get(key)
    except ObjectMissing:
        return True
    return False
