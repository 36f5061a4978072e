"""Shards that were made in folders of their own, brought together into one."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from spargen.errors import OutputError
from spargen.run.compile import Run
from spargen.run.files import temporary, writing
from spargen.run.generate import finish
from spargen.run.ledger import claim, read_run, refuse_other
from spargen.run.parts import Done, done_parts, error_file, failures, images_folder, part_folder
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
    whole = replace(whole, roots=read_run(out).roots) if out in outs else whole
    claim(out, whole)
    for folder, run in zip(outs, runs, strict=True):
        if folder.resolve() == out.resolve():
            continue
        for ref, done in done_parts(folder, run).items():
            _take(folder, out, ref, done)
        for ref in failures(folder, run):
            _take_error(folder, out, ref)
    return finish(out, whole)


def _joined(runs: Sequence[Run], outs: Sequence[Path]) -> Run:
    """Return the run of all shards, after checking that they are shards of one job."""
    first = runs[0]
    for run, folder in zip(runs[1:], outs[1:], strict=True):
        refuse_other(first.identity, run.identity, folder)
        if run.key != first.key:
            was, now = ({"program": r.code, "templates": r.templates, **r.libraries} for r in (first, run))
            names = ", ".join(sorted(name for name in was | now if was.get(name) != now.get(name)))
            raise OutputError(
                f"made by another version than {outs[0]} of: {names}",
                where=folder,
                mend="generate both with the same version",
            )
    scenes = sorted({ref for run in runs for ref in run.scenes})
    missing = sorted({ref for run in runs for ref in run.missing})
    return replace(first, scenes=tuple(scenes), missing=tuple(missing))


def _take(source: Path, out: Path, ref: SceneRef, done: Done) -> None:
    """Link a part and its images into another folder, or copy them where links do not reach."""
    for name in done.images:
        file = images_folder(out, ref.dataset) / name
        with writing(file):
            file.parent.mkdir(parents=True, exist_ok=True)
            temporary(file).unlink(missing_ok=True)
            _link(images_folder(source, ref.dataset) / name, temporary(file))
            temporary(file).replace(file)
            temporary(file).unlink(missing_ok=True)
    place = part_folder(out, ref)
    with writing(place):
        shutil.rmtree(temporary(place), ignore_errors=True)
        shutil.copytree(part_folder(source, ref), temporary(place), copy_function=_link)
        shutil.rmtree(place, ignore_errors=True)
        temporary(place).replace(place)
    error_file(out, ref).unlink(missing_ok=True)


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
