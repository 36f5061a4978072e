"""The product: the files of an output folder that merges wrote, in SPAR's layout.

The lines of a scene stand in its part until they are merged, and from then on in the product alone. The manifest says
what is merged: the digest of each scene's part, and the size of each file. Before a file is replaced, its new size is
noted in ``.parts/merging.jsonl``; after a merge that was cut short, both the files that it replaced and the files that
it left alone can so be told from damaged ones. The texts of parts are removed once the manifest that names them is
written.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from spargen.errors import OutputError
from spargen.run.files import writing
from spargen.run.naming import Cell
from spargen.run.parts import PARTS, Kind, Part
from spargen.run.scenes import SceneRef

Pieces = list[tuple[SceneRef, Part]]
Entry = dict[str, Any]
_MEND = "remove it and give the same command again: what it held is made again"


@dataclass(frozen=True, slots=True)
class Product:
    """What stands in an output folder of earlier merges.

    Parameters
    ----------
    files : rows, bytes and digest of each file, as the manifest has them.
    merged : digests of the parts whose lines are in there, by ``dataset/split/scene``.
    standing : the files that are whole, by their folders; of an interrupted merge, those before and those after.
    interrupted : whether a merge was cut short: then a file may hold lines that the manifest knows nothing of.
    """

    files: Mapping[str, Entry]
    merged: Mapping[str, str]
    standing: Mapping[str, tuple[str, ...]]
    interrupted: bool

    def holds(self, ref: SceneRef, part: Part) -> bool:
        """Tell whether all lines of a part stand in whole files."""
        return self.merged.get(str(ref)) == part.digest and all(self.has(cell) for cell in cells_of(ref, part))

    def has(self, cell: Cell) -> bool:
        """Tell whether rows and facts of a cell stand in whole files."""
        folder, _, _ = cell.fact_file.rpartition("/")
        return cell.row_folder in self.standing and cell.fact_file in self.standing.get(folder, ())

    def is_exactly(self, cell: Cell, rows: int) -> bool:
        """Tell whether a cell's files are those of the manifest, of so many rows, and no others stand beside them."""
        row_file = cell.row_file(rows)
        numbers = [self.files.get(name, {}).get("rows") for name in (row_file, cell.fact_file)]
        return numbers == [rows, rows] and self.has(cell) and self.standing[cell.row_folder] == (row_file,)

    @property
    def damaged(self) -> list[str]:
        """The files of rows and facts that are gone, or not of their size, and that no interrupted merge replaced."""
        folders = {name.rpartition("/")[0]: name for name in self.files if name.startswith("spar/")}
        lost = [name for folder, name in folders.items() if folder not in self.standing]
        facts = (name for name in self.files if name.startswith("facts/"))
        return sorted([*lost, *(n for n in facts if n not in self.standing.get(n.rpartition("/")[0], ()))])


def cells_of(ref: SceneRef, part: Part) -> Iterator[Cell]:
    """Yield the cells that a part has lines of."""
    for name in part.cells:
        task, _, form = name.rpartition("/")
        yield Cell(ref.dataset, ref.split, task, form)


def read_product(out: Path) -> Product:
    """Return what stands in an output folder; nothing where no merge was ever finished."""
    manifest: dict[str, Any] = {}
    try:
        manifest = orjson.loads((out / "manifest.json").read_bytes())
        files, scenes = dict(manifest["files"]), {name: str(s["part"]) for name, s in manifest["scenes"].items()}
    except (OSError, orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
        files, scenes = {}, {}
    announced = set(_announced(out))
    whole = {(name, entry["bytes"]) for name, entry in files.items()} | announced
    standing: dict[str, tuple[str, ...]] = {}
    for name in sorted({name for name, _ in whole}):
        path, (folder, _, _) = out / name, name.rpartition("/")
        if path.is_file() and (name, path.stat().st_size) in whole:
            standing[folder] = (*standing.get(folder, ()), name)
    return Product(files, scenes, standing, bool(announced))


def pieces_of(parts: Mapping[SceneRef, Part]) -> dict[Cell, Pieces]:
    """Return, for each cell, the parts that have lines of it."""
    pieces: dict[Cell, list[tuple[SceneRef, Part]]] = defaultdict(list)
    for ref, part in sorted(parts.items(), key=lambda entry: entry[0]):
        for cell in cells_of(ref, part):
            pieces[cell].append((ref, part))
    return dict(sorted(pieces.items()))


def rows_of(cell: Cell, pieces: Pieces) -> int:
    """Return how many rows a cell has."""
    return sum(int(part.cells[f"{cell.task}/{cell.form}"][0]) for _, part in pieces)


def merged_lines(out: Path, cell: Cell, pieces: Pieces, product: Product, kind: Kind) -> dict[str, bytes]:
    """Return a cell's lines of some scenes out of the product, by their ids.

    Raises
    ------
    OutputError
        If a file of the right size does not hold what it should.
    """
    files = product.standing[cell.row_folder] if kind == "rows" else (cell.fact_file,)
    wanted = {ref.scene for ref, _ in pieces}
    found: dict[str, bytes] = {}
    for name in files:
        with (out / name).open("rb") as lines:
            for number, line in enumerate(lines, start=1):
                line_id = id_of(line, f"{out / name}:{number}")
                if line_id.rpartition("_")[0] in wanted:
                    found[line_id] = line
    if len(found) != rows_of(cell, pieces):
        raise OutputError("lines are missing in this file", where=out / files[-1], mend=_MEND)
    return found


def note(out: Path, name: str, size: int) -> None:
    """Note that a file of this size is about to replace the one of its name, so that it is known to be whole."""
    with _journal(out).open("ab") as journal:
        journal.write(orjson.dumps([name, size]) + b"\n")


def end_merge(out: Path) -> None:
    """Forget which files were replaced: the manifest now holds their sizes."""
    with writing(out):
        _journal(out).unlink(missing_ok=True)


def _journal(out: Path) -> Path:
    return out / PARTS / "merging.jsonl"


def _announced(out: Path) -> Iterator[tuple[str, int]]:
    """Yield name and size of the files that an interrupted merge replaced or was about to replace."""
    journal = _journal(out).read_bytes() if _journal(out).exists() else b""
    for line in journal.splitlines():
        try:
            name, size = orjson.loads(line)
        except (orjson.JSONDecodeError, ValueError):  # the line that was being written
            continue
        yield name, size


def id_of(line: bytes, where: str) -> str:
    """Return the id of a row or a fact; `OutputError` if the line is damaged."""
    try:
        return str(orjson.loads(line)["id"])
    except (orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise OutputError("this line is damaged", where=where, mend=_MEND) from error
