"""Who asks too often is told to wait."""

from __future__ import annotations

from outlive.lab.provider.server import RATE_PER_SECOND, Provider


def test_it_answers_so_many_questions_a_second() -> None:
    now = [100.0]
    provider = Provider("token", lambda: now[0])
    answers = [provider.ask("teams", {}, "Bearer token") for _ in range(RATE_PER_SECOND + 1)]
    assert [one.status for one in answers] == [200] * RATE_PER_SECOND + [429]
    assert answers[-1].headers == {"Retry-After": "1"}
    now[0] += 1
    assert provider.ask("teams", {}, "Bearer token").status == 200
