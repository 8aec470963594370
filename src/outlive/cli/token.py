"""`outlive token`: keys for programs that ask the page's API."""

from __future__ import annotations

from typing import Annotated

import typer

from outlive import wiring
from outlive.cli.app import ConfigOption, JsonOption, Output, app
from outlive.cli.words import moment
from outlive.clock import SystemClock
from outlive.config.load import load
from outlive.errors import UsageError
from outlive.web import tokens

group = typer.Typer(help="Keys for programs that ask the page's API.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(group, name="token")

NameArgument = Annotated[str, typer.Argument(help="What the program is called.")]


@group.callback()
def token() -> None:
    """Keys for programs that ask the page's API."""


@group.command()
def make(
    name: NameArgument,
    scope: Annotated[list[str] | None, typer.Option(help="read, or act, which may also read.")] = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> int:
    """Make a token, and print it: once, only its digest is kept. The keeper knows it at once."""
    settings, output = load(config), Output(as_json)
    path = wiring.page_tokens_file(settings)
    known = tokens.read(path)
    if any(one.name == name for one in known):
        raise UsageError(f"there is a token {name}.", hint=f"`outlive token revoke {name}` first, or another name.")
    made, secret = tokens.make(name, scope or [tokens.READ], SystemClock().now())
    tokens.write(path, [*known, made])
    output.document({"name": name, "scopes": list(made.scopes), "token": secret})
    output.console.print(f"{name} ({', '.join(made.scopes)}), shown this once:")
    if not as_json:
        output.console.print(secret, soft_wrap=True)
    return 0


@group.command("list")
def listing(config: ConfigOption = None, as_json: JsonOption = False) -> int:
    """Show whose tokens there are, and what they may do."""
    output = Output(as_json)
    found = tokens.read(wiring.page_tokens_file(load(config)))
    for one in found:
        output.console.print(f"{one.name}: {', '.join(one.scopes)}, made {moment(one.made_at)}")
    if not found:
        output.console.print("There is none: `outlive token make NAME`.")
    output.document(
        {"tokens": [{"name": one.name, "scopes": list(one.scopes), "made_at": one.made_at} for one in found]}
    )
    return 0


@group.command()
def revoke(name: NameArgument, config: ConfigOption = None, as_json: JsonOption = False) -> int:
    """Forget a token: from now on it opens nothing."""
    settings, output = load(config), Output(as_json)
    path = wiring.page_tokens_file(settings)
    known = tokens.read(path)
    if not any(one.name == name for one in known):
        raise UsageError(f"there is no token {name}.", hint="`outlive token list` shows them.")
    tokens.write(path, [one for one in known if one.name != name])
    output.console.print(f"{name} opens nothing any more.")
    output.document({"revoked": name})
    return 0
