"""Which objects views show, as far as a quick look tells: to choose a view, not to answer anything."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spargen.geometry.rays import Rays
from spargen.scene.cameras import Cameras
from spargen.scene.images import NOTHING, InstanceImages
from spargen.scene.types import Surface

Ints = NDArray[np.int64]

NOTICED = (80, 60)
"""Columns and rows of rays by which objects are noticed."""


def noticed(surface: Surface, cameras: Cameras, n_objects: int) -> list[Ints]:
    """Return which objects (n,) each view shows, ascending, as far as a quick look tells.

    Parameters
    ----------
    surface, cameras : of some views of a scene.
    n_objects : how many objects the scene has.
    """
    if isinstance(surface, InstanceImages):
        shown = [surface.read(view, size, n_objects)[0] for view, size in enumerate(cameras.size_px)]
    else:
        u, v = np.meshgrid(*((np.arange(count) + 0.5) / count for count in NOTICED))
        at, rays = np.stack([u.ravel(), v.ravel()], axis=-1), Rays(surface.vertices_m, surface.faces)
        # One more entry, so that face -1 (no hit) looks up NOTHING.
        owner = np.append(surface.face_object, NOTHING)
        looks = (cameras.rays(view, at * size) for view, size in enumerate(cameras.size_px))
        shown = [owner[rays.cast(origin_m, towards)[0]] for origin_m, towards in looks]
    return [np.unique(ids[ids >= 0]).astype(np.int64) for ids in shown]
