"""Commands that measure a model: bench and score."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from spargen.cli.base import Quiet, Workers, command
from spargen.terminal import bar, print_whole, say

if TYPE_CHECKING:
    from spargen.bench.make import Bench
    from spargen.bench.score import Line, Score


class Rules(StrEnum):
    """Whose rules read the replies."""

    strict = "strict"
    lmms_eval = "lmms-eval"
    vlmevalkit = "vlmevalkit"


@command("bench")
def bench(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="An output folder.")],
    dest: Annotated[Path, typer.Option(help="Empty folder that receives the bench.")],
    split: Annotated[str, typer.Option(help="The split whose scenes are asked about.")] = "val",
    rows: Annotated[int, typer.Option(min=1, help="Rows of each task at most.")] = 400,
    workers: Workers = None,
    quiet: Quiet = False,
) -> None:
    """Make benchmark rows of one split, with marks drawn into their images, for `spargen score` and two harnesses.

    Each task is asked in one form: measures as numbers, all else by its options; tasks of which no reply can be scored
    are left out. lmms-eval and VLMEvalKit know twenty tasks; the table says which rows are in the files for them.
    """
    from spargen.bench.make import make_bench
    from spargen.run.executors import cores
    from spargen.tasks.registry import TASKS, load_builtin_tasks

    load_builtin_tasks()
    levels = {name: task.level for name, task in TASKS.items()}
    with bar("rows", quiet) as step:
        made = make_bench(
            out,
            dest,
            split=split,
            rows=rows,
            levels=levels,
            workers=workers or cores(),
            watch=lambda done, total: step(done, total, f"{done:,} rows drawn" if done == total else ""),
        )
    if not quiet:
        print_whole(_asked(made, rows))
    for task in made.unscored:
        say(f"left out: {task}, no form of it has a metric", quiet)


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
    from spargen.bench.score import score as score_answers

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


def _asked(made: Bench, rows: int) -> Table:
    table = Table("task", "level", "form", "metric", "rows", "scenes", "in the harnesses' files")
    for asked in made.asked:
        number = f"{asked.rows:,}" if asked.rows == rows else f"{asked.rows:,} of {rows:,}"
        where = "yes" if asked.harnesses else "no: `spargen score` only"
        table.add_row(asked.task, asked.level, asked.form, asked.metric, number, f"{asked.scenes:,}", where)
    return table


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
