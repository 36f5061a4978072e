"""ScanNet's `.sens` container: one file with the calibration, the poses and the RGB-D frames of a scan.

Layout of versions 3 and 4, little endian (sensorData.h of the ScanNet release)::

    uint32 version      uint64 n, char[n] sensor name
    float32[16] x 4     colour intrinsic, colour extrinsic, depth intrinsic, depth extrinsic (row-major)
    int32 colour compression (0 raw rgb, 1 png, 2 jpeg)     int32 depth compression (0 raw, 1 zlib, 2 occi)
    uint32 x 4          colour width and height, depth width and height
    float32 depth shift, uint64 number of frames
    a frame:  float32[16] camera-to-world, uint64 x 2 timestamps, uint64 colour bytes, uint64 depth bytes, payloads
    version 4 only: the IMU block, which is not read

A file is 1 to 3 GB, so only the 96-byte frame headers and the beginnings of the colour images, which tell their size,
are read, and the payloads sought over. Frames keep the file's order: some scans have wrong timestamps.
"""

from __future__ import annotations

import io
import math
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from scene_adapters.formats.files import HEAD_BYTES, image_size, inflate
from spargen.errors import SceneError
from spargen.reading import open_file
from spargen.scene.images import MOST_PIXELS
from spargen.scene.types import Blob, FrameStore

_DAMAGED = "the file is damaged or cut short: download it again"
_MATRICES = ("intrinsic_color", "extrinsic_color", "intrinsic_depth", "extrinsic_depth")
_HEADER = np.dtype(
    [(name, "<f4", (4, 4)) for name in _MATRICES]
    + [("color_compression", "<i4"), ("depth_compression", "<i4")]
    + [("color_size", "<u4", (2,)), ("depth_size", "<u4", (2,)), ("depth_shift", "<f4"), ("frames", "<u8")]
)
_FRAME = np.dtype([("pose", "<f4", (4, 4)), ("time_us", "<u8", (2,)), ("color_bytes", "<u8"), ("depth_bytes", "<u8")])
_SIZES = struct.Struct("<QQ")

_RAW, _PNG, _JPEG = 0, 1, 2
_COLOR_FILE = {_PNG: (".png", b"\x89PNG"), _JPEG: (".jpg", b"\xff\xd8")}
_RAW_USHORT, _ZLIB_USHORT = 0, 1


