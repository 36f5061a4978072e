"""LLaVA-NeXT: rows with ``image``, and the YAML list of files that it is given as ``--data_path``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from spargen.export.format import Exported, conversations, image_names, lines
from spargen.export.row import ExportRow


def _row(row: ExportRow) -> dict[str, Any]:
    return {"id": row.id, "image": image_names(row), "conversations": conversations(row)}


def _describe(exported: Exported) -> Mapping[str, bytes]:
    """Make one list a split: a list is read as a whole."""
    texts = {}
    for name in exported.rows:
        entry = {"json_path": str(exported.dest / f"{name}.jsonl"), "sampling_strategy": "all"}
        texts[f"{name}.yaml"] = yaml.safe_dump({"datasets": [entry]}, sort_keys=False).encode()
    return texts


LLAVA = lines(_row, _describe)
