"""Names that become folders and files in every store. Pure."""

from __future__ import annotations

import re

NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}")


def check_name(name: str) -> str:
    """The name itself. Raises ValueError unless it is fit for a folder or file name in every store."""
    if not NAME.fullmatch(name) or ".." in name:
        raise ValueError(f"{name!r} is not a name of lower case letters, digits, '.', '_' and '-'")
    return name
