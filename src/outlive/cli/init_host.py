"""The way to a host that is met for the first time: its key is proven, vouched for, and only then is anything asked."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import typer

from outlive.cli.app import Output
from outlive.cli.asking import is_watched
from outlive.commands import ssh as words
from outlive.commands.ssh import SshPaths
from outlive.errors import HostKeyChanged, HostKeyUnknown, UsageError
from outlive.model.host import Host, SshAddress
from outlive.survey.proposal import slug
from outlive.transport import hostkey
from outlive.transport.base import Shell
from outlive.transport.local import LocalShell
from outlive.transport.ssh import SshShell


@dataclass(frozen=True, slots=True)
class Reached:
    """A host that answers, as it will stand in `outlive.toml`, and the key that it proved to have (None for this machine).
    `login`: how it is seen, for a person."""

    shell: Shell
    host: Host
    key: hostkey.ProvenKey | None = None
    login: str = ""

    @property
    def fingerprint(self) -> str:
        return self.key.fingerprint if self.key else ""


def host_of(address: str, ssh_config: Path | None, identity: Path | None) -> Host:
    """The host as it will stand in `outlive.toml`, but for its name. Raises `UsageError`."""
    if address == "local":
        return Host(name="local", address="local")
    try:
        parsed = SshAddress.parse(address)
    except ValueError as error:
        raise UsageError(f"{error}.", hint="Write [ssh://]user@host[:port], or 'local' for this machine.") from error
    files = {"ssh_config": ssh_config, "identity_file": identity}
    given: dict[str, Any] = {name: str(file.absolute()) for name, file in files.items() if file}
    return Host(name=slug(parsed.host), address=f"ssh://{parsed}", **given)


@contextmanager
def reach(host: Host, known_hosts: Path, accepted: str, output: Output) -> Iterator[Reached]:
    """A shell on the host that talks to nobody but the owner of the proven key. `accepted` is a fingerprint that a
    person has verified elsewhere. Raises `HostKeyUnknown`, `HostKeyChanged`, `LoginRejected`, `HostUnreachable`."""
    if host.is_local:
        yield Reached(LocalShell(), host)
        return
    key = hostkey.prove(host, known_hosts)
    _vouch(host, key, accepted)
    with hostkey.only(key) as pinned, tempfile.TemporaryDirectory(prefix="outlive-") as control:
        paths = SshPaths(pinned, Path(control))
        shell = SshShell(host, paths)
        try:
            name, may = _who(shell)
            host = replace(host, sudo=may == "sudo")
            yield Reached(SshShell(host, paths), host, key, _LOGINS.get(may, "").format(name))
        finally:
            shell.close()


_LOGINS = {
    "sudo": "{}, through sudo",
    "neither": "{}: not root, and without passwordless sudo. What only root may see is not seen, and not copied",
}


def _who(shell: Shell) -> tuple[str, str]:
    """The login's name, and "root", "sudo" or "neither"; empty when it makes no sense (the look will say why)."""
    lines = shell.run(words.who()).text.splitlines()
    return (lines[-2], lines[-1]) if len(lines) > 1 else ("", "")


def _vouch(host: Host, key: hostkey.ProvenKey, accepted: str) -> None:
    """Returns when somebody vouches for the key: the keeper, the person's known_hosts, or the person now."""
    if accepted and accepted != key.fingerprint:
        raise HostKeyChanged(f"{host.address} answers with {key.fingerprint}, and {accepted} was to be accepted.")
    if accepted or key.known_to:
        return
    cure = (
        f"On the server's own console, or with whoever set it up, compare: ssh-keygen -lf /etc/ssh/ssh_host_*_key.pub."
        f" When it is the same: --accept-host-key {key.fingerprint}"
    )
    if not is_watched():
        raise HostKeyUnknown(f"{host.address} answers with {key.fingerprint}.", hint=cure)
    typer.echo(f"{host.address} is not known here. It answers with the host key\n  {key.fingerprint}", err=True)
    if not typer.confirm("Have you compared it with the server's own, and is it the same?", err=True):
        raise HostKeyUnknown(f"{host.address}: {key.fingerprint} was not accepted.", hint=cure)
