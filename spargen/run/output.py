"""SPAR's folders out of the parts: one sorted file a cell, the facts beside it in the same order, the indexes."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from spargen.run.files import remove_empty_folders, write_bytes, write_lines, writing
from spargen.run.parts import Done, Stretch, facts_of, lines_of
from spargen.run.scenes import SceneRef
from spargen.seeds import digest

SPAR_DATASETS = ("rxr", "scannet", "scannetpp", "structured3d")
MIX_SHARES = {"sentence": 1.0, "select": 0.1, "fill": 0.1, "judge": 0.1}


@dataclass(frozen=True, slots=True, order=True)
class Cell:
    """One file of the output."""

    dataset: str
    split: str
    task: str
    form: str

    def row_file(self, rows: int) -> str:
        """Return where the rows stand, relative to the output folder."""
        return f"spar/{self.dataset}/qa_jsonl/{self.split}/{self.task}/{self.form}/{self.form}_{rows}.jsonl"

    @property
    def fact_file(self) -> str:
        """Where the facts stand, relative to the output folder."""
        return f"facts/{self.dataset}/{self.split}/{self.task}/{self.form}.jsonl"


def write_output(out: Path, done: Mapping[SceneRef, Done], seed: int) -> dict[Cell, int]:
    """Write rows, facts and indexes of all parts, and return how many rows each cell has."""
    _remove_indexes(out)
    for dataset in SPAR_DATASETS:
        with writing(out):
            (out / "spar" / dataset / "qa_jsonl" / "train").mkdir(parents=True, exist_ok=True)
            (out / "spar" / dataset / "images").mkdir(parents=True, exist_ok=True)
    cells: dict[Cell, list[tuple[SceneRef, Stretch]]] = defaultdict(list)
    for ref, part in sorted(done.items()):
        for stretch in part.cells:
            cells[Cell(ref.dataset, ref.split, stretch.task, stretch.form)].append((ref, stretch))
    counts = {cell: _write_cell(out, cell, pieces, seed) for cell, pieces in sorted(cells.items())}
    _remove_others(out, counts)
    _write_indexes(out, counts)
    return counts


def _write_cell(out: Path, cell: Cell, pieces: list[tuple[SceneRef, Stretch]], seed: int) -> int:
    """Write one cell in the order of a seeded hash, so that any first part of the file is a fair sample."""
    rows = [(ref, line) for ref, stretch in pieces for line in lines_of(out, ref, stretch)]
    keys = [digest("order", seed, ref.scene, orjson.loads(line)["id"]) for ref, line in rows]
    order = sorted(range(len(rows)), key=keys.__getitem__)
    target = out / cell.row_file(len(rows))
    with writing(target):
        for older in target.parent.glob(f"{cell.form}_*.jsonl"):
            older.unlink()
    write_lines(target, (rows[i][1] for i in order))
    del rows, keys
    facts = [line for ref, stretch in pieces for line in facts_of(out, ref, stretch)]
    write_lines(out / cell.fact_file, (facts[i] for i in order))
    return len(order)


def _remove_others(out: Path, counts: Mapping[Cell, int]) -> None:
    """Remove the files of cells that an earlier merge had and this one has not."""
    ours = {out / cell.row_file(rows) for cell, rows in counts.items()} | {out / cell.fact_file for cell in counts}
    with writing(out):
        folders = [*(out / "spar").glob("*/qa_jsonl"), out / "facts"]
        for file in (file for folder in folders for file in folder.rglob("*.jsonl")):
            if file not in ours:
                file.unlink()
        for folder in folders:
            remove_empty_folders(folder)
        for dataset in SPAR_DATASETS:
            (out / "spar" / dataset / "qa_jsonl" / "train").mkdir(parents=True, exist_ok=True)


def _remove_indexes(out: Path) -> None:
    """Remove what counts the rows, so that a merge that is cut short leaves no wrong count."""
    with writing(out):
        (out / "manifest.json").unlink(missing_ok=True)
        for file in (out / "data_jsons").glob("*.json"):
            if re.fullmatch(r".+_\d+[km]\.json", file.name):
                file.unlink()


def _write_indexes(out: Path, counts: Mapping[Cell, int]) -> None:
    """Write SPAR's training index of every data set, and the mix of them all."""
    mix: dict[str, dict[str, Any]] = {}
    datasets = sorted({*SPAR_DATASETS, *(cell.dataset for cell in counts)})
    for dataset in datasets:
        train = {cell: rows for cell, rows in counts.items() if cell.dataset == dataset and cell.split == "train"}
        index = {f"{dataset}_{cell.task}_{cell.form}": _entry(cell, rows) for cell, rows in sorted(train.items())}
        total = sum(train.values())
        write_bytes(out / "data_jsons" / f"{dataset}_{total // 1000}k.json", json.dumps(index, indent=4).encode())
        for cell in sorted(train):
            if cell.form in MIX_SHARES:
                key, share = f"{dataset}_{cell.task}_{cell.form}", MIX_SHARES[cell.form]
                mix[key] = {**index[key], "repeat_time": share, "length_with_repeat": int(train[cell] * share)}
    total = sum(entry["length_with_repeat"] for entry in mix.values())
    name = "_".join(f"1{dataset}" for dataset in datasets)
    text = json.dumps(mix, ensure_ascii=False, indent=4)
    write_bytes(out / "data_jsons" / f"{name}_{total // 1_000_000}m.json", text.encode())


def _entry(cell: Cell, rows: int) -> dict[str, Any]:
    return {
        "root": f"spar/{cell.dataset}/images",
        "annotation": cell.row_file(rows),
        "repeat_time": 1,
        "length": rows,
    }
