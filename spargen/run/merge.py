"""Shards that were made in folders of their own, brought together into one."""

from __future__ import annotations

import os
import shutil
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import reduce
from pathlib import Path

from spargen.errors import OutputError
from spargen.run.compile import Run
from spargen.run.files import stamp_of, temporary, writing
from spargen.run.generate import finish
from spargen.run.ledger import claim, read_run, refuse_other
from spargen.run.naming import images_folder
from spargen.run.parts import KINDS, Part, error_file, failures, has_text, part_folder, read_parts
from spargen.run.product import Product, merged_lines, pieces_of, read_product
from spargen.run.report import Report
from spargen.run.scenes import SceneRef


def merge(outs: Sequence[Path], out: Path) -> Report:
    """Merge what shards left in one or several folders.

    Parameters
    ----------
    outs : the folders that `generate` wrote to.
    out : the folder that receives everything; may be one of them.
    """
    runs = [read_run(folder) for folder in outs]
    whole = _joined(runs, outs)
    if out in outs:
        own = read_run(out).roots
        whole = replace(whole, roots=tuple(mine or other for mine, other in zip(own, whole.roots, strict=True)))
    whole = claim(out, whole)
    for folder, run in zip(outs, runs, strict=True):
        if folder.resolve() == out.resolve():
            continue
        _take_parts(folder, out, dict(read_parts(folder, run)))
        for ref in failures(folder, run):
            _take_error(folder, out, ref)
    return finish(out, whole)


def _joined(runs: Sequence[Run], outs: Sequence[Path]) -> Run:
    """Return the run of all shards, after checking that they are shards of one job."""
    first = runs[0]
    for run, folder in zip(runs[1:], outs[1:], strict=True):
        was, now = ({**r.identity, "cells": dict(enumerate(r.cells))} for r in (first, run))
        refuse_other(was, now, folder)
        if run.key != first.key:
            was, now = ({"program": r.code, "templates": r.templates, **r.libraries} for r in (first, run))
            names = ", ".join(sorted(name for name in was | now if was.get(name) != now.get(name)))
            raise OutputError(
                f"made by another version than {outs[0]} of: {names}",
                where=folder,
                mend="generate both with the same version",
            )
    whole = reduce(Run.lent, runs)
    scenes = sorted({ref for run in (whole, *runs) for ref in run.scenes})
    missing = sorted({ref for run in (whole, *runs) for ref in run.missing})
    return replace(whole, scenes=tuple(scenes), missing=tuple(missing))


def _take_parts(source: Path, out: Path, parts: Mapping[SceneRef, Part]) -> None:
    """Link parts and their images into another folder; those that were merged there get their texts again."""
    product = read_product(source)
    merged = {r: p for r, p in parts.items() if not has_text(source, r, p) and product.holds(r, p)}
    taken = {r: p for r, p in parts.items() if r in merged or has_text(source, r, p)}
    for ref, part in taken.items():
        _take_images(source, out, ref, part)
        beside = temporary(part_folder(out, ref))
        with writing(beside):
            shutil.rmtree(beside, ignore_errors=True)
            half = shutil.ignore_patterns("*.jsonl") if ref in merged else None
            shutil.copytree(part_folder(source, ref), beside, copy_function=_link, ignore=half)
    _restore_texts(source, out, merged, product)
    for ref, part in taken.items():
        place = part_folder(out, ref)
        if ref in merged and not _is_whole(temporary(place), part):
            raise OutputError(f"its rows of {ref} are damaged", where=source, mend="take that folder out")
        with writing(place):
            shutil.rmtree(place, ignore_errors=True)
            temporary(place).replace(place)
        error_file(out, ref).unlink(missing_ok=True)


def _restore_texts(source: Path, out: Path, merged: Mapping[SceneRef, Part], product: Product) -> None:
    """Write the rows and facts of merged parts out of the product, cell after cell, as they stood before."""
    for cell, pieces in pieces_of(merged).items():
        for kind in KINDS:
            lines: dict[str, list[tuple[int, bytes]]] = defaultdict(list)
            for line_id, line in merged_lines(source, cell, pieces, product, kind).items():
                scene, _, number = line_id.rpartition("_")
                lines[scene].append((int(number), line))
            for ref, _ in pieces:
                file = temporary(part_folder(out, ref)) / f"{kind}.jsonl"
                with writing(file), file.open("ab") as text:
                    text.writelines(line for _, line in sorted(lines[ref.scene]))


def _is_whole(folder: Path, part: Part) -> bool:
    return [stamp_of(folder / f"{kind}.jsonl") for kind in KINDS] == [tuple(part.rows), tuple(part.facts)]


def _take_images(source: Path, out: Path, ref: SceneRef, part: Part) -> None:
    for name in part.images:
        file = images_folder(out, ref.dataset) / name
        with writing(file):
            file.parent.mkdir(parents=True, exist_ok=True)
            temporary(file).unlink(missing_ok=True)
            _link(images_folder(source, ref.dataset) / name, temporary(file))
            temporary(file).replace(file)
            temporary(file).unlink(missing_ok=True)


def _take_error(source: Path, out: Path, ref: SceneRef) -> None:
    file = error_file(out, ref)
    if error_file(source, ref).exists() and not (part_folder(out, ref) / "done.json").exists():
        with writing(file):
            file.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(error_file(source, ref), file)


def _link(source: Path | str, target: Path | str) -> None:
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError:
        shutil.copyfile(source, target, follow_symlinks=False)
