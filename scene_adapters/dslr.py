"""The DSLR's stream of a ScanNet++ scene: fisheye images through their own lens, or undistorted ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray

from scene_adapters.formats.colmap import model_files, read_model
from scene_adapters.formats.conventions import GL
from scene_adapters.formats.files import DAMAGED, read_json
from scene_adapters.streams import IMAGES, Claimed, Images, Notes, Stream, stream
from spargen.errors import SceneError
from spargen.scene.lenses import PINHOLE

Floats = NDArray[np.float64]

_W = np.array([[0.0, 1, 0, 0], [1, 0, 0, 0], [0, 0, -1, 0], [0, 0, 0, 1]])
"""The world of the json files is the mesh's, turned by this; it is its own inverse."""
_FISHEYE = ("resized_images", "resized_anon_masks", "nerfstudio/transforms.json")
_UNDISTORTED = ("resized_undistorted_images", "resized_undistorted_masks", "nerfstudio/transforms_undistorted.json")


def dslr_files(folder: Path, *, undistorted: bool) -> list[Path]:
    """Return all files that the stream may be read from; none is opened."""
    colors, masks, json = _UNDISTORTED if undistorted else _FISHEYE
    poses = () if undistorted else model_files(folder / "colmap") or ()
    lists = [folder / json] if (folder / json).is_file() else []
    return [*poses, *lists, *_by_stem(folder / colors).values(), *_by_stem(folder / masks).values()]


def open_dslr(folder: Path, *, undistorted: bool) -> Stream:
    """List the frames of the stream that can be asked about; they are called by the stems of their files.

    Parameters
    ----------
    folder : ``dslr/`` of a scene.
    undistorted : whether the undistorted images are taken, with the poses of their json file.

    Raises
    ------
    SceneError
        Where there are no images, no poses, or no frame fits.
    """
    colors, masks, json = _UNDISTORTED if undistorted else _FISHEYE
    image, mask = _by_stem(folder / colors), _by_stem(folder / masks)
    if not image:
        raise SceneError(
            "the stream has no images", where=folder / colors, mend="download them, or take another stream"
        )
    if undistorted:
        posed, bad, read = *_from_json(folder / json), [folder / json]
    else:
        posed, bad, read = _from_colmap(folder / "colmap"), set[str](), [*(model_files(folder / "colmap") or ())]
        if (folder / json).is_file():
            bad, read = _bad(read_json(folder / json), folder / json), [*read, folder / json]
    if twice := [name for name, times in Counter(posed.name).items() if times > 1]:
        raise SceneError(f"two images are called {twice[0]}", where=read[0], mend="use the file as it was released")
    order = sorted(range(len(posed.name)), key=lambda k: posed.name[k])
    there = [k for k in order if posed.name[k] in image]
    claimed = posed.take(np.array([k for k in there if posed.name[k] not in bad], dtype=np.int64))
    files = Images(
        tuple(image[name] for name in claimed.name),
        tuple(mask.get(name) for name in claimed.name),
        (None,) * len(claimed.name),
    )
    notes: Notes = {
        "frames without a pose": len(image.keys() - set(posed.name)),
        "posed frames without an image": len(order) - len(there),
        "frames marked as bad": len(there) - len(claimed.name),
    }
    return stream(claimed, files, read, notes, folder)


def _by_stem(folder: Path) -> dict[str, Path]:
    """Return the images of a folder by their stems."""
    files = sorted(folder.iterdir()) if folder.is_dir() else ()
    return {path.stem: path for path in files if path.suffix.lower() in IMAGES}


def _stem(name: object) -> str:
    return PurePosixPath(str(name).replace("\\", "/")).stem


def _from_colmap(folder: Path) -> Claimed:
    model = read_model(folder)
    cameras = [model.cameras[c] for c in model.camera.tolist()]
    K = np.array([camera.K for camera in cameras])
    return Claimed(
        name=[_stem(name) for name in model.names],
        number=(),
        T_world_camera=model.T_world_camera,
        K=K,
        K_released=K,
        lens=[camera.lens for camera in cameras],
        size_px=np.array([camera.size_px for camera in cameras], dtype=np.int64),
    )


def _from_json(path: Path) -> tuple[Claimed, set[str]]:
    """Read the cameras of undistorted images, and the stems of those that are bad.

    The json has OpenGL's camera axes, in a world that is turned against the mesh's.
    """
    content = read_json(path)
    model = content.get("camera_model", "PINHOLE")
    if model != "PINHOLE":
        raise SceneError(f"its camera model is {model}, not PINHOLE", where=path, mend=DAMAGED)
    try:
        fx, fy, cx, cy = (float(content[key]) for key in ("fl_x", "fl_y", "cx", "cy"))  # type: ignore[arg-type]
        size = int(content["w"]), int(content["h"])  # type: ignore[call-overload]
        frames = _frames(content)
        poses = np.array([frame["transform_matrix"] for frame in frames], dtype=np.float64).reshape(-1, 4, 4)
        names = [_stem(frame["file_path"]) for frame in frames]
    except (KeyError, TypeError, ValueError) as error:
        what = f"it lacks a camera or the pose of a frame ({type(error).__name__}: {error})"
        raise SceneError(what, where=path, mend=DAMAGED) from None
    K = np.tile(np.array([[fx, 0, cx], [0, fy, cy], [0, 0, 1.0]]), (len(names), 1, 1))
    pinholes, sizes = [PINHOLE] * len(names), np.tile(np.array(size, dtype=np.int64), (len(names), 1))
    return Claimed(names, (), _W @ poses @ GL, K, K, pinholes, sizes), _bad(content, path)


def _frames(content: Mapping[str, object]) -> Sequence[Mapping[str, object]]:
    """Return the frames of both lists: those to train on, and those to test with."""
    listed = [frame for key in ("frames", "test_frames") for frame in content.get(key) or ()]  # type: ignore[attr-defined]
    if not all(isinstance(frame, dict) for frame in listed):
        raise TypeError("frames are no objects")
    return listed


def _bad(content: Mapping[str, object], path: Path) -> set[str]:
    """Return the stems of the images that a json file marks as bad."""
    try:
        return {_stem(frame.get("file_path")) for frame in _frames(content) if frame.get("is_bad", False)}
    except TypeError as error:
        raise SceneError(f"its lists of frames cannot be read ({error})", where=path, mend=DAMAGED) from None
