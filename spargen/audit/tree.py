"""The rows of any SPAR-layout tree: an output of spargen with its facts, or a bare one such as SPAR-7M's own."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from spargen.errors import OutputError
from spargen.run.naming import Cell
from spargen.run.read import names_images, open_rows, published_cells, read_cell

_RESCAN = re.compile(r"([A-Za-z]+\d{4})_\d\d")
"""A scene of ScanNet: the number of a room, and that of its scan."""
_LAYOUT = "qa_jsonl/*/*/*/*.jsonl"
_MEND = "name an output of spargen, or a folder with <dataset>/qa_jsonl/<split>/<task>/<form>/*.jsonl"


class Asked(NamedTuple):
    """One kind of question: a task in a form, over all data sets and splits."""

    task: str
    form: str

    def __str__(self) -> str:
        return f"{self.task}/{self.form}"


@dataclass(frozen=True, slots=True)
class TreeRow:
    """One row.

    Parameters
    ----------
    dataset : its data set.
    record : the SPAR record.
    fact : what stands behind it; None in a bare tree.
    folder : where the paths of its images start.
    """

    dataset: str
    record: Mapping[str, Any]
    fact: Mapping[str, Any] | None
    folder: Path

    @property
    def id(self) -> str:
        """The record's id."""
        return str(self.record["id"])

    @property
    def question(self) -> str:
        """What is asked, options included, without the tokens that loaders put before it."""
        return str(self.record["conversations"][0]["value"]).replace("<image>", "").strip()

    @property
    def answer(self) -> str:
        """What the row answers."""
        return str(self.record["conversations"][1]["value"]).strip()

    @property
    def images(self) -> list[str]:
        """The images' paths below `folder`."""
        found = self.record.get("image", [])
        return [found] if isinstance(found, str) else list(found)

    @property
    def place(self) -> str:
        """Where it was asked: the scene, scans of one room being one place."""
        first = self.images[0] if self.images else ""
        scene = first.split("/")[0] if "/" in first else self.id.rpartition("_")[0] or self.id
        rescan = _RESCAN.fullmatch(scene)
        return f"{self.dataset}/{rescan[1] if rescan else scene}"


class Tree:
    """A SPAR-layout tree: which kinds of question it has, and the rows of each.

    Raises
    ------
    OutputError
        If there is no such tree in the folder.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._cells: dict[Asked, list[Cell]] = defaultdict(list)
        self._files: dict[Asked, list[Path]] = defaultdict(list)
        if (root / "facts").is_dir():
            for cell in published_cells(root):
                self._cells[Asked(cell.task, cell.form)].append(cell)
        else:
            for file in _files_of(root):
                self._files[Asked(*file.parts[-3:-1])].append(file)
        if not self.asked:
            raise OutputError("there are no rows here", where=root, mend=_MEND)

    @property
    def asked(self) -> list[Asked]:
        """All kinds of question, sorted."""
        return sorted({*self._cells, *self._files})

    @property
    def has_facts(self) -> bool:
        """Whether the rows have facts."""
        return bool(self._cells)

    def rows(self, asked: Asked) -> Iterator[TreeRow]:
        """Yield the rows of one kind, in the order of the files.

        Raises
        ------
        OutputError
            With file and line, where one is damaged.
        """
        for cell in self._cells.get(asked, ()):
            for row in read_cell(self.root, cell):
                yield TreeRow(cell.dataset, row.record, row.fact, row.folder)
        for file in self._files.get(asked, ()):
            dataset = file.parts[-6]
            folder = file.parents[4] / "images"
            for number, line in enumerate(_bytes(file).splitlines(), start=1):
                if line.strip():
                    yield TreeRow(dataset, _record(line, file, number), None, folder)


def _files_of(root: Path) -> list[Path]:
    """Return the files of rows below a folder: that of several data sets, of an output without facts, or of one."""
    for pattern in (f"*/{_LAYOUT}", f"spar/*/{_LAYOUT}", _LAYOUT):
        if found := sorted(root.absolute().glob(pattern)):
            return found
    return []


def _bytes(file: Path) -> bytes:
    with open_rows(file) as rows:
        return rows.read()


def _record(line: bytes, file: Path, number: int) -> dict[str, Any]:
    try:
        found = orjson.loads(line)
        turns = found["conversations"]
        whole = len(turns) == 2 and all("value" in turn for turn in turns) and "id" in found
    except (orjson.JSONDecodeError, KeyError, TypeError):
        whole = False
    if whole and "image" in found:
        names = found["image"]
        whole = names_images({"image": [names] if isinstance(names, str) else names}, "image")
    if not whole:
        raise OutputError("this line is no row", where=f"{file}:{number}", mend="mend the file or leave it out")
    return {"type": file.parts[-3], **found}
