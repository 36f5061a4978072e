"""Writes a house and views from a walk through it in the layout of Structured3D's release.

root/<id>/annotation_3d.json       rooms and doorways as planes, lines and junctions: see `annotation`
          bbox_3d.json             boxes of furniture, millimetres
          2D_rendering/<room>/perspective/full/<step>/
            camera_pose.txt  rgb_rawlight.png  depth.png  instance.png  semantic.png
root/metadata/errata.txt

The positions in a room are called by the step of the walk. A house is built, not scanned: images show it as it is, and
what an annotator overlooked has no box.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spargen.demo.film import film_by
from spargen.demo.house import STRUCTURAL, House
from spargen.demo.layout import Layout
from spargen.demo.outlines import annotation_of, room_id
from spargen.demo.render import Renderer
from spargen.demo.scan import Scan
from spargen.demo.vocabulary import nyu40_name, nyu40_of
from spargen.demo.walk import lost_frames
from spargen.geometry.boxes import gravity_box
from spargen.scene.cameras import Cameras
from spargen.scene.decoding import packed

Ints = NDArray[np.int64]

SIZE_PX = (1280, 720)
HALF_FOV = (0.698132, 0.440615)
"""Half of the horizontal and the vertical field of view, radians; pixels are not quite square."""
VIEWS_IN_ROOM = 16
_NO_BOX = STRUCTURAL | {"window"}
"""Kinds that are no furniture."""
_BACKGROUND, _OTHER_STRUCTURE, _OTHER_PROP = 65535, 38, 40
_FILES = ("camera_pose.txt", "rgb_rawlight.png", "depth.png", "instance.png", "semantic.png")
_ERRATA = "# invalid scenes\n" + "".join(f"scene_{n}\n" for n in ("01155", "01714", "01816", "03398", "01192", "01852"))


def write_structured3d(
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
    """Write one house.

    Of the walk, a few steps in each room become views, with another lens.

    Parameters
    ----------
    house, scan, cameras : what the images show, what was annotated, and the walk.
    root : folder of the data set.
    scene_id : name of the house.
    folder : where the house's files go if not to ``root/<scene_id>``.
    workers : processes that render.
    progress : called with (views written, views in all).

    Returns
    -------
    The house's folder.
    """
    folder = folder or root / scene_id
    folder.mkdir(parents=True, exist_ok=True)
    (root / "metadata").mkdir(parents=True, exist_ok=True)
    (root / "metadata/errata.txt").write_text(_ERRATA)
    (folder / "annotation_3d.json").write_text(json.dumps(annotation_of(house.plan)))
    owner = _instances(house, scan)
    (folder / "bbox_3d.json").write_text(json.dumps(_boxes(house, owner)))
    # One more entry, which -1 looks up: what is no thing, or nothing at all.
    instance = np.append(np.where(owner >= 0, owner, _BACKGROUND), _BACKGROUND)[house.face_object]
    semantic = np.append(_classes(house, scan), _OTHER_STRUCTURE)[house.face_object]
    chosen = _chosen(house, cameras)
    views = _with_lens(cameras.take([step for _, step in chosen]))
    for i, (color, depth, faces) in enumerate(film_by(shoot, house, views, workers)):
        room, step = chosen[i]
        here = folder / f"2D_rendering/{room_id(room)}/perspective/full/{step}"
        here.mkdir(parents=True, exist_ok=True)
        face = np.frombuffer(zlib.decompress(faces), "<i4").reshape(SIZE_PX[::-1])
        images = color, depth, *(packed(found) for found in _shown(face, instance, semantic))
        for name, data in zip(_FILES, (_camera_line(views.T_world_camera[i]), *images), strict=True):
            (here / name).write_bytes(data)
        if progress is not None:
            progress(i + 1, len(chosen))
    return folder


def shoot(renderer: Renderer, cameras: Cameras, view: int) -> tuple[bytes, ...]:
    """Return a view's colours and depths as PNG files, and a zlib stream of the faces that its pixels show."""
    color, depth, face = renderer.render_with_faces(cameras, view)
    return packed(color), packed(depth), zlib.compress(face.astype("<i4").tobytes(), 1)


