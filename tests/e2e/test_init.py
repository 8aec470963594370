"""`outlive init` against real servers: what it finds, what it writes, and how it ends on bad days."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from outlive import wiring_watch
from outlive.config.load import load
from outlive.config.secrets import resolve
from outlive.model.asset import ConfigAsset, DockerVolumeAsset, PostgresAsset, PostgresDumpAsset, SecretRef
from outlive.web.passwords import is_right
from tests.world import ledger
from tests.world.cloud import TOKEN, Cloud
from tests.world.cloud import server as listed
from tests.world.machine import Machine
from tests.world.need import need
from tests.world.postgres import PostgresServer
from tests.world.sshd import SshServer, client_config, make_key

pytestmark = pytest.mark.slow
PASSWORD = "four random words"
PATIENCE_SECONDS = 120.0


@dataclass(frozen=True)
class Keeper:
    """A folder in which `outlive` is called, with nothing in it at first."""

    folder: Path

    def __call__(self, *words: str | Path, **env: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "outlive", *map(str, words)]
        variables = os.environ | {"HOME": str(self.folder.parent), "COLUMNS": "80"} | env
        return subprocess.run(
            command,
            cwd=self.folder,
            env=variables,
            capture_output=True,
            text=True,
            timeout=180,
            stdin=subprocess.DEVNULL,
        )

    @property
    def written(self) -> list[str]:
        return sorted(path.name for path in self.folder.iterdir())


@pytest.fixture
def keeper(tmp_path: Path) -> Keeper:
    (tmp_path / "keeper").mkdir()
    return Keeper(tmp_path / "keeper")


@pytest.fixture
def server(programs: Path) -> Iterator[SshServer]:
    """A plain host by SSH, one's own, where Docker is not on the PATH."""
    server = need("sshd", SshServer(options={"SetEnv": f"PATH={programs}"}).start)
    yield server
    server.close()


@pytest.fixture(scope="session")
def programs() -> Iterator[Path]:
    """A folder, open to everybody, with every program of this machine but docker."""
    programs = ledger.new_directory("programs")
    for folder in ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"):
        for program in Path(folder).glob("*"):
            if not program.name.startswith("docker") and not (programs / program.name).is_symlink():
                (programs / program.name).symlink_to(program)
    yield programs
    ledger.discard(programs)


@pytest.mark.docker
def test_a_compose_stack_is_found_proposed_and_written(keeper: Keeper, vm: Machine) -> None:
    done = keeper("init", "--ssh-config", vm.config, "root@web-1")
    assert (done.returncode, done.stderr) == (0, "")
    report = done.stdout.partition("\nWritten:")[0]
    assert all(len(line) <= 80 for line in report.splitlines())
    for words in (
        "app-db",
        "PostgreSQL 17",
        "app_uploads",
        "notes.db: SQLite",
        "guarded as a database",
        "outlive backup",
    ):
        assert words in done.stdout
    assert keeper.written == ["keys", "known_hosts", "outlive.toml", "state", "vault"]

    settings = load(keeper.folder / "outlive.toml")
    assets = {asset.name: asset for asset in settings.assets}
    assert assets["app-db"] == PostgresAsset(name="app-db", host="web-1", container="app/db")
    assert assets["app_uploads"] == DockerVolumeAsset(name="app_uploads", host="web-1", volume="app_uploads")
    config = assets["app-config"]
    assert isinstance(config, ConfigAsset)
    assert {"/srv/app/.env", "/srv/app/Caddyfile", "/srv/app/compose.yml"} <= set(config.paths)
    assert settings.hosts[0].address == "ssh://root@web-1"
    assert vm.host_key_fingerprint in (keeper.folder / "outlive.toml").read_text()
    assert "app_pgdata" not in {one.name for one in settings.unguarded}, "it is guarded as a database"
    with wiring_watch.memory(settings) as memory:
        (enrolment,) = memory.enrolments()
    assert (enrolment.host, enrolment.how) == ("web-1", "init")
    assert enrolment.facts["ssh.host_key"] == vm.host_key_fingerprint
    assert enrolment.facts["guest.machine_id"] == vm.ssh("cat /etc/machine-id").strip()
    assert enrolment.facts["address"] == [vm.address]
    assert enrolment.facts["pg.system_identifier"] == {
        "app-db": vm.sql("select system_identifier from pg_control_system()").strip()
    }


