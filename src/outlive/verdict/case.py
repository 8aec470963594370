"""One host before the judge: all that is known of it, as the rules look at it. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from outlive.model.observation import Channel, Observation
from outlive.model.watching import Settlement
from outlive.verdict.capacity_notes import of_payments
from outlive.verdict.evidence import channel
from outlive.verdict.evidence import field as value_of
from outlive.verdict.health import Health, health
from outlive.verdict.likeness import Kind, Likeness
from outlive.verdict.past import Past
from outlive.verdict.pins import Pins
from outlive.verdict.scene import UNKNOWN, Scene
from outlive.verdict.sight import DMI, Answer, Sight, merged
from outlive.verdict.signs import SYSTEM_ID
from outlive.verdict.subjects import bare


@dataclass(frozen=True, slots=True)
class Case:
    """`own`: the addresses where the host belongs. `found`: the places that answer as it, its own ones first. `main`:
    what is seen at the place that matters most, compared in `like`."""

    host: str
    scene: Scene = field(repr=False)
    own: tuple[str, ...]
    found: tuple[str, ...]
    main: Sight = field(repr=False)
    like: Likeness = field(repr=False)
    health: Health = field(repr=False)

    @property
    def pins(self) -> Pins:
        return self.scene.pins[self.host]

    @property
    def past(self) -> Past:
        return self.scene.past(self.host)

    @property
    def now(self) -> datetime:
        return self.scene.now

    @property
    def is_enrolled(self) -> bool:
        return self.pins.observation is not None

    @property
    def told(self) -> tuple[str, ...]:
        return self.scene.ledger.of(self.host)

    @property
    def at_home(self) -> bool:
        """Whether the host answers where it belongs."""
        return bool(set(self.found) & {*self.own, self.host})

    @property
    def documents(self) -> tuple[Observation, ...]:
        """What the provider says of the host."""
        return self.scene.servers.of(self.host)

    @property
    def board(self) -> bool | None:
        """Whether the guest sees the same hardware, asked together with the rest of it."""
        newest = max((one.at for one in self.main.now.values()), default=self.now)
        return self.like.state(DMI) if self.was_asked(DMI, "", newest) else None

    @property
    def hardware(self) -> bool | None:
        """Whether the hardware is the same: by what the guest sees, else by the provider's id."""
        return self.scene.servers.is_same(self.host) if self.board is None else self.board

    def was_known(self, fact: str, which: str = "") -> bool:
        """Whether it was pinned, or ever seen."""
        return bool(self.pins.known(fact, which)) or self.past.newest_of((fact, which)) is not None

    def was_asked(self, fact: str, which: str, at: datetime) -> bool:
        """Whether it was seen together with what was seen at that time."""
        one = self.main.now.get((fact, which))
        together = timedelta(seconds=self.scene.settings.together_seconds)
        return one is not None and one.error is None and abs(one.at - at) <= together

    @property
    def vouchers(self) -> tuple[Observation, ...]:
        """What speaks for the host where nothing identifies it: a valid certificate at the main place, which a machine set
        up anew would not have, or the same database."""
        if self.like.kind is not Kind.NOTHING or self.main.place not in (*self.own, self.host):
            return ()
        same_data = (one.now for one in self.like.of(SYSTEM_ID) if one.same)
        return (*(one for one in self.main.now.values() if serves_valid_certificate(one)), *same_data)

    @property
    def is_vouched(self) -> bool:
        """Better than silence, and no proof."""
        return not self.found and self.main.answer is not Answer.SILENT and bool(self.vouchers)

    def others_at(self, places: tuple[str, ...]) -> dict[str, str]:
        """The places among these that answer as another host of ours."""
        answers = self.scene.answers
        return {place: other for place in places if (other := answers.get(place)) and other not in (UNKNOWN, self.host)}


def serves_valid_certificate(one: Observation) -> bool:
    if one.error is not None or channel(one) is not Channel.OUTSIDE or not isinstance(one.value, dict):
        return False
    valid = {"http.response": "tls_valid", "tls.leaf": "valid"}.get(one.fact)
    return valid is not None and one.value.get(valid) is True


def case(host: str, scene: Scene) -> Case:
    own = scene.home(host)
    found = tuple(sorted(scene.found.get(host, ()), key=lambda place: (*_rank(place, own, host), place)))
    place = _main(host, scene, own, found)
    by_name = scene.sights.get(host) if place != host else None
    main = merged(scene.sight(place), by_name, scene.settings.slack_seconds)
    served = _served(host, scene, own, found) - {place}
    seen = (main, *(scene.sight(other) for other in sorted(served)))
    settled = [one for said in scene.evidence.of("log.settled") if (one := Settlement.from_observation(said))]
    well = health(seen, scene.past(host), scene.now, scene.settings, scene.pages_of_others(host), settled)
    credit = scene.servers.credit if scene.servers.of(host) else None
    paid = of_payments(_domains(host, scene), credit, scene.now)
    well = replace(well, notes=(*well.notes, *paid))
    return Case(host, scene, own, found, main, scene.likeness(host, main), well)


def _domains(host: str, scene: Scene) -> list[Observation]:
    """Until when each domain of the host's names is paid for, as it was told last: each domain once."""
    names, known = set(scene.ledger.links.names_of(host)), dict[str, Observation]()
    oldest = scene.now - timedelta(seconds=scene.settings.max_age("dns.domain"))
    for one in scene.evidence.of("dns.domain"):
        if one.error is None and one.at >= oldest and bare(one.subject) in names:
            known[str(value_of(one, "domain"))] = one
    return list(known.values())


def _served(host: str, scene: Scene, own: tuple[str, ...], found: tuple[str, ...]) -> set[str]:
    """The places at which its service is looked at: those that answer as it, its other addresses as long as no other
    machine is there, and the proxies that its names stood for when it was enrolled."""
    proxies = {str(at) for at in scene.pins[host].known("dns.addresses")}
    others = (*own, *proxies) if set(found) & {*own, host} else tuple(proxies)
    quiet = {at for at in others if scene.likeness_at(host, at).kind is Kind.NOTHING}
    return {*found, *(at for at in quiet if scene.answers.get(at) in (None, UNKNOWN))}


def _rank(place: str, own: tuple[str, ...], host: str) -> tuple[bool, bool]:
    return place not in own, place != host


def _main(host: str, scene: Scene, own: tuple[str, ...], found: tuple[str, ...]) -> str:
    """Where the host is found; else where it belongs and something answers that is no other host of ours; else where
    somebody else than a person says that it is now; else where it belongs."""
    ledger = scene.ledger
    elsewhere = [at for by in ("provider", "tofu", "dns", "ci") for at in ledger.by(host, by)]
    candidates = [*found, *(at for at in (*own, host, *elsewhere) if scene.answers.get(at) == UNKNOWN)]
    return candidates[0] if candidates else own[0] if own else host
