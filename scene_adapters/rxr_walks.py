"""The views of walks through a Matterport3D scan, and which walks can be shown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from scene_adapters.formats.connectivity import Graph
from scene_adapters.formats.guides import Instruction
from scene_adapters.formats.skybox import cut, skybox_files
from spargen.scene.cameras import Cameras
from spargen.scene.names import can_name_a_file
from spargen.scene.types import Blob, FrameStore
from spargen.scene.walks import Walk

Floats = NDArray[np.float64]

SIZE_PX, HEIGHT_DEG = (640, 480), 60.0
"""Size of the views and their vertical field of view."""
TURN_DEG = 60.0
"""For each of these in a turn there is one more view."""
FEWEST, MOST = 4, 32
"""Views that a walk has."""
_STEP_M = 0.05
"""A hop that is shorter than this, seen from above, has no heading of its own."""


def _pinhole() -> Floats:
    f = SIZE_PX[1] / 2 / np.tan(np.radians(HEIGHT_DEG / 2))
    return np.array([[f, 0, SIZE_PX[0] / 2], [0, f, SIZE_PX[1] / 2], [0, 0, 1.0]])


_K = _pinhole()


@dataclass(frozen=True, slots=True)
class CutFrames(FrameStore):
    """V views of walks, cut when they are asked for.

    Parameters
    ----------
    panorama : the viewpoint of each view. skyboxes : the images of each viewpoint's skybox, by its name.
    fronts : (4, 4) pose of side 3 of each, by its name. poses : (V, 4, 4) of the views.
    """

    panorama: tuple[str, ...]
    skyboxes: Mapping[str, tuple[Path, ...]]
    fronts: Mapping[str, Floats]
    poses: Floats

    @property
    def cameras(self) -> Cameras:
        """V pinhole cameras."""
        count = len(self.poses)
        return Cameras(np.tile(_K, (count, 1, 1)), self.poses, np.tile(SIZE_PX, (count, 1)))

    @property
    def files(self) -> tuple[Path, ...]:
        """All images that views are cut from."""
        return tuple(sorted({file for files in self.skyboxes.values() for file in files}))

    def color(self, frame: int) -> Blob:
        """Return the view as JPEG."""
        name = self.panorama[frame]
        data = cut(self.skyboxes[name], self.fronts[name], self.poses[frame], _K, SIZE_PX)
        return Blob(".jpg", data=data)

    def pose_as_released(self, frame: int) -> Floats:
        """Return the (4, 4) pose of the view in the scan's world."""
        return np.asarray(self.poses[frame])

    def intrinsics_as_released(self) -> Mapping[str, Floats]:
        """Return the (4, 4) intrinsics that all views have; pixels are counted from the image's corner."""
        out = np.eye(4)
        out[:3, :3] = _K
        return {"intrinsic_color": out}


class ShownWalks:
    """Gathers the walks that can be shown, their views, and why others cannot."""

    def __init__(self, graph: Graph, folder: Path) -> None:
        self.graph, self.folder = graph, folder
        self.walks: list[Walk] = []
        self.names: list[str] = []
        self.panoramas: list[str] = []
        self.poses: list[Floats] = []
        self.skyboxes: dict[str, tuple[Path, ...]] = {}
        self.left_out: Counter[str] = Counter()
        self._ids: set[str] = set()

    def frames(self) -> CutFrames:
        """Return the views of all walks."""
        used = {name: self.skyboxes[name] for name in self.panoramas}
        fronts = {name: self.graph.T_world_camera[name] for name in used}
        return CutFrames(tuple(self.panoramas), used, fronts, np.stack(self.poses))

    def add(self, told: Instruction) -> None:
        """Take a walk, or note why it cannot be shown."""
        why = self._lacks(told)
        views = [] if why else views_of([self.graph.T_world_camera[name] for name in told.path], told.heading)
        if not why and not FEWEST <= len(views) <= MOST:
            why = f"it has fewer than {FEWEST} or more than {MOST} views"
        if why:
            self.left_out[why] += 1
            return
        first = len(self.poses)
        for k, (at, heading) in enumerate(views):
            self.names.append(f"{told.id}_{k}")
            self.panoramas.append(told.path[at])
            self.poses.append(_level(self.graph.T_world_camera[told.path[at]][:3, 3], heading))
        frames = tuple(range(first, len(self.poses)))
        degrees = [round(float(np.degrees(heading)) % 360, 2) for _, heading in views]
        more = {"viewpoints": [told.path[at] for at, _ in views], "headings_deg": degrees}
        self.walks.append(Walk(told.id, told.text, frames, more))

    def _lacks(self, told: Instruction) -> str:
        if len(told.path) < 2:
            return "its goal is not told"
        if not told.text or not np.isfinite(told.heading) or not can_name_a_file(told.id):
            return "its instruction, heading or id is none"
        if told.id in self._ids:
            return "its id repeats"
        self._ids.add(told.id)
        if why := self.graph.lacks(told.path):
            return why
        for name in told.path:
            if name not in self.skyboxes:
                self.skyboxes[name] = skybox_files(self.folder, name)
        return "" if all(self.skyboxes[name] for name in told.path) else "a viewpoint has no skybox"


def views_of(poses: Sequence[Floats], start: float) -> list[tuple[int, float]]:
    """Return the views of a walk: the position of each one's viewpoint in it, and its heading.

    Parameters
    ----------
    poses : (4, 4) of at least two viewpoints. start : the heading that the walk begins with.

    Headings are in radians, clockwise from +y, as the simulator has them.
    """
    heading, views = start, []
    for k, (here, there) in enumerate(pairwise(poses)):
        x, y, _ = there[:3, 3] - here[:3, 3]
        onward = float(np.arctan2(x, y)) if np.hypot(x, y) >= _STEP_M else heading
        turn = (onward - heading + np.pi) % (2 * np.pi) - np.pi
        steps = int(abs(np.degrees(turn)) // TURN_DEG)
        views += [(k, heading + turn * step / steps) for step in range(steps)]
        views.append((k, onward))
        heading = onward
    return [*views, (len(poses) - 1, heading)]


def _level(center: Floats, heading: float) -> Floats:
    """Return the (4, 4) pose of a level camera."""
    s, c = np.sin(heading), np.cos(heading)
    T = np.eye(4)
    T[:3, :3] = np.array([[c, 0, s], [-s, 0, c], [0, -1, 0]])
    T[:3, 3] = center
    return T
