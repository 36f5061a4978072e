"""Chooses the rows of a bench: each task in one form that has a metric, as many of each, spread over scenes.

A fact that was asked in several wordings, such as the floor area of a scene, is taken once.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from spargen.bench.metrics import Metric, metric_of
from spargen.run.naming import Cell
from spargen.run.read import PublishedRow, choose_cells, read_cell
from spargen.seeds import hashed

_FACT = ("scene", "frames", "objects", "labels", "marks", "truth")
"""What makes two facts the same, whatever the words. Their `quantity` does not: it numbers repetitions, too."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a row stands: its cell and its number in there; of which scene it is, and the answer that it shares."""

    cell: Cell
    number: int
    scene: str
    answer: str


def choose(out: Path, split: str, rows: int) -> tuple[list[PublishedRow], list[str]]:
    """Choose rows of one split of an output.

    Parameters
    ----------
    out, split : the output folder and the split.
    rows : of each task at most.

    Returns
    -------
    The rows, task by task, and the tasks of which no form has a metric.

    Raises
    ------
    OutputError
        If the output has no such split.
    """
    by_task: dict[str, list[Cell]] = defaultdict(list)
    for cell in choose_cells(out, splits=[split]):
        by_task[cell.task].append(cell)
    chosen: list[Place] = []
    unscored = []
    for task, cells in by_task.items():
        form = _form(out, cells)
        if form is None:
            unscored.append(task)
        else:
            chosen += pick(_places(out, [cell for cell in cells if cell.form == form]), rows)
    return _read(out, chosen), unscored


def pick(places: Iterable[Place], rows: int) -> list[Place]:
    """Pick so many rows of a task: the scenes take turns, and of its own each gives one whose answer is rare so far."""
    left: dict[tuple[str, str], list[Place]] = defaultdict(list)
    for place in places:
        left[place.cell.dataset, place.scene].append(place)
    order = sorted(left, key=lambda scene: hashed("bench", *scene))
    answers: Counter[str] = Counter()
    picked: list[Place] = []
    while order and len(picked) < rows:
        for scene in order[: rows - len(picked)]:
            # Of equals min takes the first, and any first rows of a file are a fair sample.
            place = min(left[scene], key=lambda p: answers[p.answer])
            left[scene].remove(place)
            answers[place.answer] += 1
            picked.append(place)
        order = [scene for scene in order if left[scene]]
    return picked


def _form(out: Path, cells: Sequence[Cell]) -> str | None:
    """Return the form in which a task is asked: numbers as numbers, all else by its options where it has them."""
    found: dict[Metric, str] = {}
    for cell in sorted(cells, key=lambda c: ("select", "judge", "fill", "sentence").index(c.form)):
        metric = next((metric_of(cell.form, _answer(row)) for row in read_cell(out, cell)), None)
        if metric is not None:
            found.setdefault(metric, cell.form)
    return found.get("MRA") or found.get("five axes") or found.get("accuracy")


def _places(out: Path, cells: Sequence[Cell]) -> Iterator[Place]:
    """Yield the first row of each fact; answers are told apart where there are few of them."""
    seen: set[bytes] = set()
    for cell in cells:
        for number, row in enumerate(read_cell(out, cell)):
            fact = hashed(cell.dataset, *(row.fact.get(key) for key in _FACT))
            if fact in seen:
                continue
            seen.add(fact)
            answer = _answer(row) if cell.form in ("select", "judge") else ""
            yield Place(cell, number, str(row.fact["scene"]), answer)


def _read(out: Path, places: Sequence[Place]) -> list[PublishedRow]:
    """Read the rows at some places, in their order."""
    wanted: dict[Cell, set[int]] = defaultdict(set)
    for place in places:
        wanted[place.cell].add(place.number)
    found = {
        (cell, number): row
        for cell, numbers in wanted.items()
        for number, row in enumerate(read_cell(out, cell))
        if number in numbers
    }
    return [found[place.cell, place.number] for place in places]


def _answer(row: PublishedRow) -> str:
    return str(row.record["conversations"][1]["value"])
