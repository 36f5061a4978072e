"""ms-swift: messages and the images of their tags."""

from __future__ import annotations

from typing import Any

from spargen.export.format import image_names, lines, messages
from spargen.export.row import ExportRow


def _row(row: ExportRow) -> dict[str, Any]:
    return {"messages": messages(row), "images": image_names(row)}


SWIFT = lines(_row, lambda _: {})
