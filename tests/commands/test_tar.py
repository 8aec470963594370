"""What tar is told and what it says."""

from __future__ import annotations

import pytest

from outlive.commands import tar


@pytest.mark.parametrize(
    ("path", "pattern", "out"),
    [
        ("./cache", "cache", True),
        ("./cache/x", "cache", True),
        ("./a/cache/x", "cache", True),
        ("./a/cache/x", "./cache", False),
        ("./a/b.tmp", "*.tmp", True),
        ("./a/b/c", "a/*", True),
        ("./a/b/c", "a/", True),
        ("./acache", "cache", False),
        ("./a", "A", False),
    ],
)
def test_patterns_fit_as_in_tar(path: str, pattern: str, out: bool) -> None:
    assert tar.excluded(path, [pattern]) is out


def test_complaints_are_told_apart() -> None:
    said = """\
tar: ./log: file changed as we read it
tar: ./a\\nb: File removed before we read it
tar: ./shrunk: File shrank by 512 bytes; padding with zeros
tar: ./run/app.sock: socket ignored
Warning: Permanently added 'web-1'
tar: ./x: Cannot open: Permission denied
tar: Exiting with failure status due to previous errors
"""
    complaints = tar.read_complaints(said)
    assert len(complaints.changed) == 3
    assert complaints.others == ("tar: ./x: Cannot open: Permission denied",)


def test_where_journals_come_and_go_a_changed_directory_says_nothing() -> None:
    """The names as GNU tar 1.34 prints them in the C locale."""
    said = """\
tar: .: file changed as we read it
tar: ./c d/\\303\\274\\n\\\\z: file changed as we read it
tar: ./c d: file changed as we read it
tar: ./c d/log: file changed as we read it
"""
    complaints = tar.read_complaints(said, restless=[".", "./c d/ü\n\\z"])
    assert complaints.changed == tuple(said.splitlines()[2:])


def test_pseudo_file_systems_below_a_directory() -> None:
    mountinfo = """\
22 1 252:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
23 22 0:21 / /proc rw,nosuid - proc proc rw
24 22 0:22 / /srv/jail/proc rw - proc proc rw
25 22 0:23 / /srv/jail/my\\040sys rw shared:3 master:2 - sysfs sysfs rw
26 22 252:1 / /srv/jail/media rw - ext4 /dev/vdb rw
27 22 0:24 / /srv/jail-2/proc rw - proc proc rw
"""
    assert tar.pseudo_mounts(mountinfo, "/srv/jail") == ("./proc", "./my sys")
    assert tar.pseudo_mounts(mountinfo, "/") == ("./proc", "./srv/jail/proc", "./srv/jail/my sys", "./srv/jail-2/proc")
    assert tar.pseudo_mounts(mountinfo, "/proc") == ()
