"""TRL: messages with content parts, and the images that fill them, in Parquet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from spargen.export.card import card
from spargen.export.columns import STRING, parquet_writer
from spargen.export.format import Exported, Format
from spargen.export.row import ExportRow
from spargen.run.naming import Cell

_MESSAGES = [{"role": STRING, "content": [{"type": STRING, "text": STRING}]}]


def _row(row: ExportRow) -> dict[str, Any]:
    content = [
        {"type": "text", "text": part} if isinstance(part, str) else {"type": "image", "text": None}
        for part in row.parts
    ]
    answer = [{"type": "text", "text": row.answer}]
    return {"messages": [{"role": "user", "content": content}, {"role": "assistant", "content": answer}]}


def _group(cell: Cell) -> str:
    return f"data/{cell.split}"


def _describe(exported: Exported) -> Mapping[str, bytes]:
    return {"README.md": card(exported, {}, "data")}


TRL = Format(parquet_writer({"messages": _MESSAGES}, _row), _group, ".parquet", _describe, packed=True)
