"""Which intrinsics of a ScanNet scan fit a colour image: chosen by size, and scaled where the image was resized.

A matrix holds for images of one size. The `.sens` header says which; an export says it by the size of its depth images,
and the colour images' is that times the ratio of the focal lengths, for the release derived one matrix from the other:
``fx_d = fx_c * w_d / w_c`` and ``cx_d = cx_c * (w_d - 1) / (w_c - 1)``, the same for y (calibration.h of the release).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from scene_adapters.formats.conventions import CORNER
from spargen.scene.cameras import are_lenses

Floats = NDArray[np.float64]
Size = tuple[int, int]

RELEASED: tuple[Size, ...] = ((1296, 968), (640, 480))
"""The sizes that ScanNet's images have."""
CENTRED = 0.1
"""How far the principal point may lie off the middle, in image sides; in the release it is 0.01."""
SAME_ASPECT = 0.01
"""1296x968 and 640x480 differ by 0.004, and the release has one matrix scaled to the other."""
WHOLE = 0.1
"""How far a size that follows from focal lengths may be from whole pixels."""


class Calibration(NamedTuple):
    """A (3, 3) matrix with pixel centres at whole numbers, its name, and the size of the images that it holds for."""

    name: str
    K: Floats
    size_px: Size


def calibrations(
    matrices: Mapping[str, Floats], color_px: Size | None, depth_px: Size | None, image_px: NDArray[np.int64]
) -> list[Calibration]:
    """Find out for which sizes the released intrinsics hold; what cannot be any image's is left out.

    Parameters
    ----------
    matrices : (4, 4) matrices as released; `intrinsic_color` and `intrinsic_depth` are looked at.
    color_px, depth_px : the sizes of colour and depth images at recording, as far as the release says them.
    image_px : (V, 2) sizes of the colour images, which come last: they may have been resized.
    """
    color, depth = (matrices.get(name, np.zeros((4, 4)))[:3, :3] for name in ("intrinsic_color", "intrinsic_depth"))
    present = [size for size, _ in Counter(map(tuple, image_px.tolist())).most_common()]
    found = []
    depth_holds = _first_central(depth, [depth_px, RELEASED[1]]) or _most_central(depth, present)
    derived = _by_focal(color, depth, depth_holds) if depth_holds else None
    color_holds = _first_central(color, [color_px, derived, *RELEASED]) or _most_central(color, present)
    if color_holds:
        found.append(Calibration("intrinsic_color", color, color_holds))
    if depth_holds:
        found.append(Calibration("intrinsic_depth", depth, depth_holds))
    return found


def fitting(known: Iterable[Calibration], size_px: Size) -> tuple[Floats, str] | None:
    """Return the (3, 3) intrinsics of an image, pixel corners at whole numbers, and how they were come by.

    None where the image is no resized one: another aspect is a crop, and nobody says of what.
    """
    known = list(known)
    for name, K, size in known:
        if size == size_px:
            return K + CORNER, "" if name == "intrinsic_color" else f"{name} used, it fits the image size"
    for name, K, size in known:
        x, y = size_px[0] / size[0], size_px[1] / size[1]
        if abs(x - y) <= SAME_ASPECT * x:
            how = f"{name} of {size[0]}x{size[1]} scaled to {size_px[0]}x{size_px[1]}"
            return _scaled(K, size, size_px) + CORNER, how
    return None


def _scaled(K: Floats, size: Size, to: Size) -> Floats:
    """Scale a matrix, pixel centres at whole numbers, by the release's rule."""
    scaled = K.copy()
    for axis in (0, 1):
        scaled[axis, :2] *= to[axis] / size[axis]
        scaled[axis, 2] *= (to[axis] - 1) / max(size[axis] - 1, 1)
    return scaled


def _off_centre(K: Floats, size: Size) -> float:
    """Return how far the principal point is off the middle, in image sides; inf if these are no intrinsics at all."""
    if not are_lenses(K, size)[0]:
        return np.inf
    return float(np.max(np.abs((K[:2, 2] + 0.5) / size - 0.5)))


def _first_central(K: Floats, sizes: Iterable[Size | None]) -> Size | None:
    return next((size for size in sizes if size is not None and _off_centre(K, size) <= CENTRED), None)


def _most_central(K: Floats, sizes: Iterable[Size]) -> Size | None:
    best = min(sizes, key=lambda size: _off_centre(K, size), default=None)
    return _first_central(K, [best])


def _by_focal(color: Floats, depth: Floats, depth_px: Size) -> Size | None:
    """Return the size of the colour images that the ratio of the focal lengths tells, None if it tells none."""
    if not np.isfinite(color).all():
        return None
    size = [depth_px[axis] * color[axis, axis] / depth[axis, axis] for axis in (0, 1)]
    if not all(1 <= side < 1e5 and abs(side - round(side)) <= WHOLE for side in size):
        return None
    return round(size[0]), round(size[1])
