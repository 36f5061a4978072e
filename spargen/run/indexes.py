"""SPAR's training indexes, ``OUT/data_jsons``: one a data set, and the mix of them all."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from spargen.run.files import write_changed, writing
from spargen.run.naming import Cell

SPAR_DATASETS = ("rxr", "scannet", "scannetpp", "structured3d")
MIX_SHARES = {"sentence": 1.0, "select": 0.1, "fill": 0.1, "judge": 0.1}
_FOLDER = "data_jsons"


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
    mix: dict[str, dict[str, Any]] = {}
    datasets = sorted({*SPAR_DATASETS, *(cell.dataset for cell in counts)})
    for dataset in datasets:
        train = {cell: rows for cell, rows in counts.items() if cell.dataset == dataset and cell.split == "train"}
        index = {f"{dataset}_{cell.task}_{cell.form}": _entry(cell, rows) for cell, rows in sorted(train.items())}
        texts[f"{dataset}_{sum(train.values()) // 1000}k.json"] = json.dumps(index, indent=4)
        for cell in sorted(train):
            if cell.form in MIX_SHARES:
                key, share = f"{dataset}_{cell.task}_{cell.form}", MIX_SHARES[cell.form]
                mix[key] = {**index[key], "repeat_time": share, "length_with_repeat": int(train[cell] * share)}
    total = sum(entry["length_with_repeat"] for entry in mix.values())
    name = "_".join(f"1{dataset}" for dataset in datasets)
    texts[f"{name}_{total // 1_000_000}m.json"] = json.dumps(mix, ensure_ascii=False, indent=4)
    stamps = {f"{_FOLDER}/{name}": write_changed(out / _FOLDER / name, text.encode()) for name, text in texts.items()}
    remove_indexes(out, keep=stamps)
    return {name: {"bytes": size, "sha256": sha256} for name, (size, sha256) in stamps.items()}


def _entry(cell: Cell, rows: int) -> dict[str, Any]:
    return {
        "root": f"spar/{cell.dataset}/images",
        "annotation": cell.row_file(rows),
        "repeat_time": 1,
        "length": rows,
    }
