"""Writes the files of each cell: its rows in one sorted file, and their facts in the same order.

The lines come from the parts of scenes, or from the output itself where an earlier merge wrote them (the product).
Several processes may write files beside their names, each those of one cell; all take their names in one process.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import cache, partial
from itertools import accumulate
from pathlib import Path

from spargen.errors import OutputError
from spargen.run.executors import WorkerLostError, run_each
from spargen.run.files import Draft, draft, leftovers, remove_empty_folders, writing
from spargen.run.indexes import remove_indexes
from spargen.run.lines import KEY, MEND, Lines, id_of, lines_between
from spargen.run.naming import Cell
from spargen.run.parts import KINDS, Kind, part_folder
from spargen.run.pieces import Piece, Pieces
from spargen.run.product import Entry, Product, add_merged, line_files, line_folders, note
from spargen.run.scenes import SceneRef
from spargen.seeds import below

_SHARE = 64 * 2**20
"""Bytes that are worth a process of their own: it takes as long to start as they take to be merged."""


def merge_parts(
    out: Path, pieces: Mapping[Cell, Pieces], fresh: Collection[SceneRef], seed: int, product: Product, workers: int
) -> dict[str, Entry]:
    """Write the files of all cells that are not in place, and remove those of cells that are no more.

    Parameters
    ----------
    out : the output folder.
    pieces : the lines of each cell; they stand in the parts of their scenes, or in the product.
    fresh : the scenes whose lines are taken from their parts.
    seed : of the order of the lines.
    product : what stands there.
    workers : processes at most.

    Returns
    -------
    rows, bytes and digest of each file of rows or facts.

    Raises
    ------
    OutputError
        If lines are damaged or missing, or a process ended before its cell was written.
    """
    _remove_drafts(out)
    settled = {
        cell: {name: product.files[name] for name in (cell.row_file(found.rows), cell.fact_file)}
        for cell, found in pieces.items()
        if product.is_exactly(cell, found.rows) and not any(ref in fresh for ref in found.refs)
    }
    entries = {name: entry for files in settled.values() for name, entry in files.items()}
    stale = pieces.keys() != settled.keys() or any(str(f.relative_to(out)) not in entries for f in line_files(out))
    if stale:
        remove_indexes(out)
        waiting = [(cell, pieces[cell]) for cell in sorted(pieces.keys() - settled.keys())]
        workers = max(1, min(workers, len(waiting), sum(found.bytes for _, found in waiting) // _SHARE))
        writer = Writer(out, frozenset(fresh), seed, product)
        for (cell, found), made in run_each(writer, waiting, workers=workers):
            if isinstance(made, WorkerLostError):
                mend = "give the same command again: it goes on where it was"
                raise OutputError(f"the merge was cut short: {made}", where=out / cell.row_folder, mend=mend)
            entries |= _put_in_place(out, cell, found.rows, made)
        _remove_others(out, entries)
    return entries


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes the files of one cell beside their names; goes to the worker processes. For its values see above."""

    out: Path
    fresh: frozenset[SceneRef]
    seed: int
    product: Product

    def __call__(self, item: tuple[Cell, Pieces]) -> tuple[Draft, ...]:
        """Write rows and facts in the order of a seeded hash, so that any first part of a file is a fair sample."""
        cell, pieces = item
        lines = self._lines(cell, pieces)
        rows, keys = pieces.rows, lines["rows"].keys
        if len(keys) != rows * KEY or lines["facts"].keys != keys:
            raise OutputError(
                "its rows are not as many as they should be, or not those of its facts",
                where=cell.row_folder,
                mend=MEND,
            )
        names = cell.row_file(rows), cell.fact_file
        return tuple(
            draft(self.out / name, lines[kind].read_together()) for name, kind in zip(names, KINDS, strict=True)
        )

    def _lines(self, cell: Cell, pieces: Pieces) -> dict[Kind, Lines]:
        of_scene = cache(partial(below, "order", self.seed, size=KEY))

        def key(line_id: str) -> bytes:
            return of_scene(line_id.rpartition("_")[0])(line_id)

        lines: dict[Kind, Lines] = {kind: Lines() for kind in KINDS}
        if kept := {ref.scene for ref in pieces.refs if ref not in self.fresh}:
            for kind in KINDS:
                add_merged(lines[kind], self.out, cell, kept, self.product, kind, key)
        for piece in pieces:
            if piece.ref in self.fresh:
                _add_part(lines, part_folder(self.out, piece.ref), piece, key)
        return lines


def _add_part(lines: Mapping[Kind, Lines], folder: Path, piece: Piece, key: Callable[[str], bytes]) -> None:
    """Add the lines of one scene as they stand in its part: its facts have the order of its rows."""
    keys, whose = b"", str(piece.ref)
    for kind, (begin, end) in piece.spans.items():
        found = lines_between(folder / f"{kind}.jsonl", begin, end)
        if kind == "rows":
            keys = b"".join([key(id_of(line, whose)) for line in found])
        if len(found) * KEY != len(keys):
            raise OutputError("it has not as many facts as rows", where=folder, mend=MEND)
        lengths = [len(line) for line in found]
        lines[kind].add(folder / f"{kind}.jsonl", accumulate(lengths[:-1], initial=begin), lengths, keys)


def _put_in_place(out: Path, cell: Cell, rows: int, made: tuple[Draft, ...]) -> dict[str, Entry]:
    """Note of each file that it is about to replace the one of its name, and give it its name."""
    entries: dict[str, Entry] = {}
    for file in made:
        name = str(file.path.relative_to(out))
        size, sha256 = file.stamp
        note(out, name, file.stamp)
        file.take_name()
        entries[name] = {"rows": rows, "bytes": size, "sha256": sha256}
        with writing(file.path):
            for older in (out / cell.row_folder).glob(f"{cell.form}_*.jsonl"):
                if str(older.relative_to(out)) not in entries:
                    older.unlink()
    return entries


def _remove_drafts(out: Path) -> None:
    """Remove what a merge that was cut short left beside the files of cells: it takes the room of this one's."""
    with writing(out):
        for folder in line_folders(out):
            for file in list(leftovers(folder)):
                file.unlink(missing_ok=True)


def _remove_others(out: Path, names: Mapping[str, Entry]) -> None:
    """Remove the files of cells that an earlier merge had and this one has not."""
    with writing(out):
        for file in list(line_files(out)):
            if str(file.relative_to(out)) not in names:
                file.unlink()
        for folder in line_folders(out):
            remove_empty_folders(folder)
