"""Writes the files of each cell: its rows in one sorted file, and their facts in the same order.

The lines come from the parts of scenes, or from the output itself where an earlier merge wrote them (the product).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from pathlib import Path

from spargen.run.files import Stamp, remove_empty_folders, write_lines, writing
from spargen.run.indexes import remove_indexes
from spargen.run.naming import Cell
from spargen.run.parts import Part, has_text, read_text
from spargen.run.product import Entry, Pieces, Product, id_of, merged_lines, note, pieces_of, rows_of
from spargen.run.scenes import SceneRef
from spargen.seeds import digest


def merge_parts(out: Path, parts: Mapping[SceneRef, Part], seed: int, product: Product) -> dict[str, Entry]:
    """Write the files of all cells that are not in place, and remove those of cells that are no more.

    Parameters
    ----------
    out : the output folder.
    parts : the parts to be merged; each has its text, or its lines stand in the product.
    seed : of the order of the lines.
    product : what stands there.

    Returns
    -------
    rows, bytes and digest of each file of rows or facts.
    """
    pieces = pieces_of(parts)
    fresh = {r for r, p in parts.items() if not product.holds(r, p) or (product.interrupted and has_text(out, r, p))}
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
    kept, new = [p for p in pieces if p[0] not in fresh], [p for p in pieces if p[0] in fresh]
    rows = merged_lines(out, cell, kept, product, "rows") if kept else {}
    ids: list[str] = []
    for ref, part in new:
        lines = read_text(out, ref, part, f"{cell.task}/{cell.form}", "rows")
        ids += (own := [id_of(line, str(ref)) for line in lines])
        rows |= zip(own, lines, strict=True)
    order = sorted(rows, key=lambda line_id: digest("order", seed, line_id.rpartition("_")[0], line_id))
    names = cell.row_file(len(order)), cell.fact_file
    first = _replace(out, names[0], (rows[i] for i in order), len(order))
    with writing(out / names[0]):
        for older in (out / cell.row_folder).glob(f"{cell.form}_*.jsonl"):
            if older != out / names[0]:
                older.unlink()
    del rows
    facts = merged_lines(out, cell, kept, product, "facts") if kept else {}
    texts = (read_text(out, ref, part, f"{cell.task}/{cell.form}", "facts") for ref, part in new)
    facts |= zip(ids, chain.from_iterable(texts), strict=True)
    return {names[0]: first, names[1]: _replace(out, names[1], (facts[i] for i in order), len(order))}


def _replace(out: Path, name: str, lines: Iterable[bytes], rows: int) -> Entry:
    """Write a file of lines under a temporary name, note that it is about to be replaced, and move it to its name."""

    def announce(stamp: Stamp) -> None:
        note(out, name, stamp[0])

    size, sha256 = write_lines(out / name, lines, announce)
    return {"rows": rows, "bytes": size, "sha256": sha256}


def _line_files(out: Path) -> Iterator[Path]:
    """Yield the files of rows and facts that are there, and those that a merge left half-written."""
    for folder in (*(out / "spar").glob("*/qa_jsonl"), out / "facts"):
        yield from folder.rglob("*.jsonl")
        yield from folder.rglob("*.jsonl.tmp")


def _remove_others(out: Path, names: Mapping[str, Entry]) -> None:
    """Remove the files of cells that an earlier merge had and this one has not."""
    with writing(out):
        for file in list(_line_files(out)):
            if str(file.relative_to(out)) not in names:
                file.unlink()
        for folder in (*(out / "spar").glob("*/qa_jsonl"), out / "facts"):
            remove_empty_folders(folder)
