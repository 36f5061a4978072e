"""Shards that were made in folders of their own, brought together into one."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from spargen.errors import OutputError
from spargen.run.files import temporary, writing
from spargen.run.generate import finish
from spargen.run.ledger import Ledger, claim, read_ledger, refuse_other
from spargen.run.parts import Done, error_file, images_folder, part_folder
from spargen.run.plan import Item, Plan
from spargen.run.report import Report


def merge(outs: Sequence[Path], out: Path) -> Report:
    """Merge what shards left in one or several folders.

    Parameters
    ----------
    outs : the folders that `generate` wrote to.
    out : the folder that receives everything; may be one of them.
    """
    ledgers = [read_ledger(folder) for folder in outs]
    whole = _joined(ledgers, outs)
    claim(out, replace(whole, roots=read_ledger(out).roots) if out in outs else whole)
    for folder, ledger in zip(outs, ledgers, strict=True):
        if folder.resolve() == out.resolve():
            continue
        for item, done in ledger.done(folder).items():
            _take(folder, out, item, done)
        for item in ledger.failed(folder):
            _take_error(folder, out, item)
    return finish(out)


def _joined(ledgers: Sequence[Ledger], outs: Sequence[Path]) -> Ledger:
    """Return the ledger of all shards, after checking that they are shards of one job."""
    first = ledgers[0]
    for ledger, folder in zip(ledgers[1:], outs[1:], strict=True):
        refuse_other(first.identity, ledger.identity, folder)
        if ledger.key != first.key:
            raise OutputError(
                f"made by another version of the program or the templates than {outs[0]}",
                where=folder,
                mend="generate both with the same version",
            )
    items = sorted({item for ledger in ledgers for item in ledger.plan.items})
    missing = sorted({item for ledger in ledgers for item in ledger.plan.missing})
    return replace(first, plan=Plan(tuple(items), tuple(missing), first.plan.terms, first.plan.notes))


def _take(source: Path, out: Path, item: Item, done: Done) -> None:
    """Link a part and its images into another folder, or copy them where links do not reach."""
    for name in done.images:
        file = images_folder(out, item.dataset) / name
        with writing(file):
            file.parent.mkdir(parents=True, exist_ok=True)
            temporary(file).unlink(missing_ok=True)
            _link(images_folder(source, item.dataset) / name, temporary(file))
            temporary(file).replace(file)
            temporary(file).unlink(missing_ok=True)
    place = part_folder(out, item)
    with writing(place):
        shutil.rmtree(temporary(place), ignore_errors=True)
        shutil.copytree(part_folder(source, item), temporary(place), copy_function=_link)
        shutil.rmtree(place, ignore_errors=True)
        temporary(place).replace(place)
    error_file(out, item).unlink(missing_ok=True)


def _take_error(source: Path, out: Path, item: Item) -> None:
    file = error_file(out, item)
    if error_file(source, item).exists() and not (part_folder(out, item) / "done.json").exists():
        with writing(file):
            file.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(error_file(source, item), file)


def _link(source: Path | str, target: Path | str) -> None:
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError:
        shutil.copyfile(source, target, follow_symlinks=False)
