"""Writes a house and a walk through it as people have scans of their own: a mesh, and images with nerfstudio's poses.

root/<id>/scene.yaml        +Y is up, and a unit is a centimetre
          mesh.ply          faces with an object_id
          labels.json       the labels of the ids; 0 is what nobody annotated
          transforms.json   cameras: OpenGL's axes, in a world that was changed by `applied_transform`
          images/7.jpg  depth/7.png
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from spargen.demo.film import film
from spargen.demo.house import House
from spargen.demo.layout import Layout
from spargen.demo.ply import write_ply
from spargen.demo.scan import Scan
from spargen.demo.walk import lost_frames
from spargen.scene.cameras import Cameras
from spargen.scene.decoding import packed

Floats = NDArray[np.float64]

_FIRST_ID = 1
_UNIT_M = 0.01
_FILES_HOUSE = np.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]])
"""From +Z up to +Y up."""
_APPLIED = np.array([[0.0, 1, 0, 12], [1, 0, 0, -40], [0, 0, -1, 150]])
"""A change of world such as nerfstudio's own programs make, and a shift."""
_FLIP = np.diag([1.0, -1, -1, 1])
_TOLD = f"up: y\nunit_m: {_UNIT_M}\n"
_FILES = ("scene.yaml", "mesh.ply", "labels.json", "transforms.json")


def write_posed(
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

    Frames whose tracking was lost have images, and stand in no list: programs that reconstruct leave them out.

    Parameters
    ----------
    house, scan, cameras : what the images show, what the scan made of it, and from where it was seen; all in the
        house's frame, the cameras in the corner convention.
    root : folder of the data set.
    scene_id : name of the scan.
    folder : where the scan's files go if not to ``root/<scene_id>``.
    workers : processes that render.
    progress : called with (frames written, frames in all).

    Returns
    -------
    The scan's folder.
    """
    folder = folder or root / scene_id
    for part in ("images", "depth"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    (folder / "scene.yaml").write_text(_TOLD, encoding="utf-8")
    _write_mesh(scan, folder / "mesh.ply")
    labels = {str(k): group.label for k, group in enumerate(scan.groups, start=_FIRST_ID)}
    (folder / "labels.json").write_text(json.dumps(labels), encoding="utf-8")
    lost = lost_frames(house, len(cameras)).tolist()
    _write_cameras(cameras, [i for i in range(len(cameras)) if i not in lost], folder / "transforms.json")
    for i, (jpeg, depth) in enumerate(film(house, cameras, workers)):
        (folder / f"images/{i}.jpg").write_bytes(jpeg)
        (folder / f"depth/{i}.png").write_bytes(_depth_png(depth, cameras.size_px[i]))
        if progress is not None:
            progress(i + 1, len(cameras))
    return folder


def _files(root: Path, scene_id: str) -> list[Path]:
    folder = root / scene_id
    try:
        frames = json.loads((folder / "transforms.json").read_bytes())["frames"]
    except (OSError, ValueError):
        frames = []
    return [*(folder / name for name in _FILES), *(folder / frame["file_path"] for frame in frames)]


POSED = Layout(
    adapter="posed",
    write=write_posed,
    scene_id=lambda i: f"demo{i:04d}",
    folder=lambda root, scene_id: root / scene_id,
    files=_files,
    first_id=_FIRST_ID,
)


def _write_mesh(scan: Scan, path: Path) -> None:
    """Write the mesh, in doubles, in which a face belongs to what two of its vertices belong to."""
    a, b, c = scan.vertex_group[scan.faces].T
    of_face = np.where((a == b) | (a == c), a, np.where(b == c, b, -1)) + _FIRST_ID
    write_ply(path, scan.vertices_m @ _FILES_HOUSE.T / _UNIT_M, scan.rgb, scan.faces, {"object_id": of_face})


def _write_cameras(cameras: Cameras, frames: list[int], path: Path) -> None:
    """Write transforms.json; all frames have one pinhole camera."""
    K, (width, height) = cameras.K[0], cameras.size_px[0].tolist()
    to_files, applied = np.eye(4), np.eye(4)
    to_files[:3, :3], applied[:3] = _FILES_HOUSE, _APPLIED
    poses = to_files @ cameras.T_world_camera @ _FLIP
    poses[:, :3, 3] /= _UNIT_M
    document = {
        "camera_model": "OPENCV",
        "fl_x": K[0, 0],
        "fl_y": K[1, 1],
        "cx": K[0, 2],
        "cy": K[1, 2],
        "w": width,
        "h": height,
        "applied_transform": _APPLIED.tolist(),
        "frames": [
            {
                "file_path": f"images/{i}.jpg",
                "depth_file_path": f"depth/{i}.png",
                "transform_matrix": (applied @ poses[i]).tolist(),
            }
            for i in frames
        ],
    }
    path.write_text(json.dumps(document), encoding="utf-8")


def _depth_png(stream: bytes, size_px: NDArray[np.int64]) -> bytes:
    """Return a zlib stream of little-endian uint16 millimetres as a PNG."""
    width, height = size_px.tolist()
    return packed(np.frombuffer(zlib.decompress(stream), "<u2").reshape(height, width).astype(np.uint16))
