"""The JSON documents that others rely on (docs/reference/commands.md), and a small checker for them.

A shape is a type, a tuple of shapes (any of them), a list of one shape, or a dictionary of keys that must be there. More
keys than these are allowed: commands may come to say more.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Text:
    """Text of a certain form."""

    form: str


MOMENT = Text(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
PROOF = Text("stored|verified|restored")
NUMBER = (int, float)
NOTHING = type(None)

CHECK = {"name": str, "ok": (bool, NOTHING), "detail": str}
FAILED = {"asset": str, "error": str, "cure": str, "exit_code": int}
COPY = {
    "id": str,
    "asset": str,
    "kind": str,
    "lineage": str,
    "started_at": MOMENT,
    "data_until": MOMENT,
    "finished_at": MOMENT,
    "plain_bytes": int,
    "stored_bytes": int,
    "parts": int,
    "proof": PROOF,
    "parent": (str, NOTHING),
    "warnings": [str],
}
LISTED = COPY | {"saved_bytes": int, "broken": (str, NOTHING)}
WINDOW = {"from": MOMENT, "to": MOMENT, "base": str, "gap": (str, NOTHING)}
OBSERVATION = {"witness": str, "channel": str, "subject": str, "fact": str, "at": MOMENT}
JUDGED = {
    "hosts": [
        {
            "host": str,
            "verdict": str,
            "confirmed": bool,
            "accepted": bool,
            "for": [OBSERVATION],
            "against": [OBSERVATION],
            "missing": [str],
            "advice": [str],
            "forbidden": [str],
        }
    ],
    "addresses": [{"address": str, "told_by": [str], "answers_as": (str, NOTHING)}],
}
ERROR = {"error": str, "cure": str, "exit_code": int}

INCIDENT = {
    "id": int,
    "cause": str,
    "name": str,
    "host": (str, NOTHING),
    "urgency": Text("low|high|data_loss"),
    "what": str,
    "confirmed": bool,
    "since": MOMENT,
    "opened_at": MOMENT,
    "ended_at": (MOMENT, NOTHING),
    "times": int,
    "symptoms": [str],
    "safe": [str],
    "forbidden": [str],
    "told": dict,
    "acknowledged_at": (MOMENT, NOTHING),
    "acknowledged_by": (str, NOTHING),
}

SHAPES: dict[str, Any] = {
    "backup": {"copies": [COPY], "failed": [FAILED]},
    "copies": {
        "copies": [LISTED],
        "windows": [{"asset": str, "lineage": str, **WINDOW}],
        "unreadable": [{"key": str, "why": str}],
    },
    "verify": {"verified": [{"copy": str, "asset": str, "ok": bool, "checks": [CHECK]}], "failed": [FAILED]},
    "drill": {
        "drills": [
            {
                "asset": str,
                "copy": str,
                "ok": bool,
                "target_time": (MOMENT, NOTHING),
                "reached_time": (MOMENT, NOTHING),
                "rto_seconds": (*NUMBER, NOTHING),
                "checks": [CHECK],
            }
        ],
        "failed": [FAILED],
    },
    "restore": {
        "asset": str,
        "copy": str,
        "to": str,
        "reached_time": MOMENT,
        "plain_bytes": int,
        "seconds": NUMBER,
        "next_steps": [str],
        "warnings": [str],
    },
    "prune": {
        "dry_run": bool,
        "assets": [
            {
                "asset": str,
                "frozen": [str],
                "held_back": int,
                "decisions": [{"copy": str, "keep": bool, "reasons": [str]}],
                "litter": [{"folder": str, "bytes": int, "why": str}],
                "log": [
                    {
                        "lineage": str,
                        "since": (MOMENT, NOTHING),
                        "objects": int,
                        "going": int,
                        "going_bytes": int,
                        "reasons": [str],
                    }
                ],
            }
        ],
    },
    "status": {
        "at": MOMENT,
        "hosts": [
            {"host": str, "verdict": str, "confirmed": bool, "because": [str], "seen_at": (MOMENT, NOTHING)},
        ],
        "assets": [
            {
                "asset": str,
                "kind": str,
                "host": (str, NOTHING),
                "loss": {"seconds": (*NUMBER, NOTHING), "everything": bool, "bytes_at_risk": (int, NOTHING)},
                "last_copy": (NOTHING, {"id": str, "at": MOMENT, "proof": PROOF, "lineage": str}),
                "window": (NOTHING, WINDOW),
                "last_drill": (NOTHING, {"at": MOMENT, "ok": bool, "rto_seconds": (*NUMBER, NOTHING)}),
                "alarms": [str],
            }
        ],
        "unguarded": [{"kind": str, "name": str, "host": str, "bytes": (int, NOTHING)}],
        "blind": [{"what": str, "from": MOMENT, "to": MOMENT}],
        "incidents": [INCIDENT],
    },
    "diagnose": {
        **JUDGED,
        "at": (MOMENT, NOTHING),
        "timeline": [{"at": MOMENT, "what": str, "count": int, "until": MOMENT, "observation": OBSERVATION}],
        "contradictions": [{"claim": str, "evidence": [OBSERVATION], "why": str}],
        "hypotheses": [
            {
                "host": str,
                "name": str,
                "for": [OBSERVATION],
                "against": [OBSERVATION],
                "missing": [str],
                "next_probe": str,
            }
        ],
    },
    "ack": {
        "acknowledged": [INCIDENT],
        "settled": [
            {
                "subject": str,
                "service": str,
                "rule": str,
                "fingerprint": str,
                "how": Text("rotated|harmless"),
                "by": str,
                "at": MOMENT,
            }
        ],
    },
    "incident list": {"incidents": [INCIDENT]},
    "incident show": INCIDENT
    | {
        "messages": [
            {
                "channel": str,
                "at": MOMENT,
                "state": Text("queued|sent|failed"),
                "ended_at": (MOMENT, NOTHING),
                "why": (str, NOTHING),
                "title": str,
                "kinds": [str],
            }
        ]
    },
    "alerts list": {
        "heartbeat": bool,
        "channels": [
            {
                "channel": str,
                "step": int,
                "least": str,
                "reaches": (bool, NOTHING),
                "why": (str, NOTHING),
                "last_delivered_at": (MOMENT, NOTHING),
                "last_acknowledged_at": (MOMENT, NOTHING),
            }
        ],
    },
    "alerts test": {
        "delivered": [{"channel": str}],
        "failed": [{"channel": str, "error": str, "cure": str, "exit_code": int}],
    },
    "scan": {
        "findings": [
            {
                "file": str,
                "rule": str,
                "severity": Text("info|low|high|critical"),
                "line": int,
                "column": int,
                "count": int,
                "fingerprint": Text("[0-9a-f]{16}|others"),
                "explanation": str,
                "action": str,
            }
        ],
        "bytes": int,
        "seconds": NUMBER,
        "verdict": (NOTHING, Text("possible compromise")),
        "rotate": [{"name": str, "what": str, "how": str}],
        "failed": [{"file": str, "error": str, "cure": str, "exit_code": int}],
    },
    "demo": {
        "ok": bool,
        "rows_acknowledged": int,
        "rows_restored": int,
        "rows_lost": int,
        "loss_seconds": NUMBER,
        "loss_shown_seconds": NUMBER,
        "rto_seconds": NUMBER,
        "plain_bytes": int,
        "stored_bytes": int,
        "steps": [{"name": str, "ok": bool, "seconds": NUMBER, "detail": str}],
    },
    "keys show": {"recipients": [str], "private": [{"path": str, "public": str, "is_drill": bool}], "risks": [str]},
    "keys init": {"recipients": [str], "recovery_identity": str, "drill_identity": str},
    "keys test": {"ok": bool, "at": MOMENT, "keys": [str], "is_recovery_key": bool, "tried": [{"ok": bool}]},
    "vault check": {
        "vault": str,
        "at": MOMENT,
        "state": Text("ok|bad|unknown"),
        "findings": [{"name": str, "state": Text("ok|bad|unknown"), "sentence": str, "cure": str}],
    },
}


def differences(value: Any, shape: Any, where: str = "$") -> list[str]:
    """Where the value is not of that shape; none when it is."""
    if isinstance(shape, tuple):
        return [] if any(not differences(value, one, where) for one in shape) else [f"{where}: {value!r}"]
    if isinstance(shape, Text):
        fits = isinstance(value, str) and re.fullmatch(shape.form, value)
        return [] if fits else [f"{where}: {value!r} is not {shape.form}"]
    if isinstance(shape, list):
        if not isinstance(value, list):
            return [f"{where}: {value!r} is no list"]
        return [found for number, one in enumerate(value) for found in differences(one, shape[0], f"{where}[{number}]")]
    if isinstance(shape, dict):
        return _keys(value, shape, where)
    return [] if type(value) is shape else [f"{where}: {value!r} is no {shape.__name__}"]


def _keys(value: Any, shape: dict[str, Any], where: str) -> list[str]:
    if not isinstance(value, dict):
        return [f"{where}: {value!r} is no object"]
    missing = [f"{where}.{key} is missing" for key in shape if key not in value]
    there = [found for key in shape if key in value for found in differences(value[key], shape[key], f"{where}.{key}")]
    return missing + there
