"""ScanNet's files read with struct and numpy alone: a scan's frames, mesh and annotation, as they were released."""

from __future__ import annotations

import json
import re
import struct
import unicodedata

import numpy as np

PLY_TYPES = {"char": "i1", "uchar": "u1", "short": "<i2", "ushort": "<u2", "int": "<i4", "uint": "<u4"}
PLY_TYPES |= {"float": "<f4", "double": "<f8", "uint8": "u1", "int32": "<i4", "float32": "<f4"}


def scan_folder(root, scene):
    return next(p for p in (root / "scans" / scene, root / "scans_test" / scene, root / scene) if p.is_dir())


def read_alignment(path):
    found = re.search(r"^\s*axisAlignment\s*=(.*)$", path.read_text(), re.M) if path.is_file() else None
    return np.array([float(n) for n in found.group(1).split()]).reshape(4, 4) if found else np.eye(4)


# ------------------------------------------------------------------------------------------------------------- frames
def read_frames(folder, scene):
    """Colour intrinsics, colour size, and poses by frame number; of the .sens file, else of an export beside it."""
    if (folder / f"{scene}.sens").is_file():
        return read_sens(folder / f"{scene}.sens")
    places = (folder, *(base / "scannet_frames_25k" / scene for base in (folder.parent, folder.parent.parent)))
    return read_export(next(p for p in places if (p / "color").is_dir()))


def read_sens(path):
    with path.open("rb") as file:

        def take(layout):
            layout = "<" + layout
            return struct.unpack(layout, file.read(struct.calcsize(layout)))

        (version, name_length) = take("IQ")
        if version not in (3, 4):
            raise SystemExit(f"{path}: .sens version {version}")
        file.seek(name_length, 1)
        color, _, depth, _ = (np.array(take("16f")).reshape(4, 4) for _ in range(4))
        _, _, width, height, _, _, _, frames = take("iiIIIIfQ")
        poses = {}
        for n in range(frames):
            pose, (_, _, color_bytes, depth_bytes) = take("16f"), take("4Q")
            poses[n] = np.array(pose).reshape(4, 4)
            file.seek(color_bytes + depth_bytes, 1)
    return fitting((color, depth), (width, height)), (width, height), poses


def read_export(folder):
    color = {int(p.stem): p for p in (folder / "color").iterdir() if p.stem.isdecimal()}
    poses = {int(p.stem): np.loadtxt(p) for p in (folder / "pose").glob("*.txt") if p.stem.isdecimal()}
    numbers = sorted(color.keys() & poses.keys())
    size = image_size(color[numbers[0]])
    files = [
        folder / f"{base}_{which}.txt" for which in ("color", "depth") for base in ("intrinsic/intrinsic", "intrinsics")
    ]
    return fitting([np.loadtxt(p) for p in files if p.is_file()], size), size, {n: poses[n] for n in numbers}


def fitting(matrices, size):
    """The first intrinsics whose principal point lies in the middle of such an image."""
    middle = np.array(size) / 2
    return next(K for K in matrices if (abs(K[[0, 1], 2] + 0.5 - middle) < 0.1 * np.array(size)).all() and K[0, 0] > 0)


def image_size(path):
    """Width and height of a PNG or JPEG, from its header."""
    data = path.read_bytes()
    if data[:4] == b"\x89PNG":
        return struct.unpack(">II", data[16:24])
    at = 2
    while True:
        marker, length = struct.unpack(">HH", data[at : at + 4])
        if 0xFFC0 <= marker <= 0xFFCF and marker not in (0xFFC4, 0xFFC8, 0xFFCC):
            height, width = struct.unpack(">HH", data[at + 5 : at + 9])
            return width, height
        at += 2 + length


# ------------------------------------------------------------------------------------------------- mesh and annotation
def read_ply(path):
    data = path.read_bytes()
    head, _, body = data.partition(b"end_header\n")
    n_vertices = int(re.search(rb"element vertex (\d+)", head).group(1))
    n_faces = int(re.search(rb"element face (\d+)", head).group(1))
    vertex_part, face_part = head.split(b"element face")
    layout = np.dtype(
        [(n.decode(), PLY_TYPES[t.decode()]) for t, n in re.findall(rb"property (\w+) (\w+)", vertex_part)]
    )
    vertices = np.frombuffer(body, layout, n_vertices)
    if re.findall(rb"property (.*)", face_part) not in (
        [b"list uchar int vertex_indices"],
        [b"list uchar int vertex_index"],
    ):
        raise SystemExit(f"{path}: faces are more than vertex indices")
    faces = np.frombuffer(body, np.dtype([("n", "u1"), ("v", "<i4", 3)]), n_faces, layout.itemsize * n_vertices)
    if not (faces["n"] == 3).all():
        raise SystemExit(f"{path}: a face is no triangle")
    return np.stack([vertices[a].astype(float) for a in "xyz"], axis=1), faces["v"].copy()


def read_annotation(folder, scene):
    """Object id of every vertex (-1 = none), and labels by object id."""
    segments = json.loads((folder / f"{scene}_vh_clean_2.0.010000.segs.json").read_text())["segIndices"]
    groups = json.loads((folder / f"{scene}.aggregation.json").read_text())["segGroups"]
    owner_of_segment = {int(s): int(g["objectId"]) for g in groups for s in g["segments"]}
    owner = np.array([owner_of_segment.get(int(s), -1) for s in segments])
    return owner, {int(g["objectId"]): on_one_line(g["label"]) for g in groups}


def on_one_line(label):
    """A label whose white space and control characters are single spaces."""
    return " ".join("".join(" " if unicodedata.category(c)[0] in "CZ" else c for c in label).split())
