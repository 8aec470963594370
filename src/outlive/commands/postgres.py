"""What we say to Postgres and its client programs, and how their answers are read.

The replication commands are those of the Postgres documentation, "Streaming Replication Protocol" (section 54.4 in
version 17). Servers before 15 know only the older spelling of BASE_BACKUP.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

LABEL = "outlive"
DUMP_MAGIC = b"PGDMP"
GLOBALS_END = b"-- PostgreSQL database cluster dump complete"


@dataclass(frozen=True, slots=True)
class BaseBackupOptions:
    """How a base backup is taken. `server_zstd` is the level, or None to send the tar as it is."""

    server_zstd: int | None = None
    max_rate_bytes: int | None = None


def base_backup(server_version_num: int, options: BaseBackupOptions) -> str:
    """The replication command: fast checkpoint, all WAL needed to be consistent, manifest with CRC-32C.

    CRC-32C, because SHA-256 halves the server's speed (research: backup.md section 5.2) and the parts carry their own.
    """
    rate = None if options.max_rate_bytes is None else max(32, options.max_rate_bytes // 1024)  # kB/s, 32 at least
    if server_version_num < 150000:
        words = f"BASE_BACKUP LABEL '{LABEL}' FAST WAL TABLESPACE_MAP MANIFEST 'yes' MANIFEST_CHECKSUMS 'CRC32C'"
        return words if rate is None else f"{words} MAX_RATE {rate}"
    parts = [
        f"LABEL '{LABEL}'",
        "CHECKPOINT 'fast'",
        "WAL true",
        "TABLESPACE_MAP true",
        "MANIFEST 'yes'",
        "MANIFEST_CHECKSUMS 'CRC32C'",
    ]
    if rate is not None:
        parts.append(f"MAX_RATE {rate}")
    if options.server_zstd is not None:
        parts += ["COMPRESSION 'zstd'", f"COMPRESSION_DETAIL 'level={options.server_zstd}'"]
    return f"BASE_BACKUP ({', '.join(parts)})"


def lsn(text: str) -> int:
    """`16/B374D848` as the 64-bit position it stands for. Raises ValueError."""
    high, _, low = text.partition("/")
    return (int(high, 16) << 32) + int(low, 16)


def relay(kind: str, target: str, port: int) -> tuple[str, ...]:
    """A program that joins its stdin and stdout to a socket, with what most images have.

    `kind` is one of `RELAYS`; `target` is a host name, or for `*-unix` the path of a socket. Nothing is installed.
    """
    match kind:
        case "bash":
            script = f"exec 3<>/dev/tcp/{target}/{port}; cat <&3 & cat >&3; kill $! 2>/dev/null"
            return ("bash", "-c", script)
        case "nc":
            return ("nc", target, str(port))
        case "socat":
            return ("socat", "-", f"TCP:{target}:{port}")
        case "socat-unix":
            return ("socat", "-", f"UNIX-CONNECT:{target}")
        case "perl":
            address = f"sockaddr_in({port},inet_aton('{target}'))"
            return ("perl", "-e", _PERL.format(family="PF_INET", address=address))
        case "perl-unix":
            return ("perl", "-e", _PERL.format(family="PF_UNIX", address="sockaddr_un($ARGV[0])"), target)
        case "python3":
            return ("python3", "-c", _PYTHON, target, str(port))
        case "python3-unix":
            return ("python3", "-c", _PYTHON, target)
    raise ValueError(f"{kind!r} is not a relay")


RELAYS_TCP = ("bash", "nc", "socat", "perl", "python3")
RELAYS_UNIX = ("socat-unix", "perl-unix", "python3-unix")

_PERL = (
    "use Socket;socket(S,{family},SOCK_STREAM,0)&&connect(S,{address})||die $!;"
    "if(my $p=fork){{while(sysread(STDIN,$b,65536)){{syswrite(S,$b)}}shutdown(S,1);waitpid($p,0)}}"
    "else{{while(sysread(S,$b,65536)){{syswrite(STDOUT,$b)}}kill 9,getppid}}"
)

_PYTHON = """
import os,socket,sys,threading
s=socket.create_connection((sys.argv[1],int(sys.argv[2]))) if len(sys.argv)>2 else socket.socket(socket.AF_UNIX)
if len(sys.argv)<3: s.connect(sys.argv[1])
def up():
    while 1:
        b=os.read(0,65536)
        if not b: s.shutdown(1); return
        s.sendall(b)
threading.Thread(target=up,daemon=True).start()
while 1:
    b=s.recv(65536)
    if not b: os._exit(0)
    while b: b=b[os.write(1,b):]
"""


def which(programs: Sequence[str]) -> tuple[str, ...]:
    """A command that prints those of the programs that are there, one a line; always succeeds."""
    return ("sh", "-c", f"for p in {' '.join(programs)}; do command -v $p >/dev/null 2>&1 && echo $p; done; true")


def pg_dump(database: str, *, user: str, port: int, host: str | None) -> tuple[str, ...]:
    """One database in the custom format, uncompressed: zstd follows, and does it better."""
    return ("pg_dump", "-Fc", "-Z0", "-w", *_where(user, port, host), "-d", f"dbname={_quote(database)}")


def pg_dumpall_globals(*, user: str, port: int, host: str | None, role_passwords: bool) -> tuple[str, ...]:
    """Roles, tablespaces and their settings. Reading password hashes needs a superuser: managed servers refuse it."""
    words = ("pg_dumpall", "--globals-only", "-w", *_where(user, port, host))
    return words if role_passwords else (*words, "--no-role-passwords")


def _where(user: str, port: int, host: str | None) -> tuple[str, ...]:
    words = ("-U", user, "-p", str(port))
    return words if host is None else (*words, "-h", host)


def _quote(value: str) -> str:
    """A value in a libpq connection string (section 32.1.1.1): a database may be named `a=b`."""
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
