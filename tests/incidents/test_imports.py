"""What other systems recorded, as they print it; what cannot be read is counted, and no secret is kept."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outlive.incidents.imports import KINDS, read

GH = [
    {
        "conclusion": "success",
        "createdAt": "2026-02-06T10:55:00Z",
        "databaseId": 21748050550,
        "event": "push",
        "headSha": "8473e3f2b1c94d5e6f708192a3b4c5d6e7f80910",
        "workflowName": "Deploy (Production)",
    }
]
API = {
    "workflow_runs": [
        {"id": 1, "name": "CI", "created_at": "2026-02-06T10:55:00Z", "conclusion": None, "head_sha": "ab"}
    ]
}
DOCKER = {
    "status": "die",
    "id": "3f1c2b",
    "Type": "container",
    "Action": "die",
    "Actor": {
        "ID": "3f1c2b4d5e6f",
        "Attributes": {"com.docker.compose.service": "app", "exitCode": "137", "image": "shop:1", "name": "shop-app-1"},
    },
    "time": 1770452100,
    "timeNano": 1770452100113000000,
}
LOKI = {
    "status": "success",
    "data": {
        "resultType": "streams",
        "result": [
            {
                "stream": {"service": "app", "stream": "stderr"},
                "values": [["1770452100000000000", "token=abc"], ["1770452160000000000", "x"]],
            }
        ],
    },
}


def test_runs_of_github_actions() -> None:
    (one,) = read("github", json.dumps(GH), "web-1").seen
    assert one.at == datetime(2026, 2, 6, 10, 55, tzinfo=UTC) and one.fact == "action" and one.subject == "web-1"
    assert one.value["detail"] == {
        "workflow": "Deploy (Production)",
        "run": "21748050550",
        "result": "success",
        "commit": "8473e3f2b1c9",
    }
    (other,) = read("github", json.dumps(API), "web-1").seen
    assert other.value["detail"]["workflow"] == "CI"


def test_events_of_docker() -> None:
    found = read("docker", f"{json.dumps(DOCKER)}\nnot json\n\n", "web-1")
    (one,) = found.seen
    assert found.unread == 1 and one.value["what"] == "docker container die"
    assert one.value["detail"] == {"service": "app", "image": "shop:1", "exit_code": "137"}
    assert one.at == datetime(2026, 2, 7, 8, 15, 0, 113000, tzinfo=UTC)


def test_streams_of_loki_without_their_lines() -> None:
    (one,) = read("loki", json.dumps(LOKI), "web-1").seen
    assert one.fact == "log.seen" and one.value == {"service": "app", "stream": "stderr", "lines": 2}
    assert one.at == datetime(2026, 2, 7, 8, 16, tzinfo=UTC) and "abc" not in str(one)


def test_a_history_without_its_secrets() -> None:
    text = (
        "old one\n#1770452100\nsudo tofu apply -auto-approve\n#1770452160\nTOKEN=hunter2 curl -H x hunter2\n"
        ": 1770452220:0;psql postgres://u:hunter2@db/x\n: 1770452280:3;passwd hunter2\n"
    )
    found = read("shell", text, "web-1")
    assert [one.value["what"] for one in found.seen] == ["tofu apply ...", "curl ...", "psql ...", "passwd ..."]
    assert found.unread == 1 and "hunter2" not in str(found)
    assert found.seen[0].at == datetime(2026, 2, 7, 8, 15, tzinfo=UTC)


def test_evidence_as_it_is() -> None:
    line = {
        "at": "2026-02-07T08:20:00Z",
        "witness": "curl",
        "channel": "outside",
        "subject": "x",
        "fact": "y",
        "value": 1,
    }
    assert read("evidence", json.dumps(line), "web-1").seen[0].to_json() == line


@pytest.mark.parametrize(
    ("kind", "text"), [("github", "no json"), ("loki", "{}"), ("docker", "x"), ("shell", "ls\n"), ("loki", "[]")]
)
def test_what_is_nothing_of_the_kind(kind: str, text: str) -> None:
    with pytest.raises(ValueError, match=r"could be read|nothing that"):
        read(kind, text, "web-1")


def test_nothing_is_nothing() -> None:
    assert read("shell", "", "web-1").seen == () == read("github", "[]", "web-1").seen


KEYS = st.sampled_from(["data", "result", "stream", "values", "Actor", "Attributes", "time", "Type", "createdAt"])
LEAVES = st.none() | st.booleans() | st.integers() | st.text(max_size=5)
JSON = st.recursive(LEAVES, lambda x: st.lists(x, max_size=3) | st.dictionaries(KEYS, x, max_size=4), max_leaves=12)


@settings(deadline=None, max_examples=150)
@given(st.sampled_from(sorted(KINDS)), JSON.map(json.dumps) | st.text(max_size=80))
def test_no_text_crashes_a_reader(kind: str, text: str) -> None:
    with suppress(ValueError):
        read(kind, text, "web-1")
