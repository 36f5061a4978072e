"""A tiny room, and writers that put it down byte for byte as ScanNet++'s release and its toolbox do.

The room is that of the ScanNet tests, in the mesh's own world: a floor 4 x 3 m at z = 0 (object 7), a table 1.2 x 0.6 x
0.7 m at (1, 1) (object 2), a chair 0.4 x 0.4 x 0.9 m at (3, 2) (object 4), and a wall that nobody annotated. The
iPhone's frames 0, 10 ... 40 are extracted; COLMAP registered 10, 20 and 40.
"""

from __future__ import annotations

import io
import json
import struct
import zlib
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image

from tests.adapters.colmap_files import Model
from tests.adapters.scannet_files import LEVEL, box, rigid

ID = "02455b3d20"
SIZE, DSLR_SIZE, DEPTH_SIZE = (40, 30), (60, 40), (256, 192)
OPENCV = (36.0, 35.0, 19.5, 15.25, 0.05, -0.02, 0.001, -0.002)
FISHEYE = (26.0, 27.0, 31.0, 19.0, 0.02, -0.01, 0.002, 0.001)
UNDISTORTED_K = (25.0, 25.0, 30.0, 20.0)
W = np.array([[0, 1.0, 0, 0], [1, 0, 0, 0], [0, 0, -1, 0], [0, 0, 0, 1]])
NUMBERS, POSED = (0, 10, 20, 30, 40), (10, 20, 40)
DSLR_NAMES = ("DSC01234", "DSC01235", "DSC01240")


def pose(number: int) -> np.ndarray:
    """Camera to world of a frame of the video: it walks along +X and turns left."""
    return rigid(0.5 * number, (0.5 + number / 100, 1.5, 1.4)) @ LEVEL


def arkit_intrinsics(number: int) -> np.ndarray:
    return np.array([[36.5, 0, 19.25 + number / 1000], [0, 36.5, 14.75], [0, 0, 1]])


def obb(center: tuple, extent: tuple, order: tuple = (0, 1, 2), turn_deg: float = 0.0) -> dict:
    """An oriented box as the annotation has it; its axes are named in some order."""
    R = rigid(turn_deg, (0, 0, 0))[:3, :3]
    axes = [R[:, k].tolist() for k in order]
    return {
        "centroid": list(center),
        "axesLengths": [extent[k] for k in order],
        "normalizedAxes": [x for axis in axes for x in axis],
        "min": (np.array(center) - np.abs(R) @ np.array(extent) / 2).tolist(),
        "max": (np.array(center) + np.abs(R) @ np.array(extent) / 2).tolist(),
    }


@dataclass
class Room:
    """What the writers put down; tests change it before they write."""

    vertices: np.ndarray = field(init=False)
    faces: np.ndarray = field(init=False)
    segments: list[int] = field(init=False)
    groups: list[dict] = field(init=False)
    numbers: tuple[int, ...] = NUMBERS
    posed: dict[int, np.ndarray] = field(default_factory=lambda: {n: pose(n) for n in POSED})
    tracked: dict[int, np.ndarray] = field(default_factory=lambda: {n: pose(n) for n in NUMBERS})
    dslr: dict[str, np.ndarray] = field(default_factory=lambda: {n: pose(7 * k) for k, n in enumerate(DSLR_NAMES)})
    bad: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        table, box_faces = box((1, 1), (1.2, 0.6, 0.7))
        chair, _ = box((3, 2), (0.4, 0.4, 0.9))
        floor = np.array([[0, 0, 0], [4, 0, 0], [4, 3, 0], [0, 3, 0.0]])
        wall = np.array([[0, 3, 0], [4, 3, 0], [4, 3, 2.5], [0, 3, 2.5]])
        quad = np.array([[0, 1, 2], [0, 2, 3]])
        self.vertices = np.concatenate([floor, table, chair, wall])
        self.faces = np.concatenate([quad, box_faces + 4, box_faces + 12, quad + 20])
        self.segments = list(range(24))
        self.groups = [
            group(7, "floor", range(4), obb((2, 1.5, 0), (4, 3, 0))),
            group(2, "table", range(4, 12), obb((1, 1, 0.35), (1.2, 0.6, 0.7), (1, 2, 0))),
            group(4, "office chair", range(12, 20), obb((3, 2, 0.45), (0.4, 0.4, 0.9), (2, 0, 1))),
        ]


def group(object_id: int, label: str, segments: object, box: dict | None = None) -> dict:
    own = {"id": object_id, "objectId": object_id, "label": label, "segments": list(segments)}
    return {**own, "obb": box or obb((0, 0, 0), (1, 1, 1)), "dominantNormal": [0, 0, 1], "partId": 1, "index": 0}


def jpeg(number: int, size: tuple[int, int] = SIZE) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, (5 * number % 256, 90, 200 - 3 * number % 200)).save(buffer, "JPEG")
    return buffer.getvalue()


def metres(number: int) -> np.ndarray:
    """Depth of a frame: 1 m and a millimetre for each frame before it, a little less to the left."""
    width, height = DEPTH_SIZE
    return np.tile(1 + number / 1000 + np.arange(width) / 1e4, (height, 1)).astype("<f4")


