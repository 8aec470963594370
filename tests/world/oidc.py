"""A real OpenID Connect provider: npm's `oidc-provider`, certified by the OpenID Foundation; for tests only."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from outlive.lab.ground.cache import cache_root, make_once
from outlive.lab.ground.missing import Missing
from outlive.lab.ground.process import free_port

PACKAGE = "oidc-provider@8.8.1"  # the newest that Debian 12's node (18) runs
_PROGRAM = Path(__file__).with_name("oidc_provider.mjs")


def installed() -> Path:
    """The folder that it was installed into, once. Raises Missing where it is not to be had."""
    return make_once(cache_root() / "oidc" / PACKAGE, _install)


@contextmanager
def provider(client: dict[str, Any]) -> Iterator[str]:
    """Its issuer, while it serves that client."""
    folder, port = installed(), free_port()
    issuer = f"http://localhost:{port}"
    given = json.dumps({"port": port, "issuer": issuer, "clients": [client]})
    node = shutil.which("node") or "node"
    program = subprocess.Popen([node, str(_PROGRAM), given], cwd=folder, stdout=subprocess.PIPE, text=True)
    try:
        assert program.stdout is not None
        if not any(line == "listening\n" for line in program.stdout):
            raise RuntimeError(f"{PACKAGE} ended with status {program.wait()}")
        yield issuer
    finally:
        program.kill()
        program.wait()
        if program.stdout is not None:
            program.stdout.close()


def _install(folder: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise Missing("the OpenID Connect provider is in npm, and npm is not installed (Debian: apt-get install npm)")
    folder.mkdir()
    words = [
        npm,
        "install",
        "--silent",
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
        "--prefix",
        str(folder),
        PACKAGE,
    ]
    done = subprocess.run(words, capture_output=True, text=True, cwd=folder)
    if done.returncode != 0:
        raise Missing(f"{PACKAGE} is not to be had: {done.stderr[-400:]}")
