"""Which pixels of a lens that bends look at which part of the plane at Z = 1, and triangles drawn through it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from spargen.geometry.bits import Bits, set_bits
from spargen.geometry.compiled import Scratch, Whole, compiled
from spargen.geometry.triangles import (
    A0,
    A1,
    A2,
    B0,
    B1,
    B2,
    C0,
    C1,
    C2,
    TURN,
    X_HIGH,
    X_LOW,
    Y_HIGH,
    Y_LOW,
    Z_1,
    Z_X,
    Z_Y,
    is_drawn,
    packed,
)
from spargen.geometry.unbend import Unbend
from spargen.scene.cameras import Cameras

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

PIXELS_A_CELL = 4
"""In the mean."""
SLACK = 1e-9
"""In cells: how far rounding may bring a pixel beyond a border."""


class LensTable(NamedTuple):
    """The pixels of an image in the order of cells of the plane.

    pixel (M,) numbers, row by row, of those that look anywhere. x, y (height * width,) where each looks. first
    (rows * columns + 1,) of each cell. low, step: of columns and rows, in squeezed positions x / (1 + |x|), for an
    image may show almost all that is before the camera. plane (4,): the least and the greatest column and row of the
    plane that the image shows.
    """

    pixel: Ints
    x: Floats
    y: Floats
    first: Ints
    columns: int
    rows: int
    low: tuple[float, float]
    step: tuple[float, float]
    plane: Floats

    @classmethod
    def none(cls) -> LensTable:
        """Return the table of a pinhole, which needs none."""
        whole, real = np.zeros(0, dtype=np.int64), np.zeros(0)
        return cls(whole, real, real, whole, 0, 0, (0.0, 0.0), (1.0, 1.0), np.zeros(4))

    @classmethod
    def of(cls, cameras: Cameras, view: int) -> LensTable:
        """Sort the pixels of a view's camera by where they look."""
        width, height = cameras.size_px[view].tolist()
        at = np.stack(np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5), axis=-1).reshape(-1, 2)
        plane = Unbend(cameras, view).directions(at)[:, :2].astype(np.float64)
        shown = np.flatnonzero(np.isfinite(plane).all(axis=1))
        towards = plane[shown]
        columns, rows = (max(1, round(n / PIXELS_A_CELL**0.5)) for n in (width, height))
        squeezed = towards / (1 + np.abs(towards))
        low, high = squeezed.min(axis=0, initial=1.0), squeezed.max(axis=0, initial=-1.0)
        step = np.maximum(high - low, SLACK) / [columns, rows]
        x, y = np.minimum(((squeezed - low) / step).astype(np.int64), [columns - 1, rows - 1]).T
        order = np.argsort(y * columns + x, kind="stable")
        first = np.searchsorted((y * columns + x)[order], np.arange(columns * rows + 1))
        looks = np.ascontiguousarray(plane.T)
        least, most = towards.min(axis=0, initial=np.inf), towards.max(axis=0, initial=-np.inf)
        return cls(
            pixel=shown[order],
            x=looks[0],
            y=looks[1],
            first=first.astype(np.int64),
            columns=columns,
            rows=rows,
            low=(low[0], low[1]),
            step=(step[0], step[1]),
            plane=np.stack([least, most], axis=-1).ravel(),
        )


@compiled
def _cell(x: float, low: float, step: float, count: Whole, slack: float) -> Whole:
    """Return the column that a position lies in, or the row, as far as there are any."""
    at = (x / (1 + abs(x)) - low) / step + slack
    return np.int64(min(max(at, 0.0), count - 1.0))


@compiled
def _cells(i: Whole, lens: LensTable, S: Scratch) -> tuple[Whole, Whole, Whole, Whole]:
    """Return the first and the last column, and the first and the last row, of cells that a triangle may lie in."""
    if not is_drawn(i, S):
        return 0, -1, 0, -1
    return (
        _cell(S[X_LOW + i], lens.low[0], lens.step[0], lens.columns, -SLACK),
        _cell(S[X_HIGH + i], lens.low[0], lens.step[0], lens.columns, SLACK),
        _cell(S[Y_LOW + i], lens.low[1], lens.step[1], lens.rows, -SLACK),
        _cell(S[Y_HIGH + i], lens.low[1], lens.step[1], lens.rows, SLACK),
    )


@compiled
def _is_inside(x: float, y: float, i: Whole, S: Scratch) -> bool:
    turn = S[TURN + i]
    return bool(
        turn * (S[A0 + i] * x + S[B0 + i] * y + S[C0 + i]) >= 0
        and turn * (S[A1 + i] * x + S[B1 + i] * y + S[C1 + i]) >= 0
        and turn * (S[A2 + i] * x + S[B2 + i] * y + S[C2 + i]) >= 0
    )


@compiled
def _find_inside(i: Whole, lens: LensTable, S: Scratch, inside: Ints) -> Whole:
    """Put into a line (M,) the numbers of the pixels that look into a triangle; return how many they are."""
    left, right, top, bottom = _cells(i, lens, S)
    many = 0
    for row in range(top, bottom + 1):
        for k in range(lens.first[row * lens.columns + left], lens.first[row * lens.columns + right + 1]):
            at = lens.pixel[k]
            if _is_inside(lens.x[at], lens.y[at], i, S):
                inside[many] = at
                many += 1
    return many


@compiled
def fill_bent(count: Whole, lens: LensTable, key: Whole, S: Scratch, inside: Ints, pixels: Ints) -> None:
    """Draw triangles that are set up where nothing nearer was drawn; inside (M,) is scratch."""
    for j in range(count):
        i = np.uint64(j)
        for k in range(_find_inside(i, lens, S, inside)):
            at = inside[k]
            inverse = S[Z_X + i] * lens.x[at] + S[Z_Y + i] * lens.y[at] + S[Z_1 + i]
            pixels[at] = max(pixels[at], packed(inverse, key))


@compiled
def cover_bent(count: Whole, lens: LensTable, S: Scratch, inside: Ints, covered: Bits) -> None:
    """Set the bits of all pixels in which triangles that are set up lie; inside (M,) is scratch."""
    for j in range(count):
        for k in range(_find_inside(np.uint64(j), lens, S, inside)):
            at = np.uint64(inside[k])
            set_bits(covered, at, at)
