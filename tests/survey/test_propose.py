"""From a survey to a proposal: pure decisions, each with its reason."""

from __future__ import annotations

from dataclasses import replace

import pytest

from outlive.backup.copies.layout import check_name
from outlive.commands.docker_objects import Container, Mount, Volume
from outlive.commands.system import HostFacts
from outlive.commands.system_files import DataFile, Weight
from outlive.model.asset import (
    ConfigAsset,
    DockerVolumeAsset,
    ImagesAsset,
    PathAsset,
    PostgresAsset,
    PostgresDumpAsset,
    SecretRef,
    TemporalAsset,
)
from outlive.survey.found import ConfigFile, FoundDatabase, FoundDocker, FoundPostgres, Survey, WayIn
from outlive.survey.look import look
from outlive.survey.proposal import LeftOut, Proposal, Proposed, amount, slug
from outlive.survey.propose import host_name, propose
from tests.survey.recording import ADDRESS, WANTED, Replay

DB = "/var/lib/docker/volumes/db/_data"
PG = Container(
    "1" * 64, "shop-db-1", "postgres:17", "i", "running", project="shop", service="db",
    mounts=(Mount("volume", "/var/lib/postgresql/data", DB, "db"),), variables={"PGDATA": "/var/lib/postgresql/data"},
)  # fmt: skip
CLUSTER = FoundPostgres(
    WayIn(container="shop/db"), "17.2", 170002, "7", True, "replica", 10,
    data_directory="/var/lib/postgresql/data", databases=(FoundDatabase("shop", 5_000_000, "UTF8"),),
)  # fmt: skip
FOLDER = Weight("d", True, 1_000_000)


@pytest.fixture(scope="module")
def recorded() -> Proposal:
    """The recorded host, as if its replication had answered."""
    survey = look(Replay(), ADDRESS, wanted=WANTED)
    survey = replace(survey, postgres=tuple(replace(one, no_replication="") for one in survey.postgres))
    return propose(survey, host="web-1")


def survey(**parts: object) -> Survey:
    return replace(Survey("ssh://web-1", HostFacts("web-1")), **parts)  # type: ignore[arg-type]


def bound(*mounts: Mount, state: str = "running", **container: str) -> Container:
    return Container("2" * 64, "app", "app:1", "i", state, mounts=mounts, **container)  # type: ignore[arg-type]


def bind(source: str, writable: bool = True) -> Mount:
    return Mount("bind", "/x", source, writable=writable)


def proposed(found: Survey) -> Proposal:
    return propose(found, host="web-1")


def left(proposal: Proposal, name: str) -> LeftOut:
    (one,) = [one for one in proposal.unguarded if one.name == name]
    return one


def only(proposal: Proposal) -> Proposed:
    (one,) = proposal.assets
    return one


# --- the recorded host -------------------------------------------------------------------------------------------


def test_the_recorded_host_is_guarded_so(recorded: Proposal) -> None:
    assert [one.asset for one in recorded.assets] == [
        PostgresAsset(name="app-db", host="web-1", container="app/db"),
        DockerVolumeAsset(name="app_uploads", host="web-1", volume="app_uploads"),
        DockerVolumeAsset(name="cache", host="web-1", volume="cache"),
        DockerVolumeAsset(name="old_pgdata", host="web-1", volume="old_pgdata"),
        DockerVolumeAsset(name="orphan", host="web-1", volume="orphan"),
        PathAsset(name="extra", host="web-1", path="/srv/extra"),
        PathAsset(name="media", host="web-1", path="/srv/media"),
        ConfigAsset(
            name="app-config",
            host="web-1",
            paths=("/srv/app/.env", "/srv/app/Caddyfile", "/srv/app/compose.yml", "/srv/app/initdb"),
        ),
        PathAsset(name="site", host="web-1", path="/var/www/site"),
    ]
    assert [one.asset for one in recorded.optional] == [ImagesAsset(name="app-images", host="web-1", project="app")]


@pytest.mark.parametrize(
    ("name", "why", "harmless"),
    [
        ("app_pgdata", "holds the data of app/db, which is guarded as a database", True),
        ("ram", "lives in memory only", True),
        ("share", "lies on another machine (nfs), guard it there", False),
        ("/", "too wide to be one asset; name what matters in it with --path", False),
        ("/etc/hostname", "belongs to the operating system", True),
        ("/opt/tool", "as a rule programs or people's own files; name it with --path if it is data", False),
        ("/srv/app", "only what the assets name in it is guarded", False),
        ("/var/run/docker.sock", "a socket: there is nothing in it to copy", True),
        ("tools:/scratch", "lives in memory only", True),
    ],
)
def test_what_is_left_out_has_its_reason(name: str, why: str, harmless: bool, recorded: Proposal) -> None:
    one = left(recorded, name)
    assert (one.why, one.harmless, one.at_risk) == (why, harmless, False)


