"""What makes a stack fragile, with what was seen and the change that mends it. Pure.

The list is what the outage's follow-ups asked for ("harden the plan"), and what its stack fell over later: memory that was
never enough, a disk full of logs and images, nobody who checks a page, a database that the whole world may knock at.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from outlive.commands.capacity import Capacity
from outlive.commands.fragile_look import Fragile, Service

_MB = 1 << 20
_HEADROOM = 1.5
_SYSTEM_BYTES = 256 * _MB  # what the machine itself wants beside its containers
_STEP = 64 * _MB
_LEAST_LIMIT, _LEAST_DATABASE = 128 * _MB, 512 * _MB
_DATABASES = {
    5432: "Postgres",
    3306: "MySQL",
    1433: "SQL Server",
    6379: "Redis",
    27017: "MongoDB",
    9200: "Elasticsearch",
}
_DATABASE_IMAGES = ("postgres", "postgis", "timescale", "pgvector", "mysql", "mariadb", "mongo", "elasticsearch")
_EVERYWHERE = ("", "0.0.0.0", "::")
_FOR_EVER = ("always", "unless-stopped")
_LOG_BYTES = 100 * _MB


@dataclass(frozen=True, slots=True)
class Advice:
    """`evidence` is what was seen, `change` what to write where; `file` is the compose file, "" for another place."""

    rule: str
    subject: str
    evidence: str
    change: str
    file: str = ""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def advise(found: Fragile, left: Capacity) -> list[Advice]:
    """Of one host, what matters most first."""
    return [
        *_open_databases(found.services),
        *_logins(found),
        *_memory(found.services, left),
        *_logs(found.services),
        *_health_checks(found.services),
        *_restarts(found.services),
        *_data(found),
    ]


def _open_databases(services: Sequence[Service]) -> Iterator[Advice]:
    for one in services:
        for address, outer, inner in one.published:
            if inner in _DATABASES and address in _EVERYWHERE:
                port = outer or inner
                yield _of(
                    one,
                    "open-database",
                    f"{_DATABASES[inner]} listens on port {port} of every address of the host; Docker's own rules let it "
                    "pass a firewall such as ufw",
                    f'ports: ["127.0.0.1:{port}:{inner}"]   # or none: services of one project reach each other by name',
                )


def _logins(found: Fragile) -> Iterator[Advice]:
    if found.open_keys and found.root_login not in ("no", "forced-commands-only"):
        yield Advice(
            "root-keys-from-anywhere",
            "root's authorized_keys",
            f"{found.open_keys} of {found.open_keys + found.bound_keys} keys log in as root from any address",
            'in /root/.ssh/authorized_keys, before the key: from="ADDRESS-OF-THE-KEEPER,ADDRESS-OF-YOURS"   # keep a way '
            "in: try it in a second session first",
        )
    if found.password_login == "yes":
        yield Advice(
            "password-login",
            "sshd",
            "sshd takes passwords" + (", root's too" if found.root_login == "yes" else ""),
            "in /etc/ssh/sshd_config.d/10-keys.conf: PasswordAuthentication no   # then: systemctl reload ssh",
        )


def _memory(services: Sequence[Service], left: Capacity) -> Iterator[Advice]:
    used = sum(one.used_bytes or 0 for one in services)
    limits = sum(one.limit_bytes for one in services)
    total = left.memory_bytes
    if total and used + _SYSTEM_BYTES > total:
        yield Advice(
            "plan-too-small",
            "the machine",
            f"{_size(total)} of memory for these {len(services)} containers: {_size(used)} seen in use, and the system's",
            f"a plan with {_size(_HEADROOM * used + _SYSTEM_BYTES)} of memory, or fewer services on it",
        )
    if total and limits > total:
        yield Advice(
            "limits-above-the-plan",
            "the machine",
            f"the limits of memory come to {_size(limits)}, the machine has {_size(total)}",
            "lower limits, or a larger plan: limits that are more than there is keep nobody from being killed",
        )
    for one in services:
        if not one.limit_bytes:
            seen = f", {_size(one.used_bytes)} seen in use" if one.used_bytes else ""
            yield _of(
                one,
                "no-memory-limit",
                f"no limit{seen}: when it grows, the kernel picks whom to kill on the whole machine",
                f"mem_limit: {_limit(one)}m   # from what is used now: look at a busy hour before you set it",
            )


def _logs(services: Sequence[Service]) -> Iterator[Advice]:
    for one in services:
        if one.log_driver == "json-file" and not one.log_is_bounded:
            large = one.log_bytes is not None and one.log_bytes >= _LOG_BYTES
            size = f", {_size(one.log_bytes)} so far{', which is much' if large else ''}" if one.log_bytes else ""
            yield _of(
                one,
                "no-log-rotation",
                f"its log is never rotated{size}: a flood fills the disk",
                'logging: {driver: json-file, options: {max-size: "10m", max-file: "3"}}',
            )


def _health_checks(services: Sequence[Service]) -> Iterator[Advice]:
    for one in services:
        if not one.has_health_check:
            test = _test(one)
            yield _of(
                one,
                "no-health-check",
                "Docker knows of it only whether its first process lives: one that hangs is `running`",
                f"healthcheck: {{test: {test}, interval: 30s, timeout: 5s, retries: 3}}   # its image must have the "
                "program; ask for a page that a user sees",
            )


def _test(one: Service) -> str:
    image = one.image.rpartition("/")[2]
    if "postgres" in image or "postgis" in image:
        return '["CMD", "pg_isready", "-U", "postgres"]'
    if "redis" in image or "valkey" in image:
        return '["CMD", "redis-cli", "ping"]'
    port = min((inner for _, _, inner in one.published), default=3000)
    return f'["CMD", "wget", "-qO-", "http://127.0.0.1:{port}/"]'


def _restarts(services: Sequence[Service]) -> Iterator[Advice]:
    for one in services:
        if one.policy in _FOR_EVER and one.restarts:
            yield _of(
                one,
                "restart-hides-a-loop",
                f"restart: {one.policy}, and Docker has restarted it {one.restarts} times by itself",
                "mend what ends it: `docker events --since 24h --filter event=die` has its exit codes. "
                "`restart: on-failure:5` would end a loop, but does not start it after a reboot",
            )
        if one.policy in ("", "no") and one.published:
            yield _of(one, "not-started-after-a-reboot", "no restart policy", "restart: unless-stopped")


def _data(found: Fragile) -> Iterator[Advice]:
    volumes = sorted({volume for one in found.services for volume in one.volumes if len(volume) != 64})
    if found.data_on_root and volumes:
        yield Advice(
            "data-on-the-root-disk",
            found.data_root,
            f"the volumes {', '.join(volumes)} lie on the root disk, which a reinstall writes anew",
            "a block volume of its own, mounted before Docker starts, with `data-root` in /etc/docker/daemon.json on it; "
            "and a copy elsewhere whatever you do: `outlive backup`",
        )


def _of(one: Service, rule: str, evidence: str, change: str) -> Advice:
    service = one.name.rpartition("/")[2]
    return Advice(
        rule, one.name, evidence, f"services.{service}: {change}" if one.compose_file else change, one.compose_file
    )


def _limit(one: Service) -> int:
    """In MiB: half as much again as is used, in steps of 64, and never so little that a database could not start."""
    image = one.image.rpartition("/")[2]
    least = _LEAST_DATABASE if any(word in image for word in _DATABASE_IMAGES) else _LEAST_LIMIT
    wanted = max(least, int((one.used_bytes or 0) * _HEADROOM))
    return -(-wanted // _STEP) * _STEP // _MB


def _size(count_bytes: float) -> str:
    return f"{count_bytes / 1e9:.2g} GB" if count_bytes >= 1e9 else f"{count_bytes / 1e6:.3g} MB"
