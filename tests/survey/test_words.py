"""What people read: the report and the first outlive.toml, word for word, and safe against what a host may call things."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outlive.commands.docker_objects import Container, Volume
from outlive.commands.system import HostFacts, read_facts
from outlive.config.load import parse
from outlive.model.asset import DockerVolumeAsset, SecretRef
from outlive.model.host import Host
from outlive.model.journal import Journal
from outlive.survey.found import FoundDocker, FoundPostgres, Survey, WayIn
from outlive.survey.look import look
from outlive.survey.proposal import Proposal
from outlive.survey.propose import propose
from outlive.survey.propose_provider import Whose
from outlive.survey.tell import COLUMNS, tell
from outlive.survey.write_toml import Setup, write_toml
from tests.survey.recording import ADDRESS, WANTED, Replay

GOLDEN = Path(__file__).parent.parent / "golden" / "init"
NOW = datetime(2026, 2, 7, 8, 0, tzinfo=UTC)
SETUP = Setup(
    "file:///srv/outlive/vault",
    ("age1pxgr6hphv29h6j9sqmt7tu4qgdyzjj2m5aqj0vdmkm2n82fv0s4qafgl5w",
     "age17sdarzkny3v2ugwfd2gt77s86tzpucznscdclfmj28u3fmvf7phsvaqffz"),
    "keys/drill.txt",
    Host(name="web-1", address="ssh://root@web-1"),
    "SHA256:vp/p4bxgx/5HmQ1q3f9Vm5n+WfP3NH7FJkOCk7AtNDo",
)  # fmt: skip


@pytest.fixture(scope="module")
def recorded() -> tuple[Survey, Proposal]:
    survey = look(Replay(), ADDRESS, wanted=WANTED)
    survey = replace(survey, postgres=tuple(replace(one, no_replication="") for one in survey.postgres))
    return survey, propose(survey, host="web-1")


def test_the_report_is_this(recorded: tuple[Survey, Proposal]) -> None:
    assert tell(*recorded) == (GOLDEN / "report.txt").read_text()


def test_the_file_is_this(recorded: tuple[Survey, Proposal]) -> None:
    assert write_toml(*recorded, SETUP, NOW) == (GOLDEN / "outlive.toml").read_text()


def test_the_file_loads_and_says_what_was_proposed(recorded: tuple[Survey, Proposal]) -> None:
    settings = parse(write_toml(*recorded, SETUP, NOW), Path("outlive.toml"))
    assert list(settings.assets) == [one.asset for one in recorded[1].assets]
    page = "https://app.example.test/"  # the Caddyfile beside the compose file names it
    assert settings.hosts == (replace(SETUP.host, names=("app.example.test",), urls=(page,)),)
    assert settings.keys.recipients == SETUP.recipients
    assert [one.name for one in settings.unguarded] == [one.name for one in recorded[1].unguarded if not one.harmless]


def test_what_is_commented_out_loads_once_uncommented(recorded: tuple[Survey, Proposal]) -> None:
    text = write_toml(*recorded, SETUP, NOW)
    start = text.index("# [[assets]]")
    end = text.index("[[unguarded]]")
    open_text = text[:start] + text[start:end].replace("# ", "") + text[end:]
    names = {asset.name for asset in parse(open_text, Path("outlive.toml")).assets}
    assert "app-images" in names


def test_for_s3_the_keys_are_looked_for_in_the_environment(recorded: tuple[Survey, Proposal]) -> None:
    setup = replace(SETUP, vault_url="s3://bucket/prefix", endpoint="https://s3.example.com")
    vault = parse(write_toml(*recorded, setup, NOW), Path("outlive.toml")).vault
    assert (vault.endpoint, vault.access_key) == ("https://s3.example.com", SecretRef(env="AWS_ACCESS_KEY_ID"))


def test_a_look_at_a_dsn_needs_no_host() -> None:
    survey = Survey("", None, postgres=(FoundPostgres(WayIn(), "17.2", 170002),))
    proposal = propose(survey, host=None, dsn=SecretRef(file="dsn"))
    settings = parse(write_toml(survey, proposal, replace(SETUP, host=None), NOW), Path("outlive.toml"))
    assert settings.hosts == () and len(settings.assets) == 1
    assert tell(survey, proposal).startswith("A Postgres reached by its DSN\n")


@pytest.mark.parametrize("user", ["root", "deploy"])
def test_where_there_is_no_auth_log_the_journal_is_read(recorded: tuple[Survey, Proposal], user: str) -> None:
    """As a comment where the login may not."""
    survey, proposal = recorded
    assert survey.host and read_facts("@@hostname\nx\n@@os\n@@df\n@@journal\nalone\n").logs_to_journal_only
    only = replace(survey, host=replace(survey.host, logs_to_journal_only=True, user=user))
    text = write_toml(only, proposal, SETUP, NOW)
    (host,) = parse(text, Path("outlive.toml")).hosts
    assert host.journals == ((Journal(),) if user == "root" else ())
    assert ("# [[hosts.journals]]" in text) == ("usermod -aG systemd-journal deploy" in text) == (user == "deploy")


def test_data_at_risk_stands_out() -> None:
    survey = Survey("ssh://x", HostFacts("x"), postgres=(FoundPostgres(WayIn(container="db"), problem="no entry"),))
    proposal = propose(survey, host="x")
    assert "AT RISK: data that cannot be copied yet (1)\n  db: it could not be asked: no entry\n" in tell(
        survey, proposal
    )
    text = write_toml(survey, proposal, replace(SETUP, host=Host(name="x", address="ssh://x")), NOW)
    assert "# at risk\n[[unguarded]]\n" in text
    assert '# [[assets]]\n# name = "db"' in text
    assert parse(text, Path("outlive.toml")).assets == ()


def hostile(text: str) -> tuple[Survey, Proposal]:
    """A host that calls everything `text`."""
    container = Container("1" * 64, text, text, "i", "running")
    docker = FoundDocker(text, text, (container,), (Volume(text),))
    survey = Survey("ssh://web-1", HostFacts(text, text, text, os=text, kernel=text), docker)
    return survey, propose(survey, host="web-1")


@pytest.mark.parametrize(
    "text",
    ['\n[vault]\nurl = "s3://theirs"\n#', '"""', "\x1b[2J\x07", "a\rb", "\x7f\x85\u2028", "'\\\"", "\ud7ff", "0" * 49],
)
def test_no_name_leaves_its_place(text: str) -> None:
    check_hostile(text)


