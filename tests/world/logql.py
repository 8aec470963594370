"""The grammar of LogQL, as Grafana itself parses it (npm `@grafana/lezer-logql`): Loki's ruler is not to be had here."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from outlive.lab.ground.cache import cache_root, make_once
from outlive.lab.ground.missing import Missing

GRAMMAR = ("@grafana/lezer-logql@0.4.2", "@lezer/common@1.5.5", "@lezer/lr@1.4.10")
_ASK = """
import { readFileSync } from "fs"
import { parser } from "@grafana/lezer-logql"
const broken = query => {
  const places = []
  parser.parse(query).iterate({ enter(node) { if (node.type.isError) places.push(query.slice(node.from)) } })
  return places
}
console.log(JSON.stringify(JSON.parse(readFileSync(0)).map(broken)))
"""


def broken(queries: Sequence[str]) -> list[list[str]]:
    """For each query its rests from where the grammar was broken; none where it holds. Raises Missing."""
    folder = make_once(cache_root() / "logql" / GRAMMAR[0].replace("/", "-"), _fetch)
    node = shutil.which("node")
    if node is None:
        raise Missing("node is not installed (Debian: apt-get install nodejs)")
    asked = json.dumps(list(queries))
    done = subprocess.run([node, folder / "ask.mjs"], input=asked, capture_output=True, text=True, check=True)
    found: list[list[str]] = json.loads(done.stdout)
    return found


def _fetch(folder: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise Missing("npm is not installed (Debian: apt-get install npm)")
    folder.mkdir()
    words = [npm, "install", "--silent", "--ignore-scripts", "--no-audit", "--prefix", str(folder), *GRAMMAR]
    done = subprocess.run(words, capture_output=True, text=True, cwd=folder)
    if done.returncode != 0:
        raise Missing(f"{GRAMMAR[0]} is not to be had: {done.stderr[-400:]}")
    (folder / "ask.mjs").write_text(_ASK)
