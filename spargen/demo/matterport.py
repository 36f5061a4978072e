"""Writes a house in the layout of Matterport3D's release, with R2R's and RxR's walks through it.

root/v1/scans/<id>/house_segmentations/<id>.house  panorama_to_region.txt  <id>.ply  .fsegs.json  .semseg.json
                   region_segmentations/region<k>.ply  .fsegs.json  .semseg.json         one a room
                   undistorted_camera_parameters/<id>.conf
                   undistorted_color_images/<panorama>_i<camera>_<yaw>.jpg
                   undistorted_depth_images/<panorama>_d<camera>_<yaw>.png               quarters of a millimetre
                   matterport_skybox_images/<panorama>_skybox{0..5}_sami.jpg             above, four around, below
root/connectivity/<id>_connectivity.json           see `walks`; also R2R_train.json and rxr_train_guide.jsonl.gz

Images are rendered at half their size and enlarged.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from spargen.demo.directions import ways_through
from spargen.demo.film import film_by
from spargen.demo.house import House
from spargen.demo.house_file import numbers
from spargen.demo.layout import Layout
from spargen.demo.regions import write_house
from spargen.demo.render import Renderer
from spargen.demo.scan import Scan
from spargen.demo.tripods import VIEWS, YAWS, Places, places_of, tripod_cameras
from spargen.demo.walk import lost_frames, poses
from spargen.demo.walks import GUIDE, R2R, write_walks
from spargen.scene.cameras import Cameras
from spargen.scene.decoding import packed
from spargen.seeds import hashed

Floats = NDArray[np.float64]

SKYBOX_PX = 1024
_SCALE = 2
_QUARTERS, _FARTHEST = 4, 65535
_JPEG_QUALITY = 90
_GL = np.diag([1.0, -1.0, -1.0, 1.0])
_HOUSE, _REGIONS, _CONF = "house_segmentations", "region_segmentations", "undistorted_camera_parameters"
_COLOR, _DEPTH, _SKYBOXES = "undistorted_color_images", "undistorted_depth_images", "matterport_skybox_images"


def write_matterport(
    house: House,
    scan: Scan,
    cameras: Cameras,
    root: Path,
    scene_id: str,
    *,
    folder: Path | None = None,
    workers: int = 2,
    progress: Callable[[int, int], None] | None = None,
) -> Path:
    """Write one scan.

    Parameters
    ----------
    house, scan : what the images show, and what the scan made of it.
    cameras : those of `tripod_cameras`; some of their images are lost, and stand in no list.
    root : folder of the data set.
    scene_id : name of the scan.
    folder : where the scan's files go if not to ``root/v1/scans/<scene_id>``.
    workers : processes that render.
    progress : called with (images written, images in all).

    Returns
    -------
    The scan's folder.
    """
    folder = folder or root / "v1/scans" / scene_id
    for part in (_HOUSE, _REGIONS, _CONF, _COLOR, _DEPTH, _SKYBOXES):
        (folder / part).mkdir(parents=True, exist_ok=True)
    places = places_of(house, cameras)
    names = panoramas(house, len(places.center_m))
    there = np.setdiff1d(np.arange(len(cameras)), lost_frames(house, len(cameras))).tolist()
    images = [_image_record(cameras, i, k, names) for k, i in enumerate(there)]
    write_house(house, scan, names, places.center_m, images, folder / _HOUSE, folder / _REGIONS, scene_id)
    (folder / _CONF / f"{scene_id}.conf").write_text(_conf(cameras, there, names))
    write_walks(root, scene_id, house, places, names, _fronts(places), ways_through(house, places))
    views = _joined(_halved(cameras.take(there)), _skybox_cameras(places))
    files = [*(_files_of(i, names) for i in there), *((path, "") for path in _skybox_files(names))]
    for k, ((color, depth), data) in enumerate(zip(files, film_by(shoot, house, views, workers), strict=True)):
        for name, content in zip((color, depth), data, strict=True):
            if name:
                (folder / name).write_bytes(content)
        if progress is not None:
            progress(k + 1, len(files))
    return folder


def shoot(renderer: Renderer, cameras: Cameras, view: int) -> tuple[bytes, bytes]:
    """Return a view's colours as JPEG and its depths as PNG, enlarged; squares, the sides of skyboxes, have none."""
    color, depth = renderer.render(cameras, view)
    height, width = depth.shape
    large = Image.fromarray(color).resize((_SCALE * width, _SCALE * height), Image.Resampling.BICUBIC)
    jpeg, png = io.BytesIO(), b""
    large.save(jpeg, "JPEG", quality=_JPEG_QUALITY)
    if width != height:
        quarters = depth.astype(np.int64) * _QUARTERS
        quarters[quarters > _FARTHEST] = 0
        png = packed(quarters.astype(np.uint16).repeat(_SCALE, axis=0).repeat(_SCALE, axis=1))
    return jpeg.getvalue(), png


