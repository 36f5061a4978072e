"""InternVL: rows with ``image``, and the ``meta.json`` that its training scripts are given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from spargen.export.format import Exported, conversations, image_names, lines, pretty
from spargen.export.row import ExportRow

MAX_DYNAMIC_PATCH = 12
"""Tiles of a row's images together, at most: what InternVL's own lists have."""


def _row(row: ExportRow) -> dict[str, Any]:
    return {"id": row.id, "image": image_names(row), "conversations": conversations(row)}


def _describe(exported: Exported) -> Mapping[str, bytes]:
    return {
        "meta.json": pretty(
            {
                name: {
                    "root": f"{exported.dest}/",
                    "annotation": str(exported.dest / f"{name}.jsonl"),
                    "data_augment": False,
                    "max_dynamic_patch": MAX_DYNAMIC_PATCH,
                    "repeat_time": 1,
                    "length": rows,
                }
                for name, rows in exported.rows.items()
            }
        )
    }


INTERNVL = lines(_row, _describe)
