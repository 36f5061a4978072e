"""Exports an output folder: rows in pieces over processes, the same bytes for any number of them, whole or resumable.

While it works, the folder holds `.parts`, which says what it is becoming; pieces and images take their names only when
they are complete. The same command goes on where one ended; ``export.json`` is written last and says that all is there.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson

from spargen.errors import OutputError
from spargen.export.choice import Choice, count, grouped, rows_of
from spargen.export.format import IMAGES, Exported, Format
from spargen.export.row import ExportRow, neutral_row
from spargen.export.store import QUALITY, Store
from spargen.export.table import FORMATS
from spargen.fingerprint import installed_version
from spargen.reading import read_bytes
from spargen.run.executors import WorkerLostError, run_each
from spargen.run.files import leftovers, whole, write_bytes, write_json, writing
from spargen.run.naming import Cell

IMAGES_A_PIECE = 2048
"""A piece is closed with the row that reaches this: what a process has in hand, and what a kill costs at most."""
_PARTS, _DONE = ".parts", "export.json"


@dataclass(frozen=True, slots=True)
class Pictures:
    """How images are shown: with their marks or without; the longer side at most so many pixels, None = as it is."""

    draw: bool = True
    size_px: int | None = None


@dataclass(frozen=True, slots=True)
class Summary:
    """What came of an export: its rows and their images, rows that were left out for having too many, and files."""

    rows: int
    images: int
    left_out: int
    files: int


@dataclass(frozen=True, slots=True)
class Piece:
    """Some rows and the file that they go to."""

    path: Path
    rows: tuple[ExportRow, ...]


@dataclass(frozen=True, slots=True)
class _Writer:
    """Writes one piece; goes to the worker processes."""

    form: str
    store: Store

    def __call__(self, piece: Piece) -> None:
        FORMATS[self.form].write(piece.path, piece.rows, self.store)


class _Plan:
    """What is exported where; counts what it hands out."""

    def __init__(self, out: Path, dest: Path, form: Format, choice: Choice, *, draw: bool) -> None:
        self.out, self.form, self.choice, self.draw = out, form, choice, draw
        self.groups = grouped(count(out, choice, form.takes), form.group)
        self.total = sum(sum(cells.values()) for cells in self.groups.values())
        self.folder = dest / _PARTS / "pieces" if form.joined else dest
        self.rows: Counter[str] = Counter()
        self.cells: Counter[Cell] = Counter()
        self.images = self.left_out = 0

    def pieces(self) -> Iterator[Piece]:
        """Cut the rows of each group into pieces; the same ones each time."""
        for name, counts in self.groups.items():
            rows, images, number = list[ExportRow](), 0, 0
            for row in self._read(counts):
                rows.append(row)
                images += len(row.images)
                self.rows[name] += 1
                if images >= IMAGES_A_PIECE:
                    yield Piece(self.path(name, number), tuple(rows))
                    rows, images, number = [], 0, number + 1
            if rows:
                yield Piece(self.path(name, number), tuple(rows))

    def path(self, group: str, number: int) -> Path:
        """Return the file of a piece."""
        return self.folder / f"{group}-{number:05d}{self.form.suffix}"

    def _read(self, counts: Mapping[Cell, int]) -> Iterator[ExportRow]:
        for published in rows_of(self.out, counts, shuffle=self.choice.shuffle):
            if self.choice.frames is not None and len(published.record["image"]) > self.choice.frames:
                self.left_out += 1
                continue
            row = neutral_row(published, draw=self.draw)
            self.cells[row.cell] += 1
            self.images += len(row.images)
            yield row


def export(
    out: Path,
    form: str,
    dest: Path,
    *,
    choice: Choice | None = None,
    pictures: Pictures | None = None,
    workers: int = 1,
    watch: Callable[[int, int], None] | None = None,
) -> Summary:
    """Write the rows of an output folder in a trainer's format.

    Parameters
    ----------
    out, form, dest : the output folder, a name of `FORMATS`, and the folder that receives the export.
    choice, pictures : which rows, and how their images are shown.
    workers : processes; any number gives the same bytes.
    watch : called with the rows that are done, and all of them.

    Raises
    ------
    OutputError, JobError
        If `out` is no finished output, `dest` holds something else, nothing is chosen, or an image cannot be read.
    """
    choice, pictures, chosen = choice or Choice(), pictures or Pictures(), FORMATS[form]
    manifest, terms = read_manifest(out)
    key = _key(manifest, form, choice, pictures)
    if (earlier := _claim(dest, key)) is not None:
        return earlier
    plan = _Plan(out, dest, chosen, choice, draw=pictures.draw)
    images = dest / _PARTS / IMAGES if chosen.packed else dest / IMAGES
    writer = _Writer(form, Store(images, dest / _PARTS / "scratch", pictures.size_px))
    done = 0

    def lacking() -> Iterator[Piece]:
        nonlocal done
        for piece in plan.pieces():
            if piece.path.exists():
                done += len(piece.rows)
            else:
                yield piece

    for piece, answer in run_each(writer, lacking(), workers=workers):
        if isinstance(answer, WorkerLostError):
            raise OutputError(str(answer), where=piece.path, mend="give the same command again: it resumes")
        done += len(piece.rows)
        if watch is not None:
            watch(done, plan.total)
    return _finish(dest, key, plan, terms)


def read_manifest(out: Path) -> tuple[bytes, Mapping[str, str]]:
    """Return the manifest of an output folder, and the terms of use in it.

    Raises
    ------
    OutputError
        If the output is not finished, or its manifest is damaged.
    """
    file, mend = out / "manifest.json", "give the command that makes it again"
    try:
        manifest = read_bytes(file)
        return manifest, {str(name): str(text) for name, text in orjson.loads(manifest)["terms_of_use"].items()}
    except FileNotFoundError as error:
        raise OutputError("the output is not finished", where=file, mend=mend) from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise OutputError("the manifest is damaged", where=file, mend=mend) from error


def _key(manifest: bytes, form: str, choice: Choice, pictures: Pictures) -> dict[str, Any]:
    """Return what the bytes of an export depend on."""
    chosen = {
        name: sorted(value) if isinstance(value, set | tuple | list) else value
        for name, value in asdict(choice).items()
    }
    shown = {**asdict(pictures), "quality": QUALITY, "images_a_piece": IMAGES_A_PIECE}
    made = {"output": sha256(manifest).hexdigest(), "spargen": installed_version("spargen")}
    return {"format": form, **made, "rows": chosen, "images": shown}


def _claim(dest: Path, key: Mapping[str, Any]) -> Summary | None:
    """Make the folder this export's own; return what is in it if it is whole already."""
    done, begun = dest / _DONE, dest / _PARTS / _DONE
    for file in (done, begun):
        if file.exists():
            mend = "choose another --dest, or remove this folder"
            try:
                found = orjson.loads(read_bytes(file))
                same, holds = found["made_by"] == key, Summary(**found["holds"]) if file == done else None
            except (OSError, ValueError, KeyError, TypeError) as error:
                raise OutputError("the record of this export is damaged", where=file, mend=mend) from error
            if not same:
                raise OutputError("another export stands here, or another output was exported", where=dest, mend=mend)
            if file == done:
                shutil.rmtree(dest / _PARTS, ignore_errors=True)
            return holds
    if dest.exists() and any(dest.iterdir()):
        raise OutputError("the folder holds something else", where=dest, mend="choose an empty folder as --dest")
    write_json(begun, {"made_by": key})
    return None


