"""Names that become folders and files in every store. Pure."""

from __future__ import annotations

import re

NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}")
_COPY_ID = re.compile(r"[0-9A-Za-z][0-9A-Za-z-]{0,99}")


def check_name(name: str) -> str:
    """The name itself. Raises ValueError unless it is fit for a folder or file name in every store."""
    if not NAME.fullmatch(name) or ".." in name:
        raise ValueError(f"{name!r} is not a name of lower case letters, digits, '.', '_' and '-'")
    return name


def check_copy_id(copy_id: str) -> str:
    """The id itself. Raises ValueError unless it is fit for a folder name and needs no quoting in a shell."""
    if not _COPY_ID.fullmatch(copy_id):
        raise ValueError(f"{copy_id!r} is not the id of a copy")
    return copy_id
