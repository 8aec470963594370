"""The vault: what lies there, how well it is proven, who could open it. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from outlive.model.words import duration, size
from outlive.web.views.lines import mirror_risks
from outlive.web.views.words import BAD, GOOD, MARKS, UNKNOWN, Document, ago


@dataclass(frozen=True, slots=True)
class VaultLine:
    """What lies there of one asset; `share` is its part of all bytes, 0 to 100."""

    asset: str
    copies: int
    stored: str
    share: int
    oldest: str
    newest: str


@dataclass(frozen=True, slots=True)
class VaultView:
    state: str
    mark: str
    headline: str
    place: str
    facts: tuple[tuple[str, str], ...]
    lines: tuple[VaultLine, ...]
    mirror: tuple[str, ...]
    risks: tuple[str, ...]


def vault_view(vault: Document, status: Document) -> VaultView:
    """From what the keeper knows of its vault, and `status --json`."""
    at, tested = status["at"], status.get("selftest")
    total = sum(one["stored_bytes"] for one in vault["assets"])
    risks = mirror_risks(status)
    if tested and not tested["ok"]:
        risks += (f"the verifier did not notice {tested['mutation']}: do not trust green results",)
    state = BAD if risks else GOOD if total and vault["key_drill"] else UNKNOWN
    copies = sum(one["copies"] for one in vault["assets"])
    return VaultView(
        state=state,
        mark=MARKS[state],
        headline=f"{copies} copies, {size(total)} in all",
        place=vault["url"],
        facts=(
            ("Locked against deletion", _locked(vault)),
            ("Opened by", ", ".join(vault["recipients"]) or "nobody"),
            ("The recovery key was last tried", ago(vault["key_drill"], at) if vault["key_drill"] else "never"),
            ("The verifier was last tested", _tested(tested, status)),
            ("The second vault", vault["mirror"] or "there is none: this one is all there is"),
        ),
        lines=tuple(_line(one, total, status) for one in vault["assets"]),
        mirror=_mirror(status.get("mirror")),
        risks=risks,
    )


def _locked(vault: Document) -> str:
    if vault["lock_days"]:
        return f"for {vault['lock_days']} days, {vault['lock_mode']}"
    return "no: who holds its keys can delete every copy. `outlive vault check` says who that is"


def _tested(tested: Document | None, status: Document) -> str:
    if not tested:
        return "never: `outlive selftest` spoils a copy and sees whether that is noticed"
    return (
        f"{ago(tested['at'], status['at'])}: it {'noticed' if tested['ok'] else 'DID NOT NOTICE'} {tested['mutation']}"
    )


def _line(one: Document, total: int, status: Document) -> VaultLine:
    at = status["at"]
    return VaultLine(
        asset=one["asset"],
        copies=one["copies"],
        stored=size(one["stored_bytes"]),
        share=round(100 * one["stored_bytes"] / total) if total else 0,
        oldest=ago(one["oldest"], at) if one["oldest"] else "never",
        newest=ago(one["newest"], at) if one["newest"] else "never",
    )


def _mirror(mirror: Document | None) -> tuple[str, ...]:
    """What would be lost with the second vault alone."""
    if mirror is None:
        return ()
    if mirror["blind"]:
        return (f"it could not be looked at: {mirror['blind']}",)
    losses = ((one["asset"], one["loss"]["seconds"]) for one in mirror["assets"])
    return tuple(
        f"{asset}: with it alone, {'EVERYTHING' if lost is None else f'the last {duration(lost)}'} would be lost"
        for asset, lost in losses
    )
