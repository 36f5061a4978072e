"""A row's images for a page: small, with their marks drawn in, as texts that a page can hold."""

from __future__ import annotations

import base64
from io import BytesIO
from pathlib import Path

from PIL import Image

from spargen.audit.tree import TreeRow
from spargen.run.marks import Drawn, draw, marks_of_record

WIDTH_PX = 320
QUALITY = 65
MOST = 6
"""Of rows with more images, those with marks are shown; of those without marks, the first ones."""


def pictures(row: TreeRow) -> list[tuple[str, str]]:
    """Return a caption and a data URL for each image shown; none for an image that is not there."""
    marks: dict[int, list[Drawn]] = {}
    for image, mark in marks_of_record(row.record):
        marks.setdefault(image, []).append(mark)
    paths = row.images
    shown = sorted(marks) if marks and len(paths) > MOST else range(min(len(paths), MOST))
    found = []
    for i in shown:
        data = _small(row.folder / paths[i], marks.get(i, []))
        if data is not None:
            found.append((f"image {i + 1} of {len(paths)}", f"data:image/jpeg;base64,{data}"))
    return found


def _small(path: Path, marks: list[Drawn]) -> str | None:
    try:
        with Image.open(path) as image:
            size = min(WIDTH_PX, image.width), max(1, round(image.height * min(WIDTH_PX, image.width) / image.width))
            image.draft("RGB", size)
            small = image.convert("RGB").resize(size)
    except OSError:  # a tree may have been published without its images
        return None
    draw(small, marks)
    file = BytesIO()
    small.save(file, "JPEG", quality=QUALITY)
    return base64.b64encode(file.getvalue()).decode()
