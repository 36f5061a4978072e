"""Reads what a run wrote: every record with the fact behind it and its images, one at a time."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from io import BufferedReader
from itertools import zip_longest
from pathlib import Path
from typing import Any

import orjson

from spargen.errors import OutputError, nearest
from spargen.reading import open_plain
from spargen.run.naming import Cell, images_folder
from spargen.scene.names import can_name_a_file

_MEND = "give the command that made the output again"


@dataclass(frozen=True, slots=True)
class PublishedRow:
    """One question of an output folder.

    Parameters
    ----------
    cell : data set, split, task and form.
    record : the SPAR record.
    fact : what stands behind it.
    folder : where the paths of the record start.
    """

    cell: Cell
    record: Mapping[str, Any]
    fact: Mapping[str, Any]
    folder: Path

    @property
    def images(self) -> tuple[Path, ...]:
        """The record's images, in its order."""
        return tuple(self.folder / name for name in self.record["image"])

    @property
    def depth_images(self) -> tuple[Path, ...]:
        """The record's depth images, in its order; none without ``rgbd: true``."""
        return tuple(self.folder / name for name in self.record.get("depth", ()))


def read(
    out: Path,
    *,
    datasets: Collection[str] | None = None,
    splits: Collection[str] | None = None,
    tasks: Collection[str] | None = None,
    forms: Collection[str] | None = None,
) -> Iterator[PublishedRow]:
    """Read an output folder, cell by cell, in the order of its files. Memory does not grow with the output.

    Parameters
    ----------
    out : the folder.
    datasets, splits, tasks, forms : only these; all by default.

    Raises
    ------
    OutputError
        If the folder is no output or has nothing of a name; and, while it is read, with file and line, where rows and
        facts do not belong together or a line is damaged.
    """
    cells = choose_cells(out, datasets=datasets, splits=splits, tasks=tasks, forms=forms)
    return (row for cell in cells for row in read_cell(out, cell))


def choose_cells(
    out: Path,
    *,
    datasets: Collection[str] | None = None,
    splits: Collection[str] | None = None,
    tasks: Collection[str] | None = None,
    forms: Collection[str] | None = None,
) -> list[Cell]:
    """Return the cells that `read` reads, in its order; `OutputError` if the output has nothing of a name."""
    cells = published_cells(out)
    wanted = {"dataset": datasets, "split": splits, "task": tasks, "form": forms}
    for kind, names in wanted.items():
        known = {getattr(cell, kind) for cell in cells}
        for name in names or ():
            if name not in known:
                mend = nearest(name, known, f"there are: {', '.join(sorted(known)) or 'none'}")
                raise OutputError(f"the output has no {kind} {name!r}", where=out, mend=mend)
    return [c for c in cells if all(n is None or getattr(c, kind) in n for kind, n in wanted.items())]


def published_cells(out: Path) -> list[Cell]:
    """Return the cells of an output folder, sorted; `OutputError` if it is none."""
    folders = sorted((out / "spar").glob("*/qa_jsonl/*/*/*/"))
    if not folders and not any((out / "spar").glob("*/qa_jsonl")):
        raise OutputError("this is no output folder", where=out, mend="name the --out of `spargen generate`")
    return sorted(Cell(f.parts[-5], *f.parts[-3:]) for f in folders if any(f.glob("*.jsonl")))


def open_rows(file: Path, mend: str = _MEND) -> BufferedReader:
    """Open a file of lines; `OutputError` with `mend` if it is no regular file."""
    try:
        return open_plain(file)
    except OSError as error:
        raise OutputError(f"the file cannot be read ({error.strerror})", where=file, mend=mend) from error


def read_cell(out: Path, cell: Cell) -> Iterator[PublishedRow]:
    """Read the rows of one cell, in the order of its file; for the errors see `read`."""
    row_file, fact_file = _row_file(out, cell), out / cell.fact_file
    if not fact_file.exists():
        raise OutputError("the facts of this file are missing", where=row_file, mend=_MEND)
    folder, number = images_folder(out, cell.dataset), 0
    with open_rows(row_file) as rows, open_rows(fact_file) as facts:
        for number, (row, fact) in enumerate(zip_longest(rows, facts), start=1):
            if row is None or fact is None:
                short = row_file if row is None else fact_file
                raise OutputError(
                    "the file ends early: rows and facts do not fit", where=f"{short}:{number}", mend=_MEND
                )
            record, trace = _parsed(row, row_file, number), _parsed(fact, fact_file, number)
            if not (names_images(record, "image") and names_images({"depth": [], **record}, "depth")):
                where = f"{row_file}:{number}"
                raise OutputError("this row names images outside of their folder, or none", where=where, mend=_MEND)
            if record["id"] != trace["id"]:
                what = f"the fact is that of {trace['id']}, the row that of {record['id']}"
                raise OutputError(what, where=f"{fact_file}:{number}", mend=_MEND)
            yield PublishedRow(cell, record, trace, folder)
    if row_file != out / cell.row_file(number):
        raise OutputError(f"the file holds {number} rows, not what its name says", where=row_file, mend=_MEND)


def names_images(record: Mapping[str, Any], key: str) -> bool:
    """Tell whether a record names images under a key, each by a path that leads to no other folder."""
    names = record.get(key)
    return isinstance(names, list) and all(isinstance(name, str) and _is_inside(name) for name in names)


@lru_cache(maxsize=65_536)
def _is_inside(name: str) -> bool:
    return all(map(can_name_a_file, name.split("/")))


def rows_in(out: Path, cell: Cell) -> int:
    """Return how many rows a cell has, by the name of its file; `OutputError` where that is no number."""
    file = _row_file(out, cell)
    number = file.stem.rpartition("_")[2]
    if not number.isdecimal():
        raise OutputError("the name of this file does not end in its number of rows", where=file, mend=_MEND)
    return int(number)


def _row_file(out: Path, cell: Cell) -> Path:
    files = sorted((out / cell.row_folder).glob("*.jsonl"))
    if len(files) != 1:
        what = f"{len(files)} files of rows stand here: a merge was cut short"
        raise OutputError(what, where=out / cell.row_folder, mend=_MEND)
    return files[0]


def _parsed(line: bytes, file: Path, number: int) -> dict[str, Any]:
    try:
        found = orjson.loads(line)
    except orjson.JSONDecodeError:
        found = None
    if not isinstance(found, dict) or "id" not in found:
        raise OutputError("this line is damaged", where=f"{file}:{number}", mend=_MEND)
    return found
