"""A tiny house of two regions, and writers that put it down byte for byte as Matterport3D's release does.

Region 0: a floor 4 x 3 m at z = 0 (object 0), a table 1.2 x 0.6 x 0.7 m at (1, 1) of two segments (object 1), a chair
0.4 x 0.4 x 0.9 m at (3, 2) (object 2), and a wall that is in no segment. Region 1, beyond the wall: a floor (object 3)
and a bed 2 x 1.5 x 0.5 m at (2, 4.5) (object 4). In each region stands one panorama.
"""

from __future__ import annotations

import io
import json
import struct
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image

from tests.adapters.scannet_files import LEVEL, box, rigid

SCAN = "17DRP5sb8fy"
SIZE = (1280, 1024)
PANORAMAS = ("0b02e18654324edd8d74c078b66bfb20", "0d8c5fbfd73f44e28d6da370520611e4")
AT = ((2.0, 1.5, 1.4), (2.0, 4.5, 1.5))
YAWS = (0, 1)
CONF_K = {0: (1076.45, 1077.19, 631.116, 509.202), 1: (1075.25, 1076.5, 624.5, 515.4)}
"""fx fy cx cy of each panorama, rows counted from the bottom."""
GL = np.diag([1.0, -1, -1, 1])
MILLION = 1_000_000


def pose(panorama: int, yaw: int) -> np.ndarray:
    """Camera to world, OpenCV axes: each yaw turns right by 60 degrees."""
    return rigid(30.0 - 60.0 * yaw, AT[panorama]) @ LEVEL


@dataclass
class Thing:
    """An object: its region, the row of its category (-1 = none), its box, and its segments, local to the region."""

    region: int
    category: int
    center: tuple[float, float, float]
    size: tuple[float, float, float]
    segments: tuple[int, ...]


@dataclass
class House:
    """What the writers put down; tests change it before they write."""

    vertices: list[np.ndarray] = field(init=False)  # of each region
    faces: list[np.ndarray] = field(init=False)
    segments: list[list[int]] = field(init=False)  # of each face, local, -1 = none
    things: list[Thing] = field(init=False)
    categories: list[tuple[int, str, int, str]] = field(init=False)
    poses: dict[tuple[int, int], np.ndarray] = field(init=False)
    regions_of_panoramas: list[int] = field(default_factory=lambda: [0, 1])
    version: str = "1.1"
    portal_letter: str = "P"

    def __post_init__(self) -> None:
        table, box_faces = box((1, 1), (1.2, 0.6, 0.7))
        chair, _ = box((3, 2), (0.4, 0.4, 0.9))
        bed, _ = box((2, 4.5), (2.0, 1.5, 0.5))
        floor = np.array([[0, 0, 0], [4, 0, 0], [4, 3, 0], [0, 3, 0.0]])
        wall = np.array([[0, 3, 0], [4, 3, 0], [4, 3, 2.5], [0, 3, 2.5]])
        quad = np.array([[0, 1, 2], [0, 2, 3]])
        self.vertices = [
            np.concatenate([floor, table, chair, wall]),
            np.concatenate([floor + np.array([0, 3, 0]), bed]),
        ]
        self.faces = [
            np.concatenate([quad, box_faces + 4, box_faces + 12, quad + 20]),
            np.concatenate([quad, box_faces + 4]),
        ]
        self.segments = [[7] * 2 + [3] * 6 + [4] * 6 + [9] * 12 + [-1] * 2, [7] * 2 + [3] * 12]
        self.things = [
            Thing(0, 0, (2, 1.5, 0), (4, 3, 0), (7,)),
            Thing(0, 1, (1, 1, 0.35), (1.2, 0.6, 0.7), (3, 4)),
            Thing(0, 2, (3, 2, 0.45), (0.4, 0.4, 0.9), (9,)),
            Thing(1, 0, (2, 4.5, 0), (4, 3, 0), (7,)),
            Thing(1, 3, (2, 4.5, 0.25), (2.0, 1.5, 0.5), (3,)),
        ]
        self.categories = [
            (4, "floor", 2, "floor"),
            (20, "coffee#table", 5, "table"),
            (25, "dining#chair", 3, "chair"),
            (11, "bed", 11, "bed"),
        ]
        self.poses = {(p, yaw): pose(p, yaw) for p in range(2) for yaw in YAWS}


