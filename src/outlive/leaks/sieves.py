"""Which sieve there is. Pure."""

from __future__ import annotations

from functools import lru_cache

from outlive.leaks.sieve import PlainSieve, Sieve, Wanted

WORTH_BYTES = 32 << 20  # below this, plain Python is done before Hyperscan is ready (it needs most of a second)


def best(wanted: Wanted, expected_bytes: int | None = None) -> Sieve:
    """Hyperscan where it is installed and worth its start; `expected_bytes`: None when nobody knows."""
    if expected_bytes is not None and expected_bytes < WORTH_BYTES:
        return plain(wanted)
    return _hyperscan(wanted) or plain(wanted)


@lru_cache(maxsize=1)
def plain(wanted: Wanted) -> Sieve:
    """The sieve that needs nothing installed. A sieve remembers nothing, so that one serves all."""
    return PlainSieve(wanted)


@lru_cache(maxsize=1)
def _hyperscan(wanted: Wanted) -> Sieve | None:
    try:
        from outlive.leaks.sieve_hyperscan import HyperscanSieve
    except ImportError:
        return None
    return HyperscanSieve(wanted)
