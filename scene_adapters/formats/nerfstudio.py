r"""Cameras from nerfstudio's `transforms.json`, also as instant-ngp and Blender exports have it, and from WAI's form.

::

    transforms.json
      fl_x fl_y cx cy w h k1 ... camera_model       intrinsics of all frames; a frame may have its own: see
      or camera_angle_x                             `intrinsics_named`
      applied_transform, applied_scale              how the world was changed; undone
      frames[]
        file_path                                   relative; \\ for /, and no ending, are read as well
        transform_matrix                            camera-to-world, camera axes as in OpenGL: +Y up, -Z forward
        depth_file_path, mask_path                  16-bit PNG in millimetres; 0 where a pixel is to be disregarded

    scene_meta.json                                 WAI, of map-anything: the same, but for
      camera_convention: opencv                     +Y down, +Z forward
      scale_type: metric | colmap                   metres, or any unit
      _applied_transform, _applied_transforms       or _applied_transformation(s)
      frames[] image, depth                         for file_path, depth_file_path

nerfstudio's `applied_transform` changes the world: ``X_json = applied_scale * (applied_transform @ X)``. So does WAI's,
unless it is the change of the camera's axes, which WAI's converters write at the same place: a matrix that also stands
among `_applied_transforms` as ``opengl2opencv`` or ``image_rotation``, or that is diag(1, -1, -1, 1). That is not to be
undone, for the listed poses have OpenCV's axes already. Where `_applied_transforms` stands alone, its changes of the
world were made in the listed order.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scene_adapters.formats.conventions import GL, MILLIMETRE
from scene_adapters.formats.files import DAMAGED, image_file_size, is_there, read_json
from scene_adapters.formats.intrinsics_named import named_intrinsics
from scene_adapters.formats.shots import LOST, Shot, Shots
from spargen.errors import SceneError
from spargen.scene.lenses import PINHOLE

Floats = NDArray[np.float64]

_SINGLE, _SEVERAL = (
    ("_applied_transform", "_applied_transformation"),
    ("_applied_transforms", "_applied_transformations"),
)
_OF_CAMERAS = ("opengl2opencv", "image_rotation")
_ENDINGS = (".png", ".jpg", ".jpeg", ".PNG", ".JPG", ".JPEG")


def read_nerfstudio(path: Path) -> Shots:
    """Read all frames of a file.

    Raises
    ------
    SceneError
        Where the file is damaged, an intrinsic number is none, or a lens or a convention is not read, with its name.
    """
    document = read_json(path)
    frames = document.get("frames")
    if not isinstance(frames, list) or not all(isinstance(frame, dict) for frame in frames):
        raise SceneError("there is no list `frames`", where=path, mend=DAMAGED)
    convention = document.get("camera_convention", "opengl")
    if convention not in ("opengl", "opencv"):
        raise SceneError(f"`camera_convention` is {convention!r}", where=path, mend="write opengl or opencv")
    flip = np.eye(4) if convention == "opencv" else GL
    undo: Floats = np.linalg.inv(_change_of_world(document, path)).astype(np.float64)
    scale = _applied_scale(document, path)
    named = [frame for frame in frames if isinstance(frame.get("file_path") or frame.get("image"), str)]
    listed = []
    for number, frame in enumerate(named):
        pose = _pose(frame.get("transform_matrix")) @ flip
        pose[:3, 3] /= scale
        pose[:3] = np.column_stack([undo[:3, :3] / _size(undo) @ pose[:3, :3], (undo @ pose[:, 3])[:3]])
        listed.append(_shot(frame, document, pose, path, number))
    return Shots(
        tuple(listed),
        (path,),
        MILLIMETRE,
        metric=document.get("scale_type") == "metric",
        notes={"frames without the name of an image": len(frames) - len(named)},
    )


def _shot(frame: Mapping[str, Any], document: Mapping[str, Any], pose: Floats, path: Path, number: int) -> Shot:
    image = _image(path.parent, frame.get("file_path") or frame.get("image"))
    depth, mask = (
        _at(path.parent, value) if isinstance(value, str) and value else None
        for value in (frame.get("depth_file_path") or frame.get("depth"), frame.get("mask_path"))
    )
    found = named_intrinsics((frame, document), lambda: image_file_size(image), f"{path}, frame {number}")
    if found is None:  # the image is not there, or damaged
        return Shot(image, pose, np.full((3, 3), np.nan), None, PINHOLE, depth, mask)
    return Shot(image, pose, found.K, found.size_px, found.lens, depth, mask)


def _at(folder: Path, name: str) -> Path:
    return folder / name.replace("\\", "/")


def _image(folder: Path, name: Any) -> Path:
    """Return where an image lies; its ending may be left out."""
    listed = _at(folder, name)
    ways = (listed, *(listed.with_name(listed.name + ending) for ending in _ENDINGS))
    return next((way for way in ways if is_there(way)), listed)


def _pose(value: object) -> Floats:
    """Return a matrix of three or four rows, nested or flat, as (4, 4); nan where it is none, or infinite."""
    try:
        numbers = np.array(value, dtype=np.float64).ravel()
    except (TypeError, ValueError):
        return LOST.copy()
    if len(numbers) == 12:
        numbers = np.append(numbers, [0, 0, 0, 1])
    return numbers.reshape(4, 4) if len(numbers) == 16 and np.isfinite(numbers).all() else LOST.copy()


def _change_of_world(document: Mapping[str, Any], path: Path) -> Floats:
    """Return the (4, 4) transform that turned the world of the mesh into that of the listed poses."""
    single = next((document[k] for k in _SINGLE if k in document), None)
    several: Mapping[str, Any] = next((document[k] for k in _SEVERAL if isinstance(document.get(k), dict)), {})
    if "applied_transform" in document:
        return _similarity(document["applied_transform"], path)
    of_cameras = [GL, *(_pose(matrix) for name, matrix in several.items() if name in _OF_CAMERAS)]
    T = np.eye(4)
    for matrix in (m for name, m in several.items() if name not in _OF_CAMERAS) if single is None else (single,):
        if not any(np.allclose(_pose(matrix), other) for other in of_cameras):
            T = _similarity(matrix, path) @ T
    return T


def _similarity(value: object, path: Path) -> Floats:
    """Return a transform (4, 4) that keeps shapes."""
    T = _pose(value)
    finite = bool(np.isfinite(T).all())
    R = T[:3, :3] / _size(T) if finite and np.linalg.det(T[:3, :3]) > 0 else np.zeros((3, 3))
    if not np.allclose(R @ R.T, np.eye(3), atol=1e-3):
        what = "the transform that was applied is none that keeps shapes, or it mirrors the world"
        raise SceneError(what, where=path, mend="undo it in poses and mesh, and leave it out of the file")
    return T


def _size(T: Floats) -> float:
    """Return by how much a transform enlarges."""
    return float(np.cbrt(np.linalg.det(T[:3, :3])))


def _applied_scale(document: Mapping[str, Any], path: Path) -> float:
    scale = document.get("applied_scale", 1.0)
    if isinstance(scale, bool) or not isinstance(scale, int | float) or not 0 < scale < np.inf:
        raise SceneError(f"`applied_scale` is {scale!r}", where=path, mend="write a number above zero")
    return float(scale)
