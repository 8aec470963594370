"""`outlive keys`: making keys, saying where they lie, the printed kit, and the key drill."""

from __future__ import annotations

import sys
from pathlib import Path
from socket import gethostname
from typing import Annotated, Any

import typer

from outlive import wiring
from outlive.backup.drill.key_drill import KeyDrill, key_drill, last_key_drill
from outlive.backup.recovery_kit import Kit, Place, render
from outlive.cli.app import ConfigOption, JsonOption, Output, app
from outlive.cli.words import moment
from outlive.clock import Clock, SystemClock
from outlive.config.load import load
from outlive.config.schema import Settings
from outlive.errors import KeysError, OutliveError, WrongKey
from outlive.vault.encryption import Identity, parse_identities, read_identities
from outlive.vault.keys import (
    RECOVERY,
    FoundKey,
    create_keys,
    find_private_keys,
    public_keys,
    secret_text,
    write_private,
)

AT_RISK = 1

keys = typer.Typer(no_args_is_help=True, help="Encryption recipients; the printable kit; the key drill.")
app.add_typer(keys, name="keys")


@keys.command("init")
def init(
    folder: Annotated[Path, typer.Option(help="Where the keys go; made when it is not there.")] = Path("keys"),
    as_json: JsonOption = False,
) -> int:
    """Make the recovery key and the drill key."""
    made = create_keys(folder, SystemClock().now())
    output = Output(as_json)
    names = {"recovery_identity": str(made.recovery_identity), "drill_identity": str(made.drill_identity)}
    output.document({"recipients": list(made.recipients), **names})
    lines = "\n".join(f'  "{recipient}",' for recipient in made.recipients)
    if not as_json:
        output.console.print(
            f"Two keys were made. In outlive.toml:\n\n[keys]\nrecipients = [\n{lines}\n]\n"
            f'drill_identity = "{made.drill_identity}"\n\n'
            f"The recovery key is {made.recovery_identity}. Now: `outlive keys recovery-kit`, print the page, put it in two "
            "places, delete the page and the file. A key that dies with the server opens nothing.",
            markup=False,
        )
    return 0


@keys.command("show")
def show(config: ConfigOption = None, as_json: JsonOption = False) -> int:
    """Show the public keys and where each private key lies. Exit code 1 when something is at risk."""
    settings, output = load(config), Output(as_json)
    found = _private_keys(settings)
    risks = _risks(settings, found)
    drilled, unknown = _last_drill(settings)
    output.document(
        {
            "recipients": list(settings.keys.recipients),
            "private": [
                {"path": str(key.path), "public": key.public, "is_drill": _is_drill(settings, key)} for key in found
            ],
            "last_key_drill": drilled,
            "risks": risks,
        }
    )
    if not as_json:
        for recipient in settings.keys.recipients:
            places = [
                f"{key.path}{' (drill key)' * _is_drill(settings, key)}" for key in found if key.public == recipient
            ]
            output.console.print(
                f"{recipient}\n  private key: {', '.join(places) or 'not on this machine'}", markup=False
            )
        output.console.print(f"last key drill: {drilled or unknown}", markup=False)
        for risk in risks:
            output.console.print(f"AT RISK: {risk}", markup=False)
    return AT_RISK if risks else 0