def _files(root: Path, scene_id: str) -> list[Path]:
    folder = root / scene_id
    views = sorted(folder.glob("2D_rendering/*/perspective/full/*"))
    own = [folder / "annotation_3d.json", folder / "bbox_3d.json", root / "metadata/errata.txt"]
    return [*own, *(view / name for view in views for name in _FILES)]


STRUCTURED3D = Layout(
    adapter="structured3d",
    write=write_structured3d,
    scene_id=lambda i: f"scene_{i:05d}",
    folder=lambda root, scene_id: root / scene_id,
    files=_files,
    word=nyu40_name,
    houses=2,
)


def _instances(house: House, scan: Scan) -> Ints:
    """Return the ID of each thing (N,): the first group that has it; -1 where it is in none, or is no furniture."""
    owner = np.full(len(house.labels), -1, dtype=np.int64)
    for i in reversed(range(len(scan.groups))):
        things = [thing for thing in scan.groups[i].things if house.kinds[thing] not in _NO_BOX]
        owner[things] = i
    return owner


def _classes(house: House, scan: Scan) -> Ints:
    """Return the NYU40 class of each thing (N,), by the label of its group."""
    found = np.array([nyu40_of(label) for label in house.labels], dtype=np.int64)
    for group in reversed(scan.groups):
        found[list(group.things)] = nyu40_of(group.label)
    annotated = {thing for group in scan.groups for thing in group.things}
    found[[thing for thing in range(len(found)) if thing not in annotated]] = _OTHER_PROP
    return found


def _boxes(house: House, owner: Ints) -> list[dict[str, Any]]:
    """Return the boxes around all that has one ID, in no order."""
    entries = []
    for number in np.unique(owner[owner >= 0])[::-1].tolist():
        vertices = np.isin(house.vertex_object, np.flatnonzero(owner == number))
        center, extent, R = gravity_box(house.vertices_m[vertices])
        box = {"basis": R.T.tolist(), "coeffs": (extent * 500).tolist(), "centroid": (center * 1000).tolist()}
        entries.append({"ID": number, **box})
    return entries


def _chosen(house: House, cameras: Cameras) -> list[tuple[int, int]]:
    """Return room and step of each view: at most so many in a room, evenly along the walk, none in a doorway."""
    steps = np.setdiff1d(np.arange(len(cameras)), lost_frames(house, len(cameras)))
    x, y = cameras.T_world_camera[steps, :2, 3].T
    chosen = []
    for room, r in enumerate(house.plan.rooms):
        inside = steps[(x > r.x0) & (x < r.x1) & (y > r.y0) & (y < r.y1)]
        at = np.linspace(0, len(inside) - 1, min(VIEWS_IN_ROOM, len(inside))).astype(int)
        chosen += [(room, int(step)) for step in inside[at]]
    return chosen


def _with_lens(cameras: Cameras) -> Cameras:
    n, size = len(cameras), np.array(SIZE_PX)
    K = np.diag([*(size / 2 / np.tan(HALF_FOV)), 1.0])
    K[:2, 2] = size / 2
    return Cameras(np.tile(K, (n, 1, 1)), cameras.T_world_camera, np.tile(size, (n, 1)))


def _camera_line(T: NDArray[np.float64]) -> bytes:
    """Return eye (mm), direction of view, up and half the fields of view, with six digits after the point."""
    numbers = (*(T[:3, 3] * 1000), *T[:3, 2], *-T[:3, 1], *HALF_FOV)
    return (" ".join(f"{x:.6f}" for x in numbers) + " 1").encode()


def _shown(face: NDArray[np.int32], instance: Ints, semantic: Ints) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the images of instances and of classes that belong to an image of faces."""
    nothing = face < 0
    return (
        np.where(nothing, _BACKGROUND, instance[face]).astype(np.uint16),
        np.where(nothing, 0, semantic[face]).astype(np.uint8),
    )
