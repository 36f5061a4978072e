"""Whether cameras could stand where they stand, as far as a mesh tells without any depth image."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from spargen.geometry.claims import Claims, Met
from spargen.geometry.compiled import compiled
from spargen.geometry.linked import linked
from spargen.geometry.rays import Rays
from spargen.geometry.surface import face_areas_m2
from spargen.scene.types import Mesh

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

MOST_FACES = 200_000
"""So many faces tell where a mesh's planes are."""
LEVEL_DEG, NEAR_DEG, CONES_DEG = 10.0, 30.0, (30.0, 30.0, 30.0, 20.0, 10.0, 5.0)
"""How far a plane may be from level, and from where the cameras have it at first guess; how far off planes may be that
make the guess exact, step by step: not to mix floors with roofs that slope."""
NARROW_DEG = 2.0
"""The same, to tell leans of a few degrees from none."""
OF_ONE_MIND = 0.5
"""Cameras whose up axes have a mean this long agree about what is up."""
ROUND, NARROW_M, CLOSED = 128, 0.2, 0.9
"""Directions all round a camera, and how near and in how many of them something is met inside a wall or a cupboard."""


class Planes(NamedTuple):
    """(F, 3) unit normals and (F,) areas of a mesh's faces, or of every so-manieth."""

    normal: Floats
    area_m2: Floats


