"""Shards that were made in folders of their own, brought together into one."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial, reduce
from pathlib import Path

from spargen.errors import OutputError
from spargen.run.compile import Run
from spargen.run.files import make_folder, put, refuse_link, temporary, writing
from spargen.run.generate import finish
from spargen.run.ledger import claim, read_run, refuse_folder, refuse_links, refuse_other
from spargen.run.lock import locked
from spargen.run.naming import images_folder
from spargen.run.parts import KINDS, PARTS, Part, error_file, failures, part_folder, record_file, write_failure
from spargen.run.product import read_product
from spargen.run.report import Report
from spargen.run.restore import Wanted, all_there, link, place, restored
from spargen.run.scenes import SceneRef
from spargen.run.standing import standing

_log = logging.getLogger(__name__)


def merge(outs: Sequence[Path], out: Path, *, workers: int = 1) -> Report:
    """Merge what shards left in one or several folders.

    Parameters
    ----------
    outs : the folders that `generate` wrote to.
    out : the folder that receives everything; may be one of them.
    workers : processes at most.
    """
    runs = [read_run(folder) for folder in outs]
    whole = _joined(runs, outs)
    if out in outs:
        own = read_run(out).roots
        whole = replace(whole, roots=tuple(mine or other for mine, other in zip(own, whole.roots, strict=True)))
    refuse_folder(out, whole.identity, whole.roots)
    others = [(folder, run) for folder, run in zip(outs, runs, strict=True) if folder.resolve() != out.resolve()]
    with ExitStack() as held:
        lock = held.enter_context(locked(out))
        for folder, _ in others:
            if os.access(folder / PARTS, os.W_OK):
                held.enter_context(locked(folder))
        whole = claim(out, whole)
        for folder, run in others:
            refuse_links(folder)
            _take_parts(folder, out, run)
        lock.check()
        return finish(out, whole, workers=workers)


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


def _take_parts(source: Path, out: Path, run: Run) -> None:
    """Link parts and their images into another folder; those that were merged there get their texts again.

    Those of scenes that are not on disk any more are taken like the others. Nothing that the other folder says is
    believed: a part that is not as it was written is left there, with a word.
    """
    product, keys, failed = read_product(source), run.keys, failures(source, run)
    left: dict[SceneRef, str] = {}
    merged = Wanted()
    for ref in sorted({*run.scenes, *run.missing}):
        found = standing(source, ref, keys[ref.source], product, images=True)
        part = found.part or found.wordless
        if found.why:
            left[ref] = found.why
        fails = error_file(source, ref).exists()
        if part is not None and not fails:
            _take_images(source, out, ref, part, run)
            if found.has_text:
                place(_linked(source, out, ref), out, ref)
            else:
                left[ref] = "its rows and facts are not as they were written"
                merged.add(ref, part)
        elif fails and ref in run.scenes and not record_file(out, ref).exists():
            write_failure(out, ref, failed[ref], "")
    for ref, folder in restored(source, out, merged, all_there(source)):
        place(folder, out, ref)
        del left[ref]
    for ref, why in left.items():
        _log.warning("%s: %s is not taken: %s", source, ref, why)


def _linked(source: Path, out: Path, ref: SceneRef) -> Path:
    """Link a part that has its texts into a folder beside its place, and return that."""
    beside = temporary(part_folder(out, ref))
    with writing(beside):
        make_folder(beside)
        for name in ("done.json", *(f"{kind}.jsonl" for kind in KINDS)):
            link(part_folder(source, ref) / name, beside / name)
    return beside


def _take_images(source: Path, out: Path, ref: SceneRef, part: Part, run: Run) -> None:
    """Link the images of a part; one that is itself a link may lead to the raw scans that its run had, only."""
    folder, own = images_folder(source, ref.dataset), images_folder(out, ref.dataset)
    if part.images:
        for images in (folder, own):
            refuse_link(images)
            refuse_link(images / ref.scene)
    for name in part.images:
        if (folder / name).is_symlink() and not _leads_to_scans(folder / name, run):
            raise OutputError(
                f"an image is a link to {(folder / name).readlink()}, which is none of the run's raw scans",
                where=folder / name,
                mend="take that folder out, or make it with `images: copy`",
            )
        file = own / name
        with writing(file):
            put(file, partial(link, folder / name))


def _leads_to_scans(link: Path, run: Run) -> bool:
    """Tell whether a link leads below a root of a run, or to where a root's own links lead."""
    target = link.resolve()
    roots = [Path(root) for root in run.roots if root and Path(root).is_dir()]
    homes = [*roots, *(path for root in roots for path in root.iterdir() if path.is_symlink())]
    return run.identity["images"] == "link" and any(target.is_relative_to(home.resolve()) for home in homes)
