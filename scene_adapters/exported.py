"""RGB-D frames that were exported from ScanNet's `.sens` files into folders.

::

    FOLDER/                       SensReader/python          scannet_frames_25k
      color/                      120.jpg                    000120.jpg
      depth/    (optional)        120.png                    000120.png      16 bits, millimetres
      pose/                       120.txt                    000120.txt      camera-to-world, 4x4
      intrinsic/                  intrinsic_color.txt  intrinsic_depth.txt  extrinsic_color.txt  extrinsic_depth.txt
      intrinsics_color.txt  intrinsics_depth.txt             (instead of intrinsic/)

A frame is what has a colour image and a pose under one number; some exports miss single files. Images may be of
several kinds and sizes; one that is empty or damaged, and a pose that is no matrix, cost their own frame only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from scene_adapters.formats.files import image_file_size, numbered_files, read_matrix
from spargen.errors import SceneError
from spargen.scene.types import Blob, FrameStore

_IMAGES = frozenset({".jpg", ".jpeg", ".png"})
_DIGITS = 18
"""Digits of a frame's number at most: all of those are whole numbers of 64 bits."""
_INTRINSICS = {
    "intrinsic_color": ("intrinsic/intrinsic_color.txt", "intrinsics_color.txt"),
    "intrinsic_depth": ("intrinsic/intrinsic_depth.txt", "intrinsics_depth.txt"),
    "extrinsic_color": ("intrinsic/extrinsic_color.txt",),
    "extrinsic_depth": ("intrinsic/extrinsic_depth.txt",),
}


class FrameFiles(NamedTuple):
    """The files of one frame; a release may have no depth."""

    color: Path
    pose: Path
    depth: Path | None


@dataclass(frozen=True, slots=True)
class ExportedFrames(FrameStore):
    """V exported frames as a `FrameStore`; images stay paths.

    Parameters
    ----------
    path : the folder.
    size_px : (V, 2) width and height of each colour image, zeros where its header cannot be read.
    depth_size_px : width and height of the first depth image that can be read; None where there is none.
    intrinsics : the (4, 4) matrices that are there, by name (`intrinsic_color` and so on).
    number : (V,) frame numbers, ascending.
    poses : (V, 4, 4) camera-to-world as released; all -inf where tracking was lost, nan where the file is no matrix.
    odd_pose : what is wrong with the first file of a pose that is no matrix, None where all are.
    frame_files : V rows of paths.
    incomplete : how many frame numbers were left out because they have a pose or a colour image but not both.
    """

    path: Path
    size_px: NDArray[np.int64]
    depth_size_px: tuple[int, int] | None
    intrinsics: Mapping[str, NDArray[np.float64]]
    number: NDArray[np.int64]
    poses: NDArray[np.float64]
    odd_pose: SceneError | None
    frame_files: tuple[FrameFiles, ...]
    incomplete: int

    def __len__(self) -> int:
        return len(self.number)

    @property
    def names(self) -> tuple[str, ...]:
        """Frame names: the number in the file name, unpadded."""
        return tuple(str(number) for number in self.number)

    @property
    def color_suffix(self) -> tuple[str, ...]:
        """Ending of each colour file, with its dot."""
        return tuple(files.color.suffix.lower() for files in self.frame_files)

    @property
    def has_depth(self) -> NDArray[np.bool_]:
        """(V,) whether a frame has a depth image."""
        return np.array([files.depth is not None for files in self.frame_files], dtype=bool)

    @property
    def files(self) -> tuple[Path, ...]:
        """The files that the frames are read from."""
        return (*_intrinsics_files(self.path).values(), *(f for files in self.frame_files for f in files if f))

    @property
    def index(self) -> tuple[NDArray[Any], ...]:
        """What was read of the frames without their pixels: two recordings hardly ever agree in it."""
        return self.number, self.poses, self.size_px

    def take(self, frames: ArrayLike) -> ExportedFrames:
        """Return the frames at the given positions, in that order."""
        i = np.asarray(frames, dtype=np.int64)
        rows = tuple(self.frame_files[k] for k in i)
        return replace(self, size_px=self.size_px[i], number=self.number[i], poses=self.poses[i], frame_files=rows)

    def color(self, frame: int) -> Blob:
        """Return the colour image, as a path that can be linked to."""
        path = self.frame_files[frame].color
        return Blob(path.suffix.lower(), path=path)

    def depth(self, frame: int) -> Blob | None:
        """Return the depth image (16-bit PNG, millimetres) as a path; None where there is none."""
        path = self.frame_files[frame].depth
        return None if path is None else Blob(".png", path=path)

    def pose_as_released(self, frame: int) -> NDArray[np.float64]:
        """Return the (4, 4) camera-to-world pose as it stands in its file."""
        return np.asarray(self.poses[frame])

    def intrinsics_as_released(self) -> Mapping[str, NDArray[np.float64]]:
        """Return the (4, 4) matrices of the intrinsics files; pixel centres are whole numbers in them."""
        return self.intrinsics


