"""The configuration of a keeper that is gone, set up again for where the person is now. PURE.

What the vault remembers is left as it was, comments too, but for the vault's own table: it names the place and the login
under which the vault was reached just now. Lines that no longer hold are kept as comments.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from outlive.config.errors import Where
from outlive.config.lines import places
from outlive.config.load import parse
from outlive.config.schema import Settings, VaultSettings
from outlive.errors import ConfigError
from outlive.survey.write_toml import quoted

_PLACE = ("url", "endpoint", "region", "access_key", "secret_key")
_BUCKETS = ("lock_days", "lock_mode", "path_style")  # mean nothing for a folder


@dataclass(frozen=True, slots=True)
class Reached:
    """How the vault was reached: as `[vault]` says it. Without a login of its own the client looks for one itself."""

    url: str
    endpoint: str | None = None
    region: str = ""

    def is_at(self, vault: VaultSettings | None) -> bool:
        """Whether that table names the same place."""
        return vault is not None and (_plain(vault.url), vault.endpoint) == (_plain(self.url), self.endpoint)

    @property
    def lines(self) -> tuple[str, ...]:
        said = {"url": self.url, "endpoint": self.endpoint, "region": self.region or None}
        return tuple(f"{key} = {quoted(value)}" for key, value in said.items() if value)


def set_up(text: str, path: Path, reached: Reached) -> tuple[str, Settings]:
    """The text for `path`, and what it says. Raises `ConfigError` when it cannot be read, or its `[vault]` not be
    rewritten: then nothing is lost, a person must do it."""
    text = _moved(text, reached)
    settings = parse(text, path)
    if not reached.is_at(settings.vault):
        raise ConfigError("its [vault] is written in a way that cannot be rewritten.", hint="Set `url` in it by hand.")
    return text, settings


def _moved(text: str, reached: Reached) -> str:
    """With `[vault]` at the place where it was reached. A mirror that is now the vault is no mirror any more."""
    lines = text.splitlines()
    keys = _PLACE if reached.url.startswith("s3://") else (*_PLACE, *_BUCKETS)
    drop = [number for key in keys for number in _lines(text, ("vault", key))]
    if _mirror_url(text, lines) == _plain(reached.url):
        drop += _lines(text, ("mirror",))
    for number in drop:
        lines[number - 1] = f"# {lines[number - 1]}" if lines[number - 1].strip() else ""
    if head := places(text).get(("vault",)):
        lines[head:head] = reached.lines
    return "\n".join(lines) + "\n"


def _lines(text: str, where: Where) -> list[int]:
    """The numbers of the lines that belong to a key or table: up to the next one, comments before that left out."""
    known = places(text)
    if where not in known:
        return []
    lines = text.splitlines()
    outside = [line for place, line in known.items() if place[: len(where)] != where and line > known[where]]
    last = min(outside, default=len(lines) + 1) - 1
    while last > known[where] and (not lines[last - 1].strip() or lines[last - 1].lstrip().startswith("#")):
        last -= 1
    return [number for number in range(known[where], last + 1) if not lines[number - 1].lstrip().startswith("#")]


def _mirror_url(text: str, lines: list[str]) -> str | None:
    number = places(text).get(("mirror", "url"))
    return _plain(lines[number - 1].partition("=")[2].partition("#")[0].strip().strip("\"'")) if number else None


def _plain(url: str) -> str:
    return url.removeprefix("file:").removeprefix("//").rstrip("/")
