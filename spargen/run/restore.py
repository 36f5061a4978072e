"""Takes rows and facts of parts out of the product, as they stood before they were merged.

Nothing but a part's own record is believed: its text comes out with the size and the digest that stand there, or it is
left alone. So it does not matter whether a manifest still vouches for the files, and what else in them is damaged.
"""

from __future__ import annotations

import logging
import os
import shutil
import stat
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

from spargen.run.compile import Run
from spargen.run.files import Stamp, make_folder, replace_folder, settle, stamp_of, temporary, writing
from spargen.run.lines import KEY, Lines, id_of
from spargen.run.naming import Cell
from spargen.run.parts import KINDS, Part, error_file, part_folder, record_file
from spargen.run.pieces import Piece, Pieces, add_pieces
from spargen.run.product import Product, add_merged, line_files, read_product
from spargen.run.scenes import SceneRef
from spargen.run.standing import standing

_log = logging.getLogger(__name__)
_DIGITS = 18
"""Of the running number in an id that are looked at: no more fit into half a key."""


@dataclass(slots=True)
class Wanted:
    """The parts that are to have their texts again: what these are to be, and where the lines of each cell go.

    Parameters
    ----------
    stamps : of rows and facts, by scene.
    pieces : of the parts, by cell.
    """

    stamps: dict[SceneRef, tuple[Stamp, ...]] = field(default_factory=dict)
    pieces: dict[Cell, Pieces] = field(default_factory=dict)

    def add(self, ref: SceneRef, part: Part) -> None:
        """Add a part."""
        self.stamps[ref] = tuple(getattr(part, kind) for kind in KINDS)
        add_pieces(self.pieces, ref, part)


def take_back(out: Path, run: Run, refs: Iterable[SceneRef]) -> Product:
    """Return what stands of the product; parts of which only damaged files may have the text get it back from there.

    Parameters
    ----------
    out, run : the output folder and its run.
    refs : the scenes that are looked at; nobody else is at work on them.
    """
    product, keys, found = read_product(out), run.keys, all_there(out)
    known = {name for names in product.standing.values() for name in names}
    if all(name in known for names in found.standing.values() for name in names):
        return product
    lost = Wanted()
    for ref in refs:
        part = standing(out, ref, keys[ref.source], product, images=True).wordless
        if part is not None and not error_file(out, ref).exists():  # why it failed stands in the place of the part
            lost.add(ref, part)
    back = 0
    for ref, folder in restored(out, out, lost, found):
        place(folder, out, ref)
        back += 1
    if lost.stamps:
        what = "not all files are as they were written, or no manifest tells it"
        _log.warning("%s: %s: the rows of %d of %d scenes are whole in them", out, what, back, len(lost.stamps))
    return product


def all_there(out: Path) -> Product:
    """Return a product of all files of rows and facts that are in a folder, whatever is in them."""
    standing: dict[str, tuple[str, ...]] = {}
    for file in sorted(line_files(out)):
        if stat.S_ISREG(file.lstat().st_mode):
            folder = str(file.parent.relative_to(out))
            standing[folder] = (*standing.get(folder, ()), f"{folder}/{file.name}")
    return Product({}, {}, standing, interrupted=False)


def restored(source: Path, out: Path, wanted: Wanted, product: Product) -> Iterator[tuple[SceneRef, Path]]:
    """Write parts with their texts beside their places in `out`; yield scene and folder of those that came out right.

    Parameters
    ----------
    source, product : the folder that they are of, and the files there that are looked into.
    out : where they go; `place` puts them in place.
    """
    folders = {ref: _without_text(source, out, ref) for ref in wanted.stamps}
    _write_texts(source, folders, wanted.pieces, product)
    for ref, folder in folders.items():
        if tuple(stamp_of(folder / f"{kind}.jsonl") for kind in KINDS) == wanted.stamps[ref]:
            yield ref, folder
        else:
            shutil.rmtree(folder)


def _without_text(source: Path, out: Path, ref: SceneRef) -> Path:
    """Put a part into a folder beside its place, its texts empty for now, and return that."""
    beside = temporary(part_folder(out, ref))
    with writing(beside):
        make_folder(beside)
        # A link would make the record younger than what is damaged of the part, which then nobody would read.
        shutil.copyfile(record_file(source, ref), beside / "done.json")
        for kind in KINDS:
            (beside / f"{kind}.jsonl").touch()
    return beside


def link(source: Path | str, target: Path | str) -> None:
    """Link a file, or copy it where that is not possible."""
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError:
        shutil.copyfile(source, target, follow_symlinks=False)


def place(beside: Path, out: Path, ref: SceneRef) -> None:
    """Put a part that stands beside its place into it, to last."""
    with writing(beside):
        settle(beside.iterdir())
        replace_folder(beside, part_folder(out, ref))


def _write_texts(
    source: Path, folders: Mapping[SceneRef, Path], pieces: Mapping[Cell, Pieces], product: Product
) -> None:
    """Write rows and facts of parts, cell after cell, each where it began; whether that is all of them is not told."""
    for cell, of_cell in pieces.items():
        found = {piece.ref.scene: (number, piece) for number, piece in enumerate(of_cell)}

        def key(line_id: str, found: Mapping[str, tuple[int, Piece]] = found) -> bytes:
            scene, _, number = line_id.rpartition("_")
            within = int(number[:_DIGITS]) if number.isdecimal() else 0
            return found[scene][0].to_bytes(KEY // 2, "big") + within.to_bytes(KEY // 2, "big")

        for kind in KINDS:
            lines = Lines()
            add_merged(lines, source, cell, found, product, kind, key)
            for scene, its in groupby(lines.read(), _scene_of):
                piece = found[scene][1]
                file = folders[piece.ref] / f"{kind}.jsonl"
                with writing(file), file.open("r+b") as text:
                    text.seek(piece.spans[kind][0])
                    text.writelines(its)


def _scene_of(line: bytes) -> str:
    return id_of(line, "").rpartition("_")[0]
