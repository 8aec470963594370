"""One line of outlive.toml changes, and nothing else."""

from __future__ import annotations

import pytest

from outlive.errors import Failed
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
        changed = _changed(TEXT, host, "ssh://root@198.51.100.7")
        (line,) = set(TEXT.splitlines()) - set(changed.splitlines())
        assert old in line
        assert 'address = "ssh://root@198.51.100.7"' in changed


def test_what_it_does_not_understand_it_leaves() -> None:
    for text in (
        TEXT.replace("name = 'web-1'   # production", 'name = "web-2"'),
        'hosts = [{name = "web-1", address = "x"}]',
    ):
        with pytest.raises(Failed, match="web-1"):
            _changed(text, "web-1", "ssh://root@198.51.100.7")
