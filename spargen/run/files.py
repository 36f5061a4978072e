"""Writes files whole or not at all; where the disk cannot take them, one `OutputError` says so."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from hashlib import file_digest, sha256
from pathlib import Path
from typing import BinaryIO

import orjson

from spargen.errors import OutputError

JSON_LINE = orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_APPEND_NEWLINE
_PRETTY = orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | JSON_LINE
Stamp = tuple[int, str]
"""Size of a file in bytes and its SHA-256, by which it is known to be whole."""
_FULL = (errno.ENOSPC, errno.EDQUOT)


@contextmanager
def writing(where: Path) -> Iterator[None]:
    """Turn whatever stops a write under `where` into an `OutputError`."""
    try:
        yield
    except OSError as error:
        raise _explained(error, where) from error


@contextmanager
def whole(path: Path) -> Iterator[BinaryIO]:
    """Open a file that takes its name only once it is complete."""
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = temporary(path)
        with beside.open("wb") as file:
            yield file
        beside.replace(path)


def temporary(path: Path) -> Path:
    """Return the temporary name that `path` is written under: always the same, so a rerun overwrites it."""
    return path.with_name(path.name + ".tmp")


def write_bytes(path: Path, data: bytes) -> Stamp:
    """Write a file whole."""
    return write_lines(path, [data])


def write_changed(path: Path, data: bytes) -> Stamp:
    """Write a file whole unless it holds these very bytes already."""
    try:
        same = path.read_bytes() == data
    except OSError:
        same = False
    return (len(data), sha256(data).hexdigest()) if same else write_bytes(path, data)


def write_json(path: Path, value: object) -> None:
    """Write a value as indented JSON with sorted keys, unless it stands there already."""
    write_changed(path, orjson.dumps(value, option=_PRETTY))


def write_lines(path: Path, lines: Iterable[bytes], announce: Callable[[Stamp], None] | None = None) -> Stamp:
    """Write lines, each with its line end.

    Parameters
    ----------
    path, lines : the file and what it is to hold.
    announce : told of the file when it is complete and has not taken its name yet.
    """
    size, hashed = 0, sha256()
    with whole(path) as file:
        for line in lines:
            file.write(line)
            hashed.update(line)
            size += len(line)
        stamp = size, hashed.hexdigest()
        if announce is not None:
            file.flush()
            announce(stamp)
    return stamp


def stamp_of(path: Path) -> Stamp:
    """Read a file and return its stamp."""
    with path.open("rb") as file:
        return path.stat().st_size, file_digest(file, "sha256").hexdigest()


def remove_empty_folders(root: Path) -> None:
    """Remove the folders below `root` that hold nothing."""
    for folder, _, _ in os.walk(root, topdown=False):
        if Path(folder) != root and not any(Path(folder).iterdir()):
            Path(folder).rmdir()


def _explained(error: OSError, where: Path) -> OutputError:
    place = error.filename or where
    if error.errno in _FULL:
        return OutputError(
            "the disk is full", where=place, mend="make room and give the same command again: it resumes"
        )
    if isinstance(error, PermissionError) or error.errno == errno.EROFS:
        return OutputError("this cannot be written: permission denied", where=place, mend="choose another --out")
    return OutputError(f"this cannot be written: {error.strerror}", where=place, mend="choose another --out")
