"""Scores a file of answers: a line for each task, for each of SPAR's levels and for all, with its uncertainty."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import orjson

from spargen.bench import lmms_eval, strict, vlmevalkit
from spargen.bench.floors import floors
from spargen.bench.harness import knows
from spargen.bench.metrics import clustered_error, metric_of
from spargen.bench.row import BenchRow, read_bench, read_replies
from spargen.errors import OutputError

Like = Literal["strict", "lmms-eval", "vlmevalkit"]
SCORERS: dict[Like, Callable[[str, BenchRow], float]] = {
    "strict": strict.score,
    "lmms-eval": lmms_eval.score,
    "vlmevalkit": vlmevalkit.score,
}
_LEVELS = ("low", "medium", "high")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table; scores lie between 0 and 1.

    Parameters
    ----------
    name, level : the task, or "" and the level, or "all".
    metric : what the score is; "" where tasks are taken together.
    rows, scenes : how many it stands on.
    score : mean over the rows of a task, or over the tasks of a level.
    error : its standard error, scenes being what was drawn; None with fewer than two.
    random, constant : the floors, see `spargen.bench.floors`.
    """

    name: str
    level: str
    metric: str
    rows: int
    scenes: int
    score: float
    error: float | None
    random: float
    constant: float


@dataclass(frozen=True, slots=True)
class Score:
    """What a file of answers is worth.

    Parameters
    ----------
    like : whose rules were used.
    tasks, together : the lines of the tasks; those of the levels and of all.
    rows : the score of each row, by its index.
    unanswered : rows without a reply, which count as wrong.
    unknown : rows that the harness does not know, by task; they are left out.
    """

    like: Like
    tasks: tuple[Line, ...]
    together: tuple[Line, ...]
    rows: Mapping[int, float]
    unanswered: tuple[int, ...]
    unknown: Mapping[str, int]

    def as_json(self) -> bytes:
        """Return everything as indented JSON."""
        return orjson.dumps(self, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE | orjson.OPT_NON_STR_KEYS)


def score(answers: Path, bench: Path, like: Like = "strict") -> Score:
    """Score a file of answers.

    Parameters
    ----------
    answers : JSON lines with the `index` of a row and the `prediction`.
    bench : folder that `spargen bench` wrote.
    like : whose rules read the replies: the strict ones, or those of a harness.

    Raises
    ------
    OutputError
        If a file cannot be read, answers do not belong to the bench, or the harness knows none of its rows.
    """
    everything = read_bench(bench)
    replies = read_replies(answers, everything)
    rows = [row for row in everything if like == "strict" or knows(row.task, row.form)]
    if not rows:
        raise OutputError("the bench has no row that can be scored", where=bench, mend="leave --like out")
    rule = SCORERS[like]
    scores = {row.index: rule(replies[row.index], row) if row.index in replies else 0.0 for row in rows}
    by_task: dict[str, list[BenchRow]] = defaultdict(list)
    for row in rows:
        by_task[row.task].append(row)
    tasks = {task: _task(found, scores, rule) for task, found in by_task.items()}
    unknown: dict[str, int] = defaultdict(int)
    for row in everything:
        unknown[row.task] += row.index not in scores
    return Score(
        like,
        tuple(tasks.values()),
        tuple(_together(tasks, by_task, scores, like)),
        scores,
        tuple(row.index for row in rows if row.index not in replies),
        {task: number for task, number in unknown.items() if number},
    )


def _task(rows: Sequence[BenchRow], scores: Mapping[int, float], rule: Callable[[str, BenchRow], float]) -> Line:
    first = rows[0]
    metric = str(metric_of(first.form, first.answer))
    return _line(first.task, first.level, metric, [rows], scores, floors(rows, rule))


def _together(
    tasks: Mapping[str, Line], by_task: Mapping[str, list[BenchRow]], scores: Mapping[int, float], like: Like
) -> Iterable[Line]:
    """Yield the lines of the levels, and that of all: means over tasks, as SPAR has them."""
    left_out = lmms_eval.NOT_IN_A_LEVEL if like == "lmms-eval" else frozenset()
    groups = {level: [t for t, line in tasks.items() if line.level == level and t not in left_out] for level in _LEVELS}
    for level, names in {**groups, "all": list(tasks)}.items():
        if names:
            lines = [tasks[name] for name in names]
            floor = sum(line.random for line in lines) / len(lines), sum(line.constant for line in lines) / len(lines)
            yield _line("", level, "", [by_task[name] for name in names], scores, floor)


def _line(
    name: str,
    level: str,
    metric: str,
    groups: Sequence[Sequence[BenchRow]],
    scores: Mapping[int, float],
    floor: tuple[float, float],
) -> Line:
    """Return a line of some tasks: the mean of their means."""
    pulls: dict[tuple[str, str], float] = defaultdict(float)
    means = []
    for rows in groups:
        means.append(mean := sum(scores[row.index] for row in rows) / len(rows))
        for row in rows:
            pulls[row.dataset, row.scene] += (scores[row.index] - mean) / (len(rows) * len(groups))
    total = sum(map(len, groups))
    return Line(
        name, level, metric, total, len(pulls), sum(means) / len(means), clustered_error(pulls.values()), *floor
    )
