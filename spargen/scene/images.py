"""What each frame shows where there is no mesh: an object and a depth for every pixel, as renderers write them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spargen.errors import SceneError

NOT_ANNOTATED, NOTHING = -1, -2
"""What a pixel shows that belongs to no object: a surface that nobody annotated, or none at all."""
MOST_PIXELS = 150_000_000
"""No camera has more; who claims more would fill the memory with a few bytes."""
ROUNDED = 0.5
"""Pixels by which the height of a smaller image may miss the shape of its camera's."""

ReadImage = Callable[[int], NDArray[Any]]


@dataclass(frozen=True, slots=True)
class InstanceImages:
    """V frames, of each an image of objects and an image of depths. Both are read when asked for and never kept.

    Parameters
    ----------
    objects : for a frame, (h, w) integers, rows in `Objects`; `NOT_ANNOTATED` (-1), or `NOTHING` (-2).
    depth_m : for a frame, (h, w) camera Z in metres; what is 0 or not finite was not measured.
    frames : (V,) by which numbers the two are asked; ``np.arange(V)`` for positions in `Scene.frames`.
    fingerprint : a text that changes with the images: what is kept of a scene is looked up by it. Names and sizes of
        the files are enough.

    Images have the size of their camera's, or are smaller by one factor in width and height. `objects` and `depth_m`
    may be called from several threads at a time.

    Raises
    ------
    SceneError
        Where there is no fingerprint.
    """

    objects: ReadImage
    depth_m: ReadImage
    frames: NDArray[np.int64]
    fingerprint: str

    def __post_init__(self) -> None:
        if not self.fingerprint:
            mend = "give a text that changes with the images"
            raise SceneError("the images have no fingerprint", where="InstanceImages", mend=mend)
        frames = np.array(self.frames, dtype=np.int64)
        frames.setflags(write=False)
        object.__setattr__(self, "frames", frames)

    def __len__(self) -> int:
        return len(self.frames)

    @property
    def is_empty(self) -> bool:
        """Tell whether there is nothing to see."""
        return not len(self)

    def describe(self) -> dict[str, int]:
        """Say how much there is of it, for a person."""
        return {"instance images": len(self)}

    def parts(self) -> tuple[NDArray[Any] | str, ...]:
        """Return all that decides what is seen, to be hashed."""
        return self.fingerprint, self.frames

    def take(self, views: ArrayLike) -> InstanceImages:
        """Return the images of some of the views, in that order."""
        return replace(self, frames=self.frames[np.asarray(views, dtype=np.int64)])

    def read(self, view: int, size_px: ArrayLike, n_objects: int) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Read what one view shows.

        Parameters
        ----------
        view : row of the views.
        size_px : (2,) width and height of its camera's image.
        n_objects : how many objects the scene has.

        Returns
        -------
        objects (h, w); depth_m (h, w), nan where none was measured.

        Raises
        ------
        SceneError
            Where the two have not one size, not the shape of the camera's image, or name objects that do not exist.
        """
        frame = int(self.frames[view])
        ids, depth_m = np.asarray(self.objects(frame)), np.asarray(self.depth_m(frame), dtype=np.float32)
        _check(ids, depth_m, np.asarray(size_px), n_objects, f"instance images, frame {frame}")
        measured_m = np.where((depth_m > 0) & (depth_m < np.inf), depth_m, np.float32(np.nan))
        return ids.astype(np.int32, order="C"), measured_m


def _check(ids: NDArray[Any], depth_m: NDArray[np.float32], size_px: NDArray[Any], n_objects: int, where: str) -> None:
    """Refuse images that cannot be those of a camera whose image has `size_px`, or of so many objects."""
    if ids.dtype.kind not in "iu" or ids.ndim != 2 or depth_m.shape != ids.shape:
        what = f"objects are {ids.dtype} of {ids.shape}, depths of {depth_m.shape}"
        raise SceneError(what, where=where, mend="give integers and depths of one size, (h, w)")
    (height, width), of_camera = ids.shape, size_px[0] / max(ids.shape[1], 1)
    if not ids.size or of_camera < 1 or abs(height - size_px[1] / of_camera) > ROUNDED:
        what = f"the images have {width}x{height} pixels, the camera {size_px[0]}x{size_px[1]}"
        raise SceneError(what, where=where, mend="give them at the camera's size, or smaller by one factor")
    if ids.min() < NOTHING or ids.max() >= n_objects:
        what = f"pixels name objects {ids.min()} .. {ids.max()} of {n_objects}"
        raise SceneError(what, where=where, mend="name rows of the objects, -1 and -2")
