"""Walks through Matterport3D scans with the words that tell them: R2R's json lists, and RxR's guides.

RxR has one instruction a line, in a gzip file that browsers may have unpacked without renaming it; R2R has several a
path. Where a test set hides the goal, a path has one viewpoint.
"""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import orjson

from scene_adapters.formats.files import DAMAGED, read_file, read_plain
from spargen.errors import SceneError
from spargen.reading import without_mark

_RATIO = 100
_GZIP = b"\x1f\x8b"
_ENGLISH = "en-"
_NOT_JSON = (orjson.JSONDecodeError, AttributeError, KeyError, TypeError, ValueError)


class Instruction(NamedTuple):
    """A walk as somebody told it.

    id : unique in its data set. path : names of viewpoints. heading : in radians, at the beginning, clockwise from +y.
    text : what was said, in one line.
    """

    id: str
    scan: str
    path: tuple[str, ...]
    heading: float
    text: str


def read_guide(path: Path) -> list[Instruction]:
    """Read the English rows of an RxR guide; words need no times.

    Raises
    ------
    SceneError
        Where a line is none of a guide, such as those of followers, or the file is cut short.
    """
    data = read_file(path)
    try:
        text = without_mark(_unpacked(data) if data.startswith(_GZIP) else data)
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise SceneError(f"the file cannot be unpacked ({error})", where=path, mend=DAMAGED) from None
    found = []
    for number, line in enumerate(text.split(b"\n"), start=1):
        if not line.strip():
            continue
        try:
            row = orjson.loads(line)
            if row["language"].startswith(_ENGLISH):
                found.append(_instruction(str(row["instruction_id"]), row, row["instruction"]))
        except _NOT_JSON as error:
            what = f"line {number} is no row of a guide ({type(error).__name__}: {error})"
            raise SceneError(what, where=path, mend=DAMAGED) from None
    return found


def read_r2r(path: Path) -> list[Instruction]:
    """Read an R2R file; the k-th instruction of a path has the id ``<path_id>_<k>``.

    Raises
    ------
    SceneError
        Where it is not such a list.
    """
    data = read_plain(path)
    try:
        return [instruction for row in orjson.loads(data) for instruction in _of_path(row)]
    except _NOT_JSON as error:
        what = f"it is not a list of paths ({type(error).__name__}: {error})"
        raise SceneError(what, where=path, mend=DAMAGED) from None


def _unpacked(data: bytes) -> bytes:
    """Unpack what gzip packed; words are a tenth of their size then, and no text a thousandth."""
    most = _RATIO * len(data) + (1 << 20)
    with gzip.open(io.BytesIO(data)) as file:
        text = file.read(most + 1)
    if len(text) > most:
        raise OSError("it is no text that was packed")
    return text


def _of_path(row: Mapping[str, object]) -> Iterator[Instruction]:
    texts = row["instructions"]
    if not isinstance(texts, list):
        raise TypeError("instructions are no list")
    for k, text in enumerate(texts):
        yield _instruction(f"{row['path_id']}_{k}", row, text)


def _instruction(name: str, row: Mapping[str, object], text: object) -> Instruction:
    path, heading = row["path"], row["heading"]
    if not isinstance(path, list) or not isinstance(heading, int | float) or not isinstance(text, str):
        raise TypeError("path, heading or instruction are none")
    one_line = " ".join(text.split())
    return Instruction(name, str(row["scan"]), tuple(map(str, path)), float(heading), one_line)
