"""`outlive identity`: who answers at each address; and what a person says about who a host is and where."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated

import typer

from outlive import wiring_watch
from outlive.cli import identity_enrol, identity_history, identity_markers
from outlive.cli.app import ConfigOption, JsonOption, Output, app
from outlive.cli.identity_words import document, exit_code, lines
from outlive.cli.looking import look, person
from outlive.clock import Clock, SystemClock
from outlive.config.load import load
from outlive.config.schema import Settings
from outlive.errors import UsageError
from outlive.model.host import Host
from outlive.model.watching import Window
from outlive.state.watching import Watching
from outlive.transport.dns import literal_address
from outlive.watch import ledger
from outlive.watch.enrol import EXPECTATIONS

_UNITS = {"m": 60, "h": 3600, "d": 86400}


@app.command()
def identity(
    host: Annotated[str, typer.Argument(metavar="[HOST]", help="Which host; all when none is named.")] = "",
    enrol: Annotated[bool, typer.Option("--enrol", help="Pin what is seen now as the host's identity.")] = False,
    at: Annotated[str, typer.Option(metavar="ADDRESS", help="With --enrol: the machine at this address.")] = "",
    accept: Annotated[str, typer.Option(metavar="CODE", help="With --enrol: the difference you have seen.")] = "",
    expect: Annotated[
        str, typer.Option(metavar="WHAT", help=f"Declare a change beforehand: {', '.join(EXPECTATIONS)}.")
    ] = "",
    lasting: Annotated[str, typer.Option("--for", metavar="2h", help="With --expect: for how long from now.")] = "2h",
    address: Annotated[str, typer.Option(metavar="ADDRESS", help="An address of the host, to be asked as well.")] = "",
    told_by: Annotated[
        str, typer.Option(metavar="WHO", help='With --address: who says so, such as "ci VM_HOST".')
    ] = "",
    forget: Annotated[str, typer.Option(metavar="ADDRESS", help="An address that is not to be asked any more.")] = "",
    plant_markers: Annotated[
        bool, typer.Option("--plant-markers", help="Write a marker to the root disk and every guarded volume.")
    ] = False,
    remove_markers: Annotated[bool, typer.Option("--remove-markers", help="Remove them again.")] = False,
    history: Annotated[
        bool, typer.Option("--history", help="What changed at the provider, and drifted. Nobody is asked.")
    ] = False,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> int:
    """Show who answers at each address. Exit 1 when somebody is not who was enrolled, 3 when nobody could be asked."""
    settings, clock, output = load(config), SystemClock(), Output(as_json)
    hosts = _chosen(settings, host)
    wishes = [enrol, expect, address, forget, plant_markers, remove_markers, history]
    if sum(map(bool, wishes)) > 1:
        raise UsageError("that is several things at once.", hint="Do one after the other.")
    with wiring_watch.memory(settings) as memory:
        if expect:
            return _declare(memory, clock, output, _one(hosts, host), expect, lasting)
        if address or forget:
            return _address(memory, clock, output, _one(hosts, host), address, told_by, forget)
        if history:
            return identity_history.tell(settings, memory, clock.now(), {one.name for one in hosts}, output)
        if plant_markers or remove_markers:
            act = identity_markers.plant if plant_markers else identity_markers.remove
            return act(settings, clock, memory, hosts, output, by=person())
        found = look(settings, clock, memory)
        if enrol:
            wish = identity_enrol.Wish(person(), clock.now(), at, accept)
            return identity_enrol.enrol(found, memory, hosts, output, wish)
        output.document(document(found, memory, hosts))
        if not as_json:
            for line in lines(found, memory, hosts):
                output.console.print(line)
        return exit_code(found, hosts)


def _chosen(settings: Settings, name: str) -> list[Host]:
    hosts = [one for one in settings.hosts if name in ("", one.name)]
    if not hosts:
        known = ", ".join(one.name for one in settings.hosts) or "none"
        raise UsageError(f"no host is named {name!r}.", hint=f"Known are: {known}.")
    return hosts


def _one(hosts: list[Host], name: str) -> Host:
    if not name and len(hosts) > 1:
        raise UsageError("which host is meant?", hint="Name it: outlive identity HOST ...")
    return hosts[0]


def _declare(memory: Watching, clock: Clock, output: Output, host: Host, expect: str, lasting: str) -> int:
    if expect not in EXPECTATIONS:
        raise UsageError(f"--expect {expect}: nothing is called so.", hint=f"One of: {', '.join(EXPECTATIONS)}.")
    read = re.fullmatch(r"(\d+)([mhd])", lasting)
    if read is None or not int(read[1]):
        raise UsageError(f"--for {lasting}: it is no duration.", hint="Write 90m, 2h or 1d.")
    now = clock.now()
    window = Window(host.name, now, now + timedelta(seconds=int(read[1]) * _UNITS[read[2]]), expect, person())
    memory.declare(window)
    output.document(
        {"window": {"host": host.name, "from": window.since, "to": window.until, "expect": expect, "by": window.by}}
    )
    if not output.as_json:
        output.console.print(f"Until {window.until:%Y-%m-%d %H:%M:%S}Z a {expect} of {host.name} is expected.")
    return 0


def _address(
    memory: Watching, clock: Clock, output: Output, host: Host, address: str, told_by: str, forget: str
) -> int:
    which = literal_address(address or forget)
    if which is None:
        raise UsageError(f"{address or forget} is no address.", hint="Write an IP address; names go to outlive.toml.")
    if address:
        memory.tell([ledger.at(host.name, which, told_by or person(), clock.now())])
    elif not memory.forget(host.name, which, clock.now()):
        raise UsageError(f"{which} is no address of {host.name}.", hint="`outlive identity` lists them.")
    output.document({"host": host.name, "address": which, "asked": bool(address)})
    if not output.as_json:
        output.console.print(f"{which} of {host.name} is {'asked from now on' if address else 'not asked any more'}.")
    return 0
