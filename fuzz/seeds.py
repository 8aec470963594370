"""What each target begins with: one good text, from which the fuzzer strays."""

from __future__ import annotations

import base64
import json

from outlive.leaks.rules import load

EVENT = {"action": "die", "id": "c1", "nano": 1770000000000000000, "exit": "137", "lived": "12", "signal": "9"}
STATE = {
    "StartedAt": "2026-02-07T08:15:00Z",
    "Running": True,
    "Restarting": False,
    "Status": "running",
    "ExitCode": 0,
    "OOMKilled": False,
    "Health": {"Status": "unhealthy", "FailingStreak": 3, "Log": [{"Output": "sh: curl: not found"}]},
}
CONTAINER = {
    "id": "c1",
    "name": "/shop-app-1",
    "state": STATE,
    "restarts": 2,
    "policy": "always",
    "log_path": "/var/lib/docker/c1-json.log",
    "log": "json-file",
    "project": "shop",
    "service": "app",
    "number": "1",
    "folder": "/srv/shop",
    "env_file": ".env",
}
OWN = {"project": "shop", "service": "app", "name": "shop-app-1"}
STREAM = {
    "stream": {"app": "shop"},
    "values": [["1770000000000000000", "a line"], [1770000000000000001, "two", {"a": "b"}]],
}

ANSWER = {"status": "success", "data": {"resultType": "streams", "result": [STREAM]}}
TAIL = {"streams": [STREAM], "dropped_entries": [{"labels": {"app": "shop"}, "timestamp": "1770000000000000000"}]}
LINE = {"log": "a line\n", "stream": "stderr", "time": "2026-02-07T08:15:00.123456789Z"}


def docker() -> list[bytes]:
    lines = [
        "now\t1770000100",
        *(f"event\t{json.dumps(EVENT | OWN | {'action': action})}" for action in ("start", "kill", "oom", "die")),
        f"container\t{json.dumps(CONTAINER)}",
        "oom\tc1\t2",
        "end\t",
    ]
    return ["\n".join(lines).encode()]


def frames() -> list[bytes]:
    line = json.dumps(LINE).encode()
    return [
        b"%b\n%b\n%b" % (line, line, line[:20]),
        b"file\t7\t123\t/var/lib/docker/x-json.log\nend\t\n",
        b"piece\t%b\nend\t\n" % base64.b64encode(line),
    ]


def documents() -> list[bytes]:
    refused = b"max entries limit per query exceeded, limit > max_entries_limit_per_query (5000 > 100)"
    return [json.dumps(ANSWER).encode(), json.dumps(TAIL).encode(), refused]


def leaks() -> list[bytes]:
    """The samples that come with the rules, and the words of a phrase."""
    samples = [sample for kind in load() for one in kind for sample in (*one.samples.positive, *one.samples.negative)]
    return [
        *(one.encode() for one in samples),
        b"legal winner thank year wave sausage worth useful legal winner thank yellow",
    ]
