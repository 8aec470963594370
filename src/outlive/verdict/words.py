"""An observation, a time and a span in words. Pure."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from outlive.model.observation import Observation
from outlive.verdict.evidence import field, number, part, text


def clock(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M}Z"


def span(length: timedelta) -> str:
    """`40 s`, `12 min`, `22 h`, `3 d`: rounded down."""
    seconds = max(0.0, length.total_seconds())
    for unit, size, limit in (("s", 1, 120), ("min", 60, 7200), ("h", 3600, 172800)):
        if seconds < limit:
            return f"{seconds // size:.0f} {unit}"
    return f"{seconds // 86400:.0f} d"


def sentence(one: Observation) -> str:
    """What was seen, in one line without its time."""
    if one.error is not None and one.fact != "http.response":
        return f"{_named(one)} of {one.subject}: no answer ({one.error})"
    teller = _TELLERS.get(one.fact)
    told = teller(one) if teller else None
    return told or f"{_named(one)} of {one.subject}: {_brief(one.value)}"


def _named(one: Observation) -> str:
    which = part(one)
    return one.fact if which in ("", one.subject) or one.fact == "http.response" else f"{one.fact} {which}"


def _brief(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {_brief(inner)}" for key, inner in value.items() if inner not in (None, "", [], {}))
    if isinstance(value, list):
        return ", ".join(map(_brief, value)) or "none"
    return text(value)


def _page(one: Observation) -> str:
    url = field(one, "url") or one.subject
    at = field(one, "remote_address")
    where = f" (by {at})" if at else ""
    if one.error is not None:
        return f"{url}: {one.error}{where}"
    certificate = field(one, "tls_valid")
    tls = " over a valid certificate" if certificate is True else ""
    tls = " over a certificate that is not valid" if certificate is False else tls
    return f"{url} answered {field(one, 'status')}{tls}{where}"


def _leaf(one: Observation) -> str:
    names = ", ".join(map(text, field(one, "names") or ())) if isinstance(field(one, "names"), list) else ""
    valid = "valid" if field(one, "valid") is True else "not valid"
    return f"certificate of {one.subject}: {valid} {names}, not before {field(one, 'not_before')}".replace("  ", " ")


def _login(one: Observation) -> str:
    words = {"accepted": "accepted our key", "rejected": "rejected our key", "password_prompt": "asks for a password"}
    return f"{one.subject} {words.get(text(one.value), text(one.value))}"


def _server(one: Observation) -> str:
    keys = ("id", "hostname", "state", "power", "addresses", "created_at")
    return f"the provider on {one.subject}: {_brief({key: field(one, key) for key in keys})}"


def _claim(one: Observation) -> str:
    return f'claimed: "{field(one, "text") or field(one, "verdict") or text(one.value)}"'


def _action(one: Observation) -> str:
    return f"done: {field(one, 'what') or text(one.value)} {_brief(field(one, 'detail') or {})}".strip()


def _signature(one: Observation) -> str:
    detail, times = field(one, "detail"), number(field(one, "count")) or 1
    said = f" ({_brief(detail)})" if detail else ""
    many = f", {times:.0f} times" if times > 1 else ""
    return f"{field(one, 'service')} logged {field(one, 'signature')}{said}{many}"


def _boot(one: Observation) -> str:
    return f"{one.subject} was booted at {text(one.value)}"


def _plan(one: Observation) -> str:
    code, drift = field(one, "exit_code"), field(one, "resource_drift")
    outcome = {0: "no changes", 1: "failed", 2: "changes"}.get(code) if isinstance(code, int) else None
    kind = "refresh-only plan" if field(one, "refresh_only") else "plan"
    return f"OpenTofu's {kind} of {one.subject}: {outcome or text(code)}" + (
        f", drift {_brief(drift)}" if drift else ""
    )


def _log(one: Observation) -> str:
    return f"newest line of {field(one, 'service')} on {field(one, 'stream')}"


def _answers(one: Observation) -> str:
    return f"{one.subject} leads to {_brief(one.value)}"


_TELLERS: dict[str, Callable[[Observation], str]] = {
    "http.response": _page,
    "tls.leaf": _leaf,
    "ssh.login": _login,
    "provider.server": _server,
    "claim": _claim,
    "action": _action,
    "log.seen": _log,
    "log.signature": _signature,
    "guest.boot_time": _boot,
    "tofu.plan": _plan,
    "dns.addresses": _answers,
}