def test_an_anonymous_volume_is_left_out_and_said(recorded: Proposal) -> None:
    (one,) = [one for one in recorded.unguarded if len(one.name) == 64]
    assert one.why.startswith("anonymous:") and not one.harmless


def test_every_volume_and_mount_is_accounted_for(recorded: Proposal) -> None:
    """Nothing is passed over in silence."""
    found = look(Replay(), ADDRESS, wanted=WANTED)
    guarded = " ".join(str(one.asset) for one in recorded.assets)
    named = {one.name for one in recorded.unguarded}
    assert found.docker
    things = {volume.name for volume in found.docker.volumes}
    things |= {mount.source for one in found.docker.containers for mount in one.mounts if mount.kind == "bind"}
    assert len(things) > 12
    assert [thing for thing in things if thing not in named and f"'{thing}'" not in guarded] == []


def test_every_name_is_fit_for_the_vault_and_given_once(recorded: Proposal) -> None:
    names = [check_name(one.asset.name) for one in (*recorded.assets, *recorded.optional)]
    assert len(set(names)) == len(names)


# --- Postgres ----------------------------------------------------------------------------------------------------


def test_a_cluster_that_gives_replication_is_copied_physically() -> None:
    found = survey(docker=FoundDocker(containers=(PG,), volumes=(Volume("db", mountpoint=DB),)), postgres=(CLUSTER,))
    proposal = proposed(found)
    assert only(proposal).asset == PostgresAsset(name="shop-db", host="web-1", container="shop/db")
    assert only(proposal).notes == ()
    assert left(proposal, "db").harmless


@pytest.mark.parametrize("why", ["wal_level is minimal", "no pg_hba.conf entry"])
def test_a_cluster_that_gives_none_is_dumped_and_why_is_said(why: str) -> None:
    proposal = proposed(survey(postgres=(replace(CLUSTER, no_replication=why),)))
    assert isinstance(only(proposal).asset, PostgresDumpAsset)
    assert only(proposal).notes[0].endswith(f"cannot be had: {why}")


def test_a_cluster_that_could_not_be_asked_is_at_risk_with_its_volume() -> None:
    closed = FoundPostgres(WayIn(container="shop/db"), problem="password authentication failed")
    found = survey(docker=FoundDocker(containers=(PG,), volumes=(Volume("db", mountpoint=DB),)), postgres=(closed,))
    proposal = proposed(found)
    assert proposal.assets == ()
    assert [one.name for one in proposal.at_risk] == ["db", "shop-db"]
    assert "password authentication failed" in left(proposal, "shop-db").why
    waiting = proposal.optional[0].asset
    assert isinstance(waiting, PostgresAsset) and waiting.password == SecretRef(env="OUTLIVE_POSTGRES_PASSWORD")


def test_the_user_of_the_image_is_the_user_of_the_asset() -> None:
    asset = only(proposed(survey(postgres=(replace(CLUSTER, way=WayIn(container="shop/db", user="shop")),)))).asset
    assert isinstance(asset, PostgresAsset) and asset.user == "shop"


def test_clusters_of_the_host_itself_are_told_apart_by_their_ports() -> None:
    clusters = tuple(
        replace(CLUSTER, way=WayIn(socket="/var/run/postgresql", os_user="postgres", port=port))
        for port in (5432, 5433)
    )
    assert [one.asset for one in proposed(survey(postgres=clusters)).assets] == [
        PostgresAsset(name="web-1-postgres", host="web-1", socket="/var/run/postgresql"),
        PostgresAsset(name="web-1-postgres-5433", host="web-1", socket="/var/run/postgresql", port=5433),
    ]


def test_a_managed_server_is_reached_by_its_dsn_alone() -> None:
    found = Survey("", None, postgres=(replace(CLUSTER, way=WayIn(), no_replication="it is managed"),))
    proposal = propose(found, host=None, dsn=SecretRef(env="SHOP_DSN"))
    assert only(proposal).asset == PostgresDumpAsset(name="managed-db", dsn=SecretRef(env="SHOP_DSN"))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"data_checksums": False}, "Without data checksums"),
        ({"in_recovery": True}, "This is a standby"),
        (
            {"databases": (FoundDatabase("shop", 1, collation_recorded="2.31", collation_actual="2.36"),)},
            "The collation of shop was made by another version",
        ),
    ],
    ids=["checksums", "standby", "collation"],
)
def test_what_a_person_must_know_of_a_cluster_is_noted(change: dict[str, object], words: str) -> None:
    (note,) = only(proposed(survey(postgres=(replace(CLUSTER, **change),)))).notes  # type: ignore[arg-type]
    assert note.startswith(words)


