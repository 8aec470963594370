"""What the steps of the keeper's runs do: each looks whether it is done already, then runs the same command that a person
would, as a process of its own. A process can be ended when it hangs, and what it used is given back."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from outlive.backup import catalog
from outlive.engine.port import Act, Acts
from outlive.errors import Failed
from outlive.model.copy import Proof
from outlive.vault.base import Vault

GRACE_SECONDS = 20
DONE = (0, 1)  # 1: done, and something is at risk; `status` and the alarms tell


class StepEnded(Failed):
    """A job did not do what it should."""

    hint = "It is tried again when it is due next; `outlive status` shows what that means for the data."


def acts(config: Path, vault: Vault) -> Acts:
    """By the names that runbooks use."""
    return {
        "backup": _looking(lambda args: copy_since(vault, args["asset"], args["since"]), config),
        "drill": _looking(lambda args: drill_since(vault, args["asset"], args["since"]), config),
        "command": _looking(lambda args: None, config),
    }


def copy_since(vault: Vault, asset: str, since: str) -> str | None:
    """The id of a copy that was begun at or after that moment."""
    moment = datetime.fromisoformat(since)
    found = [copy for copy in catalog.copies(vault, asset) if copy.manifest.started_at >= moment]
    return found[-1].id if found else None


def drill_since(vault: Vault, asset: str, since: str) -> str | None:
    """The id of a copy that was drilled at or after that moment, whatever came out."""
    moment = datetime.fromisoformat(since)
    for copy in catalog.copies(vault, asset):
        if any(proof.level is Proof.RESTORED and proof.at >= moment for proof in copy.proofs):
            return copy.id
    return None


def _looking(done: Callable[[dict[str, Any]], str | None], config: Path) -> Act:
    def act(args: dict[str, Any], timeout_seconds: float) -> dict[str, Any]:
        if already := done(args):
            return {"already": already}
        return run_command(config, args["argv"], timeout_seconds)

    return act


def run_command(config: Path, argv: list[str], timeout_seconds: float) -> dict[str, Any]:
    """Runs `outlive ARGV --config CONFIG --json` to its end; its JSON and exit code. Raises `StepEnded` when it failed or
    did not end in time (then it and its children are ended)."""
    words = [sys.executable, "-m", "outlive", *argv, "--config", str(config), "--json"]
    child = subprocess.Popen(
        words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    )
    try:
        stdout, stderr = child.communicate(timeout=timeout_seconds)
    except subprocess.TimeoutExpired:
        _end(child)
        raise StepEnded(f"outlive {' '.join(argv)}: no end after {timeout_seconds:.0f} s, ended.") from None
    except BaseException:
        _end(child)
        raise
    if child.returncode not in DONE:
        said = " | ".join(stderr.decode("utf-8", "replace").strip().splitlines()[-3:])
        raise StepEnded(f"outlive {' '.join(argv)}: exit {child.returncode}: {said}")
    return {"exit_code": child.returncode, "document": json.loads(stdout or b"{}")}


def _end(child: subprocess.Popen[bytes]) -> None:
    """SIGINT to the whole group, which cleans up after itself, then SIGKILL."""
    with suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGINT)
    with suppress(subprocess.TimeoutExpired):
        child.communicate(timeout=GRACE_SECONDS)
        return
    with suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    child.communicate()
