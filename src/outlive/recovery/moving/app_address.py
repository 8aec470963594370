"""The connection string of an app, led to another server: user, password and all else stay. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit

PORT = 5432
_LIBPQ = ("postgres", "postgresql")  # who says sslmode; drivers named after a plus have words of their own


def host_and_database(url: str) -> tuple[str, int, str]:
    """Where a URL leads. Raises ValueError, which does not show it, when it is no `postgresql://` URL."""
    parts = urlsplit(url)
    if parts.scheme.partition("+")[0] not in _LIBPQ or not parts.hostname:
        raise ValueError("it is no postgresql:// address")
    return parts.hostname, parts.port or PORT, unquote(parts.path.removeprefix("/")) or unquote(parts.username or "")


def led_to(url: str, host: str, port: int, databases: Mapping[str, str], sslmode: str | None) -> str:
    """`databases`: what each is called there. Raises ValueError when its database is none of them."""
    _, _, database = host_and_database(url)
    if database not in databases:
        raise ValueError(f"its database {database} is none of those that move")
    parts = urlsplit(url)
    login, at, _ = parts.netloc.rpartition("@")
    where = f"[{host}]" if ":" in host else host
    words = dict(parse_qsl(parts.query, keep_blank_values=True))
    if sslmode and parts.scheme in _LIBPQ:
        words["sslmode"] = sslmode
    path = f"/{quote(databases[database], safe='')}"
    return urlunsplit((parts.scheme, f"{login}{at}{where}:{port}", path, urlencode(words, quote_via=quote), ""))
