"""How the provider misbehaves, as it was told. PURE."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Fault:
    """The next `times` requests whose path begins with `path` wait for `delay_seconds` and are then answered with
    `status` (0: as if nothing had been), or, with `drop`, not at all. With `rewrite`, each document
    of the answer says that instead, whatever its type; with `truncate`, the answer breaks off in the middle."""

    path: str = "/v1/"
    method: str = "GET"
    times: int = 1
    status: int = 0
    message: str = "Internal error."
    headers: dict[str, str] = field(default_factory=dict)
    delay_seconds: float = 0.0
    drop: bool = False
    rewrite: dict[str, Any] = field(default_factory=dict)
    truncate: bool = False


def spoil(body: Any, fault: Fault) -> Any:
    """The answer with its `rewrite` in every document of it."""
    if isinstance(body, list):
        return [spoil(one, fault) for one in body]
    return body | fault.rewrite if isinstance(body, dict) else body


def take(faults: list[Fault], method: str, path: str) -> Fault | None:
    """The first one that is meant, used once; it leaves the list with its last use."""
    for fault in faults:
        if fault.method == method and path.startswith(fault.path):
            fault.times -= 1
            if fault.times <= 0:
                faults.remove(fault)
            return fault
    return None
