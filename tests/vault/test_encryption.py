from __future__ import annotations

import io
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyrage import x25519

from outlive.errors import CopyDamaged, WrongKey
from outlive.vault.encryption import Pieces, decrypt, encrypt

KEY, OTHER, STRANGER = (x25519.Identity.generate() for _ in range(3))
RECIPIENTS = (KEY.to_public(), OTHER.to_public())


@given(st.lists(st.binary(max_size=100), max_size=10), st.integers(1, 64))
def test_pieces_read_as_one(pieces: list[bytes], size: int) -> None:
    source = Pieces(pieces)
    read = list(iter(lambda: source.read(size), b""))
    assert b"".join(read) == b"".join(pieces)
    assert all(len(one) <= size for one in read)
    assert source.read(size) == b""


@pytest.mark.parametrize("length", [0, 1, 65535, 65536, 65537, 300_000])
def test_what_went_in_comes_out_for_each_key(length: int) -> None:
    plain = bytes(range(256)) * (length // 256 + 1)
    sealed = encrypt(Pieces([plain[:100], plain[100:length]] if length > 100 else [plain[:length]]), RECIPIENTS)
    for key in (KEY, OTHER):
        assert decrypt(sealed, [key], what="made") == plain[:length]
    with pytest.raises(WrongKey):
        decrypt(sealed, [STRANGER], what="made")


def test_a_buffer_is_encrypted_as_well_as_pieces_are() -> None:
    assert decrypt(encrypt(io.BytesIO(b"plain"), RECIPIENTS), [KEY], what="made") == b"plain"


def test_anything_cut_off_is_damaged() -> None:
    sealed = encrypt(Pieces([bytes(200_000)]), RECIPIENTS)
    for length in (len(sealed) - 1, len(sealed) - 16, 131_072 + 400, 65_536):
        with pytest.raises(CopyDamaged):
            decrypt(sealed[:length], [KEY], what="made")


def test_other_threads_go_on_while_a_part_is_encrypted() -> None:
    """pyrage never gives the interpreter's lock away by itself; without that, compressing stops meanwhile."""
    turns = 0
    done = threading.Event()

    def encrypting() -> None:
        encrypt(Pieces([bytes(1 << 20)] * 128), RECIPIENTS)
        done.set()

    threading.Thread(target=encrypting).start()
    while not done.wait(0.001):
        turns += 1
    assert turns >= 3


class Interrupted(Pieces):
    """As if a signal came while pyrage reads for the `turn`th time."""

    def __init__(self, pieces: list[bytes], turn: int) -> None:
        super().__init__(pieces)
        self._left = turn

    def read(self, size: int) -> bytes:
        self._left -= 1
        if self._left == 0:
            raise KeyboardInterrupt
        return super().read(size)


@pytest.mark.parametrize("turn", [1, 2, 3])
def test_an_interruption_stays_one(turn: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """And is never taken for a damaged copy."""
    with pytest.raises(KeyboardInterrupt):
        encrypt(Interrupted([bytes(300_000)], turn), RECIPIENTS)
    sealed = encrypt(Pieces([bytes(300_000)]), RECIPIENTS)
    monkeypatch.setattr("outlive.vault.encryption.Pieces", lambda pieces: Interrupted(pieces, turn))
    with pytest.raises(KeyboardInterrupt):
        decrypt(sealed, [KEY], what="made")
