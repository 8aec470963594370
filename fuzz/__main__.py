"""`python -m fuzz [SECONDS [TARGET...]]`: each target for so long; what makes one fail is left in `fuzz/found`.

Each target is a process of its own, because the fuzzer ends with what it finds. Nothing that is fuzzed may take longer than
`HANG_SECONDS` for one text.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

HANG_SECONDS = 20
LONGEST_BYTES = 4096
FOUND = Path(__file__).parent / "found"


def main() -> int:
    from fuzz.targets import TARGETS

    words = sys.argv[1:]
    seconds, wanted = int(words[0]) if words else 60, words[1:] or list(TARGETS)
    failed = [name for name in wanted if _run(name, seconds)]
    print(
        f"fuzz: {len(wanted)} targets, {seconds} s each: {'FAILED: ' + ', '.join(failed) if failed else 'nothing found'}"
    )
    return 1 if failed else 0


def _run(name: str, seconds: int) -> int:
    from fuzz import seeds

    FOUND.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        for number, seed in enumerate(getattr(seeds, name)()):
            (Path(folder) / str(number)).write_bytes(seed)
        limits = [
            f"-max_total_time={seconds}",
            f"-timeout={HANG_SECONDS}",
            f"-max_len={LONGEST_BYTES}",
            "-print_final_stats=1",
        ]
        words = [sys.executable, "-m", "fuzz.one", name, *limits, f"-artifact_prefix={FOUND}/{name}-", folder]
        return subprocess.run(words, check=False).returncode


if __name__ == "__main__":
    raise SystemExit(main())
