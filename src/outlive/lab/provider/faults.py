"""How the provider misbehaves, as it was told. PURE."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Fault:
    """The next `times` requests whose path begins with `path` wait for `delay_seconds` and are then answered with
    `status` (0: as if nothing had been), or, with `drop`, not at all."""

    path: str = "/v1/"
    method: str = "GET"
    times: int = 1
    status: int = 0
    message: str = "Internal error."
    headers: dict[str, str] = field(default_factory=dict)
    delay_seconds: float = 0.0
    drop: bool = False


def take(faults: list[Fault], method: str, path: str) -> Fault | None:
    """The first one that is meant, used once; it leaves the list with its last use."""
    for fault in faults:
        if fault.method == method and path.startswith(fault.path):
            fault.times -= 1
            if fault.times <= 0:
                faults.remove(fault)
            return fault
    return None
