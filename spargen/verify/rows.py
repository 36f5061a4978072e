"""Where the rows of each scene stand in an output folder, so that a scene's rows are read together.

A row costs eight bytes here, whatever it holds: its cell and where its line begins, in one number.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from spargen.run.naming import Cell
from spargen.run.read import open_rows, published_cells

_OFFSET_BITS = 44
"""Files of up to 17 TB, and a million cells."""
_OFFSET = 2**_OFFSET_BITS - 1


@dataclass(slots=True)
class RowIndex:
    """The rows of an output folder by (data set, scene).

    Parameters
    ----------
    files : the file of rows of each cell.
    rows : for each scene the places of its rows, in the order of the cells and of their lines.
    faults : what is wrong with a cell's file as a whole.
    """

    files: dict[Cell, Path] = field(default_factory=dict)
    rows: dict[tuple[str, str], array[int]] = field(default_factory=dict)
    faults: list[tuple[Cell, str]] = field(default_factory=list)


def index_rows(out: Path, sample: int | None = None) -> RowIndex:
    """Index the rows of an output folder; with `sample`, the first ones of each cell, which are a fair sample.

    Raises
    ------
    OutputError
        If the folder is no output.
    """
    index = RowIndex()
    for number, cell in enumerate(published_cells(out)):
        files = sorted((out / cell.row_folder).iterdir())
        index.files[cell] = next(file for file in files if file.suffix == ".jsonl")
        if len(files) != 1:
            index.faults.append((cell, f"{len(files)} files stand in its folder"))
        lines = _read_file(index, cell, number, sample)
        if sample is None and index.files[cell].name != f"{cell.form}_{lines}.jsonl":
            index.faults.append((cell, f"the file {index.files[cell].name} has {lines} lines"))
    return index


def _read_file(index: RowIndex, cell: Cell, number: int, sample: int | None) -> int:
    """Note where the lines of a file begin, and whose they are; return how many there are."""
    offset = lines = 0
    with open_rows(index.files[cell]) as file:
        for line in file:
            if lines == sample:
                break
            lines += 1
            scene = _scene_of(line)
            if scene is None or not line.endswith(b"\n"):
                index.faults.append((cell, f"line {lines} is damaged"))
            else:
                place = index.rows.setdefault((cell.dataset, scene), array("Q"))
                place.append(number << _OFFSET_BITS | offset)
            offset += len(line)
    return lines


def _scene_of(line: bytes) -> str | None:
    """Return the scene of a line, by its id; None where it is damaged."""
    try:
        name = orjson.loads(line)["id"].rpartition("_")[0]
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
        return None
    return str(name) or None


def read_rows(
    files: dict[Cell, Path], places: array[int], only: Callable[[Cell], bool] | None = None
) -> Iterator[tuple[Cell, dict[str, Any]]]:
    """Yield the rows at places, each with its cell; `files` in the order of the index; `only` chooses cells."""
    cells = list(files)
    if only is not None:
        chosen = [only(cell) for cell in cells]
        places = array("Q", (place for place in places if chosen[place >> _OFFSET_BITS]))
    at = -1
    file = None
    try:
        for place in places:
            number, offset = place >> _OFFSET_BITS, place & _OFFSET
            if number != at:
                if file is not None:
                    file.close()
                file, at = open_rows(files[cells[number]]), number
            if file is not None:
                file.seek(offset)
                yield cells[number], orjson.loads(file.readline())
    finally:
        if file is not None:
            file.close()
