"""A row's images for a page: small, with their marks drawn in, as texts that a page can hold."""

from __future__ import annotations

import base64
import os
from io import BytesIO
from pathlib import Path

from spargen.audit.tree import TreeRow
from spargen.errors import OutputError
from spargen.run.marks import Drawn, draw, marks_of_record
from spargen.run.shown import shown

WIDTH_PX = 320
QUALITY = 65
MOST = 6
"""Of rows with more images, those with marks are shown; of those without marks, the first ones."""


def pictures(row: TreeRow) -> list[tuple[str, str]]:
    """Return a caption and a data URL for each image shown; "" for one that is no image, nothing for one not there.

    A tree may have been published without its images.
    """
    marks: dict[int, list[Drawn]] = {}
    for image, mark in marks_of_record(row.record):
        marks.setdefault(image, []).append(mark)
    paths = row.images
    found = []
    for i in sorted(marks) if marks and len(paths) > MOST else range(min(len(paths), MOST)):
        path, caption = row.folder / paths[i], f"image {i + 1} of {len(paths)}"
        if not os.path.lexists(path):
            continue
        try:
            found.append((caption, f"data:image/jpeg;base64,{_small(path, marks.get(i, []))}"))
        except OutputError as error:
            found.append((f"{caption}: {error.what}", ""))
    return found


def _small(path: Path, marks: list[Drawn]) -> str:
    with shown(path) as image:
        size = min(WIDTH_PX, image.width), max(1, round(image.height * min(WIDTH_PX, image.width) / image.width))
        image.draft("RGB", size)
        small = image.convert("RGB").resize(size)
    draw(small, marks)
    file = BytesIO()
    small.save(file, "JPEG", quality=QUALITY)
    return base64.b64encode(file.getvalue()).decode()
