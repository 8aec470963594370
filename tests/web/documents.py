"""Documents as `status --json` and `copies --json` give them, for the page's tests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

NOW = datetime(2026, 2, 7, 3, 0, tzinfo=UTC)
WINDOW = {"from": NOW - timedelta(hours=2), "to": NOW, "base": "c1", "gap": None}


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
    """Two, one of them broken."""
    one = {"id": "c1", "data_until": NOW, "stored_bytes": 1500, "proof": "restored", "broken": None}
    return {
        "copies": [one, one | {"id": "c2", "broken": "its parent is missing"}],
        "windows": [WINDOW],
        "unreadable": [],
        "drills": drills(),
    }


def known() -> dict[str, Any]:
    seen = {"fact": "ssh.host_key", "subject": "203.0.113.9", "channel": "outside", "value": "SHA256:x"}
    return {
        "judged": {"for": [seen, seen], "against": [], "missing": ["provider"], "advice": [], "forbidden": ["rebuild"]},
        "changes": [{"since": NOW - timedelta(days=3), "judged_at": NOW, "verdict": "same_machine_ok"}],
        "blind": [],
        "enrolments": [{"at": NOW, "how": "init", "by": "me@home", "facts": {"ssh.host_key": "SHA256:x"}}],
        "addresses": [{"address": "203.0.113.9", "told_by": "outlive.toml", "last_at": NOW}],
    }


def drills() -> list[dict[str, Any]]:
    """Oldest first: green, red, green."""
    one = {"at": NOW - timedelta(days=2), "ok": True, "copy": "c1", "rto_seconds": 40.0, "said": ""}
    red = {"at": NOW - timedelta(days=1), "ok": False, "rto_seconds": None, "said": "rows: 3 are missing"}
    return [one, one | red, one | {"at": NOW, "rto_seconds": 41.0}]


def hours(check: str = "https://shop.example.com/", count: int = 48) -> list[dict[str, Any]]:
    """Of one check, an hour each, oldest first; the last but one was bad."""
    found = []
    for back in reversed(range(count)):
        failed = 3 if back == 1 else 0
        found.append(
            {
                "check": check,
                "at": NOW - timedelta(hours=back),
                "looks": 60,
                "failed": failed,
                "mean_seconds": 0.1 + 0.01 * (back % 7),
                "most_seconds": 0.4,
                "why": "connect_timeout" if failed else "",
            }
        )
    return found


def incident(number: int = 7, **changes: Any) -> dict[str, Any]:
    """Open, not seen to, told once."""
    began = NOW - timedelta(minutes=20)
    return {
        "id": number,
        "cause": "host:web-1",
        "name": "unreachable_unproven",
        "host": "web-1",
        "urgency": "high",
        "what": "web-1: unreachable",
        "confirmed": True,
        "since": began,
        "opened_at": began + timedelta(seconds=30),
        "ended_at": None,
        "times": 1,
        "symptoms": ["https://shop.example.com/ does not answer"],
        "safe": ["look at the provider's console"],
        "forbidden": ["do not rebuild it"],
        "told": {"phone": NOW},
        "acknowledged_at": None,
        "acknowledged_by": None,
        "messages": [
            {
                "channel": "phone",
                "at": NOW,
                "state": "sent",
                "ended_at": NOW,
                "why": None,
                "title": "t",
                "kinds": ["opened"],
            }
        ],
        "notes": [{"at": NOW, "by": "me@home", "text": "I think the disk is full."}],
        **changes,
    }


def vault() -> dict[str, Any]:
    one = {"asset": "shop-db", "copies": 2, "stored_bytes": 3000, "oldest": NOW - timedelta(days=3), "newest": NOW}
    return {
        "url": "s3://copies/shop",
        "lock_days": 30,
        "lock_mode": "COMPLIANCE",
        "recipients": ["age1..."],
        "key_drill": None,
        "mirror": None,
        "assets": [one],
    }


def recovery(**changes: Any) -> dict[str, Any]:
    """A rehearsal at its second step."""
    entry = {"at": NOW - timedelta(minutes=3), "step": "", "what": "begun", "by": "me@home", "said": ""}
    make = entry | {"step": "make a machine", "at": NOW - timedelta(minutes=2)}
    return {
        "id": "rehearse-1",
        "title": "web-1 on a scratch machine",
        "host": "web-1",
        "rehearsal": True,
        "began_at": NOW - timedelta(minutes=3),
        "by": "me@home",
        "to": None,
        "steps": ["make a machine", "restore shop-db", "look"],
        "entries": [
            entry,
            make | {"what": "doing"},
            make | {"what": "done", "at": NOW - timedelta(minutes=1), "said": "a machine at 203.0.113.10"},
            make | {"what": "doing", "step": "restore shop-db", "at": NOW - timedelta(seconds=30)},
        ],
        **changes,
    }


def check(name: str = "https://shop.example.com/", **changes: Any) -> dict[str, Any]:
    """It answers."""
    return hours(name, 1)[0] | {"all_looks": 2880, "all_failed": 3} | changes


def seen() -> list[dict[str, Any]]:
    one = {"address": "203.0.113.9", "fact": "ssh.host_key", "value": "SHA256:x", "from": NOW, "to": NOW}
    return [one, one | {"fact": "guest.boot_id", "value": "b1"}]
