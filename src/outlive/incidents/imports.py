"""What other systems recorded, as observations. Pure: text in, observations out.

Each reader knows one shape, as the system itself prints it. A line that cannot be read is counted, never guessed at.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from outlive.model.observation import Channel, Observation, moment

_BASH_TIME = re.compile(r"#(\d{9,11})")
_ZSH = re.compile(r": (\d{9,11}):\d+;(.*)", re.DOTALL)
_WITH_VERBS = (
    "tofu",
    "terraform",
    "docker",
    "git",
    "systemctl",
    "kubectl",
    "apt",
    "apt-get",
    "outlive",
    "gh",
    "hcloud",
)
_VERB = re.compile(r"[a-z][a-z-]{1,20}")
_NANO = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Imported:
    """`unread`: lines or entries in which nothing could be read."""

    seen: tuple[Observation, ...]
    unread: int = 0


def read(kind: str, text: str, subject: str) -> Imported:
    """`kind` is one of `KINDS`; `subject` is the host that it is about. Raises ValueError when it is none of that kind."""
    try:
        found = list(KINDS[kind](text, subject))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"it is nothing that {kind} prints") from error
    seen = tuple(one for one in found if one is not None)
    if not seen and found:
        raise ValueError("nothing in it could be read")
    return Imported(seen, len(found) - len(seen))


def evidence(text: str, subject: str) -> Iterator[Observation | None]:
    """Lines of `evidence.jsonl`."""
    return _each(_lines(text), lambda line: Observation.from_json(json.loads(line)))


def github(text: str, subject: str) -> Iterator[Observation | None]:
    """`gh run list --json createdAt,updatedAt,workflowName,conclusion,databaseId,event,headSha`, or the answer of the API
    (`workflow_runs`)."""
    document = json.loads(text)
    runs = document.get("workflow_runs", ()) if isinstance(document, dict) else document
    return _each(runs, lambda run: _github(run, subject))


def _github(run: Mapping[str, Any], subject: str) -> Observation:
    at = moment(run.get("createdAt") or run["created_at"])
    detail = {
        "workflow": run.get("workflowName") or run.get("name"),
        "run": str(run.get("databaseId") or run.get("id")),
        "result": run.get("conclusion"),
        "commit": str(run.get("headSha") or run.get("head_sha") or "")[:12],
    }
    value = {"what": "deploy", "detail": detail}
    return Observation(at, "github actions", Channel.TELEMETRY, subject, "action", value, f"run {detail['run']}")


def docker(text: str, subject: str) -> Iterator[Observation | None]:
    """`docker events --since ... --until ... --format '{{json .}}'`."""
    return _each(_lines(text), lambda line: _docker(json.loads(line), subject))


def _docker(event: Mapping[str, Any], subject: str) -> Observation:
    names = event["Actor"]["Attributes"]
    service = names.get("com.docker.compose.service") or names.get("name") or event["Actor"]["ID"][:12]
    nanoseconds = event.get("timeNano") or int(event["time"]) * _NANO
    detail = {"service": service, "image": names.get("image"), "exit_code": names.get("exitCode")}
    value = {
        "what": f"docker {event['Type']} {event['Action']}",
        "detail": {name: one for name, one in detail.items() if one is not None},
    }
    return Observation(
        _unix(int(nanoseconds) / _NANO), "docker", Channel.INSIDE, subject, "action", value, "docker events"
    )


def loki(text: str, subject: str) -> Iterator[Observation | None]:
    """The answer of Loki's query_range (streams): each stream's newest line, and how many came. No line's text is kept: it
    may hold a secret; `outlive scan` looks for those."""
    document = json.loads(text)
    return _each(document["data"]["result"], lambda stream: _loki(stream, subject))


def _loki(stream: Mapping[str, Any], subject: str) -> Observation:
    newest = max(int(at) for at, *_ in stream["values"])
    labels = stream["stream"]
    service = labels.get("service") or labels.get("service_name") or labels.get("container") or labels.get("job")
    value = {"service": str(service), "stream": labels.get("stream", "stdout"), "lines": len(stream["values"])}
    return Observation(_unix(newest / _NANO), "loki", Channel.TELEMETRY, subject, "log.seen", value, "loki query_range")


def shell(text: str, subject: str) -> Iterator[Observation | None]:
    """A history with times: bash's (HISTTIMEFORMAT set) or zsh's extended. Of a command its program is kept, and of some
    what they were told to do: other words may be secrets. Commands without a time are counted as unread."""
    at: datetime | None = None
    for line in _lines(text):
        if found := _BASH_TIME.fullmatch(line):
            at = _unix(int(found[1]))
        elif found := _ZSH.fullmatch(line):
            yield _command(_unix(int(found[1])), found[2], subject)
        elif at is not None:
            yield _command(at, line, subject)
            at = None
        else:
            yield None


def _command(at: datetime, command: str, subject: str) -> Observation:
    words = [word for word in command.split() if "=" not in word and word != "sudo"]
    kept = words[: 2 if words and words[0] in _WITH_VERBS and _VERB.fullmatch(" ".join(words[1:2])) else 1]
    shown = " ".join(kept) + (" ..." if len(words) > len(kept) else "")
    return Observation(at, "shell", Channel.PERSON, subject, "action", {"what": shown, "detail": {}}, "shell history")


KINDS: Mapping[str, Callable[[str, str], Iterator[Observation | None]]] = {
    "evidence": evidence,
    "github": github,
    "docker": docker,
    "loki": loki,
    "shell": shell,
}


def _lines(text: str) -> Iterator[str]:
    return (line for line in text.splitlines() if line.strip())


def _each(entries: Iterable[Any], make: Callable[[Any], Observation]) -> Iterator[Observation | None]:
    """None for each in which nothing could be read."""
    for entry in entries:
        try:
            yield make(entry)
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError, OSError):
            yield None


def _unix(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
