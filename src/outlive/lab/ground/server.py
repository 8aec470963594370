"""What every server that we start has in common."""

from __future__ import annotations

from types import TracebackType
from typing import Self


class Server:
    """`with Server() as server:` starts it and leaves nothing behind, whether or not it came up."""

    def start(self) -> Self:
        """Brings it up, or up again. Raises Missing when this machine cannot have it."""
        raise NotImplementedError

    def close(self) -> None:
        """Ends it and removes all it made. Safe at any moment, also when start() was cut off halfway."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        try:
            return self.start()
        except BaseException:  # Ctrl-C too
            self.close()
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
