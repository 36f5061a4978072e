"""Reads the numbers that image files hold."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from spargen.errors import SceneError
from spargen.reading import read_bytes
from spargen.scene.decoding import DECODER_ERRORS, opened


def decoded(path: Path, what: str = "image", mend: str = "export it again") -> Image.Image:
    """Return an image, decoded; `SceneError` where its file is damaged, or claims more pixels than any camera has."""
    try:
        image = opened(io.BytesIO(read_bytes(path)))
        image.load()
    except DECODER_ERRORS as error:
        raise SceneError(f"the {what} cannot be read ({error})", where=path, mend=mend) from None
    return image


def pixels(path: Path) -> NDArray[Any]:
    """Return the numbers of an image file, as they are; `SceneError` where it cannot be read."""
    return np.asarray(decoded(path))
