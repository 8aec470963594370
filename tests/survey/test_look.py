"""A look at a recorded host, and at one where things cannot be asked."""

from __future__ import annotations

import pytest

from outlive.errors import NoData
from outlive.survey.found import Survey
from outlive.survey.look import look
from tests.survey.recording import ADDRESS, SECRET, WANTED, Replay


@pytest.fixture(scope="module")
def survey() -> Survey:
    return look(Replay(), ADDRESS, wanted=WANTED)


def test_everything_is_asked_once_and_told_on_the_way() -> None:
    said: list[str] = []
    look(Replay(), ADDRESS, say=said.append)
    assert said == [
        "asking the host what it is",
        "asking Docker what runs",
        "asking Postgres",
        "weighing volumes and folders",
    ]


def test_the_engine_and_its_stack_are_found(survey: Survey) -> None:
    assert survey.docker and not survey.docker.problem
    assert survey.docker.version == "20.10.24+dfsg1" and len(survey.docker.engine_id) == 59
    assert [one.address for one in survey.docker.containers] == ["kv", "old-db", "tools", "app/db", "app/web"]
    assert survey.docker.projects == ("app",)
    assert {one.address for one, _ in survey.docker.users_of("app_uploads")} == {"app/web", "tools"}


def test_the_running_postgres_is_asked_and_the_stopped_one_is_not(survey: Survey) -> None:
    (found,) = survey.postgres
    assert (found.way.container, found.version, found.version_num // 10000) == ("app/db", "17.11", 17)
    assert found.system_identifier.isdigit() and found.data_checksums is False
    assert (found.wal_level, found.max_wal_senders, found.in_recovery) == ("replica", 10, False)
    assert {one.name: one.extensions for one in found.databases} == {
        "analytics": (),
        "app": ("hstore 1.8", "pg_trgm 1.6"),
        "postgres": (),
    }
    assert found.bytes == sum(one.bytes or 0 for one in found.databases) > 20_000_000
    assert not any(one.collation_moved for one in found.databases)


def test_that_no_replication_is_had_through_a_recording_is_noticed(survey: Survey) -> None:
    assert survey.postgres[0].no_replication


def test_sizes_files_and_configuration_are_found(survey: Survey) -> None:
    volumes = "/var/lib/docker/volumes"
    assert (survey.weight(f"{volumes}/app_uploads/_data").bytes or 0) > 4_000_000
    assert survey.weight("/var/run/docker.sock").kind == "s"
    assert survey.weight("/srv/extra").kind == "-"
    assert [one.path for one in survey.databases_in(f"{volumes}/app_uploads/_data")] == ["notes.db"]
    assert [one.kind for one in survey.databases_in(f"{volumes}/cache/_data")] == ["redis", "redis"]
    assert {one.path for one in survey.config_files} == {"/srv/app/.env", "/srv/app/Caddyfile", "/srv/app/compose.yml"}


def test_no_secret_is_in_a_survey(survey: Survey) -> None:
    assert SECRET not in repr(survey)


def test_an_engine_that_refuses_is_a_problem_and_not_an_absence() -> None:
    survey = look(Replay(docker_version="WARNING: x\npermission denied while trying to connect\n"), ADDRESS)
    assert survey.docker and survey.docker.problem == "permission denied while trying to connect"
    assert survey.docker.containers == () and survey.postgres == ()


def test_a_postgres_that_refuses_is_a_problem_of_its_own() -> None:
    survey = look(Replay(psql_version='psql: error: FATAL:  role "postgres" does not exist\n'), ADDRESS)
    assert 'role "postgres" does not exist' in survey.postgres[0].problem
    assert survey.docker and len(survey.docker.containers) == 5


def test_an_identifier_that_nobody_may_read_is_left_open() -> None:
    (found,) = look(Replay(psql_identifier="permission denied for function"), ADDRESS).postgres
    assert (found.problem, found.system_identifier, found.version) == ("", "", "17.11")


def test_a_walk_that_failed_leaves_sizes_open() -> None:
    survey = look(Replay(weigh="killed", data_files="killed"), ADDRESS)
    assert survey.weight("/srv/media").bytes is None


def test_a_host_without_a_shell_is_no_data() -> None:
    with pytest.raises(NoData, match="did not answer as a POSIX shell"):
        look(Replay(facts="This account is not available."), ADDRESS)
