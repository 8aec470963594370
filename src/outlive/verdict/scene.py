"""Everything that one judgement knows, joined once: who the hosts are, what was seen where, and as whom each place
answers. Pure. Rules look at it through `case.py`."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import cached_property

from outlive.model.observation import Observation
from outlive.verdict.blindness import blindness
from outlive.verdict.evidence import Evidence, by_key, part
from outlive.verdict.health import is_good_page
from outlive.verdict.judging import Judging
from outlive.verdict.ledger import Ledger
from outlive.verdict.likeness import Likeness, likeness
from outlive.verdict.past import Past
from outlive.verdict.pins import Pins, pinned
from outlive.verdict.places import places
from outlive.verdict.roster import hosts
from outlive.verdict.routes import Routes
from outlive.verdict.servers import Servers, addresses_of, servers
from outlive.verdict.sight import HOST_KEY, Answer, Sight, sight
from outlive.verdict.signs import LEAF, UNIQUE, fingerprint, signs
from outlive.verdict.tenants import own_share

UNKNOWN = "unknown"


class Scene:
    def __init__(self, observations: Iterable[Observation], now: datetime, settings: Judging) -> None:
        self.now, self.settings = now, settings
        self.evidence = Evidence(observations)
        self.pins = pinned(hosts(self.evidence), self.evidence)
        self.routes = Routes(self.evidence)
        self.ledger = Ledger(self.evidence, self.pins, self.routes)
        self.placed = places(self.evidence, self.pins, self.ledger, self.routes)
        self.keyed = {place: by_key(seen) for place, seen in self.placed.items()}
        self.sights = {place: sight(place, seen, now, settings) for place, seen in self.keyed.items()}
        self._pinned_by = _index(self.pins.values())
        self.shared = frozenset(key for key, hosts_of in self._pinned_by.items() if len(hosts_of) > 1)
        self._likeness: dict[tuple[str, str], Likeness] = {}
        self._past: dict[str, Past] = {}

    @cached_property
    def servers(self) -> Servers:
        return servers(self.evidence, self.pins, self.now, self.settings)

    @cached_property
    def blind(self) -> Observation | None:
        return blindness(self.evidence, self.now, self.settings)

    @cached_property
    def answers(self) -> dict[str, str | None]:
        """As whom every place answers: a host, "unknown", or None for silence and for what nobody asked."""
        return {place: self._answers_as(place) for place in dict.fromkeys((*self.ledger.addresses, *self.sights))}

    @cached_property
    def found(self) -> dict[str, tuple[str, ...]]:
        """For each host the places that answer as it."""
        found: dict[str, list[str]] = {}
        for place, host in self.answers.items():
            if host is not None and host != UNKNOWN:
                found.setdefault(host, []).append(place)
        return {host: tuple(sorted(at)) for host, at in found.items()}

    def sight(self, place: str) -> Sight:
        return self.sights.get(place) or Sight(place)

    def home(self, host: str) -> tuple[str, ...]:
        """Where a host belongs: its own addresses, and those that the provider lists for the same server beside one of
        them."""
        own = self.ledger.own(host)
        entries = (addresses_of(one) for one in self.servers.of(host))
        beside = (at for listed_ones in entries if listed_ones & set(own) for at in sorted(listed_ones))
        return tuple(dict.fromkeys((*own, *beside)))

    def past(self, host: str) -> Past:
        """What was seen of it where the host belongs, and what was said of it by name."""
        if host not in self._past:
            places = [place for place in (*self.home(host), host) if place in self.keyed]
            seen = [own_share(self.pins[host], self.keyed[place], self.shared) for place in places]
            slack = timedelta(seconds=self.settings.slack_seconds)
            self._past[host] = Past(self.pins[host].at, slack, seen)
        return self._past[host]

    @cached_property
    def pages(self) -> dict[str, set[str]]:
        """For each host the pages that it was seen to serve, as long as its memory goes."""
        of_all = {host: self.past(host).every("http.response") for host in self.pins}
        return {host: {part(one) for one in said if is_good_page(one)} for host, said in of_all.items()}

    def pages_of_others(self, host: str) -> set[str]:
        """Those that other hosts served and this one never did: that they are not to be had at its address (where somebody
        may have thought that the other was) says nothing about it."""
        others = (urls for other, urls in self.pages.items() if other != host)
        return set().union(*others) - self.pages.get(host, set())

    def likeness(self, host: str, seen: Sight) -> Likeness:
        return likeness(signs(self.pins[host], self.past(host), seen, self.shared))

    def likeness_at(self, host: str, place: str) -> Likeness:
        if (host, place) not in self._likeness:
            self._likeness[host, place] = self.likeness(host, self.sight(place))
        return self._likeness[host, place]

    def lookalikes(self, place: str) -> set[str]:
        """Hosts of which some pinned value was seen at the place."""
        keys = ((fact, fingerprint(fact, one.value)) for fact in UNIQUE for one in self.sight(place).values(fact))
        return {host for key in keys if key not in self.shared for host in self._pinned_by.get(key, ())}

    @cached_property
    def looks_like(self) -> dict[str, list[str]]:
        """For each host the places at which something that was pinned for it was seen."""
        places: dict[str, list[str]] = {}
        for place in sorted(self.sights):
            for host in self.lookalikes(place):
                places.setdefault(host, []).append(place)
        return places

    def _answers_as(self, place: str) -> str | None:
        if self.sight(place).answer is not Answer.ANSWERS:
            return None
        told = {*self.ledger.hosts_at(place), *({place} & self.pins.keys())}
        candidates = [host for host in told | self.lookalikes(place) if self._is(host, place, host in told)]
        return min(candidates, key=lambda host: self._rank(host, place, host in told), default=UNKNOWN)

    def _is(self, host: str, place: str, is_told: bool) -> bool:
        """Where nobody says that a host lives, its key must be there, or its disk without another's key; a certificate
        can be deployed anywhere, and a marker is compared only where the host is thought to be."""
        like = self.likeness_at(host, place)
        if is_told or not like.is_self:
            return like.is_self
        disk = [one for one in like.same if one.fact in UNIQUE and one.fact != LEAF]
        return bool(disk) and like.state(HOST_KEY) is not False

    def _rank(self, host: str, place: str, is_told: bool) -> tuple[bool, int, bool, str]:
        like = self.likeness_at(host, place)
        return like.state(HOST_KEY) is not True, -len(like.same), not is_told, host


def _index(pins: Iterable[Pins]) -> dict[tuple[str, str], set[str]]:
    """Which hosts a value was pinned for; several, where machines were made from one template."""
    found: dict[tuple[str, str], set[str]] = {}
    for one in pins:
        for fact in UNIQUE:
            for value in one.known(fact):
                found.setdefault((fact, fingerprint(fact, value)), set()).add(one.host)
    return found
