"""The iPhone's stream of a ScanNet++ scene: extracted frames or the video, with poses of COLMAP or of ARKit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scene_adapters.formats.colmap import model_files, read_model
from scene_adapters.formats.conventions import CORNER
from scene_adapters.formats.depthbin import DepthBin
from scene_adapters.formats.files import read_json
from scene_adapters.formats.video import Video
from scene_adapters.streams import Claimed, Files, Images, Notes, Stream, frame_number, numbered, stream
from spargen.errors import SceneError
from spargen.scene.lenses import PINHOLE

Floats = NDArray[np.float64]
Poses = Literal["colmap", "aligned_pose"]

_JSON = "pose_intrinsic_imu.json"
_NO_MATRIX = np.full((4, 4), np.nan)


class _Posed(NamedTuple):
    """The frames that have a pose, by ascending number, what is known of them, and the files that say it."""

    claimed: Claimed
    notes: Mapping[str, int | float | str]
    files: tuple[Path, ...]


def iphone_files(folder: Path) -> list[Path]:
    """Return all files that the stream may be read from; none is opened."""
    single = [folder / name for name in (_JSON, "rgb.mkv", "rgb_mask.mkv", "depth.bin")]
    images = [path for name in ("rgb", "rgb_masks", "depth") for path in numbered(folder / name).values()]
    return [*(model_files(folder / "colmap") or ()), *(path for path in single if path.is_file()), *images]


def open_iphone(folder: Path, poses: Poses | None = None) -> Stream:
    """List the frames of the stream that can be asked about.

    A frame is called by its rank among all extracted files, posed or not; where there is the video, by its number.

    Parameters
    ----------
    folder : ``iphone/`` of a scene.
    poses : whose; COLMAP's where there are any by default.

    Raises
    ------
    SceneError
        Where there are no frames, no poses, or no frame fits.
    """
    extracted = numbered(folder / "rgb")
    if not extracted and not (folder / "rgb.mkv").is_file():
        mend = "download rgb.mkv, or extract rgb/frame_000000.jpg ..."
        raise SceneError("the stream has no frames", where=folder, mend=mend)
    posed, posed_notes, files = _posed(folder, poses)
    ranked = enumerate(extracted) if extracted else zip(posed.number, posed.number, strict=True)
    rank = {n: str(r) for r, n in ranked}
    there = np.array([k for k, n in enumerate(posed.number) if n in rank], dtype=np.int64)
    claimed = posed.take(there)
    claimed = claimed._replace(name=[rank[n] for n in claimed.number])
    depths = _depths(folder, claimed.number)
    notes: Notes = {
        **posed_notes,
        "frames without a pose": len(extracted.keys() - set(posed.number)),
        "posed frames without an image": len(posed.number) - len(there),
    }
    if isinstance(depths, DepthBin) and depths.ends_within is not None:
        notes["depth.bin"] = f"cut within frame {depths.ends_within}"
    images = Images(_colors(folder, extracted, claimed.number), _masks(folder, claimed.number), depths)
    return stream(claimed, images, files, notes, folder)


def _colors(folder: Path, extracted: Mapping[int, Path], number: Iterable[int]) -> Files | Video:
    how = "extract the frames: ffmpeg -i rgb.mkv -start_number 0 rgb/frame_%06d.jpg"
    return tuple(extracted[n] for n in number) if extracted else Video(folder / "rgb.mkv", how)


def _masks(folder: Path, number: Iterable[int]) -> Files | Video:
    extracted = numbered(folder / "rgb_masks")
    if not extracted and (folder / "rgb_mask.mkv").is_file():
        how = "extract the masks: ffmpeg -i rgb_mask.mkv -pix_fmt gray -start_number 0 rgb_masks/frame_%06d.png"
        return Video(folder / "rgb_mask.mkv", how)
    return tuple(extracted.get(n) for n in number)


def _depths(folder: Path, number: Iterable[int]) -> Files | DepthBin:
    extracted = numbered(folder / "depth", frozenset({".png"}))
    if not extracted and (folder / "depth.bin").is_file():
        return DepthBin(folder / "depth.bin")
    return tuple(extracted.get(n) for n in number)


def _posed(folder: Path, poses: Poses | None) -> _Posed:
    model, json = model_files(folder / "colmap"), folder / _JSON
    if model is not None and poses != "aligned_pose":
        return _from_colmap(folder / "colmap", model)
    if poses == "colmap":
        raise SceneError("there is no COLMAP model", where=folder / "colmap", mend="download it, or leave `poses` out")
    posed = _from_json(json)
    return posed if poses else posed._replace(notes={**posed.notes, "poses": "aligned_pose: there is no COLMAP model"})


def _from_colmap(folder: Path, files: tuple[Path, Path]) -> _Posed:
    model = read_model(folder)
    # Names may have a folder before them.
    found = [frame_number(PurePosixPath(name.replace("\\", "/")).stem) for name in model.names]
    numbers = np.array([-1 if n is None else n for n in found], dtype=np.int64)
    known, first, times = np.unique(numbers, return_index=True, return_counts=True)
    if (twice := known[(times > 1) & (known >= 0)]).size:
        raise SceneError(f"two images are frame {twice[0]}", where=files[1], mend="use the model as it was released")
    order = first[known >= 0]
    cameras = [model.cameras[c] for c in model.camera[order].tolist()]
    K = np.array([camera.K for camera in cameras]).reshape(-1, 3, 3)
    claimed = Claimed(
        name=[str(n) for n in numbers[order]],
        number=numbers[order].tolist(),
        T_world_camera=model.T_world_camera[order],
        K=K,
        K_released=K,
        lens=[camera.lens for camera in cameras],
        size_px=np.array([camera.size_px for camera in cameras], dtype=np.int64).reshape(-1, 2),
    )
    notes: Notes = {
        "images without a finite pose": model.dropped,
        "images that are no frames": int((numbers < 0).sum()),
    }
    return _Posed(claimed, notes, files)


def _from_json(path: Path) -> _Posed:
    """Read the poses that ARKit tracked, moved to the mesh's world; what is called `pose` is not in that world."""
    content = read_json(path, mend="download it, or the folder colmap/")
    by_number = {n: fields for key, fields in content.items() if (n := frame_number(key)) is not None}
    number = sorted(by_number)
    frames = [fields if isinstance(fields, dict) else {} for fields in map(by_number.get, number)]
    if not frames:
        raise SceneError("it has no frames", where=path, mend="download it again, or the folder colmap/")
    K = np.stack([_matrix(fields.get("intrinsic"), 3) for fields in frames])
    claimed = Claimed(
        name=[str(n) for n in number],
        number=number,
        T_world_camera=np.stack([_matrix(fields.get("aligned_pose"), 4) for fields in frames]),
        # ARCamera.h: the origin is at the center of the upper-left pixel.
        K=K + CORNER,
        K_released=K,
        lens=[PINHOLE] * len(frames),
        size_px=np.zeros((len(frames), 2), dtype=np.int64),
    )
    return _Posed(claimed, {}, (path,))


def _matrix(value: object, side: int) -> Floats:
    """Return a square matrix of a JSON file; nan where it is none."""
    try:
        return np.array(value, dtype=np.float64).reshape(side, side)
    except (TypeError, ValueError):
        return _NO_MATRIX[:side, :side]
