"""Image files by Pillow: opened, packed, and what its decoders raise, each in its own way, of a damaged one."""

import io
import struct
import zlib
from typing import IO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from spargen.scene.images import MOST_PIXELS

DECODER_ERRORS = (
    *(OSError, ValueError, SyntaxError, EOFError, TypeError, IndexError, struct.error, zlib.error),
    *(Image.DecompressionBombError, Image.DecompressionBombWarning),
)
"""Where a file is damaged or claims too much."""
LEVEL = 1
"""Of zlib: the noise of a depth image takes five times as long at the usual 6, for a twelfth less."""


def opened(file: IO[bytes]) -> Image.Image:
    """Open an image file, not decoded yet; one of `DECODER_ERRORS` if it is none, or larger than any camera's."""
    image = Image.open(file)
    if image.width * image.height > MOST_PIXELS:
        raise ValueError(f"it claims {image.width}x{image.height} pixels")
    return image


def packed(pixels: NDArray[np.uint16] | NDArray[np.uint8]) -> bytes:
    """Return pixels as a PNG file: (H, W) uint16 or uint8, or (H, W, 3) uint8."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG", compress_level=LEVEL)
    return file.getvalue()
