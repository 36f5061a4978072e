"""A bench on disk: ``rows.jsonl`` names its rows, and a file of answers replies to them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import orjson

from spargen.errors import OutputError
from spargen.run.read import open_rows

ROWS = "rows.jsonl"
_MEND_ROWS = "make the bench again with `spargen bench`"


@dataclass(frozen=True, slots=True)
class BenchRow:
    """One question of a bench.

    Parameters
    ----------
    index : its number in the bench.
    dataset, split, scene, id : where it comes from.
    task, form, level : its cell, and SPAR's level of the task; "" if the task is not SPAR's.
    question, answer : its texts.
    image : its images with the marks drawn in, relative to the folder of the bench.
    """

    index: int
    dataset: str
    split: str
    scene: str
    id: str
    task: str
    form: str
    level: str
    question: str
    answer: str
    image: list[str]

    @property
    def offered(self) -> tuple[str, ...]:
        """The letters of the options that stand in the question."""
        return tuple(re.findall(r"^([A-Z])\. ", self.question, re.MULTILINE))


def lines_of(rows: Iterable[BenchRow]) -> Iterator[bytes]:
    """Yield the lines of `ROWS`."""
    for row in rows:
        yield orjson.dumps(asdict(row), option=orjson.OPT_APPEND_NEWLINE)


def read_bench(folder: Path) -> list[BenchRow]:
    """Read the rows of a bench; `OutputError` if the folder is none or a line is damaged."""
    file = folder / ROWS
    if not file.is_file():
        mend = "name the folder of `spargen bench` with --bench, or put the answers into it"
        raise OutputError(f"there is no {ROWS} here", where=folder, mend=mend)
    names = {field.name for field in fields(BenchRow)}
    rows = []
    for number, line in _lines(file):
        if line.keys() != names:
            raise OutputError("this line is no row of a bench", where=f"{file}:{number}", mend=_MEND_ROWS)
        rows.append(BenchRow(**line))
    return rows


def read_replies(file: Path, rows: Iterable[BenchRow]) -> dict[int, str]:
    """Read a file of answers: one JSON object a line, with the `index` of a row and the `prediction`.

    Raises
    ------
    OutputError
        With file and line, where a line is damaged, names no row, or a row for the second time.
    """
    known = {row.index for row in rows}
    replies: dict[int, str] = {}
    for number, line in _lines(file):
        where = f"{file}:{number}"
        index, reply = line.get("index"), line.get("prediction")
        if type(index) is not int or not isinstance(reply, str):
            mend = 'write {"index": 0, "prediction": "the reply, as a text"}'
            raise OutputError("this line is no answer", where=where, mend=mend)
        if index not in known:
            raise OutputError(f"the bench has no row {index}", where=where, mend="name the right bench with --bench")
        if index in replies:
            raise OutputError(f"row {index} is answered twice", where=where, mend="keep one of the lines")
        replies[index] = reply
    return replies


def _lines(file: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the objects of a file of lines, each with its number; blank lines do not count."""
    with open_rows(file, "write it again") as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                found = orjson.loads(line)
            except orjson.JSONDecodeError:
                found = None
            if not isinstance(found, dict):
                raise OutputError("this line is no JSON object", where=f"{file}:{number}", mend="write it again")
            yield number, found
