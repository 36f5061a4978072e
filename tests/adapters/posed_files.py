"""Writes posed scenes as people have them: meshes, labels and every form of cameras, number by number."""

from __future__ import annotations

import io
import json
import struct
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image

from tests.adapters.colmap_files import Model, quaternion

GL = np.diag([1.0, -1.0, -1.0, 1.0])
LABELS = {3: "floor", 5: "table", 70000: "office chair"}


def turned(yaw_deg: float, pitch_deg: float, at: tuple[float, float, float]) -> np.ndarray:
    """A camera at a place: +Z forward at a heading, looking down by the pitch; +Y down."""
    h, e = np.radians([yaw_deg, -pitch_deg])
    forward = np.array([np.cos(h) * np.cos(e), np.sin(h) * np.cos(e), np.sin(e)])
    right = np.array([np.sin(h), -np.cos(h), 0])
    T = np.eye(4)
    T[:3] = np.stack([right, np.cross(forward, right), forward, at], axis=1)
    return T


def box(center: tuple[float, float], size: tuple[float, float, float]) -> tuple[np.ndarray, list[tuple[int, ...]]]:
    """Eight corners of a box on the floor, and its six sides as quads that look outward."""
    signs = np.array([[x, y, z] for z in (0, 1) for y in (-1, 1) for x in (-1, 1)])
    corners = np.array([*center, 0]) + signs * np.array(size) * [0.5, 0.5, 1]
    return corners, [(0, 2, 3, 1), (4, 5, 7, 6), (0, 1, 5, 4), (3, 2, 6, 7), (2, 0, 4, 6), (1, 3, 7, 5)]


@dataclass
class Place:
    """A room and a walk through it, in metres, +Z up; tests change it before they write.

    A floor of 4 x 3 m (id 3), a table 1.2 x 0.6 x 0.7 m at (1, 1) (id 5), a chair 0.4 x 0.4 x 0.9 m at (3, 2) (id
    70000), and a wall that nobody annotated (id -1).
    """

    vertices: np.ndarray = field(init=False)
    faces: list[tuple[int, ...]] = field(init=False)
    ids: list[int] = field(init=False)
    poses: list[np.ndarray] = field(init=False)
    K: np.ndarray = field(default_factory=lambda: np.array([[36.0, 0, 19.25], [0, 35.0, 15.5], [0, 0, 1]]))
    size: tuple[int, int] = (40, 30)
    depth_mm: list[np.ndarray] | None = None

    def __post_init__(self) -> None:
        floor = np.array([[0, 0, 0], [4, 0, 0], [4, 3, 0], [0, 3, 0.0]])
        wall = np.array([[0, 3, 0], [4, 3, 0], [4, 3, 2.5], [0, 3, 2.5]])
        (table, sides), (chair, _) = box((1, 1), (1.2, 0.6, 0.7)), box((3, 2), (0.4, 0.4, 0.9))
        self.vertices = np.concatenate([floor, table, chair, wall])
        shifted = [[tuple(i + k for i in side) for side in sides] for k in (4, 12)]
        self.faces = [(0, 1, 2, 3), *shifted[0], *shifted[1], (20, 21, 22, 23)]
        self.ids = [3, *[5] * 6, *[70000] * 6, -1]
        self.poses = [turned(30 + 4.0 * i, 20, (0.3 + i / 5, 0.4, 1.4)) for i in range(5)]

    def depth(self, frame: int) -> np.ndarray:
        """(H, W) uint16 millimetres."""
        if self.depth_mm is not None:
            return self.depth_mm[frame]
        width, height = self.size
        return (1000 + 10 * frame + np.arange(width * height).reshape(height, width)).astype(np.uint16)


def png(pixels: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def jpeg(size: tuple[int, int], shade: int) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, (shade % 256, 90, 120)).save(buffer, "JPEG")
    return buffer.getvalue()


