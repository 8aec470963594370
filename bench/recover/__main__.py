"""`make bench-recover`, or `python -m bench.recover [--megabytes N] [--rounds N] [--seed N] [--file FILE] [--show]`.

From "host gone" to "the user's page answers from the new machine", by phase. A first round is left alone; in each of
`--rounds` further ones whoever recovers is killed (SIGKILL) at a random moment and goes on with `--resume`. Every round is
written into `--file` when it ends; `--show` prints the tables of such a file, also of a bench that was cut.
bench/README.md says how to read it.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from dataclasses import asdict
from pathlib import Path

from bench.here import machine, say
from bench.recover.results import Results
from bench.recover.rounds import play
from bench.recover.world import bench_with
from outlive.lab.ground.missing import Missing

KILLED_WITHIN = 0.8  # of what the quickest round took: a later one may be quicker still
SPARE = 3  # rounds, in the place of those that had ended when the kill came


def main() -> int:
    reader = argparse.ArgumentParser(prog="bench.recover", description=__doc__)
    reader.add_argument("--megabytes", type=int, default=2000, help="of rows in the shop's database, up to 3000")
    reader.add_argument("--rounds", type=int, default=10, help="with a kill in each, after one without")
    reader.add_argument("--seed", type=int, default=20260207)
    reader.add_argument("--file", type=Path, default=Path("build/bench-recover.json"), help="written after every round")
    reader.add_argument("--show", action="store_true", help="only print the tables of --file")
    told = reader.parse_args()
    if not told.show:
        told.file.parent.mkdir(parents=True, exist_ok=True)
        try:
            _run(told.megabytes, told.rounds, told.seed, told.file)
        except Missing as missing:
            say(str(missing))
            return 3
    results = Results.read(told.file)
    say(f"{results.megabytes} MB of rows, seed {results.seed}; {results.machine}")
    print(results.tables())
    return int(not results.is_good)


def _run(megabytes: int, rounds: int, seed: int, file: Path) -> None:
    chance = random.Random(seed)
    results = Results(megabytes, seed, rounds, machine())
    with bench_with(megabytes) as bench:
        for number in range(rounds + 1 + SPARE):
            if number and len(results.killed) == rounds:
                break
            longest = min((one.done_seconds * KILLED_WITHIN for one in results.rounds), default=None)
            with bench.round(number) as world:
                result = play(world, chance, longest)
            results = results.with_round(result)
            results.write(file)
            say(f"round {number}: {json.dumps(asdict(result))}")


if __name__ == "__main__":
    sys.exit(main())
