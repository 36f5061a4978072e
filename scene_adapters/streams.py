"""What every stream of ScanNet++ comes to: frames with rigid poses and images that fit their cameras."""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from scene_adapters.formats.depthbin import SIZE_PX as DEPTH_PX
from scene_adapters.formats.depthbin import DepthBin
from scene_adapters.formats.files import image_file_size, numbered_files
from scene_adapters.formats.pixels import decoded
from scene_adapters.formats.video import Video
from scene_adapters.intrinsics import CENTRED
from spargen.errors import SceneError
from spargen.scene.cameras import Cameras, are_lenses, nearest_rigid, valid_poses
from spargen.scene.lenses import Lens
from spargen.scene.types import Blob, FrameStore

Floats = NDArray[np.float64]
Notes = dict[str, int | float | str]
Files = tuple[Path | None, ...]
Held = TypeVar("Held", Files, Files | Video, Files | DepthBin)

IMAGES = frozenset({".jpg", ".jpeg", ".png"})
JPEG_QUALITY = 95
"""Of images that a video holds."""
HIDDEN = 128
"""Masks say 255 for what was left as it is and 0 for what was made unrecognizable; videos blur the edge."""


class Claimed(NamedTuple):
    """F frames of a stream, and what the release says of their cameras.

    Parameters
    ----------
    name : in the output. number : in the release; () where frames have none.
    T_world_camera : (F, 4, 4), which need not be poses.
    K : (F, 3, 3) in pixels, corner convention. K_released : the same as the release counts pixels. lens : F lenses.
    size_px : (F, 2) of the images that the intrinsics hold for; zeros where the release does not say it.
    """

    name: Sequence[str]
    number: Sequence[int]
    T_world_camera: Floats
    K: Floats
    K_released: Floats
    lens: Sequence[Lens]
    size_px: NDArray[np.int64]

    def take(self, at: NDArray[np.int64]) -> Claimed:
        """Return the frames at the given positions, in that order."""
        i = at.tolist()
        return Claimed(
            [self.name[k] for k in i],
            [self.number[k] for k in i] if self.number else (),
            self.T_world_camera[at],
            self.K[at],
            self.K_released[at],
            [self.lens[k] for k in i],
            self.size_px[at],
        )


class Images(NamedTuple):
    """The images of F claimed frames: files, some of which may be lacking, or what holds all of them."""

    colors: Files | Video
    masks: Files | Video
    depths: Files | DepthBin

    def take(self, at: NDArray[np.int64]) -> Images:
        """Return those of the frames at the given positions."""
        return Images(_taken(self.colors, at), _taken(self.masks, at), _taken(self.depths, at))

    @property
    def files(self) -> tuple[Path, ...]:
        """All files that there are."""
        sources = (source if isinstance(source, tuple) else (source.path,) for source in self)
        return tuple(path for source in sources for path in source if path is not None)


@dataclass(frozen=True, slots=True)
class ReleasedFrames(FrameStore):
    """V frames of a stream.

    Parameters
    ----------
    number : V numbers in the videos and in ``depth.bin``.
    images : of the frames.
    poses : (V, 4, 4) camera-to-world, as released but for the convention.
    intrinsics : see `intrinsics_as_released`.
    """

    number: Sequence[int]
    images: Images
    poses: Floats
    intrinsics: Mapping[str, Floats]

    def color(self, frame: int) -> Blob:
        """Return the colour image: the file as it is, or a frame of the video as JPEG."""
        colors = self.images.colors
        if isinstance(colors, Video):
            data = io.BytesIO()
            colors.frame(self.number[frame]).save(data, "JPEG", quality=JPEG_QUALITY)
            return Blob(".jpg", data=data.getvalue())
        path = colors[frame]
        return Blob(_suffix(path), path=path)

    def depth(self, frame: int) -> Blob | None:
        """Return the depth image (16-bit PNG, millimetres); None where there is none."""
        depths = self.images.depths
        if isinstance(depths, tuple):
            path = depths[frame]
            return None if path is None else Blob(".png", path=path)
        mm = depths.frame(self.number[frame])
        return None if mm is None else Blob(".png", pixels=mm)

    def mask(self, frame: int) -> NDArray[np.bool_] | None:
        """Return which pixels (H, W) were made unrecognizable; None where none was."""
        masks = self.images.masks
        if isinstance(masks, Video):
            image = masks.frame(self.number[frame])
        elif (path := masks[frame]) is not None:
            image = decoded(path, "mask", "download or extract it again")
        else:
            return None
        hidden = np.asarray(image.convert("L")) < HIDDEN
        return hidden if hidden.any() else None

    def pose_as_released(self, frame: int) -> Floats:
        """Return the (4, 4) camera-to-world pose in the mesh's world."""
        return np.asarray(self.poses[frame])

    def intrinsics_as_released(self) -> Mapping[str, Floats]:
        """Return the (4, 4) intrinsics of all frames, or those of each."""
        return self.intrinsics


@dataclass(frozen=True, slots=True)
class Stream:
    """V frames that can be asked about.

    Parameters
    ----------
    name : V names in the output. number : V numbers in the release; () where frames have none.
    cameras, store : of the frames. color_suffix : of each frame.
    notes : what was left out or changed.
    read, listed : the files that poses and intrinsics were read from, and those that images are read from.
    """

    name: tuple[str, ...]
    number: tuple[str, ...]
    cameras: Cameras
    store: ReleasedFrames
    color_suffix: tuple[str, ...]
    notes: Notes
    read: tuple[Path, ...]
    listed: tuple[Path, ...]