def _files(root: Path, scene_id: str) -> list[Path]:
    folder = root / "v1/scans" / scene_id
    try:
        words = [line.split() for line in (folder / _CONF / f"{scene_id}.conf").read_text().splitlines()]
    except OSError:
        words = []
    listed = [line for line in words if line[:1] == ["scan"]]
    images = [folder / part / line[k] for line in listed for k, part in ((1, _DEPTH), (2, _COLOR))]
    names = sorted({line[1].partition("_")[0] for line in listed})
    own = [folder / _HOUSE / f"{scene_id}{end}" for end in (".house", ".ply")]
    shared = [root / name for name in (f"connectivity/{scene_id}_connectivity.json", R2R, GUIDE)]
    return [*own, folder / _CONF / f"{scene_id}.conf", *shared, *images, *(folder / p for p in _skybox_files(names))]


MATTERPORT = Layout(
    adapter="matterport",
    write=write_matterport,
    scene_id=lambda i: f"demo{i:04d}",
    folder=lambda root, scene_id: root / "v1/scans" / scene_id,
    files=_files,
    views=tripod_cameras,
    also=("rxr",),
)


def panoramas(house: House, count: int) -> list[str]:
    """Return the names of the places: 32 hexadecimal digits, of which the last four count them."""
    return [f"{hashed(house.seed, 'demo', 'panorama', k, size=14).hex()}{k:04x}" for k in range(count)]


def _named(i: int, names: Sequence[str]) -> tuple[str, int, int]:
    """Return panorama, camera and yaw of a view."""
    place, view = divmod(i, VIEWS)
    return names[place], *divmod(view, YAWS)


def _files_of(i: int, names: Sequence[str]) -> tuple[str, str]:
    name, camera, yaw = _named(i, names)
    return f"{_COLOR}/{name}_i{camera}_{yaw}.jpg", f"{_DEPTH}/{name}_d{camera}_{yaw}.png"


def _skybox_files(names: Sequence[str]) -> list[str]:
    return [f"{_SKYBOXES}/{name}_skybox{side}_sami.jpg" for name in names for side in range(6)]


def _released(K: Floats, height: int) -> Floats:
    """Return intrinsics (9,) with the centres of pixels at whole numbers, and rows counted from the bottom."""
    out = K.copy()
    out[:2, 2] = K[0, 2] - 0.5, height - 1 - (K[1, 2] - 0.5)
    return out.ravel()


def _image_record(cameras: Cameras, i: int, number: int, names: Sequence[str]) -> str:
    """Return the line of an image in the house file: world to camera, OpenGL's axes."""
    T, (width, height) = cameras.T_world_camera[i], cameras.size_px[i].tolist()
    name, camera, yaw = _named(i, names)
    K = numbers(_released(cameras.K[i], height))
    told = f"{name}  {camera} {yaw}  {numbers(np.linalg.inv(T @ _GL))}  {K}  {width} {height}"
    return f"I  {number} {i // VIEWS}  {told}  {numbers(T[:3, 3])}  0 0 0 0 0"


def _conf(cameras: Cameras, there: Sequence[int], names: Sequence[str]) -> str:
    """Return the ``.conf`` file: intrinsics hold for the images after them."""
    lines = ["dataset matterport", f"n_images {len(there)}", f"depth_directory {_DEPTH}", f"color_directory {_COLOR}"]
    before = -1
    for i in there:
        if i // YAWS != before:
            K = _released(cameras.K[i], int(cameras.size_px[i, 1]))
            lines += ["", "intrinsics_matrix " + "  ".join(numbers(row) for row in K.reshape(3, 3))]
        before = i // YAWS
        color, depth = (Path(path).name for path in _files_of(i, names))
        lines.append(f"scan {depth} {color} {numbers(cameras.T_world_camera[i] @ _GL)}")
    return "\n".join([*lines, ""])


def _fronts(places: Places) -> Floats:
    """Return the (N, 4, 4) poses of the sides that skyboxes are told by: the third ones around."""
    return _looking(places, 0.0, 0.0)


def _looking(places: Places, right_deg: float, up_deg: float) -> Floats:
    flat = np.zeros(len(places.heading))
    along = np.pi / 2 - places.heading - np.radians(right_deg)
    return poses(places.center_m, along, flat + np.radians(up_deg), flat)


def _skybox_cameras(places: Places) -> Cameras:
    """Return the sides of all skyboxes: above, around to the right from behind the front, below; at half their size."""
    sides = [(180.0, 90.0), (180.0, 0.0), (270.0, 0.0), (0.0, 0.0), (90.0, 0.0), (180.0, -90.0)]
    T = np.stack([_looking(places, right, up) for right, up in sides], axis=1).reshape(-1, 4, 4)
    size = SKYBOX_PX // _SCALE
    K = np.array([[size / 2, 0, size / 2], [0, size / 2, size / 2], [0, 0, 1]])
    return Cameras(np.tile(K, (len(T), 1, 1)), T, np.tile(size, (len(T), 2)))


def _halved(cameras: Cameras) -> Cameras:
    scale = np.diag([1 / _SCALE, 1 / _SCALE, 1])
    return Cameras(scale @ cameras.K, cameras.T_world_camera, cameras.size_px // _SCALE)


def _joined(a: Cameras, b: Cameras) -> Cameras:
    return Cameras(
        np.concatenate([a.K, b.K]),
        np.concatenate([a.T_world_camera, b.T_world_camera]),
        np.concatenate([a.size_px, b.size_px]),
    )
