"""Level views cut from the skybox cubes of Matterport3D's panoramas.

``<panorama>_skybox{0..5}_sami.jpg`` are the six sides of a cube, 90 degrees each: 0 above, 1 to 4 around, each turned
right against the one before, and 5 below; or ``<panorama>_skybox_small.jpg`` has them side by side. The pose that a
graph gives of a panorama is that of side 3. A level view of less than 90 degrees in height shows sides 1 to 4 only.
"""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from scene_adapters.formats.files import DAMAGED, image_file_size
from scene_adapters.formats.pixels import decoded

Floats = NDArray[np.float64]

AROUND = (1, 2, 3, 4)
_FRONT = 3
_SIDES = 6
JPEG_QUALITY = 95


def skybox_files(folder: Path, panorama: str) -> tuple[Path, ...]:
    """Return the images of the four sides around, or the one that has all six; () where they are not whole."""
    sides = tuple(folder / f"{panorama}_skybox{side}_sami.jpg" for side in AROUND)
    small = folder / f"{panorama}_skybox_small.jpg"
    if all((size := image_file_size(file)) and size[0] == size[1] for file in sides):
        return sides
    size = image_file_size(small)
    return (small,) if size and size[0] == _SIDES * size[1] else ()


def cut(
    files: tuple[Path, ...], T_world_front: Floats, T_world_camera: Floats, K: Floats, size: tuple[int, int]
) -> bytes:
    """Return what a camera in the middle of the cube shows, as JPEG.

    Parameters
    ----------
    files : see `skybox_files`.
    T_world_front : (4, 4) pose of side 3; T_world_camera : (4, 4) of the camera, which is level.
    K : (3, 3) its intrinsics, corner convention. size : its width and height.

    Raises
    ------
    SceneError
        Where an image cannot be read.
    """
    columns, rows = np.meshgrid(np.arange(size[0]) + 0.5, np.arange(size[1]) + 0.5)
    pixels = np.stack([columns, rows, np.ones_like(rows)], axis=-1).reshape(-1, 3)
    turn = T_world_front[:3, :3].T @ T_world_camera[:3, :3] @ np.linalg.inv(K)
    x, y, z = (pixels @ turn.T).T
    quarters = np.rint(np.arctan2(x, z) / (np.pi / 2)).astype(np.int64)
    shown = np.zeros((len(pixels), 3))
    for quarter in np.unique(quarters):
        mine, angle = quarters == quarter, quarter * np.pi / 2
        right, ahead = x * np.cos(angle) - z * np.sin(angle), x * np.sin(angle) + z * np.cos(angle)
        side = AROUND[(AROUND.index(_FRONT) + quarter) % len(AROUND)]
        image = _side(files, side)
        at = (np.stack([right[mine], y[mine]], axis=-1) / ahead[mine, None] + 1) / 2
        shown[mine] = _sampled(image, at * image.shape[0])
    data = io.BytesIO()
    colours = np.rint(shown).astype(np.uint8).reshape(size[1], size[0], 3)
    Image.fromarray(colours).save(data, "JPEG", quality=JPEG_QUALITY)
    return data.getvalue()


def _side(files: tuple[Path, ...], side: int) -> NDArray[np.uint8]:
    """Return one side (S, S, 3)."""
    path = files[0] if len(files) == 1 else files[AROUND.index(side)]
    pixels = np.asarray(decoded(path, "skybox", DAMAGED).convert("RGB"))
    length = pixels.shape[0]
    return pixels[:, side * length : (side + 1) * length] if len(files) == 1 else pixels


def _sampled(image: NDArray[np.uint8], at: Floats) -> Floats:
    """Return an image's colours (R, 3) at pixels (R, 2), corner convention, between its pixels in proportion."""
    last = image.shape[0] - 1
    place = np.clip(at - 0.5, 0, last)
    low = np.minimum(place.astype(np.int64), last - 1)
    u, v = (place - low).T[..., None]
    column, row = low.T
    above = image[row, column] * (1 - u) + image[row, column + 1] * u
    below = image[row + 1, column] * (1 - u) + image[row + 1, column + 1] * u
    return np.asarray(above * (1 - v) + below * v)
