"""Which keys are keys."""

from __future__ import annotations

import pytest

from outlive.testing.contracts import BAD_KEYS, ODD_NAMES
from outlive.vault.base import check_key


@pytest.mark.parametrize("key", BAD_KEYS, ids=ascii)
def test_a_bad_key_is_refused(key: str) -> None:
    with pytest.raises(ValueError, match="not a vault key"):
        check_key(key)


@pytest.mark.parametrize("key", ["a", "a/b/c.d", *ODD_NAMES], ids=ascii)
def test_a_good_key_is_given_back(key: str) -> None:
    assert check_key(key) == key