def planes(mesh: Mesh) -> Planes:
    """Measure a mesh's faces."""
    step = max(1, len(mesh.faces) // MOST_FACES)
    return Planes(*_measured(np.asarray(mesh.vertices_m), np.ascontiguousarray(mesh.faces[::step])))


@compiled
def _measured(vertices_m: NDArray[np.floating], faces: NDArray[np.integer]) -> tuple[Floats, Floats]:
    normal, area_m2 = np.empty((len(faces), 3)), np.empty(len(faces))
    edge = np.empty((2, 3))
    for f in range(len(faces)):
        for k in range(3):
            begin = np.float64(vertices_m[faces[f, 0], k])
            edge[0, k] = vertices_m[faces[f, 1], k] - begin
            edge[1, k] = vertices_m[faces[f, 2], k] - begin
        x = edge[0, 1] * edge[1, 2] - edge[0, 2] * edge[1, 1]
        y = edge[0, 2] * edge[1, 0] - edge[0, 0] * edge[1, 2]
        z = edge[0, 0] * edge[1, 1] - edge[0, 1] * edge[1, 0]
        double = np.sqrt(x * x + y * y + z * z)
        area_m2[f], long = double / 2, max(double, 1e-12)
        normal[f, 0], normal[f, 1], normal[f, 2] = x / long, y / long, z / long
    return normal, area_m2


def up_axis(flat: Planes, T_world_camera: Floats) -> Floats | None:
    """Return the (3,) direction that cameras and planes hold for up; None where cameras do not agree.

    People hold cameras upright more or less: the mean of the cameras' up axes is a first guess. The planes near it,
    floors and tables, make it exact. Where +Z has clearly more planes across it than the guess, +Z it is: cameras that
    all look steeply down at a table from one side. Near +Z, as many planes are enough: floors beside sloping roofs.
    """
    mean = (1 if held_over(T_world_camera) else -1) * T_world_camera[:, :3, 1].mean(axis=0)
    if np.linalg.norm(mean) < OF_ONE_MIND:
        return None
    up = mean / np.linalg.norm(mean)
    for cone_deg in CONES_DEG:
        total = _added(flat.normal, flat.area_m2, up, np.cos(np.radians(cone_deg)))
        if not total.any():
            break
        up = total / np.linalg.norm(total)
    z = np.array([0.0, 0.0, 1.0])
    near_z = up[2] > np.cos(np.radians(NEAR_DEG))
    within_deg, times = (NARROW_DEG, 1) if near_z else (LEVEL_DEG, 2)
    across_z, across_up = (_across(*flat, axis, np.cos(np.radians(within_deg))) for axis in (z, up))
    return z if across_z > times * across_up else up


@compiled
def _added(normal: Floats, area_m2: Floats, up: Floats, least: float) -> Floats:
    """Add up the normals of the planes near level, turned upwards, by their areas; `least` is the cosine."""
    total = np.zeros(3)
    for f in range(len(normal)):
        along = normal[f, 0] * up[0] + normal[f, 1] * up[1] + normal[f, 2] * up[2]
        if abs(along) > least:
            weight = area_m2[f] if along > 0 else -area_m2[f]
            for k in range(3):
                total[k] += normal[f, k] * weight
    return total


@compiled
def _across(normal: Floats, area_m2: Floats, axis: Floats, least: float) -> float:
    """Add up the areas of the planes that are level where an axis is up; `least` is the cosine."""
    total = 0.0
    for f in range(len(normal)):
        if abs(normal[f, 0] * axis[0] + normal[f, 1] * axis[1] + normal[f, 2] * axis[2]) > least:
            total += area_m2[f]
    return total


def held_over(T_world_camera: Floats) -> bool:
    """Tell whether cameras (V, 4, 4) are held upside down throughout, as a phone may be turned by 180 degrees.

    People look down more than up. Cameras that are upside down and look up are upright ones in a world turned over, or
    have OpenGL's axes.
    """
    mean = T_world_camera[:, 2, :3].mean(axis=0)
    return bool(mean[1] > OF_ONE_MIND and mean[2] < 0)


def is_wound(mesh: Mesh) -> bool:
    """Tell whether the mesh's faces have a front: most of its area hangs together, and neighbours are wound alike.

    An edge between two such faces is run through once in each direction. So it is in reconstructed scans; in rooms that
    are put together from boxes a front says nothing.
    """
    n = len(mesh.vertices_m)
    begin, end = mesh.faces.ravel(), mesh.faces[:, [1, 2, 0]].ravel()
    part = linked(begin, end, n)
    area = np.bincount(part[mesh.faces[:, 0]], face_areas_m2(mesh))
    # Faces that follow each other lie side by side, more or less: the first ones tell how neighbours are wound.
    first, second = (corner[: 3 * MOST_FACES].astype(np.int64) for corner in (begin, end))
    edge = np.minimum(first, second) * n + np.maximum(first, second)
    _, at, times = np.unique(edge, return_inverse=True, return_counts=True)
    opposed = np.bincount(at, np.where(first < second, 1, -1)) == 0
    shared = times == 2
    return bool(area.max() > 0.5 * area.sum() and shared.mean() > 0.5 and opposed[shared].mean() > 0.95)


def fronts(mesh: Mesh, claims: Claims, met: Met) -> Floats:
    """Share (F,) of the hits that meet a face from its front, counter-clockwise as seen; nan without hits."""
    a, b, c = mesh.vertices_m[mesh.faces[met.face]].astype(np.float64).transpose(2, 0, 1, 3)
    towards = np.einsum("fpk,fpk->fp", np.cross(b - a, c - a), claims.directions()) < 0
    hit = met.face >= 0
    with np.errstate(invalid="ignore"):
        return np.asarray((towards & hit).sum(axis=1) / hit.sum(axis=1))


def boxed_in(rays: Rays, position_m: Floats) -> Bools:
    """Tell which positions (F, 3) have a surface close by nearly all round."""
    k = np.arange(ROUND) + 0.5
    height, turn = 1 - 2 * k / ROUND, np.pi * (1 + 5**0.5) * k
    flat = np.sqrt(1 - height**2)
    sphere = np.stack([flat * np.cos(turn), flat * np.sin(turn), height], axis=-1)
    _, distance_m = rays.cast(position_m[:, None], np.broadcast_to(sphere, (len(position_m), ROUND, 3)))
    return np.asarray((distance_m < NARROW_M).mean(axis=1) >= CLOSED)


class Standing(NamedTuple):
    """(F,) how far below and above each camera the mesh is met; inf where it is not."""

    below_m: Floats
    above_m: Floats

    @property
    def above_floor_m(self) -> float:
        """Median height of the cameras above what is below them; nan where most have nothing there."""
        return _median(self.below_m)

    @property
    def room_height_m(self) -> float:
        """Median height of the rooms that they are in; nan where most have no floor or no ceiling."""
        return _median(self.below_m + self.above_m)


def standing(rays: Rays, position_m: Floats) -> Standing:
    """Measure from camera positions (F, 3) straight down and up."""
    up = np.broadcast_to([0.0, 0.0, 1.0], position_m.shape)
    return Standing(*(rays.cast(position_m, way)[1] for way in (-up, up)))


def _median(length_m: Floats) -> float:
    met = length_m[np.isfinite(length_m)]
    return float(np.median(met)) if 2 * len(met) > len(length_m) else np.nan
