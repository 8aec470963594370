"""What a machine says of itself: a recorded answer, and answers that are none."""

from __future__ import annotations

import shlex
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outlive.commands import guest

RECORDED = (Path(__file__).parent.parent / "recorded" / "web-1" / "guest.txt").read_text()
NOW = datetime(2026, 2, 7, 8, 20, tzinfo=UTC)


def test_a_recorded_answer() -> None:
    found = guest.read_look(RECORDED)
    assert set(found.facts) == {"hostname", "machine_id", "boot_id", "docker_engine_id", "authorized_keys"}
    assert found.facts["hostname"] == "web-1"
    assert len(found.facts["machine_id"]) == 32 and len(found.facts["boot_id"]) == 36
    assert found.facts["docker_engine_id"].count(":") == 11, "also from an engine that keeps it beside its key"
    assert set(found.volumes) == {"app_pgdata", "app_uploads"}
    assert found.clock is not None and found.clock > max(found.volumes.values())
    assert "172.30.77.3" in found.addresses
    assert len(found.host_keys) == 3 and all(key.startswith("SHA256:") for key in found.host_keys)
    assert set(found.markers) == {"", "app_uploads"}, "a volume that is not there has no place for one"


def test_no_private_key_leaves_the_host() -> None:
    """The engine's key file is read there, and only its id is told."""
    assert '"d"' not in RECORDED and "PRIVATE" not in RECORDED


def test_a_boots_moment_is_reckoned_by_our_clock() -> None:
    found = guest.read_look("uptime\t79200.55 1.0\nend\t\n")
    assert found.booted_at(NOW) == datetime(2026, 2, 6, 10, 19, 59, tzinfo=UTC)
    assert guest.read_look("end\t\n").booted_at(NOW) is None


def test_the_order_of_authorized_keys_and_comments_mean_nothing() -> None:
    one = guest.read_look("keys\t\nkey\tssh-ed25519 A a\nkey\t# mine\nkey\tssh-ed25519 B b\nend\t\n")
    other = guest.read_look("keys\t\nkey\tssh-ed25519 B b\nkey\tssh-ed25519 A a\nend\t\n")
    none = guest.read_look("keys\t\nend\t\n")
    assert one.facts == other.facts != none.facts
    assert "authorized_keys" not in guest.read_look("end\t\n").facts, "unreadable is not empty"


@pytest.mark.parametrize("text", ["", "Welcome!\n", "hostname\tweb-1\n", "end", " \n"])
def test_what_is_no_answer_or_was_cut_is_refused(text: str) -> None:
    if text == "end":
        assert guest.read_look(text).facts == {}
        return
    with pytest.raises(ValueError, match="POSIX shell"):
        guest.read_look(text)


@given(st.text())
def test_whatever_a_stranger_says_is_read_or_refused(text: str) -> None:
    try:
        guest.read_look(f"{text}\nend\t\n")
    except ValueError:
        return


@pytest.mark.slow
@pytest.mark.parametrize("shell", ["sh", "bash"])
def test_it_runs_in_any_shell_and_complains_of_nothing(shell: str, tmp_path: Path) -> None:
    words = guest.look(["a volume; rm -rf /", "$(reboot)"], full=False)
    done = subprocess.run([shell, "-c", shlex.join(words)], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert guest.read_look(done.stdout).facts["hostname"] == Path("/proc/sys/kernel/hostname").read_text().strip()


@pytest.mark.slow
def test_a_marker_is_written_read_and_removed(tmp_path: Path) -> None:
    path = tmp_path / "marker"
    plant = (*guest.plant("")[:-1], str(path))
    subprocess.run(plant, input=b"token\n", check=True)
    assert (path.read_text(), path.stat().st_mode & 0o777) == ("token\n", 0o600)
    subprocess.run(plant, input=b"other\n", check=True)
    assert path.read_text() == "other\n"
    assert subprocess.run(plant, input=b"\n", check=False).returncode != 0, "an empty one is none"
    assert path.read_text() == "other\n"
    assert guest.remove("app_uploads")[-1] == "/var/lib/docker/volumes/app_uploads/_data/.outlive-marker"