@keys.command("recovery-kit")
def recovery_kit(
    out: Annotated[Path, typer.Option(help="The page to write; it must not exist yet.")] = Path("kit.html"),
    identity: Annotated[Path | None, typer.Option(help="The recovery key's file, when it lies elsewhere.")] = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> int:
    """Write the page to print: the recovery key as text and QR code, and how to restore with it."""
    settings, clock = load(config), SystemClock()
    path = identity or _recovery_file(settings)
    secret, public = secret_text(path)
    if public not in settings.keys.recipients:
        raise KeysError(
            f"{path} holds {public}, to which copies are not encrypted.", hint="Give the right --identity FILE."
        )
    assets = tuple(
        f"{asset.name} ({asset.kind}{f' of {asset.host}' if asset.host else ''})" for asset in settings.assets
    )
    page = render(
        Kit(secret, public, settings.keys.recipients, _places(settings, clock), gethostname(), assets, clock.now())
    )
    try:
        write_private(out, page.encode())
    except FileExistsError as error:
        raise KeysError(
            f"{out} exists and was left as it is.", hint="Delete it, or name another file: --out."
        ) from error
    except OSError as error:
        raise KeysError(f"{out} could not be written: {error.strerror}.", hint="Name another file: --out.") from error
    output = Output(as_json)
    output.document({"kit": str(out), "public": public, "identity": str(path)})
    if not as_json:
        output.console.print(
            f"{out} holds the secret key. Print it twice and put it in two places, not on this machine.\n"
            f"Then delete both: shred -u {out} {path}\n"
            "Test the paper: `outlive keys test`.",
            markup=False,
        )
    return 0


@keys.command("test")
def test(
    identity: Annotated[str, typer.Option(help="File that holds the key, or - for standard input.")] = "-",
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> int:
    """The key drill: does the key from the kit open the newest copies? Exit code 5 when it does not."""
    settings, clock, output = load(config), SystemClock(), Output(as_json)
    keys = given(identity)
    drill = key_drill(wiring.vault(settings, clock), keys, settings.keys.recipients, now=clock.now())
    output.document(_drill_document(drill, settings))
    if not drill.ok:
        closed = ", ".join(opened.copy or "the canary" for opened in drill.tried if not opened.ok)
        raise WrongKey(
            f"{closed}: {', '.join(drill.keys)} does not open it.",
            hint="Check for a typing error against the kit's public half. If the key is lost, make new ones now: the drill "
            "key still opens the copies, `outlive keys init --folder NEW` makes further keys.",
        )
    if not as_json:
        _say(drill, settings, output)
    return 0


def _places(settings: Settings, clock: Clock) -> tuple[Place, ...]:
    """The vault, and the mirror where there is one."""
    first = Place(wiring.vault(settings, clock).url, settings.vault.endpoint, settings.vault.region)
    if (mirror := settings.mirror) is None:
        return (first,)
    return (first, Place(wiring.mirror(settings, clock).url, mirror.endpoint, mirror.region))


def given(identity: str) -> tuple[Identity, ...]:
    if identity != "-":
        return read_identities(Path(identity))
    if sys.stdin.isatty():
        sys.stderr.write("Type or paste the key (AGE-SECRET-KEY-1...), then Enter and Ctrl-D:\n")
    return parse_identities(sys.stdin.read(), what="standard input")


def _drill_document(drill: KeyDrill, settings: Settings) -> dict[str, Any]:
    return {
        "ok": drill.ok,
        "at": drill.at,
        "keys": list(drill.keys),
        "is_recovery_key": _is_recovery(drill, settings),
        "tried": [{"asset": opened.asset, "copy": opened.copy, "ok": opened.ok} for opened in drill.tried],
    }


def _is_recovery(drill: KeyDrill, settings: Settings) -> bool:
    """False for the drill key itself: that it works is no news, and says nothing about the paper."""
    drill_publics = set(_publics(settings.keys.drill_identity))
    return bool(set(drill.keys) & set(settings.keys.recipients) - drill_publics)


def _say(drill: KeyDrill, settings: Settings, output: Output) -> None:
    for opened in drill.tried:
        what = f"copy {opened.copy} of {opened.asset}" if opened.asset else "a canary (the vault has no copy yet)"
        output.console.print(f"opened: {what}", markup=False)
    if _is_recovery(drill, settings):
        output.console.print(f"The key works. Noted in the vault: {moment(drill.at)}.", markup=False)
    else:
        output.console.print("This is the drill key. It works, but the paper is still untested.", markup=False)


def _private_keys(settings: Settings) -> list[FoundKey]:
    """Private keys of our recipients in the folders where they are made: beside the drill key and the configuration."""
    folders = {settings.base, settings.base / "keys"}
    if settings.keys.drill_identity is not None:
        folders.add(settings.keys.drill_identity.parent)
    return find_private_keys(folders, settings.keys.recipients)


def _recovery_file(settings: Settings) -> Path:
    others = [key.path for key in _private_keys(settings) if not _is_drill(settings, key)]
    if len(others) == 1:
        return others[0]
    where = settings.keys.drill_identity.parent if settings.keys.drill_identity else settings.base / "keys"
    raise KeysError(
        f"{len(others)} private keys besides the drill key lie here ({where / RECOVERY} was expected).",
        hint="Name the recovery key's file: --identity FILE. When it was deleted, as it should be, use the printed kit.",
    )


def _risks(settings: Settings, found: list[FoundKey]) -> list[str]:
    risks = [
        f"the recovery key still lies on this machine ({key.path}). Whoever takes this machine opens every copy, and when "
        "it is lost, so is the key. `outlive keys recovery-kit`, print it, then delete the file."
        for key in found
        if not _is_drill(settings, key)
    ]
    risks += [
        f"{key.path} can be read by other users of this machine: chmod 600 {key.path}"
        for key in found
        if key.path.stat().st_mode & 0o077
    ]
    if len(set(settings.keys.recipients)) < 2:
        risks.append("copies are encrypted to one key only: when it is lost, so is everything. `outlive keys init`.")
    return risks


def _is_drill(settings: Settings, key: FoundKey) -> bool:
    return key.public in _publics(settings.keys.drill_identity)


def _publics(path: Path | None) -> tuple[str, ...]:
    try:
        return public_keys(path) if path else ()
    except KeysError:  # not there: no key of this machine is the drill key
        return ()


def _last_drill(settings: Settings) -> tuple[str | None, str]:
    """The moment, and the words for when there is none or the vault cannot be asked."""
    try:
        at = last_key_drill(wiring.vault(settings, SystemClock()))
    except OutliveError as error:
        return None, f"unknown ({error})"
    return (moment(at), "") if at else (None, "never (`outlive keys test`)")
