"""Whose disk a folder is on, as the kernel tells it."""

from __future__ import annotations

import pytest

from outlive.commands.mounts import served_by

# Lines as Linux 6.1 prints them, with documentation addresses.
MOUNTINFO = """\
24 1 259:1 / / rw,relatime shared:1 - ext4 /dev/nvme0n1p1 rw
60 24 0:45 / /srv/vault rw,relatime shared:30 - nfs4 203.0.113.9:/export/vault rw,vers=4.2,addr=203.0.113.9
61 24 0:46 / /mnt/my\\040share rw,relatime shared:31 - cifs //web-1.example.com/share rw,vers=3.1.1
62 24 0:47 / /mnt/ssh rw,nosuid,nodev shared:32 - fuse.sshfs root@web-2.example.com:/srv/vault rw,user_id=0
63 24 0:48 / /mnt/six rw shared:33 - nfs [2001:db8::9]:/export rw
64 60 259:2 / /srv/vault/local rw,relatime shared:34 - xfs /dev/sdb1 rw
65 24 0:45 / /twice rw shared:35 - nfs4 203.0.113.8:/old rw
66 65 259:3 / /twice rw shared:36 - ext4 /dev/sdc1 rw
"""


@pytest.mark.parametrize(
    ("path", "server"),
    [
        ("/srv/vault", "203.0.113.9"),
        ("/srv/vault/deep/down", "203.0.113.9"),
        ("/srv/vaulted", None),
        ("/srv/vault/local/x", None),
        ("/mnt/my share/x", "web-1.example.com"),
        ("/mnt/ssh", "web-2.example.com"),
        ("/mnt/six", "2001:db8::9"),
        ("/twice", None),
        ("/home", None),
    ],
)
def test_the_longest_mount_point_counts(path: str, server: str | None) -> None:
    assert served_by(path, MOUNTINFO) == server


def test_what_cannot_be_read_is_passed_over() -> None:
    assert served_by("/srv", "") is None
    assert served_by("/srv", "a line of something else\n\n- \n") is None