def is_exported(folder: Path) -> bool:
    """Tell whether a folder holds exported frames."""
    return (folder / "color").is_dir()


def exported_files(folder: Path) -> list[Path]:
    """Return all files that the frames of a folder may be read from; none is opened."""
    inside = (sorted((folder / kind).iterdir()) for kind in ("color", "depth", "pose") if (folder / kind).is_dir())
    return [*_intrinsics_files(folder).values(), *chain.from_iterable(inside)]


def open_exported(folder: Path) -> ExportedFrames:
    """List the frames of a folder, and read their poses, the intrinsics, and the headers of the images.

    Raises
    ------
    SceneError
        Where no frame is complete, two files claim one frame number, or intrinsics cannot be read.
    """
    color = numbered_files(folder / "color", _IMAGES, _number)
    depth = numbered_files(folder / "depth", {".png"}, _number)
    pose = numbered_files(folder / "pose", {".txt"}, _number)
    number = sorted(color.keys() & pose.keys())
    if not number:
        raise SceneError(
            f"no frame has both a colour image and a pose ({len(color)} images, {len(pose)} poses)",
            where=folder,
            mend="export colour images and poses into color/ and pose/",
        )
    poses = [_pose(pose[n]) for n in number]
    return ExportedFrames(
        path=folder,
        size_px=np.array([image_file_size(color[n]) or (0, 0) for n in number], dtype=np.int64),
        depth_size_px=next(filter(None, (image_file_size(depth[n]) for n in sorted(depth))), None),
        intrinsics={name: read_matrix(path) for name, path in _intrinsics_files(folder).items()},
        number=np.array(number, dtype=np.int64),
        poses=np.stack([np.full((4, 4), np.nan) if isinstance(T, SceneError) else T for T in poses]),
        odd_pose=next((T for T in poses if isinstance(T, SceneError)), None),
        frame_files=tuple(FrameFiles(color[n], pose[n], depth.get(n)) for n in number),
        incomplete=len(color.keys() ^ pose.keys()),
    )


def _pose(path: Path) -> NDArray[np.float64] | SceneError:
    try:
        return read_matrix(path)
    except SceneError as error:
        return error


def _number(stem: str) -> int | None:
    """Return the number that a frame's files are called by, padded or not; None for one that no frame can have."""
    return int(stem) if stem.isdecimal() and len(stem.lstrip("0")) <= _DIGITS else None


def _intrinsics_files(folder: Path) -> dict[str, Path]:
    """Return the matrices' files that exist, by the matrices' names."""
    candidates = {name: [folder / file for file in files] for name, files in _INTRINSICS.items()}
    found = {name: next((path for path in paths if path.is_file()), None) for name, paths in candidates.items()}
    return {name: path for name, path in found.items() if path is not None}
