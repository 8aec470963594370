"""What a host is compared with: its own past, and not that of whoever else stood at its address for a while."""

from __future__ import annotations

import pytest

from outlive.model.observation import Observation
from outlive.verdict.judging import Judging
from tests.verdict.scenes import AWAY, HOME, enrolled, look, said, saw, silence, verdict

WATCHING = Judging()
LONG_AGO = "2026-02-01T03:00:00Z"
BOTH = [enrolled(), enrolled("preview", AWAY)]


def seen(of: str, at: str, ago: float, booted: str = LONG_AGO) -> list[Observation]:
    """A look at a machine that has run since `booted`; nobody asked its database."""
    return look(of, at, ago=ago, pg__system_identifier=None, pg__lsn=None, pg__timeline=None, guest__boot_time=booted)


def straight(ago: float) -> list[Observation]:
    return [*seen("web-1", HOME, ago), *seen("preview", AWAY, ago)]


def swapped(ago: float) -> list[Observation]:
    return [*seen("preview", HOME, ago), *seen("web-1", AWAY, ago)]


@pytest.mark.parametrize("first", [(HOME, AWAY), (AWAY, HOME)])
def test_a_swap_is_no_clone_whoever_was_asked_first(first: tuple[str, str]) -> None:
    """The other's boot was seen at our address a moment before ours at the other's: that makes no second machine."""
    late = {at: 5 - 4.0 * first.index(at) for at in first}
    now = [*seen("preview", HOME, late[HOME]), *seen("web-1", AWAY, late[AWAY])]
    for more in ([], swapped(10)):
        for host in ("web-1", "preview"):
            assert said(BOTH, straight(60), more, now, host=host, settings=WATCHING)[0] == "wrong_machine"


def test_what_is_swapped_back_is_as_it_was() -> None:
    back = [*seen("preview", AWAY, 3), *seen("web-1", HOME, 0)]
    for host in ("web-1", "preview"):
        assert said(BOTH, straight(600), swapped(300), back, host=host, settings=WATCHING) == ("same_machine_ok", True)


@pytest.mark.parametrize("between", ["stranger", "preview"])
def test_whoever_stood_there_meanwhile_leaves_no_past(between: str) -> None:
    """Replaced, and the old machine brought back as it was: its boot is older than the other's, and it was never twice."""
    there = seen(between, HOME, 300, booted="2026-03-14T11:50:00Z")
    assert said(BOTH, straight(600), there, straight(0), settings=WATCHING) == ("same_machine_ok", True)


def test_a_reinstalled_disk_that_is_put_back() -> None:
    other = [one for one in seen("other", HOME, 300, "2026-03-14T11:50:00Z") if one.fact != "guest.dmi_uuid"]
    same_board = [one for one in seen("web-1", HOME, 300) if one.fact == "guest.dmi_uuid"]
    assert said(BOTH, straight(600), other, same_board, straight(0), settings=WATCHING) == ("same_machine_ok", True)


def test_a_second_boot_of_the_same_disk_is_still_a_clone() -> None:
    """Only the boot differs: the disk that was seen in between is ours, so it ran twice."""
    other = look(ago=300, guest__boot_id="second", guest__boot_time="2026-03-14T11:50:00Z")
    assert said(BOTH, straight(600), other, straight(0), settings=WATCHING)[0] == "cloned"


def test_a_rekeyed_machine_keeps_its_past() -> None:
    """Another key and the same machine-id: ours, so that its boot counts."""
    other = look(ago=300, ssh__host_key="SHA256:new", guest__boot_id="second", guest__boot_time="2026-03-14T11:50:00Z")
    assert said(BOTH, straight(600), other, straight(0), settings=WATCHING)[0] == "cloned"


def test_two_boots_seen_one_after_the_other_are_no_certain_clone() -> None:
    """First here, five minutes later there with another boot: it may have been moved."""
    there = seen("web-1", AWAY, 0) + look(at=AWAY, guest__boot_id="second", page=None, pg__lsn=None)
    assert said(enrolled(), seen("web-1", HOME, 2), there, settings=WATCHING) == ("cloned", True)
    assert said(enrolled(), seen("web-1", HOME, 300), there, settings=WATCHING) == ("cloned", False)


def test_what_would_tell_a_replacement_from_silence_is_said() -> None:
    """At an address that a person gave, another machine answers: only the provider can say that it is the host's."""
    told = saw("action", {"what": "address told", "detail": {"address": AWAY}}, "web-1", 900)
    found = verdict(enrolled(), seen("web-1", HOME, 600), silence(), told, seen("other", AWAY, 0), settings=WATCHING)
    assert (found.name, found.confirmed) == ("unreachable_unproven", False)
    assert any(one.startswith("provider.server of web-1") and AWAY in one for one in found.missing)
    alone = verdict(enrolled(), look(ago=600), silence(), settings=WATCHING)
    assert any("--address" in one for one in alone.missing)


def test_a_namesake_elsewhere_ends_no_silence() -> None:
    """A machine with the host's name may have taken its place, or be a second one: the silent one is not to be destroyed."""
    told = saw("action", {"what": "address told", "detail": {"address": AWAY}}, "web-1", 900)
    other = [*seen("other", AWAY, 0), saw("guest.hostname", "web-1", AWAY)]
    found = verdict(enrolled(), seen("web-1", HOME, 600), silence(), told, other, settings=WATCHING)
    assert (found.name, found.confirmed) == ("duplicate", False)
    assert any(HOME in line and "silence is no proof of loss" in line for line in found.forbidden)
    assert any(one.startswith("provider.server of web-1") for one in found.missing)
