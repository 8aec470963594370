"""A real Temporal server behind real TLS: with a client certificate and an API key it is exported; without, or with wrong
ones, a person is told what is wrong and what to do, and no secret."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from outlive.backup.copies import catalog
from outlive.cli import main
from outlive.errors import NotPermitted, TemporalUnreachable
from outlive.lab.ground.process import free_port
from outlive.transport.local import LocalShell
from outlive.transport.temporal import AddressWay, HostWay
from outlive.transport.temporal_link import Access, Tls
from tests.cli.home import Home
from tests.conftest import lend
from tests.world.temporal import TemporalServer
from tests.world.tls_proxy import Site, TlsProxy
from tests.world.web import Authority

pytestmark = pytest.mark.slow
KEY = "eyJ-a-key-of-this-test"
NAME = "temporal.test"
SERVICE = "/temporal.api.workflowservice.v1.WorkflowService"
OF_ALL = (
    f"{SERVICE}/GetClusterInfo",
    f"{SERVICE}/ListNamespaces",
    "/temporal.api.operatorservice.v1.OperatorService/*",
)


@dataclass(frozen=True)
class World:
    """A server's port, those of what stands before it, and the files of certificates and keys by name."""

    plain: int
    ports: dict[str, int]
    pems: dict[str, Path]


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folders = {name: tmp_path_factory.mktemp(name) for name in ("ours", "theirs")}
    ours, theirs = (Authority(folder) for folder in folders.values())
    own = ours.issue(NAME)
    sites = {
        "both": Site(NAME, own, clients=ours.path, bearer=KEY),
        "key": Site(NAME, own, bearer=KEY),
        "forbidden": Site(NAME, own, bearer=KEY, refusal=403),
        "one": Site(NAME, own, bearer=KEY, denied=OF_ALL),
        "expired": Site(NAME, ours.issue(NAME, ends=timedelta(days=-1))),
    }
    pems = {"ca": ours.path, "other-ca": theirs.path}
    issued = {"client": ours.issue("keeper"), "foreign": theirs.issue("keeper")}
    issued["late"] = ours.issue("keeper", ends=timedelta(days=-1))
    for name, both in issued.items():
        pems |= _halves(both, name)
    for server in lend("temporal", TemporalServer()):
        for proxy in lend("caddy", TlsProxy(server.address, *sites.values())):
            yield World(server.port, dict(zip(sites, proxy.ports, strict=True)), pems)


def _halves(both: Path, name: str) -> dict[str, Path]:
    text = both.read_text()
    at = text.index("-----BEGIN CERTIFICATE")
    certificate, key = both.with_name(f"{name}.crt"), both.with_name(f"{name}.key")
    certificate.write_text(text[at:])
    key.write_text(text[:at])
    key.chmod(0o600)
    return {f"{name}.crt": certificate, f"{name}.key": key}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("TEMPORAL_API_KEY", KEY)
    monkeypatch.setenv("WRONG_KEY", "eyJ-another")
    return Home(tmp_path / "home")


def asset(port: int, tls: str = "", more: str = "", key: str = "TEMPORAL_API_KEY") -> str:
    own = f'api_key = {{ env = "{key}" }}\n' if key else ""
    table = f"[assets.tls]\n{tls}" if tls else ""
    return f'[[assets]]\nname = "cloud"\nkind = "temporal"\naddress = "127.0.0.1:{port}"\n{own}{more}{table}'


def tls(there: World, ca: str = "ca", client: str = "", key: str = "", name: str = NAME) -> str:
    lines = [f'ca = "{there.pems[ca]}"', f'server_name = "{name}"']
    if client:
        lines += [f'certificate = "{there.pems[f"{client}.crt"]}"']
        lines += [f'key = {{ file = "{there.pems[f"{key or client}.key"]}" }}']
    return "\n".join(lines) + "\n"


def test_with_a_certificate_and_a_key_it_is_copied_and_compared(there: World, home: Home) -> None:
    home.write(asset(there.ports["both"], tls(there, client="client")))
    assert main.run(home.argv("backup", "cloud")) == 0
    assert main.run(home.argv("temporal", "diff", "cloud")) == 0


def test_a_key_of_one_namespace_is_enough(there: World, home: Home) -> None:
    """As Temporal Cloud gives them: no list of all namespaces, no cluster, no operator's service."""
    home.write(asset(there.ports["one"], tls(there), 'namespaces = ["default"]\n'))
    assert main.run(home.argv("backup", "cloud")) == 0
    (copy,) = catalog.listing(home.vault, "cloud").copies
    assert copy.manifest.source["namespaces"] == 1 and "search attributes of 1" in " ".join(copy.manifest.warnings)
    assert main.run(home.argv("temporal", "diff", "cloud")) == 0


