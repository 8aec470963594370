"""From what pydantic found to what a person is told. PURE."""

from __future__ import annotations

from dataclasses import fields
from difflib import get_close_matches
from typing import Any, get_args

from pydantic_core import ErrorDetails

from outlive.config.errors import Problem, Where
from outlive.config.schema import (
    CronSettings,
    Document,
    KeeperSettings,
    KeySettings,
    RehearsalSettings,
    Retention,
    Schedule,
    Unguarded,
    VaultSettings,
)
from outlive.config.schema_people import AlertSettings, ChannelSettings, OidcPerson, OidcSettings
from outlive.config.schema_watch import LokiSettings, ProviderSettings, TofuSettings, WatchSettings
from outlive.model.asset import Asset, Hook, SecretRef, TemporalTls
from outlive.model.check import Check
from outlive.model.host import Host
from outlive.model.journal import Journal
from outlive.model.log_file import LogFile


def _kind(asset: type) -> str:
    return next(str(field.default) for field in fields(asset) if field.name == "kind")


KINDS: dict[str, type] = {_kind(asset): asset for asset in get_args(get_args(Asset)[0])}
TABLES: dict[str, type] = {
    "": Document,
    "vault": VaultSettings,
    "mirror": VaultSettings,
    "keys": KeySettings,
    "retention": Retention,
    "keeper": KeeperSettings,
    "schedule": Schedule,
    "database": SecretRef,
    "watch": WatchSettings,
    "alerts": AlertSettings,
    "channels": ChannelSettings,
    "url": SecretRef,
    "heartbeat": SecretRef,
    "providers": ProviderSettings,
    "tofu": TofuSettings,
    "loki": LokiSettings,
    "crons": CronSettings,
    "rehearsals": RehearsalSettings,
    "id": SecretRef,
    "oidc": OidcSettings,
    "people": OidcPerson,
    "client_secret": SecretRef,
    "token": SecretRef,
    "hosts": Host,
    "checks": Check,
    "log_files": LogFile,
    "journals": Journal,
    "unguarded": Unguarded,
    "around": Hook,
    "tls": TemporalTls,
    "key": SecretRef,
    "api_key": SecretRef,
    "access_key": SecretRef,
    "secret_key": SecretRef,
    "password": SecretRef,
    "dsn": SecretRef,
}
ALIKE = {"dataclass_exact_type": "dataclass_type", "model_type": "dataclass_type"}
SECRET_CURE = 'Say where it is: { env = "NAME" }, { file = "path" } or { command = ["program"] }.'
WANTED = {
    "string_type": "a text in quotes",
    "int_type": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "tuple_type": "a list in [ ]",
    "path_type": "a path in quotes",
    "dataclass_type": "a table",
}


def problem(error: ErrorDetails) -> Problem:
    """One complaint of pydantic's, in plain words."""
    where, kind = _place(error["loc"])
    name = str(where[-1]) if where else ""
    match ALIKE.get(error["type"], error["type"]):
        case "missing":
            return Problem(where, "it is missing.", _how_to_write(name))
        case "unexpected_keyword_argument":
            return Problem(where, "there is no such key here.", _nearest(name, _keys_beside(where, kind)))
        case "union_tag_invalid":
            given = error.get("ctx", {}).get("tag", "")
            cure = _nearest(str(given), list(KINDS), end=f"Kinds are: {', '.join(KINDS)}.")
            return Problem((*where, "kind"), f'"{given}" is no kind of asset.', cure)
        case "union_tag_not_found":
            return Problem((*where, "kind"), "it is missing.", f"Say what it is: {', '.join(KINDS)}.")
        case "literal_error":
            expected = error.get("ctx", {}).get("expected", "")
            return Problem(where, f"{_shown(error['input'])} is not possible here.", f"Write {expected}.")
        case "greater_than_equal" | "less_than_equal" | "greater_than" as bound:
            limit = next(iter(error.get("ctx", {}).values()), "?")
            word = {"greater_than_equal": "at least", "less_than_equal": "at most"}.get(bound, "more than")
            return Problem(where, f"{_shown(error['input'])} is not {word} {limit}.", f"Write {word} {limit}.")
        case "dataclass_type" if TABLES.get(name) is SecretRef:
            return Problem(where, "a secret has no place in this file.", f"{SECRET_CURE} If it is one, change it.")
        case wanted if wanted in WANTED:
            return Problem(where, f"{_shown(error['input'])} is not {WANTED[wanted]}.", f"Write {WANTED[wanted]}.")
        case _:
            what = error["msg"][:1].lower() + error["msg"][1:]
            return Problem(where, f"{what}.", "Change the value so.")


def _place(loc: Where) -> tuple[Where, str]:
    """The place in the document, and the kind of asset where pydantic has put one into the path."""
    if len(loc) > 2 and loc[0] == "assets" and loc[2] in KINDS:
        return (*loc[:2], *loc[3:]), str(loc[2])
    return tuple(loc), ""


def _keys_beside(where: Where, kind: str) -> list[str]:
    above = [step for step in where[:-1] if isinstance(step, str)]
    table = above[-1] if above else ""
    owner = KINDS[kind] if table == "assets" else TABLES.get(table, Document)
    return [field.name for field in fields(owner)]


def _nearest(name: str, known: list[str], end: str = "") -> str:
    end = end or f"Keys here are: {', '.join(known)}."
    close = get_close_matches(name, known, 1)
    return f'Perhaps "{close[0]}"? {end}' if close else end


def _how_to_write(name: str) -> str:
    if name in TABLES:
        return f"Add a [{name}] table; docs/reference/configuration.md shows it."
    return f"Add {name} = ... to this table; docs/reference/configuration.md shows it."


def _shown(value: Any) -> str:
    """A wrong value as it was written. A table is not shown: somebody may have put a secret there."""
    match value:
        case bool():
            return str(value).lower()
        case str():
            return f'"{value}"' if len(value) <= 40 else "this text"
        case int() | float():
            return str(value)
        case list():
            return "a list"
        case _:
            return "a table"