def put(path: Path, data: bytes | str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


# --- meshes -----------------------------------------------------------------------------------------------------------


def write_ply(path: Path, place: Place, *, ids: str = "face") -> None:
    """A PLY of doubles with ids of faces, of vertices, or none."""
    of_vertex = np.full(len(place.vertices), -1)
    for face, i in zip(place.faces, place.ids, strict=True):
        of_vertex[list(face)] = i
    head = [
        "ply",
        "format binary_little_endian 1.0",
        f"element vertex {len(place.vertices)}",
        *(f"property double {axis}" for axis in "xyz"),
        *(["property int objectId"] if ids == "vertex" else []),
        f"element face {len(place.faces)}",
        "property list uchar int vertex_indices",
        *(["property int object_id"] if ids == "face" else []),
        "end_header\n",
    ]
    data = [
        struct.pack("<3d", *v) + (struct.pack("<i", i) if ids == "vertex" else b"")
        for v, i in zip(place.vertices, of_vertex, strict=True)
    ]
    data += [
        struct.pack(f"<B{len(f)}i", len(f), *f) + (struct.pack("<i", i) if ids == "face" else b"")
        for f, i in zip(place.faces, place.ids, strict=True)
    ]
    put(path, "\n".join(head).encode() + b"".join(data))


def write_labels(path: Path, labels: dict[int, str] | None = None) -> None:
    put(path, json.dumps({str(i): label for i, label in (LABELS if labels is None else labels).items()}))


def obj_text(place: Place, names: dict[int, str]) -> str:
    """An OBJ with one `o` an id."""
    lines = ["# a test", *(f"v {x!r} {y!r} {z!r}" for x, y, z in place.vertices.tolist()), "vt 0 0"]
    before = None
    for face, i in zip(place.faces, place.ids, strict=True):
        if i != before:
            lines.append(f"o {names.get(i, 'rest')}")
        before = i
        lines.append("f " + " ".join(f"{k + 1}/1" for k in face))
    return "\n".join(lines) + "\n"


def glb_bytes(nodes: list[dict], meshes: list[list[np.ndarray]], **document: object) -> bytes:
    """A binary glTF; a mesh is a list of primitives, each triangles as (F, 3, 3) positions without indices."""
    binary, accessors, views, listed = b"", [], [], []
    for primitives in meshes:
        made = []
        for triangles in primitives:
            data = np.asarray(triangles, "<f4").reshape(-1, 3)
            views.append({"buffer": 0, "byteOffset": len(binary), "byteLength": data.nbytes})
            low_high = {"min": np.nan_to_num(data).min(0).tolist(), "max": np.nan_to_num(data).max(0).tolist()}
            accessors.append(
                {"bufferView": len(views) - 1, "componentType": 5126, "count": len(data), "type": "VEC3"} | low_high
            )
            made.append({"attributes": {"POSITION": len(accessors) - 1}})
            binary += data.tobytes()
        listed.append({"primitives": made})
    body = {"asset": {"version": "2.0"}, "nodes": nodes, "meshes": listed, "accessors": accessors}
    body |= {"bufferViews": views, "buffers": [{"byteLength": len(binary)}]} | document
    text = json.dumps(body).encode()
    text += b" " * (-len(text) % 4)
    chunks = struct.pack("<I4s", len(text), b"JSON") + text + struct.pack("<I4s", len(binary), b"BIN\0") + binary
    return struct.pack("<4sII", b"glTF", 2, 12 + len(chunks)) + chunks


# --- cameras: each writes the walk with its images and depth images ---------------------------------------------------


def frames(folder: Path, place: Place, image: str, depth: str, *, depth_scale: int = 1) -> None:
    for i in range(len(place.poses)):
        name = image.format(i)
        put(
            folder / name,
            jpeg(place.size, 40 * i)
            if name.endswith("jpg")
            else png(np.full((*place.size[::-1], 3), 40 * i % 256, np.uint8)),
        )
        put(folder / depth.format(i), png((place.depth(i) * depth_scale).astype(np.uint16)))


def intrinsics(place: Place) -> dict:
    K, (width, height) = place.K, place.size
    return {"fl_x": K[0, 0], "fl_y": K[1, 1], "cx": K[0, 2], "cy": K[1, 2], "w": width, "h": height}


def nerfstudio(place: Place, **changes: object) -> dict:
    """transforms.json in the world of the mesh."""
    listed = [
        {
            "file_path": f"images/{i}.jpg",
            "depth_file_path": f"depth_images/{i}.png",
            "transform_matrix": (T @ GL).tolist(),
        }
        for i, T in enumerate(place.poses)
    ]
    return {"camera_model": "PINHOLE", **intrinsics(place), "frames": listed, **changes}


def write_nerfstudio(folder: Path, place: Place, **changes: object) -> dict:
    frames(folder, place, "images/{}.jpg", "depth_images/{}.png")
    document = nerfstudio(place, **changes)
    put(folder / "transforms.json", json.dumps(document))
    return document


def write_wai(folder: Path, place: Place, **changes: object) -> None:
    frames(folder, place, "images/{}.jpg", "depth_images/{}.png")
    listed = [
        {
            "frame_name": str(i),
            "file_path": f"images/{i}.jpg",
            "image": f"images/{i}.jpg",
            "depth": f"depth_images/{i}.png",
            "transform_matrix": T.tolist(),
        }
        for i, T in enumerate(place.poses)
    ]
    document = {"camera_model": "PINHOLE", "camera_convention": "opencv", "scale_type": "metric"}
    put(folder / "scene_meta.json", json.dumps(document | {**intrinsics(place), "frames": listed} | changes))


def colmap_model(place: Place) -> Model:
    K, (width, height) = place.K, place.size
    images = [(i + 1, np.linalg.inv(T), 1, f"{i}.jpg", [(1.0, 2.0, -1)] * (i % 2)) for i, T in enumerate(place.poses)]
    return Model([(1, "PINHOLE", width, height, [K[0, 0], K[1, 1], K[0, 2], K[1, 2]])], images[::-1])


def write_colmap(folder: Path, place: Place, *, binary: bool) -> None:
    frames(folder, place, "images/{}.jpg", "depth/{}.png")
    model = colmap_model(place)
    (model.write_binary if binary else model.write_text)(folder / "sparse" / "0")


def write_tum(folder: Path, place: Place) -> None:
    """Poses come at times a little beside those of the images, and in between."""
    frames(folder, place, "rgb/{}.png", "depth/{}.png", depth_scale=5)
    lists = {"rgb": ["# color images"], "depth": ["# depth maps"], "truth": ["# timestamp tx ty tz qx qy qz qw"]}
    for i, T in enumerate(place.poses):
        lists["rgb"].append(f"{100 + i / 10:.6f} rgb/{i}.png")
        lists["depth"].append(f"{100 + i / 10 + 0.015:.6f} depth/{i}.png")
        w, x, y, z = quaternion(T[:3, :3])
        for late, by in ((0.004, 0.0), (0.05, 0.5)):
            lists["truth"].append(" ".join(repr(float(n)) for n in (100 + i / 10 + late, *(T[:3, 3] + by), x, y, z, w)))
    for name, file in (("rgb", "rgb.txt"), ("depth", "depth.txt"), ("truth", "groundtruth.txt")):
        put(folder / file, "\n".join(lists[name]) + "\n")


def write_seven_scenes(folder: Path, place: Place) -> None:
    frames(folder, place, "frame-{:06d}.color.png", "frame-{:06d}.depth.png")
    for i, T in enumerate(place.poses):
        put(folder / f"frame-{i:06d}.pose.txt", "\n".join("\t ".join(f"{n:.17e}" for n in row) for row in T) + "\n")


CAMERAS = {
    "nerfstudio": write_nerfstudio,
    "WAI": write_wai,
    "COLMAP text": lambda folder, place: write_colmap(folder, place, binary=False),
    "COLMAP binary": lambda folder, place: write_colmap(folder, place, binary=True),
    "TUM": write_tum,
    "7-Scenes": write_seven_scenes,
}


def write_scene(
    root: Path, place: Place | None = None, *, cameras: str = "nerfstudio", told: str | None = None, scene: str = "room"
) -> Path:
    """A whole scene; returns its folder."""
    place, folder = place or Place(), root / scene
    write_ply(folder / "mesh.ply", place)
    write_labels(folder / "labels.json")
    CAMERAS[cameras](folder, place)
    text = "up: z\nunit_m: 1\n" if told is None else told
    if cameras in ("TUM", "7-Scenes"):
        text += f"intrinsics: {json.dumps(intrinsics(place))}\n"
    put(folder / "scene.yaml", text)
    return folder
