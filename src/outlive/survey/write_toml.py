"""The first `outlive.toml`, commented with what was found. PURE.

What a host says about itself ends up in this file, so every value is quoted and no line break gets into a comment.
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any

from outlive.commands.system import HostFacts
from outlive.model.asset import SecretRef
from outlive.model.host import Host
from outlive.survey.found import Survey
from outlive.survey.proposal import Proposal, Proposed, amount
from outlive.survey.propose_provider import NOBODYS, Whose

WIDTH = 118
WORKSPACES = "terraform.tfstate.d"  # where local states of workspaces lie


@dataclass(frozen=True, slots=True)
class Setup:
    """What is written down besides the proposal. Paths are as a person would write them beside the file."""

    vault_url: str
    recipients: tuple[str, ...]
    drill_identity: str
    host: Host | None = None
    host_key: str = ""
    endpoint: str | None = None
    provider: Whose = NOBODYS


def write_toml(survey: Survey, proposal: Proposal, setup: Setup, now: datetime) -> str:
    """The whole file."""
    parts = [
        _head(survey, now),
        _vault(setup),
        _keys(setup),
        _keeper(),
        _alerts(),
        *([_provider(setup.provider)] if setup.host else []),
        *([_drift(setup.host.tofu_state)] if setup.host and setup.host.tofu_state else []),
        *([_host(survey, proposal, setup)] if setup.host else []),
        *(_asset(one) for one in proposal.assets),
        *(commented(_asset(one)) for one in proposal.optional),
        *_unguarded(proposal),
    ]
    return "\n".join(parts)


def one_line(text: str) -> str:
    """`text` without anything that could end a line or drive a terminal."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def _head(survey: Survey, now: datetime) -> str:
    where = survey.address or "a Postgres reached by its DSN"
    return comment(
        f"What is guarded. Written by `outlive init` on {now:%Y-%m-%d} after a look at {where}; it is yours to change.",
        "Every key is told in docs/reference/configuration.md. Relative paths are meant from the folder of this file.",
    )


def _vault(setup: Setup) -> str:
    values: dict[str, Any] = {"url": setup.vault_url, "endpoint": setup.endpoint}
    if setup.vault_url.startswith("s3://"):
        values |= {
            "access_key": SecretRef(env="AWS_ACCESS_KEY_ID"),
            "secret_key": SecretRef(env="AWS_SECRET_ACCESS_KEY"),
        }
        return table("[vault]", values)
    note = "On this machine. Better: where neither this machine nor the guarded host can take it along when it goes."
    return comment(note) + table("[vault]", values)


def _keys(setup: Setup) -> str:
    note = (
        "Public keys; each alone opens every copy. The first is the recovery key: print it (`outlive keys recovery-kit`),"
        " put it away, and delete its private half from this machine. The second stays here, for drills."
    )
    listed = "".join(f"  {quoted(one)},\n" for one in setup.recipients)
    drill = f"drill_identity = {quoted(setup.drill_identity)}\n"
    return comment(note) + f"[keys]\nrecipients = [\n{listed}]\n{drill}"


def _keeper() -> str:
    return '[keeper]\nstate = "state"\nknown_hosts = "known_hosts"\n'


def _alerts() -> str:
    """Commented: the URLs are secrets that a person makes."""
    note = (
        "Nobody is told of anything until there is a channel: an Apprise URL in a file of mode 600. A heartbeat lets "
        "somebody outside notice when the keeper itself falls silent (docs/how-to/alerts.md). Take the # away, then: "
        "`outlive alerts test`."
    )
    values: dict[str, Any] = {"quiet_hours": "22:00-07:00", "timezone": "UTC"}
    values["heartbeat"] = SecretRef(file="heartbeat_url")
    channel = {"name": "phone", "url": SecretRef(file="phone_url")}
    return comment(note) + commented(table("[alerts]", values) + table("[[alerts.channels]]", channel))


def _provider(whose: Whose) -> str:
    """A comment until there is a token, which a person makes. Where nobody tells whose the server is, it is a question."""
    kind = whose.kind
    if not kind:
        note = (
            'Whose is the server? With a token that may only read the keeper watches its project: kind = "cherryservers" '
            'or "hetzner"; of any other provider a file of yours tells (docs/how-to/watch-the-provider.md).'
        )
        return comment(note) + commented(
            table("[[providers]]", {"name": "cloud", "kind": "static", "file": "servers.toml"})
        )
    values: dict[str, Any] = {"name": kind, "kind": kind, "url": whose.url}
    values |= {"token": whose.token or SecretRef(env=f"OUTLIVE_{kind.upper()}_TOKEN")}
    values |= {"project": whose.project or "NUMBER"} if kind == "cherryservers" else {}
    written = table("[[providers]]", values)
    if whose.can_be_asked:
        return comment("The host is a server of this project, its API says. Its token should only read.") + written
    note = (
        f"The server's provider is {kind}, {whose.told_by}. Make a token for the keeper that may only read "
        "(docs/how-to/watch-the-provider.md), put it where `token` says, and take the # away."
    )
    return comment(note) + commented(written)


