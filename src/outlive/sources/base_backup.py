"""One BASE_BACKUP conversation, as libpq's COPY messages. psycopg 3 has no replication API (psycopg#71), but
`psycopg.pq.PGconn` passes COPY through as it is.

15 and later send one COPY in which a message `n` opens an archive, `m` the manifest, `d` is data, `p` progress. 14
sends a COPY for each tablespace, one for the base directory and one for the manifest.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from select import POLLIN, POLLOUT, poll

import psycopg
from psycopg import pq

from outlive.errors import NotPermitted, SourceFailed
from outlive.transport.postgres_door import one_line, replication_cure

STALL_SECONDS = 300.0
UPLOAD_BYTES = 64 << 10


class Conversation:
    """Questions and answers on a replication connection, none of them waited for longer than `stall_seconds`."""

    def __init__(self, pgconn: pq.abc.PGconn, stall_seconds: float = STALL_SECONDS) -> None:
        self._pgconn = pgconn
        self._stall_seconds = stall_seconds
        self._poll = poll()  # select(2) takes no descriptor above 1023
        self._poll.register(pgconn.socket, POLLIN)

    def say(self, command: str) -> None:
        """Sends a replication command; its answers are read with what follows."""
        self._pgconn.send_query(command.encode())

    def row(self, command: str) -> list[str]:
        """The only row that answers a command."""
        self.say(command)
        result = self.table(command)
        if result.ntuples != 1:
            raise SourceFailed(f"{command}: {result.ntuples} rows came back.")
        self.end()
        return [text(result, 0, column) for column in range(result.nfields)]

    def upload(self, command: str, data: bytes) -> str:
        """Sends a command with `data` behind it. What the server has against it, or nothing; it can be spoken to further."""
        self.say(command)
        result = self.result()
        if result.status == pq.ExecStatus.COPY_IN:
            self._send(data)
            result = self.result()
        if result.status == pq.ExecStatus.FATAL_ERROR:
            return self._refused(result)
        self._expect(result, pq.ExecStatus.COMMAND_OK, command)
        self.end()
        return ""

    def attempt(self, command: str) -> pq.abc.PGresult | str:
        """The first rows that answer a command; or what the server has against it, and it can be spoken to further."""
        self.say(command)
        result = self.result()
        if result.status == pq.ExecStatus.FATAL_ERROR:
            return self._refused(result)
        return self._expect(result, pq.ExecStatus.TUPLES_OK, "BASE_BACKUP")

    def table(self, what: str) -> pq.abc.PGresult:
        """The next result, which must be rows. Raises `SourceFailed`, `NotPermitted`."""
        return self._expect(self.result(), pq.ExecStatus.TUPLES_OK, what)

    def copy(self) -> Messages:
        """The next result, which must begin a COPY."""
        self._expect(self.result(), pq.ExecStatus.COPY_OUT, "BASE_BACKUP")
        return Messages(self)

    def table_after_copy(self) -> pq.abc.PGresult:
        """The rows that come after a COPY: 14 and 15 differ in when the COPY's own status is sent."""
        while (result := self.result()).status == pq.ExecStatus.COMMAND_OK:
            pass
        return self._expect(result, pq.ExecStatus.TUPLES_OK, "BASE_BACKUP")

    def end(self) -> None:
        """Reads what is left. Raises when an error is among it: only then is the command done."""
        while (rest := self._next_result()) is not None:
            if rest.status == pq.ExecStatus.FATAL_ERROR:
                raise self._failed(rest, "BASE_BACKUP")

    def result(self) -> pq.abc.PGresult:
        result = self._next_result()
        if result is None:
            raise SourceFailed("BASE_BACKUP: the server ended the conversation before the backup was complete.")
        return result

    def message(self) -> memoryview | None:
        """The next message of a COPY, None after its last. What it holds is libpq's own memory, not copied."""
        while True:
            try:
                length, data = self._pgconn.get_copy_data(1)
            except psycopg.OperationalError as error:
                raise self._broke(error) from error
            if length > 0:
                return data
            if length == -1:
                return None
            self._wait()

    def _next_result(self) -> pq.abc.PGresult | None:
        while self._pgconn.is_busy():
            self._wait()
        return self._pgconn.get_result()

    def _send(self, data: bytes) -> None:
        """All of it, and the end of the COPY."""
        try:
            for at in range(0, len(data), UPLOAD_BYTES):
                while self._pgconn.put_copy_data(data[at : at + UPLOAD_BYTES]) == 0:
                    self._wait(POLLIN | POLLOUT)
            self._pgconn.put_copy_end()
            while self._pgconn.flush() != 0:
                self._wait(POLLIN | POLLOUT)
        except psycopg.OperationalError as error:
            raise self._broke(error) from error

    def _wait(self, events: int = POLLIN) -> None:
        """Until the server has sent something, or takes more. Without blocking the interpreter, and not for ever."""
        self._poll.modify(self._pgconn.socket, events)
        until = time.monotonic() + self._stall_seconds
        while not self._poll.poll(max(0.0, until - time.monotonic()) * 1000):
            if time.monotonic() >= until:
                raise SourceFailed(
                    f"BASE_BACKUP: the server has sent nothing for {self._stall_seconds:.0f} s.",
                    hint="The server or the network hangs. Earlier copies are intact; nothing of this one counts.",
                )
        try:
            self._pgconn.consume_input()
        except psycopg.OperationalError as error:
            raise self._broke(error) from error

    def _broke(self, error: psycopg.Error) -> SourceFailed:
        return SourceFailed(f"BASE_BACKUP: the connection broke: {one_line(error)}")

    def _refused(self, result: pq.abc.PGresult) -> str:
        """The server's words; the rest of its answer is passed over. Raises when it went away with them."""
        if self._pgconn.status != pq.ConnStatus.OK:
            raise self._failed(result, "BASE_BACKUP")
        while self._next_result() is not None:
            pass
        return one_line(result.error_message)

    def _expect(self, result: pq.abc.PGresult, status: pq.ExecStatus, what: str) -> pq.abc.PGresult:
        if result.status != status:
            raise self._failed(result, what)
        return result

    def _failed(self, result: pq.abc.PGresult, what: str) -> SourceFailed:
        said = f"{what}: {one_line(result.error_message)}"
        state = (result.error_field(pq.DiagnosticField.SQLSTATE) or b"").decode()
        if state in ("42501", "28000"):
            return NotPermitted(said, hint=replication_cure(self._pgconn.user.decode()))
        if "WAL level not sufficient" in said:
            return SourceFailed(said, hint="ALTER SYSTEM SET wal_level = replica; then restart Postgres.")
        return SourceFailed(said)


class Messages:
    """The messages of one COPY, one at a time."""

    def __init__(self, conversation: Conversation) -> None:
        self._receive = conversation.message
        self._ahead: memoryview | None = None
        self._over = False

    def peek(self) -> int | None:
        """The kind of the next message (its first byte); None after the last."""
        if self._ahead is None and not self._over:
            self._ahead = self._receive()
            self._over = self._ahead is None
        return None if self._ahead is None else self._ahead[0]

    def take(self) -> memoryview:
        """The next message."""
        assert self._ahead is not None
        message, self._ahead = self._ahead, None
        return message

    def data(self) -> Iterator[memoryview]:
        """The data of the archive that was opened last."""
        while (kind := self.peek()) in _DATA_KINDS:
            message = self.take()
            if kind == DATA:
                yield message[1:]

    def raw(self) -> Iterator[memoryview]:
        """Whole messages, for servers that put no kind in front."""
        while self.peek() is not None:
            yield self.take()


ARCHIVE, MANIFEST, DATA, PROGRESS = b"nmdp"
_DATA_KINDS = (DATA, PROGRESS)


def text(result: pq.abc.PGresult, row: int, column: int) -> str:
    return (result.get_value(row, column) or b"").decode()
