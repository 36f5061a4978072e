"""Writes COLMAP models byte for byte as COLMAP does: text and binary, from the same few records."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

NUMBERS = {"SIMPLE_PINHOLE": 0, "PINHOLE": 1, "SIMPLE_RADIAL": 2, "RADIAL": 3, "OPENCV": 4, "OPENCV_FISHEYE": 5}
NUMBERS |= {"FULL_OPENCV": 6, "FOV": 7, "SIMPLE_RADIAL_FISHEYE": 8, "RADIAL_FISHEYE": 9, "THIN_PRISM_FISHEYE": 10}


def quaternion(R: np.ndarray) -> np.ndarray:
    """The unit quaternion (w x y z) of a rotation (3, 3), w positive."""
    K = np.array(
        [
            [R[0, 0] + R[1, 1] + R[2, 2], R[2, 1] - R[1, 2], R[0, 2] - R[2, 0], R[1, 0] - R[0, 1]],
            [0, R[0, 0] - R[1, 1] - R[2, 2], R[0, 1] + R[1, 0], R[0, 2] + R[2, 0]],
            [0, 0, R[1, 1] - R[0, 0] - R[2, 2], R[1, 2] + R[2, 1]],
            [0, 0, 0, R[2, 2] - R[0, 0] - R[1, 1]],
        ]
    )
    q = np.linalg.eigh(K / 3, UPLO="U")[1][:, -1]  # Bar-Itzhack (2000)
    return q if q[0] >= 0 else -q


@dataclass
class Model:
    """Cameras as (id, model, width, height, params); images as (id, world-to-camera (4, 4), camera, name, points)."""

    cameras: list = field(default_factory=list)
    images: list = field(default_factory=list)

    def pose(self, T: np.ndarray) -> list[float]:
        return [*quaternion(T[:3, :3]), *T[:3, 3]] if np.isfinite(T[:3, :3]).all() else [*T[0, :3], 0, *T[:3, 3]]

    def write_text(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        lines = ["# Camera list with one line of data per camera:", "#   CAMERA_ID, MODEL, WIDTH, HEIGHT, PARAMS[]"]
        lines += [" ".join(map(str, (i, model, w, h, *params))) for i, model, w, h, params in self.cameras]
        (folder / "cameras.txt").write_text("\n".join(lines) + "\n")
        lines = ["# Image list with two lines of data per image:", "#   POINTS2D[] as (X, Y, POINT3D_ID)"]
        for i, T, camera, name, points in self.images:
            lines.append(" ".join([str(i), *(repr(float(v)) for v in self.pose(T)), str(camera), name]))
            lines.append(" ".join(f"{x} {y} {k}" for x, y, k in points))
        (folder / "images.txt").write_text("\n".join(lines) + "\n")

    def write_binary(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        parts = [struct.pack("<Q", len(self.cameras))]
        for i, model, w, h, params in self.cameras:
            parts.append(struct.pack(f"<iiQQ{len(params)}d", i, NUMBERS.get(model, 99), w, h, *params))
        (folder / "cameras.bin").write_bytes(b"".join(parts))
        parts = [struct.pack("<Q", len(self.images))]
        for i, T, camera, name, points in self.images:
            parts += [struct.pack("<i7di", i, *self.pose(T), camera), name.encode() + b"\0"]
            parts += [struct.pack("<Q", len(points)), *(struct.pack("<ddq", *point) for point in points)]
        (folder / "images.bin").write_bytes(b"".join(parts))
