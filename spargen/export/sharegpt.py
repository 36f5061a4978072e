"""LLaMA-Factory: ShareGPT rows, and the ``dataset_info.json`` that names their columns and tags."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from spargen.export.format import Exported, conversations, image_names, lines, pretty
from spargen.export.row import ExportRow


def _row(row: ExportRow) -> dict[str, Any]:
    return {"id": row.id, "conversations": conversations(row), "images": image_names(row)}


def _describe(exported: Exported) -> Mapping[str, bytes]:
    entry = {
        "formatting": "sharegpt",
        "columns": {"messages": "conversations", "images": "images"},
        "tags": {"role_tag": "from", "content_tag": "value", "user_tag": "human", "assistant_tag": "gpt"},
    }
    return {"dataset_info.json": pretty({name: {"file_name": f"{name}.jsonl", **entry} for name in exported.rows})}


SHAREGPT = lines(_row, _describe)
