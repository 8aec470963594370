from __future__ import annotations

from bench.measure import Cost
from bench.report import Row, document, ratios, table


def costs(*seconds: float) -> list[Cost]:
    return [Cost(one, 0.0, 2 * one, 0.5, 1000) for one in seconds]


def test_the_ratio_is_that_of_the_rounds_not_of_the_medians() -> None:
    """In the second round everything took three times as long: that says nothing about who is faster."""
    rows = [Row("ours", "both", costs(1, 3, 1), 10), Row("pgBackRest", "both", costs(2, 6, 4), 10)]
    assert ratios(rows) == {"ours": 0.5, "pgBackRest": 1.0}


def test_the_table_and_the_document_say_the_same() -> None:
    rows = [Row("ours", "both", costs(1, 2, 9), 3_000_000), Row("pgBackRest", "both", costs(4, 4, 9), None)]
    numbers = document(rows)
    assert numbers["ours"]["seconds"] == 2 and numbers["ours"]["rounds"] == [1, 2, 9]
    head, rule, ours, theirs = (line.strip("| ").split(" | ") for line in table("backup", rows).splitlines())
    assert [word.strip() for word in head[:2]] == ["backup", "seconds"]
    assert rule[0].strip("-") == "" and rule[1].endswith("-:")
    assert [word.strip() for word in ours] == ["ours", "2.00", "0.50", "0.00", "4.00", "0.50", "0", "3", "both"]
    assert [word.strip() for word in theirs] == ["pgBackRest", "4.00", "1.00", "0.00", "8.00", "0.50", "0", "", "both"]
