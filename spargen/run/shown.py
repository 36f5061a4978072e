"""Opens the images that rows name: whatever lies there, an image comes out of it or one error that names the file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image

from spargen.errors import OutputError
from spargen.reading import open_file
from spargen.scene.decoding import DECODER_ERRORS, opened


@contextmanager
def shown(path: Path) -> Iterator[Image.Image]:
    """Open an image of an output to decode it, as a whole or smaller.

    Raises
    ------
    OutputError
        Where it is not there, is no regular file or leads to none, claims more pixels than any camera has, or is
        damaged, if only where it is decoded.
    """
    try:
        with open_file(path) as file, opened(file) as image:
            yield image
    except DECODER_ERRORS as error:
        reason = getattr(error, "strerror", None) or error
        mend = "generate with images: copy or link"
        raise OutputError(f"the image cannot be read ({reason})", where=path, mend=mend) from error
