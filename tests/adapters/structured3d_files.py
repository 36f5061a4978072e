"""A house of two rooms, and writers that put it down byte for byte as the release of Structured3D does.

In metres: room 485142 from (0, 0) to (4, 3), room 906322 from (4.2, 0) to (8, 3), 2.6 high; a doorway in the wall
between them, 0.9 wide around y = 1.5. A camera in the first one sees furniture of the second.
"""

from __future__ import annotations

import io
import json
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
from PIL import Image
from worlds import World, pose

from spargen.geometry.raycast import RayCaster
from spargen.scene.cameras import Cameras
from tests.adapters.posed_files import png, put

ID = "scene_00017"
SIZE = (320, 180)
HALF_FOV = (0.7, 0.45)
K = np.array(
    [
        [SIZE[0] / 2 / np.tan(HALF_FOV[0]), 0, SIZE[0] / 2],
        [0, SIZE[1] / 2 / np.tan(HALF_FOV[1]), SIZE[1] / 2],
        [0, 0, 1],
    ]
)
ROOM, OTHER = "485142", "906322"
RECTANGLES = {ROOM: (0.0, 0.0, 4.0, 3.0), OTHER: (4.2, 0.0, 8.0, 3.0)}
HEIGHT = 2.6
WALL, FLOOR, CEILING, WINDOW, BACKGROUND = 1, 2, 22, 9, 65535

FURNITURE = {
    59: (4, "bed", (3.1, 2.2, 0.3), (1.2, 1.4, 0.6), 0),
    60: (5, "chair", (1.9, 0.7, 0.45), (0.5, 0.4, 0.9), 20),
    7: (35, "lamp", (2.0, 1.5, 2.35), (0.4, 0.3, 0.3), 0),
    300: (3, "cabinet", (0.9, 2.75, 0.6), (1.0, 0.4, 1.2), 0),
    12: (7, "table", (6.6, 2.3, 0.36), (1.2, 0.7, 0.72), 0),
    61: (5, "chair", (5.6, 1.55, 0.45), (0.45, 0.45, 0.9), 40),
    41: (25, "television", (7.8, 1.5, 1.4), (0.1, 1.0, 0.6), 0),
}
"""By ID: NYU40 class and its name, and box in metres and degrees."""
IN_ROOM = {59: ROOM, 60: ROOM, 7: ROOM, 300: ROOM, 12: OTHER, 61: OTHER, 41: OTHER}
BEHIND = 500
"""A cupboard behind the outer wall, which no view shows."""
POSES = {
    (ROOM, "0"): pose((0.4, 1.5, 1.5), 0, -15),
    (ROOM, "1"): pose((3.6, 0.4, 1.4), 135, -18),
    (ROOM, "2"): pose((0.4, 0.4, 1.6), 40, -15),
    (ROOM, "10"): pose((3.5, 1.2, 1.5), 170, -10),
    (OTHER, "0"): pose((4.5, 0.5, 1.5), 30, -15),
    (OTHER, "1"): pose((7.6, 0.4, 1.5), 140, -18),
}


def _world() -> tuple[World, list[tuple[int, int]]]:
    """All that is seen, and (instance, class) of each solid."""
    world, marks = World(), []

    def add(mark: tuple[int, int], low: tuple, high: tuple) -> None:
        center, size = (np.array(low) + high) / 2, np.array(high) - low
        world.add("x", tuple(center), tuple(size))
        marks.append(mark)

    add((BACKGROUND, FLOOR), (-0.2, -0.2, -0.1), (8.2, 3.2, 0))
    add((BACKGROUND, CEILING), (-0.2, -0.2, HEIGHT), (8.2, 3.2, HEIGHT + 0.1))
    for low, high in (
        ((-0.2, -0.2), (0, 3.2)),
        ((8, -0.2), (8.2, 3.2)),
        ((-0.2, -0.2), (8.2, 0)),
        ((-0.2, 3), (8.2, 3.2)),
        ((4, 0), (4.2, 1.05)),
        ((4, 1.95), (4.2, 3)),
    ):
        add((BACKGROUND, WALL), (*low, 0), (*high, HEIGHT))
    add((BACKGROUND, WALL), (4, 1.05, 2.05), (4.2, 1.95, HEIGHT))
    add((BACKGROUND, WINDOW), (5.8, 2.98, 1.2), (6.2, 3, 1.6))
    for number, (kind, _, center, size, yaw) in FURNITURE.items():
        world.add("x", center, size, yaw)
        marks.append((number, kind))
    return world, marks


