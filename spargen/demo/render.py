"""Pictures and depth images of the house: one ray a pixel, baked light, one textured colour a hit."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from spargen.demo.house import House
from spargen.demo.light import bake
from spargen.demo.materials import LEVELS, SIZE_PX, TILE_M, texture_stack
from spargen.geometry.compiled import Whole, compiled
from spargen.geometry.raycast import RayCaster
from spargen.scene.cameras import Cameras, looks_along
from spargen.scene.lenses import Lens

Ints = NDArray[np.int64]
Singles = NDArray[np.float32]

_SHARP_M = 1.6
"""Up to this depth textures are drawn from their sharpest level."""
_DIMMEST, _BRIGHTEST, _DIMMING = np.float32(0.12), np.float32(1.35), np.float32(0.012)
"""Bounds of the light, and the share of it that is lost with each metre of depth."""
_LAST_PX = SIZE_PX - 1


class Paint(NamedTuple):
    """All that rendering needs, as plain arrays that can be sent to another process."""

    vertices_m: NDArray[np.float32]
    faces: NDArray[np.int32]
    planes: NDArray[np.float32]
    """(4, F) normal n and offset d of each face: n . x = d."""
    linear: NDArray[np.float32]
    """(3, 4, F) light, texel column and texel row as linear functions of the position on the face."""
    rgb: NDArray[np.float32]
    """(F, 3) colour, times 255 / 128."""
    material: NDArray[np.int32]
    texels: NDArray[np.uint8]


def prepare(house: House) -> Paint:
    """Bake the light of a house and fit textures to its faces.

    Light and texture position are linear on a triangle, so each is a linear function of the position in space: every
    face keeps the coefficients and no barycentric coordinate is ever computed.
    """
    corner = house.faces[:, 0]
    light = bake(house, RayCaster(house.vertices_m, house.faces))
    texel = house.uv_m * (SIZE_PX / TILE_M[house.material])[:, None]
    values = np.concatenate([light[:, None], texel], axis=1)
    a, b, c = house.vertices_m[house.faces].astype(np.float64).transpose(1, 0, 2)
    normal = np.cross(b - a, c - a)
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    planes = np.concatenate([normal.T, np.einsum("fk,fk->f", normal, a)[None]]).astype(np.float32)
    return Paint(
        house.vertices_m,
        house.faces,
        planes,
        _linear_on_faces(house.vertices_m, house.faces, values),
        house.rgb[corner].astype(np.float32) / 128.0,
        house.material[corner].astype(np.int32),
        texture_stack(),
    )


class Renderer:
    """Renders views of one prepared house; `threads` = 0 casts rays on every core."""

    def __init__(self, paint: Paint, *, threads: int = 0) -> None:
        self._paint = paint
        self._caster = RayCaster(paint.vertices_m, paint.faces, threads=threads)

    def render(self, cameras: Cameras, view: int) -> tuple[NDArray[np.uint8], NDArray[np.uint16]]:
        """Render one view.

        Returns
        -------
        color : (H, W, 3) uint8 RGB. depth : (H, W) uint16 camera Z in millimetres, 0 = nothing hit.
        """
        color, depth, _ = self.render_with_faces(cameras, view)
        return color, depth

    def render_with_faces(
        self, cameras: Cameras, view: int
    ) -> tuple[NDArray[np.uint8], NDArray[np.uint16], NDArray[np.int64]]:
        """Render one view; and return the face that each pixel shows, (H, W), -1 = none."""
        origin, direction = _pixel_rays(cameras, view)
        height, width = direction.shape[:2]
        # Turned into the world, a direction that is none has no number in any axis.
        dark = np.isnan(direction[..., 0])
        direction[dark] = 0.0
        face, z = self._hits(origin, direction)
        face[dark.ravel()], z[dark.ravel()] = -1, 0.0
        color = self._shade(face, z, origin, direction.reshape(-1, 3))
        millimetres = np.rint(z * 1000).clip(0, 65535).astype(np.uint16)
        return color.reshape(height, width, 3), millimetres.reshape(height, width), face.reshape(height, width)

    def _hits(
        self, origin: NDArray[np.float32], direction: NDArray[np.float32]
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Return the face (-1 = none) and depth (0 = none) of each pixel, flat.

        Every second pixel of every second row is cast first. A pixel between cast ones that all hit the same triangle
        hits it too, so its depth follows from the triangle's plane; only the rest is cast. What is less than two
        pixels wide may be missed.
        """
        height, width = direction.shape[:2]
        coarse, t = self._caster.cast(origin, direction[::2, ::2])
        face = np.repeat(np.repeat(coarse, 2, 0), 2, 1)[:height, :width]
        right, below = np.roll(coarse, -1, 1) == coarse, np.roll(coarse, -1, 0) == coarse
        known = np.zeros((height, width), dtype=bool)
        known[::2, 1:-1:2] = right[:, : (width - 1) // 2]
        known[1:-1:2, ::2] = below[: (height - 1) // 2]
        both = right & below & np.roll(right, -1, 0)
        known[1:-1:2, 1:-1:2] = both[: (height - 1) // 2, : (width - 1) // 2]

        nx, ny, nz, offset = self._paint.planes
        reach = offset - (nx * origin[0] + ny * origin[1] + nz * origin[2])
        z = np.empty((height, width), dtype=np.float32)
        _reach_planes(face.reshape(-1), direction.reshape(-1, 3), self._paint.planes, reach, z.reshape(-1))
        z[::2, ::2], known[::2, ::2] = t, True
        rest = ~known
        face[rest], z[rest] = self._caster.cast(origin, direction[rest])
        z[face < 0] = 0.0
        return face.ravel(), z.ravel()

    def _shade(
        self,
        face: NDArray[np.int64],
        z: NDArray[np.float32],
        origin: NDArray[np.float32],
        direction: NDArray[np.float32],
    ) -> NDArray[np.uint8]:
        """Colour of each hit: object colour x texel x light, a little dimmer with distance."""
        paint = self._paint
        level = np.log2(np.maximum(z / _SHARP_M, 1.0)).astype(np.int32).clip(0, LEVELS - 1)
        color = np.empty((len(z), 3), dtype=np.uint8)
        _color_hits(face, z, level, origin, direction, paint.linear, paint.rgb, paint.material, paint.texels, color)
        return color


@compiled
def _reach_planes(face: Ints, direction: Singles, planes: Singles, reach: Singles, z: Singles) -> None:
    """Set how deep rays (P, 3) from one place meet the planes of faces (P,).

    planes : (4, F) see `Paint`. reach : (F,) how far each is from that place, along its normal.
    """
    for i, f in enumerate(face):
        along = planes[0, f] * direction[i, 0] + planes[1, f] * direction[i, 1] + planes[2, f] * direction[i, 2]
        z[i] = reach[f] / along


@compiled
def _color_hits(
    face: Ints,
    z: Singles,
    level: NDArray[np.int32],
    origin: Singles,
    direction: Singles,
    linear: Singles,
    rgb: Singles,
    material: NDArray[np.int32],
    texels: NDArray[np.uint8],
    color: NDArray[np.uint8],
) -> None:
    """Set the colours (P, 3) of hits: see `Renderer._shade`."""
    for i, f in enumerate(face):
        if f < 0:
            color[i] = 0
            continue
        x, y, h = (
            origin[0] + z[i] * direction[i, 0],
            origin[1] + z[i] * direction[i, 1],
            origin[2] + z[i] * direction[i, 2],
        )
        light, u, v = _at(linear[0], f, x, y, h), _at(linear[1], f, x, y, h), _at(linear[2], f, x, y, h)
        lit = min(max(light, _DIMMEST), _BRIGHTEST) * (np.float32(1.0) - _DIMMING * z[i])
        texel = texels[material[f], level[i], np.int32(np.floor(v)) & _LAST_PX, np.int32(np.floor(u)) & _LAST_PX]
        for k in range(3):
            color[i, k] = np.uint8(min(rgb[f, k] * lit * np.float32(texel[k]), np.float32(255.0)))


@compiled
def _at(linear: Singles, f: Whole, x: float, y: float, h: float) -> Any:
    """Return what is linear on a face at a point of it."""
    return linear[0, f] * x + linear[1, f] * y + linear[2, f] * h + linear[3, f]


def _pixel_rays(cameras: Cameras, view: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Origin (3,) and directions (H, W, 3) through the centres of a view's pixels, camera Z = 1; nan = nothing shown.

    A pinhole's rays are linear in the pixel position, so three of them give all.
    """
    width, height = (int(n) for n in cameras.size_px[view])
    if cameras.bends[view]:
        T = cameras.T_world_camera[view].astype(np.float32)
        rays = _bent_rays(tuple(cameras.K[view].ravel().tolist()), cameras.lens[view], width, height)
        return T[:3, 3], rays @ T[:3, :3].T
    origin, (first, right, below) = cameras.rays(view, [(0.5, 0.5), (1.5, 0.5), (0.5, 1.5)])
    row = first + np.arange(width)[:, None] * (right - first)
    column = np.arange(height)[:, None] * (below - first)
    return origin.astype(np.float32), column.astype(np.float32)[:, None] + row.astype(np.float32)


@lru_cache(maxsize=4)
def _bent_rays(K: tuple[float, ...], lens: Lens, width: int, height: int) -> NDArray[np.float32]:
    """Directions (H, W, 3) of the pixels of a lens that bends, in the camera's axes: the same for all its images."""
    pixels = np.indices((height, width))[::-1].reshape(2, -1).T + 0.5
    rays = looks_along(np.reshape(np.array(K), (3, 3)), lens, pixels.astype(np.float64))
    return rays.reshape(height, width, 3).astype(np.float32)


def _linear_on_faces(
    vertices_m: NDArray[np.float32], faces: NDArray[np.int32], values: NDArray[np.floating]
) -> NDArray[np.float32]:
    """Return (C, 4, F) coefficients a such that a[:3] . x + a[3] is vertex value c at every point x of the face."""
    corners = vertices_m[faces].astype(np.float64)
    e1, e2 = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    normal = np.cross(e1, e2)
    square = np.einsum("fk,fk->f", normal, normal)[:, None]
    # Gradients of the two barycentric coordinates that are 1 at corners 1 and 2.
    g1, g2 = np.cross(e2, normal) / square, np.cross(normal, e1) / square
    at = values[faces].astype(np.float64)
    gradient = (at[:, 1] - at[:, 0])[..., None] * g1[:, None] + (at[:, 2] - at[:, 0])[..., None] * g2[:, None]
    offset = at[:, 0] - np.einsum("fck,fk->fc", gradient, corners[:, 0])
    coefficients = np.concatenate([gradient, offset[..., None]], axis=2)
    return np.ascontiguousarray(coefficients.transpose(1, 2, 0), dtype=np.float32)
