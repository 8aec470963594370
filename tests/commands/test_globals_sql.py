"""pg_dumpall's globals, taken apart."""

from __future__ import annotations

from outlive.commands.globals_sql import is_about_tablespace, new_tablespace, role_of, statements

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
