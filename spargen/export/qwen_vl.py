"""The finetune script of Qwen-VL: ShareGPT rows with ``image``, and the entries to paste into its ``data_dict``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from spargen.export.format import Exported, conversations, image_names, lines
from spargen.export.row import ExportRow


def _row(row: ExportRow) -> dict[str, Any]:
    return {"id": row.id, "image": image_names(row), "conversations": conversations(row)}


def _describe(exported: Exported) -> Mapping[str, bytes]:
    text = "# Paste this at the end of qwenvl/data/__init__.py, and name the entries in --dataset_use.\n"
    for name in exported.rows:
        places = {"annotation_path": str(exported.dest / f"{name}.jsonl"), "data_path": str(exported.dest)}
        text += f"data_dict[{name!r}] = {places!r}\n"
    return {"data_dict.py": text.encode()}


QWEN_VL = lines(_row, _describe)
