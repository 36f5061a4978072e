"""The images of an export: each one with its marks drawn once, whichever process needs it first."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from PIL import ExifTags, Image

from spargen.export.row import ShownImage
from spargen.reading import read_bytes
from spargen.run.files import writing
from spargen.run.marks import draw
from spargen.run.shown import shown

QUALITY = 92


@dataclass(frozen=True, slots=True)
class Store:
    """Where images are written.

    Parameters
    ----------
    folder : receives them by their names.
    scratch : of the same disk; files stand here until they are whole.
    size_px : the longer side at most; None = as they are.
    """

    folder: Path
    scratch: Path
    size_px: int | None = None

    def put(self, image: ShownImage) -> Path:
        """Return the file of an image, which is made if it is not there."""
        path = self.folder / image.name
        if path.exists():
            return path
        # Two processes may make the same image; each writes its own file, and the last one takes the name.
        beside = self.scratch / f"{os.getpid()}{path.suffix}"
        with writing(path):
            beside.parent.mkdir(parents=True, exist_ok=True)
            path.parent.mkdir(parents=True, exist_ok=True)
            released = None if image.marks or self.size_px is not None else _read(image.source)
            if released is None:
                self._drawn(image).save(beside, "JPEG", quality=QUALITY)
            else:
                beside.write_bytes(released)
            beside.replace(path)
        return path

    def read(self, image: ShownImage) -> bytes:
        """Return the bytes of an image, which is made if it is not there."""
        return self.put(image).read_bytes()

    def _drawn(self, image: ShownImage) -> Image.Image:
        with shown(image.source) as opened:
            if self.size_px is not None:
                # A JPEG that is twice as large, or more, is decoded at half its size or less: that is faster.
                opened.thumbnail((self.size_px, self.size_px), reducing_gap=1.0)
            drawn = opened.convert("RGB")
        draw(drawn, image.marks)
        return drawn


def _read(source: Path) -> bytes | None:
    """Return the bytes of an image; what is none goes into no export.

    None where a camera's note in the file says to show it turned: copies with marks would lie another way.
    """
    with shown(source) as opened:
        turned = opened.getexif().get(ExifTags.Base.Orientation, 1) != 1
        return None if turned else read_bytes(source)
