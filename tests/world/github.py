"""GitHub's Actions API in this process: secrets that only it can open, workflows that are dispatched, runs that are listed
late. Shapes: docs.github.com/rest/actions."""

from __future__ import annotations

from base64 import b64decode, b64encode
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from nacl.public import PrivateKey, SealedBox

from tests.world.biting import Answer, BitingApi

REPO = "/repos/shop/web"
BEGAN = datetime(2026, 2, 7, 8, 0, tzinfo=UTC)


@dataclass
class GithubApi(BitingApi):
    """`secrets` are opened values. `late` is how many lists a new run is missing from; `tells_run` is whether a dispatch
    answers with its run (since 2026-02). `run_name` is the workflow's, with the input `outlive_run`. A run goes well once it
    was asked for `lasts` times; None: it never ends. `deployed` is what the secrets were when each run began."""

    secrets: dict[str, str] = field(default_factory=dict)
    set_at: dict[str, str] = field(default_factory=dict)
    runs: list[dict[str, Any]] = field(default_factory=list)
    late: int = 0
    tells_run: bool = True
    run_name: str = "deploy {outlive_run}"
    lasts: int | None = None
    deployed: list[dict[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._key = PrivateKey.generate()
        self._unseen: dict[int, int] = {}
        self._asked: dict[int, int] = {}

    def answer(self, method: str, path: str, query: dict[str, str], body: Any) -> Answer:
        if not path.startswith(REPO):
            return 404, self.refusal(404)
        match method, path[len(REPO) :].strip("/").split("/"):
            case "GET", ["actions", "secrets", "public-key"]:
                return 200, {"key_id": "568250167242549743", "key": b64encode(bytes(self._key.public_key)).decode()}
            case "GET", ["actions", "secrets", name] if name in self.secrets:
                return 200, {"name": name, "created_at": "2026-01-01T00:00:00Z", "updated_at": self.set_at[name]}
            case "PUT", ["actions", "secrets", name]:
                return self._set(name, body)
            case "POST", ["actions", "workflows", "deploy.yml", "dispatches"]:
                return self._dispatch(body)
            case "GET", ["actions", "workflows", "deploy.yml", "runs"]:
                return self._list()
            case "GET", ["actions", "runs", number] if run := self._run(number):
                self._age(run)
                return 200, run
            case "POST", ["actions", "runs", number, "cancel"] if run := self._run(number):
                run |= {"status": "completed", "conclusion": "cancelled"}
                return 202, {}
        return 404, self.refusal(404)

    def _set(self, name: str, body: Any) -> Answer:
        if body.get("key_id") != "568250167242549743":
            return 422, self.refusal(422)
        was = name in self.secrets
        self.secrets[name] = SealedBox(self._key).decrypt(b64decode(body["encrypted_value"])).decode()
        self.set_at[name] = (BEGAN + timedelta(seconds=len(self.heard))).strftime("%Y-%m-%dT%H:%M:%SZ")
        return (204, None) if was else (201, {})

    def _dispatch(self, body: Any) -> Answer:
        inputs = body.get("inputs", {})
        number = 30433642 + len(self.runs)
        run = {
            "id": number,
            "display_title": self.run_name.format(**{"outlive_run": "", **inputs}),
            "head_branch": body["ref"],
            "event": "workflow_dispatch",
            "status": "queued",
            "conclusion": None,
            "created_at": BEGAN.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "html_url": f"https://github.com{REPO[6:]}/actions/runs/{number}",
        }
        self.runs.append(run)
        self.deployed.append(dict(self.secrets))
        self._unseen[number] = self.late
        if self.tells_run and body.get("return_run_details"):
            return 200, {"workflow_run_id": number, "run_url": "", "html_url": run["html_url"]}
        return 204, None

    def _list(self) -> Answer:
        found = []
        for run in self.runs:
            if self._unseen[run["id"]] > 0:
                self._unseen[run["id"]] -= 1
            else:
                found.insert(0, run)
        return 200, {"total_count": len(found) + 1000, "workflow_runs": found[:100]}

    def _age(self, run: dict[str, Any]) -> None:
        asked = self._asked[run["id"]] = self._asked.get(run["id"], 0) + 1
        if self.lasts is not None and asked > self.lasts and run["status"] != "completed":
            run |= {"status": "completed", "conclusion": "success"}

    def _run(self, number: str) -> dict[str, Any] | None:
        return next((one for one in self.runs if str(one["id"]) == number), None)