def test_of_many_databases_a_dozen_is_told() -> None:
    many = tuple(FoundDatabase(f"d{n:02}", 1) for n in range(20))
    about = only(proposed(survey(postgres=(replace(CLUSTER, databases=many),)))).about
    assert about[-1] == "and 8 more databases" and len(about) == 14


@pytest.mark.parametrize("home", ["/var/lib/postgresql/18/docker", "/var/lib/postgresql"])
def test_a_data_folder_below_its_mount_is_recognised(home: str) -> None:
    """Images of Postgres 18 mount /var/lib/postgresql and keep their data in a folder below."""
    mount = Mount("bind", "/var/lib/postgresql", "/srv/pg")
    found = survey(
        docker=FoundDocker(containers=(replace(PG, mounts=(mount,)),)),
        postgres=(replace(CLUSTER, data_directory=home),),
        weights={"/srv/pg": FOLDER},
    )
    assert left(proposed(found), "/srv/pg").why == "holds the data of shop/db, which is guarded as a database"


def test_a_volume_beside_the_data_is_an_asset_of_its_own() -> None:
    mounts = (*PG.mounts, Mount("volume", "/var/lib/postgresql/dumps", "/v/dumps", "dumps"))
    found = survey(
        docker=FoundDocker(containers=(replace(PG, mounts=mounts),), volumes=(Volume("db"), Volume("dumps"))),
        postgres=(CLUSTER,),
    )
    assert [one.asset.name for one in proposed(found).assets] == ["shop-db", "dumps"]


# --- volumes and paths -------------------------------------------------------------------------------------------


def test_docker_that_could_not_be_asked_is_at_risk() -> None:
    (one,) = proposed(survey(docker=FoundDocker(problem="permission denied"))).at_risk
    assert one.why == "Docker could not be asked: permission denied"


@pytest.mark.parametrize(
    ("kind", "stop"), [("sqlite", ()), ("redis", ("app",)), ("mysql", ("app",)), ("mongodb", ("app",))]
)
def test_files_of_databases_are_noted_and_stopping_is_suggested(kind: str, stop: tuple[str, ...]) -> None:
    user = bound(Mount("volume", "/data", "/v/data", "data"))
    found = survey(
        docker=FoundDocker(containers=(user,), volumes=(Volume("data", mountpoint="/v/data"),)),
        data_files={"/v/data": tuple(DataFile(kind, f"f{n}") for n in range(5))},
    )
    one = only(proposed(found))
    assert one.notes[0].startswith("f0, f1, f2 and 2 more: ")
    assert one.stop == stop


def test_a_volume_of_a_stopped_postgres_is_copied_as_files_and_said_so() -> None:
    found = survey(
        docker=FoundDocker(containers=(replace(PG, state="exited"),), volumes=(Volume("db", mountpoint=DB),))
    )
    one = only(proposed(found))
    assert isinstance(one.asset, DockerVolumeAsset)
    assert one.notes == ("shop/db is stopped. Start it and look again, so that it is guarded as a database.",)
    assert one.stop == ()


def test_a_foreign_driver_lies_elsewhere() -> None:
    proposal = proposed(survey(docker=FoundDocker(volumes=(Volume("v", driver="rexray"),))))
    assert left(proposal, "v").why == "lies on another machine (driver rexray), guard it there"


@pytest.mark.parametrize(
    ("source", "weight", "why", "at_risk"),
    [
        ("/etc/localtime", Weight("f", True, 1), "belongs to the operating system", False),
        ("/var/log", FOLDER, "scratch, logs or Docker's own files", False),
        ("/home", FOLDER, "too wide to be one asset", False),
        ("/srv/secret", Weight("d", False, None), "this login may not read it", True),
        ("/srv/gone", Weight("-", False, None), "this login sees nothing there", True),
        ("/srv/app.sock", Weight("-", False, None), "a socket", False),
    ],
)
def test_bound_paths_that_are_not_guarded(source: str, weight: Weight, why: str, at_risk: bool) -> None:
    proposal = proposed(survey(docker=FoundDocker(containers=(bound(bind(source)),)), weights={source: weight}))
    assert proposal.assets == ()
    assert left(proposal, source).why.startswith(why)
    assert left(proposal, source).at_risk is at_risk


@pytest.mark.parametrize(
    "source", ["/etc/letsencrypt", "/etc/nginx/nginx.conf", "/srv/data", "/root/app/data", "/mnt/disk"]
)
def test_bound_paths_that_could_be_data_are_guarded(source: str) -> None:
    proposal = proposed(survey(docker=FoundDocker(containers=(bound(bind(source, False)),)), weights={source: FOLDER}))
    asset = only(proposal).asset
    assert isinstance(asset, PathAsset) and asset.path == source


