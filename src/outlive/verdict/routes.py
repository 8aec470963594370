"""Where a name led, and when: from DNS answers and from what people did to DNS. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from outlive.verdict.evidence import Evidence, field, texts
from outlive.verdict.subjects import address, bare

_EVER_BEFORE = datetime.min.replace(tzinfo=UTC)
_TOGETHER = timedelta(seconds=5)  # a page and the name it was asked by are looked at in one go

_Answer = tuple[datetime, tuple[str, ...]]


class Routes:
    """Every name that was ever resolved, with its answers over time."""

    def __init__(self, evidence: Evidence) -> None:
        self._answers: dict[str, list[_Answer]] = {}
        for one in evidence.of("dns.addresses"):
            found = tuple(sorted(filter(None, map(address, texts(one.value)))))
            if found:
                self._answers.setdefault(bare(one.subject), []).append((one.at, found))
        for name, changes in self._changed(evidence):
            self._answers.setdefault(name, []).extend(changes)
        for answers in self._answers.values():
            answers.sort()

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(sorted(self._answers))

    def ever(self, name: str) -> tuple[_Answer, ...]:
        """Oldest first."""
        return tuple(self._answers.get(name, ()))

    def at(self, name: str, moment: datetime) -> tuple[str, ...]:
        """Where the name led then, as far as anybody looked: the last answer until then, else the first after it."""
        answers = self._answers.get(name, [])
        before = [found for at, found in answers if at <= moment + _TOGETHER]
        return before[-1] if before else answers[0][1] if answers else ()

    def _changed(self, evidence: Evidence) -> Iterator[tuple[str, list[_Answer]]]:
        """What people did (`action`, "dns change"): until then it led to `from`, since then to `to`."""
        for one in evidence.of("action"):
            detail = field(one, "detail")
            if field(one, "what") != "dns change" or not isinstance(detail, dict):
                continue
            name = detail.get("name") or (next(iter(self._answers)) if len(self._answers) == 1 else one.subject)
            before, after = (tuple(filter(None, map(address, texts(detail.get(key))))) for key in ("from", "to"))
            yield (
                bare(str(name)),
                [
                    *([(_EVER_BEFORE, before)] if before else []),
                    *([(one.at, after)] if after else []),
                ],
            )
