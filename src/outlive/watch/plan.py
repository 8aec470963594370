"""What is asked of whom, how often: from the configuration and the address ledger. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from outlive.config.schema import Settings
from outlive.model.asset import PostgresAsset, PostgresDumpAsset
from outlive.model.check import Check
from outlive.model.host import Host

DNS_SECONDS = 30.0  # authorities are other people's servers
DATA_SECONDS = 300.0  # the way in to a container's database costs the host more than a look
STATE_SECONDS = 300.0
DOCKER_SECONDS = 15.0  # a start of Docker's command line, three at every fourth look: bench/README.md
CAPACITY_SECONDS = 300.0  # what runs full does so in hours
TAIL_SECONDS = 5.0  # of a Loki that is listened to: such a look asks nobody
DOMAIN_SECONDS = 86400.0


@dataclass(frozen=True, slots=True)
class Ask:
    """One thing to ask. `kind` is http, tls, tcp, dns, domain, ssh, capacity, docker, logs, files (of logs), journals,
    local, postgres, tofu (a state), provider, drift (a folder of OpenTofu) or loki. `name` is a DNS name, the asset of a
    cluster, or that of the provider, folder or store of logs; `address` None with http: whoever the name leads to. `check`
    is a position in the host's `all_checks`."""

    kind: str
    every_seconds: float
    host: str = ""
    address: str | None = None
    port: int = 0
    name: str = ""
    check: int = -1


def plan(
    settings: Settings,
    addresses: Mapping[str, Sequence[str]],
    ports: Mapping[str, int],
    streamed: Collection[str] = (),
) -> list[Ask]:
    """Everything, each once. `addresses` are those of the ledger, `ports` those of SSH, by host; of the clusters whose log
    is `streamed`, the stream tells, which costs nothing."""
    asks: dict[Ask, None] = {}
    for host in settings.hosts:
        every = host.every_seconds or settings.watch.every_seconds
        for ask in _of_host(host, every, addresses.get(host.name, ()), ports.get(host.name, 22)):
            asks[ask] = None
    for asset in settings.assets:
        if isinstance(asset, PostgresAsset | PostgresDumpAsset) and asset.host is not None:
            every = settings.watch.every_seconds if asset.name in streamed else DATA_SECONDS
            asks[Ask("postgres", every, asset.host, name=asset.name)] = None
    asks |= dict.fromkeys(Ask("provider", one.every_seconds, name=one.name) for one in settings.providers)
    asks |= dict.fromkeys(Ask("drift", one.every_seconds, name=one.name) for one in settings.tofu)
    lokis = ((TAIL_SECONDS if one.tail else one.every_seconds, one) for one in settings.loki)
    asks |= dict.fromkeys(Ask("loki", every, one.host, name=one.name) for every, one in lokis)
    return list(asks)


def _of_host(host: Host, every: float, addresses: Sequence[str], ssh_port: int) -> Iterator[Ask]:
    if host.is_local:
        yield Ask("local", every, host.name)
    yield from _of_inside(host, every, addresses, ssh_port)
    for address in () if host.is_local else addresses:
        yield Ask("ssh", every, host.name, address, ssh_port)
        yield Ask("tcp", every, address=address, port=ssh_port)
    for index, check in enumerate(host.all_checks):
        yield from _of_check(host, index, check, check.every_seconds or every, addresses)
    names = names_of(host)
    for name in names:
        yield Ask("dns", max(every, DNS_SECONDS), host.name, name=name)
        if not any(name.endswith(f".{other}") for other in names):
            yield Ask("domain", DOMAIN_SECONDS, host.name, name=name)
    if host.tofu_state:
        yield Ask("tofu", STATE_SECONDS, host.name)


def _of_inside(host: Host, every: float, addresses: Sequence[str], ssh_port: int) -> Iterator[Ask]:
    """What is asked over the connection that the look at its identity keeps."""
    for address in [None] if host.is_local else addresses:
        yield Ask("capacity", max(every, CAPACITY_SECONDS), host.name, address, 0 if host.is_local else ssh_port)
        if host.log_files:
            yield Ask("files", every, host.name, address, 0 if host.is_local else ssh_port)
        if host.journals:
            yield Ask("journals", every, host.name, address, 0 if host.is_local else ssh_port)
    if host.containers:
        for address in [None] if host.is_local else addresses:
            yield Ask("docker", max(every, DOCKER_SECONDS), host.name, address, 0 if host.is_local else ssh_port)
            if host.logs:
                yield Ask("logs", every, host.name, address, 0 if host.is_local else ssh_port)


def _of_check(host: Host, index: int, check: Check, every: float, addresses: Sequence[str]) -> Iterator[Ask]:
    url = urlsplit(check.url)
    yield Ask("http", every, host.name, check=index)
    for address in addresses:
        yield Ask("http", every, host.name, address, check=index)
        yield Ask("tcp", every, address=address, port=port_of(url))
        if url.scheme == "https" and url.hostname:
            yield Ask("tls", every, address=address, port=port_of(url), name=url.hostname)


def names_of(host: Host) -> tuple[str, ...]:
    """The DNS names that should lead to the host: those that are named, and those in URLs."""
    in_urls = [urlsplit(check.url).hostname or "" for check in host.all_checks]
    wanted = [*host.names, *(name for name in in_urls if "." in name and not _is_address(name))]
    return tuple(dict.fromkeys(name.lower() for name in wanted))


def port_of(url: SplitResult) -> int:
    return url.port or (443 if url.scheme == "https" else 80)


def _is_address(name: str) -> bool:
    return ":" in name or name.replace(".", "").isdigit()
