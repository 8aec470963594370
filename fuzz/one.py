"""One target, until its time is over or it fails: `python -m fuzz.one NAME [libFuzzer's options] CORPUS`."""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["outlive"]):
    from fuzz.targets import TARGETS


def main() -> None:
    name = sys.argv.pop(1)
    atheris.Setup(sys.argv, TARGETS[name])
    atheris.Fuzz()


main()
