"""What may be wrong where frames and mesh do not belong together: each mistake by the change that undoes it.

A change under which rays and depth images agree names the mistake. It is named for a person, never made in silence.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import permutations, product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from spargen.geometry.claims import Claims, Met
from spargen.scene.lenses import PINHOLE

Floats = NDArray[np.float64]

OPENGL = np.diag([1.0, -1.0, -1.0, 1.0])
UNITS = {"millimetres": 1e3, "centimetres": 1e2}
FOCAL = (0.5, 2 / 3, 0.8, 1.25, 1.5, 2.0)
"""Ratios of image sizes that people resize to."""
RESIZED = 0.03
"""From this change of size on an image counts as resized: principal points lie 0.01 of an image side off its middle."""
LONG_WALK_M = 100.0
"""Nobody walks so far in a scan, but by 1 m in centimetres."""
SCALED = 0.1
"""From this change on a scale is a mistake: sensors are a few percent off."""


class Repair(NamedTuple):
    """A mistake: what was done wrong, how to mend it, and the claims as they would be without it."""

    mistake: str
    mend: str
    claims: Claims


def repairs(claims: Claims, T_world_released: Floats, bounds: Floats) -> Iterator[Repair]:
    """Undo every mistake that is known, the likelier ones first.

    Parameters
    ----------
    claims : of frames that do not fit.
    T_world_released : (4, 4) the alignment that was applied.
    bounds : (2, 3) lowest and highest corner of the mesh.
    """
    yield from _conventions(claims, T_world_released)
    yield from _alignment(claims, T_world_released)
    yield from _units(claims, T_world_released)
    yield from _lenses(claims)
    yield from _mirrors(claims, T_world_released, bounds)
    yield from _axes(claims, T_world_released)


def likely(claims: Claims, T_world_released: Floats, bounds: Floats) -> Iterator[Repair]:
    """Undo the mistakes that can be told without measured depth; units only where cameras go beyond the mesh.

    Others would be drawn together to one point, from which anything may be seen.
    """
    yield from _conventions(claims, T_world_released)
    yield from _alignment(claims, T_world_released)
    walk_m = float(np.ptp(claims.T_world_camera[:, :3, 3], axis=0).max())
    if walk_m > max(LONG_WALK_M, float(np.ptp(bounds, axis=0).max())):
        yield from _units(claims, T_world_released)


def with_scale(claims: Claims, met: Met) -> Repair | None:
    """Undo a scale that mesh and poses have in common, as the depth images tell it; None where they tell none."""
    ratio = met.depth_m[met.compared] / met.measured_m[met.compared]
    units = float(np.median(ratio)) if len(ratio) else 1.0
    if units <= 0 or abs(units - 1) < SCALED:
        return None
    for name, number in UNITS.items():
        if abs(units / number - 1) < RESIZED:
            mistake = f"mesh and poses are in {name}"
            return Repair(mistake, f"divide both by {number:.0f} in the adapter", replace(claims, units=number))
    mistake = f"mesh and poses are {units:.3g} times as large as the depth images say"
    return Repair(mistake, "give mesh and poses in metres and depth in millimetres", replace(claims, units=units))


def _conventions(claims: Claims, A: Floats) -> Iterator[Repair]:
    T = claims.T_world_camera
    mend = "turn y and z of the camera axes round: T_world_camera @ diag(1, -1, -1, 1)"
    yield Repair("the camera axes are OpenGL's: y up, z backward", mend, _posed(claims, T @ OPENGL))
    back = A @ np.linalg.inv(np.linalg.inv(A) @ T)
    yield Repair("the poses are world-to-camera", "invert them", _posed(claims, back))
    mistake = "the poses are world-to-camera, and the camera axes OpenGL's"
    yield Repair(mistake, f"invert them, and {mend}", _posed(claims, back @ OPENGL))


def _alignment(claims: Claims, A: Floats) -> Iterator[Repair]:
    if np.allclose(A, np.eye(4)):
        return
    T = claims.T_world_camera
    for what, pose in (("poses", np.linalg.inv(A) @ T), ("mesh", A @ T)):
        mistake = f"the alignment was applied twice: the {what} had it before"
        yield Repair(mistake, "give mesh and poses both as they were released", _posed(claims, pose))


def _units(claims: Claims, A: Floats) -> Iterator[Repair]:
    """Bring poses and mesh to one unit, before the alignment or after it."""

    def scaled(frame: Floats, factor: float) -> Claims:
        T = np.linalg.inv(frame) @ claims.T_world_camera
        T[:, :3, 3] *= factor
        return _posed(claims, frame @ T)

    for (name, number), frame in product(UNITS.items(), (A, np.eye(4))):
        mend = f"divide the poses' positions by {number:.0f}"
        yield Repair(f"the poses are in {name}", mend, scaled(frame, 1 / number))
        mend = f"divide the mesh's vertices by {number:.0f}"
        yield Repair(f"the mesh is in {name}", mend, replace(scaled(frame, number), units=number))


def resized(claims: Claims) -> Repair | None:
    """Scale the intrinsics to where the principal point is the middle of the image; None where it is there."""
    K, size = claims.K, claims.size_px
    with np.errstate(divide="ignore", invalid="ignore"):
        factor = size / 2 / K[:, :2, 2]
    if not np.isfinite(factor).all() or (factor <= 0).any() or (np.abs(factor - 1) <= RESIZED).all():
        return None
    scaled = K.copy()
    scaled[:, :2] *= factor[..., None]
    (w, h), (width, height) = size[0], np.round(2 * K[0, :2, 2]).astype(int)
    mistake = f"the images have {w}x{h} pixels, but the intrinsics are those of about {width}x{height}: resized colour"
    mend = "scale the intrinsics with the images, or give the images at the size of the intrinsics"
    return Repair(mistake, mend, replace(claims, K=scaled))


def _lenses(claims: Claims) -> Iterator[Repair]:
    repair = resized(claims)
    if repair is not None:
        yield repair
    if any(lens.bends for lens in claims.lens):
        mistake, mend = "the images are undistorted, but the cameras have a lens that bends", "leave out the lens"
        yield Repair(mistake, mend, replace(claims, lens=(PINHOLE,) * len(claims.lens)))
    for by in FOCAL:
        scaled = claims.K.copy()
        scaled[:, [0, 1], [0, 1]] *= by
        mistake = f"the focal lengths are {1 / by:.2g} times those of the images"
        yield Repair(mistake, "give the intrinsics that belong to the images", replace(claims, K=scaled))


def _mirrors(claims: Claims, A: Floats, bounds: Floats) -> Iterator[Repair]:
    """Mirror the cameras at the planes at which somebody may have mirrored the mesh; or the images."""
    T, mend = claims.T_world_camera, "undo the mirror: one axis changes its sign, or two change places"
    for frame in (A, np.eye(4)):
        middle = np.linalg.inv(frame) @ np.append(bounds.mean(axis=0), 1.0)
        for mirror in (np.diag([-1.0, 1, 1, 1]), np.diag([1.0, -1, 1, 1]), np.eye(4)[[1, 0, 2, 3]]):
            about = mirror.copy()
            about[:3, 3] = middle[:3] - mirror[:3, :3] @ middle[:3]
            for M in (mirror, about):
                yield Repair("the mesh is mirrored", mend, _posed(claims, frame @ M @ np.linalg.inv(frame) @ T))
    yield Repair(
        "the images are mirrored", "mirror the images back", _posed(claims, T @ np.diag([-1.0, 1.0, 1.0, 1.0]))
    )


def _axes(claims: Claims, A: Floats) -> Iterator[Repair]:
    """Let the axes of the poses' world and of the cameras change places and signs."""
    T, turns = claims.T_world_camera, _quarter_turns()
    for M, frame in product(turns[1:], (A, np.eye(4))):
        mistake = "the poses' world axes are not the mesh's: one of the two is not +Z up"
        for flip, also in ((np.eye(4), ""), (OPENGL, "; and the camera axes are OpenGL's")):
            pose = frame @ M @ np.linalg.inv(frame) @ T @ flip
            yield Repair(mistake + also, "turn mesh and poses into one world whose z points up", _posed(claims, pose))
    for M in turns[1:]:
        mistake, mend = "the camera axes are not x right, y down, z forward", "turn them so in the adapter"
        yield Repair(mistake, mend, _posed(claims, T @ M))


def _quarter_turns() -> list[Floats]:
    """Return the 24 rotations that map axes to axes, none of them first."""
    turns = []
    for order, signs in product(permutations(range(3)), product((1.0, -1.0), repeat=3)):
        M = np.eye(4)
        M[:3, :3] = np.eye(3)[list(order)] * np.array(signs)[:, None]
        if np.linalg.det(M) > 0:
            turns.append(M)
    return turns


def _posed(claims: Claims, T_world_camera: Floats) -> Claims:
    return replace(claims, T_world_camera=T_world_camera)
