"""pg_dumpall's globals, taken apart."""

from __future__ import annotations

from outlive.commands.globals_sql import (
    by_me,
    by_power,
    is_about_tablespace,
    new_tablespace,
    role_of,
    shown,
    statements,
)

TEXT = r"""--
-- PostgreSQL database cluster dump
--

\restrict k3y
SET default_transaction_read_only = off;

CREATE ROLE "o'neil";
ALTER ROLE "o'neil" WITH LOGIN PASSWORD 'a;b''c';
COMMENT ON ROLE app IS 'two
lines; and a -- dash
\x';
COMMENT ON ROLE esc IS E'back\\slash '' quote;';
CREATE ROLE "a ""b"" c";
GRANT reader TO app WITH INHERIT TRUE GRANTED BY postgres;
CREATE TABLESPACE "my side" OWNER postgres LOCATION '/srv/side';
GRANT ALL ON TABLESPACE "my side" TO app;

\unrestrict k3y
"""


def test_statements_end_where_they_end() -> None:
    found = list(statements(TEXT))
    assert len(found) == 9
    assert found[3] == "COMMENT ON ROLE app IS 'two\nlines; and a -- dash\n\\x';"
    assert all(one.endswith(";") for one in found)


def test_a_name_may_hold_what_unicode_calls_a_line_end() -> None:
    assert list(statements('CREATE ROLE "a\u2028b";\n')) == ['CREATE ROLE "a\u2028b";']


def test_whose_statement_it_is() -> None:
    assert [role_of(one) for one in statements(TEXT)] == [
        *(None, "o'neil", "o'neil", "app", "esc", 'a "b" c'),
        *(None, None, None),
    ]


def test_tablespaces_are_told_apart() -> None:
    about = [one for one in statements(TEXT) if is_about_tablespace(one)]
    assert len(about) == 2 and new_tablespace(about[0]) == "my side" and new_tablespace(about[1]) is None


def test_every_power_is_asked_for_by_itself() -> None:
    """As pg_dumpall 14 to 18 writes them; the password may hold anything."""
    words = "SUPERUSER NOINHERIT NOCREATEROLE CREATEDB LOGIN REPLICATION NOBYPASSRLS CONNECTION LIMIT 7"
    rest = "PASSWORD 'SUPERUSER; '' WITH\nLOGIN' VALID UNTIL '2031-01-01 00:00:00+00'"
    assert list(by_power(f'ALTER ROLE "a WITH b" WITH {words} {rest};')) == [
        f'ALTER ROLE "a WITH b" WITH NOINHERIT LOGIN CONNECTION LIMIT 7 {rest};',
        'ALTER ROLE "a WITH b" WITH SUPERUSER;',
        'ALTER ROLE "a WITH b" WITH CREATEDB;',
        'ALTER ROLE "a WITH b" WITH REPLICATION;',
    ]
    plain = "ALTER ROLE app WITH NOSUPERUSER INHERIT NOCREATEROLE NOCREATEDB NOLOGIN NOREPLICATION NOBYPASSRLS;"
    assert list(by_power(plain)) == ["ALTER ROLE app WITH INHERIT NOLOGIN;"]
    for other in ("CREATE ROLE app;", "ALTER ROLE app SET work_mem TO '5MB';", "GRANT a TO b;"):
        assert list(by_power(other)) == [other]


def test_a_membership_without_its_grantor() -> None:
    assert by_me('GRANT a TO b WITH ADMIN OPTION, INHERIT TRUE GRANTED BY "x ""y";') == (
        "GRANT a TO b WITH ADMIN OPTION, INHERIT TRUE;"
    )
    assert by_me("GRANT a TO b;") is None
    assert by_me("COMMENT ON ROLE a IS 'GRANT GRANTED BY x';") is None


def test_a_password_is_not_shown() -> None:
    assert shown("ALTER ROLE a WITH LOGIN PASSWORD 'md5\nx' VALID UNTIL 'y';") == "ALTER ROLE a WITH LOGIN PASSWORD ..."
    assert shown("ALTER ROLE a SET \"app.jwt\" TO 'x';") == 'ALTER ROLE a SET "app.jwt" TO ...'
    assert shown("COMMENT ON ROLE a IS 'two\nlines';") == "COMMENT ON ROLE a IS 'two lines'"
