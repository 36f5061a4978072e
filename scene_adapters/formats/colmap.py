"""Reads COLMAP models, text or binary: the registered images with their poses, and the cameras that took them.

::

    FOLDER/                cameras.txt  images.txt   or   cameras.bin  images.bin     (binary where both are whole)
      points3D.*  rigs.*  frames.*     not read

Poses stand in the files as world-to-camera: a unit quaternion (w x y z) and a translation. Camera axes are OpenCV's,
the length of a unit is whatever the model has. COLMAP counts the centre of the first pixel as (0.5, 0.5), as `Cameras`
does, so principal points are taken as they are.

In ``images.txt`` every image has a second line, which lists its points and may be empty. Lines that are empty or begin
with # are passed over where an image is expected, never where its points are.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NamedTuple, NoReturn

import numpy as np
from numpy.typing import NDArray

from scene_adapters.formats.files import read_plain
from scene_adapters.formats.quaternions import rotation_matrix
from spargen.errors import SceneError
from spargen.reading import open_file, open_plain
from spargen.scene.cameras import are_lenses
from spargen.scene.lenses import Lens, lens_of_colmap

Floats = NDArray[np.float64]

_DAMAGED = "the file is damaged or cut short: export or download the model again"
_MODELS = (
    # The position is the number of a model in cameras.bin; how many parameters it has.
    ("SIMPLE_PINHOLE", 3),
    ("PINHOLE", 4),
    ("SIMPLE_RADIAL", 4),
    ("RADIAL", 5),
    ("OPENCV", 8),
    ("OPENCV_FISHEYE", 8),
    ("FULL_OPENCV", 12),
    ("FOV", 5),
    ("SIMPLE_RADIAL_FISHEYE", 4),
    ("RADIAL_FISHEYE", 5),
    ("THIN_PRISM_FISHEYE", 12),
    ("RAD_TAN_THIN_PRISM_FISHEYE", 16),
)
_COUNT, _CAMERA, _IMAGE = struct.Struct("<Q"), struct.Struct("<iiQQ"), struct.Struct("<i7di")
_POINT_BYTES = 24


class ColmapCamera(NamedTuple):
    """A camera: (3, 3) intrinsics in pixels, corner convention, its lens, and width and height of its images."""

    K: Floats
    lens: Lens
    size_px: tuple[int, int]


@dataclass(frozen=True, slots=True)
class ColmapModel:
    """I registered images, in the order of the file.

    Parameters
    ----------
    names : of the images, as they stand in the model, folders included.
    T_world_camera : (I, 4, 4) rigid camera-to-world poses in the model's own world and unit.
    camera : (I,) id of the camera of each image.
    cameras : those that images have, by id.
    dropped : how many images were left out because their pose is not finite.
    """

    names: tuple[str, ...]
    T_world_camera: Floats
    camera: NDArray[np.int64]
    cameras: dict[int, ColmapCamera]
    dropped: int


class _Camera(NamedTuple):
    """A camera as it stands in a file, and where in the file."""

    id: int
    model: str
    size_px: tuple[int, int]
    params: list[float]
    at: str


class _Image(NamedTuple):
    """An image as it stands in a file: qw qx qy qz tx ty tz; and where in the file."""

    pose: list[float]
    camera: int
    name: str
    at: str


def model_files(folder: Path) -> tuple[Path, Path] | None:
    """Return the files of the cameras and of the images of a model, the binary ones first; None where there is none."""
    for ending in (".bin", ".txt"):
        cameras, images = folder / f"cameras{ending}", folder / f"images{ending}"
        if cameras.is_file() and images.is_file():
            return cameras, images
    return None


def read_model(folder: Path) -> ColmapModel:
    """Read the model in a folder.

    Raises
    ------
    SceneError
        Where there is no model, a file is damaged (with line or byte), an image has a camera that is not listed, or one
        whose model is not read, or no image has a finite pose.
    """
    files = model_files(folder)
    if files is None:
        raise SceneError(
            "there is no COLMAP model",
            where=folder,
            mend="put cameras.txt and images.txt, or cameras.bin and images.bin there",
        )
    cameras, images = _listed(*files)
    T, good = _camera_to_world(np.array([image.pose for image in images], dtype=np.float64).reshape(-1, 7))
    if not good.any():
        raise SceneError(
            f"none of the {len(images)} images has a pose",
            where=files[1],
            mend="leave this model out, or register its images again",
        )
    kept = [image for image, keep in zip(images, good, strict=True) if keep]
    return ColmapModel(
        names=tuple(image.name for image in kept),
        T_world_camera=T[good],
        camera=np.array([image.camera for image in kept], dtype=np.int64),
        cameras={i: _checked(cameras[i], files[0]) for i in sorted({image.camera for image in kept})},
        dropped=int((~good).sum()),
    )


def _listed(cameras_file: Path, images_file: Path) -> tuple[dict[int, _Camera], list[_Image]]:
    """Read both files; each image has a camera that is listed, and a name of its own."""
    binary = cameras_file.suffix == ".bin"
    cameras: dict[int, _Camera] = {}
    for camera in (_binary_cameras if binary else _text_cameras)(cameras_file):
        if camera.id in cameras:
            _refuse(f"there are two cameras {camera.id}", cameras_file, camera.at)
        cameras[camera.id] = camera
    images: dict[str, _Image] = {}
    for image in (_binary_images if binary else _text_images)(images_file):
        if image.camera not in cameras:
            what = f"image {image.name} has camera {image.camera}, which {cameras_file.name} lacks"
            _refuse(what, images_file, image.at)
        if image.name in images:
            _refuse(f"there are two images {image.name}", images_file, image.at)
        images[image.name] = image
    return cameras, list(images.values())


def _camera_to_world(pose: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    """Turn world-to-camera poses (I, 7) into camera-to-world (I, 4, 4); also tell which (I,) of them are poses."""
    with np.errstate(invalid="ignore", over="ignore"):
        length = np.linalg.norm(pose[:, :4], axis=1)
    good = np.isfinite(pose).all(axis=1) & np.isfinite(length) & (length > 0)
    pose = np.where(good[:, None], pose, [1.0, 0, 0, 0, 0, 0, 0])
    R_world_camera = rotation_matrix(pose[:, [1, 2, 3, 0]]).swapaxes(1, 2)
    T = np.tile(np.eye(4), (len(pose), 1, 1))
    T[:, :3, :3] = R_world_camera
    T[:, :3, 3] = -np.matmul(R_world_camera, pose[:, 4:, None])[..., 0]
    return T, np.asarray(good)


def _checked(camera: _Camera, path: Path) -> ColmapCamera:
    try:
        K, lens = lens_of_colmap(camera.model, camera.params)
    except SceneError as error:
        what = f"camera {camera.id} ({camera.at}): {error.what}"
        raise SceneError(what, where=path, mend=error.mend) from None
    if not are_lenses(K, camera.size_px)[0]:
        width, height = camera.size_px
        _refuse(
            f"camera {camera.id} cannot be one: {camera.model} {camera.params} for {width}x{height}", path, camera.at
        )
    return ColmapCamera(K, lens, camera.size_px)


def _refuse(what: str, path: Path, at: str) -> NoReturn:
    raise SceneError(f"{what} ({at})", where=path, mend=_DAMAGED) from None


def _text_cameras(path: Path) -> Iterator[_Camera]:
    for number, line in enumerate(read_plain(path).splitlines(keepends=True), start=1):
        words = line.split()
        if not words or words[0].startswith(b"#"):
            continue
        if not line.endswith((b"\n", b"\r")):  # COLMAP ends all lines, and a shorter number is another lens
            _refuse("the file ends within a camera; where it is whole, end its last line", path, f"line {number}")
        try:
            model = words[1].decode("ascii")
            size = int(words[2]), int(words[3])
            yield _Camera(int(words[0]), model, size, [float(word) for word in words[4:]], f"line {number}")
        except (ValueError, IndexError):
            _refuse("this is no camera: ID MODEL WIDTH HEIGHT PARAMS are wanted", path, f"line {number}")


def _text_images(path: Path) -> Iterator[_Image]:
    """Yield the images of a text file; the lines of points, which are nearly all of it, are not taken apart."""
    with open_plain(path) as file:
        lines = enumerate(file, start=1)
        for number, line in lines:
            words = line.split(maxsplit=9)
            if not words or words[0].startswith(b"#"):
                continue
            try:
                pose, name = [float(word) for word in words[1:8]], words[9].decode("utf-8").strip()
                int(words[0])  # its id: names tell images apart
                yield _Image(pose, int(words[8]), name, f"line {number}")
            except (ValueError, IndexError):
                _refuse("this is no image: ID QW QX QY QZ TX TY TZ CAMERA NAME are wanted", path, f"line {number}")
            if not line.endswith(b"\n") and not Path(name).suffix:
                _refuse("the file ends within the name of an image", path, f"line {number}")
            _, points = next(lines, (number + 1, b""))
            if _is_image(points):
                _refuse(f"image {name} has no line of points, if only an empty one", path, f"line {number + 1}")


def _is_image(line: bytes) -> bool:
    """Tell whether what should list points is the line of an image: its tenth word is a name, and no number."""
    words = line[:4096].split(maxsplit=10)
    try:
        float(words[9])
    except ValueError:
        return True
    except IndexError:
        pass
    return False


class _Bytes:
    """Reads a binary file from its beginning; what lies beyond its end is refused with the byte."""

    def __init__(self, file: BinaryIO, path: Path) -> None:
        self.path, self.at, self.size = path, 0, file.seek(0, 2)
        if not self.size:
            _refuse("the file is empty", path, "byte 0")
        self.data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)

    def take(self, form: struct.Struct, what: str) -> tuple[int | float, ...]:
        at = self.at
        self.skip(form.size, what)
        return form.unpack_from(self.data, at)

    def skip(self, count: int, what: str) -> None:
        if self.at + count > self.size:
            _refuse(f"the file ends within {what}", self.path, f"byte {self.at}")
        self.at += count

    def text(self, what: str) -> str:
        end = self.data.find(b"\0", self.at)
        if end < 0:
            _refuse(f"the file ends within {what}", self.path, f"byte {self.at}")
        start, self.at = self.at, end + 1
        try:
            return self.data[start:end].decode("utf-8")
        except UnicodeDecodeError:
            _refuse(f"{what} has a name that is no text", self.path, f"byte {start}")


def _records(path: Path, name: str) -> Iterator[tuple[_Bytes, str, str]]:
    """Yield the bytes of a binary file where each record begins, that place, and what the record is, in words."""
    with open_file(path) as file:
        data = _Bytes(file, path)
        (count,) = data.take(_COUNT, f"the number of {name}s")
        for k in range(int(count)):
            yield data, f"byte {data.at}", f"{name} {k + 1} of {count}"


def _binary_cameras(path: Path) -> Iterator[_Camera]:
    for data, at, what in _records(path, "camera"):
        camera_id, number, width, height = (int(n) for n in data.take(_CAMERA, what))
        if not 0 <= number < len(_MODELS):
            _refuse(f"{what} has model number {number}, which is not known", path, at)
        model, n_params = _MODELS[number]
        params = [float(p) for p in data.take(struct.Struct(f"<{n_params}d"), what)]
        yield _Camera(camera_id, model, (width, height), params, at)


def _binary_images(path: Path) -> Iterator[_Image]:
    """Yield the images of a binary file; their points are stepped over."""
    for data, at, what in _records(path, "image"):
        _, *pose, camera = data.take(_IMAGE, what)
        name = data.text(what)
        (points,) = data.take(_COUNT, what)
        data.skip(_POINT_BYTES * int(points), what)
        yield _Image(pose, int(camera), name, at)