@dataclass(frozen=True, slots=True)
class SensFrames(FrameStore):
    """V frames of a `.sens` file as a `FrameStore`: an index in memory, payloads read when they are asked for.

    Parameters
    ----------
    path : the file, opened anew for every read, so a store can be pickled.
    size_px : (V, 2) width and height of each colour image, from its own header; zeros where that cannot be read.
    color_size_px, depth_size_px : width and height for which the intrinsics hold, from the file's header.
    color_compression, depth_compression : codes of the header.
    depth_shift : raw depth units in a metre.
    intrinsics : the header's four (4, 4) matrices, `intrinsic_color` and so on.
    number : (V,) frame numbers, counted from 0 in the file.
    poses : (V, 4, 4) camera-to-world as released; all -inf where tracking was lost.
    color_at : (V,) byte offset of the colour payload, which the depth payload follows.
    color_bytes, depth_bytes : (V,) lengths of the payloads; depth may have none (0).
    incomplete : how many frames were left out because they have no colour image.
    """

    path: Path
    size_px: NDArray[np.int64]
    color_size_px: tuple[int, int]
    depth_size_px: tuple[int, int]
    color_compression: int
    depth_compression: int
    depth_shift: float
    intrinsics: Mapping[str, NDArray[np.float64]]
    number: NDArray[np.int64]
    poses: NDArray[np.float64]
    color_at: NDArray[np.int64]
    color_bytes: NDArray[np.int64]
    depth_bytes: NDArray[np.int64]
    incomplete: int

    def __len__(self) -> int:
        return len(self.number)

    @property
    def names(self) -> tuple[str, ...]:
        """Frame names: the number in the file, unpadded."""
        return tuple(str(number) for number in self.number)

    @property
    def color_suffix(self) -> tuple[str, ...]:
        """Ending of each colour file, with its dot: one for the whole file."""
        suffix = ".png" if self.color_compression == _RAW else _COLOR_FILE[self.color_compression][0]
        return (suffix,) * len(self)

    @property
    def has_depth(self) -> NDArray[np.bool_]:
        """(V,) whether a frame has a depth image."""
        return np.asarray(self.depth_bytes > 0)

    @property
    def files(self) -> tuple[Path, ...]:
        """The files that the frames are read from."""
        return (self.path,)

    @property
    def index(self) -> tuple[NDArray[Any], ...]:
        """What was read of the frames without their pixels: two recordings hardly ever agree in it."""
        return self.number, self.poses, self.size_px, self.color_bytes, self.depth_bytes

    def take(self, frames: ArrayLike) -> SensFrames:
        """Return the frames at the given positions, in that order."""
        i = np.asarray(frames, dtype=np.int64)
        return replace(
            self,
            size_px=self.size_px[i],
            number=self.number[i],
            poses=self.poses[i],
            color_at=self.color_at[i],
            color_bytes=self.color_bytes[i],
            depth_bytes=self.depth_bytes[i],
        )

    def color(self, frame: int) -> Blob:
        """Return the colour image as it stands in the file; raw pixels are packed into a PNG."""
        data = self._payload(frame, int(self.color_at[frame]), int(self.color_bytes[frame]))
        if self.color_compression == _RAW:
            width, height = self.color_size_px
            if len(data) != width * height * 3:
                raise self._broken(frame, f"colour has {len(data)} bytes, not {width}x{height}x3")
            return Blob(".png", pixels=np.frombuffer(data, np.uint8).reshape(height, width, 3))
        suffix, magic = _COLOR_FILE[self.color_compression]
        if not data.startswith(magic):
            raise self._broken(frame, f"colour is no {suffix} image")
        return Blob(suffix, data=data)

    def depth(self, frame: int) -> Blob | None:
        """Return the depth image as a 16-bit PNG in millimetres, 0 = not measured; None where there is none."""
        if not self.depth_bytes[frame]:
            return None
        at = int(self.color_at[frame] + self.color_bytes[frame])
        data = self._payload(frame, at, int(self.depth_bytes[frame]))
        width, height = self.depth_size_px
        if self.depth_compression == _ZLIB_USHORT:
            try:
                data = inflate(data, width * height * 2)
            except zlib.error as error:
                raise self._broken(frame, f"depth is no zlib stream ({error})") from None
        if len(data) != width * height * 2:
            raise self._broken(frame, f"depth has {len(data)} bytes, not {width}x{height}x2")
        raw = np.frombuffer(data, "<u2").reshape(height, width)
        return Blob(".png", pixels=_millimetres(raw, self.depth_shift))

    def pose_as_released(self, frame: int) -> NDArray[np.float64]:
        """Return the (4, 4) camera-to-world pose as it stands in the file."""
        return np.asarray(self.poses[frame])

    def intrinsics_as_released(self) -> Mapping[str, NDArray[np.float64]]:
        """Return the header's four (4, 4) matrices; pixel centres are whole numbers in them."""
        return self.intrinsics

    def _payload(self, frame: int, at: int, size: int) -> bytes:
        try:
            with open_file(self.path) as file:
                file.seek(at)
                data = file.read(size)
        except OSError as error:
            raise SceneError(f"the file cannot be read ({error.strerror})", where=self.path, mend=_DAMAGED) from error
        if len(data) != size:
            raise self._broken(frame, f"the file ends before byte {at + size}")
        return data

    def _broken(self, frame: int, what: str) -> SceneError:
        at = int(self.color_at[frame]) - _FRAME.itemsize
        return SceneError(f"frame {self.number[frame]} at byte {at}: {what}", where=self.path, mend=_DAMAGED)


def open_sens(path: Path) -> SensFrames:
    """Index a `.sens` file of version 3 or 4.

    Raises
    ------
    SceneError
        Where the file is missing, is no such file, is cut short (naming the frame and the byte), or is compressed in a
        way that cannot be read.
    """
    try:
        # Unbuffered: a buffer would read 8 kB for every 96 bytes that are wanted.
        with open_file(path, 0) as file:
            size = file.seek(0, io.SEEK_END)
            file.seek(0)
            header = _read_header(file, size, path)
            frames, color_at, size_px = _read_index(file, header, size, path)
    except FileNotFoundError:
        raise SceneError("the file is missing", where=path, mend="download it") from None
    except OSError as error:
        raise SceneError(f"the file cannot be read ({error.strerror})", where=path, mend=_DAMAGED) from error
    width, height, depth_width, depth_height = (int(n) for n in (*header["color_size"], *header["depth_size"]))
    has_color = np.flatnonzero(frames["color_bytes"])
    return SensFrames(
        path=path,
        size_px=size_px,
        color_size_px=(width, height),
        depth_size_px=(depth_width, depth_height),
        color_compression=int(header["color_compression"]),
        depth_compression=int(header["depth_compression"]),
        depth_shift=float(header["depth_shift"]),
        intrinsics={name: header[name].astype(np.float64) for name in _MATRICES},
        number=np.arange(len(frames)),
        poses=frames["pose"].astype(np.float64),
        color_at=color_at,
        color_bytes=frames["color_bytes"].astype(np.int64),
        depth_bytes=frames["depth_bytes"].astype(np.int64),
        incomplete=len(frames) - len(has_color),
    ).take(has_color)


