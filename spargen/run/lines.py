"""Lines of many files brought into one order. In memory is where each of them stands, some 40 bytes, and no text."""

from __future__ import annotations

import os
import re
from array import array
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import orjson
from numpy.typing import NDArray

from spargen.errors import OutputError

KEY = 16
"""Bytes of the key that a line is ordered by."""
_AT_ONCE = 32 * 2**20
"""Bytes of lines that are read together, in the order in which they stand."""
_ID = re.compile(rb'\{"id":"([^"\\]*)"')
MEND = "remove it and give the same command again: what it held is made again"


class Lines:
    """Where lines stand, by their keys. Of lines with one key the one that was added last counts."""

    def __init__(self) -> None:
        self._files: list[Path] = []
        self._keys = bytearray()
        self._file, self._offset, self._length = array("q"), array("q"), array("q")

    def add(self, file: Path, places: Iterable[tuple[int, int]], keys: Iterable[bytes]) -> None:
        """Add lines of a file: where each begins, how long it is, and its key; there are as many of both."""
        for (offset, length), key in zip(places, keys, strict=True):
            self._keys += key
            self._file.append(len(self._files))
            self._offset.append(offset)
            self._length.append(length)
        self._files.append(file)

    @property
    def keys(self) -> bytes:
        """All keys in order, one after the other, each once."""
        return self._sorted()[0].tobytes()

    def read(self) -> Iterator[bytes]:
        """Yield the lines in the order of their keys."""
        order = self._sorted()[1]
        file, offset, length = (np.frombuffer(a, np.int64)[order] for a in (self._file, self._offset, self._length))
        ends = np.cumsum(length)
        begin = 0
        while begin < len(length):
            limit = (ends[begin - 1] if begin else 0) + _AT_ONCE
            end = max(begin + 1, int(np.searchsorted(ends, limit, side="right")))
            yield from self._chunk(file[begin:end], offset[begin:end], length[begin:end])
            begin = end

    def _sorted(self) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
        """Return the keys in order, (N, 2), and the number of the line of each."""
        halves = np.frombuffer(bytes(self._keys), ">u8").reshape(-1, 2).astype(np.uint64)
        order = np.lexsort((-np.arange(len(halves)), halves[:, 1], halves[:, 0]))
        first = np.ones(len(order), bool)
        first[1:] = (halves[order[1:]] != halves[order[:-1]]).any(axis=1)
        return halves[order[first]], order[first]

    def _chunk(
        self, files: NDArray[np.int64], offsets: NDArray[np.int64], lengths: NDArray[np.int64]
    ) -> Iterator[bytes]:
        """Read some lines, file after file, and yield them in their own order."""
        found: list[bytes] = [b""] * len(files)
        descriptor, at = -1, -1
        try:
            for i in np.lexsort((offsets, files)).tolist():
                if files[i] != at:
                    if descriptor >= 0:
                        os.close(descriptor)
                    at = int(files[i])
                    descriptor = os.open(self._files[at], os.O_RDONLY)
                found[i] = os.pread(descriptor, int(lengths[i]), int(offsets[i]))
        finally:
            if descriptor >= 0:
                os.close(descriptor)
        yield from found


def lines_in(file: Path, begin: int = 0, end: int | None = None) -> Iterator[tuple[int, bytes]]:
    """Yield the lines of a file, or of a piece of it, each with where it begins."""
    with file.open("rb") as text:
        text.seek(begin)
        for line in text:
            if end is not None and begin >= end:
                return
            yield begin, line
            begin += len(line)


def id_of(line: bytes, where: str) -> str:
    """Return the id of a row or a fact; `OutputError` if the line is damaged."""
    if (found := _ID.match(line)) is not None:
        return found[1].decode("utf-8", "replace")
    try:
        return str(orjson.loads(line)["id"])
    except (orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise OutputError("this line is damaged", where=where, mend=MEND) from error
