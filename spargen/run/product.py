"""The product: the files of an output folder that merges wrote, in SPAR's layout.

The lines of a scene stand in its part until they are merged, and from then on in the product alone. The manifest says
what is merged: the digest of each scene's part, and size and digest of each file. Before a file is replaced, those of
the new one are noted in ``.parts/merging.jsonl``; after a merge that was cut short, both the files that it replaced and
the files that it left alone can so be told from damaged ones. The texts of parts are removed once the manifest that
names them is written, and ``.parts/merged.json`` keeps size and digest of the manifest.
"""

from __future__ import annotations

import os
from array import array
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from spargen.errors import OutputError
from spargen.reading import read_bytes
from spargen.run.files import Stamp, changed_ns, is_whole, read_sealed, settle_folder, stamp_of, write_sealed, writing
from spargen.run.lines import Lines, id_of, lines_in
from spargen.run.naming import Cell
from spargen.run.parts import KINDS, PARTS, Kind, Part
from spargen.run.pieces import cells_of
from spargen.run.scenes import SceneRef
from spargen.scene.names import can_name_a_file

Entry = dict[str, Any]
_MANIFEST = "manifest.json"


@dataclass(frozen=True, slots=True)
class Product:
    """What stands in an output folder of earlier merges.

    Parameters
    ----------
    files : rows, bytes and digest of each file, as the manifest has them.
    merged : digests of the parts whose lines are in there, by ``dataset/split/scene``.
    standing : the files that are whole, by their folders; of an interrupted merge, those before and those after.
    interrupted : whether a merge was cut short: then a file may hold lines that the manifest knows nothing of.
    lost : whether the manifest is gone or not as it was written, so that nothing is known of the files.
    """

    files: Mapping[str, Entry]
    merged: Mapping[str, str]
    standing: Mapping[str, tuple[str, ...]]
    interrupted: bool
    lost: bool = False

    def holds(self, ref: SceneRef, part: Part) -> bool:
        """Tell whether all lines of a part stand in whole files."""
        return self.merged.get(str(ref)) == part.digest and all(self.has(cell) for cell in cells_of(ref, part))

    def has(self, cell: Cell) -> bool:
        """Tell whether rows and facts of a cell stand in whole files."""
        return all(self.files_of(cell, kind) for kind in KINDS)

    def files_of(self, cell: Cell, kind: Kind) -> tuple[str, ...]:
        """Return the whole files that have a cell's rows, or its facts."""
        if kind == "rows":
            return self.standing.get(cell.row_folder, ())
        return (cell.fact_file,) if cell.fact_file in self.standing.get(cell.fact_folder, ()) else ()

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
        manifest = [_MANIFEST] if self.lost else []
        return sorted([*manifest, *lost, *(n for n in facts if n not in self.standing.get(n.rpartition("/")[0], ()))])


def read_product(out: Path) -> Product:
    """Return what stands in an output folder; nothing where no merge was ever finished."""
    announced = list(_announced(out))
    entries, merged = _read_manifest(out, [stamp for name, stamp in announced if name == _MANIFEST])
    since = changed_ns(out / _MANIFEST)
    noted: dict[str, list[tuple[Stamp, int]]] = {}
    for name, entry in entries.items():
        noted[name] = [((entry["bytes"], entry["sha256"]), since)]
    for name, stamp in announced:
        noted.setdefault(name, []).append((stamp, 0))
    standing: dict[str, tuple[str, ...]] = {}
    for name in sorted(noted.keys() - {_MANIFEST}):
        if any(is_whole(out / name, stamp, moment) for stamp, moment in noted[name]):
            folder, _, _ = name.rpartition("/")
            standing[folder] = (*standing.get(folder, ()), name)
    lost = not entries and any(file.exists() for file in (out / _MANIFEST, _seal(out)))
    return Product(entries, merged, standing, bool(announced), lost)


def _read_manifest(out: Path, announced: Sequence[Stamp]) -> tuple[dict[str, Entry], dict[str, str]]:
    """Return the files and the parts that the manifest names; nothing of one that is not as it was written."""
    try:
        sealed = _sealed(out)
        if sealed and stamp_of(out / _MANIFEST) not in (sealed, *announced):
            return {}, {}
        manifest = orjson.loads(read_bytes(out / _MANIFEST))
        files = {str(name): Entry(entry) for name, entry in manifest["files"].items() if _is_ours(name)}
        if not all(type(entry["bytes"]) is int and type(entry["sha256"]) is str for entry in files.values()):
            return {}, {}
        return files, {str(name): str(scene["part"]) for name, scene in manifest["scenes"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}, {}


def _sealed(out: Path) -> Stamp | None:
    """Return size and digest of the manifest of the last merge, None where they are not known."""
    try:
        size, digest = read_sealed(_seal(out))["manifest"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return size, digest


def _is_ours(name: str) -> bool:
    """Tell whether a file of the product can have this name."""
    top, *inner = name.split("/")
    return top in ("spar", "facts", "data_jsons") and bool(inner) and all(map(can_name_a_file, inner))


def line_files(out: Path) -> Iterator[Path]:
    """Yield the files of rows and facts that are there."""
    for folder in line_folders(out):
        yield from folder.rglob("*.jsonl")


def line_folders(out: Path) -> tuple[Path, ...]:
    """Return the folders that hold nothing but files of cells."""
    return (*(out / "spar").glob("*/qa_jsonl"), out / "facts")


def add_merged(
    lines: Lines,
    out: Path,
    cell: Cell,
    scenes: Collection[str],
    product: Product,
    kind: Kind,
    key: Callable[[str], bytes],
) -> None:
    """Add a cell's lines of some scenes, as they stand in the product; `key` gives the key of an id.

    A line that has no id is nobody's: whoever counts what came, or holds it against its digest, misses it.
    """
    for name in product.files_of(cell, kind):
        offsets, lengths, keys = array("q"), array("q"), bytearray()
        for offset, line in lines_in(out / name):
            try:
                line_id = id_of(line, name)
            except OutputError:
                continue
            if line_id.rpartition("_")[0] in scenes:
                offsets.append(offset)
                lengths.append(len(line))
                keys += key(line_id)
        lines.add(out / name, offsets, lengths, keys)


def note(out: Path, name: str, stamp: Stamp) -> None:
    """Note that a file is about to replace the one of its name, so that it is known to be whole."""
    begun = _journal(out).exists()
    with _journal(out).open("ab") as journal:
        journal.write(orjson.dumps([name, *stamp]) + b"\n")
        journal.flush()
        os.fsync(journal.fileno())
    if not begun:
        settle_folder(out / PARTS)


def end_merge(out: Path) -> None:
    """Forget which files were replaced: the manifest now has their stamps, and its own is kept."""
    write_sealed(_seal(out), {"manifest": stamp_of(out / _MANIFEST)})
    with writing(out):
        _journal(out).unlink(missing_ok=True)
        settle_folder(out / PARTS)


def _journal(out: Path) -> Path:
    return out / PARTS / "merging.jsonl"


def _seal(out: Path) -> Path:
    return out / PARTS / "merged.json"


def _announced(out: Path) -> Iterator[tuple[str, Stamp]]:
    """Yield name and stamp of the files that an interrupted merge replaced or was about to replace."""
    try:
        journal = read_bytes(_journal(out))
    except OSError:
        return
    for line in journal.splitlines():
        try:
            name, size, digest = orjson.loads(line)
        except (ValueError, TypeError):  # the line that was being written
            continue
        if isinstance(name, str) and (name == _MANIFEST or _is_ours(name)) and isinstance(size, int) and digest:
            yield name, (size, str(digest))
