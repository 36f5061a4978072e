"""The perspective renders of a Structured3D house: cameras, and what the files of each view hold."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scene_adapters.formats.conventions import MILLIMETRE
from scene_adapters.formats.files import image_file_size, read_plain
from scene_adapters.formats.pixels import decoded, pixels
from scene_adapters.structured3d_files import COLORS, DEPTH, INSTANCE, POSE, SEMANTIC, House
from spargen.errors import SceneError
from spargen.scene.cameras import are_lenses
from spargen.scene.types import Blob, FrameStore

Floats = NDArray[np.float64]

BACKGROUND = 65535
"""What instance.png has where there is no furniture."""
_NOT_MEASURED = 65535
_SQUARE = 0.02
"""Largest cosine between the direction of view and the direction that is called up."""
_QUALITY = 95


class View(NamedTuple):
    """One render: its room and position, the pose (4, 4) of its camera, K (3, 3), width and height, and its files."""

    room: str
    position: str
    T_world_camera: Floats
    K: Floats
    size_px: tuple[int, int]
    color: Path
    depth: Path
    instance: Path
    semantic: Path

    @property
    def name(self) -> str:
        """What its frame is called."""
        return f"{self.room}_{self.position}"


class Shown(NamedTuple):
    """What the pixels of a view show, all (H, W): ids of boxes, NYU40 classes, and camera Z in metres, 0 = unknown."""

    instance: NDArray[np.int64]
    semantic: NDArray[np.int64]
    depth_m: Floats


def read_view(house: House, room: str, position: str) -> View:
    """Read the camera of a view and find its files; nothing is decoded.

    Raises
    ------
    SceneError
        Where a file is missing, or what it holds is no camera.
    """
    folder = house.of_view(room, position)
    colors = [house.file(f"{folder}/{name}") for name in COLORS]
    color = next((path for path in colors if path.is_file()), colors[0])
    depth, instance, semantic = (house.file(f"{folder}/{name}") for name in (DEPTH, INSTANCE, SEMANTIC))
    for path in (color, depth, instance, semantic):
        if not path.is_file():
            raise SceneError("the file is missing", where=path, mend="download perspective_full")
    size_px = image_file_size(color)
    if size_px is None:
        raise SceneError("the image cannot be read", where=color, mend="download it again")
    T, K = read_camera(house.file(f"{folder}/{POSE}"), size_px)
    return View(room, position, T, K, size_px, color, depth, instance, semantic)


def read_camera(path: Path, size_px: tuple[int, int]) -> tuple[Floats, Floats]:
    """Return the pose (4, 4), camera-to-world with OpenCV axes in metres, and K (3, 3) of a ``camera_pose.txt``.

    One line: the eye in millimetres, the direction of view, the direction up, and half of the horizontal and of the
    vertical field of view in radians; a 1 follows. The principal point is the middle of the image.

    Raises
    ------
    SceneError
        Where these are no numbers, or no camera.
    """
    words = read_plain(path).split()
    try:
        values = np.array([float(word) for word in words])
    except ValueError:
        values = np.zeros(0)
    if len(values) != 12 or not np.isfinite(values).all():
        raise SceneError("the file does not hold 12 numbers", where=path, mend="download it again")
    eye_mm, view, up, half_fov = values[:3], values[3:6], values[6:9], values[9:11]
    with np.errstate(divide="ignore", invalid="ignore"):
        forward, up = view / np.linalg.norm(view), up / np.linalg.norm(up)
    width, height = size_px
    if not abs(forward @ up) <= _SQUARE or not ((half_fov > 0) & (half_fov < np.pi / 2)).all():
        what = "view and up are not at right angles, or the field of view cannot be"
        raise SceneError(what, where=path, mend="download it again")
    right = np.cross(forward, up)
    right /= np.linalg.norm(right)
    T, K = np.eye(4), np.eye(3)
    T[:3] = np.stack([right, np.cross(forward, right), forward, eye_mm * MILLIMETRE], axis=1)
    K[[0, 1], [0, 1]] = np.array([width, height]) / 2 / np.tan(half_fov)
    K[:2, 2] = width / 2, height / 2
    if not are_lenses(K[None], np.array([size_px]))[0]:
        raise SceneError("the field of view cannot be", where=path, mend="download it again")
    return T, K


def read_shown(view: View) -> Shown:
    """Decode what a view shows.

    Raises
    ------
    SceneError
        Where a file cannot be read, has colours, or another size than the colour image.
    """
    return Shown(
        _numbers(view.instance, view.size_px), _numbers(view.semantic, view.size_px), _metres(view.depth, view.size_px)
    )


def _metres(path: Path, size_px: tuple[int, int]) -> Floats:
    mm = _numbers(path, size_px)
    return np.where(mm == _NOT_MEASURED, 0.0, mm * MILLIMETRE)


def _numbers(path: Path, size_px: tuple[int, int]) -> NDArray[np.int64]:
    """Return the whole numbers (H, W) of an image of a view; a palette's colours are none of our business."""
    found = pixels(path)
    if found.ndim != 2:
        raise SceneError(f"{path.name} has colours, not one number a pixel", where=path, mend="download it again")
    if found.shape != size_px[::-1]:
        what = f"{path.name} has {found.shape[1]}x{found.shape[0]} pixels, the colour image {size_px[0]}x{size_px[1]}"
        raise SceneError(what, where=path, mend="download it again")
    return found.astype(np.int64).clip(0, BACKGROUND)