@cache
def pictures(room: str, position: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Instances (uint16), classes (uint8) and millimetres (uint16) of a view; do not write into them."""
    world, marks = _world()
    mesh = world.mesh()
    cameras = Cameras(K[None], POSES[room, position][None], np.array([SIZE]))
    u, v = np.meshgrid(np.arange(SIZE[0]) + 0.5, np.arange(SIZE[1]) + 0.5)
    face, z = RayCaster(mesh.vertices_m, mesh.faces).cast(*cameras.rays(0, np.stack([u, v], axis=-1)))
    instance, kind = np.array([*marks, (BACKGROUND, 0)])[np.append(mesh.face_object, -1)[face]].T
    mm = np.rint(np.where(face < 0, 0, z) * 1000)
    shape = SIZE[::-1]
    return (
        instance.T.reshape(shape).astype(np.uint16),
        kind.T.reshape(shape).astype(np.uint8),
        mm.reshape(shape).astype(np.uint16),
    )


def camera_line(T: np.ndarray, half_fov: tuple[float, float] = HALF_FOV, longer: float = 1.0) -> str:
    """Eye in mm, direction of view, direction up, half-angles, 1; directions may be longer than 1."""
    eye, forward, up = T[:3, 3] * 1000, T[:3, 2] * longer, -T[:3, 1] * longer
    return " ".join(f"{x:.8f}" for x in (*eye, *forward, *up, *half_fov)) + " 1"


def box_entry(number: int) -> dict:
    """A box as `bbox_3d.json` has it: rows of `basis` are axes, `coeffs` half sides in mm."""
    _, _, center, size, yaw = FURNITURE[number]
    a = np.radians(yaw)
    return {
        "ID": number,
        "basis": [[np.cos(a), np.sin(a), 0.0], [-np.sin(a), np.cos(a), 0.0], [0.0, 0.0, 1.0]],
        "coeffs": [s * 500 for s in size],
        "centroid": [c * 1000 for c in center],
    }


def annotation(door: str = "beside") -> dict:
    """`annotation_3d.json`; the door's lower line lies beside the floor's lines, or is a part of them ("in")."""
    junctions: list[tuple[float, float, float]] = []
    lines: list[tuple[int, int]] = []
    planes: list[tuple[str, list[int]]] = []

    def line(a: tuple, b: tuple) -> int:
        for point in (a, b):
            if point not in junctions:
                junctions.append(point)
        pair = tuple(sorted((junctions.index(a), junctions.index(b))))
        if pair not in lines:
            lines.append(pair)
        return lines.index(pair)

    def plane(kind: str, *loop: tuple) -> int:
        planes.append((kind, [line(a, b) for a, b in pairwise((*loop, loop[0]))]))
        return len(planes) - 1

    semantics = []
    for room, (x0, y0, x1, y1) in RECTANGLES.items():
        low = [(x0, y0, 0.0), (x1, y0, 0.0), (x1, y1, 0.0), (x0, y1, 0.0)]
        if room == ROOM and door == "in":
            low[2:2] = [(x1, 1.05, 0.0), (x1, 1.95, 0.0)]
        high = [(x, y, HEIGHT) for x, y in ((x0, y0), (x1, y0), (x1, y1), (x0, y1))]
        own = [plane("ceiling", *high), plane("floor", *low)]
        own += [plane("wall", (*a[:2], 0.0), (*b[:2], 0.0), b, a) for a, b in pairwise((*high, high[0]))]
        semantics.append({"ID": int(room), "type": "bedroom" if room == ROOM else "undefined", "planeID": own})
    opening = [(4.0, 1.05, 0.0), (4.0, 1.95, 0.0), (4.0, 1.95, 2.05), (4.0, 1.05, 2.05)]
    hole = plane("wall", *opening)
    semantics += [{"ID": 99, "type": "door", "planeID": [hole]}, {"ID": 100, "type": "outwall", "planeID": []}]
    if door == "beside":
        kind, own = planes[1]
        planes[1] = kind, [*own, line(opening[0], opening[1])]
    return {
        "junctions": [{"ID": i, "coordinate": [x * 1000 for x in point]} for i, point in enumerate(junctions)],
        "lines": [{"ID": i, "point": [0, 0, 0], "direction": [1, 0, 0]} for i in range(len(lines))],
        "planes": [{"ID": i, "type": kind, "normal": [0, 0, 1], "offset": 0} for i, (kind, _) in enumerate(planes)],
        "planeLineMatrix": [[int(k in own) for k in range(len(lines))] for _, own in planes],
        "lineJunctionMatrix": [[int(k in pair) for k in range(len(junctions))] for pair in lines],
        "semantics": semantics,
        "cuboids": [],
        "manhattan": [],
    }


@dataclass
class House:
    """What the writer puts down; tests change it before they write."""

    boxes: list = field(default_factory=lambda: [*map(box_entry, FURNITURE), hidden_box()])
    annotation: dict = field(default_factory=annotation)
    poses: dict[tuple[str, str], str] = field(
        default_factory=lambda: {view: camera_line(T) for view, T in POSES.items()}
    )
    shown: dict[tuple[str, str], list[np.ndarray]] = field(
        default_factory=lambda: {view: [image.copy() for image in pictures(*view)] for view in POSES}
    )
    color: str = "rgb_rawlight.png"

    def write(self, root: Path, name: str = ID) -> Path:
        folder = root / name
        put(folder / "annotation_3d.json", json.dumps(self.annotation))
        put(folder / "bbox_3d.json", json.dumps(self.boxes))
        for k, (view, (instance, kind, mm)) in enumerate(self.shown.items()):
            here = view_folder(folder, *view)
            put(here / "camera_pose.txt", self.poses[view] + "\n")
            put(here / self.color, rgba(k))
            put(here / "instance.png", png(instance))
            put(here / "semantic.png", palette(kind))
            put(here / "depth.png", png(mm))
            put(here / "layout.json", "{}")
        return folder


def hidden_box() -> dict:
    return {**box_entry(300), "ID": BEHIND, "centroid": [2000, 3600, 500]}


def view_folder(folder: Path, room: str, position: str) -> Path:
    return folder / "2D_rendering" / room / "perspective" / "full" / position


def colours(k: int) -> np.ndarray:
    """An image (H, W, 4) whose alpha is no decoration."""
    found = np.zeros((*SIZE[::-1], 4), dtype=np.uint8)
    found[..., 0], found[..., 1] = 40 * k, np.arange(SIZE[0])[None, :] * 255 // SIZE[0]
    found[..., 2], found[..., 3] = 120, np.arange(SIZE[1])[:, None]
    return found


def rgba(k: int) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(colours(k), "RGBA").save(buffer, "PNG")
    return buffer.getvalue()


def palette(kind: np.ndarray) -> bytes:
    """Classes as an image with a palette, as the release has them."""
    image = Image.fromarray(kind, "P")
    image.putpalette([(7 * i + 90) % 256 for i in range(768)])
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()
