"""A scan of three million faces with images of 1920 x 1440 pixels: what a view of it costs, and what a worker needs."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
from measure import best_of, line, title
from numpy.typing import NDArray
from PIL import Image
from scenes import askable, with_frames

import spargen
from spargen.geometry.visibility import see
from spargen.scene.cameras import Cameras
from spargen.scene.types import Mesh, Scene
from spargen.settings import Settings

FACES, TIMES = 3_000_000, 3
"""Faces at least, and how many times as large each side of the images is."""
FEW, MANY = 40, 140
"""What the views between these cost is what views cost, set-up apart."""
ID = "large"


def measure_large(scene: Scene, root: Path, runs: int) -> None:
    """Print what a view costs of a scene whose images are large, and of the same one with many more faces."""
    large = spargen.load("posed", root, written(scene, root))
    few, many = (len(s.surface.faces) for s in (scene, large))
    title(f"LARGE  {many:,} faces beside {few:,}, images of {' x '.join(map(str, large.cameras.size_px[0]))}")
    costs = []
    for name, found in ((f"{few:,}", _enlarged(scene)), (f"{many:,}", large)):
        first, second = (_seconds(found, count, runs) for count in (FEW, MANY))
        costs.append((second - first) / (MANY - FEW))
        line(f"milliseconds a view, {name} faces", 1000 * costs[-1], "ms")
        line(f"seconds of set-up, {name} faces", first - FEW * costs[-1], "s")
    line("a view of the large one, times one of the other", costs[1] / costs[0], "", most=1.6)


def _enlarged(scene: Scene) -> Scene:
    """Return the scene with cameras whose images are `TIMES` as large, those that `written` writes."""
    cameras = scene.cameras
    K = cameras.K * [[TIMES], [TIMES], [1]]
    return replace(scene, cameras=Cameras(K, cameras.T_world_camera, cameras.size_px * TIMES))


def _seconds(scene: Scene, count: int, runs: int) -> float:
    few = with_frames(scene, count)
    return best_of(runs, lambda: see(few.surface, few.objects, few.cameras, askable(few), Settings(), threads=1))[1].cpu


def written(scene: Scene, root: Path) -> str:
    """Write a scene as posed data with each face cut into four, and again, and its images enlarged; return its id."""
    folder = root / ID
    if (folder / "transforms.json").exists():
        return ID
    (folder / "images").mkdir(parents=True, exist_ok=True)
    (folder / "scene.yaml").write_text("up: z\nunit_m: 1\n")
    objects = scene.objects
    labels = {int(i): label for i, label in zip(objects.id, objects.label, strict=True)}
    (folder / "labels.json").write_text(json.dumps(labels))
    _write_mesh(_finer(scene.surface), objects.id, folder / "mesh.ply")
    width, height = (int(n) for n in scene.cameras.size_px[0] * TIMES)
    (fx, _, cx), (_, fy, cy) = (scene.cameras.K[0, :2] * TIMES).tolist()
    frames = []
    for view, name in enumerate(scene.frames):
        image = Image.open(io.BytesIO(scene.store.color(view).read()))
        image.resize((width, height)).save(folder / f"images/{name}.jpg", quality=90)
        gl = scene.cameras.T_world_camera[view] @ np.diag([1.0, -1, -1, 1])
        frames.append({"file_path": f"images/{name}.jpg", "transform_matrix": gl.tolist()})
    camera = {"camera_model": "OPENCV", "w": width, "h": height, "fl_x": fx, "fl_y": fy, "cx": cx, "cy": cy}
    (folder / "transforms.json").write_text(json.dumps(camera | {"frames": frames}))
    return ID


def _finer(mesh: Mesh) -> Mesh:
    """Cut each face into four at the middles of its edges until there are enough."""
    vertices, faces, owner = mesh.vertices_m, mesh.faces, mesh.face_object
    while len(faces) < FACES:
        edges = np.sort(np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]), axis=1).astype(np.int64)
        code, at = np.unique(edges[:, 0] * len(vertices) + edges[:, 1], return_inverse=True)
        ab, bc, ca = at.reshape(3, -1) + len(vertices)
        middle = (vertices[code // len(vertices)] + vertices[code % len(vertices)]) / 2
        a, b, c = faces.T
        quarters = ((a, ab, ca), (ab, b, bc), (ca, bc, c), (ab, bc, ca))
        vertices = np.concatenate([vertices, middle])
        faces, owner = np.concatenate([np.stack(q, axis=1) for q in quarters]), np.tile(owner, 4)
    return Mesh(vertices, faces, owner)


def _write_mesh(mesh: Mesh, ids: NDArray[np.int64], path: Path) -> None:
    face = np.zeros(len(mesh.faces), dtype=[("n", "u1"), ("corners", "<i4", 3), ("object_id", "<i4")])
    face["n"], face["corners"], face["object_id"] = 3, mesh.faces, np.append(ids, -1)[mesh.face_object]
    head = ["ply", "format binary_little_endian 1.0", f"element vertex {len(mesh.vertices_m)}"]
    head += [f"property float {axis}" for axis in "xyz"] + [f"element face {len(face)}"]
    head += ["property list uchar int vertex_indices", "property int object_id", "end_header", ""]
    path.write_bytes("\n".join(head).encode() + mesh.vertices_m.astype("<f4").tobytes() + face.tobytes())
