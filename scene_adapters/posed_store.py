"""Hands out the files of a posed scene's frames."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from scene_adapters.files import image_file_size
from spargen.errors import SceneError
from spargen.scene.lenses import Lens
from spargen.scene.types import Blob, FrameStore

Floats = NDArray[np.float64]

MILLIMETRE = 0.001
_NOT_MEASURED = 65535


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

    def color(self, frame: int) -> Blob:
        """Return the colour image, as a path that can be linked to."""
        path = self.images[frame]
        return Blob(path.suffix.lower(), path=path)

    def depth(self, frame: int) -> Blob | None:
        """Return the depth image as a 16-bit PNG in millimetres: the file itself where it is one."""
        path = self.depths[frame]
        if path is None or self.depth_unit_m == MILLIMETRE:
            return None if path is None else Blob(".png", path=path)
        raw = _pixels(path).astype(np.float64)
        mm = np.rint(raw * (self.depth_unit_m / MILLIMETRE))
        # What does not fit 16 bits becomes 0, for no depth is better than a wrong one.
        mm[(raw == _NOT_MEASURED) | (mm >= _NOT_MEASURED)] = 0
        buffer = io.BytesIO()
        Image.fromarray(mm.astype(np.uint16)).save(buffer, "PNG")
        return Blob(".png", data=buffer.getvalue())

    def mask(self, frame: int) -> NDArray[np.bool_] | None:
        """Return which pixels are to be disregarded: those that the mask has as 0."""
        path = self.masks[frame]
        if path is None:
            return None
        pixels = _pixels(path)
        return np.asarray((pixels if pixels.ndim == 2 else pixels.max(axis=2)) == 0)

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


def _pixels(path: Path) -> NDArray[np.generic]:
    try:
        with Image.open(path) as image:
            return np.asarray(image)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise SceneError(f"the image cannot be read ({error})", where=path, mend="export it again") from None
