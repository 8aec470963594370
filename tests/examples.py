"""How many examples hypothesis tries: what the test asks for, and a few where `make unit` wants an answer in seconds."""

from __future__ import annotations

from hypothesis import settings


def examples(most: int) -> settings:
    """A decorator. `most` in `make test`; no more than the profile has in `make unit`."""
    profile = settings.default
    quick = profile is not None and profile.max_examples < settings.get_profile("outlive").max_examples
    return settings(max_examples=min(most, profile.max_examples) if quick and profile else most)