@cache
def jpeg(number: int, size: tuple[int, int] = SIZE) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, (50 * number % 256, 90, 120)).save(buffer, "JPEG")
    return buffer.getvalue()


@cache
def depth_png(quarters_mm: int, size: tuple[int, int] = SIZE) -> bytes:
    """Depth in quarters of a millimetre; the first pixel was not measured."""
    values = np.full(size[::-1], quarters_mm, dtype=np.uint16)
    values[0, 0] = 0
    buffer = io.BytesIO()
    Image.fromarray(values).save(buffer, "PNG")
    return buffer.getvalue()


def numbers(values: object) -> str:
    return " ".join(f"{x:.9g}" for x in np.ravel(values))


def house_text(house: House) -> str:
    """The `.house` file, with the double spaces that the release has."""
    n = {"I": len(house.poses), "P": 2, "V": 4, "S": 1, "E": sum(len(t.segments) for t in house.things)}
    if house.version == "1.0":
        counted, things = [n["I"], n["P"], n["V"], n["S"], 2, 1], []
        head = f"H  -  -  {numbers(counted)}  0 0 0 4 6 2.5  0 0 0 0 0 0 0 0"
    else:
        things = house.things
        counted = [n["I"], n["P"], n["V"], n["S"], n["E"], len(things), len(house.categories), 2, 1, 1]
        head = f"H  -  -  {numbers(counted)}  0 0 0 0 0  0 0 0 4 6 2.5  0 0 0 0 0"
    lines = [f"ASCII {house.version}", head, "L  0  0  -  2 3 0  0 0 0 4 6 2.5  0 0 0 0 0"]
    lines += [f"R  {r} 0  0 0  {'bk'[r]}  2 2 0  0 0 0 4 3 2.5  2.5  0 0 0 0" for r in range(2)]
    if house.version != "1.0":
        lines += [f"{house.portal_letter}  0 0 1  -  1 3 0  2 3 2  0 0 0 0"]
    lines += ["S  0 0  0  F  2 2 0  0 0 1  0 0 0 4 3 0  0 0 0 0 0"]
    lines += [f"V  {v} 0  F  {x} {y} 0  0 0 1  0 0 0" for v, (x, y) in enumerate(((0, 0), (4, 0), (4, 3), (0, 3)))]
    for p, region in enumerate(house.regions_of_panoramas):
        lines += [f"P  {PANORAMAS[p]}  {p} {region}  0  {numbers(AT[p])}  0 0 0 0 0"]
    for k, ((p, yaw), T) in enumerate(house.poses.items()):
        fx, fy, cx, cy = CONF_K[p]
        E, K = numbers(np.linalg.inv(T @ GL)), f"{fx} 0 {cx} 0 {fy} {cy} 0 0 1"
        lines += [f"I  {k} {p}   {PANORAMAS[p]}  1 {yaw}  {E}  {K}  1280 1024  {numbers(T[:3, 3])}  0 0 0 0 0"]
    if house.version != "1.0":
        lines += [
            f"C  {k}  {i} {name}  {m} {coarse}  0 0 0 0 0" for k, (i, name, m, coarse) in enumerate(house.categories)
        ]
        lines += object_lines(house.things)
    return "\n".join(lines) + "\n"


def object_lines(things: list[Thing]) -> list[str]:
    """Half lengths; the vertical axis is the first one."""
    objects, segments = [], []
    for o, t in enumerate(things):
        axes, half = "0 0 1  1 -0 0", numbers(np.array([t.size[2], t.size[0], t.size[1]]) / 2)
        objects += [f"O  {o} {t.region} {t.category}  {numbers(t.center)}  {axes}  {half}  0 0 0 0 0 0 0 0"]
        box = "0 0 0  0 0 0 1 1 1  0 0 0 0 0"
        segments += [
            f"E  {len(segments) + k} {o} {t.region * MILLION + s}  0.5  {box}" for k, s in enumerate(t.segments)
        ]
    return objects + segments


