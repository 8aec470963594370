"""`make bench-recover`, or `python -m bench.recover [--megabytes N] [--rounds N] [--seed N] [--json]`.

From "host gone" to "the user's page answers from the new machine", by phase. The first round is left alone; in each of the
others whoever recovers is killed (SIGKILL) at a random moment and goes on with `--resume`. bench/README.md says how to read
it.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections.abc import Sequence
from dataclasses import asdict

from bench.here import machine, say
from bench.recover.phases import PHASES, spread
from bench.recover.rounds import Result, play
from bench.recover.world import lab_with, round_in
from bench.report import markdown
from outlive.lab.ground.missing import Missing


def main() -> int:
    reader = argparse.ArgumentParser(prog="bench.recover", description=__doc__)
    reader.add_argument(
        "--megabytes", type=int, default=500, help="of rows in the shop's database; a lab's disk has 4 GB"
    )
    reader.add_argument("--rounds", type=int, default=5, help="the first is not killed")
    reader.add_argument("--seed", type=int, default=20260207)
    reader.add_argument("--json", action="store_true")
    told = reader.parse_args()
    random.seed(told.seed)
    results: list[Result] = []
    try:
        with lab_with(told.megabytes) as lab:
            for number in range(told.rounds):
                with round_in(lab, number) as world:
                    at = random.uniform(1, results[0].done_seconds) if results else None
                    results.append(play(world, at))
                say(f"round {number + 1}: {json.dumps(asdict(results[-1]))}")
    except Missing as missing:
        say(str(missing))
        return 3
    say(f"{told.megabytes} MB of rows, seed {told.seed}; {machine()}")
    print(json.dumps([asdict(one) for one in results])) if told.json else print(_tables(results))
    return int(any(one.doubled or not one.ballast_is_whole or one.lost_seconds > one.shown_seconds for one in results))


def _tables(results: Sequence[Result]) -> str:
    rows = [("phase", "not killed, s", "killed once, median s", "worst s")]
    first, killed = results[0], [one for one in results[1:] if one.killed_at_seconds is not None]
    measures = {name: [one.phases.get(name, 0.0) for one in killed] for name in PHASES}
    measures["until the page answers"] = [one.served_seconds for one in killed]
    measures["until all is done"] = [one.done_seconds for one in killed]
    alone = first.phases | {
        "until the page answers": first.served_seconds,
        "until all is done": first.done_seconds,
    }
    for name, values in measures.items():
        shown = [f"{one:.1f}" for one in spread(values)] if values else ["", ""]
        rows.append((name, f"{alone.get(name, 0.0):.1f}", *shown))
    losses = [("lost", "median", "worst")]
    for what, values in (
        ("seconds of writes", [one.lost_seconds for one in results]),
        ("rows", [float(one.lost_rows) for one in results]),
        ("seconds that `status` had shown", [one.shown_seconds for one in results]),
        ("effects done twice", [float(one.doubled) for one in results]),
    ):
        losses.append((what, *(f"{one:.2f}" for one in spread(values))))
    return f"{markdown(rows)}\n\n{markdown(losses)}"


if __name__ == "__main__":
    sys.exit(main())
