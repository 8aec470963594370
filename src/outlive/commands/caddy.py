"""Which sites a Caddyfile serves. Only the lines that name them leave the host: the rest may hold secrets."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

DEFAULT = "/etc/caddy/Caddyfile"
# The first line of a site's block begins at the left; (snippets), @matchers and {$VARIABLES} name no site.
_SITES = r"""
for f; do sed -n 's/^\([A-Za-z0-9*][A-Za-z0-9*.:,/ _-]*[A-Za-z0-9*/]\)[[:space:]]*{[[:space:]]*$/\1/p' "$f" 2>/dev/null; done
true
"""
_NAME = re.compile(r"(?:[a-z0-9_-]+\.)+[a-z0-9-]+", re.IGNORECASE)


def sites(paths: Sequence[str]) -> tuple[str, ...]:
    return ("sh", "-c", _SITES, "sh", *paths)


def read_sites(text: str) -> tuple[str, ...]:
    """The URLs of the sites that have a name, each once: `https://shop.example.com/`."""
    return tuple(dict.fromkeys(_urls(text)))


def _urls(text: str) -> Iterator[str]:
    for address in re.split(r"[\s,]+", text):
        scheme, _, rest = address.rpartition("://")
        name, _, port = rest.partition("/")[0].partition(":")
        if not _NAME.fullmatch(name) or name.replace(".", "").isdigit() or (port and not port.isdigit()):
            continue
        plain = scheme == "http" or (not scheme and port == "80")
        usual = "" if port in ("", "80" if plain else "443") else f":{port}"
        yield f"{'http' if plain else 'https'}://{name.lower()}{usual}/"