@dataclass(frozen=True, slots=True)
class Renders(FrameStore):
    """V views as a scene's frames.

    Parameters
    ----------
    views : the views.
    of_instance : (65536,) row in `Objects` by what instance.png has. of_class : (256,) row by what semantic.png has,
        where nothing stands that is an object by itself. -1 = none.
    """

    views: Sequence[View]
    of_instance: NDArray[np.int32]
    of_class: NDArray[np.int32]

    def rows(self, frame: int) -> NDArray[Any]:
        """Return the object of each pixel (H, W)."""
        view = self.views[frame]
        instance, semantic = _numbers(view.instance, view.size_px), _numbers(view.semantic, view.size_px)
        of_class = self.of_class[np.minimum(semantic, len(self.of_class) - 1)]
        return np.where(instance == BACKGROUND, of_class, self.of_instance[instance])

    def depth_m(self, frame: int) -> NDArray[Any]:
        """Return the depth of each pixel (H, W) in metres, 0 where it was not measured."""
        return _metres(self.views[frame].depth, self.views[frame].size_px)

    def color(self, frame: int) -> Blob:
        """Return the colour image as SPAR's script writes it: RGB, JPEG of quality 95, optimized."""
        image, buffer = decoded(self.views[frame].color, mend="download it again"), io.BytesIO()
        image.convert("RGB").save(buffer, "JPEG", quality=_QUALITY, optimize=True)
        return Blob(".jpg", data=buffer.getvalue())

    def depth(self, frame: int) -> Blob | None:
        """Return the depth image: 16 bits of millimetres along the camera's Z."""
        return Blob(".png", path=self.views[frame].depth)

    def pose_as_released(self, frame: int) -> Floats:
        """Return the (4, 4) camera-to-world pose in metres."""
        return self.views[frame].T_world_camera

    def intrinsics_as_released(self) -> Mapping[str, Floats]:
        """Return (4, 4) matrices; the middle of the image is half its width and height."""
        found = {}
        for view in self.views:
            found[f"intrinsic_color_{view.name}"] = np.eye(4)
            found[f"intrinsic_color_{view.name}"][:3, :3] = view.K
        alike = len({K.tobytes() for K in found.values()}) == 1
        return {"intrinsic_color": next(iter(found.values()))} if alike else found

    @property
    def files(self) -> list[Path]:
        """All image files."""
        return [path for view in self.views for path in (view.color, view.depth, view.instance, view.semantic)]


def said(faults: Iterable[tuple[str, str]], most: int = 5) -> str:
    """Return views and what is wrong with them as one line, the first of many; "" where there are none."""
    listed = [f"{name}: {fault}" for name, fault in faults]
    more = [f"and {len(listed) - most} more"] if len(listed) > most else []
    return "; ".join(listed[:most] + more)