@pytest.mark.docker
def test_a_person_is_asked_for_a_token_and_for_the_password_of_the_page(keeper: Keeper, vm: Machine) -> None:
    with Cloud() as cloud:
        cloud.servers(listed(1), listed(811287, "web-1", vm.address))
        words = ("--provider", "cherryservers", "--provider-url", cloud.url, "--ssh-config", vm.config, "root@web-1")
        said = typed(keeper, words, lines={"may only read": TOKEN, "for the page": PASSWORD, "same again": PASSWORD})
    assert TOKEN not in said and PASSWORD not in said
    assert is_right((keeper.folder / "state/page/password").read_text().strip(), PASSWORD)
    assert "outlive page" not in said and "outlive keep" in said
    settings = load(keeper.folder / "outlive.toml")
    assert settings.hosts[0].server_id == "811287"
    (provider,) = settings.providers
    assert (provider.kind, provider.project, provider.url) == ("cherryservers", "100200", cloud.url)
    assert resolve(provider.token or SecretRef(), keeper.folder) == TOKEN
    assert (keeper.folder / "provider-token").stat().st_mode & 0o777 == 0o600


def typed(keeper: Keeper, words: Sequence[str | Path], *, lines: dict[str, str]) -> str:
    """All that a person reads who types these lines, each when `init` asks for it in those words."""
    ours, theirs = os.openpty()
    command = [sys.executable, "-m", "outlive", "init", *map(str, words)]
    process = subprocess.Popen(
        command, cwd=keeper.folder, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
    )
    os.close(theirs)
    said = b""
    with suppress(OSError):  # EIO: the other end has gone
        while select.select([ours], [], [], PATIENCE_SECONDS)[0] and (piece := os.read(ours, 4096)):
            said += piece
            for wanted in [one for one in lines if one.encode() in said]:
                os.write(ours, f"{lines.pop(wanted)}\n".encode())
    os.close(ours)
    try:
        assert process.wait(PATIENCE_SECONDS) == 0, said.decode()
    finally:
        process.kill()
    return said.decode()


@pytest.mark.docker
def test_a_look_tells_machines_what_it_tells_people_and_no_secret(keeper: Keeper, vm: Machine) -> None:
    done = keeper("init", "--dry-run", "--json", "--ssh-config", vm.config, "web-1")
    assert done.returncode == 0
    told = json.loads(done.stdout)
    (postgres,) = told["survey"]["postgres"]
    assert postgres["system_identifier"] == vm.sql("select system_identifier from pg_control_system()").strip()
    assert postgres["version"].startswith("17.")
    assert postgres["no_replication"] == ""
    databases = {one["name"]: one for one in postgres["databases"]}
    assert any(one.startswith("pg_trgm ") for one in databases["app"]["extensions"])
    assert told["survey"]["host"]["machine_id"] == vm.ssh("cat /etc/machine-id").strip()
    assert told["survey"]["docker"]["projects"] == ["app"]
    assert told["written"] is None and keeper.written == []
    password = vm.ssh("cat /srv/app/.env").strip().partition("=")[2]
    assert password and password not in done.stdout


@pytest.mark.docker
def test_a_look_leaves_the_server_as_it_was(keeper: Keeper, vm: Machine) -> None:
    seen = "docker ps -aq; docker volume ls -q; docker images -q; docker network ls -q"
    before = vm.ssh(seen)
    vm.ssh("touch /root/marker; sleep 1.1")
    try:
        assert keeper("init", "--dry-run", "--ssh-config", vm.config, "web-1").returncode == 0
        changed = vm.ssh("find / -xdev -type f -newer /root/marker ! -path '/proc/*' ! -path '/sys/*' ! -path '/run/*'")
    finally:
        vm.ssh("rm /root/marker")
    # Postgres writes caches of its own when somebody connects, and vacuums when it wants to.
    own = ("/var/log/", "/var/lib/docker/volumes/app_pgdata/")
    assert [path for path in changed.split() if not path.startswith(own)] == []
    assert vm.ssh(seen) == before


@pytest.mark.docker
@pytest.mark.slow
def test_what_was_written_is_enough_for_a_first_backup(keeper: Keeper, vm: Machine) -> None:
    assert keeper("init", "--ssh-config", vm.config, "web-1").returncode == 0
    done = keeper("backup", "--json")
    assert done.returncode == 0, done.stderr
    copied = {copy["asset"] for copy in json.loads(done.stdout)["copies"]}
    assert copied == {asset.name for asset in load(keeper.folder / "outlive.toml").assets}


