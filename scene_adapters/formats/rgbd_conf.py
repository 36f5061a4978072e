"""The ``.conf`` files that list RGB-D images with their cameras, as Matterport3D has them for its undistorted images.

A line is a command and its values. ``intrinsics_matrix`` holds for all images listed after it, up to the next one. The
camera axes are OpenGL's. The principal point counts rows from the bottom, and the centre of a pixel as a whole number,
so that ``cy`` of an image of 1024 rows is 1023 less it from the top.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from scene_adapters.formats.conventions import GL
from scene_adapters.formats.files import DAMAGED, read_plain
from scene_adapters.formats.shots import Shot, Shots
from spargen.errors import SceneError

Floats = NDArray[np.float64]
Size = tuple[int, int]

_DIRECTORIES = {"color_directory": "color", "depth_directory": "depth"}
_WORDS = {"intrinsics_matrix": 9, "scan": 18, "n_images": 1, "color_directory": 1, "depth_directory": 1}
"""How many values the commands have that are read; others are not."""


def read_conf(path: Path, folder: Path, size_px: Size, depth_unit_m: float) -> Shots:
    """Read a file.

    Parameters
    ----------
    path : the file. folder : that its directories lie in.
    size_px : width and height of the images that the intrinsics hold for.
    depth_unit_m : metres in one unit of the depth images.

    Raises
    ------
    SceneError
        Where a command has not its values, or the file lists more or fewer images than it says.
    """
    listed: list[Shot] = []
    K: Floats | None = None
    n_images, directory = None, {"color": folder, "depth": folder}
    for number, line in enumerate(read_plain(path).decode(errors="replace").splitlines(), start=1):
        command, *values = line.split() or [""]
        if command in _WORDS and len(values) != _WORDS[command]:
            what = f"line {number}: {command} has {len(values)} values, not {_WORDS[command]}"
            raise SceneError(what, where=path, mend=DAMAGED)
        try:
            if command in _DIRECTORIES:
                directory[_DIRECTORIES[command]] = folder / values[0]
            elif command == "n_images":
                n_images = int(values[0])
            elif command == "intrinsics_matrix":
                K = _from_the_top(np.array(values, dtype=np.float64).reshape(3, 3), size_px)
            elif command == "scan":
                T = np.array(values[2:], dtype=np.float64).reshape(4, 4) @ GL
                if K is None:
                    raise SceneError(f"line {number} has no intrinsics before it", where=path, mend=DAMAGED)
                image, depth = directory["color"] / values[1], directory["depth"] / values[0]
                listed.append(Shot(image, T, K, size_px, depth=depth))
        except ValueError as error:
            raise SceneError(f"line {number} holds what is no number ({error})", where=path, mend=DAMAGED) from None
    if n_images != len(listed):
        raise SceneError(f"it says {n_images} images and lists {len(listed)}", where=path, mend=DAMAGED)
    return Shots(tuple(listed), (path,), depth_unit_m, metric=True, lists_depth=True)


def _from_the_top(K: Floats, size_px: Size) -> Floats:
    """Return intrinsics (3, 3) with rows counted from the top, and pixels from the image's corner."""
    fx, fy, cx, cy = K[0, 0], K[1, 1], K[0, 2], K[1, 2]
    return np.array([[fx, K[0, 1], cx + 0.5], [K[1, 0], fy, size_px[1] - 1 - cy + 0.5], [*K[2]]])
