"""`outlive advise`: what makes this stack fragile, with evidence and the exact change. Nothing is written anywhere."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from typing import Annotated, Any

import typer

from outlive import wiring
from outlive.cli.app import ConfigOption, JsonOption, Output, app
from outlive.cli.several import Tally
from outlive.commands import capacity, fragile_look
from outlive.config.load import load
from outlive.config.schema import Settings
from outlive.errors import NoData, UsageError
from outlive.model.host import Host
from outlive.survey.advise import Advice
from outlive.survey.advise import advise as advise_host
from outlive.survey.advise_copies import advise_copies

FOUND = 1
ASK_SECONDS = 60


@app.command()
def advise(
    hosts: Annotated[list[str] | None, typer.Argument(help="Hosts of outlive.toml; all when none is named.")] = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> int:
    """Say what makes the stack fragile, with what was seen and the exact change. Exit 1: there is advice."""
    settings, output, tally = load(config), Output(as_json), Tally()
    found: dict[str, list[Advice]] = {}

    def one(host: Host) -> None:
        found[host.name] = _of_host(settings, host)

    tally.each(_chosen(settings, hosts or ()), lambda host: host.name, one)
    copies = advise_copies(settings)
    output.document(_document(found, copies) | {"failed": [{"host": one.pop("asset"), **one} for one in tally.failed]})
    if not as_json:
        for line in _lines(found, copies):
            indent = " " * (len(line) - len(line.lstrip()) + 2)
            output.console.print(textwrap.fill(line, output.console.width, subsequent_indent=indent), markup=False)
    if copies or any(found.values()):
        tally.worsen(FOUND)
    return tally.exit_code


def _chosen(settings: Settings, names: Sequence[str]) -> list[Host]:
    known = {host.name: host for host in settings.hosts}
    for name in names:
        if name not in known:
            raise UsageError(f"outlive.toml names no host {name!r}.", hint=f"It names {', '.join(known) or 'none'}.")
    return [known[name] for name in names] or list(known.values())


def _of_host(settings: Settings, host: Host) -> list[Advice]:
    shell = wiring.host_shell(settings, host)
    stack = shell.run(fragile_look.look(), timeout_seconds=ASK_SECONDS)
    left = shell.run(capacity.look(), timeout_seconds=ASK_SECONDS)
    try:
        return advise_host(fragile_look.read_look(stack.text), capacity.read_look(left.text))
    except ValueError as error:
        said = (stack.stderr.strip().splitlines() or [str(error)])[-1]
        raise NoData(
            f"{host.name}: {said}.", hint="Docker has to run there, and the login to be allowed to ask it."
        ) from error


def _document(found: dict[str, list[Advice]], copies: Sequence[Advice]) -> dict[str, Any]:
    told = [{"host": host} | one.to_json() for host, all_of in found.items() for one in all_of]
    return {"advice": [*told, *({"host": None} | one.to_json() for one in copies)]}


def _lines(found: dict[str, list[Advice]], copies: Sequence[Advice]) -> Iterator[str]:
    groups = {**found, "the copies": list(copies)}
    for name, all_of in groups.items():
        yield f"{name}: {'nothing to say' if not all_of else f'{len(all_of)} pieces of advice'}"
        for one in all_of:
            yield f"  {one.subject}: {one.rule}"
            yield f"    seen: {one.evidence}"
            yield f"    change{f' in {one.file}' if one.file else ''}: {one.change}"
