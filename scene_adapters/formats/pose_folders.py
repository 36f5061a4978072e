"""Recordings whose poses stand in text files beside the images: TUM RGB-D, and 7-Scenes.

::

    FOLDER/                            TUM RGB-D
      rgb.txt  depth.txt               lines of a time in seconds and a file, relative; # begins a comment
      groundtruth.txt                  time tx ty tz qx qy qz qw: camera-to-world, the quaternion's real part last
      rgb/1.25.png  depth/1.26.png     depth: 16 bits, 5000 to a metre

    FOLDER/                            7-Scenes; also FOLDER/seq-01/ ..., which are one scene then
      frame-000000.color.png           colour, .png or .jpg
      frame-000000.depth.png           16 bits, millimetres; 0 and 65535 are not measured
      frame-000000.pose.txt            camera-to-world, 4x4

Camera axes are OpenCV's. Of TUM's three lists, those times belong together that are nearest to each other and no more
than 0.02 s apart; what finds no partner is left out. Neither format says intrinsics.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from scene_adapters.formats.conventions import MILLIMETRE
from scene_adapters.formats.files import DAMAGED, read_matrix, read_plain
from scene_adapters.formats.intrinsics_named import Intrinsics
from scene_adapters.formats.quaternions import rotation_matrix
from scene_adapters.formats.shots import LOST, Shot, Shots
from spargen.errors import SceneError

Floats = NDArray[np.float64]
Calibrate = Callable[[Path], Intrinsics | None]
"""Gives the intrinsics of an image; None where it is not there or cannot be read."""

APART_S = 0.02
_TUM = ("rgb.txt", "groundtruth.txt")
_TUM_UNIT_M = 1 / 5000
_SEVEN_IMAGES = ("color.png", "color.jpg")


def is_tum(folder: Path) -> bool:
    """Tell whether a folder is laid out as TUM's recordings are."""
    return all((folder / name).is_file() for name in _TUM)


def read_tum(folder: Path, calibrate: Calibrate) -> Shots:
    """List the images that have a pose.

    Raises
    ------
    SceneError
        Where a line of a list is none.
    """
    images, image_s = _list(folder / "rgb.txt", folder)
    poses, cut = _trajectory(folder / "groundtruth.txt")
    of_pose = _nearest(image_s, poses[:, 0])
    depths, depth_s = _list(folder / "depth.txt", folder) if (folder / "depth.txt").is_file() else ([], np.zeros(0))
    of_depth = _nearest(image_s, depth_s)
    listed = [
        _shot(images[i], _matrix(poses[of_pose[i], 1:]), calibrate, depths[of_depth[i]] if of_depth[i] >= 0 else None)
        for i in np.argsort(image_s, kind="stable")
        if of_pose[i] >= 0
    ]
    files = [path for name in (*_TUM, "depth.txt") if (path := folder / name).is_file()]
    notes = {"images without a pose": int((of_pose < 0).sum()), "last pose left out, for its line has no end": cut}
    return Shots(tuple(listed), tuple(files), _TUM_UNIT_M, lists_depth=True, notes=notes)


def seven_scenes_poses(folder: Path) -> list[Path]:
    """Return the files of poses of a folder that is laid out as 7-Scenes is; none if it is not."""
    return sorted(folder.glob("frame-*.pose.txt")) or sorted(folder.glob("*/frame-*.pose.txt"))


def read_seven_scenes(folder: Path, calibrate: Calibrate) -> Shots:
    """List the images that have a pose; one whose file is no matrix is lost."""
    poses = seven_scenes_poses(folder)
    images = [path for place in sorted({path.parent for path in poses}) for path in place.glob("frame-*.color.*")]
    posed = {path.with_suffix("").with_suffix("") for path in poses}
    notes = {"images without a pose": sum(path.with_suffix("").with_suffix("") not in posed for path in images)}
    listed = []
    for path in poses:
        stem = path.name.removesuffix("pose.txt")
        ways = [path.with_name(stem + ending) for ending in _SEVEN_IMAGES]
        image = next((way for way in ways if way.is_file()), ways[0])
        depth = path.with_name(f"{stem}depth.png")
        listed.append(_shot(image, _read_pose(path), calibrate, depth if depth.is_file() else None))
    return Shots(tuple(listed), tuple(poses), MILLIMETRE, lists_depth=True, notes=notes)


def _shot(image: Path, pose: Floats, calibrate: Calibrate, depth: Path | None) -> Shot:
    found = calibrate(image)
    if found is None:
        return Shot(image, pose, np.full((3, 3), np.nan), None, depth=depth)
    return Shot(image, pose, found.K, found.size_px, found.lens, depth)


def _read_pose(path: Path) -> Floats:
    try:
        return read_matrix(path)
    except SceneError:
        return LOST


def _rows(path: Path) -> list[tuple[int, list[str]]]:
    """Return the words of each line that is no comment, with its number; commas are spaces."""
    lines = read_plain(path).decode(errors="replace").splitlines()
    rows = ((number, line.partition("#")[0].replace(",", " ").split()) for number, line in enumerate(lines, start=1))
    return [(number, words) for number, words in rows if words]


def _list(path: Path, folder: Path) -> tuple[list[Path], Floats]:
    """Return the files that a list names, and their times in seconds."""
    files, times = [], []
    for number, words in _rows(path):
        try:
            times.append(float(words[0]))
            files.append(folder / words[1])
        except (ValueError, IndexError):
            what = f"line {number} is no time and a file: {' '.join(words)!r}"
            raise SceneError(what, where=path, mend=DAMAGED) from None
    return files, np.array(times)


def _trajectory(path: Path) -> tuple[Floats, int]:
    """Return (P, 8) time, position and quaternion of each pose; nan and infinite numbers are kept but for times.

    And how many are left out at the end: one whose line has no end, for its last number may be cut.
    """
    rows = []
    for number, words in _rows(path):
        try:
            row = [float(word) for word in words]
        except ValueError:
            row = []
        if len(row) != 8:
            what = f"line {number} is no pose: {' '.join(words)!r}"
            raise SceneError(what, where=path, mend="write time tx ty tz qx qy qz qw")
        rows.append(row)
    cut = int(bool(rows) and not read_plain(path).endswith((b"\n", b"\r")))
    poses = np.reshape(rows[: len(rows) - cut], (-1, 8))
    return np.asarray(poses[np.isfinite(poses[:, 0])]), cut


def _nearest(times: Floats, others: Floats) -> NDArray[np.int64]:
    """Return (N,) which of other times belongs to each of N times: each is the other's nearest; -1 = none does."""
    if not len(times) or not len(others):
        return np.full(len(times), -1)
    there, back = _nearest_place(times, others), _nearest_place(others, times)
    mutual = back[there] == np.arange(len(times))
    return np.where(mutual & (np.abs(others[there] - times) <= APART_S), there, -1)


def _nearest_place(times: Floats, among: Floats) -> NDArray[np.int64]:
    order = np.argsort(among, kind="stable")
    ordered = among[order]
    right = np.searchsorted(ordered, times).clip(1, max(len(among) - 1, 1))
    left = right - 1
    right = np.minimum(right, len(among) - 1)
    return np.asarray(order[np.where(times - ordered[left] <= ordered[right] - times, left, right)])


def _matrix(pose: Floats) -> Floats:
    """Return a pose tx ty tz qx qy qz qw as (4, 4); nan where the quaternion is none."""
    if not np.isfinite(pose).all() or not pose[3:].any():
        return LOST
    T = np.eye(4)
    T[:3, :3], T[:3, 3] = rotation_matrix(pose[3:]), pose[:3]
    return T