def stream(claimed: Claimed, images: Images, read: Sequence[Path], notes: Notes, where: Path) -> Stream:
    """Leave out the frames that no question can be asked about, and count them.

    Parameters
    ----------
    claimed : F frames; images : theirs. read : what the claims were read from. notes : what is known of them already.
    where : for messages.

    Raises
    ------
    SceneError
        Where none is left.
    """
    poses, mended = nearest_rigid(claimed.T_world_camera)
    rigid, size = valid_poses(poses), _sizes(images.colors, len(poses))
    sized = np.asarray(size.all(axis=1))
    fits = sized & are_lenses(claimed.K, size) & _of_its_size(claimed, size)
    at = np.flatnonzero(rigid & fits)
    if not len(at):
        raise _none_left(rigid, size, where)
    kept, files = claimed.take(at), images.take(at)
    lacking = files.depths.count(None) if isinstance(files.depths, tuple) else 0
    left_out: Notes = {
        "poses dropped": int((~rigid).sum()),
        "poses made rigid": int(mended[at].sum()),
        "frames whose image cannot be read": int((rigid & ~sized).sum()),
        "frames whose image is not of its camera's size": int((rigid & sized & ~fits).sum()),
        "frames without depth": lacking if lacking < len(at) else 0,
    }
    video = isinstance(files.colors, Video)
    suffixes = [".jpg"] * len(at) if video else [_suffix(path) for path in files.colors]  # type: ignore[union-attr]
    return Stream(
        name=tuple(kept.name),
        number=tuple(str(n) for n in kept.number),
        cameras=Cameras(kept.K, poses[at], size[at], kept.lens),
        store=ReleasedFrames(kept.number, files, kept.T_world_camera, _intrinsics(kept, size[at], files.depths)),
        color_suffix=tuple(suffixes),
        notes={**notes, **left_out},
        read=tuple(read),
        listed=files.files,
    )


def _none_left(rigid: NDArray[np.bool_], size: NDArray[np.int64], where: Path) -> SceneError:
    """Return why no frame can be asked about."""
    sized = rigid & size.all(axis=1)
    if not len(rigid):
        mend = "download or extract the images that the poses belong to"
        return SceneError("no frame has both an image and a pose", where=where, mend=mend)
    if not rigid.any():
        return SceneError("no frame has a valid pose", where=where, mend="leave this scene out")
    if not sized.any():
        return SceneError("no image can be read", where=where, mend="download or extract the images again")
    (width, height), _ = Counter(map(tuple, size[sized].tolist())).most_common(1)[0]
    return SceneError(
        f"the images have {width}x{height} pixels, which are not those of their cameras",
        where=where,
        mend="use the images as they were released or extracted: not resized",
    )


def _sizes(colors: Files | Video, frames: int) -> NDArray[np.int64]:
    """Return the (F, 2) sizes of images; zeros where they cannot be read."""
    if isinstance(colors, Video):
        return np.tile(np.array(colors.size_px, dtype=np.int64), (frames, 1))
    found = [(path and image_file_size(path)) or (0, 0) for path in colors]
    return np.array(found, dtype=np.int64).reshape(-1, 2)


def _intrinsics(kept: Claimed, size: NDArray[np.int64], depths: Files | DepthBin) -> dict[str, Floats]:
    """Return the (4, 4) matrices as released: one where all frames have it, else each frame's.

    Depth has colour's, scaled to its size.
    """
    if (kept.K_released != kept.K_released[0]).any() or (size != size[0]).any():
        return {f"intrinsic_color_{n}": _homogeneous(K) for n, K in zip(kept.name, kept.K_released, strict=True)}
    K = kept.K_released[0]
    found = {"intrinsic_color": _homogeneous(K)}
    depth_px = DEPTH_PX if isinstance(depths, DepthBin) else next(filter(None, map(_size_of, depths)), None)
    if depth_px is not None:
        scale = np.array([*(np.array(depth_px) / size[0]), 1.0])
        found["intrinsic_depth"] = _homogeneous(scale[:, None] * K)
    return found


def _size_of(path: Path | None) -> tuple[int, int] | None:
    return None if path is None else image_file_size(path)


def _of_its_size(claimed: Claimed, size: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Tell which images have the size that their intrinsics hold for; where nobody says it, their middle tells."""
    with np.errstate(divide="ignore", invalid="ignore"):
        central = (np.abs(claimed.K[:, :2, 2] / size - 0.5) <= CENTRED).all(axis=1)
    return np.asarray(np.where(claimed.size_px.all(axis=1), (size == claimed.size_px).all(axis=1), central))


def frame_number(name: str) -> int | None:
    """Return the number of ``frame_000120`` or ``120``; None where a name has none."""
    found = re.fullmatch(r"(?:.*_)?(\d{1,9})", name)
    return int(found[1]) if found else None


def numbered(folder: Path, suffixes: frozenset[str] = IMAGES) -> dict[int, Path]:
    """Return the images of a folder by the numbers in their names, ascending: see `numbered_files`."""
    return dict(sorted(numbered_files(folder, suffixes, frame_number).items()))


def _taken(source: Held, at: NDArray[np.int64]) -> Held:
    """Return the files at the given positions; what holds all frames goes on holding them."""
    return tuple(source[k] for k in at.tolist()) if isinstance(source, tuple) else source


def _homogeneous(K: Floats) -> Floats:
    """Return (3, 3) intrinsics as (4, 4)."""
    out = np.eye(4)
    out[:3, :3] = K
    return out


def _suffix(path: Path | None) -> str:
    return path.suffix.lower() if path is not None else ""
