"""A key counts when the log shows a finished exchange after it, and only then. Recorded logs of OpenSSH 9.2."""

from __future__ import annotations

from pathlib import Path

import pytest

from outlive.commands.ssh_shake import Shake, login, read_shake, shake
from outlive.model.host import Host

RECORDED = Path(__file__).parent.parent / "recorded" / "ssh"
KEY = "SHA256:+lfr4NsXyV7/HGX4+SgDjoGgwQ2N5B1tHAeZpfkkKOc"


def log(name: str) -> str:
    return (RECORDED / f"{name}.txt").read_text()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("finished", Shake(KEY, methods=("publickey",))),
        ("unproven", Shake(None, "unproven")),
        ("refused", Shake(None, "refused")),
        ("banner_timeout", Shake(None, "banner_timeout")),
        ("closed", Shake(None, "closed")),
        ("no_name", Shake(None, "unreachable")),
    ],
)
def test_recorded_logs(name: str, expected: Shake) -> None:
    assert read_shake(log(name), 255) == expected


def test_a_log_that_was_cut_before_the_end_of_the_exchange_proves_nothing() -> None:
    whole = log("finished")
    end = whole.index("SSH2_MSG_NEWKEYS received")
    assert read_shake(whole[:end], 255) == Shake(None, "unproven")
    assert read_shake(whole[: end + 30], 255).fingerprint == KEY


def test_what_a_jump_host_proved_is_not_taken_for_the_hosts() -> None:
    """Its log comes first; the host behind it never finished."""
    assert read_shake(log("finished") + log("unproven"), 255) == Shake(None, "unproven")


@pytest.mark.parametrize(
    ("methods", "value"),
    [
        (("publickey",), "rejected"),
        (("publickey", "password"), "password_prompt"),
        (("keyboard-interactive",), "password_prompt"),
        ((), "rejected"),
    ],
)
def test_what_a_refused_login_looks_like(methods: tuple[str, ...], value: str) -> None:
    assert login(methods) == value


def test_the_words_go_to_the_address_with_the_hosts_own_settings() -> None:
    host = Host(name="web-1", address="ssh://root@web-1:2222", ssh_config="/etc/keeper/ssh", identity_file="/k")
    words = shake(host, "203.0.113.9", Path("/tmp/seen"), prefer="ssh-rsa")
    text = " ".join(words)
    assert words[:2] == ("ssh", "-T") and words[-3:] == ("--", "web-1", "true")
    for part in ("-F /etc/keeper/ssh", "-i /k", "-p 2222", "-l root", "HostName=203.0.113.9"):
        assert part in text
    for part in ("PreferredAuthentications=none", "ControlPath=none", "ForwardAgent=no", "ClearAllForwardings=yes"):
        assert part in text
    assert "HostKeyAlgorithms=^rsa-sha2-512,rsa-sha2-256" in text
