"""Lines of many files brought into one order. In memory is where each of them stands, some 40 bytes, and no text."""

from __future__ import annotations

import io
import os
import re
from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, groupby, pairwise, repeat
from pathlib import Path

import numpy as np
import orjson
from numpy.typing import NDArray

from spargen.errors import OutputError

KEY = 16
"""Bytes of the key that a line is ordered by."""
_AT_ONCE = 32 * 2**20
"""Bytes of lines that are read together, in the order in which they stand."""
_SIDE_BY_SIDE = 2**20
"""Bytes of lines that are read at once, about, where they stand side by side: they are in memory twice meanwhile."""
_JOINED = 256
"""Lines that are handed on in one piece: a larger one would not stay in the processor's cache."""
_ID = re.compile(rb'\{(?:"(?!id")[^"\\]*":"[^"\\]*",)*"id":"([^"\\]*)"')
"""The id in a line where nothing stands before it, or texts without escapes only."""
MEND = "remove it and give the same command again: what it held is made again"


class Lines:
    """Where lines stand, by their keys. Of lines with one key the one that was added last counts."""

    def __init__(self) -> None:
        self._files: list[Path] = []
        self._keys = bytearray()
        self._file, self._offset, self._length = array("q"), array("q"), array("q")
        self._order: tuple[NDArray[np.uint64], NDArray[np.int64]] | None = None

    def add(self, file: Path, offsets: Iterable[int], lengths: Sequence[int], keys: bytes | bytearray) -> None:
        """Add lines of a file: where each begins, how long it is, and the keys of all, one after the other."""
        self._file.extend(repeat(len(self._files), len(lengths)))
        self._offset.extend(offsets)
        self._length.extend(lengths)
        self._keys += keys
        self._files.append(file)
        self._order = None
        if not len(self._file) == len(self._offset) == len(self._keys) / KEY:
            raise ValueError("not as many places as keys")

    @property
    def keys(self) -> bytes:
        """All keys in order, one after the other, each once."""
        return self._sorted()[0].tobytes()

    def read(self) -> Iterator[bytes]:
        """Yield the lines in the order of their keys."""
        return chain.from_iterable(self._chunks())

    def read_together(self) -> Iterator[bytes]:
        """Yield the lines in the order of their keys, some hundreds in one piece."""
        for lines in self._chunks():
            for begin in range(0, len(lines), _JOINED):
                yield b"".join(lines[begin : begin + _JOINED])

    def _chunks(self) -> Iterator[list[bytes]]:
        order = self._sorted()[1]
        file, offset, length = (np.frombuffer(a, np.int64)[order] for a in (self._file, self._offset, self._length))
        ends = np.cumsum(length)
        begin = 0
        while begin < len(length):
            limit = (ends[begin - 1] if begin else 0) + _AT_ONCE
            end = max(begin + 1, int(np.searchsorted(ends, limit, side="right")))
            yield self._chunk(file[begin:end], offset[begin:end], length[begin:end])
            begin = end

    def _sorted(self) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
        """Return the keys in order, (N, 2), and the number of the line of each."""
        if self._order is None:
            # The last line comes first, so that of equal keys it stays the first.
            halves = np.frombuffer(self._keys, ">u8").reshape(-1, 2).astype(np.uint64)[::-1]
            order = np.lexsort((halves[:, 1], halves[:, 0]))
            first = np.ones(len(order), bool)
            first[1:] = (halves[order[1:]] != halves[order[:-1]]).any(axis=1)
            self._order = halves[order[first]], len(order) - 1 - order[first]
        return self._order

    def _chunk(self, files: NDArray[np.int64], offsets: NDArray[np.int64], lengths: NDArray[np.int64]) -> list[bytes]:
        """Read some lines, file after file and at once what stands side by side; return them in their own order."""
        found: list[bytes] = [b""] * len(files)
        order = np.lexsort((offsets, files))
        here, before = order[1:], order[:-1]
        goes_on = (files[here] == files[before]) & (offsets[here] == (offsets + lengths)[before])
        goes_on &= offsets[here] // _SIDE_BY_SIDE == offsets[before] // _SIDE_BY_SIDE
        begins = np.flatnonzero(np.append(True, ~goes_on)).tolist()
        places = list(zip(order.tolist(), offsets[order].tolist(), lengths[order].tolist(), strict=True))
        runs = pairwise([*begins, len(places)])
        for number, of_file in groupby(runs, lambda run: files[order[run[0]]]):
            with self._files[number].open("rb", buffering=0) as file:
                for begin, end in of_file:
                    first, (_, last, length) = places[begin][1], places[end - 1]
                    text = os.pread(file.fileno(), last + length - first, first)
                    for i, offset, length in places[begin:end]:
                        found[i] = text[offset - first : offset - first + length]
        return found


def lines_in(file: Path) -> Iterator[tuple[int, bytes]]:
    """Yield the lines of a file, each with where it begins."""
    begin = 0
    with file.open("rb") as text:
        for line in text:
            yield begin, line
            begin += len(line)


def lines_between(file: Path, begin: int, end: int) -> list[bytes]:
    """Return the lines of a file between two of their ends."""
    with file.open("rb", buffering=0) as text:
        text.seek(begin)
        return io.BytesIO(text.read(end - begin)).readlines()


def id_of(line: bytes, where: str) -> str:
    """Return the id of a row or a fact; `OutputError` if the line is damaged."""
    if (found := _ID.match(line)) is not None:
        return found[1].decode("utf-8", "replace")
    try:
        return str(orjson.loads(line)["id"])
    except (orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise OutputError("this line is damaged", where=where, mend=MEND) from error
