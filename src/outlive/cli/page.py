"""`outlive page`: makes the password of the page that the keeper serves."""

from __future__ import annotations

import sys

import typer

from outlive.cli.app import ConfigOption, Output, app
from outlive.config.load import load
from outlive.errors import UsageError


@app.command()
def page(config: ConfigOption = None) -> int:
    """Make (or change) the password of the page. Asks for it twice; where there is no terminal, reads one line."""
    from outlive.web import passwords  # argon2 is loaded only here
    from outlive.wiring import page_password_file

    settings = load(config)
    if settings.page.password is not None:
        raise UsageError("outlive.toml says where the hash is.", hint="Change it there, or remove [page] password.")
    path = page_password_file(settings)
    passwords.write(path, passwords.hashed(_asked()))
    Output(False).console.print(
        f"The password's hash is in {path}. From its next start on, `outlive keep` shows the page at "
        f"http://{settings.page.listen}/"
    )
    return 0


def _asked() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    answer: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    return answer
