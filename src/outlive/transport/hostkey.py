"""Which key a host proves to have, and pinning it.

`ssh-keyscan` proves nothing: it ends before the host has signed anything, so whoever stands in between can show it any
key. A key counts here once the host has finished a key exchange with it and has taken our login. It is then written
down exactly as ssh itself writes it, and from then on nothing else is accepted.
"""

from __future__ import annotations

import errno
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from outlive.commands import ssh as words
from outlive.errors import ConfigError, Failed, HostKeyChanged, HostKeyUnknown, HostUnreachable, LoginRejected, NoData
from outlive.model.host import Host, SshAddress
from outlive.transport import process
from outlive.transport.base import Completed

CONNECT_SECONDS = 30
_OFFERED = re.compile(r"^debug1: Server host key: (\S+) (SHA256:\S+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class ProvenKey:
    """A host key that has finished a key exchange. `line` is its line of known_hosts; `known_to` says who vouched for
    it already: "keeper", "user", or "" when nobody did."""

    line: str
    fingerprint: str
    known_to: str


def prove(host: Host, known_hosts: Path) -> ProvenKey:
    """Logs in and returns the key that the host proved to have. Nothing is written.

    Raises `HostKeyChanged` when the keeper or the person has another key for it, `LoginRejected`, `HostUnreachable`.
    """
    pinned = _is_listed(host, known_hosts)
    strict = _connect(
        host, {"UserKnownHostsFile": str(known_hosts), "GlobalKnownHostsFile": "/dev/null"} if pinned else {}
    )
    trouble = _trouble(strict)
    if trouble in (words.SshTrouble.HOST_KEY_CHANGED, words.SshTrouble.LOGIN_REJECTED, words.SshTrouble.UNREACHABLE):
        raise _error(host, trouble, strict)
    if pinned and trouble:
        raise _error(host, words.SshTrouble.HOST_KEY_CHANGED, strict)
    line = _learned(host, _algorithms(strict) if not trouble else "")
    found = fingerprint(line)
    known_to = "" if trouble else "keeper" if pinned else "user"
    if known_to and found not in strict.stderr:
        raise HostKeyChanged(f"{host.address}: two connections in a row met two keys, the second with {found}.")
    return ProvenKey(line, found, known_to)


def pin(key: ProvenKey, known_hosts: Path) -> None:
    """Adds the key to the keeper's known_hosts (0600), if it is not there. Raises `ConfigError`; `Failed` on a full disk."""
    try:
        known_hosts.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        text = known_hosts.read_text() if known_hosts.exists() else ""
        if key.line in text.splitlines():
            return
        _append(known_hosts, "\n" * bool(text and not text.endswith("\n")) + key.line + "\n")
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise Failed(f"{known_hosts}: {error.strerror}.", hint="Make room on its disk, then try again.") from error
        hint = "Name a folder that this user may write to (--config)."
        raise ConfigError(f"{known_hosts} cannot be written: {error.strerror}.", hint=hint) from error


def _append(path: Path, line: str) -> None:
    """Whole and durable, or not at all: half a line would be nobody's key."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    before = os.fstat(descriptor).st_size
    try:
        data = line.encode()
        if os.write(descriptor, data) < len(data):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        os.fsync(descriptor)
    except OSError:
        os.ftruncate(descriptor, before)
        raise
    finally:
        os.close(descriptor)


@dataclass(frozen=True, slots=True)
class PinnedKey:
    """A key that the keeper has for a host; `kind` is its type (`ssh-ed25519`)."""

    kind: str
    fingerprint: str


def pinned(host: Host, known_hosts: Path) -> tuple[PinnedKey, ...]:
    """The keys that the keeper accepts from the host."""
    return tuple(PinnedKey(line.split()[1], fingerprint(line)) for line in _lines(host, known_hosts))


def repin(host: Host, key: str, known_hosts: Path) -> None:
    """From now on this key (`TYPE BASE64`) and no other is the host's. Raises `ConfigError`."""
    name = route(host).known_as
    if known_hosts.is_file():
        process.run(["ssh-keygen", "-R", name, "-f", str(known_hosts)]).check("forgetting the host's former key")
        known_hosts.with_name(f"{known_hosts.name}.old").unlink(missing_ok=True)
    line = f"{name} {key}"
    pin(ProvenKey(line, fingerprint(line), "keeper"), known_hosts)


@contextmanager
def only(key: ProvenKey) -> Iterator[Path]:
    """A known_hosts with just this key, for a look before anything is written down."""
    with tempfile.TemporaryDirectory(prefix="outlive-") as folder:
        path = Path(folder) / "known_hosts"
        path.write_text(f"{key.line}\n")
        yield path


def fingerprint(line: str) -> str:
    """`SHA256:...` of a known_hosts line, as `ssh-keygen -l` prints it. Raises ValueError."""
    try:
        return words.fingerprint(line.split()[2])
    except (IndexError, ValueError) as error:
        raise ValueError("not a line of known_hosts") from error


def _connect(host: Host, options: dict[str, str]) -> Completed:
    """A login that runs nothing, by a connection of its own, told in detail (-v)."""
    always = {"BatchMode": "yes", "StrictHostKeyChecking": "yes", "UpdateHostKeys": "no", "VerifyHostKeyDNS": "no"}
    always |= {"ControlMaster": "no", "ControlPath": "none", "ConnectTimeout": "10", "HashKnownHosts": "no"}
    name = SshAddress.parse(host.address).host
    argv = [*words.client(host, always | options), "-v", "--", name, "true"]
    return process.run(argv, shown=("ssh", name), timeout_seconds=CONNECT_SECONDS)


def _learned(host: Host, algorithms: str) -> str:
    """The line that ssh writes for a host that it meets for the first time, of the kind that was vouched for."""
    with tempfile.TemporaryDirectory(prefix="outlive-") as folder:
        path = Path(folder) / "known_hosts"
        options = {"StrictHostKeyChecking": "accept-new", "UserKnownHostsFile": str(path), "CheckHostIP": "no"}
        options |= {"GlobalKnownHostsFile": "/dev/null"} | ({"HostKeyAlgorithms": algorithms} if algorithms else {})
        done = _connect(host, options)
        if trouble := _trouble(done):
            raise _error(host, trouble, done)
        lines = path.read_text().splitlines() if path.exists() else []
    if len(lines) != 1:
        raise HostKeyUnknown(f"{host.address}: ssh told {len(lines)} keys.", hint="Look at it with `ssh -v`.")
    return lines[0]


def _algorithms(done: Completed) -> str:
    """The signature algorithms of the key that was offered last: of jump hosts before it, ssh tells as well."""
    offered = _OFFERED.findall(done.stderr)
    kind = offered[-1][0] if offered else ""
    return "rsa-sha2-512,rsa-sha2-256" if kind == "ssh-rsa" else kind


def _is_listed(host: Host, known_hosts: Path) -> bool:
    """Whether the file has any key under the name by which ssh will look it up."""
    return bool(_lines(host, known_hosts))


def _lines(host: Host, known_hosts: Path) -> list[str]:
    """The file's lines for the host, as `ssh-keygen -F` finds them (hashed ones too)."""
    if not known_hosts.is_file():
        return []
    told = process.run(["ssh-keygen", "-F", route(host).known_as, "-f", str(known_hosts)]).text.splitlines()
    return [line for line in told if line and not line.startswith("#")]


def route(host: Host) -> words.Route:
    """Where SSH's own configuration leads for the host."""
    return words.read_route(host, process.run(words.route(host)).text)


def _trouble(done: Completed) -> words.SshTrouble | None:
    return words.read_trouble(_without_debug(done.stderr)) if done.status == words.SSH_FAILED else None


def _error(host: Host, trouble: words.SshTrouble, done: Completed) -> NoData:
    said = _without_debug(done.stderr).strip().splitlines()
    where = f"{host.name} ({host.address}): {said[-1].strip() if said else 'no word'}"
    match trouble:
        case words.SshTrouble.HOST_KEY_CHANGED:
            return HostKeyChanged(where)
        case words.SshTrouble.LOGIN_REJECTED:
            return LoginRejected(where)
        case words.SshTrouble.HOST_KEY_UNKNOWN:
            return HostKeyUnknown(where)
        case words.SshTrouble.UNREACHABLE:
            return HostUnreachable(where)


def _without_debug(stderr: str) -> str:
    kept = [line for line in stderr.splitlines() if not line.startswith(("debug1:", "OpenSSH_"))]
    return "\n".join(
        line for line in kept if not line.startswith(("Authenticated to", "Transferred:", "Bytes per second"))
    )
