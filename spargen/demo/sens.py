"""Writes ScanNet's ``.sens`` container, version 4, one frame at a time."""

from __future__ import annotations

import struct
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

_JPEG, _ZLIB_USHORT = 2, 1
_DEPTH_SHIFT = 1000.0


class SensHeader(NamedTuple):
    """What stands before the frames.

    Parameters
    ----------
    frames : number of frames that will follow.
    K_color, K_depth : (3, 3) intrinsics in ScanNet's convention: pixel centres are whole numbers.
    color_px, depth_px : width and height.
    sensor : name of the sensor.
    """

    frames: int
    K_color: NDArray[np.float64]
    K_depth: NDArray[np.float64]
    color_px: tuple[int, int]
    depth_px: tuple[int, int]
    sensor: str = "StructureSensor"


class ImuRecord(NamedTuple):
    """One reading of the inertial sensor: five 3-vectors and a time in microseconds."""

    rotation_rate: ArrayLike
    acceleration: ArrayLike
    magnetic_field: ArrayLike
    attitude: ArrayLike
    gravity: ArrayLike
    timestamp_us: int


class SensWriter:
    """A ``.sens`` file being written: a header, its frames in order, the inertial records; use it in ``with``."""

    def __init__(self, path: Path, header: SensHeader) -> None:
        self._file: BinaryIO = Path(path).open("wb")  # noqa: SIM115 - closed by __exit__
        name = header.sensor.encode()
        self._file.write(struct.pack("<IQ", 4, len(name)) + name)
        for K in (header.K_color, header.K_depth):
            intrinsic = np.eye(4)
            intrinsic[:3, :3] = K
            self._file.write(_matrix(intrinsic) + _matrix(np.eye(4)))
        sizes = (*header.color_px, *header.depth_px)
        self._file.write(struct.pack("<ii4IfQ", _JPEG, _ZLIB_USHORT, *sizes, _DEPTH_SHIFT, header.frames))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def frame(self, T_world_camera: ArrayLike, jpeg: bytes, depth_zlib: bytes, timestamp_us: int) -> None:
        """Append a frame: its (4, 4) pose (all -inf = tracking lost), its two compressed images, its time."""
        head = struct.pack("<4Q", timestamp_us, timestamp_us, len(jpeg), len(depth_zlib))
        self._file.write(_matrix(T_world_camera) + head + jpeg + depth_zlib)

    def imu(self, records: list[ImuRecord]) -> None:
        """Append the inertial records, after the last frame."""
        self._file.write(struct.pack("<Q", len(records)))
        for record in records:
            self._file.write(np.asarray(record[:5], dtype="<f8").tobytes() + struct.pack("<Q", record.timestamp_us))


def _matrix(T: ArrayLike) -> bytes:
    return np.asarray(T, dtype="<f4").reshape(4, 4).tobytes()
