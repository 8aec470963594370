"""`outlive init`: looks at a host, shows what it found, makes keys, writes `outlive.toml`."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from outlive import wiring
from outlive.cli import init_enrol, init_page
from outlive.cli.app import ConfigOption, JsonOption, Output, app
from outlive.cli.init_files import Plan, Written, check, write
from outlive.cli.init_host import Reached, host_of, reach
from outlive.cli.init_json import document
from outlive.cli.init_page import PagePassword
from outlive.cli.init_provider import Told, find
from outlive.clock import SystemClock
from outlive.config.load import NAME, load
from outlive.config.secrets import resolve
from outlive.errors import DatabaseUnreachable, UsageError
from outlive.model.asset import SecretRef
from outlive.model.host import Host
from outlive.survey.found import Survey, WayIn
from outlive.survey.look import Say, look
from outlive.survey.look_postgres import through
from outlive.survey.proposal import Proposal
from outlive.survey.propose import host_name, propose
from outlive.survey.propose_provider import NOBODYS, Whose
from outlive.survey.tell import tell
from outlive.survey.write_toml import Setup
from outlive.transport.postgres import DsnWay

AT_RISK = 1
RDAP = "https://rdap.org"


@app.command()
def init(
    address: Annotated[str, typer.Argument(metavar="[ssh://]USER@HOST", help="Whom to look at; 'local' is here.")] = "",
    vault: Annotated[str, typer.Option(help="Where copies go: file:///folder or s3://bucket/prefix.")] = "",
    endpoint: Annotated[str, typer.Option(help="The S3 store's address, when it is not AWS.")] = "",
    path: Annotated[list[str] | None, typer.Option(help="A path on the host to guard as well (repeatable).")] = None,
    dsn: Annotated[
        str, typer.Option(metavar="NAME", help="Environment variable holding a managed Postgres' DSN.")
    ] = "",
    dsn_file: Annotated[Path | None, typer.Option(help="The same, from a file (mode 600).")] = None,
    ssh_config: Annotated[Path | None, typer.Option(help="Handed to ssh as -F.")] = None,
    identity: Annotated[Path | None, typer.Option(help="Handed to ssh as -i.")] = None,
    provider: Annotated[
        str, typer.Option(help="Whose the server is, when nothing tells: cherryservers or hetzner.")
    ] = "",
    token: Annotated[
        str, typer.Option(metavar="NAME", help="Variable holding a token of the provider's that only reads.")
    ] = "",
    token_file: Annotated[Path | None, typer.Option(help="The same, from a file (mode 600).")] = None,
    provider_url: Annotated[str, typer.Option(help="Where its API is, when it is not at its usual place.")] = "",
    rdap: Annotated[str, typer.Option(help="Who is asked whose a public address is; 'none': nobody.")] = RDAP,
    accept_host_key: Annotated[str, typer.Option(metavar="SHA256:...", help="The host key you have verified.")] = "",
    page_password: Annotated[
        PagePassword, typer.Option(help="The page's: asked for at a terminal, made up and shown once, or later.")
    ] = PagePassword.ASK,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Look and print the file; write nothing.")] = False,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> int:
    """Look at a host over SSH (nothing is written there), show what would die with it, make keys, write outlive.toml."""
    output = Output(as_json)
    plan = Plan((config or Path(NAME)).absolute(), vault, endpoint or None, dry_run)
    secret = _secret("--dsn", dsn, dsn_file)
    told = Told(provider, _secret("--token", token, token_file), provider_url or None, rdap)
    told.check()
    if not dry_run:
        init_page.check(page_password)
    if bool(address) == (secret is not None):
        raise UsageError("Name a host, or a DSN with --dsn; one of them.", hint="`outlive init root@web-1.example.com`")
    check(plan)
    if secret is not None:
        return _finish(plan, output, page_password, *_look_at_dsn(secret, plan.base), None, NOBODYS, {})
    target = host_of(address, ssh_config, identity)
    with reach(target, plan.known_hosts, accept_host_key, output) as reached:
        survey = look(reached.shell, target.address, wanted=_absolute(path or []), say=_progress())
        facts = init_enrol.ask(reached, target, SystemClock())
    survey = replace(survey, login=reached.login)
    name = host_name(survey, target.name)
    host, whose = find(replace(reached.host, name=name), plan, told)
    return _finish(plan, output, page_password, survey, propose(survey, host=name), (host, reached), whose, facts)


def _secret(option: str, variable: str, file: Path | None) -> SecretRef | None:
    """Where it is. Raises `UsageError` when the secret itself was given, without repeating it."""
    if variable and file:
        raise UsageError(f"{option} and {option}-file are two places for one thing.", hint="Give one of them.")
    if variable and not variable.isidentifier():
        name = f"MY_{option.lstrip('-').upper()}"
        export = f"Export it (read -rs {name}; export {name}) and give the variable's name: {option} {name}."
        raise UsageError(
            f"{option} takes the name of a variable: an argument is seen by everybody on this machine.",
            hint=f"{export} Or use {option}-file.",
        )
    if variable:
        return SecretRef(env=variable)
    return SecretRef(file=str(file.absolute())) if file else None


def _look_at_dsn(secret: SecretRef, base: Path) -> tuple[Survey, Proposal]:
    found = through(DsnWay(resolve(secret, base)), WayIn())
    if found.problem:
        raise DatabaseUnreachable(found.problem)
    survey = Survey("", None, postgres=(found,))
    return survey, propose(survey, host=None, dsn=secret)


def _absolute(paths: list[str]) -> list[str]:
    for path in paths:
        if not path.startswith("/"):
            raise UsageError(f"--path {path}: it is not absolute.", hint="Write the path on the host from '/' on.")
    return [path.rstrip("/") or "/" for path in paths]


def _finish(
    plan: Plan,
    output: Output,
    page_password: PagePassword,
    survey: Survey,
    proposal: Proposal,
    met: tuple[Host, Reached] | None,
    whose: Whose,
    facts: dict[str, Any],
) -> int:
    """Writes, unless it is a dry run, and tells. `facts` are what is pinned of the host."""
    now = SystemClock().now()
    host, reached = met or (None, None)
    setup = Setup(
        "",
        (),
        "",
        host=host,
        provider=whose,
        host_key=reached.fingerprint if reached else "",
        endpoint=plan.endpoint,
    )
    written = write(plan, survey, proposal, setup, reached.key if reached else None, now)
    if written.path is not None and host is not None:
        init_enrol.enrol(load(written.path), host.name, facts, survey, SystemClock())
    if output.as_json:
        output.document(document(survey, proposal, written, now))
        return AT_RISK if proposal.at_risk else 0
    sys.stdout.write(tell(survey, proposal))
    sys.stdout.flush()
    may_sign_in = written.path is not None and init_page.make(
        wiring.page_password_file(load(written.path)), page_password
    )
    _next(plan, written, may_sign_in)
    return AT_RISK if proposal.at_risk else 0


def _next(plan: Plan, written: Written, may_sign_in: bool) -> None:
    if plan.dry_run:
        sys.stdout.write(f"\nNothing was written. This would be {plan.path.name}:\n\n{written.text}")
        return
    option = "" if plan.path.name == NAME and plan.path.parent == Path.cwd() else f" --config {plan.path}"
    sys.stdout.write(f"\nWritten: {plan.path}\n")
    if written.recovery:
        sys.stdout.write(f"Keys:    {written.recovery.parent}\n")
    sys.stdout.write("\nNext: print the recovery key and put it away, then take the first copies:\n")
    sys.stdout.write(f"  outlive keys recovery-kit{option}\n  outlive backup{option}\n")
    if may_sign_in:
        sys.stdout.write(f"Then have it guarded all day, with a page to look at:\n  outlive keep{option}\n")
        return
    sys.stdout.write("Then have it guarded all day, with a page to look at, whose password you choose:\n")
    sys.stdout.write(f"  outlive page{option}\n  outlive keep{option}\n")


def _progress() -> Say:
    """Tells on stderr what is being done, where somebody watches."""
    watched = sys.stderr.isatty()

    def say(words: str) -> None:
        if watched:
            sys.stderr.write(f"  {words} ...\n")

    return say
