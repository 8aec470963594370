"""How the answer of one look at what a machine has left is read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outlive.commands.capacity import Capacity, Filesystem, read_look

DISKS = """disk\tFilesystem     1024-blocks     Used Available Capacity Mounted on
disk\tudev               1000000        0   1000000       0% /dev
disk\t/dev/vda1         41152736 33000000   6000000      85% /
disk\t/dev/vda1         41152736 33000000   6000000      85% /var/lib/somewhere
disk\t/dev/vdb           1000000   100000    900000      10% /mnt/my data
disk\t/dev/loop3           56832    56832         0     100% /snap/core/1
disk\toverlay           41152736 33000000   6000000      85% /var/lib/docker/overlay2/x/merged
inodes\tFilesystem      Inodes  IUsed   IFree IUse% Mounted on
inodes\t/dev/vda1      2621440 200000 2421440    8% /
inodes\t/dev/vdb             0      0       0     - /mnt/my data
"""
MEMORY = """memory\tMemTotal:        2014000 kB
memory\tMemAvailable:     100000 kB
memory\tSwapTotal:             0 kB
memory\tSwapFree:              0 kB
pressure\tsome avg10=0.00 avg60=1.20 avg300=25.31 total=123
pressure\tfull avg10=0.00 avg60=1.20 avg300=12.00 total=123
oom\t7
files\t1376\t0\t9223372036854775807
end\t
"""


def test_all_of_it() -> None:
    found = read_look(DISKS + MEMORY)
    assert found.filesystems == (
        Filesystem("/", 41152736 * 1024, 6000000 * 1024, 2621440, 2421440),
        Filesystem("/mnt/my data", 1000000 * 1024, 900000 * 1024),
    )
    assert (found.memory_bytes, found.available_bytes, found.swap_bytes) == (2014000 * 1024, 100000 * 1024, 0)
    assert (found.memory_pressure, found.oom_kills, found.open_files) == (25.31, 7, 1376)


def test_what_is_not_there_is_not_told() -> None:
    assert read_look("end\t\n") == Capacity()


@pytest.mark.parametrize("text", ["", "memory\tMemTotal: 1 kB\n", "sh: not found"])
def test_no_answer_is_no_data(text: str) -> None:
    with pytest.raises(ValueError):
        read_look(text)


@given(st.lists(st.tuples(st.sampled_from(["memory", "pressure", "oom", "files", "disk", "inodes"]), st.text())))
def test_whatever_stands_there(lines: list[tuple[str, str]]) -> None:
    text = "".join(f"{name}\t{' '.join(said.split())}\n" for name, said in lines)
    assert read_look(f"{text}end\t\n")
