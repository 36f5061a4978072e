"""What Pillow's decoders raise, each in its own way, where a file is damaged or claims too much."""

import struct
import zlib

from PIL import Image

DECODER_ERRORS = (
    *(OSError, ValueError, SyntaxError, EOFError, TypeError, IndexError, struct.error, zlib.error),
    *(Image.DecompressionBombError, Image.DecompressionBombWarning),
)
