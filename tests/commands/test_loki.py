"""What Loki and qryn say, in their own shapes (Grafana Loki, HTTP API reference; qryn 3.2.39, as it answered)."""

from __future__ import annotations

from typing import Any

import pytest

from outlive.commands.loki import allowed_entries, read_range, read_tail, tail_path

LABELS = {"app": "shop", "service": "app", "stream": "stderr"}
QRYN = {"stream": LABELS, "values": [[1795668485872816600, "line 2"], [1795668485872808400, "line 0"]]}
LOKI = {
    "stream": LABELS,
    "values": [["1795668485872816600", "line 2"], ["1795668485872808400", "line 0", {"trace": "1"}]],
}
DROPPED = {"labels": LABELS, "timestamp": "1795668485872816600"}


@pytest.mark.parametrize("stream", [QRYN, LOKI])
def test_the_same_lines_by_both_roads_and_of_both_programs(stream: dict[str, Any]) -> None:
    answer = {"status": "success", "data": {"resultType": "streams", "result": [stream], "stats": {}}}
    lines = [(one.nano, one.text) for one in read_range(answer)]
    assert lines == [(1795668485872816600, b"line 2"), (1795668485872808400, b"line 0")]
    assert read_tail({"streams": [stream]}) == (read_range(answer), 0)


def test_what_a_tail_leaves_out_is_counted_and_an_empty_list_of_go_is_none() -> None:
    assert read_tail({"streams": None, "dropped_entries": [DROPPED, DROPPED]}) == ([], 2)
    assert read_tail({"streams": [], "dropped_entries": None}) == ([], 0)
    assert read_tail({}) == ([], 0)


@pytest.mark.parametrize(
    "body",
    [None, [], "x", {"streams": 7}, {"dropped_entries": {}}, {"streams": [{"stream": LABELS, "values": [[1.5, "x"]]}]}],
)
def test_what_is_no_message_is_refused(body: Any) -> None:
    with pytest.raises(ValueError):
        read_tail(body)


def test_what_is_asked() -> None:
    wanted = "/loki/api/v1/tail?query=%7Bapp%3D%22shop%22%7D&start=1795668485872816600&limit=100&delay_for=0"
    assert tail_path('{app="shop"}', 1795668485872816600, 100) == wanted
    assert allowed_entries("max entries limit per query exceeded, limit > max_entries_limit (5000 > 100)") == 100
    assert allowed_entries("no such query") is None
