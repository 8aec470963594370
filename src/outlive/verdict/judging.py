"""How observations are judged: the numbers, in one place. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0

# How long a fact counts as "now" where no newer look says otherwise. What is asked seldom is believed longer.
MAX_AGE_SECONDS: Mapping[str, float] = MappingProxyType(
    {
        "provider.server": HOUR,
        "provider.credit_hours": HOUR,
        "dns.addresses": HOUR,
        "dns.domain": 3 * DAY,
        "tofu.state": DAY,
        "tofu.plan": DAY,
        "ci.secret": DAY,
        "guest.boot_time": HOUR,
        "log.signature": HOUR,
        "log.flood": 2 * MINUTE,
        "log.leak": DAY,
        "stack.secrets": DAY,
        "host.memory": HOUR,
        "host.disk": HOUR,
        "host.oom_kills": HOUR,
        "host.open_files": HOUR,
    }
)


@dataclass(frozen=True, slots=True)
class Judging:
    """`max_age_seconds` is for the facts that `max_ages` does not name. `slack_seconds`: how far two clocks may disagree
    before the order of two observations means something. `together_seconds`: what is further apart does not confirm each
    other: another machine may have stepped in between. `news_seconds`: how long a reboot is worth a verdict. A service that
    is restarted more than `restarts` times in `restart_window_seconds` is in a crash loop."""

    max_age_seconds: float = 10 * MINUTE
    max_ages: Mapping[str, float] = field(default_factory=lambda: MAX_AGE_SECONDS)
    slack_seconds: float = 30.0
    together_seconds: float = 10 * MINUTE
    news_seconds: float = HOUR
    restarts: int = 3
    restart_window_seconds: float = 10 * MINUTE

    def max_age(self, fact: str) -> float:
        return self.max_ages.get(fact, self.max_age_seconds)

    @classmethod
    def recorded(cls) -> Judging:
        """For evidence that people collected: hours pass between two looks, and documents are read once a day."""
        ages = MappingProxyType(dict.fromkeys(MAX_AGE_SECONDS, DAY))
        return replace(cls(), max_age_seconds=6 * HOUR, max_ages=ages, news_seconds=7 * DAY)
