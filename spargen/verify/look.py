"""What one image shows, and what a way to see a scene must tell: by drawing its mesh, or by reading instance images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from spargen.verify.body import Thing
from spargen.verify.loose import Loose
from spargen.verify.optics import View

Floats = NDArray[np.float64]
Ids = NDArray[np.int16]
Ints = NDArray[np.int64]
Box = tuple[float, float, float, float]
"""Left, top, right and bottom in thousandths of an image's sides."""

SURFACE_POINTS = 20_000
"""Points spread evenly over all there is to see, by which views are told to overlap."""
NONE, NOTHING = -1, -2
"""In pictures: what nobody annotated, and where nothing is."""


class Runs:
    """A picture (rows, columns) of int16, kept as runs of equal pixels: looks are kept, and this takes a tenth."""

    def __init__(self, picture: Ids) -> None:
        self.shape = picture.shape
        flat = picture.reshape(-1)
        self._begin = np.concatenate([[0], np.flatnonzero(flat[1:] != flat[:-1]) + 1]).astype(np.int32)
        self._value = flat[self._begin]

    def at(self, row: Ints, column: Ints) -> Ids:
        """Return the values of some pixels."""
        run = np.searchsorted(self._begin, row * self.shape[1] + column, side="right") - 1
        return np.asarray(self._value[run])


@dataclass(frozen=True, slots=True)
class Look:
    """What one image shows.

    owner : of each pixel, the row of the thing that it shows, `NONE` or `NOTHING`. share : of the image that each thing
    has. boxes : of each thing, None where it is not to be seen. unannotated : share of what is shown that nobody
    annotated. median_depth_m : of all that is shown. side : of each of the surface's points 1 where its front is seen,
    -1 its back, 0 where it is not seen. loose : share of the image by number of a piece that nobody annotated. within :
    thousandths by which the side of a printed box may differ from `boxes`.
    """

    owner: Runs
    share: Floats
    boxes: Sequence[Box | None]
    unannotated: float
    median_depth_m: float
    side: NDArray[np.int8]
    loose: Mapping[int, float]
    within: float

    @classmethod
    def of(
        cls,
        owner: Ids,
        count: int,
        *,
        median_depth_m: float,
        side: NDArray[np.int8],
        loose: Mapping[int, float],
        within: float,
    ) -> Look:
        """Make it of a picture (rows, columns) of rows of `count` things, `NONE` and `NOTHING`."""
        pixels = np.bincount(owner.ravel() - np.int64(NOTHING), minlength=count - NOTHING)
        bare, shown = int(pixels[NONE - NOTHING]), owner.size - int(pixels[0])
        return cls(
            Runs(owner.astype(np.int16, copy=False)),
            pixels[-NOTHING:] / owner.size,
            boxes_of(owner, count),
            bare / max(1, shown),
            median_depth_m,
            side,
            loose,
            within,
        )


def boxes_of(owner: NDArray[np.integer], count: int) -> list[Box | None]:
    """Return the box around the pixels of each thing of a picture; None where there are none."""
    spans = ndimage.find_objects(owner.astype(np.int32) + 1, max_label=count)
    return [None if span is None else thousandths(span, owner.shape) for span in spans]


def thousandths(span: tuple[slice, slice], shape: tuple[int, ...]) -> Box:
    """Return left, top, right and bottom of rows and columns of a picture on the 0-1000 scale."""
    rows, columns = span
    ends = (columns.start, shape[1]), (rows.start, shape[0]), (columns.stop, shape[1]), (rows.stop, shape[0])
    left, top, right, bottom = (1000 * n / of for n, of in ends)
    return left, top, right, bottom


class Sight(Protocol):
    """A way to see a scene: by its mesh, or by instance images."""

    noise: float
    """Relative noise of a share of an image."""
    least_unoccluded: float
    """Share of the pixels that a thing would have alone, from which on it is asked about."""

    @property
    def things(self) -> Sequence[Thing]:
        """The annotated things."""

    @property
    def loose(self) -> Loose:
        """Compact pieces of surface that nobody annotated."""

    def look(self, frame: int, view: View) -> Look:
        """Return what an image shows."""

    def fine_box(self, frame: int, view: View, row: int) -> Box | None:
        """Return the box of a thing, measured as finely as can be."""
