"""Looking, remembering and judging, joined. `outlive check` does it once, the keeper all day."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from outlive.errors import OutliveError
from outlive.model.host import Host
from outlive.model.observation import Channel, Observation
from outlive.model.stretch import Stretch
from outlive.model.verdict import Address
from outlive.model.watching import Enrolment, LogPosition, Settlement, Told, Window
from outlive.state.watching import Watching
from outlive.transport import hostkey
from outlive.transport.dns import literal_address
from outlive.transport.net import NoAnswer
from outlive.transport.ssh_peer import subject
from outlive.verdict.judge import judge
from outlive.verdict.judgement import Judgement
from outlive.verdict.judging import Judging
from outlive.watch import drift, ledger, project_sight
from outlive.watch.eyes import Eyes
from outlive.watch.log_positions import Log, LogPositions
from outlive.watch.look import look
from outlive.watch.own import OwnState
from outlive.watch.plan import Ask, plan
from outlive.watch.recall import HORIZON, Recall
from outlive.witnesses.base import LogReader

FIRST = ("dns", "tofu")  # what they tell is asked in the same look
SECOND = ("provider",)  # after the states, which say which server is whose
BESIDE = ("drift",)  # with the provider one channel, of which nobody else needs to know
LAST = ("logs",)  # they read what the containers that were seen have written


@dataclass(frozen=True, slots=True)
class News:
    """What the memory does not have yet."""

    stretches: list[Stretch]
    told: list[Told]
    positions: dict[Log, LogPosition | None] = field(default_factory=dict)


class Watcher:
    """Belongs to one thread, but for what says otherwise. `memory` None: nothing is remembered (it could not be opened, or
    nothing may be written). `streamed` are the assets of which the keeper's own streams tell."""

    def __init__(self, eyes: Eyes, memory: Watching | None, streamed: Collection[str] = ()) -> None:
        self.eyes = eyes
        self.settings = eyes.sight.settings
        self._clock = eyes.sight.clock
        self._memory = memory
        self._streamed = streamed
        self.own = OwnState(self.settings.watch, eyes.sight.names, eyes.sight.trust, self._clock)
        self.recall = Recall(memory.stretches(self._clock.now() - HORIZON) if memory else ())
        self.positions = eyes.sight.positions = LogPositions.of(memory.log_positions() if memory else ())
        self.ledger: list[Told] = memory.addresses() if memory else []
        self.enrolments: dict[str, Enrolment] = {}
        self.windows: list[Window] = []
        self.settled: list[Settlement] = []
        self._untold: list[Told] = []
        self.reload()

    def reload(self) -> None:
        """What people have changed meanwhile: enrolments, windows, markers, addresses, and what they settled. May be called
        from another thread; raises what the store raises, and then everything stays as it was."""
        if self._memory is None:
            return
        enrolments, windows, planted = self._memory.enrolments(), self._memory.windows(), self._memory.planted()
        known = {(one.host, one.address, one.told_by): one for one in self._memory.addresses()}
        settled = self._memory.settlements()
        for one in list(self._untold):
            known.setdefault((one.host, one.address, one.told_by), one)
        self.enrolments = {one.host: one for one in enrolments}
        self.windows, self.eyes.sight.planted, self.ledger = windows, planted, list(known.values())
        self.settled = settled

    async def locate(self) -> None:
        """Where each host is to be found by its configuration, into the ledger. One whose configuration cannot be read now
        (a hanging `Match exec`) keeps nobody from the others; it is asked where it was before."""
        remote = [host for host in self.settings.hosts if not host.is_local]
        found = await asyncio.gather(*(self._locate(host) for host in remote), return_exceptions=True)
        for one in found:
            if isinstance(one, OutliveError):
                continue
            if isinstance(one, BaseException):
                raise one
            self.tell(one)

    def plan(self) -> list[Ask]:
        self.eyes.sight.claims = project_sight.claims(self.settings, self.recall.present(), self.ledger)
        ports = {host: route.port for host, route in self.eyes.sight.routes.items()}
        return plan(self.settings, ledger.asked(self.ledger), ports, self._streamed)

    async def once(self) -> list[Observation]:
        """Everybody is asked once: first where the hosts are, then the hosts."""
        await self.locate()
        first = await self._look([ask for ask in self.plan() if ask.kind in FIRST])
        until = asyncio.get_running_loop().time() + self.settings.watch.provider_seconds
        beside = self._look([ask for ask in self.plan() if ask.kind in BESIDE], until)
        drifted, others = await asyncio.gather(beside, self._provider_and_hosts(until))
        return [*first, *others, *drifted]

    async def _provider_and_hosts(self, until: float) -> list[Observation]:
        """The provider may tell where the hosts are, so that it is waited for, until then."""
        second = await self._look([ask for ask in self.plan() if ask.kind in SECOND], until)
        told = (*FIRST, *SECOND, *BESIDE, *LAST)
        rest = await self._look([ask for ask in self.plan() if ask.kind not in told and not self._is_known(ask)])
        last = await self._look([ask for ask in self.plan() if ask.kind in LAST])
        own = await self.own.after(rest, alone=True)
        self.recall.add(own)
        return [*second, *rest, *last, *own]

    async def _look(self, asks: Sequence[Ask], until: float = math.inf) -> list[Observation]:
        """`until`: by the event loop's clock."""
        left = until - asyncio.get_running_loop().time()
        tasks = [look([self.eyes.witness(ask)], min(left, self.eyes.ceiling_seconds(ask))) for ask in asks]
        seen = [self.learn(ask, found) for ask, found in zip(asks, await asyncio.gather(*tasks), strict=True)]
        return [one for found in seen for one in found]

    def _is_known(self, ask: Ask) -> bool:
        """Registries are other people's: what they said is believed for as long as the keeper would."""
        since = self._clock.now() - timedelta(seconds=ask.every_seconds)
        known = (one for one in self.recall.present() if one.fact == "dns.domain" and one.subject == ask.name)
        return ask.kind == "domain" and any(one.error is None and one.at >= since for one in known)

    def learn(self, ask: Ask, seen: list[Observation]) -> list[Observation]:
        """Takes in what one witness saw, and what that comes to against what it saw before."""
        if ask.kind == "provider":
            provider = next(one for one in self.settings.providers if one.name == ask.name)
            seen = [*seen, *project_sight.found_in(provider, self.recall.present(), seen, self._clock.now())]
        if ask.kind == "drift":
            folder = next(one for one in self.settings.tofu if one.name == ask.name)
            seen = [*seen, *drift.found_in(folder, seen, self._clock.now())]
        self.recall.add(seen)
        witness = self.eyes.witness(ask)
        if isinstance(witness, LogReader):
            self.positions.take(witness.reader, witness.positions(), self._clock.now())
        if ask.kind in (*FIRST, *SECOND):
            self.tell(ledger.from_observations(ask.host, seen))
        return seen

    def tell(self, told: Iterable[Told]) -> None:
        """Into the ledger."""
        news = ledger.news(self.ledger, told)
        known = {(one.host, one.address, one.told_by): one for one in self.ledger}
        for one in news:
            which = (one.host, one.address, one.told_by)
            known[which] = replace(known[which], last_at=one.last_at) if which in known else one
        self.ledger = list(known.values())
        self._untold += news

    def news(self) -> News:
        """What is to be written."""
        return News(self.recall.unwritten(), list(self._untold), self.positions.unwritten())

    def write(self, news: News) -> None:
        """Into the memory; may be called from another thread. Raises what the store raises; `written` is to be called
        only when it did not."""
        if self._memory:
            moved = [one for one in news.positions.values() if one is not None]
            self._memory.keep(news.stretches, moved, [log for log, one in news.positions.items() if one is None])
            self._memory.tell(news.told)

    def written(self, news: News) -> None:
        self.recall.written(news.stretches)
        self.positions.written(news.positions)
        self._untold = [one for one in self._untold if one not in news.told]

    def judge(self) -> Judgement:
        now = self._clock.now()
        return judge(self.evidence(now), now=now, settings=self.judging)

    @property
    def judging(self) -> Judging:
        watch = self.settings.watch
        return Judging(restarts=watch.restarts, restart_window_seconds=watch.restart_window_seconds)

    def evidence(self, now: datetime) -> list[Observation]:
        """Everything that is laid before the judge."""
        open_windows = [one for one in self.windows if one.until >= now - timedelta(days=7)]
        return [
            *self.recall.evidence(now),
            *(self._enrolled(host) for host in self.settings.hosts),
            *(one.observation() for one in open_windows),
            *(one.observation() for one in self.settled),
            *ledger.testimony(self.ledger),
        ]

    def addresses(self, judgement: Judgement) -> list[Address]:
        """The ledger, and whatever else was asked, with who answers there."""
        found = {one.address: one for one in judgement.addresses}
        for host in self.settings.hosts:
            for where, address in self.subjects(host).items():
                known = found.get(where) or Address(where, ())
                found[where] = replace(known, told_by=ledger.told_by(self.ledger, address) or known.told_by)
        return [found[address] for address in sorted(found)]

    def subjects(self, host: Host) -> dict[str, str]:
        """The host's addresses in the ledger, by how observations call them (with a port that is not SSH's own)."""
        port = self.eyes.sight.routes[host.name].port if host.name in self.eyes.sight.routes else 22
        return {subject(address, port): address for address in ledger.asked(self.ledger).get(host.name, ())}

    def now(self) -> datetime:
        return self._clock.now()

    async def _locate(self, host: Host) -> list[Told]:
        sight, now = self.eyes.sight, self._clock.now()
        if host.name not in sight.routes:
            sight.routes[host.name] = await asyncio.to_thread(hostkey.route, host)
            known_hosts = self.settings.keeper.known_hosts
            sight.pinned[host.name] = await asyncio.to_thread(hostkey.pinned, host, known_hosts)
        route = sight.routes[host.name]
        found = [ledger.at(host.name, address, ledger.CONFIG, now) for address in host.addresses]
        if route.is_proxied and literal_address(route.name) is None:
            return [*found, ledger.at(host.name, route.name, ledger.SSH, now)]  # only the other host can resolve it
        try:
            addresses: Sequence[str] = await sight.names.resolve(route.name)
        except NoAnswer:
            addresses = () if any(one.host == host.name and one.is_asked for one in self.ledger) else (route.name,)
        return [*found, *(ledger.at(host.name, address, ledger.SSH, now) for address in addresses)]

    def _enrolled(self, host: Host) -> Observation:
        """What was pinned; of a host that nobody enrolled, what the configuration and known_hosts pin all the same."""
        if host.name in self.enrolments:
            return self.enrolments[host.name].observation()
        ours = (ledger.SSH, ledger.CONFIG)
        told = {one.address for one in self.ledger if one.host == host.name and one.told_by in ours}
        facts: dict[str, object] = {"address": [at for at, bare in self.subjects(host).items() if bare in told]}
        if keys := [key.fingerprint for key in self.eyes.sight.pinned.get(host.name, ())]:
            facts["ssh.host_key"] = keys
        known_hosts = self.settings.keeper.known_hosts
        at = datetime.fromtimestamp(known_hosts.stat().st_mtime, UTC) if known_hosts.is_file() else self._clock.now()
        return Observation(at, "config", Channel.PERSON, host.name, "enrolled", facts, "outlive.toml, known_hosts")