def test_what_lies_inside_another_asset_is_not_taken_twice() -> None:
    mounts = (bind("/srv/data"), bind("/srv/data/sub"), bind("/srv/database"))
    weights = {mount.source: FOLDER for mount in mounts}
    proposal = proposed(survey(docker=FoundDocker(containers=(bound(*mounts),)), weights=weights))
    assert [one.asset.name for one in proposal.assets] == ["data", "database"]


@pytest.mark.parametrize(
    ("mount", "weight", "is_config"),
    [
        (bind("/srv/shop/nginx.conf", True), Weight("f", True, 100), True),
        (bind("/srv/shop/initdb", False), FOLDER, True),
        (bind("/srv/shop/uploads", True), FOLDER, False),
        (bind("/srv/shop/media", False), Weight("d", True, 1 << 30), False),
        (bind("/srv/shop/unknown", False), Weight("d", True, None), False),
        (bind("/srv/other/x.conf", False), Weight("f", True, 100), False),
    ],
    ids=["a file", "frozen", "written to", "large", "unweighed", "elsewhere"],
)
def test_small_and_frozen_beside_the_compose_file_is_configuration(
    mount: Mount, weight: Weight, is_config: bool
) -> None:
    container = bound(mount, project="shop", service="web", working_dir="/srv/shop")
    found = survey(
        docker=FoundDocker(containers=(container,)),
        weights={mount.source: weight},
        config_files=(ConfigFile("shop", "/srv/shop/compose.yml", True),),
    )
    (config,) = [one.asset for one in proposed(found).assets if isinstance(one.asset, ConfigAsset)]
    assert (mount.source in config.paths) is is_config


def test_configuration_that_may_not_be_read_is_at_risk() -> None:
    container = bound(project="shop", service="web", working_dir="/srv/shop")
    files = (ConfigFile("shop", "/srv/shop/compose.yml", True), ConfigFile("shop", "/srv/shop/.env", False))
    proposal = proposed(survey(docker=FoundDocker(containers=(container,)), config_files=files))
    assert [one.name for one in proposal.at_risk] == ["/srv/shop/.env"]


def test_a_project_that_was_started_from_elsewhere_is_said() -> None:
    container = bound(project="shop", service="web", working_dir="/home/laptop/shop")
    proposal = proposed(survey(docker=FoundDocker(containers=(container,))))
    assert left(proposal, "shop").why == "no compose file was found on the host: it was started from elsewhere"


def test_without_docker_folders_of_data_are_guarded_and_others_named() -> None:
    host = HostFacts("web-1", roots=("/srv/files", "/srv/empty", "/srv/closed", "/opt/tool"))
    weights = {"/srv/files": FOLDER, "/srv/empty": Weight("d", True, 4096), "/srv/closed": Weight("d", False, None)}
    proposal = proposed(survey(host=host, weights=weights | {"/opt/tool": FOLDER}))
    assert only(proposal).asset == PathAsset(name="files", host="web-1", path="/srv/files")
    assert {one.name: one.at_risk for one in proposal.unguarded} == {"/srv/closed": True, "/opt/tool": False}


# --- words -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("App_Data", "app_data"),
        ("../..//etc", "etc"),
        ("Grüße & Co", "gr-e-co"),
        ("--", "unnamed"),
        ("", "unnamed"),
        ("x" * 200, "x" * 80),
        ("a..b", "a.b"),
    ],
)
def test_any_text_becomes_a_name(text: str, name: str) -> None:
    assert slug(text) == name == check_name(name)


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (None, "size unknown"),
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (23_081_000, "23 MB"),
        (5 * 10**15, "5000.0 TB"),
    ],
)
def test_sizes_are_told_to_people(size: int | None, text: str) -> None:
    assert amount(size) == text


def test_a_host_is_called_what_it_calls_itself() -> None:
    assert host_name(survey(host=HostFacts("Web-1.example.com")), "203.0.113.9") == "web-1"
    assert host_name(survey(host=HostFacts("localhost")), "203.0.113.9") == "203.0.113.9"
    assert host_name(Survey("", None), "db") == "db"


def test_a_server_of_temporal_is_proposed_besides_its_database() -> None:
    compose = {"project": "shop", "service": "temporal"}
    server = Container("3" * 64, "shop-temporal-1", "temporalio/auto-setup:1.29.1", "i", "running", **compose)
    page = Container("4" * 64, "shop-ui-1", "temporalio/ui:2.34.0", "i", "running", project="shop", service="ui")
    proposal = propose(survey(docker=FoundDocker(containers=(server, page))), host="web-1")
    found = [one.asset for one in proposal.optional if one.asset.kind == "temporal"]
    assert found == [TemporalAsset(name="shop-schedules", host="web-1", container="shop/temporal")]
