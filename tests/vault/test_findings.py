"""Who could destroy the copies, and other judgements, from what was seen."""

from __future__ import annotations

from datetime import timedelta

import pytest

from outlive.vault.findings import (
    CreateOnly,
    Finding,
    Powers,
    Retention,
    State,
    VaultReport,
    Versioning,
    clock_difference,
    create_only,
    deletion,
    file_system,
    free_space,
    local_deletion,
    mount_of,
)

ON, OFF, UNKNOWN = Versioning.ON, Versioning.OFF, Versioning.UNKNOWN


@pytest.mark.parametrize(
    ("powers", "state", "words"),
    [
        (Powers(True, True, OFF), State.BAD, "can delete copies"),
        (Powers(False, True, OFF), State.BAD, "can overwrite copies"),
        (Powers(True, None, OFF), State.BAD, "can delete copies"),
        (Powers(False, False, OFF), State.OK, "neither delete nor overwrite"),
        (Powers(None, False, OFF), State.UNKNOWN, "could not be told"),
        (Powers(True, True, UNKNOWN), State.UNKNOWN, "could not be told"),
        (Powers(False, False, UNKNOWN), State.OK, "neither delete nor overwrite"),
        (Powers(True, True, ON, True), State.BAD, "old versions too"),
        (Powers(False, False, ON, True), State.BAD, "old versions too"),
        (Powers(True, True, ON, None), State.UNKNOWN, "could not be told"),
        (Powers(True, True, ON, False), State.OK, "there is no Object Lock"),
        (Powers(True, True, ON, False, Retention("COMPLIANCE", "30 days")), State.OK, "30 days, whoever asks"),
        (Powers(True, True, ON, False, Retention("GOVERNANCE", "1 years")), State.OK, "BypassGovernanceRetention"),
    ],
)
def test_what_these_credentials_could_destroy(powers: Powers, state: State, words: str) -> None:
    finding = deletion(powers)
    assert finding.state is state
    assert words in finding.sentence
    assert bool(finding.cure) == (state is not State.OK)


@pytest.mark.parametrize(
    ("outcome", "state", "words"),
    [
        (CreateOnly.HONOURED, State.OK, "turned away"),
        (CreateOnly.REFUSED, State.OK, "501"),
        (CreateOnly.IGNORED, State.BAD, "overwrites"),
    ],
)
def test_what_it_means_how_a_taken_key_is_treated(outcome: CreateOnly, state: State, words: str) -> None:
    finding = create_only(outcome)
    assert (finding.state, words in finding.sentence) == (state, True)


def test_overwriting_is_no_harm_where_the_old_version_stays() -> None:
    finding = create_only(CreateOnly.IGNORED, kept=True)
    assert finding.state is State.OK
    assert "stays as an old version" in finding.sentence
    assert create_only(CreateOnly.HONOURED, kept=True) == create_only(CreateOnly.HONOURED)


@pytest.mark.parametrize(
    ("seconds", "state", "words"),
    [(0, State.OK, "agree"), (-59, State.OK, "agree"), (61, State.BAD, "ahead of"), (-700, State.BAD, "behind")],
)
def test_clocks_are_compared(seconds: int, state: State, words: str) -> None:
    finding = clock_difference(timedelta(seconds=seconds))
    assert (finding.state, words in finding.sentence) == (state, True)


@pytest.mark.parametrize(
    ("free", "total", "state"),
    [(50 << 30, 100 << 30, State.OK), (4 << 30, 100 << 30, State.BAD), (900 << 20, 2 << 30, State.BAD)],
)
def test_little_room_is_said(free: int, total: int, state: State) -> None:
    assert free_space(free, total).state is state


@pytest.mark.parametrize(
    ("kind", "state"),
    [("ext4", State.OK), ("nfs4", State.OK), ("fuse.sshfs", State.OK), ("tmpfs", State.BAD), ("overlay", State.BAD)],
)
def test_a_file_system_that_a_restart_empties_is_bad(kind: str, state: State) -> None:
    assert file_system(kind, "/srv").state is state


MOUNTINFO = """\
22 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw
30 22 0:25 / /srv rw shared:2 - xfs /dev/vdb rw
31 30 0:26 / /srv/with\\040space rw - tmpfs tmpfs rw
32 22 0:27 / /srvother rw - nfs4 host:/x rw
33 30 0:28 / /srv rw - btrfs /dev/vdc rw
"""


@pytest.mark.parametrize(
    ("path", "mount"),
    [
        ("/var", ("/", "ext4")),
        ("/", ("/", "ext4")),
        ("/srv", ("/srv", "btrfs")),  # mounted over: the later one counts
        ("/srv/x", ("/srv", "btrfs")),
        ("/srv/with space/x", ("/srv/with space", "tmpfs")),
        ("/srvother/x", ("/srvother", "nfs4")),
        ("/srv2", ("/", "ext4")),
    ],
)
def test_the_mount_that_holds_a_path_is_found(path: str, mount: tuple[str, str]) -> None:
    assert mount_of(MOUNTINFO, path) == mount


def test_bad_beats_unknown_beats_ok() -> None:
    def state(*states: State) -> State:
        return VaultReport("u", tuple(Finding("n", one, "s") for one in states)).state

    assert state(State.OK, State.UNKNOWN, State.BAD) is State.BAD
    assert state(State.OK, State.UNKNOWN) is State.UNKNOWN
    assert state(State.OK) is State.OK


def test_a_local_vault_is_at_risk_from_its_own_user() -> None:
    assert local_deletion(True).state is State.BAD
    assert local_deletion(False).state is State.OK
