"""What stands against a move, each alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from outlive.recovery.moving.app_address import led_to
from outlive.recovery.moving.fit import DUMP, LOGICAL, Database, Server, blockers, warnings

SERVER = Server(
    major=17,
    is_superuser=False,
    makes_roles=True,
    makes_databases=True,
    subscribes=True,
    roles=frozenset({"app"}),
    extensions=frozenset({"pg_trgm", "plpgsql"}),
    encodings={"shop": "UTF8"},
    wal_level="logical",
    free_slots=10,
    prepared=0,
)
SHOP = Database("shop", "UTF8", extensions=("pg_trgm",))
PLAN = {"shop": "shop"}


def told(way: str, source: Server = SERVER, target: Server = SERVER, shop: Database = SHOP) -> list[str]:
    return list(blockers(way, source, target, [shop], PLAN))


def test_nothing_stands_against_what_fits() -> None:
    assert told(DUMP) == told(LOGICAL) == []


@pytest.mark.parametrize(
    ("source", "target", "shop", "word"),
    [
        ({}, {"major": 16}, {}, "Postgres 16, older than 17"),
        ({}, {}, {"extensions": ("pg_trgm", "postgis")}, "no extension postgis:"),
        ({"roles": frozenset({"app", "jobs"})}, {"makes_roles": False}, {}, "may not make roles, and jobs is missing"),
        ({}, {"makes_databases": False, "encodings": {}}, {}, "may not make databases, and shop is missing"),
        ({}, {"encodings": {"shop": "SQL_ASCII"}}, {}, "encoding SQL_ASCII there, UTF8 here"),
        ({"prepared": 2}, {}, {}, "2 prepared transaction"),
    ],
)
def test_of_either_way(source: dict, target: dict, shop: dict, word: str) -> None:  # type: ignore[type-arg]
    for way in (DUMP, LOGICAL):
        (one,) = told(way, replace(SERVER, **source), replace(SERVER, **target), replace(SHOP, **shop))
        assert word in one


@pytest.mark.parametrize(
    ("source", "target", "shop", "word"),
    [
        ({"wal_level": "replica"}, {}, {}, "wal_level"),
        ({"free_slots": 1}, {}, {}, "1 replication slot(s) or senders are free here, 2 are wanted"),
        ({}, {"subscribes": False}, {}, "may not subscribe"),
        (
            {},
            {},
            {"without_identity": tuple(f"public.t{n}" for n in range(9))},
            "public.t7 and 1 more has no primary key",
        ),
        ({}, {}, {"large_objects": 3}, "3 large object(s)"),
    ],
)
def test_of_a_replication_alone(source: dict, target: dict, shop: dict, word: str) -> None:  # type: ignore[type-arg]
    there = (replace(SERVER, **source), replace(SERVER, **target), replace(SHOP, **shop))
    (one,) = told(LOGICAL, *there)
    assert word in one and told(DUMP, *there) == []


def test_what_is_only_otherwise_is_a_warning() -> None:
    odd = replace(SHOP, foreign=("public.f",), unlogged=("public.cache",), whole_row_identity=("public.w",))
    assert told(LOGICAL, shop=odd) == []
    assert len(list(warnings(DUMP, SERVER, [odd]))) == 1
    told_of = "\n".join(warnings(LOGICAL, SERVER, [odd]))
    for word in ("public.f", "public.cache", "public.w", "no migrations"):
        assert word in told_of


@pytest.mark.parametrize(
    ("url", "sslmode", "led"),
    [
        ("postgres://a:p%40w@db/shop", "require", "postgres://a:p%40w@h:6543/new?sslmode=require"),
        ("postgresql://a@db:5432/shop?options=-c%20x%3D1", None, "postgresql://a@h:6543/new?options=-c%20x%3D1"),
        ("postgresql+asyncpg://a:b@db/shop", "require", "postgresql+asyncpg://a:b@h:6543/new"),
    ],
)
def test_an_address_is_led_elsewhere_and_keeps_the_rest(url: str, sslmode: str | None, led: str) -> None:
    assert led_to(url, "h", 6543, {"shop": "new"}, sslmode) == led


@pytest.mark.parametrize(
    "url", ["mysql://a:s3cret@db/shop", "host=db password=s3cret", "postgresql://a:s3cret@db/other"]
)
def test_what_is_no_address_of_ours_is_refused_without_showing_it(url: str) -> None:
    with pytest.raises(ValueError, match=r"it is no postgresql|is none of those") as caught:
        led_to(url, "h", 5432, {"shop": "new"}, None)
    assert "s3cret" not in str(caught.value)
