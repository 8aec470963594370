"""What the result of a run that was done still has to say: proofs that were not given, drills that were red, a verifier
that did not notice. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

NOT_PROVEN = "not_proven"  # the key under which a step says why it could prove nothing


def shortcomings(result: Mapping[str, Any] | None) -> str:
    """In words; empty when there is nothing."""
    found = [str(step[NOT_PROVEN]) for step in _steps(result) if NOT_PROVEN in step]
    return " ".join([*found, *red(result), *_blind_verifier(result)])


def red(result: Mapping[str, Any] | None) -> list[str]:
    """A sentence for each drill whose outcome is red, with its first bad check."""
    found = []
    for step in _steps(result):
        document = step.get("document")
        for drill in document.get("drills", ()) if isinstance(document, dict) else ():
            if drill.get("ok") is False:
                bad: dict[str, Any] = next((check for check in drill.get("checks", ()) if check.get("ok") is False), {})
                found.append(f"RED: {drill.get('copy')}: {bad.get('name', '?')}: {bad.get('detail', '')}".strip())
    return found


def _blind_verifier(result: Mapping[str, Any] | None) -> Iterator[str]:
    for step in _steps(result):
        document = step.get("document")
        if isinstance(document, dict) and "mutation" in document and document.get("ok") is False:
            yield f"ALARM: the verifier did not notice {document['mutation']}: do not trust green results."


def _steps(result: Mapping[str, Any] | None) -> Iterator[dict[str, Any]]:
    steps = (result or {}).get("steps", {})
    yield from (step for step in steps.values() if isinstance(step, dict))
