"""What drills of a moment have proven: of the base copy, and of the log after it.

A log that cannot be replayed does not make its base copy bad: the copy must go on counting, or an older one would be
restored in its place. So the outcome for the log lies beside the copies' own, in proofs/ASSET/log/, and `status` shows it.
"""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, datetime

from outlive.backup.copies import catalog
from outlive.backup.copies.layout import PROOFS
from outlive.backup.copies.manifest import NotAManifest, dump_proof, load_proof
from outlive.backup.drill.drill_moment import DrilledTo
from outlive.backup.drill.drill_plan import outcomes
from outlive.errors import ObjectExists, ObjectMissing
from outlive.model.copy import Proof, ProofRecord
from outlive.model.naming import check_name
from outlive.vault.base import Vault

_NAME = re.compile(r"\d{8}T\d{12}Z-restored\.json")


def record(vault: Vault, asset: str, drilled: DrilledTo, now: datetime) -> ProofRecord:
    """Notes the outcome where it belongs: green proves both, a bad base is the copy's, anything else the log's."""
    proof = ProofRecord(
        copy=drilled.window.base.copy,
        asset=asset,
        level=Proof.RESTORED,
        ok=drilled.ok,
        at=now,
        checks=tuple(drilled.looked.checks),
        rto_seconds=drilled.looked.seconds,
    )
    if drilled.ok or drilled.base_is_bad:
        for one in outcomes(proof, drilled.looked):
            catalog.add_proof(vault, one)
    if not drilled.base_is_bad:
        _note(vault, proof)
    return proof


def last_log_proof(vault: Vault, asset: str) -> ProofRecord | None:
    """The newest outcome for the asset's log, green or red; None when its log was never drilled. One that cannot be read
    is passed over: it stands for nothing."""
    folder = _folder(asset)
    names = sorted(info.key for info in vault.walk(folder) if _NAME.fullmatch(info.key.removeprefix(folder)))
    for key in reversed(names):
        with suppress(NotAManifest, ObjectMissing):
            return load_proof(vault.get(key))
    return None


def _note(vault: Vault, proof: ProofRecord) -> None:
    with suppress(ObjectExists):  # the same outcome of the same microsecond: it is there
        vault.put(f"{_folder(proof.asset)}{proof.at.astimezone(UTC):%Y%m%dT%H%M%S%fZ}-restored.json", dump_proof(proof))


def _folder(asset: str) -> str:
    return f"{PROOFS}{check_name(asset)}/log/"
