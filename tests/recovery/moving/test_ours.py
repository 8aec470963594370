"""Whose password a variable holds is told by what Postgres keeps of it, never by a name."""

from __future__ import annotations

import pytest

from outlive.commands import env_file
from outlive.recovery.rotating import ours, verifiers
from outlive.recovery.rotating.ours import Role

# RFC 7677, section 3: user "user", password "pencil", 4096 iterations; the keys follow from its example.
PENCIL = (
    "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ=="
    "$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU="
)
MD5 = "md54d45974e13472b5a0be3533de4666414"  # of "password" followed by "user"


def test_a_password_is_recognised() -> None:
    assert verifiers.is_of(PENCIL, "pencil", "anybody")
    assert not verifiers.is_of(PENCIL, "pencils", "anybody")
    assert verifiers.is_of(MD5, "password", "user") and not verifiers.is_of(MD5, "password", "other")
    assert not verifiers.is_of(None, "pencil", "user") and not verifiers.is_of("", "", "user")


@pytest.mark.parametrize(
    "kept", ["SCRAM-SHA-256$4096:!!$x:y", "SCRAM-SHA-256$9999999999:AA==$AA==:AA==", "{crypt}x", "md5"]
)
def test_what_nobody_understands_is_no_match(kept: str) -> None:
    assert not verifiers.is_of(kept, "pencil", "user")


def test_variables_and_roles_of_one_password_change_together() -> None:
    text = "PW=pencil\nURL=postgresql://user:pencil@db/x\nALSO=postgresql://user:${PW}@db/x\nPENCIL=pen\n"
    roles = [Role("shop-db", "user", PENCIL), Role("jobs-db", "jobs", PENCIL)]
    (group,) = ours.shared(text, roles)
    assert (group.variables, [str(one) for one in group.roles]) == (
        ("PW", "URL"),
        ["user of shop-db", "jobs of jobs-db"],
    )
    again = ours.read_document(ours.document([group]))
    assert "pencil" not in str(ours.document([group]))
    new = env_file.changed(text, ours.renewed(text, again, ["fresh-1"]))
    assert new == text.replace("pencil", "fresh-1")
    assert ours.of_roles(new, again) == {("shop-db", "user"): "fresh-1", ("jobs-db", "jobs"): "fresh-1"}


def test_a_password_that_we_log_in_with_is_left_to_a_person() -> None:
    assert (
        ours.shared("PW=pencil\n", [Role("shop-db", "user", PENCIL), Role("shop-db", "postgres", PENCIL, True)]) == ()
    )
