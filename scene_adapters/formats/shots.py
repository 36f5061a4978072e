"""One image as a file of cameras lists it: what every format of cameras is read into."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from spargen.scene.lenses import PINHOLE, Lens

LOST = np.full((4, 4), np.nan)


class Shot(NamedTuple):
    """One listed image; nothing says that it exists, or that its pose is one.

    Parameters
    ----------
    image : where it should lie.
    T_files_camera : (4, 4) camera-to-world in the world and the unit of the files, OpenCV axes; nan where lost.
    K : (3, 3) intrinsics in pixels, corner convention; nan where they are no numbers.
    size_px : width and height of the image that K holds for; None = the image's own.
    lens : its lens.
    depth, mask : where these images should lie; None = none is listed.
    """

    image: Path
    T_files_camera: NDArray[np.float64]
    K: NDArray[np.float64]
    size_px: tuple[int, int] | None
    lens: Lens = PINHOLE
    depth: Path | None = None
    mask: Path | None = None


class Shots(NamedTuple):
    """What a file of cameras lists.

    Parameters
    ----------
    listed : the images.
    files : what they were read from.
    depth_unit_m : metres in one unit of their depth images.
    metric : whether the format says that lengths are metres.
    lists_depth : whether it lists all depth images that there are; else others may lie in the folder ``depth/``.
    notes : what was left out, counted.
    """

    listed: tuple[Shot, ...]
    files: tuple[Path, ...]
    depth_unit_m: float
    metric: bool = False
    lists_depth: bool = False
    notes: dict[str, int] = {}  # noqa: RUF012 - never changed
