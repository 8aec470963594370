"""A log file of a host, or several by a pattern, as named in `outlive.toml`. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Annotated, ClassVar, Literal

from pydantic import ConfigDict, Field


@dataclass(frozen=True, slots=True, kw_only=True)
class LogFile:
    """`path` is absolute; its last part may hold `*`. `service`: as whose it is told; its path otherwise. `stream`: which
    of the service's two it stands for: what is written to "stderr" can be a flood, and "stdout" falling silent beside it
    is a sign."""

    path: Annotated[str, Field(min_length=2, max_length=1024)]
    service: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    stream: Literal["stdout", "stderr"] = "stderr"
    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    @property
    def is_pattern(self) -> bool:
        return "*" in PurePosixPath(self.path).name

    def service_of(self, path: str) -> str:
        """Of one of its files. Those of a pattern are told apart."""
        if self.service is None:
            return path
        return f"{self.service}/{PurePosixPath(path).name}" if self.is_pattern else self.service
