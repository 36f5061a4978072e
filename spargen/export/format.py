"""What a format is: how a row looks in it, which file the row goes to, and what stands beside the files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from spargen.export.row import ExportRow
from spargen.export.store import Store
from spargen.run.files import JSON_LINE, whole
from spargen.run.naming import Cell

IMAGES = "images"
"""The folder of images in an export, for the formats that name files."""


@dataclass(frozen=True, slots=True)
class Exported:
    """What an export holds, for the files that describe it.

    Parameters
    ----------
    dest : its folder, absolute.
    made_by : all that its bytes follow from, as text.
    rows : by the name of each group of rows: those that go to one file, or to numbered ones.
    cells : rows by cell.
    terms : terms of use of each data set.
    """

    dest: Path
    made_by: str
    rows: Mapping[str, int]
    cells: Mapping[Cell, int]
    terms: Mapping[str, str]


Write = Callable[[Path, Sequence[ExportRow], Store], None]


@dataclass(frozen=True, slots=True)
class Format:
    """One form of export.

    Parameters
    ----------
    write : writes some rows into a file, whole or not at all.
    group : name of the file that a cell's rows go to, without number and suffix.
    suffix : of those files.
    joined : whether the pieces become one file a group; else they stay as numbered files.
    packed : whether the files hold the images; else the images stand beside them.
    describe : makes the files that describe the export, by name.
    forms : the forms it can hold; None = all.
    """

    write: Write
    group: Callable[[Cell], str]
    suffix: str
    describe: Callable[[Exported], Mapping[str, bytes]]
    joined: bool = False
    packed: bool = False
    forms: tuple[str, ...] | None = None

    def takes(self, cell: Cell) -> bool:
        """Tell whether rows of a cell can be written."""
        return self.forms is None or cell.form in self.forms


def by_split(cell: Cell) -> str:
    """Group rows by split: the name is also that of a data set in a trainer's list."""
    return f"spar_{cell.split}"


def lines(
    render: Callable[[ExportRow], Mapping[str, Any]],
    describe: Callable[[Exported], Mapping[str, bytes]],
) -> Format:
    """Return a format of one JSON object a line that names image files."""

    def write(path: Path, rows: Sequence[ExportRow], store: Store) -> None:
        for row in rows:
            for image in row.images:
                store.put(image)
        write_json_lines(path, map(render, rows))

    return Format(write, by_split, ".jsonl", describe, joined=True)


def write_json_lines(path: Path, values: Iterable[Mapping[str, Any]]) -> None:
    """Write one JSON object a line."""
    with whole(path) as file:
        file.writelines(orjson.dumps(value, option=JSON_LINE) for value in values)


def image_names(row: ExportRow) -> list[str]:
    """Return the names of a row's image files, relative to the export."""
    return [f"{IMAGES}/{image.name}" for image in row.images]


def conversations(row: ExportRow) -> list[dict[str, str]]:
    """Return question and answer as ShareGPT has them."""
    return [{"from": "human", "value": row.prompt}, {"from": "gpt", "value": row.answer}]


def messages(row: ExportRow) -> list[dict[str, str]]:
    """Return question and answer as messages of a user and an assistant."""
    return [{"role": "user", "content": row.prompt}, {"role": "assistant", "content": row.answer}]


def pretty(value: object) -> bytes:
    """Return a value as indented JSON."""
    return orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
