"""Reads the files of a release; every failure is one `SceneError` that names the file."""

from __future__ import annotations

import json
import os
import struct
import zlib
from collections.abc import Callable, Container
from pathlib import Path

import numpy as np
import orjson
from numpy.typing import NDArray

from spargen.errors import SceneError, short
from spargen.reading import open_file, read_bytes, without_mark

DAMAGED = "the file is damaged: download it again"
_MATRIX = "write 4x4 numbers between spaces, with a point before the decimals; or download it again"


def read_file(path: Path, *, mend: str = "download the file") -> bytes:
    """Return a file's bytes; `SceneError` with `mend` where it is missing or cannot be read."""
    try:
        return read_bytes(path)
    except FileNotFoundError:
        raise SceneError("the file is missing", where=path, mend=mend) from None
    except OSError as error:
        raise SceneError(f"the file cannot be read ({error.strerror})", where=path, mend=mend) from error


def read_plain(path: Path, *, mend: str = "download the file") -> bytes:
    """Return the bytes of a file of text, as UTF-8 without a mark where an editor put one before it.

    Raises `SceneError` where it cannot be read, or is no text.
    """
    try:
        return without_mark(read_file(path, mend=mend))
    except UnicodeDecodeError as error:
        what = f"the file is no text in the encoding that it begins as ({error.encoding})"
        raise SceneError(what, where=path, mend="save it as UTF-8") from None


def is_there(path: Path) -> bool:
    """Tell whether a file is there, by whatever name a text calls it: none has one that is too long for the system."""
    return os.path.isfile(path)  # noqa: PTH113 - that of `Path` raises for such a name


def inflate(data: bytes, most: int, *, raw: bool = False) -> bytes:
    """Unpack a deflate stream, `raw` or with zlib's header, of which no more than `most` bytes are wanted.

    What is longer comes out one byte longer than `most`. Raises `zlib.error` where it is damaged.
    """
    unpack = zlib.decompressobj(-zlib.MAX_WBITS if raw else zlib.MAX_WBITS)
    found = unpack.decompress(data, most + 1)
    if len(found) <= most and not unpack.eof:
        raise zlib.error("it is cut short")
    return found


def read_json(path: Path, *, mend: str = "download the file") -> dict[str, object]:
    """Return the JSON object in a file; `SceneError` where there is none.

    NaN and Infinity, which Python's writer leaves in numbers, are read as well.
    """
    content = _json_in(path, mend)
    if not isinstance(content, dict):
        raise SceneError("the file is not a JSON object", where=path, mend=DAMAGED)
    return content


def read_json_list(path: Path, *, mend: str = "download the file") -> list[object]:
    """Return the JSON list in a file; else as `read_json`."""
    content = _json_in(path, mend)
    if not isinstance(content, list):
        raise SceneError("the file is not a JSON list", where=path, mend=DAMAGED)
    return content


def _json_in(path: Path, mend: str) -> object:
    data = read_plain(path, mend=mend)
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError as error:
        try:
            return json.loads(data)
        except (ValueError, RecursionError):  # nested too deeply
            raise SceneError(f"the file is not JSON ({error})", where=path, mend=DAMAGED) from None


def read_matrix(path: Path) -> NDArray[np.float64]:
    """Return the (4, 4) matrix written as numbers in a text file, -inf and nan kept; `SceneError` where it is none."""
    words = read_plain(path).split()
    try:
        values = [float(word) for word in words]
    except ValueError:
        odd = next(word for word in words if not _is_number(word))
        raise SceneError(f"{short(odd.decode(errors='replace'))} is no number", where=path, mend=_MATRIX) from None
    if len(values) != 16:
        raise SceneError(f"the file holds {len(values)} numbers, not 4x4", where=path, mend=_MATRIX)
    return np.reshape(values, (4, 4))


def _is_number(word: bytes) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True


def numbered_files(folder: Path, suffixes: Container[str], number_of: Callable[[str], int | None]) -> dict[int, Path]:
    """Return the files of a folder with some endings by the numbers that their stems say, in the order of their names.

    What says none is passed over; {} where there is no such folder. Raises `SceneError` where two say one number.
    """
    found: dict[int, Path] = {}
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        number = number_of(path.stem) if path.suffix.lower() in suffixes else None
        if number is None:
            continue
        if number in found:
            what = f"{found[number].name} and {path.name} are both frame {number}"
            raise SceneError(what, where=folder, mend="keep one of them")
        found[number] = path
    return found


HEAD_BYTES = 2048
"""So much of an image file holds its header, but for files with pictures or profiles in it."""
_PNG, _JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8"
_NO_FRAME = (0xC4, 0xC8, 0xCC)


def image_size(head: bytes) -> tuple[int, int] | None:
    """Return width and height from the beginning of a PNG or JPEG file, None where it does not say them.

    Pillow takes half a millisecond for this, which scans of five thousand frames feel.
    """
    width = height = 0
    if head.startswith(_PNG) and len(head) >= 24:
        width, height = struct.unpack_from(">II", head, 16)
    at = len(_JPEG) if head.startswith(_JPEG) else len(head)
    while at + 9 <= len(head) and head[at] == 0xFF and not height:
        marker = head[at + 1]
        # A frame header: ITU-T T.81, B.2.2. All others are stepped over by their length.
        if 0xC0 <= marker <= 0xCF and marker not in _NO_FRAME:
            height, width = struct.unpack_from(">HH", head, at + 5)
            break
        at += 2 + struct.unpack_from(">H", head, at + 2)[0]
    return (width, height) if width and height else None


def image_file_size(path: Path) -> tuple[int, int] | None:
    """Return width and height of a PNG or JPEG file, None where it cannot be read or does not say them."""
    try:
        with open_file(path, 0) as file:
            head = file.read(HEAD_BYTES) or b""
            return image_size(head) or (image_size(head + file.readall()) if len(head) == HEAD_BYTES else None)
    except OSError:
        return None