def deflated(data: bytes) -> bytes:
    deflate = zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS)
    return deflate.compress(data) + deflate.flush()


def blocks(datas: list[bytes]) -> bytes:
    return b"".join(struct.pack("<I", len(data)) + data for data in datas)


def ply_bytes(vertices: np.ndarray, faces: np.ndarray) -> bytes:
    head = (
        f"ply\nformat binary_little_endian 1.0\nelement vertex {len(vertices)}\n"
        "property float x\nproperty float y\nproperty float z\n"
        "property uchar red\nproperty uchar green\nproperty uchar blue\n"
        f"element face {len(faces)}\nproperty list uchar int vertex_indices\nend_header\n"
    )
    body = [struct.pack("<fff3B", *v, 9, 9, 9) for v in vertices]
    return head.encode() + b"".join(body + [struct.pack("<B3i", 3, *f) for f in faces])


def write_scans(folder: Path, room: Room) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "mesh_aligned_0.05.ply").write_bytes(ply_bytes(room.vertices, room.faces))
    named = {"sceneId": "scannetpp.2022-11-25_19-24"}
    (folder / "segments.json").write_text(json.dumps({**named, "segIndices": room.segments}))
    body = {**named, "appId": "stk.v1", "annId": "6673", "segGroups": room.groups}
    (folder / "segments_anno.json").write_text(json.dumps(body))


def write_colmap(folder: Path, room: Room, form: str = "text") -> None:
    images = [
        (k + 1, np.linalg.inv(T) if np.isfinite(T).all() else T, 1, f"video/frame_{n:06d}.jpg", [])
        for k, (n, T) in enumerate(room.posed.items())
    ]
    model = Model([(1, "OPENCV", *SIZE, OPENCV)], images)
    (model.write_text if form == "text" else model.write_binary)(folder)


def write_arkit(folder: Path, room: Room) -> None:
    """`pose` is ARKit's own: in another world, a metre off."""
    frames = {
        f"frame_{n:06d}": {
            "timestamp": n / 60,
            "pose": (rigid(90, (1, 0, 0)) @ T).tolist(),
            "aligned_pose": T.tolist(),
            "intrinsic": arkit_intrinsics(n).tolist(),
        }
        for n, T in room.tracked.items()
    }
    (folder / "pose_intrinsic_imu.json").write_text(json.dumps(frames))


def write_iphone(folder: Path, room: Room) -> None:
    (folder / "rgb").mkdir(parents=True, exist_ok=True)
    for n in room.numbers:
        (folder / "rgb" / f"frame_{n:06d}.jpg").write_bytes(jpeg(n))
    write_colmap(folder / "colmap", room)
    write_arkit(folder, room)
    depths = [deflated(metres(n).tobytes()) for n in range(max(room.numbers) + 1)]
    (folder / "depth.bin").write_bytes(blocks(depths))


def write_dslr(folder: Path, room: Room) -> None:
    names = [f"{name}.JPG" for name in room.dslr]
    for part in ("resized_images", "resized_undistorted_images"):
        (folder / part).mkdir(parents=True, exist_ok=True)
        for k, name in enumerate(names):
            (folder / part / name).write_bytes(jpeg(k, DSLR_SIZE))
    images = [(k + 1, np.linalg.inv(T), 1, names[k], []) for k, T in enumerate(room.dslr.values())]
    Model([(1, "OPENCV_FISHEYE", *DSLR_SIZE, FISHEYE)], images).write_text(folder / "colmap")
    (folder / "nerfstudio").mkdir(exist_ok=True)
    for file, model, (fx, fy, cx, cy) in (
        ("transforms", "OPENCV_FISHEYE", FISHEYE[:4]),
        ("transforms_undistorted", "PINHOLE", UNDISTORTED_K),
    ):
        frames = [
            {"file_path": name, "mask_path": f"{Path(name).stem}.png", "transform_matrix": to_json_world(T).tolist()}
            | ({"is_bad": True} if Path(name).stem in room.bad else {})
            for name, T in zip(names, room.dslr.values(), strict=True)
        ]
        body = {"fl_x": fx, "fl_y": fy, "cx": cx, "cy": cy, "w": DSLR_SIZE[0], "h": DSLR_SIZE[1]}
        body |= {"camera_model": model, "frames": frames[:-1], "test_frames": frames[-1:]}
        (folder / "nerfstudio" / f"{file}.json").write_text(json.dumps(body))


def to_json_world(T: np.ndarray) -> np.ndarray:
    """What the toolbox does to a pose, step by step: columns to OpenGL, rows 0 and 1 exchanged, row 2 negated."""
    out = T.copy()
    out[:3, 1:3] *= -1
    out = out[[1, 0, 2, 3]]
    out[2] *= -1
    return out


def write_scene(root: Path, room: Room | None = None, scene_id: str = ID, part: str = "data") -> Path:
    """A whole scene with both recordings; returns its folder."""
    room = room or Room()
    folder = root / part / scene_id
    write_scans(folder / "scans", room)
    write_iphone(folder / "iphone", room)
    write_dslr(folder / "dslr", room)
    return folder
