"""Writes a COLMAP model as text: one camera a set of images."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation

from spargen.scene.cameras import Cameras

_PARAMS = {"PINHOLE": 0, "OPENCV": 4, "OPENCV_FISHEYE": 4}


def write_colmap(folder: Path, cameras: Cameras, names: Sequence[str]) -> None:
    """Write ``cameras.txt``, ``images.txt`` and an empty ``points3D.txt``.

    Parameters
    ----------
    folder : of the model.
    cameras : V, of one lens, size and intrinsics: the first one's are written. COLMAP counts pixels as they do.
    names : of the V images.
    """
    folder.mkdir(parents=True, exist_ok=True)
    K, lens, (width, height) = cameras.K[0], cameras.lens[0], cameras.size_px[0].tolist()
    params = [K[0, 0], K[1, 1], K[0, 2], K[1, 2], *lens.coefficients[: _PARAMS[lens.model]]]
    lines = ["# Camera list with one line of data per camera:", "#   CAMERA_ID, MODEL, WIDTH, HEIGHT, PARAMS[]"]
    lines += ["# Number of cameras: 1", f"1 {lens.model} {width} {height} {' '.join(map(str, params))}", ""]
    (folder / "cameras.txt").write_text("\n".join(lines))
    lines = ["# Image list with two lines of data per image:"]
    lines += ["#   IMAGE_ID, QW, QX, QY, QZ, TX, TY, TZ, CAMERA_ID, NAME", "#   POINTS2D[] as (X, Y, POINT3D_ID)"]
    lines += [f"# Number of images: {len(names)}, mean observations per image: 0"]
    for i, (T_world_camera, name) in enumerate(zip(cameras.T_world_camera, names, strict=True), start=1):
        T = np.linalg.inv(T_world_camera)
        x, y, z, w = Rotation.from_matrix(T[:3, :3]).as_quat()
        numbers = " ".join(f"{value:.12g}" for value in (w, x, y, z, *T[:3, 3]))
        lines += [f"{i} {numbers} 1 {name}", ""]
    (folder / "images.txt").write_text("\n".join([*lines, ""]))
    (folder / "points3D.txt").write_text("# 3D point list with one line of data per point:\n# Number of points: 0\n")
