"""The scan that everything is measured on: a generated flat, written and read back as a ScanNet release."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

import spargen
from spargen.demo import write_demo
from spargen.geometry.boxes import gravity_box
from spargen.scene.labels import LabelTable, label_rules
from spargen.scene.types import Blob, FrameStore, Mesh, Objects, Scene
from spargen.views.table import evenly_spaced

FACES, FRAMES = 200_000, 320
CELL_M = 0.053
"""With faces of this size, houses have `FACES` of them, some more and some fewer."""


def written_scan(root: Path) -> str:
    """Write the scan below `root`, unless it is there, with a mesh of at least `FACES`; return its id."""
    for there in sorted((root / "scans").glob("*")):
        if _is_large(root, there.name):
            return there.name
    return _written(root)


def written_scans(root: Path, count: int, frames: int) -> float:
    """Write scans of so many houses below `root`, unless they are there; return how many faces each has on average."""
    names = write_demo(root, houses=count, frames=frames, cell_m=CELL_M)
    return sum(len(spargen.load("scannet", root, name).surface.faces) for name in names) / count


def _written(root: Path) -> str:
    for cell_m in (0.06, 0.058, 0.055, 0.05, 0.045):
        (scene_id,) = write_demo(root, frames=FRAMES, cell_m=cell_m)
        if _is_large(root, scene_id):
            return scene_id
    raise SystemExit(f"the demo house has fewer than {FACES:,} faces at any cell size that was tried")


def _is_large(root: Path, scene_id: str) -> bool:
    return len(spargen.load("scannet", root, scene_id).surface.faces) >= FACES


def with_frames(scene: Scene, count: int) -> Scene:
    """Return the scene with fewer frames, evenly spaced."""
    kept = evenly_spaced(len(scene.frames), count)
    return replace(
        scene,
        cameras=scene.cameras.take(kept),
        frames=tuple(scene.frames[i] for i in kept),
        frame_number=tuple(scene.frame_number[i] for i in kept),
        color_suffix=tuple(scene.color_suffix[i] for i in kept),
        store=FewerFrames(scene.store, kept),
    )


def askable(scene: Scene) -> NDArray[np.bool_]:
    """(N,) objects that questions may be about."""
    return LabelTable.of(scene.objects.label, label_rules()).askable


def cut_up(scene: Scene, count: int) -> tuple[Mesh, Objects]:
    """Return the scene's mesh with all that may be asked about cut into so many objects: what is nearest to which face.

    The faces are drawn at random, and each object has a name of its own.
    """
    mesh = scene.surface
    middle_m = mesh.vertices_m[mesh.faces].mean(axis=1)
    things = np.flatnonzero(mesh.belongs_to(askable(scene)))
    seed = np.random.Generator(np.random.PCG64(0)).choice(things, count, replace=False)
    owner = np.full(len(mesh.faces), -1, dtype=np.int32)
    owner[things] = cKDTree(middle_m[seed]).query(middle_m[things])[1]
    boxes = [gravity_box(mesh.vertices_m[mesh.faces[owner == k]].reshape(-1, 3)) for k in range(count)]
    center_m, extent_m, R_world_box = map(np.array, zip(*boxes, strict=True))
    labels = tuple(f"thing {k}" for k in range(count))
    return replace(mesh, face_object=owner), Objects(np.arange(count), labels, center_m, extent_m, R_world_box)


@dataclass
class FewerFrames(FrameStore):
    """Hands out some of the frames of the store behind it."""

    behind: FrameStore
    kept: NDArray[np.int64]

    def color(self, frame: int) -> Blob:
        return self.behind.color(int(self.kept[frame]))

    def depth(self, frame: int) -> Blob | None:
        return self.behind.depth(int(self.kept[frame]))

    def pose_as_released(self, frame: int) -> NDArray[np.float64]:
        return self.behind.pose_as_released(int(self.kept[frame]))

    def intrinsics_as_released(self) -> Mapping[str, NDArray[np.float64]]:
        return self.behind.intrinsics_as_released()


@dataclass
class CountingStore(FrameStore):
    """Hands out frames as the store behind it does, and counts how often it was asked to."""

    behind: FrameStore
    asked: Counter[str] = field(default_factory=Counter)

    def color(self, frame: int) -> Blob:
        self.asked["color"] += 1
        return self.behind.color(frame)

    def depth(self, frame: int) -> Blob | None:
        self.asked["depth"] += 1
        return self.behind.depth(frame)

    def pose_as_released(self, frame: int) -> NDArray[np.float64]:
        return self.behind.pose_as_released(frame)

    def intrinsics_as_released(self) -> Mapping[str, NDArray[np.float64]]:
        return self.behind.intrinsics_as_released()
