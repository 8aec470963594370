"""From a URL and settings to a vault."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from outlive.clock import SystemClock
from outlive.errors import ConfigError
from outlive.vault.base import Vault
from outlive.vault.layers import innermost
from outlive.vault.layers.retry import RetryVault
from outlive.vault.local import LocalVault
from outlive.vault.open import open_vault
from outlive.vault.s3 import S3Vault
from outlive.vault.s3_location import S3Location

SECRET = "a-very-secret-key"  # not one: a marker that must show up nowhere


def opened(url: str, **settings: Any) -> Vault:
    return open_vault(url, clock=SystemClock(), **settings)


def location(url: str, **settings: Any) -> S3Location:
    inner = innermost(opened(url, **settings))
    assert isinstance(inner, S3Vault)
    return inner.location


def test_a_folder_is_a_local_vault_without_layers(tmp_path: Path) -> None:
    vault = opened(f"file://{tmp_path}/a%20b")
    assert isinstance(vault, LocalVault)
    assert vault.root == tmp_path / "a%20b"
    assert not vault.root.exists()


def test_a_bucket_is_an_s3_vault_that_is_tried_again() -> None:
    assert isinstance(opened("s3://bucket/prefix"), RetryVault)
    assert location("s3://bucket/a/b/", region="eu-central-1") == S3Location(
        bucket="bucket", prefix="a/b/", region="eu-central-1"
    )
    assert location("s3://bucket").prefix == ""
    assert opened("s3://bucket/").url == "s3://bucket"
    assert opened("s3://bucket/a/").url == "s3://bucket/a"


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("", "not a vault"),
        ("/srv/vault", "not a vault"),
        ("gs://bucket/x", "not a vault"),
        ("file://relative/path", "not an absolute path"),
        ("file:/srv", "not a vault"),
        ("s3://", "names no bucket"),
        ("s3:///prefix", "names no bucket"),
        ("s3://bucket?region=x", "names no bucket"),
        ("s3://bucket/a/../b", "cannot be a prefix"),
        ("s3://bucket/a//b", "cannot be a prefix"),
        (f"s3://key:{SECRET}@bucket/x", "holds a login"),
        (f"https://key:{SECRET}@host/x", "not a vault"),
    ],
)
def test_anything_else_is_a_configuration_error_with_a_cure(url: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words) as caught:
        opened(url)
    assert caught.value.hint
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    "endpoint", ["s3.example.com", "ftp://h", "https://", "https://h?x=1", f"https://k:{SECRET}@h"]
)
def test_an_endpoint_is_a_whole_url_without_login(endpoint: str) -> None:
    with pytest.raises(ConfigError) as caught:
        opened("s3://bucket", endpoint=endpoint)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("keys", [{"access_key": "AK"}, {"secret_key": SECRET}, {"access_key": "AK", "secret_key": ""}])
def test_half_a_pair_of_keys_is_refused(keys: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match="missing or empty") as caught:
        opened("s3://bucket", **keys)
    assert SECRET not in str(caught.value)


def test_the_secret_is_in_no_repr() -> None:
    place = location("s3://bucket", access_key="AK", secret_key=SECRET)
    assert SECRET not in repr(place)
    assert SECRET not in place.without_secret(f"store says {SECRET}")


def test_requests_go_to_the_endpoint_or_to_the_bucket_as_host() -> None:
    def at(**settings: Any) -> str:
        return location("s3://bucket/p", **settings).requested_at

    assert at(endpoint="https://s3.example.com/") == "https://s3.example.com"
    assert at(endpoint="https://s3.example.com:9000", path_style=False) == "https://bucket.s3.example.com:9000"
    assert at(region="eu-west-1") == "https://s3.eu-west-1.amazonaws.com"
    assert at(region="eu-west-1", path_style=False) == "https://bucket.s3.eu-west-1.amazonaws.com"


@pytest.mark.parametrize(
    ("endpoint", "plain", "loopback"),
    [
        (None, False, False),
        ("https://s3.example.com", False, False),
        ("http://s3.example.com", True, False),
        ("http://127.0.0.1:9000", True, True),
        ("http://localhost:9000", True, True),
        ("http://[::1]:9000", True, True),
    ],
)
def test_plain_http_is_known_and_only_where_it_was_asked_for(endpoint: str, plain: bool, loopback: bool) -> None:
    place = location("s3://bucket", endpoint=endpoint)
    assert (place.plain_http, place.loopback) == (plain, loopback)
