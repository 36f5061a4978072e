"""Files of a cache folder: nobody meets one that is not whole."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO


@contextmanager
def written_whole(path: Path) -> Iterator[IO[bytes]]:
    """Open a file that takes the place of another once it is written; where that fails, nothing is left of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part: Path | None = None
    try:
        with NamedTemporaryFile(dir=path.parent, suffix=".part", delete=False) as file:
            part = Path(file.name)
            yield file
        part.replace(path)
    except BaseException:
        if part:
            part.unlink(missing_ok=True)
        raise
