"""Everything that a step says to the outside, counted, and spoilt where a trial wants it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import IO, Any, Protocol, TypeVar

from outlive.errors import CommandFailed, Failed, HostUnreachable, OutliveError
from outlive.transport.base import Completed, Running, Shell, show

T = TypeVar("T")
FULL = "No space left on device"


class Killed(BaseException):
    """The keeper is no more; what it does on its way out does not reach the outside either."""


class Fault(StrEnum):
    """What happens to one question to the outside."""

    KILLED = "killed before it"
    KILLED_AFTER = "killed after it"
    FULL = "refused, as by a full disk"
    SILENT = "not done, and nobody answers"
    LOST = "done, and the answer is lost"
    LATE = "done, and the answer came too late"
    HERE_FULL = "asked, while the keeper's own disk runs full"


TO_ONE_QUESTION = tuple(one for one in Fault if one is not Fault.HERE_FULL)


class Disk(Protocol):
    """Where the keeper writes."""

    def fill(self) -> None: ...

    def make_room(self) -> None: ...


@dataclass
class Outside:
    """`said` is what was said, in order; the question of number `at` (from 1) has the `fault`."""

    fault: Fault | None = None
    at: int = 0
    said: list[str] = field(default_factory=list)
    dead: bool = False
    disk: Disk | None = None

    def spoil(self, at: int, fault: Fault | None) -> None:
        """From now on, counted anew."""
        self.said, self.at, self.fault, self.dead = [], at, fault, False

    def heal(self) -> None:
        """And whoever was killed is begun anew."""
        self.spoil(0, None)
        if self.disk is not None:
            self.disk.make_room()

    def ask(self, what: str, effect: Callable[[], T], refused: Callable[[], T]) -> T:
        if self.dead:
            raise Killed
        self.said.append(what)
        if len(self.said) != self.at or self.fault is None:
            return effect()
        match self.fault:
            case Fault.FULL:
                return refused()
            case Fault.SILENT:
                raise HostUnreachable("the trial cut it off")
            case Fault.KILLED:
                self.dead = True
                raise Killed
            case Fault.HERE_FULL:
                assert self.disk is not None
                self.disk.fill()
                return effect()
        effect()
        return self._unheard(self.fault)

    def _unheard(self, fault: Fault) -> Any:
        if fault is Fault.KILLED_AFTER:
            self.dead = True
            raise Killed
        raise HostUnreachable("the answer was lost") if fault is Fault.LOST else CommandFailed("it took too long")


@dataclass
class Watched:
    """A shell whose every command goes through `outside`."""

    inner: Any  # a Shell
    outside: Outside

    @property
    def name(self) -> str:
        return str(self.inner.name)

    def command(self, argv: Sequence[str]) -> tuple[str, ...]:
        return tuple(self.inner.command(argv))

    def forward(self, address: str, port: int) -> tuple[str, ...]:
        raise NotImplementedError

    def run(self, argv: Sequence[str], *, stdin: bytes | None = None, timeout_seconds: float = 60) -> Completed:
        def effect() -> Completed:
            found: Completed = self.inner.run(argv, stdin=stdin, timeout_seconds=timeout_seconds)
            return found

        return self.outside.ask(show(argv), effect, lambda: Completed(tuple(argv), 1, b"", FULL))

    def open(self, argv: Sequence[str], *, stdin: bool = False) -> Running:
        """Its end is what may be spoilt: by then some of it was done, or all."""
        running: Running = self.inner.open(argv, stdin=stdin)
        return _Ending(running, tuple(argv), self.outside)


class _Ending:
    def __init__(self, running: Running, argv: tuple[str, ...], outside: Outside) -> None:
        self._running, self._argv, self._outside = running, argv, outside
        self.stdin: IO[bytes] | None = running.stdin
        self.stdout: IO[bytes] = running.stdout

    def __enter__(self) -> _Ending:
        self._running.__enter__()
        return self

    def __exit__(self, *about: object) -> None:
        self._running.__exit__(*about)

    def chunks(self) -> Iterator[bytes]:
        return self._running.chunks()

    def wait(self, timeout_seconds: float | None = None) -> Completed:
        return self._outside.ask(
            show(self._argv),
            lambda: self._running.wait(timeout_seconds),
            lambda: Completed(self._argv, 1, b"", FULL),
        )


def told(outside: Outside, command: Callable[[Sequence[str]], dict[str, Any]]) -> Any:
    """One of our own commands as a process, through `outside`."""

    def outlive(argv: Sequence[str], timeout_seconds: float) -> dict[str, Any]:
        return outside.ask(f"outlive {' '.join(argv)}", lambda: command(argv), lambda: _raise(Failed(FULL)))

    return outlive


def _raise(error: OutliveError) -> Any:
    raise error


@contextmanager
def statements(outside: Outside) -> Iterator[None]:
    """Every statement that is said to a Postgres server goes through `outside`, too."""
    import psycopg

    execute = psycopg.Connection.execute

    def told(self: Any, query: Any, *words: Any, **more: Any) -> Any:
        text = query if isinstance(query, str) else type(query).__name__
        return outside.ask(
            " ".join(str(text).split())[:60],
            lambda: execute(self, query, *words, **more),
            lambda: _raise_full(),
        )

    psycopg.Connection.execute = told  # type: ignore[method-assign]
    try:
        yield
    finally:
        psycopg.Connection.execute = execute  # type: ignore[method-assign]


def _raise_full() -> Any:
    import psycopg

    raise psycopg.errors.DiskFull(FULL)


__all__ = ["Fault", "Killed", "Outside", "Shell", "Watched", "statements", "told"]
