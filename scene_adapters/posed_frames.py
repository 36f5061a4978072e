"""Which listed images can be asked about, with their poses and intrinsics; the others are left out and counted."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from scene_adapters.formats.files import image_file_size, is_there
from scene_adapters.formats.shots import Shot, Shots
from scene_adapters.posed_store import PosedFrames
from spargen.errors import SceneError
from spargen.scene.cameras import are_lenses, nearest_rigid, valid_poses

Floats = NDArray[np.float64]

SAME_ASPECT = 0.01
"""Sides of an image that was made smaller are whole pixels: 1296x968 to 640x480 is off by 0.004."""


def usable_frames(
    shots: Shots, folder: Path, unit_m: float, depth_unit_m: float | None
) -> tuple[PosedFrames, dict[str, int]]:
    """Leave out what no question can be asked about, and count it.

    Parameters
    ----------
    shots : what was listed.
    folder : the scene's; images outside of it are not used.
    unit_m, depth_unit_m : metres in one unit of the poses, and of the depth images where it is not the format's.

    Returns
    -------
    The frames, in the natural order of their files (``2.jpg`` before ``10.jpg``), and notes.

    Raises
    ------
    SceneError
        Where no image is left, or one is listed twice with different poses.
    """
    found, notes = _readable(shots, folder)
    poses, mended = nearest_rigid(np.reshape([image.shot.T_files_camera for image in found], (-1, 4, 4)))
    rigid, fits = valid_poses(poses), np.array([image.fits for image in found], dtype=bool)
    kept = np.flatnonzero(rigid & fits).tolist()
    chosen = [found[k] for k in kept]
    notes |= {
        "poses dropped": int((~rigid).sum()),
        "poses dropped that are left-handed, two axes exchanged or one turned round": _left_handed(poses[~rigid]),
        "poses made rigid": int(mended[kept].sum()),
        "frames whose intrinsics cannot be those of the image": int((rigid & ~fits).sum()),
        "frames whose intrinsics were scaled to the image": sum(image.scaled for image in chosen),
    }
    if not kept:
        counted = "; ".join(f"{what}: {count}" for what, count in notes.items() if count)
        what = f"none of the {len(shots.listed)} listed images can be used: {counted}"
        raise SceneError(what, where=next(iter(shots.files), folder), mend="see what the adapter says that it reads")
    T = poses[kept]
    T[:, :3, 3] *= unit_m
    names = frame_names([image.shot.image for image in chosen], folder)
    # A depth image that is not listed has the frame's name.
    usual = [None if shots.lists_depth else _if_file(folder / "depth" / f"{name}.png") for name in names]
    depths, masks, counts = _beside([image.shot for image in chosen], usual)
    frames = PosedFrames(
        names=names,
        images=tuple(image.shot.image for image in chosen),
        depths=depths,
        masks=masks,
        poses=T,
        K=np.stack([image.K for image in chosen]),
        lens=tuple(image.shot.lens for image in chosen),
        size_px=np.array([image.size_px for image in chosen], dtype=np.int64),
        depth_unit_m=depth_unit_m or shots.depth_unit_m,
    )
    return frames, {what: count for what, count in (notes | counts).items() if count}


def _left_handed(poses: Floats) -> int:
    """Count the poses (V, 4, 4) that would be rigid with one axis turned round."""
    finite = poses[np.isfinite(poses).all(axis=(1, 2))]  # -inf times 0 is nan
    return int(valid_poses(finite @ np.diag([1.0, 1.0, -1.0, 1.0])).sum())


class _Found(NamedTuple):
    """A listed image that is there: its size, intrinsics for that size, and whether these were scaled to it."""

    shot: Shot
    size_px: tuple[int, int]
    K: Floats
    scaled: bool

    @property
    def fits(self) -> bool:
        return bool(are_lenses(self.K, self.size_px)[0])


def _readable(shots: Shots, folder: Path) -> tuple[list[_Found], dict[str, int]]:
    """Return the listed images whose headers can be read, in natural order, and how many others there are."""
    once: dict[Path, Shot] = {}
    for shot in shots.listed:
        before = once.setdefault(shot.image, shot)
        if not np.array_equal(before.T_files_camera, shot.T_files_camera, equal_nan=True):
            what = f"{shot.image.name} is listed twice, with two poses"
            raise SceneError(what, where=shot.image, mend="leave one of them out")
    there = [shot for shot in once.values() if _is_inside(shot.image, folder) and is_there(shot.image)]
    there.sort(key=lambda shot: _natural(shot.image, folder))
    sized = [(shot, image_file_size(shot.image)) for shot in there]
    found = [_Found(shot, size, *_scaled(shot, size)) for shot, size in sized if size]
    return found, {
        **shots.notes,
        "images listed twice": len(shots.listed) - len(once),
        "images listed but not in the scene's folder": len(once) - len(there),
        "images that cannot be read": len(there) - len(found),
    }


def _is_inside(path: Path, folder: Path) -> bool:
    return not os.path.relpath(path, folder).startswith("..")


def _natural(path: Path, folder: Path) -> list[tuple[int, str]]:
    """Return what sorts file names by the numbers in them."""
    words = re.split(r"(\d+)", os.path.relpath(path, folder))
    return [(int(word), "") if word.isdecimal() else (-1, word) for word in words]


def _scaled(shot: Shot, size: tuple[int, int]) -> tuple[Floats, bool]:
    """Return a shot's intrinsics for an image of some size; nan if its aspect is another: a crop."""
    if shot.size_px is None or shot.size_px == size:
        return shot.K, False
    x, y = (a / b if b > 0 else np.nan for a, b in zip(size, shot.size_px, strict=True))
    if not abs(x - y) <= SAME_ASPECT * x:
        return np.full((3, 3), np.nan), False
    return np.diag([x, y, 1.0]) @ shot.K, True


def frame_names(images: Sequence[Path], folder: Path) -> tuple[str, ...]:
    """Return names of frames: their files' without the ending; where two are alike, with the folders before it."""
    short = [_stem(path.name) for path in images]
    if len(set(short)) == len(short):
        return tuple(short)
    parts = [Path(os.path.relpath(path, folder)).parts for path in images]
    return tuple("_".join((*part[:-1], _stem(part[-1]))) for part in parts)


def _stem(name: str) -> str:
    return Path(name).stem.removesuffix(".color")


def _beside(
    shots: Sequence[Shot], usual: Sequence[Path | None]
) -> tuple[tuple[Path | None, ...], tuple[Path | None, ...], dict[str, int]]:
    """Return depth images and masks of frames, None where there is none, and how many that are listed are not there.

    Parameters
    ----------
    shots : of the frames. usual : depth images where none are listed.
    """
    depths = [shot.depth or other for shot, other in zip(shots, usual, strict=True)]
    png = [path if path is None or path.suffix.lower() == ".png" else None for path in depths]
    found = {
        "depth": tuple(path if path and is_there(path) else None for path in png),
        "mask": tuple(shot.mask if shot.mask and is_there(shot.mask) else None for shot in shots),
    }
    return (
        found["depth"],
        found["mask"],
        {
            "depth images that are no PNG": sum(map(bool, depths)) - sum(map(bool, png)),
            "depth images listed but not there": sum(map(bool, png)) - sum(map(bool, found["depth"])),
            "masks listed but not there": sum(bool(shot.mask) for shot in shots) - sum(map(bool, found["mask"])),
        },
    )


def _if_file(path: Path) -> Path | None:
    return path if path.is_file() else None