def _drift(state: str) -> str:
    """Commented: it wants `init` done and credentials. The state's place tells folder and workspace."""
    parts = PurePosixPath(state).parent.parts
    at = parts.index(WORKSPACES) if WORKSPACES in parts else len(parts)
    folder = "/".join(parts[:at]) or "."
    values = {"name": "infra", "folder": folder, "workspace": parts[at + 1] if at + 1 < len(parts) else None}
    note = (
        "What changed behind OpenTofu's back is asked in this folder, where somebody has run `tofu init`. It wants "
        "credentials that may only read, in the environment of whoever runs outlive. Take the # away."
    )
    return comment(note) + commented(table("[[tofu]]", values))


def _host(survey: Survey, proposal: Proposal, setup: Setup) -> str:
    facts = survey.host
    assert setup.host
    lines = []
    if setup.host_key:
        lines.append(f"SSH host key {setup.host_key}, pinned in known_hosts")
    if setup.host.sudo:
        lines.append("The login is not root: what is done there is done through `sudo -n`")
    if facts:
        lines.append(f"{facts.os or 'unknown system'}, kernel {facts.kernel}, {amount(facts.memory_bytes)} of memory")
        named = {"machine-id": facts.machine_id, "root file system": facts.root_fs_uuid, "DMI uuid": facts.dmi_uuid}
        lines += [f"{name} {value}" for name, value in named.items() if value]
    if survey.docker and survey.docker.version:
        lines.append(f"Docker {survey.docker.version}, engine {survey.docker.engine_id}")
    host = replace(setup.host, urls=proposal.urls, names=proposal.names)
    return comment(*lines) + table("[[hosts]]", changed(host)) + (_journal(facts) if facts else "")


def _journal(facts: HostFacts) -> str:
    """A comment where the login may not read it: root may, and it takes one command to let another."""
    if not facts.logs_to_journal_only:
        return ""
    note = "It has no auth.log: logins, sudo and the kernel are in its systemd journal."
    written = table("[[hosts.journals]]", {})
    if facts.user == "root":
        return "\n" + comment(note) + written
    cure = f"As root there: usermod -aG systemd-journal {facts.user or 'LOGIN'}; then take the # away."
    return "\n" + comment(note, cure) + commented(written)


def _asset(one: Proposed) -> str:
    text = comment(*one.about, *one.notes) + table("[[assets]]", changed(one.asset))
    if not one.stop:
        return text
    listed = ", ".join(quoted(service) for service in one.stop)
    return (
        text
        + f"# Stops these for the time of the copy, so that the files agree:\n# [assets.around]\n# stop = [{listed}]\n"
    )


def _unguarded(proposal: Proposal) -> Iterator[str]:
    for one in (one for one in proposal.unguarded if not one.harmless):
        values = {"host": proposal.host, "kind": one.kind, "name": one.name, "why": one.why}
        size = comment(f"at risk{'' if one.bytes is None else f': {amount(one.bytes)}'}") if one.at_risk else ""
        yield size + table("[[unguarded]]", values)


def changed(thing: Any) -> dict[str, Any]:
    """The fields of a host or asset that are not what they would be anyway; name and kind first."""
    values = {field.name: getattr(thing, field.name) for field in fields(thing)}
    standing = {
        field.name for field in fields(thing) if values[field.name] == field.default or values[field.name] == ()
    }
    first = {name: values[name] for name in ("name", "kind") if name in values}
    rest = {name: value for name, value in values.items() if name not in standing and name not in first}
    return first | {name: value for name, value in rest.items() if name != "around"}


def table(header: str, values: dict[str, Any]) -> str:
    lines = [f"{name} = {_value(value)}\n" for name, value in values.items() if value is not None]
    return f"{header}\n{''.join(lines)}"


def _value(value: Any) -> str:
    match value:
        case bool():
            return str(value).lower()
        case str():
            return quoted(value)
        case int() | float():
            return str(value)
        case SecretRef(env=str(name)):
            return f"{{ env = {quoted(name)} }}"
        case SecretRef(file=str(path)):
            return f"{{ file = {quoted(path)} }}"
        case tuple():
            return _list([_value(item) for item in value])
    raise TypeError(f"{type(value).__name__} has no place in outlive.toml")


def _list(items: list[str]) -> str:
    text = ", ".join(items)
    return f"[{text}]" if len(text) <= WIDTH - 20 else "[\n" + "".join(f"  {item},\n" for item in items) + "]"


def quoted(text: str) -> str:
    """A basic string: JSON's escapes are TOML's too, save that TOML wants DEL escaped."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def comment(*sentences: str) -> str:
    lines = [
        line for sentence in sentences for line in textwrap.wrap(one_line(sentence), WIDTH, break_on_hyphens=False)
    ]
    return "".join(f"# {line}\n" for line in lines)


def commented(text: str) -> str:
    return "".join(line if line.startswith("#") else f"# {line}" for line in text.splitlines(keepends=True))
