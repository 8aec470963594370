"""`outlive lab`: a small world to rehearse in, and the ways to break it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from outlive.cli.app import JsonOption, Output, app
from outlive.clock import SystemClock
from outlive.lab.breaks.base import Options
from outlive.lab.breaks.table import BREAKS, break_it, heal
from outlive.lab.down import down as end
from outlive.lab.keeper import CONFIG
from outlive.lab.up import up as bring_up
from outlive.lab.world import PAGES, Lab

group = typer.Typer(
    help="A small world to rehearse in: servers, names and a provider, and ways to break them.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.add_typer(group, name="lab")

HOME = Path("/var/lib/outlive-lab")
PLACE = "OUTLIVE_LAB"
INSTALLED = ("replace", "reinstall")  # breaks after which another host key is right
FolderOption = Annotated[
    Path, typer.Option("--folder", envvar=PLACE, help="Where the lab lies, and its keeper's configuration.")
]
TRY = """
Try, from {folder}:
  outlive identity --enrol       remember which machines these are
  outlive check                  who answers at each address, and what is wrong with them
  outlive backup                 copies of both databases, the uploads, the certificates and the configuration
  outlive status                 what would be lost, and what was never proven
  outlive lab break              every way to break it, such as:
  outlive lab break replace      another machine, in silence; then `outlive check` again
  outlive lab break --heal       undo it
  outlive lab down               end it all, and remove {folder}"""


@group.command("up")
def up(folder: FolderOption = HOME, as_json: JsonOption = False) -> int:
    """Bring it up: seconds, when its images are there; as root. A lab that is broken is made anew."""
    output = Output(as_json)
    lab = bring_up(folder.absolute(), SystemClock(), lambda step: output.console.print(f"{step} ..."))
    output.document(_document(lab))
    if not as_json:
        _describe(lab, output.console)
        output.console.print(TRY.format(folder=lab.folder))
        if lab.folder != HOME:
            output.console.print(f"\nIts folder is found with --folder, or when you say: export {PLACE}={lab.folder}")
    return 0


@group.command("status")
def status(folder: FolderOption = HOME, as_json: JsonOption = False) -> int:
    """Say which machines there are, where, and what is broken."""
    output = Output(as_json)
    lab = Lab.open(folder.absolute())
    output.document(_document(lab))
    if not as_json:
        _describe(lab, output.console)
    return 0


@group.command("break")
def break_(
    what: Annotated[str, typer.Argument(help="What to do to it; nothing: list what can be done.")] = "",
    host: Annotated[str | None, typer.Option("--host", help="The host that it is done to; web-1 else.")] = None,
    undo: Annotated[bool, typer.Option("--heal", help="Undo it; without a name, what was broken last.")] = False,
    other_address: Annotated[bool, typer.Option("--other-address", help="replace: at another address.")] = False,
    no_login: Annotated[
        bool, typer.Option("--no-login", help="replace, reinstall: the new machine asks for a password.")
    ] = False,
    folder: FolderOption = HOME,
) -> int:
    """Break something, or heal it again."""
    console = Output(False).console
    if not what and not undo:
        for name, one in BREAKS.items():
            console.print(f"  {name:<22}{one.does}{'' if one.undo else ' (nothing to heal)'}")
        return 0
    lab = Lab.open(folder.absolute())
    if undo:
        healed = heal(lab, what or None)
        console.print(f"Healed: {healed.what} of {healed.host}.")
        return 0
    broken = break_it(lab, what, host, Options(other_address=other_address, no_login=no_login))
    console.print(f"Broken: {broken}: {BREAKS[what].does}.")
    if what in INSTALLED:
        machine = lab.machine(broken)
        console.print(f"Its console shows, for known_hosts: {machine.address} {machine.host_key}")
    if BREAKS[what].undo:
        console.print(f"Undo:   outlive lab break {what} --heal")
    return 0


@group.command("down")
def down(folder: FolderOption = HOME) -> int:
    """End everything that was started for it, and remove its folder."""
    ended = end(folder.absolute())
    Output(False).console.print(f"Ended: {len(ended)} containers, mounts, networks and folders.")
    return 0


def _document(lab: Lab) -> dict[str, Any]:
    record = lab.record
    return {
        "folder": str(lab.folder),
        "config": str(lab.folder / CONFIG),
        "subnet": record.subnet,
        "machines": [
            {"place": place, "hostname": one.hostname, "address": one.address or None, "dmi_uuid": one.uuid}
            for place, one in record.machines.items()
        ],
        "nameservers": list(record.nameservers),
        "names": record.names,
        "pages": {host: f"https://{name}/" for host, name in PAGES.items()},
        "authority": str(lab.authority / "root.crt"),
        "provider": {"url": record.provider_url, "token_file": str(lab.folder / "provider-token")},
        "broken": [{"what": one.what, "host": one.host} for one in record.broken],
    }


def _describe(lab: Lab, console: Console) -> None:
    record = lab.record
    for place, one in record.machines.items():
        console.print(f"  {place:<16}{one.address or 'off the network'}")
    console.print(f"  nameservers     {', '.join(record.nameservers)}")
    for name, address in record.names.items():
        console.print(f"  {name:<24}-> {address}")
    console.print(f"  provider        {record.provider_url}, token in {lab.folder / 'provider-token'}")
    console.print(f"  pages           {', '.join(f'https://{name}/' for name in PAGES.values())}")
    console.print(f"  authority       {lab.authority / 'root.crt'}")
    for broken in record.broken:
        console.print(f"  BROKEN          {broken.what} ({broken.host})")
