"""Finds, reads and checks an `outlive.toml`."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from outlive.config import checks, words
from outlive.config.errors import Problem, as_error
from outlive.config.lines import locate
from outlive.config.schema import Document, KeeperSettings, KeySettings, RehearsalSettings, Settings, VaultSettings
from outlive.config.schema_people import PageSettings
from outlive.config.schema_watch import ProviderSettings, WatchSettings
from outlive.errors import ConfigError
from outlive.model.host import Host

NAME = "outlive.toml"
REFERENCE = Path(__file__).with_name("reference.toml")

_document = TypeAdapter(Document)


def places() -> tuple[Path, ...]:
    """Where the file is looked for, in this order, when no path is given."""
    return Path(NAME), Path.home() / ".config/outlive" / NAME, Path("/etc/outlive") / NAME


def load(path: Path | None = None) -> Settings:
    """The settings of the file at `path`, or of the first one found. Raises `ConfigError` with all that is wrong."""
    return parse(_read(path := path or _find()), path)


def parse(text: str, path: Path) -> Settings:
    """The settings in `text`, as if read from `path`; nothing on disk is looked at."""
    document = _validated(_toml(text, path), text, path)
    _stop_at(checks.problems(document), text, path)
    return _absolute(document, path.absolute())


def _find() -> Path:
    looked = places()
    for path in looked:
        if path.is_file():
            return path
    raise ConfigError(
        f"There is none; looked for {', '.join(map(str, looked))}.",
        hint="Make one with `outlive init ssh://user@host`, or name one with --config PATH.",
    )


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except FileNotFoundError as error:
        hint = "Check --config, or make one with `outlive init ssh://user@host`."
        raise ConfigError(f"{path} is not there.", hint=hint) from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is not UTF-8 text.", hint="Save it as UTF-8.") from error
    except OSError as error:
        hint = "Check its permissions, and that it is a file."
        raise ConfigError(f"{path} cannot be read: {error.strerror}.", hint=hint) from error


def _toml(text: str, path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        what, _, at = str(error).partition(" (at ")
        line = re.match(r"line (\d+)", at)
        number = int(line[1]) if line else text.count("\n") + 1
        cure = "It is no valid TOML there: look for a missing quote, bracket or '='."
        raise as_error(path, [Problem((), f"{what[:1].lower()}{what[1:]}.", cure, number)]) from error


def _validated(tables: dict[str, Any], text: str, path: Path) -> Document:
    """Through JSON, whose strict mode knows lists and paths but turns no text into a number."""
    try:
        return _document.validate_json(json.dumps(tables, default=_as_text), strict=True)
    except ValidationError as error:
        found = [words.problem(detail) for detail in error.errors()]
    _stop_at(found, text, path)
    raise AssertionError("pydantic refused without a reason")


def _as_text(value: object) -> str:
    if isinstance(value, date | datetime | time):
        return value.isoformat()
    raise TypeError(f"TOML has no {type(value).__name__}")


def _stop_at(found: Sequence[Problem], text: str, path: Path) -> None:
    if found:
        raise as_error(path, [replace(problem, line=locate(text, problem.where)) for problem in found])


def _absolute(document: Document, path: Path) -> Settings:
    base = path.parent
    return Settings(
        path=path,
        base=base,
        vault=_vault(document.vault, base),
        keys=_keys(document.keys, base),
        retention=document.retention,
        keeper=_keeper(document.keeper, base),
        schedule=document.schedule,
        hosts=tuple(_host(host, base) for host in document.hosts),
        assets=document.assets,
        unguarded=document.unguarded,
        mirror=None if document.mirror is None else _vault(document.mirror, base),
        watch=_watch(document.watch, base),
        alerts=document.alerts,
        providers=tuple(_provider(one, base) for one in document.providers),
        tofu=tuple(replace(one, folder=_from(base, one.folder)) for one in document.tofu),
        loki=document.loki,
        crons=document.crons,
        rehearsals=tuple(_rehearsal(one, base) for one in document.rehearsals),
        page=_page(document.page, base),
    )


def _vault(vault: VaultSettings, base: Path) -> VaultSettings:
    if vault.is_s3 or vault.url.startswith("file:///"):
        return vault
    return replace(vault, url=f"file://{_from(base, vault.url.removeprefix('file:'))}")


def _keys(keys: KeySettings, base: Path) -> KeySettings:
    return keys if keys.drill_identity is None else replace(keys, drill_identity=_from(base, keys.drill_identity))


def _keeper(keeper: KeeperSettings, base: Path) -> KeeperSettings:
    return replace(keeper, state=_from(base, keeper.state), known_hosts=_from(base, keeper.known_hosts))


def _watch(watch: WatchSettings, base: Path) -> WatchSettings:
    return watch if watch.ca_file is None else replace(watch, ca_file=_from(base, watch.ca_file))


def _provider(one: ProviderSettings, base: Path) -> ProviderSettings:
    return one if one.file is None else replace(one, file=_from(base, one.file))


def _rehearsal(one: RehearsalSettings, base: Path) -> RehearsalSettings:
    """A runbook of one's own is a file."""
    return replace(one, runbook=str(_from(base, one.runbook))) if one.runbook.endswith(".toml") else one


def _page(page: PageSettings, base: Path) -> PageSettings:
    files = {"tls_certificate": page.tls_certificate, "tls_key": page.tls_key}
    absolute: dict[str, Any] = {name: _from(base, file) for name, file in files.items() if file is not None}
    return replace(page, **absolute)


def _host(host: Host, base: Path) -> Host:
    files = {"ssh_config": host.ssh_config, "identity_file": host.identity_file, "tofu_state": host.tofu_state}
    absolute: dict[str, Any] = {name: str(_from(base, file)) for name, file in files.items() if file is not None}
    return replace(host, **absolute)


def _from(base: Path, path: str | Path) -> Path:
    return base / Path(path).expanduser()
