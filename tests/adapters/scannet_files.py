"""A tiny room, and writers that put it down byte for byte as ScanNet's release and its exporters do.

Aligned, the room is: a floor 4 x 3 m at z = 0 (object 7), a table 1.2 x 0.6 x 0.7 m at (1, 1) of two segments
(object 2), a chair 0.4 x 0.4 x 0.9 m at (3, 2) (object 4), and a wall that nobody annotated. On disk it is turned and
shifted.
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

COLOR_SIZE, DEPTH_SIZE = (40, 30), (20, 15)
K_DEPTH = np.array([[18.0, 0, 9.25, 0], [0, 17.5, 7.25, 0], [0, 0, 1, 0], [0, 0, 0, 1]])
K_COLOR = np.array([[36.0, 0, 9.25 * 39 / 19, 0], [0, 35.0, 7.25 * 29 / 14, 0], [0, 0, 1, 0], [0, 0, 0, 1]])
LOST = np.full((4, 4), -np.inf)
TSV = "id\traw_category\tcategory\tnyu40id\n1\ttable\ttable\t7\n2\toffice chair\tchair\t5\n3\tfloor\tfloor\t2\n"


def rigid(turn_deg: float, shift: tuple[float, float, float]) -> np.ndarray:
    """A turn about the vertical and a shift, (4, 4)."""
    c, s = np.cos(np.radians(turn_deg)), np.sin(np.radians(turn_deg))
    return np.array([[c, -s, 0, shift[0]], [s, c, 0, shift[1]], [0, 0, 1, shift[2]], [0, 0, 0, 1.0]])


A = rigid(30.0, (1.5, -2.0, 0.25))
LEVEL = np.array([[0, 0, 1.0, 0], [-1, 0, 0, 0], [0, -1, 0, 0], [0, 0, 0, 1]])  # looks along +X, upright


def box(center: tuple[float, float], size: tuple[float, float, float]) -> tuple[np.ndarray, np.ndarray]:
    """Eight corners of a box that stands on the floor (the lower four first) and its twelve triangles."""
    signs = np.array([[x, y, z] for z in (0, 1) for y in (-1, 1) for x in (-1, 1)])
    corners = np.array([*center, 0]) + signs * np.array(size) * [0.5, 0.5, 1]
    quads = [(0, 1, 3, 2), (4, 5, 7, 6), (0, 1, 5, 4), (2, 3, 7, 6), (0, 2, 6, 4), (1, 3, 7, 5)]
    return corners, np.array([t for a, b, c, d in quads for t in ((a, b, c), (a, c, d))])


@dataclass
class Room:
    """What the writers put down; tests change it before they write."""

    vertices: np.ndarray = field(init=False)  # released coordinates
    faces: np.ndarray = field(init=False)
    segments: list[int] = field(init=False)
    groups: list[dict] = field(init=False)
    poses: list[np.ndarray] = field(init=False)  # released, camera to world
    text: str | None = field(init=False)
    color_size: tuple[int, int] = COLOR_SIZE
    depth_size: tuple[int, int] = DEPTH_SIZE
    k_color: np.ndarray = field(default_factory=K_COLOR.copy)
    k_depth: np.ndarray = field(default_factory=K_DEPTH.copy)

    def __post_init__(self) -> None:
        table, box_faces = box((1, 1), (1.2, 0.6, 0.7))
        chair, _ = box((3, 2), (0.4, 0.4, 0.9))
        floor = np.array([[0, 0, 0], [4, 0, 0], [4, 3, 0], [0, 3, 0.0]])
        wall = np.array([[0, 3, 0], [4, 3, 0], [4, 3, 2.5], [0, 3, 2.5]])
        quad = np.array([[0, 1, 2], [0, 2, 3]])
        aligned = np.concatenate([floor, table, chair, wall])
        self.vertices = (aligned - A[:3, 3]) @ A[:3, :3]
        self.faces = np.concatenate([quad, box_faces + 4, box_faces + 12, quad + 20])
        self.segments = [0] * 4 + [4] * 4 + [8] * 4 + [12] * 8 + [20] * 4  # ids are member vertices, not contiguous
        self.groups = [
            {"id": 0, "objectId": 7, "segments": [0], "label": "floor"},
            {"id": 1, "objectId": 2, "segments": [8, 4], "label": "table"},
            {"id": 2, "objectId": 4, "segments": [12], "label": "office chair"},
        ]
        self.poses = [np.linalg.inv(A) @ rigid(15.0 * i, (0.5 + i / 4, 1.5, 1.4)) @ LEVEL for i in range(4)]
        numbers = " ".join(f"{n:.9f}" for n in A.ravel())
        # The factory intrinsics differ from the calibrated ones on purpose.
        factory = "colorHeight = 30\nfx_color = 99.0\nmx_color = 11.0\n"
        self.text = f"axisAlignment = {numbers} \n{factory}sceneType = Bedroom / Hotel\n"

    def color(self, frame: int, size: tuple[int, int] | None = None, form: str = "JPEG") -> bytes:
        buffer = io.BytesIO()
        Image.new("RGB", size or self.color_size, (50 * frame, 90, 200 - 40 * frame)).save(buffer, form)
        return buffer.getvalue()

    def depth(self, frame: int) -> np.ndarray:
        width, height = self.depth_size
        return (np.arange(width * height).reshape(height, width) * 7 + 1000 * frame).astype("<u2")


def sens_bytes(
    room: Room,
    *,
    version: int = 4,
    color_code: int = 2,
    depth_code: int = 1,
    shift: float = 1000.0,
    colors: list[bytes] | None = None,
    depths: list[bytes] | None = None,
    color_size: tuple[int, int] | None = None,
    k_color: np.ndarray | None = None,
) -> bytes:
    name = b"StructureSensor"
    out = [struct.pack("<IQ", version, len(name)), name]
    for matrix in (room.k_color if k_color is None else k_color, np.eye(4), room.k_depth, np.eye(4)):
        out.append(struct.pack("<16f", *matrix.ravel()))
    sizes = (*(color_size or room.color_size), *room.depth_size)
    out.append(struct.pack("<iiIIIIfQ", color_code, depth_code, *sizes, shift, len(room.poses)))
    for i, pose in enumerate(room.poses):
        color = colors[i] if colors else room.color(i)
        plain = room.depth(i).tobytes()
        depth = depths[i] if depths else zlib.compress(plain) if depth_code == 1 else plain
        times = (999 - i, 999 - i)  # running backwards: nobody may sort by them
        out += [struct.pack("<16fQQQQ", *pose.ravel(), *times, len(color), len(depth)), color, depth]
    if version == 4:
        out.append(struct.pack("<Q15dQ", 1, *range(15), 5))
    return b"".join(out)


def ply_bytes(vertices: np.ndarray, faces: np.ndarray) -> bytes:
    head = (
        f"ply\nformat binary_little_endian 1.0\ncomment VCGLIB generated\nelement vertex {len(vertices)}\n"
        "property float x\nproperty float y\nproperty float z\n"
        "property uchar red\nproperty uchar green\nproperty uchar blue\nproperty uchar alpha\n"
        f"element face {len(faces)}\nproperty list uchar int vertex_indices\nend_header\n"
    )
    body = [struct.pack("<fff4B", *v, 9, 9, 9, 255) for v in vertices]
    return head.encode() + b"".join(body + [struct.pack("<B3i", 3, *f) for f in faces])


def write_annotated(folder: Path, room: Room) -> None:
    """Mesh, segments, groups and text file of a scan."""
    folder.mkdir(parents=True, exist_ok=True)
    name = folder.name
    (folder / f"{name}_vh_clean_2.ply").write_bytes(ply_bytes(room.vertices, room.faces))
    write_segments(folder, room.segments)
    write_groups(folder, room.groups)
    if room.text is not None:
        (folder / f"{name}.txt").write_bytes(room.text.encode())


def write_segments(folder: Path, segments: object) -> None:
    content = {"params": {"kThresh": "0.0001"}, "sceneId": f"scannet.{folder.name}", "segIndices": segments}
    (folder / f"{folder.name}_vh_clean_2.0.010000.segs.json").write_text(json.dumps(content))


def write_groups(folder: Path, groups: object, segments_file: str = "_vh_clean_2.0.010000.segs.json") -> None:
    content = {
        "sceneId": f"scannet.{folder.name}",
        "appId": "Aggregator.v2",
        "segGroups": groups,
        "segmentsFile": f"scannet.{folder.name}{segments_file}",
    }
    (folder / f"{folder.name}.aggregation.json").write_text(json.dumps(content))


def write_scan(root: Path, room: Room | None = None, scene_id: str = "scene0000_00", part: str = "scans") -> Path:
    """A whole scan of the raw release; returns its folder."""
    room = room or Room()
    folder = root / part / scene_id
    write_annotated(folder, room)
    (folder / f"{scene_id}.sens").write_bytes(sens_bytes(room))
    (root / "scannetv2-labels.combined.tsv").write_bytes(TSV.encode())
    return folder


def write_export(
    folder: Path, room: Room, *, step: int = 40, size: tuple[int, int] | None = None, width: int = 0, flat: bool = False
) -> None:
    """Exported frames 0, step, 2 step ...: `width` pads the numbers, `flat` writes the 25k release's intrinsics."""
    for kind in ("color", "depth", "pose"):
        (folder / kind).mkdir(parents=True, exist_ok=True)
    for i, pose in enumerate(room.poses):
        stem = str(i * step).zfill(width)
        (folder / "color" / f"{stem}.jpg").write_bytes(room.color(i, size))
        Image.fromarray(room.depth(i)).save(folder / "depth" / f"{stem}.png")
        np.savetxt(folder / "pose" / f"{stem}.txt", pose, fmt="%f")
    matrices = {"intrinsic_color": room.k_color, "intrinsic_depth": room.k_depth}
    if not flat:
        (folder / "intrinsic").mkdir(exist_ok=True)
        matrices |= {"extrinsic_color": np.eye(4), "extrinsic_depth": np.eye(4)}
    for name, matrix in matrices.items():
        file = f"{name.replace('intrinsic', 'intrinsics')}.txt" if flat else f"intrinsic/{name}.txt"
        np.savetxt(folder / file, matrix, fmt="%f")
