"""Parquet for Hugging Face's datasets: a config a task, and one of them all."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from spargen.export.card import card
from spargen.export.columns import STRING, parquet_writer
from spargen.export.format import Exported, Format
from spargen.export.row import ExportRow
from spargen.run.naming import Cell

_COLUMNS = ("id", "dataset", "scene", "task", "form", "question", "prompt", "answer", "marks")


def _row(row: ExportRow) -> dict[str, Any]:
    marks = [{"image": i, **mark._asdict()} for i, image in enumerate(row.images) for mark in image.marks]
    return {
        "id": row.id,
        "dataset": row.cell.dataset,
        "scene": row.scene,
        "task": row.cell.task,
        "form": row.cell.form,
        "question": row.question,
        "prompt": row.prompt,
        "answer": row.answer,
        "marks": json.dumps(marks),
    }


def _group(cell: Cell) -> str:
    return f"data/{cell.task}/{cell.split}"


def _describe(exported: Exported) -> Mapping[str, bytes]:
    return {"README.md": card(exported, {cell.task: f"data/{cell.task}" for cell in exported.cells}, "data/*")}


PARQUET = Format(
    parquet_writer(dict.fromkeys(_COLUMNS, STRING), _row),
    _group,
    ".parquet",
    _describe,
    packed=True,
)