def _finish(dest: Path, key: Mapping[str, Any], plan: _Plan, terms: Mapping[str, str]) -> Summary:
    """Join the pieces, describe what is there, and say that it is whole."""
    if not plan.rows:
        raise OutputError("every row has more images than --frames", where=plan.out, mend="allow more images")
    if plan.form.joined:
        for group in plan.rows:
            _join(plan, group, dest / f"{group}{plan.form.suffix}")
    exported = Exported(dest.resolve(), str(key), dict(plan.rows), dict(plan.cells), terms)
    for name, data in plan.form.describe(exported).items():
        write_bytes(dest / name, data)
    files = len(plan.rows) if plan.form.joined else sum(1 for _ in dest.rglob(f"*{plan.form.suffix}"))
    summary = Summary(plan.rows.total(), plan.images, plan.left_out, files)
    holds = {"made_by": key, "holds": asdict(summary)}
    with writing(dest):
        for left in leftovers(dest):
            left.unlink()  # of a process that was killed as it wrote
        write_json(dest / _DONE, holds)
        shutil.rmtree(dest / _PARTS)
    return summary


def _join(plan: _Plan, group: str, path: Path) -> None:
    number = 0
    with whole(path) as file:
        while (piece := plan.path(group, number)).exists():
            with piece.open("rb") as lines:
                shutil.copyfileobj(lines, file)
            number += 1
