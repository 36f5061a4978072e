"""Scenes without a mesh: for each frame an image of objects' ids and one of depths, as renderers and segmenters write.

::

    <scene>/
      instance/<frame>.png     16 (or 8) bits: the id that boxes.json has, anything else = not annotated
      depth/<frame>.png        16 bits, registered to colour, of the same size; 0 = not measured
      boxes.json               the objects, every one with its box
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scene_adapters.formats.pixels import pixels
from scene_adapters.posed_labels import OwnBox
from scene_adapters.posed_store import PosedFrames
from spargen.errors import SceneError
from spargen.fingerprint import sizes
from spargen.geometry.annotation import MAX_TILT_DEG
from spargen.geometry.boxes import tilt_deg
from spargen.scene.images import NOT_ANNOTATED, InstanceImages
from spargen.scene.types import Objects

FOLDER = "instance"


def has_instance_images(folder: Path) -> bool:
    """Tell whether a scene's folder has them."""
    return (folder / FOLDER).is_dir()


def instance_images(
    frames: PosedFrames, folder: Path, boxes: dict[int, OwnBox]
) -> tuple[PosedFrames, InstanceImages, tuple[Path, ...]]:
    """Return the frames that have both images, what these show, and the files of the instance images.

    Parameters
    ----------
    frames : of the scene. folder : of the scene. boxes : of all objects, by id.

    Raises
    ------
    SceneError
        Where no frame has both.
    """
    files = [folder / FOLDER / f"{name}.png" for name in frames.names]
    kept = [k for k, path in enumerate(files) if path.is_file() and frames.depths[k] is not None]
    if not kept:
        what = "no frame has an image of instances and one of depths"
        raise SceneError(what, where=folder, mend=f"name them {FOLDER}/<frame>.png and depth/<frame>.png")
    chosen = frames.take(kept)
    pictures = _Pictures(chosen, tuple(files[k] for k in kept), np.array(sorted(boxes), dtype=np.int64))
    both = (*pictures.files, *(path for path in chosen.depths if path))
    shown = InstanceImages(pictures.rows, pictures.depth_m, np.arange(len(kept)), sizes(folder, both))
    return chosen, shown, pictures.files


def boxed_objects(boxes: dict[int, OwnBox]) -> Objects:
    """Return all objects with their boxes; those that lean are doubtful."""
    ids = sorted(boxes)
    R = np.reshape([boxes[i].R for i in ids], (-1, 3, 3))
    return Objects(
        np.array(ids, dtype=np.int64),
        tuple(boxes[i].label for i in ids),
        np.reshape([boxes[i].center_m for i in ids], (-1, 3)),
        np.reshape([boxes[i].extent_m for i in ids], (-1, 3)),
        R,
        tilt_deg(R) > MAX_TILT_DEG,
    )


@dataclass(frozen=True, slots=True)
class _Pictures:
    """V images of ids, read when they are asked for; `ids` (N,) are those of the rows of `Objects`, sorted."""

    frames: PosedFrames
    files: tuple[Path, ...]
    ids: NDArray[np.int64]

    def rows(self, frame: int) -> NDArray[Any]:
        """Return the object of each pixel (H, W)."""
        of = pixels(self.files[frame]).astype(np.int64)
        place = np.searchsorted(self.ids, of).clip(0, max(len(self.ids) - 1, 0))
        return np.where(self.ids[place] == of, place, NOT_ANNOTATED)

    def depth_m(self, frame: int) -> NDArray[Any]:
        """Return the depth of each pixel (H, W) in metres, 0 where it was not measured."""
        depth_m = self.frames.depth_m(frame)
        return np.zeros((1, 1)) if depth_m is None else depth_m
