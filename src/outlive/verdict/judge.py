"""The judge: all observations in, one verdict a host out. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from outlive.model.observation import Observation
from outlive.model.verdict import Name, Verdict
from outlive.verdict.judgement import Judgement
from outlive.verdict.judging import Judging


def judge(observations: Iterable[Observation], *, now: datetime, settings: Judging = Judging()) -> Judgement:
    """Observations of any age, in any order, also repeated ones. Enrolments come among them (fact `enrolled`)."""
    names = sorted({one.subject for one in observations if one.fact == "enrolled"})
    return Judgement(tuple(Verdict(name, Name.NO_DATA, False) for name in names))
