"""What a person may name as the place for a restore."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest

from outlive.backup.restore.target import DirectoryTarget, DockerTarget, DsnTarget, SshTarget, parse_target
from outlive.errors import UsageError


@pytest.mark.parametrize(
    "text",
    ["postgresql://app:pw@db/shop", "postgres://db", "host=db dbname=shop", " service = shop", "dbname=shop"],
)
def test_a_server(text: str) -> None:
    target = parse_target(text)
    assert target == DsnTarget(text) and "pw" not in repr(target)


@pytest.mark.parametrize("text", ["/srv/new", "new", "./a=b", "with space", "hostel"])
def test_a_directory_here(text: str) -> None:
    assert parse_target(text) == DirectoryTarget(PurePosixPath(text))


def test_a_directory_on_a_host() -> None:
    assert parse_target("ssh://root@web-1:2222/srv/a%20b") == SshTarget(
        "ssh://root@web-1:2222", PurePosixPath("/srv/a b")
    )


@pytest.mark.parametrize(
    ("text", "address"), [("docker://", None), ("ssh://a@b:2222", "ssh://a@b:2222"), ("ssh://b/", "ssh://b")]
)
def test_a_docker_engine(text: str, address: str | None) -> None:
    assert parse_target(text) == DockerTarget(address)


@pytest.mark.parametrize(
    "text", ["", "ssh://", "ssh:///path", "docker://pw@there", "s3://user:pw@bucket/x", "mysql://x:pw@h"]
)
def test_anything_else_is_refused_without_being_shown(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_target(text)
    assert caught.value.exit_code == 2 and "pw" not in str(caught.value)
