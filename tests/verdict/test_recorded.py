"""Evidence as it is written down, and the timeline that it makes."""

from __future__ import annotations

import json

import pytest

from outlive.verdict.recorded import BadLine, observations
from tests.verdict.scenes import judged, look, saw

LINE = saw("ssh.host_key", "K").to_json()


def test_lines_in_any_time_zone_and_empty_ones() -> None:
    other = LINE | {"at": "2026-03-14T13:00:00+01:00", "unknown_key": 1}
    read = observations(f"\n{json.dumps(LINE)}\r\n\n{json.dumps(other)}\n")
    assert [one.at.isoformat() for one in read] == ["2026-03-14T12:00:00+00:00"] * 2
    assert observations("") == ()


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("{", "no JSON (Expecting property name enclosed in double quotes, column 2)"),
        ("[]", "an observation is a JSON object"),
        (json.dumps({key: value for key, value in LINE.items() if key != "fact"}), "fact missing"),
        (json.dumps(LINE | {"at": "yesterday"}), "'yesterday' is no RFC 3339 time"),
        (json.dumps(LINE | {"at": "2026-03-14T12:00:00"}), "names no offset"),
        (json.dumps(LINE | {"channel": "rumour"}), "channel 'rumour' is none of outside"),
        (json.dumps(LINE | {"subject": 1}), "subject must be text"),
        ("[" * 100_000, "nested too deeply"),
    ],
)
def test_a_bad_line_is_named(line: str, why: str) -> None:
    with pytest.raises(BadLine) as raised:
        observations(f"{json.dumps(LINE)}\n\n{line}\n{json.dumps(LINE)}")
    assert raised.value.number == 3
    assert why in raised.value.why


def test_the_timeline_tells_changes_and_counts_repetitions() -> None:
    seen = [
        saw("ssh.host_key", key, ago=ago) for key, ago in (("A", 400), ("A", 300), ("B", 200), ("A", 100), ("A", 100))
    ]
    found = judged(seen).timeline
    assert [(one.observation.value, one.count) for one in found] == [("A", 2), ("B", 1), ("A", 1)]
    assert found[0].until == seen[1].at


def test_unknown_facts_are_kept_and_shown() -> None:
    seen = saw("weather", {"temperature": 21}, "web-1")
    found = judged(look(), seen)
    assert any(one.what == "weather of web-1: temperature 21" for one in found.timeline)
    assert seen not in [one for verdict in found.hosts for one in (*verdict.in_favour, *verdict.against)]
