"""Reads the numbers that image files hold."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from spargen.errors import SceneError

UNREADABLE = (OSError, ValueError, SyntaxError, Image.DecompressionBombError)
"""What Pillow raises where a file is damaged."""


def pixels(path: Path) -> NDArray[Any]:
    """Return the numbers of an image file, as they are; `SceneError` where it cannot be read."""
    try:
        with Image.open(path) as image:
            return np.asarray(image)
    except UNREADABLE as error:
        raise SceneError(f"the image cannot be read ({error})", where=path, mend="export it again") from None
