"""The card of an export that is a data set of its own: its configs, for programs, and what it is, for people."""

from __future__ import annotations

from collections.abc import Mapping

import yaml

from spargen.export.format import Exported
from spargen.run.card import rows_mark


def card(exported: Exported, tasks: Mapping[str, str], everything: str) -> bytes:
    """Return the text of ``README.md``.

    Parameters
    ----------
    exported : what is in the folder.
    tasks : where the Parquet files of each task lie, for a config of its own.
    everything : where all of them lie, for the config that is loaded by default.
    """
    splits = sorted({cell.split for cell in exported.cells})
    found = {"default": _files(everything, splits)}
    for task, folder in sorted(tasks.items()):
        own = sorted({cell.split for cell in exported.cells if cell.task == task})
        found[task] = _files(folder, own)
    made_of = rows_mark([exported.made_by])
    configs = [{"config_name": name, "data_files": paths, **made_of} for name, paths in found.items()]
    head = {"task_categories": ["visual-question-answering"], "language": ["en"], "configs": configs}
    text = f"---\n{yaml.safe_dump(head, sort_keys=False)}---\n\n# Spatial questions in SPAR's format\n\n"
    text += "Made by spargen from 3-D scans. The marks that questions speak of are drawn into the images.\n\n"
    text += "| task | form | split | rows |\n|---|---|---|--:|\n"
    for (task, form, split), rows in sorted(_totals(exported).items()):
        text += f"| {task} | {form} | {split} | {rows:,} |\n"
    for dataset, terms in sorted(exported.terms.items()):
        text += f"\n## Terms of use of {dataset}\n\n{terms.strip()}\n"
    return text.encode()


def _files(folder: str, splits: list[str]) -> list[dict[str, str]]:
    return [{"split": split, "path": f"{folder}/{split}-*.parquet"} for split in splits]


def _totals(exported: Exported) -> dict[tuple[str, str, str], int]:
    totals: dict[tuple[str, str, str], int] = {}
    for cell, rows in exported.cells.items():
        key = cell.task, cell.form, cell.split
        totals[key] = totals.get(key, 0) + rows
    return totals