@given(st.text(st.characters(codec="utf-8"), min_size=1))
def test_no_name_at_all_leaves_its_place(text: str) -> None:
    check_hostile(text)


def check_hostile(text: str) -> None:
    survey, proposal = hostile(text)
    settings = parse(write_toml(survey, proposal, SETUP, NOW), Path("outlive.toml"))
    assert settings.vault.url == SETUP.vault_url
    (asset,) = settings.assets
    assert isinstance(asset, DockerVolumeAsset) and asset.volume == text
    told = tell(survey, proposal)
    assert all(letter.isprintable() for letter in told.replace("\n", ""))
    assert all(len(line) <= COLUMNS for line in told.splitlines())


@pytest.mark.parametrize("kind", ["cherryservers", "hetzner", ""])
def test_the_provider_is_a_comment_that_works_once_it_is_none(recorded: tuple[Survey, Proposal], kind: str) -> None:
    whose = Whose(kind, "a state beside this file says" if kind else "")
    setup = replace(SETUP, provider=whose, host=replace(SETUP.host, tofu_state="a.tfstate", server_id="4711"))
    text = write_toml(*recorded, setup, NOW)
    assert parse(text, Path("outlive.toml")).providers == ()
    begin = text.index("# [[providers]]")
    end = text.index("\n\n", begin)
    meant = text[:begin] + text[begin:end].replace("# ", "") + text[end:]
    settings = parse(meant, Path("outlive.toml"))
    assert [one.kind for one in settings.providers] == [kind or "static"]
    assert settings.hosts[0].server_id == "4711"


@pytest.mark.parametrize(
    ("state", "folder", "workspace"),
    [
        ("terraform.tfstate", ".", None),
        ("infra/terraform.tfstate", "infra", None),
        ("infra/terraform.tfstate.d/production/terraform.tfstate", "infra", "production"),
        ("terraform.tfstate.d/production/terraform.tfstate", ".", "production"),
    ],
)
def test_the_folder_to_ask_for_drift_is_a_comment_that_works_once_it_is_none(
    recorded: tuple[Survey, Proposal], state: str, folder: str, workspace: str | None
) -> None:
    text = write_toml(*recorded, replace(SETUP, host=replace(SETUP.host, tofu_state=state, tofu_resource="a.b")), NOW)
    begin = text.index("# [[tofu]]")
    end = text.index("\n\n", begin)
    settings = parse(text[:begin] + text[begin:end].replace("# ", "") + text[end:], Path("/srv/outlive/outlive.toml"))
    assert parse(text, Path("/srv/outlive/outlive.toml")).tofu == ()
    (plans,) = settings.tofu
    assert (plans.folder, plans.workspace) == (Path("/srv/outlive") / folder, workspace)


@pytest.mark.parametrize(("kind", "project"), [("cherryservers", "100200"), ("hetzner", None)])
def test_a_provider_that_can_be_asked_is_no_comment(
    recorded: tuple[Survey, Proposal], kind: str, project: str | None
) -> None:
    whose = Whose(kind, "its API says", SecretRef(file="provider-token"), project, "https://api.example.test/v1")
    (provider,) = parse(write_toml(*recorded, replace(SETUP, provider=whose), NOW), Path("outlive.toml")).providers
    assert (provider.kind, provider.project, provider.url, provider.token) == (
        kind,
        project,
        "https://api.example.test/v1",
        SecretRef(file="provider-token"),
    )


def test_the_alerts_that_are_proposed_load_once_uncommented(recorded: tuple[Survey, Proposal]) -> None:
    text = write_toml(*recorded, SETUP, NOW)
    assert parse(text, Path("outlive.toml")).alerts.channels == ()
    start = text.index("# [alerts]")
    end = text.index("\n\n", start)
    alerts = parse(text[:start] + text[start:end].replace("# ", "") + text[end:], Path("outlive.toml")).alerts
    assert [one.name for one in alerts.channels] == ["phone"] and alerts.quiet_hours and alerts.heartbeat
