"""GitHub's Actions: what is said to it and how its answers are read. PURE. Shapes: docs.github.com/rest/actions, "Secrets",
"Workflows" and "Workflow runs"; a dispatch tells its run since 2026-02 (`return_run_details`)."""

from __future__ import annotations

from base64 import b64decode, b64encode
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

from nacl.exceptions import CryptoError
from nacl.public import PublicKey, SealedBox

from outlive.model.observation import moment

BASE = "https://api.github.com"
HEADERS = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}
PER_PAGE = 100
OVER = "completed"


@dataclass(frozen=True, slots=True)
class Run:
    """A run of a workflow. `status` is queued, in_progress, completed and kin; `conclusion` is "" until it is over."""

    id: int
    title: str
    branch: str
    event: str
    status: str
    conclusion: str
    created_at: datetime
    url: str

    @property
    def is_over(self) -> bool:
        return self.status == OVER


def repo_path(repo: str) -> str:
    """`/repos/OWNER/NAME`. Raises ValueError."""
    owner, slash, name = repo.partition("/")
    if not (owner and slash and name) or "/" in name:
        raise ValueError(f"{repo!r} is not OWNER/NAME")
    return f"/repos/{quote(owner, safe='')}/{quote(name, safe='')}"


def secret_path(repo: str, name: str, environment: str = "") -> str:
    """A repository's secret, or one of an environment."""
    return f"{_secrets(repo, environment)}/{quote(name, safe='')}"


def key_path(repo: str, environment: str = "") -> str:
    return f"{_secrets(repo, environment)}/public-key"


def _secrets(repo: str, environment: str) -> str:
    if environment:
        return f"{repo_path(repo)}/environments/{quote(environment, safe='')}/secrets"
    return f"{repo_path(repo)}/actions/secrets"


def sealed(value: str, key: Any) -> dict[str, str]:
    """The value so that GitHub alone can open it (libsodium's sealed box), as the API wants it. Raises ValueError."""
    try:
        identity, public = key["key_id"], PublicKey(b64decode(key["key"], validate=True))
    except (KeyError, TypeError, ValueError, CryptoError) as error:
        raise ValueError("GitHub gave no public key for secrets") from error
    return {"encrypted_value": b64encode(SealedBox(public).encrypt(value.encode())).decode(), "key_id": str(identity)}


def read_updated_at(body: Any) -> datetime:
    """When a secret was set last. Its value is never told. Raises ValueError."""
    if not isinstance(body, dict) or not isinstance(body.get("updated_at"), str):
        raise ValueError("GitHub does not tell when the secret was set")
    return moment(body["updated_at"])


def dispatch_path(repo: str, workflow: str) -> str:
    return f"{repo_path(repo)}/actions/workflows/{quote(workflow, safe='')}/dispatches"


def dispatch(ref: str, inputs: dict[str, str]) -> dict[str, Any]:
    return {"ref": ref, "inputs": inputs, "return_run_details": True}


def runs_path(repo: str, workflow: str) -> str:
    """The newest that a dispatch began; GitHub lists the newest first."""
    query = f"event=workflow_dispatch&per_page={PER_PAGE}"
    return f"{repo_path(repo)}/actions/workflows/{quote(workflow, safe='')}/runs?{query}"


def run_path(repo: str, run: int) -> str:
    return f"{repo_path(repo)}/actions/runs/{run}"


def read_runs(body: Any) -> tuple[Run, ...]:
    """The newest ones, oldest first. Raises ValueError."""
    rows = body.get("workflow_runs") if isinstance(body, dict) else None
    if not isinstance(rows, list):
        raise ValueError("the answer is no list of runs")
    return tuple(sorted((read_run(row) for row in rows), key=lambda one: one.id))


def read_run(row: Any) -> Run:
    """Raises ValueError."""
    try:
        return Run(
            id=int(row["id"]),
            title=str(row.get("display_title") or ""),
            branch=str(row.get("head_branch") or ""),
            event=str(row["event"]),
            status=str(row["status"]),
            conclusion=str(row.get("conclusion") or ""),
            created_at=moment(row["created_at"]),
            url=str(row.get("html_url") or ""),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("a run without id, status or time") from error


def newest_id(runs: tuple[Run, ...]) -> int:
    """0 where there is none. Ids only grow: what comes later has a higher one, whatever anybody's clock says."""
    return max((one.id for one in runs), default=0)


def ours(runs: tuple[Run, ...], after: int, ref: str, key: str) -> tuple[Run, ...]:
    """The runs that may be the one that was asked for when `after` was the newest id: with a `key`, those that show it in
    their title (the workflow's `run-name` prints the input); else all on that branch."""
    found = tuple(one for one in runs if one.id > after)
    if key:
        return tuple(one for one in found if key in one.title)
    return tuple(one for one in found if one.branch == ref.removeprefix("refs/heads/"))