@pytest.mark.docker
def test_a_docker_engine_that_is_down_is_said_to_be_at_risk(keeper: Keeper, new_vm: Callable[..., Machine]) -> None:
    machine = new_vm(stack=False)
    machine.ssh("kill $(cat /var/run/docker.pid); while [ -e /var/run/docker.pid ]; do sleep 0.1; done")
    done = keeper("init", "--ssh-config", machine.config, "web-1")
    assert done.returncode == 1
    assert "AT RISK" in done.stdout
    assert "Docker could not be asked: Cannot connect" in " ".join(done.stdout.split())
    assert load(keeper.folder / "outlive.toml").unguarded[0].kind == "docker"


@pytest.mark.slow  # it looks at this whole machine
@pytest.mark.postgres
def test_a_plain_postgres_and_plain_paths_without_docker(
    keeper: Keeper, server: SshServer, postgres: PostgresServer
) -> None:
    data = keeper.folder.parent / "media"
    data.mkdir()
    done = keeper("init", "--json", "--ssh-config", server.config, "--path", data, "web-1")
    told = json.loads(done.stdout)
    assert told["survey"]["docker"] is None
    settings = load(keeper.folder / "outlive.toml")
    clusters = [asset for asset in settings.assets if isinstance(asset, PostgresAsset)]
    ours = [asset for asset in clusters if asset.port == postgres.port]
    assert len(ours) == 1, done.stdout
    assert ours[0].socket == str(postgres.socket_dir)
    found = {one["way"]["port"]: one for one in told["survey"]["postgres"]}[postgres.port]
    assert found["system_identifier"] == postgres.system_identifier
    assert "media" in {asset.name for asset in settings.assets}


@pytest.mark.postgres
def test_a_postgres_by_its_dsn(keeper: Keeper, new_postgres: Callable[..., PostgresServer]) -> None:
    server = new_postgres(17, auth="scram")
    dsn = f"postgresql://postgres:{server.password.replace(' ', '%20')}@127.0.0.1:{server.port}/postgres"
    done = keeper("init", "--dsn", "SHOP_DSN", SHOP_DSN=dsn)
    assert (done.returncode, done.stderr) == (0, "")
    text = (keeper.folder / "outlive.toml").read_text()
    assert server.password not in text + done.stdout and "postgresql://" not in text + done.stdout
    (asset,) = load(keeper.folder / "outlive.toml").assets
    assert asset == PostgresAsset(name="managed-db", dsn=SecretRef(env="SHOP_DSN"))


@pytest.mark.postgres
def test_without_replication_it_is_copied_logically_and_why_is_said(keeper: Keeper, postgres: PostgresServer) -> None:
    postgres.sql("drop role if exists tenant; create role tenant login")
    file = keeper.folder.parent / "dsn"
    file.write_text(f"postgresql://tenant@127.0.0.1:{postgres.port}/postgres\n")
    file.chmod(0o600)
    done = keeper("init", "--dsn-file", file)
    assert (done.returncode, done.stderr) == (0, "")
    (asset,) = load(keeper.folder / "outlive.toml").assets
    assert asset == PostgresDumpAsset(name="managed-db", dsn=SecretRef(file=str(file)))
    assert "Copied logically (pg_dump), because" in " ".join(done.stdout.split())


# --- bad days ----------------------------------------------------------------------------------------------------


def refused(keeper: Keeper, code: int, *words: str | Path, **env: str) -> str:
    """What it said when it ended so, with nothing on stdout and nothing written."""
    before = keeper.written
    done = keeper("init", *words, **env)
    assert (done.returncode, done.stdout) == (code, ""), done.stderr
    assert keeper.written == before
    assert "\n  cure: " in done.stderr
    return done.stderr


def stranger(server: SshServer, folder: Path, identity: Path | None = None) -> Path:
    """An ssh_config of somebody who has never met the server."""
    (folder / "unknown_hosts").touch()
    key = identity or server.identity
    config = folder / "strangers_config"
    config.write_text(client_config("web-1", "127.0.0.1", server.port, server.user, key, folder / "unknown_hosts"))
    return config


