"""Documents as `status --json` and `copies --json` give them, for the page's tests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

NOW = datetime(2026, 2, 7, 3, 0, tzinfo=UTC)


def status(**changes: Any) -> dict[str, Any]:
    """One host and one asset, all well."""
    return {
        "at": NOW,
        "hosts": [host()],
        "assets": [asset()],
        "unguarded": [],
        "blind": [],
        "mirror": None,
        "risks": [],
        "notes": [],
        **changes,
    }


def host(**changes: Any) -> dict[str, Any]:
    seen = NOW - timedelta(seconds=12)
    well = {"host": "web-1", "verdict": "same_machine_ok", "confirmed": True, "because": ["it is"], "seen_at": seen}
    return well | changes


def asset(**changes: Any) -> dict[str, Any]:
    return {
        "asset": "shop-db",
        "kind": "postgres",
        "host": "web-1",
        "loss": {"seconds": 2.1, "everything": False, "bytes_at_risk": 10},
        "last_copy": {"id": "c1", "at": NOW - timedelta(hours=2), "proof": "restored", "lineage": "pg-1"},
        "window": {"from": NOW - timedelta(hours=2), "to": NOW, "base": "c1", "gap": None},
        "last_drill": {"at": NOW - timedelta(hours=1), "ok": True, "rto_seconds": 41.0},
        "rto": {"seconds": 41.0, "usual_seconds": 40.0},
        "alarms": [],
        "risks": [],
        "notes": [],
        **changes,
    }


def copies() -> dict[str, Any]:
    one = {"id": "c1", "data_until": NOW, "stored_bytes": 1500, "proof": "restored", "broken": None}
    return {"copies": [one, one | {"id": "c2", "broken": "its parent is missing"}], "windows": [], "unreadable": []}


def known() -> dict[str, Any]:
    seen = {"fact": "ssh.host_key", "subject": "203.0.113.9", "channel": "outside", "value": "SHA256:x"}
    return {
        "judged": {"for": [seen, seen], "against": [], "missing": ["provider"], "advice": [], "forbidden": ["rebuild"]},
        "changes": [{"since": NOW, "verdict": "same_machine_ok"}],
        "enrolments": [{"at": NOW, "how": "init", "by": "me@home"}],
        "addresses": [{"address": "203.0.113.9", "told_by": "outlive.toml", "last_at": NOW}],
    }
