"""Solids out of four-cornered patches: boxes, turned shapes and sheets, and how they are cut into triangles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Rgb = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Part:
    """Patches of one colour and material.

    Parameters
    ----------
    corners_m : (Q, 4, 3) patch corners, counter-clockwise seen from outside.
    normals : (Q, 4, 3) unit normals at the corners.
    uv_m : (Q, 4, 2) texture position, metres.
    rgb : colour, 0..1.
    material : a name in `spargen.demo.materials.MATERIALS`.
    """

    corners_m: Floats
    normals: Floats
    uv_m: Floats
    rgb: Rgb
    material: str = "plain"

    def moved(self, at: ArrayLike = (0.0, 0.0, 0.0), *, yaw: float = 0.0, pitch: float = 0.0) -> Part:
        """Turn about X by `pitch`, then about Z by `yaw` (radians), then shift by `at` (metres)."""
        R = rotation(yaw) @ pitching(pitch)
        return replace(self, corners_m=self.corners_m @ R.T + np.asarray(at), normals=self.normals @ R.T)

    def scaled(self, factor: ArrayLike) -> Part:
        """Stretch by (3,) factors about the origin; the texture keeps its scale on average."""
        f = np.asarray(factor, dtype=np.float64)
        normals = self.normals / f
        normals /= np.linalg.norm(normals, axis=-1, keepdims=True)
        return replace(self, corners_m=self.corners_m * f, normals=normals, uv_m=self.uv_m * np.cbrt(f.prod()))


class Grid(NamedTuple):
    """A part cut into triangles: vertices (P, 3), normals (P, 3), uv (P, 2), faces (F, 3)."""

    vertices_m: Floats
    normals: Floats
    uv_m: Floats
    faces: NDArray[np.int64]


def rotation(yaw: float) -> Floats:
    """Return the (3, 3) turn about Z by `yaw` radians."""
    c, s = np.cos(yaw), np.sin(yaw)
    return np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])


def pitching(pitch: float) -> Floats:
    """Return the (3, 3) turn about X by `pitch` radians."""
    c, s = np.cos(pitch), np.sin(pitch)
    return np.array([[1.0, 0.0, 0.0], [0.0, c, -s], [0.0, s, c]])


def panel(corner: ArrayLike, along: ArrayLike, up: ArrayLike, rgb: Rgb, material: str = "plain") -> Part:
    """One rectangle from `corner` spanned by `along` and `up` (metres), facing along x up."""
    c, a, b = (np.asarray(x, dtype=np.float64) for x in (corner, along, up))
    normal = np.cross(a, b)
    la, lb = float(np.linalg.norm(a)), float(np.linalg.norm(b))
    corners = np.stack([c, c + a, c + a + b, c + b])
    uv = np.array([[0, 0], [la, 0], [la, lb], [0, lb]])
    normals = np.broadcast_to(normal / np.linalg.norm(normal), (1, 4, 3))
    return Part(corners[None], np.array(normals), uv[None], rgb, material)


_SIDES = np.array([
    [(0, 0, 0), (1, 0, 0), (1, 0, 1), (0, 0, 1)],
    [(1, 0, 0), (1, 1, 0), (1, 1, 1), (1, 0, 1)],
    [(1, 1, 0), (0, 1, 0), (0, 1, 1), (1, 1, 1)],
    [(0, 1, 0), (0, 0, 0), (0, 0, 1), (0, 1, 1)],
    [(0, 0, 1), (1, 0, 1), (1, 1, 1), (0, 1, 1)],
    [(0, 1, 0), (1, 1, 0), (1, 0, 0), (0, 0, 0)],
], dtype=np.float64)  # fmt: skip
"""(6, 4, 3) corners of the unit cube's sides: front, right, back, left, top, bottom."""
_OUTWARD = np.array([(0, -1, 0), (1, 0, 0), (0, 1, 0), (-1, 0, 0), (0, 0, 1), (0, 0, -1)], dtype=np.float64)


def box(size: Sequence[float], at: Sequence[float], rgb: Rgb, material: str = "plain") -> Part:
    """Build a box of full sides `size` whose bottom centre is `at`; the texture runs along each side's longer edge."""
    corners = (_SIDES - (0.5, 0.5, 0.0)) * size + np.asarray(at, dtype=np.float64)
    sx, sy, sz = size
    spans = np.array([(sx, sz), (sy, sz), (sx, sz), (sy, sz), (sx, sy), (sx, sy)])
    uv = spans[:, None] * np.array([[0, 0], [1, 0], [1, 1], [0, 1]])
    return _along_grain(Part(corners, np.repeat(_OUTWARD[:, None], 4, 1), uv, rgb, material))


def lathe(
    profile: Sequence[tuple[float, float]], at: Sequence[float], rgb: Rgb, material: str = "plain", segments: int = 12
) -> Part:
    """Turn a profile of (radius, height) points, outside on the right going up, about a vertical axis through `at`."""
    rz = np.asarray(profile, dtype=np.float64)
    angle = np.linspace(0.0, 2 * np.pi, segments + 1)
    step = np.diff(rz, axis=0)
    length = np.concatenate([[0.0], np.cumsum(np.linalg.norm(step, axis=1))])
    out = np.stack([step[:, 1], -step[:, 0]], -1) / np.diff(length)[:, None]
    # Corners of patch (i, j): profile points i, i, i + 1, i + 1 at the angles j, j + 1, j + 1, j.
    i = np.arange(len(step))[:, None, None] + np.array([0, 0, 1, 1])
    j = np.arange(segments)[None, :, None] + np.array([0, 1, 1, 0])
    i, j = np.broadcast_arrays(i, j)
    turn = np.stack([np.cos(angle), np.sin(angle)], -1)[j]
    corners = np.concatenate([turn * rz[i, :1], rz[i, 1:]], -1)
    slope = np.broadcast_to(out[:, None, None], (*i.shape, 2))
    normals = np.concatenate([turn * slope[..., :1], slope[..., 1:]], -1)
    uv = np.stack([angle[j] * np.maximum(rz[:-1, 0], rz[1:, 0])[:, None, None], length[i]], -1)
    flat = [x.reshape(-1, 4, x.shape[-1]) for x in (corners + np.asarray(at), normals, uv)]
    return Part(flat[0], flat[1], flat[2], rgb, material)


