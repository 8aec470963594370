"""Names: as the world resolves them, and as each authority tells."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from outlive.transport.dns import Authority, Names, Records, literal_address
from outlive.transport.net import NoAnswer
from tests.world.names import NameServer
from tests.world.need import need

pytestmark = pytest.mark.slow
SHOP = "shop.example.test"


@pytest.fixture
def server() -> Iterator[NameServer]:
    server = need("dns", NameServer().start)
    server.records[SHOP, "A"] = ["203.0.113.9"]
    yield server
    server.close()


@pytest.fixture
def names(server: NameServer) -> Names:
    return Names([server.address], timeout_seconds=1.0)


def test_a_name_is_resolved_both_ways(server: NameServer, names: Names) -> None:
    server.records[SHOP, "AAAA"] = ["2001:db8::9"]
    assert asyncio.run(names.resolve(SHOP)) == ("203.0.113.9", "2001:db8::9")


def test_addresses_are_their_own(names: Names) -> None:
    assert asyncio.run(names.resolve("[2001:DB8::1]")) == ("2001:db8::1",)
    assert (literal_address("203.0.113.9"), literal_address("shop")) == ("203.0.113.9", None)


def test_a_name_that_is_not_there_has_no_answer(names: Names) -> None:
    with pytest.raises(NoAnswer) as told:
        asyncio.run(names.resolve("nowhere.example.test"))
    assert (told.value.word, told.value.exit_code) == ("dns", 3)


def test_the_authorities_of_a_name_are_found_and_asked(server: NameServer, names: Names) -> None:
    zone, found = asyncio.run(names.authorities(SHOP))
    assert (zone, found) == ("example.test.", (Authority("ns1.example.test.", server.address),))
    assert asyncio.run(names.ask(server.address, SHOP)) == Records(("203.0.113.9",))


def test_a_truncated_answer_is_asked_again_over_tcp(server: NameServer, names: Names) -> None:
    server.truncates = True
    assert asyncio.run(names.ask(server.address, SHOP)).addresses == ("203.0.113.9",)


def test_an_alias_is_told(server: NameServer, names: Names) -> None:
    server.records["www.example.test", "CNAME"] = [f"{SHOP}."]
    assert asyncio.run(names.ask(server.address, "www.example.test")) == Records(("203.0.113.9",), f"{SHOP}.")


@pytest.mark.parametrize(("fault", "word"), [("mute", "timeout"), ("refuses", "refused")])
def test_an_authority_that_does_not_answer(server: NameServer, names: Names, fault: str, word: str) -> None:
    setattr(server, fault, True)
    with pytest.raises(NoAnswer) as told:
        asyncio.run(names.ask(server.address, SHOP))
    assert told.value.word == word


def test_that_there_is_no_such_name_is_an_answer_of_its_own(server: NameServer, names: Names) -> None:
    with pytest.raises(NoAnswer) as told:
        asyncio.run(names.ask(server.address, "nowhere.example.test"))
    assert told.value.word == "nxdomain"
