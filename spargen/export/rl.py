"""Reinforcement learning with verl and EasyR1: prompts with verifiable answers in Parquet, and their reward."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from spargen.export.columns import INTEGER, STRING, parquet_writer
from spargen.export.format import Exported, Format
from spargen.export.row import ExportRow
from spargen.run.naming import Cell
from spargen.seeds import hashed

_FEATURES = {
    "data_source": STRING,
    "prompt": [{"role": STRING, "content": STRING}],
    "problem": STRING,
    "answer": STRING,
    "ability": STRING,
    "reward_model": {"style": STRING, "ground_truth": STRING},
    "extra_info": {"split": STRING, "index": INTEGER, "id": STRING, "task": STRING, "form": STRING},
}
"""``prompt`` is verl's; EasyR1, whose prompts are texts, reads ``problem`` and ``answer``."""


def _row(row: ExportRow) -> dict[str, Any]:
    cell = row.cell
    index = int.from_bytes(hashed(row.id, size=6))  # a number of its own for each row, whatever else is exported
    return {
        "data_source": f"spargen/{cell.dataset}",
        "prompt": [{"role": "user", "content": row.prompt}],
        "problem": row.prompt,
        "answer": row.answer,
        "ability": cell.task,
        "reward_model": {"style": "rule", "ground_truth": row.answer},
        "extra_info": {"split": cell.split, "index": index, "id": row.id, "task": cell.task, "form": cell.form},
    }


def _group(cell: Cell) -> str:
    return f"{cell.split}/{cell.split}"


def _describe(_: Exported) -> Mapping[str, bytes]:
    return {"reward.py": Path(__file__).with_name("reward.py").read_bytes()}


RL = Format(
    parquet_writer(_FEATURES, _row),
    _group,
    ".parquet",
    _describe,
    packed=True,
    forms=("fill", "select", "judge"),
)
