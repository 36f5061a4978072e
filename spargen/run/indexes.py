"""SPAR's training indexes, ``OUT/data_jsons``: one a data set, and the mix of them all; and mixes of one's own."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from spargen.errors import JobError, nearest
from spargen.run.files import write_bytes, write_changed, writing
from spargen.run.naming import Cell

SPAR_DATASETS = ("rxr", "scannet", "scannetpp", "structured3d")
MIX_SHARES = {"sentence": 1.0, "select": 0.1, "fill": 0.1, "judge": 0.1}
_FOLDER = "data_jsons"


@dataclass(frozen=True, slots=True)
class Ratios:
    """How often a mix takes the rows of a cell: what is said of its data set, times its task, times its form.

    Parameters
    ----------
    datasets, tasks : 1 for those that are not named.
    forms : SPAR's for those that are not named.
    """

    datasets: Mapping[str, float] = field(default_factory=dict)
    tasks: Mapping[str, float] = field(default_factory=dict)
    forms: Mapping[str, float] = field(default_factory=dict)

    def of(self, cell: Cell) -> float:
        """Return the ratio of a cell; `JobError` where SPAR's loader could not take it."""
        form = {**MIX_SHARES, **self.forms}.get(cell.form, 0.0)
        # Without the rounding, 3 x 0.1 would take a row too many of some files.
        ratio = round(self.datasets.get(cell.dataset, 1.0) * self.tasks.get(cell.task, 1.0) * form, 9)
        if ratio > 1 and ratio != int(ratio):
            mend = "give ratios whose product is at most 1, or a whole number"
            raise JobError(f"rows cannot be taken {ratio:g} times", where=str(cell), mend=mend)
        return ratio


def mix(counts: Mapping[Cell, int], ratios: Ratios) -> dict[str, dict[str, Any]]:
    """Return the entries of a mix of the training cells, in their order; those of ratio 0 are left out."""
    entries = {}
    for cell, rows in sorted(counts.items()):
        ratio = ratios.of(cell)
        if cell.split == "train" and ratio > 0:
            # SPAR's loader repeats rows by whole numbers only, and asserts that they are of that type.
            repeat = int(ratio) if ratio > 1 else ratio
            entries[_key(cell)] = {**_entry(cell, rows), "repeat_time": repeat, "length_with_repeat": int(rows * ratio)}
    return entries


def write_mix(counts: Mapping[Cell, int], ratios: Ratios, dest: Path) -> int:
    """Write a mix of one's own, and return how many rows an epoch of it has.

    Raises
    ------
    JobError
        If a ratio is of something that the output has not, or cannot be taken, or nothing is left.
    """
    for kind, given in (("dataset", ratios.datasets), ("task", ratios.tasks), ("form", ratios.forms)):
        known = {getattr(cell, kind) for cell in counts}
        for name in given:
            if name not in known:
                mend = nearest(name, known, f"there are: {', '.join(sorted(known))}")
                raise JobError(f"the output has no {kind} {name!r}", where=f"--{kind} {name}", mend=mend)
    entries = mix(counts, ratios)
    if not entries:
        raise JobError("nothing is left to train on", where=dest, mend="choose other ratios")
    write_bytes(dest, json.dumps(entries, ensure_ascii=False, indent=4).encode())
    return sum(entry["length_with_repeat"] for entry in entries.values())


def make_folders(out: Path) -> None:
    """Make the folders that SPAR's index script wants, empty where unused."""
    for dataset in SPAR_DATASETS:
        with writing(out):
            (out / "spar" / dataset / "qa_jsonl" / "train").mkdir(parents=True, exist_ok=True)
            (out / "spar" / dataset / "images").mkdir(parents=True, exist_ok=True)


def remove_indexes(out: Path, keep: Collection[str] = ()) -> None:
    """Remove the indexes that are not to be kept, so that a merge that is cut short leaves no wrong count."""
    with writing(out):
        for file in (out / _FOLDER).glob("*.json"):
            if re.fullmatch(r".+_\d+[km]\.json", file.name) and f"{_FOLDER}/{file.name}" not in keep:
                file.unlink()


def write_indexes(out: Path, counts: Mapping[Cell, int]) -> dict[str, Any]:
    """Write the indexes that belong to some counts of rows, and return bytes and digest of each."""
    texts: dict[str, str] = {}
    datasets = sorted({*SPAR_DATASETS, *(cell.dataset for cell in counts)})
    for dataset in datasets:
        train = {cell: rows for cell, rows in counts.items() if cell.dataset == dataset and cell.split == "train"}
        index = {_key(cell): _entry(cell, rows) for cell, rows in sorted(train.items())}
        texts[f"{dataset}_{sum(train.values()) // 1000}k.json"] = json.dumps(index, indent=4)
    mixed = mix(counts, Ratios())
    total = sum(entry["length_with_repeat"] for entry in mixed.values())
    name = "_".join(f"1{dataset}" for dataset in datasets)
    texts[f"{name}_{total // 1_000_000}m.json"] = json.dumps(mixed, ensure_ascii=False, indent=4)
    stamps = {f"{_FOLDER}/{name}": write_changed(out / _FOLDER / name, text.encode()) for name, text in texts.items()}
    remove_indexes(out, keep=stamps)
    return {name: {"bytes": size, "sha256": sha256} for name, (size, sha256) in stamps.items()}


def _key(cell: Cell) -> str:
    return f"{cell.dataset}_{cell.task}_{cell.form}"


def _entry(cell: Cell, rows: int) -> dict[str, Any]:
    return {
        "root": f"spar/{cell.dataset}/images",
        "annotation": cell.row_file(rows),
        "repeat_time": 1,
        "length": rows,
    }
