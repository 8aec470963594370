"""Which of pg_restore's errors a login that is no superuser may make."""

from __future__ import annotations

import pytest

from outlive.backup.restore.complaints import Complaints

OWNER = b"""\
pg_restore: error: could not execute query: ERROR:  must be able to SET ROLE "postgres"
Command was: ALTER DATABASE shop OWNER TO postgres;


"""
ROWS = b"""\
pg_restore: error: COPY failed for table "orders": ERROR:  duplicate key value
CONTEXT:  COPY orders, line 1
"""
NO = b"pg_restore: error: could not execute query: ERROR:  no\n"
INDEX = NO + b"Command was: CREATE INDEX i ON public.orders USING btree (id);\n"
SETTING = NO + b"Command was: ALTER DATABASE shop SET log_statement TO 'all';\n"
LAST = b"pg_restore: warning: errors ignored on restore: 2\n"


def heard(said: bytes, step: int) -> Complaints:
    complaints = Complaints()
    for at in range(0, len(said), step):
        complaints(said[at : at + step])
    return complaints


@pytest.mark.parametrize("step", [1, 7, 10_000])
def test_owners_and_rights_are_bearable(step: int) -> None:
    remark = NO + b"Command was: COMMENT ON EXTENSION x IS 'two\nlines';\n"
    complaints = heard(OWNER + remark + SETTING + LAST, step)
    assert complaints.bearable and complaints.refused[0].startswith("3 owner(s)")
    assert complaints.went_on and not heard(OWNER, step).went_on


@pytest.mark.parametrize("other", [ROWS, INDEX])
def test_anything_else_is_not(other: bytes) -> None:
    for said in (other, OWNER + other, other + OWNER + LAST):
        complaints = heard(said, 11)
        assert not complaints.bearable and complaints.first in (
            "no",
            'COPY failed for table "orders": ERROR:  duplicate key value',
        )


def test_many_are_told_shortly() -> None:
    complaints = heard(OWNER * 500, 4096)
    assert complaints.bearable and "500 owner(s)" in complaints.refused[0] and len(complaints.first) < 600


def test_silence_is_no_note() -> None:
    assert heard(b"", 1).refused == [] and heard(b"pg_restore: warning: something\n", 5).bearable