def test_an_unknown_host_key_is_shown_and_not_accepted_by_itself(
    keeper: Keeper, ssh_server: SshServer, tmp_path: Path
) -> None:
    said = refused(keeper, 3, "--ssh-config", stranger(ssh_server, tmp_path), "web-1")
    assert said.startswith("outlive: The host's key is not known here")
    assert f"--accept-host-key {ssh_server.host_key_fingerprint}" in said


def test_another_fingerprint_than_the_accepted_one_is_refused(
    keeper: Keeper, ssh_server: SshServer, tmp_path: Path
) -> None:
    config = stranger(ssh_server, tmp_path)
    said = refused(keeper, 3, "--ssh-config", config, "--accept-host-key", "SHA256:other", "web-1")
    assert "SHA256:other was to be accepted" in said


@pytest.mark.docker
def test_the_accepted_key_is_pinned_and_nothing_else(keeper: Keeper, vm: Machine, tmp_path: Path) -> None:
    (tmp_path / "unknown_hosts").touch()
    config = tmp_path / "strangers_config"
    config.write_text(client_config("web-1", vm.address, 22, "root", vm.identity, tmp_path / "unknown_hosts"))
    done = keeper("init", "--ssh-config", config, "--accept-host-key", vm.host_key_fingerprint, "web-1")
    assert done.returncode == 0, done.stderr
    key = vm.ssh("cat /etc/ssh/ssh_host_ed25519_key.pub").split()[1]
    assert (keeper.folder / "known_hosts").read_text().split() == [vm.address, "ssh-ed25519", key]
    assert (tmp_path / "unknown_hosts").read_text() == ""


def test_a_changed_host_key_stops_everything(keeper: Keeper, server: SshServer) -> None:
    server.rekey()
    said = refused(keeper, 3, "--ssh-config", server.config, "--accept-host-key", server.host_key_fingerprint, "web-1")
    assert said.startswith("outlive: Another machine, or a re-keyed one, answers at this address")
    assert "do not destroy anything" in said


def test_the_wrong_key_is_refused_by_the_host(keeper: Keeper, ssh_server: SshServer, tmp_path: Path) -> None:
    config = stranger(ssh_server, tmp_path, make_key(tmp_path / "other"))
    said = refused(keeper, 3, "--ssh-config", config, "web-1")
    assert said.startswith("outlive: The host answered but refused the login.")


def test_a_host_that_is_down_proves_nothing(keeper: Keeper, server: SshServer) -> None:
    server.stop()
    said = refused(keeper, 3, "--ssh-config", server.config, "web-1")
    assert said.startswith("outlive: The host could not be reached; that proves nothing about its data.")
    assert "Connection refused" in said


def test_a_login_that_runs_no_shell_is_no_data(keeper: Keeper) -> None:
    server = need("sshd", SshServer(options={"ForceCommand": "echo welcome"}).start)
    try:
        said = refused(keeper, 3, "--ssh-config", server.config, "web-1")
    finally:
        server.close()
    assert "did not answer as a POSIX shell does" in said


def test_a_configuration_is_never_overwritten(keeper: Keeper) -> None:
    file = keeper.folder / "outlive.toml"
    file.write_text("mine")
    said = refused(keeper, 2, "local")
    assert said.startswith(f"outlive: The call is wrong. {file} exists and was left as it is.")
    assert file.read_text() == "mine"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((), "Name a host, or a DSN"),
        (("--dsn", "X", "web-1"), "Name a host, or a DSN"),
        (("--path", "srv", "local"), "--path srv: it is not absolute"),
        (("http://web-1",), "is not an address"),
        (("--dsn", "postgresql://u:hunter2@h/d"), "--dsn takes the name of a variable"),
        (("--dsn", "NOT_SET_ANYWHERE"), "NOT_SET_ANYWHERE is not set"),
        (("--vault", "ftp://x", "local"), "'ftp://x' is not a vault"),
    ],
    ids=["nothing", "both", "relative path", "no address", "dsn as argument", "dsn not set", "vault"],
)
def test_a_wrong_call_changes_nothing(words: tuple[str, ...], says: str, keeper: Keeper) -> None:
    said = refused(keeper, 2, *words)
    assert says in said
    assert "hunter2" not in said


def test_a_database_that_does_not_answer_is_no_data(keeper: Keeper) -> None:
    said = refused(keeper, 3, "--dsn", "SHOP_DSN", SHOP_DSN="postgresql://u:hunter2@127.0.0.1:1/d")
    assert said.startswith("outlive: The database could not be asked.")
    assert "hunter2" not in said
