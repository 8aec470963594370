"""`outlive diagnose`: judges recorded evidence, offline."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from outlive.cli.app import JsonOption, Output, app
from outlive.cli.diagnose_words import document, words
from outlive.errors import EvidenceUnreadable
from outlive.model.observation import Observation
from outlive.verdict.judge import judge
from outlive.verdict.judging import Judging
from outlive.verdict.recorded import BadLine, observations

EVIDENCE = "evidence.jsonl"
EVER = datetime.max.replace(tzinfo=UTC)  # the judgement of nothing has no moment


@app.command()
def diagnose(
    evidence_dir: Annotated[Path, typer.Argument(help=f"The directory that holds {EVIDENCE}.", show_default=False)],
    as_json: JsonOption = False,
) -> int:
    """Judge recorded evidence offline: which machine is it, what is wrong, what contradicts what, what to ask next.

    Exit 0: all is well. 1: something was found. 3: nothing could be told.
    """
    seen = read_evidence(evidence_dir / EVIDENCE)
    at = max((one.at for one in seen), default=EVER)
    judgement = judge(seen, now=at, settings=Judging.recorded())
    output = Output(as_json)
    output.document(document(judgement, at))
    if not as_json:
        output.console.print("\n".join(words(judgement, at)))
    return judgement.exit_code


def read_evidence(file: Path) -> tuple[Observation, ...]:
    """Raises EvidenceUnreadable: with a line that cannot be read, nothing is judged."""
    try:
        content = file.read_bytes()
    except OSError as error:
        raise EvidenceUnreadable(
            f"{file}: {error.strerror}.", hint=f"Name the directory that holds {EVIDENCE} (docs/how-to/diagnose.md)."
        ) from error
    try:
        return observations(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise EvidenceUnreadable(f"{file}, line {line}: no UTF-8.", hint="Write the file anew in UTF-8.") from error
    except BadLine as error:
        raise EvidenceUnreadable(f"{file}, line {error.number}: {error.why}.") from error
