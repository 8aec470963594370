"""One line of outlive.toml changes, and nothing else."""

from __future__ import annotations

import pytest

from outlive.errors import Failed
from outlive.model.host import Host
from outlive.recovery.steps.repoint import _changed

TEXT = """\
# mine
[[hosts]]
address = "ssh://root@192.0.2.1"  # preview
name = "preview"

[[hosts]]
name = 'web-1'   # production
sudo = true
address = "ssh://root@192.0.2.2"

[[hosts.checks]]
url = "https://shop.example/"
address = "no host's"

[[assets]]
name = "web-1"
host = "web-1"
"""


def test_the_address_of_that_host() -> None:
    for host, old in (("web-1", "192.0.2.2"), ("preview", "192.0.2.1")):
        changed = _changed(TEXT, Host(name=host, address="ssh://root@198.51.100.7", server_id="700999"))
        (line,) = set(TEXT.splitlines()) - set(changed.splitlines())
        assert old in line
        assert 'address = "ssh://root@198.51.100.7"' in changed


def test_what_it_does_not_understand_it_leaves() -> None:
    for text in (
        TEXT.replace("name = 'web-1'   # production", 'name = "web-2"'),
        'hosts = [{name = "web-1", address = "x"}]',
    ):
        with pytest.raises(Failed, match="web-1"):
            _changed(text, Host(name="web-1", address="ssh://root@198.51.100.7"))


def test_the_id_of_its_server_where_it_is_written_down() -> None:
    told = TEXT.replace("sudo = true", 'server_id = "700101"  # cherry')
    changed = _changed(told, Host(name="web-1", address="ssh://root@198.51.100.7", server_id="700999"))
    assert 'server_id = "700999"' in changed and "700101" not in changed
    assert len(set(told.splitlines()) - set(changed.splitlines())) == 2
