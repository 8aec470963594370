"""What docker compose says of a stack, and which mount holds a cluster."""

from __future__ import annotations

import json

import pytest

from outlive.commands import compose
from outlive.commands.compose import Bind, Project, Service

CONFIG = {
    "name": "shop",
    "services": {
        "db": {
            "image": "postgres:17",
            "environment": {"POSTGRES_PASSWORD": "hunter2"},
            "volumes": [
                {"type": "volume", "source": "db", "target": "/var/lib/postgresql/data"},
                {"type": "bind", "source": "/srv/shop/initdb", "target": "/docker-entrypoint-initdb.d"},
            ],
        },
        "db18": {
            "image": "postgres:18",
            "environment": {"PGDATA": "/var/lib/postgresql/18/docker"},
            "volumes": [{"type": "volume", "source": "new", "target": "/var/lib/postgresql"}],
        },
        "app": {"build": {"context": "."}, "environment": None, "volumes": [{"type": "tmpfs", "target": "/tmp"}]},
    },
    "volumes": {"db": {"name": "shop_db"}, "new": {"name": "elsewhere", "external": True}},
}


def test_the_stack_without_its_secrets() -> None:
    found = compose.read_config(json.dumps(CONFIG))
    assert found.services == ("db", "db18", "app") and found.images == ("postgres:17", "postgres:18")
    assert found.binds["db"][0] == Bind("/var/lib/postgresql/data", volume="shop_db", key="db")
    assert found.binds["app"] == () and found.keys == {"shop_db": "db", "elsewhere": "new"}
    assert "hunter2" not in repr(found)


def test_which_mount_holds_the_cluster() -> None:
    found = compose.read_config(json.dumps(CONFIG))
    assert compose.data_bind(found, "db", compose.PGDATA) == (found.binds["db"][0], "")
    assert compose.data_bind(found, "db18", found.pgdata["db18"]) == (found.binds["db18"][0], "18/docker")
    assert compose.data_bind(found, "app", compose.PGDATA) is None


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"services": []}'])
def test_what_is_no_stack(text: str) -> None:
    with pytest.raises(ValueError):
        compose.read_config(text)


def test_both_ways_in_which_compose_tells_containers() -> None:
    one = {"Service": "app", "State": "running", "ExitCode": 0, "Health": "starting"}
    two = {"Service": "job", "State": "exited", "ExitCode": 0, "Health": ""}
    found = (Service("app", "running", 0, "starting"), Service("job", "exited", 0, ""))
    assert compose.read_ps(json.dumps([one, two])) == found
    assert compose.read_ps(f"{json.dumps(one)}\n{json.dumps(two)}\n") == found
    assert compose.read_ps("") == ()
    assert [service.is_good for service in found] == [False, True]
    assert not Service("job", "exited", 1, "").is_good and Service("db", "running", 0, "").is_good


def test_the_words_name_project_folder_and_files() -> None:
    project = Project("shop", ("/srv/shop/compose.yml", "/srv/shop/prod.yml"))
    assert project.say("ps") == (
        *("docker", "compose", "--project-name", "shop", "--project-directory", "/srv/shop"),
        *("--file", "/srv/shop/compose.yml", "--file", "/srv/shop/prod.yml", "ps"),
    )
