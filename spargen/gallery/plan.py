"""A scene as the page draws it from above and from the side: points of its surface, boxes of objects, cameras.

Everything is in whole centimetres of the world that facts are told in (+Z up).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spargen.scene.types import Mesh, Scene
from spargen.seeds import rng_for

POINTS = 9000
HEADROOM_M = 0.3
"""What lies higher than this above the highest camera is left out: seen from above it would hide the rest."""
_CORNERS = np.array([[x, y, z] for z in (-1, 1) for x, y in ((-1, -1), (1, -1), (1, 1), (-1, 1))]) / 2

Floats = NDArray[np.float64]


def plan(scene: Scene, frames: Collection[str]) -> dict[str, Any]:
    """Return what the page draws of a scene, ready for JSON.

    Parameters
    ----------
    scene : the scene.
    frames : names of the frames whose cameras are wanted.
    """
    positions = [i for i, name in enumerate(scene.frames) if name in frames]
    eyes_m = scene.cameras.position_m[positions]
    return {
        "points": _centimetres(_points_m(scene, float(eyes_m[:, 2].max()) if len(eyes_m) else np.inf)).tolist(),
        "objects": dict(_objects(scene)),
        "cameras": {scene.frames[i]: _camera(scene, i) for i in positions},
    }


def _points_m(scene: Scene, eye_z_m: float) -> Floats:
    """Return points (P, 3) spread evenly over a mesh, below the ceiling; none where there is no mesh."""
    mesh = scene.surface
    if not isinstance(mesh, Mesh) or mesh.is_empty:
        return np.zeros((0, 3))
    rng = rng_for("gallery", scene.id)
    corners_m = mesh.vertices_m[mesh.faces]
    sides_m = corners_m[:, 1:] - corners_m[:, :1]
    area_m2 = np.linalg.norm(np.cross(sides_m[:, 0], sides_m[:, 1]), axis=1)
    drawn = rng.choice(len(area_m2), POINTS, p=area_m2 / area_m2.sum())
    # Folding the far half of a parallelogram back gives an even spread over the triangle.
    share = rng.random((POINTS, 2))
    share = np.where(share.sum(axis=1, keepdims=True) > 1, 1 - share, share)
    points_m = corners_m[drawn, 0] + (sides_m[drawn] * share[..., None]).sum(axis=1)
    return np.asarray(points_m[points_m[:, 2] <= eye_z_m + HEADROOM_M])


def _objects(scene: Scene) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield id, label, centre and the eight corners of each object that has a box."""
    objects = scene.objects
    for i, label in enumerate(objects.label):
        corners_m = _CORNERS * objects.extent_m[i] @ objects.R_world_box[i].T + objects.center_m[i]
        yield (
            str(objects.id[i]),
            {
                "label": label,
                "center": _centimetres(objects.center_m[i]).tolist(),
                "box": _centimetres(corners_m).tolist(),
            },
        )


def _camera(scene: Scene, view: int) -> dict[str, Any]:
    """Return where a camera stands, and where the corners of its image lie at a distance of one metre."""
    width, height = scene.cameras.size_px[view].tolist()
    eye_m, ray = scene.cameras.rays(view, [(0, 0), (width, 0), (width, height), (0, height)])
    # A lens may show nothing in the corners; then the way it looks is all there is to draw.
    axis = scene.cameras.T_world_camera[view, :3, 2]
    ray = np.where(np.isfinite(ray).all(axis=1, keepdims=True), ray, axis)
    ends_m = eye_m + ray / np.linalg.norm(ray, axis=1, keepdims=True)
    return {"eye": _centimetres(eye_m).tolist(), "corners": _centimetres(ends_m).tolist()}


def _centimetres(points_m: Floats) -> NDArray[np.int64]:
    return np.round(np.asarray(points_m) * 100).astype(np.int64)
