"""Writes the files of each cell: its rows in one sorted file, and their facts in the same order.

The lines come from the parts of scenes, or from the output itself where an earlier merge wrote them (the product).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from pathlib import Path

from spargen.errors import OutputError
from spargen.run.files import Stamp, leftovers, remove_empty_folders, write_lines, writing
from spargen.run.indexes import remove_indexes
from spargen.run.lines import KEY, MEND, Lines, id_of, lines_in
from spargen.run.naming import Cell
from spargen.run.parts import KINDS, Kind, Part, part_folder, piece_of
from spargen.run.product import Entry, Pieces, Product, add_merged, note, pieces_of, rows_of
from spargen.run.scenes import SceneRef
from spargen.seeds import digest


def merge_parts(
    out: Path, parts: Mapping[SceneRef, Part], texts: Collection[SceneRef], seed: int, product: Product
) -> dict[str, Entry]:
    """Write the files of all cells that are not in place, and remove those of cells that are no more.

    Parameters
    ----------
    out : the output folder.
    parts : the parts to be merged; each has its text, or its lines stand in the product.
    texts : those that have their text.
    seed : of the order of the lines.
    product : what stands there.

    Returns
    -------
    rows, bytes and digest of each file of rows or facts.
    """
    pieces = pieces_of(parts)
    fresh = {r for r, p in parts.items() if not product.holds(r, p) or (product.interrupted and r in texts)}
    settled = {
        cell: {name: product.files[name] for name in (cell.row_file(rows_of(cell, found)), cell.fact_file)}
        for cell, found in pieces.items()
        if product.is_exactly(cell, rows_of(cell, found)) and not any(ref in fresh for ref, _ in found)
    }
    entries = {name: entry for files in settled.values() for name, entry in files.items()}
    stale = pieces.keys() != settled.keys() or any(str(f.relative_to(out)) not in entries for f in _line_files(out))
    if stale:
        remove_indexes(out)
        for cell in sorted(pieces.keys() - settled.keys()):
            entries |= _write_cell(out, cell, pieces[cell], fresh, seed, product)
        _remove_others(out, entries)
    return entries


def _write_cell(
    out: Path, cell: Cell, pieces: Pieces, fresh: set[SceneRef], seed: int, product: Product
) -> dict[str, Entry]:
    """Write one cell in the order of a seeded hash, so that any first part of the file is a fair sample."""

    def key(line_id: str) -> bytes:
        return digest("order", seed, line_id.rpartition("_")[0], line_id, size=KEY)

    lines: dict[Kind, Lines] = {kind: Lines() for kind in KINDS}
    if kept := [piece for piece in pieces if piece[0] not in fresh]:
        for kind in KINDS:
            add_merged(lines[kind], out, cell, kept, product, kind, key)
    for ref, part in pieces:
        if ref in fresh:
            _add_part(lines, out, cell, ref, part, key)
    rows, keys = rows_of(cell, pieces), lines["rows"].keys
    if len(keys) != rows * KEY or lines["facts"].keys != keys:
        raise OutputError(
            "its rows are not as many as they should be, or not those of its facts", where=cell.row_folder, mend=MEND
        )
    names = cell.row_file(rows), cell.fact_file
    first = _replace(out, names[0], lines["rows"].read(), rows)
    with writing(out / names[0]):
        for older in (out / cell.row_folder).glob(f"{cell.form}_*.jsonl"):
            if older != out / names[0]:
                older.unlink()
    return {names[0]: first, names[1]: _replace(out, names[1], lines["facts"].read(), rows)}


def _add_part(
    lines: Mapping[Kind, Lines], out: Path, cell: Cell, ref: SceneRef, part: Part, key: Callable[[str], bytes]
) -> None:
    """Add the lines of one scene as they stand in its part: its facts have the order of its rows."""
    folder, keys = part_folder(out, ref), []
    for kind in KINDS:
        found = list(lines_in(folder / f"{kind}.jsonl", *piece_of(part, f"{cell.task}/{cell.form}", kind)))
        if kind == "rows":
            keys = [key(id_of(line, str(ref))) for _, line in found]
        if len(found) != len(keys):
            raise OutputError("it has not as many facts as rows", where=folder, mend=MEND)
        lines[kind].add(folder / f"{kind}.jsonl", ((begin, len(line)) for begin, line in found), keys)


def _replace(out: Path, name: str, lines: Iterable[bytes], rows: int) -> Entry:
    """Write a file of lines under a temporary name, note that it is about to be replaced, and move it to its name."""

    def announce(stamp: Stamp) -> None:
        note(out, name, stamp)

    size, sha256 = write_lines(out / name, lines, announce)
    return {"rows": rows, "bytes": size, "sha256": sha256}


def _line_files(out: Path) -> Iterator[Path]:
    """Yield the files of rows and facts that are there, and those that a merge left half-written."""
    for folder in (*(out / "spar").glob("*/qa_jsonl"), out / "facts"):
        yield from folder.rglob("*.jsonl")
        yield from leftovers(folder)


def _remove_others(out: Path, names: Mapping[str, Entry]) -> None:
    """Remove the files of cells that an earlier merge had and this one has not."""
    with writing(out):
        for file in list(_line_files(out)):
            if str(file.relative_to(out)) not in names:
                file.unlink()
        for folder in (*(out / "spar").glob("*/qa_jsonl"), out / "facts"):
            remove_empty_folders(folder)
