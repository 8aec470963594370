"""From what is planned to who looks. Witnesses that remember something (a kept connection, an open question) live on from
look to look."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TypeVar

from outlive.clock import Clock
from outlive.commands.docker_look import ContainerState
from outlive.commands.ssh import Route
from outlive.config.schema import Settings
from outlive.config.schema_watch import LokiSettings, ProviderSettings, TofuSettings
from outlive.logs.tally import Limits
from outlive.model.asset import DockerVolumeAsset
from outlive.model.check import Check
from outlive.model.host import Host
from outlive.model.watching import Planted
from outlive.providers.base import Provider
from outlive.transport.api import Api
from outlive.transport.dns import Names
from outlive.transport.hostkey import PinnedKey
from outlive.transport.inside import Inside, InsideHere, InsidePeer
from outlive.transport.net import Trust
from outlive.transport.postgres_identity import PostgresIdentity
from outlive.transport.ssh_peer import SshPeer
from outlive.watch.log_positions import LogPositions
from outlive.watch.markers import state
from outlive.watch.plan import Ask
from outlive.witnesses.base import Witness
from outlive.witnesses.capacity import CapacityWitness
from outlive.witnesses.dns import DnsWitness
from outlive.witnesses.docker import DockerWitness
from outlive.witnesses.domain import DomainWitness
from outlive.witnesses.host_logs import HostLogWitness
from outlive.witnesses.http import HttpWitness
from outlive.witnesses.inside import LocalWitness
from outlive.witnesses.journal import JournalWitness
from outlive.witnesses.logs import LogWitness
from outlive.witnesses.loki import LokiWitness
from outlive.witnesses.loki_tail import LokiTail
from outlive.witnesses.postgres_identity import PostgresWitness
from outlive.witnesses.provider import Claim, ProviderWitness
from outlive.witnesses.ssh_identity import SshWitness
from outlive.witnesses.tcp import TcpWitness
from outlive.witnesses.tls import TlsWitness
from outlive.witnesses.tofu_plan import TofuPlanWitness
from outlive.witnesses.tofu_state import TofuStateWitness

SLOW_SECONDS = 60.0  # for what asks several things one after the other
PROVIDER_SECONDS = 240.0
DRIFT_SLACK_SECONDS = 30.0  # the witness has its own limit, which ends before
SLOW = ("ssh", "capacity", "docker", "logs", "files", "journals", "loki", "domain", "postgres", "dns", "tofu")
CLUSTERS_AT_ONCE = 8
_Lines = TypeVar("_Lines", HostLogWitness, JournalWitness)


@dataclass(slots=True)
class Sight:
    """What the eyes need. `folder` is private, and removed in the end; `routes` and `pinned` are what SSH's configuration
    and the keeper's known_hosts say of each host; `identify` asks the cluster of an asset (it may wait); `provider` and
    `loki` make the way to one (they may wait); `planted` are the markers, `log_key` makes the fingerprints of
    leaks; `claims`: which servers the hosts say are theirs; `positions`: how far logs were read; `live`: they
    look all day, so that it is worth to listen."""

    settings: Settings
    clock: Clock
    names: Names
    trust: Trust
    folder: Path
    identify: Callable[[str], PostgresIdentity]
    provider: Callable[[ProviderSettings], Provider]
    loki: Callable[[LokiSettings], Api]
    routes: dict[str, Route] = field(default_factory=dict)
    pinned: dict[str, Sequence[PinnedKey]] = field(default_factory=dict)
    planted: Sequence[Planted] = ()
    marker_key: bytes | None = None
    log_key: bytes = field(default=b"", repr=False)
    claims: dict[str, Claim] = field(default_factory=dict)
    positions: LogPositions = field(default_factory=LogPositions)
    live: bool = False

    def plans(self, name: str) -> TofuSettings:
        return next(one for one in self.settings.tofu if one.name == name)


class Eyes:
    """Makes each witness once. Those that look inside an address share its connection."""

    def __init__(self, sight: Sight) -> None:
        self.sight = sight
        self._made: dict[Ask, Witness] = {}
        self._containers: dict[tuple[str, str | None], tuple[ContainerState, ...]] = {}
        self._peers: dict[tuple[str, str | None, int], SshPeer] = {}
        self._executor = ThreadPoolExecutor(CLUSTERS_AT_ONCE, thread_name_prefix="cluster")

    @property
    def peers(self) -> list[SshPeer]:
        """The addresses that are asked over SSH."""
        return list(self._peers.values())

    def witness(self, ask: Ask) -> Witness:
        if ask not in self._made:
            self._made[ask] = self._make(ask)
        return self._made[ask]

    def forget(self, keep: Sequence[Ask]) -> None:
        """Witnesses of what is no longer planned."""
        self._made = {ask: one for ask, one in self._made.items() if ask in set(keep)}

    def ceiling_seconds(self, ask: Ask) -> float:
        """When a look is given up from outside: its own limits should end it before."""
        timeout = self.sight.settings.watch.timeout_seconds
        if ask.kind == "http":
            timeout = self._check(ask).timeout_seconds
        if ask.kind == "drift":
            return self.sight.plans(ask.name).timeout_seconds + DRIFT_SLACK_SECONDS
        if ask.kind == "provider":
            return PROVIDER_SECONDS  # its limits of speed are waited for
        return max(SLOW_SECONDS, 4 * timeout) if ask.kind in SLOW else timeout + 5

    async def close(self) -> None:
        """Ends the kept connections, and what listens."""
        listening = (one for one in self._made.values() if isinstance(one, LokiWitness))
        await asyncio.gather(*(one.close() for one in listening))
        await asyncio.gather(*(peer.close() for peer in self.peers))
        shutil.rmtree(self.sight.folder, ignore_errors=True)
        self._executor.shutdown(wait=False, cancel_futures=True)

    def _make(self, ask: Ask) -> Witness:
        one, watch = self.sight, self.sight.settings.watch
        match ask.kind:
            case "http":
                return HttpWitness(self._check(ask), one.names, one.trust, one.clock, ask.address)
            case "tls":
                return TlsWitness(ask.name, _address(ask), ask.port, one.trust, one.clock, watch.timeout_seconds)
            case "tcp":
                return TcpWitness(_address(ask), ask.port, one.clock, watch.timeout_seconds)
            case "dns":
                return DnsWitness(ask.name, one.names, one.clock)
            case "domain":
                return DomainWitness(ask.name, one.names, one.trust, one.clock, watch.rdap, watch.timeout_seconds)
            case "ssh":
                return self._ssh(ask)
            case "capacity":
                return CapacityWitness(self._subject(ask), self._inside(ask), one.clock, watch.timeout_seconds)
            case "docker":
                tell = partial(self._containers.__setitem__, (ask.host, ask.address))
                return DockerWitness(self._subject(ask), self._inside(ask), one.clock, watch.timeout_seconds, tell)
            case "logs":
                return self._logs(ask)
            case "files":
                return self._lines(ask, HostLogWitness, self._host(ask).log_files)
            case "journals":
                return self._lines(ask, JournalWitness, self._host(ask).journals)
            case "local":
                return LocalWitness(ask.host, one.clock, self._marker_state(ask.host), self._volumes(ask.host))
            case "postgres":
                identify = partial(one.identify, ask.name)
                return PostgresWitness(ask.host, ask.name, identify, self._executor, one.clock)
            case "tofu":
                return self._state(self._host(ask))
            case "provider":
                found = next(other for other in one.settings.providers if other.name == ask.name)
                return ProviderWitness(ask.name, partial(one.provider, found), lambda: one.claims, one.clock)
            case "loki":
                return self._loki(ask)
            case "drift":
                plans = one.plans(ask.name)
                return TofuPlanWitness(
                    plans.name, plans.folder, plans.program, plans.workspace, one.clock, plans.timeout_seconds
                )
        raise ValueError(f"nobody looks for {ask.kind!r}")

    def _state(self, host: Host) -> TofuStateWitness:
        """A folder is asked as its [[tofu]] table says, where it has one."""
        path, one = Path(str(host.tofu_state)), self.sight
        asked = next((table for table in one.settings.tofu if table.folder == path), None)
        told = (asked.program, asked.workspace) if asked else ()
        return TofuStateWitness(host.name, path, host.tofu_resource, one.clock, *told)

    def _ssh(self, ask: Ask) -> SshWitness:
        one, timeout = self.sight, self.sight.settings.watch.timeout_seconds
        return SshWitness(self._peer(ask), one.clock, self._marker_state(ask.host), self._volumes(ask.host), timeout)

    def _logs(self, ask: Ask) -> LogWitness:
        """Of the containers that the witness of containers saw last."""
        one, watch = self.sight, self.sight.settings.watch

        def seen() -> Sequence[ContainerState]:
            return self._containers.get((ask.host, ask.address), ())

        subject = self._subject(ask)
        read = one.positions.of_reader(subject)
        return LogWitness(
            subject, self._inside(ask), one.clock, seen, one.log_key, self._limits, watch.timeout_seconds, read
        )

    def _lines(self, ask: Ask, kind: Callable[..., _Lines], wanted: Sequence[object]) -> _Lines:
        """Whoever reads on in what the host itself writes, from where it was left."""
        one, timeout = self.sight, self.sight.settings.watch.timeout_seconds
        made = kind(self._subject(ask), self._inside(ask), one.clock, wanted, one.log_key, self._limits, timeout)
        made.remembered = one.positions.of_reader(made.reader)
        return made

    def _loki(self, ask: Ask) -> LokiWitness:
        one = self.sight
        found = next(other for other in one.settings.loki if other.name == ask.name)
        open_it = partial(one.loki, found)
        made = LokiWitness(found.name, found.host, found.query, open_it, one.clock, one.log_key, self._limits)
        made.resume(one.positions.of_reader(made.reader))
        if found.tail and one.live:
            made.listen(LokiTail(found.query), found.every_seconds)
        return made

    @property
    def _limits(self) -> Limits:
        watch = self.sight.settings.watch
        return Limits(watch.stderr_bytes_per_minute, watch.stderr_lines_per_minute)

    def _peer(self, ask: Ask) -> SshPeer:
        which = (ask.host, ask.address, ask.port)
        if which not in self._peers:
            prefer = next((key.kind for key in self.sight.pinned.get(ask.host, ())), "")
            self._peers[which] = SshPeer(
                self._host(ask), _address(ask), self.sight.folder, port=ask.port, prefer=prefer
            )
        return self._peers[which]

    def _inside(self, ask: Ask) -> Inside:
        return InsideHere() if ask.address is None else InsidePeer(self._peer(ask), self.sight.clock)

    def _subject(self, ask: Ask) -> str:
        return ask.host if ask.address is None else self._peer(ask).subject

    def _marker_state(self, host: str) -> Callable[[str, str], str | None]:
        def told(place: str, token: str) -> str | None:
            key = self.sight.marker_key
            return None if key is None else state(key, self.sight.planted, host, place, token)

        return told

    def _volumes(self, host: str) -> list[str]:
        assets = self.sight.settings.assets
        return [one.volume for one in assets if isinstance(one, DockerVolumeAsset) and one.host == host]

    def _host(self, ask: Ask) -> Host:
        host = self.sight.settings.host(ask.host)
        assert host is not None
        return host

    def _check(self, ask: Ask) -> Check:
        return self._host(ask).all_checks[ask.check]


def _address(ask: Ask) -> str:
    assert ask.address is not None
    return ask.address
