"""The world keeps its promises: each server starts, answers, is what it says it is, and is gone afterwards."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from outlive.lab.ground.missing import ProgramFailed
from outlive.lab.ground.process import wait_until
from tests.world import images, ledger
from tests.world.docker import DockerEngine
from tests.world.flaky_http import FlakyProxy, answer, cut_request, cut_response, drop_response, eventually
from tests.world.machine import Machine
from tests.world.postgres import PostgresServer
from tests.world.postgres_container import PostgresContainer
from tests.world.postgres_trees import MAJORS
from tests.world.s3 import CephGateway, Rclone, S3Server, Swift
from tests.world.sshd import SshServer


@pytest.mark.slow  # `make unit` groups nothing
@pytest.mark.skipif("PYTEST_XDIST_WORKER" not in os.environ, reason="one process runs them all")
def test_tests_that_share_a_server_stay_together(request: pytest.FixtureRequest) -> None:
    assert request.node.nodeid.endswith("@tests/test_world.py"), "xdist and pytest do not fit: see pytest in pyproject"


@pytest.mark.postgres
def test_postgres_of_every_major_answers(postgres_any: PostgresServer) -> None:
    assert postgres_any.sql("show server_version").startswith(f"{postgres_any.major}.")
    assert postgres_any.sql("show data_checksums") == "on"


@pytest.mark.postgres
def test_two_clusters_from_one_template_have_their_own_identity(new_postgres: Callable[..., PostgresServer]) -> None:
    one = new_postgres(17)
    two = new_postgres(17, data_checksums=False, auth="scram", tablespaces=True)
    assert one.system_identifier != two.system_identifier
    assert two.sql("show data_checksums") == "off"
    assert two.sql("select count(*) from pg_tablespace where spcname = 'side'") == "1"


@pytest.mark.postgres
def test_postgres_comes_back_after_a_kill(new_postgres: Callable[..., PostgresServer]) -> None:
    server = new_postgres(16)
    server.sql("create table kept as select generate_series(1, 10) as n")
    server.kill()
    assert server.start().sql("select count(*) from kept") == "10"


@pytest.mark.postgres
def test_a_physical_copy_of_the_templated_cluster_verifies(postgres: PostgresServer, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    subprocess.run([postgres.bin("pg_basebackup"), "-D", copy, "-c", "fast", "-d", postgres.dsn()], check=True)
    subprocess.run([postgres.bin("pg_verifybackup"), "-q", copy], check=True)


@pytest.mark.postgres
def test_what_a_killed_run_left_is_ended_by_the_next() -> None:
    script = "from tests.world.postgres import PostgresServer; s = PostgresServer(17).start()"
    script += "; print(s.process.pid, s.home, flush=True); input()"
    with subprocess.Popen([sys.executable, "-c", script], stdin=-1, stdout=-1, text=True) as child:
        assert child.stdout is not None
        pid, home = child.stdout.readline().split()
        child.send_signal(signal.SIGKILL)
    assert ledger.process_mark(int(pid))
    ledger.sweep()
    wait_until(lambda: not ledger.process_mark(int(pid)), "the orphan to end")
    assert not Path(home).exists()


def ssh(server: SshServer, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["ssh", "-F", server.config, server.address, *words], capture_output=True, text=True)


@pytest.mark.slow
def test_ssh_logs_in(ssh_server: SshServer) -> None:
    assert ssh(ssh_server, "echo", "there").stdout == "there\n"


@pytest.mark.slow
def test_ssh_client_notices_another_host_key(ssh_server: SshServer) -> None:
    with SshServer() as server:
        before = server.host_key_fingerprint
        server.rekey()
        assert server.host_key_fingerprint != before
        assert "REMOTE HOST IDENTIFICATION HAS CHANGED" in ssh(server, "true").stderr


def test_a_tiny_disk_runs_full(tiny_disk: Path) -> None:
    with pytest.raises(OSError, match="No space left"), (tiny_disk / "file").open("wb", buffering=0) as file:
        for _ in range(32):
            file.write(bytes(1 << 20))


@pytest.mark.docker
@pytest.mark.parametrize("major", [*MAJORS, "alpine"])
def test_postgres_containers_trust_their_own_loopback_only(
    major: int | str, postgres_container: Callable[..., PostgresContainer], docker_host: DockerEngine
) -> None:
    server = postgres_container(alpine=True) if major == "alpine" else postgres_container(major)
    assert server.sql("show server_version").startswith(f"{server.major}.")
    rules = server.sql(
        "select type, coalesce(address, ''), auth_method from pg_hba_file_rules where 'replication' = any(database)"
    )
    assert rules.splitlines() == ["local||trust", "host|127.0.0.1|trust", "host|::1|trust"]
    shells = docker_host.exec(
        server.name, "sh", "-c", "for name in bash perl nc python3; do command -v $name; done; true"
    )
    assert shells.split() == (["nc"] if major == "alpine" else ["/usr/bin/bash", "/usr/bin/perl"])


@pytest.mark.docker
def test_a_person_with_the_key_has_the_tools(docker_host: DockerEngine) -> None:
    versions = "age --version && zstd --version && tar --version && pg_verifybackup --version && postgres --version"
    assert "17.11" in docker_host.docker("run", "--rm", images.hand_restore(docker_host), "sh", "-c", versions)


@pytest.mark.docker
def test_the_server_runs_its_stack(vm: Machine) -> None:
    assert vm.ssh("hostname").strip() == "web-1"
    services = vm.ssh("docker ps --format '{{.Label \"com.docker.compose.service\"}}'").split()
    assert sorted(services) == ["db", "web"]
    assert vm.sql("select count(*) from orders") == "5000"
    assert vm.sql("select count(*) from visits", dbname="analytics") == "1000"
    assert float(vm.ssh("cut -d. -f1 /proc/uptime")) < float(Path("/proc/uptime").read_text().split()[0])
    assert vm.ssh("command -v python3 || echo none").strip() == "none"


@pytest.mark.docker
def test_another_machine_at_the_same_address_is_noticed(new_vm: Callable[..., Machine]) -> None:
    machine = new_vm(stack=False)
    address, key, boot = (
        machine.address,
        machine.host_key_fingerprint,
        machine.ssh("cat /proc/sys/kernel/random/boot_id"),
    )
    machine.reboot()
    assert machine.host_key_fingerprint == key
    assert machine.ssh("cat /proc/sys/kernel/random/boot_id") != boot
    machine.replace()
    assert (machine.address, machine.host_key_fingerprint == key) == (address, False)
    with pytest.raises(ProgramFailed, match="REMOTE HOST IDENTIFICATION HAS CHANGED"):
        machine.ssh("true")


def write_again(server: S3Server) -> str:
    """The code that a conditional write to an existing key is answered with, and what the key then holds."""
    client, bucket = server.client(retries={"max_attempts": 1}), server.bucket()
    client.put_object(Bucket=bucket, Key="key", Body=b"first")
    try:
        client.put_object(Bucket=bucket, Key="key", Body=b"second", IfNoneMatch="*")
        code = "200"
    except ClientError as refusal:
        code = str(refusal.response["ResponseMetadata"]["HTTPStatusCode"])
    return f"{code} {client.get_object(Bucket=bucket, Key='key')['Body'].read().decode()}"


@pytest.mark.s3
def test_rclone_overwrites(rclone_s3: Rclone) -> None:
    assert write_again(rclone_s3) == "200 second"


@pytest.mark.s3
@pytest.mark.docker
def test_ceph_keeps_conditions(rgw: CephGateway) -> None:
    assert write_again(rgw) == "412 first"


@pytest.mark.s3
@pytest.mark.docker
def test_swift_refuses_conditions(swift_s3: Swift) -> None:
    assert write_again(swift_s3) == "501 first"


@pytest.mark.s3
def test_the_flaky_proxy_breaks_what_it_is_told_to(flaky_rclone: FlakyProxy, rclone_s3: Rclone) -> None:
    bucket = rclone_s3.bucket()
    rclone_s3.endpoint, straight = flaky_rclone.endpoint, rclone_s3.endpoint
    client = rclone_s3.client(retries={"max_attempts": 0}, read_timeout=10)
    rclone_s3.endpoint = straight

    def outcome_of(method: str, fault: object, **call: object) -> str:
        flaky_rclone.next(fault, method=method)  # type: ignore[arg-type]
        try:
            reply = getattr(client, f"{method.lower()}_object")(Bucket=bucket, **call)
            return str(len(reply["Body"].read())) if method == "GET" else "done"
        except Exception as problem:  # noqa: BLE001  whatever botocore makes of it
            return type(problem).__name__

    body = os.urandom(1 << 20)
    assert outcome_of("PUT", answer(503), Key="a", Body=body) == "ClientError"
    assert outcome_of("PUT", cut_request(after=500_000), Key="a", Body=body) == "ConnectionClosedError"
    assert rclone_s3.keys(bucket) == []
    assert outcome_of("PUT", drop_response(), Key="a", Body=body) == "ConnectionClosedError"
    assert rclone_s3.keys(bucket) == ["a"]
    assert outcome_of("GET", cut_response(after=500_000), Key="a") in ("IncompleteReadError", "ResponseStreamingError")
    assert client.get_object(Bucket=bucket, Key="a")["Body"].read() == body
    assert eventually(lambda: flaky_rclone.count(method="PUT") == 3 and flaky_rclone.count(outcome="200") == 1)
