"""A process of its own around the engine, to be killed: `python -m tests.engine.driver URL FOLDER RUN_ID [KILL_AT]`.

Its runbook has three steps. Each leaves a line in FOLDER/begun when it begins and a file FOLDER/NAME as its effect, and
looks for that file first. KILL_AT is NAME:begin, NAME:effect (done, not recorded) or NAME:look: there it kills itself."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

from outlive.engine.dbos_engine import DbosEngine
from outlive.engine.port import RunStatus
from outlive.model.runbook import Runbook, Step

STEPS = ("one", "two", "three")


def runbook(**settings: Any) -> Runbook:
    return Runbook("three steps", tuple(Step(name, "leave", {"name": name}, **settings) for name in STEPS))


def main(url: str, folder: Path, run_id: str, kill_at: str = "") -> None:
    def leave(args: dict[str, Any], timeout_seconds: float) -> dict[str, Any]:
        name = args["name"]
        _note(folder / "begun", name)
        _die_if(kill_at == f"{name}:look")
        if (folder / name).exists():
            return {"already": name}
        _die_if(kill_at == f"{name}:begin")
        _note(folder / name, "effect")
        _die_if(kill_at == f"{name}:effect")
        return {"did": name}

    engine = DbosEngine(url, {"leave": leave})
    engine.launch()
    engine.start(run_id, runbook())
    end = time.monotonic() + 30
    while (run := engine.status(run_id)) is None or run.status is RunStatus.RUNNING:
        assert time.monotonic() < end, "the run did not end"
        time.sleep(0.05)
    print(json.dumps({"status": run.status, "result": run.result, "runs": len(engine.list())}))
    engine.drain(5)
    engine.close()


def _note(path: Path, line: str) -> None:
    with path.open("a") as file:
        file.write(line + "\n")


def _die_if(condition: bool) -> None:
    if condition:
        os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), *sys.argv[3:])