@pytest.mark.parametrize(
    ("site", "how", "key", "said", "cure"),
    [
        ("key", {"ca": "other-ca"}, "TEMPORAL_API_KEY", "authority that is not trusted here", "tls.ca"),
        ("key", {"name": "other.test"}, "TEMPORAL_API_KEY", "no certificate for the name", "tls.server_name"),
        ("key", {}, "WRONG_KEY", "took no API key", "api_key"),
        ("key", {}, "", "took no API key", "api_key"),
        ("forbidden", {}, "WRONG_KEY", "lets this key or certificate not", "give it the right"),
        ("expired", {}, "", "server's certificate has expired", "Renew it there"),
        ("both", {}, "TEMPORAL_API_KEY", "closed the connection|wants one", "tls.certificate"),
        ("both", {"client": "foreign"}, "TEMPORAL_API_KEY", "closed the connection|wants one", "tls.certificate"),
        ("both", {"client": "late"}, "TEMPORAL_API_KEY", "it has expired|closed the connection", "tls"),
        ("plain", {}, "TEMPORAL_API_KEY", "speaks no TLS", "name the port that has TLS"),
        ("key", None, "", "closed the connection", "tls` table"),
    ],
)
def test_what_is_wrong_is_told_with_its_cure(
    there: World,
    home: Home,
    capsys: pytest.CaptureFixture[str],
    site: str,
    how: dict[str, str] | None,
    key: str,
    said: str,
    cure: str,
) -> None:
    port = there.plain if site == "plain" else there.ports[site]
    home.write(asset(port, "" if how is None else tls(there, **how), key=key))
    code = main.run(home.argv("backup", "cloud"))
    told = capsys.readouterr()
    text = " ".join((told.out + told.err).split())
    assert code == 3, text
    assert any(one in text for one in said.split("|")) and cure in text, text
    assert "eyJ" not in text and "PRIVATE" not in text


def test_files_that_do_not_belong_together_are_refused_before_anybody_is_asked(
    there: World, home: Home, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    nonsense = tmp_path / "nonsense.pem"
    nonsense.write_text("hello")
    nonsense.chmod(0o600)
    port = there.ports["both"]
    own, private = there.pems["client.crt"], there.pems["foreign.key"]
    for table, said in (
        (tls(there, client="client", key="foreign"), "does not belong to"),
        (f'ca = "{nonsense}"\n', "holds no certificate in PEM"),
        (f'ca = "{tmp_path}/gone.pem"\n', "cannot be read"),
        (f'certificate = "{own}"\nkey = {{ file = "{nonsense}" }}\n', "no private key in PEM"),
        (f'certificate = "{own}"\n', "key is missing"),
        (f'certificate = "{private}"\nkey = {{ file = "{private}" }}\n', "holds no certificate in PEM"),
    ):
        home.write(asset(port, table))
        assert main.run(home.argv("backup", "cloud")) == 2
        told = capsys.readouterr()
        assert said in " ".join((told.out + told.err).split()), told
        assert "hello" not in told.err and "PRIVATE KEY----" not in told.err.replace("-----BEGIN PRIVATE KEY-----", "")


def test_over_the_way_to_a_host_the_name_in_the_certificate_is_what_counts(there: World) -> None:
    halves = (there.pems[name].read_bytes() for name in ("ca", "client.crt", "client.key"))
    access = Access(Tls(*halves, NAME), KEY)
    with HostWay(LocalShell("web-1"), there.ports["both"], access=access).open() as door:
        assert [one.name for one in door.export().namespaces] == ["default"]
    other = Access(Tls(there.pems["other-ca"].read_bytes(), server_name=NAME), KEY)
    with pytest.raises(TemporalUnreachable, match="not trusted here") as caught:
        with HostWay(LocalShell("web-1"), there.ports["key"], access=other).open():
            pass
    assert "tls.ca" in caught.value.hint
    with pytest.raises(TemporalUnreachable, match="refused"):  # and not: closed once TLS was up
        with HostWay(LocalShell("web-1"), free_port(), access=access).open():
            pass


def test_a_call_that_a_key_may_not_make_is_not_taken_for_silence(there: World) -> None:
    access = Access(Tls(there.pems["ca"].read_bytes(), server_name=NAME), KEY)
    with AddressWay(f"127.0.0.1:{there.ports['one']}", access).open() as door, pytest.raises(NotPermitted):
        door.export()
