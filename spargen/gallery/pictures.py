"""The samples' images at a size for the page, marks drawn in, each image with the same marks once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from spargen.run.files import whole
from spargen.run.marks import Drawn, draw, marks_of_fact
from spargen.run.read import PublishedRow
from spargen.run.shown import shown
from spargen.seeds import hashed

WIDTH_PX = 480
FRAME_PX = 320
"""Width of images of rows with more than `FEW` of them, which are looked at one after the other."""
FEW = 5
QUALITY = 70


@dataclass(frozen=True, slots=True)
class Picture:
    """An image of the page: its path relative to the page, and its size."""

    path: str
    width: int
    height: int


class Pictures:
    """Writes pictures into a folder of a page; asked for the same one again, it writes nothing."""

    def __init__(self, page: Path) -> None:
        self._page = page
        self._written: dict[str, Picture] = {}

    def of(self, row: PublishedRow) -> list[Picture]:
        """Return the pictures of a row's images, in their order. Nothing in them gives the answer away.

        Raises
        ------
        OutputError
            Where an image is not there or is damaged.
        """
        width = WIDTH_PX if len(row.images) <= FEW else FRAME_PX
        marked = zip(row.record["image"], marks_of_fact(row.fact, len(row.images)), strict=True)
        return [self._picture(row, image, marks, width) for image, marks in marked]

    def _picture(self, row: PublishedRow, image: str, marks: tuple[Drawn, ...], width: int) -> Picture:
        name = hashed(row.cell.dataset, image, marks, width, size=8).hex()
        if name not in self._written:
            small, path = _small(row.folder / image, width), f"images/{name}.webp"
            draw(small, marks)
            with whole(self._page / path) as file:
                small.save(file, "WEBP", quality=QUALITY, method=2)
            self._written[name] = Picture(path, small.width, small.height)
        return self._written[name]


def _small(path: Path, width: int) -> Image.Image:
    with shown(path) as image:
        size = min(width, image.width), max(1, round(image.height * min(width, image.width) / image.width))
        image.draft("RGB", size)
        return image.convert("RGB").resize(size, Image.Resampling.LANCZOS)
