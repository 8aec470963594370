"""Key files: made once, private, never overwritten, readable by age itself."""

from __future__ import annotations

import io
import os
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from outlive.errors import KeysError
from outlive.testing.clock import ManualClock
from outlive.vault.encryption import decrypt, encrypt, parse_identities, parse_recipients, read_identities
from outlive.vault.keys import create_keys, find_private_keys, public_keys, read_recipients, secret_text, write_private

NOW = ManualClock().now()


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_either_private_key_opens_what_is_encrypted_to_both(tmp_path: Path) -> None:
    made = create_keys(tmp_path / "keys", NOW)
    sealed = encrypt(io.BytesIO(b"rows"), parse_recipients(made.recipients))
    for path in (made.drill_identity, made.recovery_identity):
        assert decrypt(sealed, read_identities(path), what="a part") == b"rows"
    assert len(set(made.recipients)) == 2
    assert made.recipients == (*public_keys(made.recovery_identity), *public_keys(made.drill_identity))


@pytest.mark.parametrize("umask", [0o000, 0o077])
def test_only_the_owner_may_read_them_whatever_the_umask(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        made = create_keys(tmp_path / "deep" / "keys", NOW)
    finally:
        os.umask(before)
    assert mode(made.drill_identity) == mode(made.recovery_identity) == 0o600
    assert mode(made.drill_identity.parent) == 0o700


def test_the_files_are_as_age_keygen_writes_them(tmp_path: Path) -> None:
    made = create_keys(tmp_path, NOW)
    lines = made.recovery_identity.read_text().splitlines()
    assert lines[0] == "# created: 2026-02-07T08:00:00Z"
    assert lines[1] == f"# public key: {made.recipients[0]}"
    assert lines[2].startswith("AGE-SECRET-KEY-1") and len(lines) == 3
    assert read_recipients(tmp_path / "recipients.txt") == made.recipients


@pytest.mark.skipif(not shutil.which("age-keygen"), reason="age is not installed")
def test_age_itself_reads_them(tmp_path: Path) -> None:
    made = create_keys(tmp_path, NOW)
    done = subprocess.run(["age-keygen", "-y", made.recovery_identity], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == made.recipients[0]


@pytest.mark.parametrize("there", ["recovery.txt", "drill.txt", "recipients.txt"])
def test_nothing_is_overwritten(tmp_path: Path, there: str) -> None:
    (tmp_path / there).write_text("a key that copies need")
    with pytest.raises(KeysError, match=there) as caught:
        create_keys(tmp_path, NOW)
    assert "--folder" in caught.value.hint
    assert [path.name for path in tmp_path.iterdir()] == [there]
    assert (tmp_path / there).read_text() == "a key that copies need"


def test_a_file_where_the_folder_should_be_is_told(tmp_path: Path) -> None:
    (tmp_path / "keys").write_text("")
    with pytest.raises(KeysError):
        create_keys(tmp_path / "keys", NOW)


def test_on_a_full_disk_nothing_is_left(tiny_disk: Path) -> None:
    filler = tiny_disk / "filler"
    with filler.open("wb", buffering=0) as file:
        for size in (1 << 16, 512, 512):
            with pytest.raises(OSError, match="No space left"):
                while True:
                    file.write(bytes(size))
            os.fsync(file.fileno())  # what was promised to delayed writes becomes free again
    with pytest.raises(KeysError):
        create_keys(tiny_disk / "keys", NOW)
    assert not list(tiny_disk.rglob("*.txt"))
    filler.unlink()
    create_keys(tiny_disk / "keys", NOW)


def test_a_symbolic_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "kit.html").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(FileExistsError):
        write_private(tmp_path / "kit.html", b"secret")
    assert not (tmp_path / "elsewhere").exists()


def test_private_keys_on_this_machine_are_found_by_what_they_are(tmp_path: Path) -> None:
    made = create_keys(tmp_path / "keys", NOW)
    foreign = create_keys(tmp_path / "others", NOW)
    made.recovery_identity.rename(tmp_path / "keys" / "holiday-photo.jpg")
    shutil.copy(foreign.drill_identity, tmp_path / "keys" / "foreign.txt")
    (tmp_path / "keys" / "binary").write_bytes(os.urandom(100))
    found = find_private_keys([tmp_path / "keys", tmp_path / "nowhere"], made.recipients)
    assert [(key.path.name, key.public) for key in found] == [
        ("drill.txt", made.recipients[1]),
        ("holiday-photo.jpg", made.recipients[0]),
    ]


def test_the_kit_is_for_one_key(tmp_path: Path) -> None:
    made = create_keys(tmp_path, NOW)
    secret, public = secret_text(made.recovery_identity)
    assert secret.startswith("AGE-SECRET-KEY-1") and public == made.recipients[0]
    both = tmp_path / "both.txt"
    both.write_text(made.recovery_identity.read_text() + made.drill_identity.read_text())
    with pytest.raises(KeysError, match="2 keys"):
        secret_text(both)


def test_a_typing_error_in_a_key_is_noticed_and_the_key_is_not_shown() -> None:
    wrong = "AGE-SECRET-KEY-1" + "Q" * 58
    with pytest.raises(KeysError) as caught:
        parse_identities(wrong, what="standard input")
    assert wrong not in f"{caught.value} {caught.value.hint} {caught.value.__cause__}"
    assert "standard input" in str(caught.value) and "checksum" in caught.value.hint
