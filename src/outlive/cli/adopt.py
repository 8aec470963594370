"""`outlive adopt`: a keeper set up again from a vault alone, when the old one is gone too."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from outlive.backup.copies.keepsake import KNOWN_HOSTS
from outlive.cli.adopt_history import enrol
from outlive.cli.app import ConfigOption, JsonOption, Output, app
from outlive.cli.init_files import create
from outlive.cli.keys import given
from outlive.cli.words import moment
from outlive.clock import SystemClock
from outlive.config.load import NAME, parse
from outlive.config.schema import Settings
from outlive.errors import ConfigError, UsageError
from outlive.survey.adopt_config import Reached, set_up
from outlive.survey.adopt_needs import Need, needs
from outlive.survey.adopt_skeleton import skeleton
from outlive.survey.adopt_vault import Found, read_vault
from outlive.survey.write_toml import one_line
from outlive.vault.keys import write_private
from outlive.vault.open import open_vault

AT_RISK = 1
FOUND = "outlive.toml.found"  # the configuration that the vault remembers, where it cannot be used as it is


@dataclass(frozen=True, slots=True)
class _Set:
    """What is written: `text` and what it says; `found` is what the vault remembers where that could not be used, `why`."""

    text: str
    settings: Settings
    found: str = ""
    why: str = ""


@app.command()
def adopt(
    vault: Annotated[str, typer.Argument(help="The vault: file:///folder, a folder, or s3://bucket/prefix.")],
    identity: Annotated[str, typer.Option("--identity", help="File of the recovery key; else it is asked for.")] = "-",
    endpoint: Annotated[str, typer.Option(help="The S3 store's address, when it is not AWS.")] = "",
    region: Annotated[str, typer.Option(help="The S3 store's region.")] = "us-east-1",
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> int:
    """Rebuild outlive.toml, pinned host keys and enrolments from a vault and the recovery key, in an empty folder. The vault
    is only read; nothing here is overwritten. Exit 1 when the configuration is a guess to be completed."""
    path = (config or Path(NAME)).absolute()
    _refuse_to_overwrite(path)
    reached = _reached(vault, endpoint, region)
    opened = open_vault(reached.url, clock=SystemClock(), endpoint=reached.endpoint, region=reached.region or None)
    found = read_vault(opened, given(identity))
    made = _set(found, path, reached)
    unpinned = _write(made, found)
    enrolled = [] if made.found else enrol(made.settings, found, SystemClock())
    wanted = [one for one in needs(made.settings) if one.kind == "program" or not _is_there(one)]
    output = Output(as_json)
    output.document(_document(made, found, wanted, enrolled))
    _tell(made, found, wanted, [*found.warnings, *unpinned], output, identity)
    return AT_RISK if made.found or not found.files or found.warnings else 0


def _refuse_to_overwrite(path: Path) -> None:
    names = (path.name, KNOWN_HOSTS, FOUND, "state")
    there = [name for name in names if (path.parent / name).exists() or (path.parent / name).is_symlink()]
    if there:
        raise UsageError(
            f"{path.parent} is not empty: {', '.join(there)} is there, and was left as it is.",
            hint="Go to an empty folder, or name a file in one: --config NEW/outlive.toml.",
        )


def _reached(vault: str, endpoint: str, region: str) -> Reached:
    if vault.startswith("s3://"):
        return Reached(vault.rstrip("/"), endpoint or None, region)
    if endpoint:
        raise UsageError("--endpoint is for s3://bucket/prefix.")
    if "://" in vault and not vault.startswith("file://"):
        open_vault(vault, clock=SystemClock())  # says what is wrong with it
    folder = Path(os.path.normpath(Path(vault.removeprefix("file://")).absolute()))
    if not folder.is_dir():
        hint = "Is the disk mounted? The recovery kit says where the vault is."
        raise UsageError(f"There is no folder {folder}.", hint=hint)
    return Reached(f"file://{folder}")


def _set(found: Found, path: Path, reached: Reached) -> _Set:
    """What the vault remembers; a skeleton where it remembers nothing, or something that this version cannot read."""
    told = found.files.get(NAME, "")
    why = ""
    if told:
        try:
            return _Set(*set_up(told, path, reached))
        except ConfigError as error:
            why = str(error)
    text = skeleton(found, reached)
    return _Set(text, parse(text, path), told, why)


def _write(made: _Set, found: Found) -> list[str]:
    """The configuration last: without it nothing here is taken for a keeper's folder. Returns what could not be put where
    the configuration wants it."""
    path, base = made.settings.path, made.settings.base
    try:
        base.mkdir(parents=True, exist_ok=True)
        if pins := found.files.get(KNOWN_HOSTS):
            write_private(base / KNOWN_HOSTS, pins.encode())
        if made.found:
            write_private(base / FOUND, made.found.encode())
    except OSError as error:
        raise ConfigError(
            f"{error.filename} cannot be written: {error.strerror}.", hint="Name another folder."
        ) from error
    create(path, made.text)
    there = made.settings.keeper.known_hosts
    if pins and there != base / KNOWN_HOSTS:
        return [f"keeper.known_hosts is {there}: the pinned host keys were put into {base / KNOWN_HOSTS}; move them."]
    return []


def _is_there(need: Need) -> bool:
    return bool(os.environ.get(need.what)) if need.kind == "variable" else Path(need.what).exists()


def _document(made: _Set, found: Found, wanted: list[Need], enrolled: list[str]) -> dict[str, Any]:
    return {
        "config": str(made.settings.path),
        "from": "vault" if found.files and not made.found else "skeleton",
        "copy": found.told_by or None,
        "at": found.told_at,
        "assets": [
            {
                "asset": one.manifest.asset,
                "kind": one.manifest.kind,
                "host": one.manifest.host,
                "copies": one.copies,
                "newest": one.manifest.id,
                "data_until": one.manifest.data_until,
            }
            for one in found.assets
        ],
        "enrolled": enrolled,
        "missing": [_need(one) for one in wanted if one.kind != "program"],
        "runs": [_need(one) for one in wanted if one.kind == "program"],
        "notes": _notes(made.settings),
        "warnings": [*([made.why] if made.why else []), *found.warnings],
    }


def _counted(copies: int) -> str:
    return "one copy, it" if copies == 1 else f"{copies} copies, the newest"


def _notes(settings: Settings) -> list[str]:
    """What was true on the keeper's machine and is not here."""
    local = [host.name for host in settings.hosts if host.is_local]
    return [f"host {name} was the keeper's own machine ('local'), and would be this one now" for name in local]


