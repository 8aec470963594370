"""How Postgres' answers are read."""

from __future__ import annotations

import pytest

from outlive.survey import postgres_facts as facts
from outlive.survey.found import FoundDatabase, WayIn
from tests.survey.recording import answer


def test_collation_versions_are_asked_only_where_they_are_known() -> None:
    assert "datcollversion" in facts.cluster(150000)
    assert "datcollversion" not in facts.cluster(140023)


def test_a_moved_collation_is_noticed() -> None:
    text = answer("psql-cluster").replace('"actual" : "2.36"', '"actual" : "2.41"')
    found, _ = facts.read_cluster(WayIn(), 170011, text, "7\n")
    assert all(one.collation_moved for one in found.databases)
    assert found.system_identifier == "7"


@pytest.mark.parametrize(("recorded", "actual"), [(None, None), ("2.36", None), (None, "2.36"), ("2.36", "2.36")])
def test_what_has_no_version_has_not_moved(recorded: str | None, actual: str | None) -> None:
    assert not FoundDatabase("d", 1, collation_recorded=recorded, collation_actual=actual).collation_moved


def test_what_a_role_may_not_see_is_unknown() -> None:
    text = '{"settings": {"server_version": "16.1 (Debian 16.1-1)"}, "in_recovery": true, "databases": null}'
    found, names = facts.read_cluster(WayIn(), 160001, text, "")
    assert (found.version, found.data_checksums, found.max_wal_senders, found.data_directory) == (
        "16.1",
        None,
        None,
        "",
    )
    assert found.in_recovery and found.bytes is None and names == ()


def test_databases_that_may_not_be_entered_are_not_asked_further() -> None:
    text = answer("psql-cluster").replace('"connect" : true', '"connect" : false', 1)
    _, names = facts.read_cluster(WayIn(), 170011, text, "")
    assert names == ("app", "postgres")


def test_plpgsql_is_everywhere_and_not_told() -> None:
    assert facts.read_extensions('["hstore 1.8", "plpgsql 1.0"]') == ("hstore 1.8",)


@pytest.mark.parametrize("text", ["", "psql: error", "{}"])
def test_something_else_than_an_answer_is_an_error(text: str) -> None:
    with pytest.raises((ValueError, KeyError)):
        facts.read_cluster(WayIn(), 170000, text, "")
    with pytest.raises(ValueError):
        facts.read_version(text)
