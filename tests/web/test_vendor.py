"""What is not ours is what its README says it is, with its licence."""

from __future__ import annotations

import re
from hashlib import sha256
from pathlib import Path

import outlive.web

VENDOR = Path(outlive.web.__file__).with_name("static") / "vendor"


def test_every_file_is_as_it_was_taken() -> None:
    lines = re.findall(r"^\| (\S+) \| (\S+) .* \| ([0-9a-f]{64}) \|$", (VENDOR / "README.md").read_text(), re.MULTILINE)
    assert {name for name, _, _ in lines} == {one.name for one in VENDOR.iterdir() if one.suffix in (".js", ".css")}
    for name, package, told in lines:
        assert sha256((VENDOR / name).read_bytes()).hexdigest() == told, name
        assert (VENDOR / f"{package}.LICENSE.txt").is_file(), package
