"""What we say to docker and how its recorded answers are read (Docker 20.10, compose 5)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from outlive.commands import docker, docker_objects
from outlive.commands.docker_objects import Container, Mount, Volume
from tests.survey.recording import SECRET, answer


@pytest.fixture
def containers() -> dict[str, Container]:
    return {one.name: one for one in docker_objects.read_containers(answer("docker-container-inspect"))}


@pytest.fixture
def volumes() -> dict[str, Volume]:
    return {one.name: one for one in docker_objects.read_volumes(answer("docker-volume-inspect"))}


def test_commands_are_argument_vectors() -> None:
    assert docker.ps(stopped=False, filters=["volume=x"]) == (
        "docker",
        "ps",
        "--no-trunc",
        "--quiet",
        "--filter",
        "volume=x",
    )
    assert docker.inspect(["a", "-b"])[-3:] == ("--", "a", "-b"), "no name is taken for an option"
    assert docker.exec_("c", ["psql", "-c", "select 1"], user="postgres", stdin=True) == (
        *("docker", "exec", "--interactive", "--user", "postgres", "c", "psql", "-c", "select 1"),
    )


def test_a_compose_container_is_known_by_project_and_service(containers: dict[str, Container]) -> None:
    db = containers["app-db-1"]
    assert (db.address, db.project, db.service, db.running) == ("app/db", "app", "db", True)
    assert (db.working_dir, db.compose_files) == ("/srv/app", ("/srv/app/compose.yml",))
    assert db.image == "outlive-test/postgres:17" and db.image_id.startswith("sha256:")
    assert db.carries_postgres
    assert db.variables["PG_MAJOR"] == "17"


def test_no_secret_of_the_environment_gets_through(containers: dict[str, Container]) -> None:
    assert SECRET in answer("docker-container-inspect")
    assert SECRET not in repr(containers)


def test_every_kind_of_mount_is_read(containers: dict[str, Container]) -> None:
    mounts = {mount.target: mount for mount in containers["tools"].mounts}
    assert mounts["/in"] == Mount("volume", "/in", "/var/lib/docker/volumes/app_uploads/_data", "app_uploads", False)
    assert mounts["/media"] == Mount("bind", "/media", "/srv/media")
    assert mounts["/scratch"] == Mount("tmpfs", "/scratch")


def test_volumes_tell_whether_somebody_named_them(volumes: dict[str, Volume]) -> None:
    named = {name for name, volume in volumes.items() if not volume.is_anonymous}
    assert named == {"app_pgdata", "app_uploads", "cache", "old_pgdata", "orphan", "ram", "share"}
    assert len(volumes) == 8
    assert volumes["app_uploads"].project == "app"
    assert volumes["share"].options["type"] == "nfs"
    assert volumes["app_pgdata"].created_at.startswith("20")


def test_images_and_version() -> None:
    images = docker_objects.read_images(answer("docker-image-inspect"))
    assert {tag for image in images for tag in image.tags} == {
        "outlive-test/busybox:latest",
        "outlive-test/postgres:17",
    }
    assert all(image.bytes > 0 for image in images)
    assert docker.read_version(answer("docker-version")) == "20.10.24+dfsg1"
    assert docker.read_version("") == docker.read_version("null") == ""
    assert docker.read_lines(answer("docker-volume-ls"))[-1] == "share"


@pytest.mark.parametrize(
    ("wanted", "found"),
    [("app/db", "app-db-1"), ("app-db-1", "app-db-1"), ("kv", "kv"), ("db", None), ("app", None), ("", None)],
)
def test_a_container_is_picked_by_what_people_write(
    wanted: str, found: str | None, containers: dict[str, Container]
) -> None:
    picked = docker_objects.pick(containers.values(), wanted)
    assert (picked and picked.name) == found


def test_a_container_is_picked_by_twelve_letters_of_its_id(containers: dict[str, Container]) -> None:
    whole = containers["kv"].id
    assert docker_objects.pick(containers.values(), whole[:12]) == containers["kv"]
    assert docker_objects.pick(containers.values(), whole[:11]) is None


def test_of_several_the_running_one_is_picked() -> None:
    stopped, running = (
        Container("1" * 64, "shop-db-1", "", "", "exited", project="shop", service="db"),
        Container("2" * 64, "shop-db-2", "", "", "running", project="shop", service="db"),
    )
    assert docker_objects.pick([stopped, running], "shop/db") == running


def inspected(**changes: Any) -> Container:
    """A container of which an older engine or compose tells little."""
    found = {
        "Id": "1" * 64,
        "Name": "/c",
        "Config": {"Labels": None, "Env": None},
        "State": {},
        "Mounts": None,
    } | changes
    return docker_objects.read_containers(json.dumps([found]))[0]


def test_what_is_missing_is_empty() -> None:
    bare = inspected()
    assert (bare.address, bare.mounts, bare.variables, bare.running) == ("c", (), {}, False)


def test_older_compose_tells_its_files_from_the_working_folder() -> None:
    labels = {
        "com.docker.compose.project.working_dir": "/srv/x",
        "com.docker.compose.project.config_files": "a.yml,/b.yml",
    }
    assert inspected(Config={"Labels": labels}).compose_files == ("/srv/x/a.yml", "/b.yml")


def test_what_compose_run_left_behind_is_no_service() -> None:
    labels = {
        f"com.docker.compose.{key}": value for key, value in (("project", "p"), ("service", "s"), ("oneoff", "True"))
    }
    one_off = inspected(Config={"Labels": labels})
    assert one_off.is_one_off and one_off.address == "c"


@pytest.mark.parametrize(
    "image", ["postgres:17", "registry.example.com:5000/postgis/postgis", "timescale/timescaledb:pg16"]
)
def test_postgres_is_known_by_its_image(image: str) -> None:
    assert inspected(Config={"Image": image}).carries_postgres
    assert not inspected(Config={"Image": "nginx:postgres"}).carries_postgres


def test_something_else_than_a_list_is_an_error() -> None:
    with pytest.raises(ValueError):
        docker_objects.read_containers("Error: No such object")
    with pytest.raises(ValueError):
        docker_objects.read_volumes("{}")
