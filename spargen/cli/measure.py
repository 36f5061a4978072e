"""Commands that measure a model: score."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from spargen.bench.score import Line, Score
from spargen.bench.score import score as score_answers
from spargen.cli.base import Quiet, command
from spargen.terminal import print_whole


class Rules(StrEnum):
    """Whose rules read the replies."""

    strict = "strict"
    lmms_eval = "lmms-eval"
    vlmevalkit = "vlmevalkit"


@command("score")
def score(
    answers: Annotated[Path, typer.Argument(metavar="ANSWERS.jsonl", help="Lines with `index` and `prediction`.")],
    bench: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder of the bench.", show_default="the folder of the answers")
    ] = None,
    like: Annotated[
        Rules, typer.Option(help="Read replies by strict rules, or as a harness reads them.")
    ] = Rules.strict,
    json_file: Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Write it all, row by row.")] = None,
    quiet: Quiet = False,
) -> None:
    """Score what a model replied to the rows of a bench: by task, by level and in all.

    Scores are percent, each with its standard error, scenes being what was drawn. Beside them stand the floors: what
    replies drawn at random reach, and the best that one and the same reply to all rows of a task reaches. A row without
    a reply counts as wrong.
    """
    found = score_answers(answers, bench or answers.parent, like.value)
    if json_file is not None:
        json_file.write_bytes(found.as_json())
    if not quiet:
        print_whole(_table(found))
    if found.unknown:
        names = ", ".join(f"{task} ({number})" for task, number in found.unknown.items())
        print(f"left out, {like.value} does not know them: {names}")
    if found.unanswered:
        print(f"rows without a reply, counted as wrong: {len(found.unanswered)} of {len(found.rows)}")


def _table(found: Score) -> Table:
    columns = ("level", "metric", "rows", "scenes", "score", "+-", "random", "constant")
    table = Table("task", *columns, title=f"read by the rules of {found.like}" if found.like != "strict" else None)
    for line in found.tasks:
        table.add_row(line.name, *_cells(line))
    table.add_section()
    for line in found.together:
        table.add_row(line.name, *_cells(line))
    return table


def _cells(line: Line) -> tuple[str, ...]:
    error = "" if line.error is None else f"{100 * line.error:.1f}"
    floors = (f"{100 * line.random:.1f}", f"{100 * line.constant:.1f}")
    return (line.level, line.metric, f"{line.rows:,}", f"{line.scenes:,}", f"{100 * line.score:.1f}", error, *floors)