def cylinder(radius: float, height: float, at: Sequence[float], rgb: Rgb, material: str = "plain") -> Part:
    """Build a closed upright cylinder standing on `at`."""
    return lathe([(0, 0), (radius, 0), (radius, height), (0, height)], at, rgb, material)


def ball(radius: float, at: Sequence[float], rgb: Rgb, material: str = "plain", squash: float = 1.0) -> Part:
    """Build a ball (or a spheroid, flattened by `squash`) resting on `at`."""
    t = np.linspace(-np.pi / 2, np.pi / 2, 8)
    profile = [(radius * float(np.cos(a)), radius * squash * (1 + float(np.sin(a)))) for a in t]
    return lathe(profile, at, rgb, material)


def drape(width: float, height: float, folds: int, depth: float, at: Sequence[float], rgb: Rgb) -> Part:
    """Build a hanging sheet in folds: `width` along X, bottom centre at `at`, waves of `depth` along Y."""
    x = np.linspace(-width / 2, width / 2, folds * 4 + 1)
    y = depth / 2 * np.sin(np.linspace(0, 2 * np.pi * folds, len(x)))
    foot = np.stack([x, y, np.zeros_like(x)], -1) + np.asarray(at)
    return joined(
        [panel(foot[i], foot[i + 1] - foot[i], (0, 0, height), rgb, "fabric") for i in range(len(x) - 1)],
    )


def joined(parts: Sequence[Part]) -> Part:
    """Return one part out of several that share colour and material."""
    return replace(
        parts[0],
        corners_m=np.concatenate([p.corners_m for p in parts]),
        normals=np.concatenate([p.normals for p in parts]),
        uv_m=np.concatenate([p.uv_m for p in parts]),
    )


def tessellate(part: Part, cell_m: float) -> Grid:
    """Cut every patch into cells no longer than `cell_m`, two triangles each; nothing is shared between patches."""
    side_u = np.linalg.norm(part.corners_m[:, [1, 2]] - part.corners_m[:, [0, 3]], axis=-1).max(1)
    side_v = np.linalg.norm(part.corners_m[:, [3, 2]] - part.corners_m[:, [0, 1]], axis=-1).max(1)
    cells = np.ceil(np.stack([side_u, side_v], -1) / cell_m - 1e-9).astype(np.int64).clip(1)
    grids: list[Grid] = []
    base = 0
    for nu, nv in sorted(set(map(tuple, cells.tolist()))):
        chosen = (cells == (nu, nv)).all(axis=1)
        weights, faces = _lattice(nu, nv)
        vertices, normals, uv = (
            np.einsum("pc,qck->qpk", weights, x[chosen]) for x in (part.corners_m, part.normals, part.uv_m)
        )
        quads, per = vertices.shape[:2]
        all_faces = (faces[None] + per * np.arange(quads)[:, None, None]).reshape(-1, 3) + base
        grids.append(Grid(vertices.reshape(-1, 3), normals.reshape(-1, 3), uv.reshape(-1, 2), all_faces))
        base += quads * per
    vertices, normals, uv, faces = (np.concatenate([g[i] for g in grids]) for i in range(4))
    a, b, c = vertices[faces].transpose(1, 0, 2)
    solid = np.linalg.norm(np.cross(b - a, c - a), axis=1) > 1e-9
    return _used(Grid(vertices, normals / np.linalg.norm(normals, axis=1, keepdims=True), uv, faces[solid]))


def _used(grid: Grid) -> Grid:
    """Drop the vertices that no face names."""
    used = np.zeros(len(grid.vertices_m), dtype=bool)
    used[grid.faces] = True
    if used.all():
        return grid
    number = np.cumsum(used) - 1
    return Grid(grid.vertices_m[used], grid.normals[used], grid.uv_m[used], number[grid.faces])


@lru_cache(maxsize=256)
def _lattice(nu: int, nv: int) -> tuple[Floats, NDArray[np.int64]]:
    """Return bilinear weights (P, 4) of the lattice points of one patch, and its triangles (F, 3).

    Most patches of a house have as many cells as many others.
    """
    u, v = (g.ravel() for g in np.meshgrid(np.linspace(0, 1, nu + 1), np.linspace(0, 1, nv + 1), indexing="ij"))
    weights = np.stack([(1 - u) * (1 - v), u * (1 - v), u * v, (1 - u) * v], -1)
    index = np.arange((nu + 1) * (nv + 1)).reshape(nu + 1, nv + 1)
    a, b, c, d = index[:-1, :-1], index[1:, :-1], index[1:, 1:], index[:-1, 1:]
    return weights, np.concatenate([np.stack([a, b, c], -1), np.stack([a, c, d], -1)]).reshape(-1, 3)


def _along_grain(part: Part) -> Part:
    """Swap the texture axes of patches that are taller than wide."""
    size = part.uv_m.max(axis=1)
    upright = size[:, 1] > size[:, 0]
    return replace(part, uv_m=np.where(upright[:, None, None], part.uv_m[..., ::-1], part.uv_m))