def _need(one: Need) -> dict[str, str]:
    return {"kind": one.kind, "what": one.what, "wanted_by": one.wanted_by}


def _tell(made: _Set, found: Found, wanted: list[Need], warnings: list[str], output: Output, identity: str) -> None:
    say = output.console.print
    for one in found.assets:
        until = moment(one.manifest.data_until)
        say(f"{one.manifest.asset}: {_counted(one.copies)} has everything until {until}")
    if found.files and not made.found and found.told_at:
        say(f"\nWritten: {made.settings.path}, as copy {found.told_by} of {moment(found.told_at)} remembers it")
        say("  Read it before you go on: whoever may write to the vault may have written it.")
    else:
        why = (
            f"what the vault remembers ({FOUND}) cannot be used: {made.why}" if made.found else "no copy remembers one"
        )
        say(f"\nWritten: {made.settings.path}, a skeleton to be completed; {why}")
    for need in wanted:
        word = "it will run" if need.kind == "program" else f"missing: the {need.kind}"
        say(one_line(f"  {word} {need.what} ({need.wanted_by})"))
    for note in _notes(made.settings):
        say(one_line(f"  note: {note}"))
    for warning in warnings:
        say(f"  AT RISK: {warning}")
    option = "" if made.settings.path == Path.cwd() / NAME else f" --config {made.settings.path}"
    key = "FILE-OF-THE-KEY" if identity == "-" else identity
    first = found.assets[0].manifest.asset
    say(f"\nNext:\n  outlive copies{option}\n  outlive status{option}")
    say(f"  outlive restore {first} --to NEW-FOLDER --identity {key}{option}")
