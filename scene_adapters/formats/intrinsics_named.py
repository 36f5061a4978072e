"""Intrinsics by the names that nerfstudio's `transforms.json` has for them: `fl_x`, `cx`, `k1`, `camera_model` ...

The same names stand in `scene.yaml` for recordings whose format says no intrinsics. Pixels are counted from the image's
top-left corner, as COLMAP does: the centre of the first pixel is (0.5, 0.5).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from spargen.errors import SceneError
from spargen.scene.lenses import Lens, Model

NAMES = frozenset(
    {"fl_x", "fl_y", "cx", "cy", "w", "h", "k1", "k2", "k3", "k4", "p1", "p2"}
    | {"camera_model", "camera_angle_x", "camera_angle_y", "is_fisheye"}
)
_NO_NUMBERS = ("camera_model", "is_fisheye")
_MODELS: dict[str, Model] = {
    "PINHOLE": "PINHOLE",
    "SIMPLE_PINHOLE": "PINHOLE",
    "SIMPLE_RADIAL": "OPENCV",
    "RADIAL": "OPENCV",
    "OPENCV": "OPENCV",
    "SIMPLE_RADIAL_FISHEYE": "OPENCV_FISHEYE",
    "RADIAL_FISHEYE": "OPENCV_FISHEYE",
    "OPENCV_FISHEYE": "OPENCV_FISHEYE",
}
_COEFFICIENTS: dict[Model, tuple[str, ...]] = {
    "PINHOLE": (),
    "OPENCV": ("k1", "k2", "p1", "p2", "k3"),
    "OPENCV_FISHEYE": ("k1", "k2", "k3", "k4"),
}


class Intrinsics(NamedTuple):
    """(3, 3) matrix in pixels, corner convention; lens; width and height that the matrix holds for."""

    K: NDArray[np.float64]
    lens: Lens
    size_px: tuple[int, int]


def named_intrinsics(
    said: Sequence[Mapping[str, Any]], size_of_image: Callable[[], tuple[int, int] | None], where: str
) -> Intrinsics | None:
    """Read the intrinsics of an image.

    Parameters
    ----------
    said : mappings that may name them, the most specific first: a frame's own, then those of all frames.
    size_of_image : called where the width and the height are not named.
    where : what an error names.

    Returns
    -------
    None where the width or the height is neither named nor told by the image.

    Raises
    ------
    SceneError
        Where a number is none, no focal length is named, or the lens is none that is read.
    """
    named = {key: value for mapping in reversed(said) for key, value in mapping.items() if key in NAMES}
    number = {key: _number(key, value, where) for key, value in named.items() if key not in _NO_NUMBERS}
    size = (int(number["w"]), int(number["h"])) if {"w", "h"} <= number.keys() else size_of_image()
    if size is None:
        return None
    fx, fy = _focal_lengths(said, size, where)
    K = np.array([[fx, 0, number.get("cx", size[0] / 2)], [0, fy, number.get("cy", size[1] / 2)], [0, 0, 1.0]])
    return Intrinsics(K, _lens(named, number, where), size)


def _number(key: str, value: object, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not np.isfinite(value):
        raise SceneError(f"`{key}` is no number but {value!r}", where=where, mend="write a number")
    return float(value)


def _focal_lengths(said: Sequence[Mapping[str, Any]], size_px: tuple[int, int], where: str) -> tuple[float, float]:
    """Return both focal lengths in pixels: of the most specific mapping that names one, a length before an angle."""

    def of(angle: str, side: int, mapping: Mapping[str, Any]) -> float:
        return float(size_px[side] / 2 / np.tan(_number(angle, mapping[angle], where) / 2))

    for level, mapping in enumerate(said):
        if "fl_x" in mapping:
            fx = _number("fl_x", mapping["fl_x"], where)
            below = (m["fl_y"] for m in said[level:] if "fl_y" in m)
            return fx, _number("fl_y", next(below, fx), where)
        if "camera_angle_x" in mapping:
            fx = of("camera_angle_x", 0, mapping)
            return fx, of("camera_angle_y", 1, mapping) if "camera_angle_y" in mapping else fx
    raise SceneError("no focal length is named", where=where, mend="name fl_x and fl_y, or camera_angle_x, in radians")


def _lens(named: Mapping[str, Any], number: Mapping[str, float], where: str) -> Lens:
    said = named.get("camera_model") or ("OPENCV_FISHEYE" if named.get("is_fisheye") else "OPENCV")
    if said not in _MODELS:
        mend = f"undistort the images, or calibrate as {', '.join(_MODELS)}"
        raise SceneError(f"the camera model {said} is not read", where=where, mend=mend)
    model = _MODELS[said]
    for key in ("k1", "k2", "k3", "k4", "p1", "p2"):
        if number.get(key) and key not in _COEFFICIENTS[model]:
            mend = "leave it out if it is none, or name the model that has it"
            raise SceneError(f"`{key}` is no coefficient of {said}", where=where, mend=mend)
    return Lens(model, tuple(number.get(key, 0.0) for key in _COEFFICIENTS[model]))
