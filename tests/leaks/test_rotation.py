"""What to change after a possible compromise: names of a `.env`, most urgent first; no value is ever looked at."""

from __future__ import annotations

import pytest

from outlive.leaks.rotation import checklist, names


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A=1\nB=2\n", ["A", "B"]),
        ("A=1\nA=2\n", ["A"]),
        ("  export TOKEN = x\r\n", ["TOKEN"]),
        ("# OLD_TOKEN=x\nnot an assignment\n=x\n1A=x\n", []),
        ("EMPTY=\nlower_case=\n", ["EMPTY", "lower_case"]),
        ('KEY="-----BEGIN\nAbCd=\nqrst==\n-----END"\nB=1\n', ["KEY", "B"]),
        ("KEY='one\nX=2'\nB=1\n", ["KEY", "B"]),
        ('A="said \\"B=1\\" so"\nC=2\n', ["A", "C"]),
        ("aGVsbG8gd29ybGQ=\nZm9vYmFyCg==\n", []),
        ("", []),
    ],
)
def test_the_names_that_a_file_sets(text: str, expected: list[str]) -> None:
    assert list(names(text)) == expected


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("DATABASE_URL", "a database's password"),
        ("POSTGRES_PASSWORD", "a database's password"),
        ("PGPASSWORD", "a database's password"),
        ("REDIS_URL", "a database's password"),
        ("AWS_SECRET_ACCESS_KEY", "a cloud's key"),
        ("CHERRY_AUTH_TOKEN", "a cloud's key"),
        ("SSH_DEPLOY_KEY", "a private key"),
        ("AUTH_SECRET", "the secret that sessions and cookies are signed with"),
        ("SECRET_KEY_BASE", "the secret that sessions and cookies are signed with"),
        ("STRIPE_WEBHOOK_SECRET", "a payment provider's key"),
        ("EVM_PRIVATE", "a wallet"),
        ("LITELLM_MASTER_KEY", "a master key"),
        ("OPENROUTER_API_KEY", "a secret of another service"),
        ("smtp_password", "a secret of another service"),
    ],
)
def test_what_a_name_holds(name: str, what: str) -> None:
    (rotation,) = checklist([name])
    assert (rotation.name, rotation.what) == (name, what) and rotation.how.endswith(".")


@pytest.mark.parametrize("name", ["PORT", "NODE_ENV", "DOMAIN", "POSTGRES_USER", "DB_HOST", "LOG_LEVEL", "KEYBOARD"])
def test_what_is_no_secret_is_not_in_the_list(name: str) -> None:
    assert not checklist([name])


def test_the_order_is_the_order_of_work() -> None:
    found = checklist(["SENTRY_TOKEN", "AUTH_SECRET", "AWS_ACCESS_KEY_ID", "PORT", "DATABASE_URL"])
    assert [one.name for one in found] == ["DATABASE_URL", "AWS_ACCESS_KEY_ID", "AUTH_SECRET", "SENTRY_TOKEN"]


def test_no_value_comes_out() -> None:
    text = "DATABASE_URL=postgres://app:hunter22@db/x\nAPI_KEY='first\nhunter22'\n"
    assert "hunter22" not in repr(names(text)) + repr(checklist(names(text)))
