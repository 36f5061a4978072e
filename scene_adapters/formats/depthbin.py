"""Single depth images of ScanNet++'s ``depth.bin``, which has one of two encodings.

Each image has 256x192 pixels. Either the whole file is one raw deflate stream of float32 metres; or it is a list of
blocks, each a uint32 size and so many bytes, which are LZ4 of uint16 millimetres or raw deflate of float32 metres. The
number of an image is that of the frame of the video that it belongs to.
"""

from __future__ import annotations

import io
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scene_adapters.formats.files import inflate
from scene_adapters.formats.video import EXTRA
from spargen.errors import SceneError
from spargen.reading import open_file

Millimetres = NDArray[np.uint16]

SIZE_PX = (256, 192)
"""Width and height."""
_SHAPE = SIZE_PX[1], SIZE_PX[0]
_METRES_BYTES, _MM_BYTES = 4 * _SHAPE[0] * _SHAPE[1], 2 * _SHAPE[0] * _SHAPE[1]
_CHUNK = 1 << 16
_EVERY = 32
"""Images of a stream after which a place to go on from is kept: 50 kB each."""
_DAMAGED = "the file is damaged or cut short: download it again, or extract depth/frame_000000.png ... from a whole one"


class DepthBin:
    """A ``depth.bin`` as a sequence of images. It is opened when one is asked for, so a `DepthBin` can be pickled.

    Parameters
    ----------
    path : the file.

    Raises
    ------
    SceneError
        Where it cannot be read, its first image is damaged, or it needs LZ4 and that is not installed.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._reader: _Stream | _Blocks | None = None
        self.frame(0)

    @property
    def ends_within(self) -> int | None:
        """The frame in which the file is cut, as far as that is known without reading all of it."""
        return len(self._reader.at) if isinstance(self._reader, _Blocks) and self._reader.cut else None

    def __getstate__(self) -> dict[str, object]:
        return {"path": self.path, "_reader": None}

    def frame(self, number: int) -> Millimetres | None:
        """Return the (192, 256) depth image of a frame; None where the file has ended before.

        Raises `SceneError` with file and frame where the file is cut within the image, or the image is damaged.
        """
        try:
            if self._reader is None:
                self._reader = _Stream(self.path) if _is_stream(self.path) else _Blocks(self.path)
            return self._reader.frame(number)
        except OSError as error:
            raise SceneError(f"the file cannot be read ({error.strerror})", where=self.path, mend=_DAMAGED) from error


def _is_stream(path: Path) -> bool:
    """Tell whether a file begins with an image's worth of one deflate stream; a list of blocks does not."""
    inflate, found = zlib.decompressobj(-zlib.MAX_WBITS), 0
    with open_file(path) as file:
        try:
            while found < _METRES_BYTES and not inflate.eof and (data := file.read(_CHUNK)):
                found += len(inflate.decompress(data, _METRES_BYTES - found))
        except zlib.error:
            return False
    return found == _METRES_BYTES


class _Stream:
    """One deflate stream. There is no way back in it but to a copy of the state that it was in before."""

    def __init__(self, path: Path) -> None:
        self.path = path
        # By image: the state of the decoder there, what it has read and not used, and how far the file was read.
        self.places: list[tuple[Any, bytes, int]] = [(zlib.decompressobj(-zlib.MAX_WBITS), b"", 0)]
        self.now: tuple[int, Any, bytes, int] | None = None

    def frame(self, number: int) -> Millimetres | None:
        place = min(number // _EVERY, len(self.places) - 1)
        # Until this has gone well, the decoder is in no state to go on from.
        now, self.now = self.now, None
        if now is not None and place * _EVERY <= now[0] <= number:
            at, inflate, rest, offset = now
        else:
            inflate, rest, offset = self.places[place]
            at, inflate = place * _EVERY, inflate.copy()
        image = b""
        with open_file(self.path) as file:
            file.seek(offset)
            while at <= number:
                image, rest = self._next(file, inflate, rest, at)
                if not image:
                    break
                at += 1
                if at == len(self.places) * _EVERY:
                    self.places.append((inflate.copy(), rest, file.tell()))
            self.now = at, inflate, rest, file.tell()
        return _millimetres(image) if image else None

    def _next(self, file: io.BufferedReader, inflate: Any, rest: bytes, at: int) -> tuple[bytes, bytes]:
        """Return the bytes of the next image, and what was read and not used; no bytes at the end of the stream."""
        parts, want = [], _METRES_BYTES
        while want and not inflate.eof and (rest := rest or file.read(_CHUNK)):
            try:
                parts.append(inflate.decompress(rest, want))
            except zlib.error as error:
                raise _broken(self.path, at, f"this is no deflate stream ({error})") from None
            rest = inflate.unconsumed_tail
            want -= len(parts[-1])
        if want and (want < _METRES_BYTES or not inflate.eof):
            raise _broken(self.path, at, "the file ends within it")
        return b"".join(parts), rest


class _Blocks:
    """A list of blocks; the sizes are read once."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.at: list[tuple[int, int]] = []
        self.cut = False
        with open_file(path, 0) as file:
            end = file.seek(0, io.SEEK_END)
            offset = 0
            while offset < end and not self.cut:
                file.seek(offset)
                head = file.read(4) or b""
                size = int.from_bytes(head, "little")
                self.cut = len(head) < 4 or not size or offset + 4 + size > end
                if not self.cut:
                    self.at.append((offset + 4, size))
                    offset += 4 + size

    def frame(self, number: int) -> Millimetres | None:
        if number >= len(self.at):
            if self.cut or not self.at:
                raise _broken(self.path, len(self.at), "the file ends within it")
            return None
        offset, size = self.at[number]
        with open_file(self.path) as file:
            file.seek(offset)
            data = file.read(size)
        try:
            metres = inflate(data, _METRES_BYTES, raw=True)
        except zlib.error:
            return self._lz4(number, data)
        if len(metres) != _METRES_BYTES:
            raise _broken(self.path, number, f"it has {len(metres)} bytes, not {_METRES_BYTES}")
        return _millimetres(metres)

    def _lz4(self, number: int, data: bytes) -> Millimetres:
        try:
            import lz4.block
        except ImportError:
            what, mend = (
                "LZ4 is not installed, which reads this file",
                f"{EXTRA}; or extract depth/frame_000000.png ...",
            )
            raise SceneError(what, where=self.path, mend=mend) from None
        try:
            raw: bytes = lz4.block.decompress(data, uncompressed_size=_MM_BYTES)
        except lz4.block.LZ4BlockError as error:
            raise _broken(self.path, number, f"it is neither deflate nor LZ4 ({error})") from None
        if len(raw) != _MM_BYTES:
            raise _broken(self.path, number, f"it has {len(raw)} bytes, not {_MM_BYTES}")
        return np.frombuffer(raw, "<u2").reshape(_SHAPE)


def _millimetres(metres: bytes) -> Millimetres:
    """Return depth in millimetres; what is no length that fits 16 bits becomes 0, which is not measured."""
    mm = np.rint(np.frombuffer(metres, "<f4").reshape(_SHAPE).astype(np.float64) * 1000)
    return np.where((mm > 0) & (mm <= np.iinfo(np.uint16).max), mm, 0).astype(np.uint16)


def _broken(path: Path, number: int, what: str) -> SceneError:
    return SceneError(f"frame {number}: {what}", where=path, mend=_DAMAGED)