def ply_bytes(vertices: np.ndarray, faces: np.ndarray, segments: list[int], named: str = "material_id") -> bytes:
    """A mesh as the release has it; of segment_id and category_id nothing is read."""
    floats = "".join(f"property float {name}\n" for name in ("x", "y", "z", "nx", "ny", "nz", "tx", "ty"))
    bytes_ = "".join(f"property uchar {name}\n" for name in ("red", "green", "blue"))
    ids = "".join(f"property int {name}\n" for name in (named, "segment_id", "category_id") if name)
    head = (
        f"ply\nformat binary_little_endian 1.0\nelement vertex {len(vertices)}\n{floats}{bytes_}"
        f"element face {len(faces)}\nproperty list uchar int vertex_indices\n{ids}end_header\n"
    )
    body = [struct.pack("<8f3B", *v, 0, 0, 1, 0, 0, 9, 9, 9) for v in vertices]
    own = [(s, 77, 88) if named else (77, 88) for s in segments]
    body += [struct.pack(f"<B3i{len(i)}i", 3, *f, *i) for f, i in zip(faces, own, strict=True)]
    return head.encode() + b"".join(body)


def write_house(folder: Path, house: House) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{SCAN}.house").write_text(house_text(house))
    told = [f"{p} {PANORAMAS[p]} {r} {'bk'[r]}" for p, r in enumerate(house.regions_of_panoramas)]
    (folder / "panorama_to_region.txt").write_text("\n".join(told) + "\n")


def write_regions(folder: Path, house: House, named: str = "material_id") -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for r in range(2):
        (folder / f"region{r}.ply").write_bytes(ply_bytes(house.vertices[r], house.faces[r], house.segments[r], named))


def write_whole(folder: Path, house: House) -> None:
    """The mesh of the house: segments have a million for each region added."""
    first = len(house.vertices[0])
    segments = [s + r * MILLION if s >= 0 else -1 for r in range(2) for s in house.segments[r]]
    faces = np.concatenate([house.faces[0], house.faces[1] + first])
    (folder / f"{SCAN}.ply").write_bytes(ply_bytes(np.concatenate(house.vertices), faces, segments))


def write_json(folder: Path, house: House, *, texts: bool = False) -> None:
    """Segments of faces and of objects of each region; the release has numbers as texts in places."""
    cast = str if texts else int
    for r in range(2):
        of_faces = {"segIndices": [cast(s) for s in house.segments[r]]}
        groups = [
            {
                "id": cast(o),
                "objectId": cast(o),
                "label": house.categories[t.category][1].replace("#", " "),
                "segments": [cast(s) for s in t.segments],
            }
            for o, t in enumerate(t for t in house.things if t.region == r)
        ]
        (folder / f"region{r}.fsegs.json").write_text(json.dumps(of_faces))
        (folder / f"region{r}.semseg.json").write_text(json.dumps({"segGroups": groups}))


def conf_text(house: House) -> str:
    """The `.conf` file: intrinsics hold until others come; a blank line and double spaces as in the release."""
    lines = ["dataset matterport", f"n_images {len(house.poses)}"]
    lines += ["depth_directory undistorted_depth_images", "color_directory undistorted_color_images", ""]
    before = None
    for (p, yaw), T in house.poses.items():
        fx, fy, cx, cy = CONF_K[p]
        if p != before:
            lines += [f"intrinsics_matrix {fx} 0 {cx}  0 {fy} {cy}  0 0 1"]
        before = p
        files = f"{PANORAMAS[p]}_d1_{yaw}.png {PANORAMAS[p]}_i1_{yaw}.jpg"
        lines += [f"scan {files} {numbers(T @ GL)} "]
    return "\n".join(lines) + "\n"


def write_images(folder: Path, house: House, size: tuple[int, int] = SIZE) -> None:
    for part in ("undistorted_camera_parameters", "undistorted_color_images", "undistorted_depth_images"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    (folder / f"undistorted_camera_parameters/{SCAN}.conf").write_text(conf_text(house))
    for k, (p, yaw) in enumerate(house.poses):
        (folder / f"undistorted_color_images/{PANORAMAS[p]}_i1_{yaw}.jpg").write_bytes(jpeg(k, size))
        (folder / f"undistorted_depth_images/{PANORAMAS[p]}_d1_{yaw}.png").write_bytes(depth_png(4000 + 4 * k, size))


def write_scan(root: Path, house: House | None = None, *, part: str = "v1/scans") -> Path:
    """A whole scan, its mesh in regions; returns its folder."""
    house, folder = house or House(), root / part / SCAN
    write_house(folder / "house_segmentations", house)
    write_regions(folder / "region_segmentations", house)
    write_images(folder, house)
    return folder
