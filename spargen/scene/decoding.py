"""Image files by Pillow: pixels packed into one, and what its decoders raise, each in its own way, of a damaged one."""

import io
import struct
import zlib

import numpy as np
from numpy.typing import NDArray
from PIL import Image

DECODER_ERRORS = (
    *(OSError, ValueError, SyntaxError, EOFError, TypeError, IndexError, struct.error, zlib.error),
    *(Image.DecompressionBombError, Image.DecompressionBombWarning),
)
"""Where a file is damaged or claims too much."""
LEVEL = 1
"""Of zlib: the noise of a depth image takes five times as long at the usual 6, for a twelfth less."""


def packed(pixels: NDArray[np.uint16] | NDArray[np.uint8]) -> bytes:
    """Return pixels as a PNG file: (H, W) uint16 or uint8, or (H, W, 3) uint8."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG", compress_level=LEVEL)
    return file.getvalue()
