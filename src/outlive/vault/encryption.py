"""age, and nothing of our own (https://age-encryption.org/v1).

Every object is encrypted as a whole, in memory, to all recipients. pyrage's file calls swallow an error in the last
write (research: backup.md section 7), so only in-memory buffers are handed to it, where a write cannot fail.
"""

from __future__ import annotations

import io
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import pyrage
from pyrage import x25519

from outlive.errors import CopyDamaged, KeysError, WrongKey

KEY_FORM = (
    "A key is one line: AGE-SECRET-KEY-1 and 58 letters and digits. The last six are a checksum, so one wrong character is "
    "noticed: compare it with the paper."
)


class Recipient(Protocol):
    """A public key (`age1...`); `str` gives it back."""


class Identity(Protocol):
    """A private key; never printed."""

    def to_public(self) -> Recipient: ...


class Sink(Protocol):
    """What pyrage writes into. Its writes must not fail: pyrage may not tell of the last one."""

    def write(self, data: bytes, /) -> int: ...

    def flush(self) -> None: ...


class Pieces:
    """A readable for pyrage, which holds the interpreter's lock while it works. `read` is Python on purpose: between two
    calls the other threads get their turn, so compressing goes on meanwhile. A piece is dropped once it has been read."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = deque(pieces)
        self._view = memoryview(b"")

    def read(self, size: int) -> bytes:
        """At most `size` bytes; none at the end."""
        while not self._view:
            if not self._pieces:
                return b""
            self._view = memoryview(self._pieces.popleft())
        taken = bytes(self._view[:size])
        self._view = self._view[size:]
        return taken


def encrypt(plain: io.BytesIO | Pieces, recipients: Sequence[Recipient]) -> bytes:
    """An age file, of all there is to read, that any one of the recipients' identities opens."""
    sink = io.BytesIO()
    with _interruptions():
        pyrage.encrypt_io(plain, sink, recipients)
    return sink.getvalue()


def decrypt(sealed: bytes, identities: Sequence[Identity], *, what: str) -> bytes:
    """The plaintext. Raises `WrongKey`, or `CopyDamaged` when the bytes are not whole (age authenticates the end)."""
    sink = io.BytesIO()
    decrypt_into(sink, sealed, identities, what=what)
    return sink.getvalue()


def decrypt_into(sink: Sink, sealed: bytes, identities: Sequence[Identity], *, what: str) -> None:
    """The same, written 64 KiB at a time, each of which is authenticated; that nothing is missing is known at the end."""
    try:
        with _interruptions():
            pyrage.decrypt_io(Pieces([sealed]), sink, identities)
    except pyrage.DecryptError as error:
        if "No matching keys" in str(error):
            raise WrongKey(what) from error
        raise CopyDamaged(f"{what}: {error}") from error
    except OSError as error:
        raise CopyDamaged(f"{what}: {error}") from error


@contextmanager
def _interruptions() -> Iterator[None]:
    """Ctrl-C that hits while pyrage calls our `read` comes out as an error of its own: it would look like damage."""
    try:
        yield
    except (pyrage.EncryptError, pyrage.DecryptError) as error:
        if str(error).startswith(KeyboardInterrupt.__name__):
            raise KeyboardInterrupt from error
        raise


def parse_recipients(texts: Iterable[str]) -> tuple[Recipient, ...]:
    """`age1...` public keys. Raises `KeysError` naming the one that is not."""
    recipients: list[Recipient] = []
    for text in texts:
        try:
            recipients.append(x25519.Recipient.from_str(text))
        except pyrage.RecipientError as error:
            raise KeysError(f"{text!r} is not an age public key (age1...).") from error
    return tuple(recipients)


def read_identities(path: Path) -> tuple[Identity, ...]:
    """The `AGE-SECRET-KEY-1...` lines of an identity file, as `age-keygen` writes them. Never prints one."""
    try:
        text = path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise KeysError(f"{path} cannot be read: {error}") from error
    return parse_identities(text, what=str(path))


def parse_identities(text: str, *, what: str) -> tuple[Identity, ...]:
    """The same from text that came from `what` (a file, standard input)."""
    lines = text.splitlines()
    keys = [line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#")]
    try:
        identities = tuple(x25519.Identity.from_str(key) for key in keys)
    except pyrage.IdentityError as error:
        raise KeysError(f"{what} holds a line that is not an age secret key.", hint=KEY_FORM) from error
    if not identities:
        raise KeysError(f"{what} holds no age secret key.")
    return identities
