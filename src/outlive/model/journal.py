"""What of a host's systemd journal is read, as named in `outlive.toml`. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from pydantic import ConfigDict, Field

# What Debian's rsyslog writes into auth.log (auth, authpriv) and kern.log. The numbers: RFC 5424, table 1.
DEFAULT_FACILITIES = ("0", "4", "10")
Name = Annotated[str, Field(min_length=1, max_length=200)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Journal:
    """`units` in full ("ssh.service"), `identifiers` as syslog's ("sshd"): a line has to be of one of each that is given.
    With neither it is what auth.log and kern.log held: sshd, sudo, su, other logins, and the kernel. `priority`: only what
    is as grave or graver. `service`: as whose it is told; `stream`: as of a log file."""

    units: Annotated[tuple[Name, ...], Field(max_length=20)] = ()
    identifiers: Annotated[tuple[Name, ...], Field(max_length=20)] = ()
    priority: Literal["emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"] | None = None
    service: Annotated[str, Field(min_length=1, max_length=100)] = "journal"
    stream: Literal["stdout", "stderr"] = "stderr"
    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    @property
    def matches(self) -> tuple[str, ...]:
        """As words of journalctl(1): matches of one field are alternatives, those of different fields all have to hold.
        The same for the same lines, in whatever order they were named."""
        named = (*(f"--unit={one}" for one in self.units), *(f"--identifier={one}" for one in self.identifiers))
        chosen = named or tuple(f"SYSLOG_FACILITY={one}" for one in DEFAULT_FACILITIES)
        return tuple(sorted({*chosen, *([f"--priority={self.priority}"] if self.priority else ())}))