def _read_header(file: io.FileIO, size: int, path: Path) -> np.void:
    """Read everything before the first frame, and refuse what cannot be read later."""
    start = file.read(12) or b""
    if len(start) < 12:
        raise SceneError(f"the file ends within its header, at byte {size}", where=path, mend=_DAMAGED)
    version, name_length = struct.unpack("<IQ", start)
    if version not in (3, 4):
        raise SceneError(
            f"not a .sens file of version 3 or 4 (it starts with {start[:4]!r})", where=path, mend="download it again"
        )
    if 12 + name_length + _HEADER.itemsize > size:
        raise SceneError(f"the file ends within its header, at byte {size}", where=path, mend=_DAMAGED)
    file.seek(12 + name_length)
    header: np.void = np.frombuffer(file.read(_HEADER.itemsize) or b"", _HEADER)[0]
    if header["color_compression"] not in (_RAW, _PNG, _JPEG):
        what, mend = f"colour compression {header['color_compression']}", "supported: 0 raw, 1 png, 2 jpeg"
    elif header["depth_compression"] not in (_RAW_USHORT, _ZLIB_USHORT):
        what, mend = f"depth compression {header['depth_compression']}", "supported: 0 raw ushort, 1 zlib ushort"
    elif not (np.isfinite(header["depth_shift"]) and header["depth_shift"] > 0):
        what, mend = f"depth shift {header['depth_shift']} of the header", _DAMAGED
    elif not all(0 < math.prod(map(int, header[name])) <= MOST_PIXELS for name in ("color_size", "depth_size")):
        sizes = header["color_size"].tolist(), header["depth_size"].tolist()
        what, mend = f"image sizes {sizes} of the header", _DAMAGED
    else:
        return header
    raise SceneError(f"{what} cannot be read", where=path, mend=mend)


def _read_index(
    file: io.FileIO, header: np.void, size: int, path: Path
) -> tuple[NDArray[np.void], NDArray[np.int64], NDArray[np.int64]]:
    """Return the V frame headers, the (V,) offsets of the colour payloads and the (V, 2) sizes of the images."""
    at, n_frames = file.tell(), int(header["frames"])
    headers, color_at, sizes = [], [], []
    for frame in range(n_frames):
        file.seek(at)
        start = file.read(_FRAME.itemsize + HEAD_BYTES) or b""
        if len(start) < _FRAME.itemsize:
            raise SceneError(
                f"the file ends at byte {size}, in the header of frame {frame} of {n_frames} at byte {at}",
                where=path,
                mend=_DAMAGED,
            )
        color_bytes, depth_bytes = _SIZES.unpack_from(start, 80)
        at += _FRAME.itemsize
        if at + color_bytes + depth_bytes > size:
            raise SceneError(
                f"the file ends at byte {size}, in frame {frame} of {n_frames}, which begins at byte "
                f"{at - _FRAME.itemsize} and would end at byte {at + color_bytes + depth_bytes}",
                where=path,
                mend=_DAMAGED,
            )
        headers.append(start[: _FRAME.itemsize])
        color_at.append(at)
        sizes.append(_color_size(file, header, at, color_bytes, start[_FRAME.itemsize :][:color_bytes]))
        at += color_bytes + depth_bytes
    index = np.frombuffer(b"".join(headers), _FRAME)
    return index, np.array(color_at, dtype=np.int64), np.array(sizes, dtype=np.int64).reshape(-1, 2)


def _color_size(file: io.FileIO, header: np.void, at: int, color_bytes: int, head: bytes) -> tuple[int, int]:
    """Return width and height of a frame's colour image, (0, 0) where they cannot be read."""
    if header["color_compression"] == _RAW:
        width, height = (int(n) for n in header["color_size"])
        return (width, height) if color_bytes == width * height * 3 else (0, 0)
    if not head.startswith(_COLOR_FILE[int(header["color_compression"])][1]):
        return 0, 0
    found = image_size(head)
    if found is None and len(head) < color_bytes:
        file.seek(at)
        found = image_size(file.read(color_bytes) or b"")
    return found or (0, 0)


def _millimetres(raw: NDArray[np.uint16], depth_shift: float) -> NDArray[np.uint16]:
    """Return depth in millimetres; what does not fit 16 bits becomes 0, for no depth is better than a wrong one."""
    if depth_shift == 1000:
        return raw.astype(np.uint16)
    mm = np.rint(raw * (1000.0 / depth_shift))
    return np.where(mm <= np.iinfo(np.uint16).max, mm, 0).astype(np.uint16)
