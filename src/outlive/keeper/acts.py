"""What the steps of the keeper's runs do: each looks whether it is done already, then runs the same command that a person
would, as a process of its own (`children.py`)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from outlive.alerts.render import Text
from outlive.backup.copies import catalog
from outlive.backup.copies.chain import furthest
from outlive.backup.drill.log_proof import last_log_proof
from outlive.engine.port import Act, Acts
from outlive.errors import OutliveError
from outlive.keeper.children import Children
from outlive.keeper.outcomes import NOT_PROVEN
from outlive.model.copy import Copy, Proof, ProofRecord
from outlive.vault.base import Vault

_NEVER = datetime.min.replace(tzinfo=UTC)


def acts(children: Children, vault: Vault) -> Acts:
    """By the names that runbooks use."""
    return {
        "backup": _looking(lambda args: copy_since(vault, args["asset"], args["since"]), children),
        "drill": _looking(lambda args: drill_since(vault, args["asset"], args["since"]), children),
        "prove": _not_failing(_looking(lambda args: drill_since(vault, args["asset"], args["since"]), children)),
        "command": _looking(lambda args: None, children),
        "verify": _verifying(children, vault),
    }


def alert(url: Callable[[str], str], send: Callable[[str, Text], None]) -> Act:
    """Tells a channel something. `url` fetches the secret of a channel when it is needed. A kill between its delivery and
    its record delivers it twice: better than never."""

    def act(args: dict[str, Any], timeout_seconds: float) -> dict[str, Any]:
        send(url(args["channel"]), Text(args["title"], args["body"], args["good"]))
        return {"told": args["channel"]}

    return act


def copy_since(vault: Vault, asset: str, since: str) -> str | None:
    """The id of a copy that was begun at or after that moment."""
    moment = datetime.fromisoformat(since)
    found = [copy for copy in catalog.listing(vault, asset).copies if copy.manifest.started_at >= moment]
    return found[-1].id if found else None


def drill_since(vault: Vault, asset: str, since: str) -> str | None:
    """The id of a copy that was drilled, or whose log was, at or after that moment, whatever came out."""
    log = last_log_proof(vault, asset)
    if log is not None and log.at >= datetime.fromisoformat(since):
        return log.copy
    return _looked_since(catalog.listing(vault, asset).copies, since, lambda proof: proof.level is Proof.RESTORED)


def least_looked_at(copies: Sequence[Copy]) -> Copy | None:
    """The copy whose bytes were read again longest ago (or never), the oldest of several; damaged ones are known."""
    whole = [copy for copy in copies if not copy.is_damaged]
    return min(whole, key=lambda copy: (_last_look(copy), copy.manifest.sequence), default=None)


def _last_look(copy: Copy) -> datetime:
    return max((proof.at for proof in copy.proofs), default=_NEVER)


def _looked_since(copies: Sequence[Copy], since: str, counts: Callable[[ProofRecord], bool]) -> str | None:
    moment = datetime.fromisoformat(since)
    for copy in copies:
        if any(counts(proof) and proof.at >= moment for proof in copy.proofs):
            return copy.id
    return None


def _looking(done: Callable[[dict[str, Any]], str | None], children: Children) -> Act:
    def act(args: dict[str, Any], timeout_seconds: float) -> dict[str, Any]:
        if already := done(args):
            return {"already": already}
        return children.run(args["argv"], timeout_seconds)

    return act


def _not_failing(act: Act) -> Act:
    """A drill that cannot be carried out (no programs, no room) says nothing about the copy, and must not have it taken
    again: the run goes on, and what was said is in its result."""

    def tolerant(args: dict[str, Any], timeout_seconds: float) -> dict[str, Any]:
        try:
            return act(args, timeout_seconds)
        except OutliveError as error:
            return {NOT_PROVEN: str(error)}

    return tolerant


def _verifying(children: Children, vault: Vault) -> Act:
    def act(args: dict[str, Any], timeout_seconds: float) -> dict[str, Any]:
        copies = catalog.listing(vault, args["asset"]).copies
        if already := _looked_since(copies, args["since"], lambda proof: proof.level is Proof.VERIFIED):
            return {"already": already}
        copy = least_looked_at(copies)
        if copy is None:
            return {"nothing": "there is no whole copy"}
        return children.run(["verify", furthest(copy, copies).id, "--bytes-only"], timeout_seconds)

    return act
