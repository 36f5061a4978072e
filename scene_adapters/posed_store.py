"""Hands out the files of a posed scene's frames."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from scene_adapters.formats.conventions import MILLIMETRE
from scene_adapters.formats.files import image_file_size
from scene_adapters.formats.pixels import pixels
from spargen.errors import SceneError
from spargen.scene.lenses import Lens
from spargen.scene.types import Blob, FrameStore

Floats = NDArray[np.float64]

_NOT_MEASURED = 65535
_OF_FRAMES = ("names", "images", "depths", "masks", "lens")


@dataclass(frozen=True, slots=True)
class PosedFrames(FrameStore):
    """V frames; images stay files.

    Parameters
    ----------
    names : of the frames.
    images : their colour images. depths, masks : depth images and masks, None where there is none.
    poses : (V, 4, 4) rigid camera-to-world, OpenCV axes, metres, in the axes of the files' world.
    K : (V, 3, 3) intrinsics in pixels, corner convention. lens : V lenses. size_px : (V, 2) width and height.
    depth_unit_m : metres in one unit of the depth images.
    """

    names: tuple[str, ...]
    images: tuple[Path, ...]
    depths: tuple[Path | None, ...]
    masks: tuple[Path | None, ...]
    poses: Floats
    K: Floats
    lens: tuple[Lens, ...]
    size_px: NDArray[np.int64]
    depth_unit_m: float

    @property
    def color_suffix(self) -> tuple[str, ...]:
        """Ending of each colour file, with its dot."""
        return tuple(path.suffix.lower() for path in self.images)

    @property
    def files(self) -> tuple[Path, ...]:
        """All image files."""
        return tuple(path for path in (*self.images, *self.depths, *self.masks) if path is not None)

    def take(self, frames: ArrayLike) -> PosedFrames:
        """Return the frames at the given positions, in that order."""
        i = np.asarray(frames, dtype=np.int64)
        chosen: dict[str, Any] = {name: tuple(getattr(self, name)[k] for k in i.tolist()) for name in _OF_FRAMES}
        return replace(self, **chosen, poses=self.poses[i], K=self.K[i], size_px=self.size_px[i])

    def color(self, frame: int) -> Blob:
        """Return the colour image, as a path that can be linked to."""
        path = self.images[frame]
        return Blob(path.suffix.lower(), path=path)

    def depth(self, frame: int) -> Blob | None:
        """Return the depth image as a 16-bit PNG in millimetres: the file itself where it is one."""
        path = self.depths[frame]
        if path is None or self.depth_unit_m == MILLIMETRE:
            return None if path is None else Blob(".png", path=path)
        mm = np.rint(self._metres(path) / MILLIMETRE)
        # What does not fit 16 bits becomes 0, for no depth is better than a wrong one.
        mm[mm >= _NOT_MEASURED] = 0
        return Blob(".png", pixels=mm.astype(np.uint16))

    def depth_m(self, frame: int) -> Floats | None:
        """Return the depth image (H, W) in metres, 0 where nothing was measured; None where there is none."""
        path = self.depths[frame]
        return None if path is None else self._metres(path)

    def _metres(self, path: Path) -> Floats:
        raw = pixels(path)
        if raw.ndim != 2:
            raise SceneError("the depth image has colours", where=path, mend="give 16 bits of depth a pixel")
        return np.where(raw == _NOT_MEASURED, 0.0, raw * self.depth_unit_m)

    def mask(self, frame: int) -> NDArray[np.bool_] | None:
        """Return which pixels are to be disregarded: those that the mask has as 0."""
        path = self.masks[frame]
        if path is None:
            return None
        shown = pixels(path)
        return np.asarray((shown if shown.ndim == 2 else shown.max(axis=2)) == 0)

    def pose_as_released(self, frame: int) -> Floats:
        """Return the (4, 4) camera-to-world pose in metres, in the axes of the files' world."""
        return np.asarray(self.poses[frame])

    def intrinsics_as_released(self) -> Mapping[str, Floats]:
        """Return (4, 4) matrices; the centre of the first pixel is (0.5, 0.5)."""
        color = np.tile(np.eye(4), (len(self.K), 1, 1))
        color[:, :3, :3] = self.K
        if not len(self.K) or (color != color[0]).any():
            return {f"intrinsic_color_{name}": K for name, K in zip(self.names, color, strict=True)}
        depth_px = next((size for path in self.depths if path and (size := image_file_size(path))), None)
        if depth_px is None or (depth_px == self.size_px[0]).all():
            return {"intrinsic_color": color[0]}
        smaller = np.diag([*(depth_px / self.size_px[0]), 1.0, 1.0])
        return {"intrinsic_color": color[0], "intrinsic_depth": smaller @ color[0]}
