"""What is said to GitHub, and how its answers are read."""

from __future__ import annotations

from base64 import b64decode, b64encode
from typing import Any

import pytest
from nacl.public import PrivateKey, SealedBox

from outlive.commands import github
from outlive.commands.cloud_init import user_data
from outlive.commands.orders import Order, cherry, hostname


def test_a_sealed_value_is_opened_by_github_alone_and_never_twice_the_same() -> None:
    key = PrivateKey.generate()
    given = {"key_id": "7", "key": b64encode(bytes(key.public_key)).decode()}
    one, two = github.sealed("203.0.113.9", given), github.sealed("203.0.113.9", given)
    assert SealedBox(key).decrypt(b64decode(one["encrypted_value"])) == b"203.0.113.9"
    assert one["key_id"] == "7" and one["encrypted_value"] != two["encrypted_value"]


@pytest.mark.parametrize(
    "key", [None, {}, {"key_id": "7"}, {"key_id": "7", "key": "!"}, {"key_id": "7", "key": "AAAA"}]
)
def test_what_is_no_key_seals_nothing(key: Any) -> None:
    with pytest.raises(ValueError):
        github.sealed("x", key)


@pytest.mark.parametrize("repo", ["shop", "/web", "shop/", "shop/web/more"])
def test_what_is_no_repository(repo: str) -> None:
    with pytest.raises(ValueError):
        github.repo_path(repo)


@pytest.mark.parametrize("body", [None, [], {"workflow_runs": 1}, {"workflow_runs": [{}]}, {"workflow_runs": [None]}])
def test_what_is_no_list_of_runs(body: Any) -> None:
    with pytest.raises(ValueError):
        github.read_runs(body)


def test_user_data_is_bounded_and_is_yaml() -> None:
    text = user_data("PRIVATE\nKEY\n", "ssh-ed25519 AAAA", ["ssh-ed25519 BBBB me@laptop"])
    assert text.startswith("#cloud-config\n{") and '"ed25519_private": "PRIVATE\\nKEY\\n"' in text
    with pytest.raises(ValueError):
        user_data("x" * 20_000, "ssh-ed25519 AAAA")


@pytest.mark.parametrize("host", ["web-1", "Web_1.example.com", "x" * 100, "ä"])
def test_a_hostname_is_one_and_the_same_at_every_attempt(host: str) -> None:
    made = hostname(host, "0f3c2a1b9d")
    assert made == hostname(host, "0f3c2a1b9d") != hostname(host, "1f3c2a1b9d")
    assert len(made) <= 63 and made.endswith("-0f3c2a1b") and made.replace("-", "").isalnum() and made.isascii()


def test_an_order_does_not_show_the_private_key() -> None:
    order = Order("web-1-0f3c2a1b", "plan", "region", "image", ("13247",), "a private key")
    assert "private" not in repr(order)
    path, body = cherry("1/2", order)
    assert path == "/projects/1%2F2/servers" and body["ssh_keys"] == [13247]
