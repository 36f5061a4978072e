"""A scene as the second path knows it: cameras, objects, and what each image shows.

From an adapter it takes vertices, faces, ids, labels, poses, lenses, frames and rooms, and nothing that was worked out;
where there is no mesh, instance images, and boxes as the data set has them.
"""

from __future__ import annotations

import math
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spargen.scene.types import Mesh, Scene
from spargen.scene.walks import walks_of
from spargen.verify.body import Thing, sprinkle
from spargen.verify.bounds import Bounds
from spargen.verify.image_sight import ImageSight
from spargen.verify.lexicon import Lexicon
from spargen.verify.look import SURFACE_POINTS, Box, Look, Sight
from spargen.verify.mesh_sight import MeshSight
from spargen.verify.optics import View, rows_of
from spargen.verify.raster import draw, window_around

COLUMNS = 640
"""Width at which things are drawn as if nothing else were there."""
DISC = np.array([(x, y) for x in np.linspace(-1, 1, 61) for y in np.linspace(-1, 1, 61) if x * x + y * y <= 1])
"""Places in a disc of radius 1, several a pixel: fewer beat with bars and slats."""
NEAR = np.array([(x, y) for x in (-1, 0, 1) for y in (-1, 0, 1)])
"""Steps to a pixel and its neighbours."""
MANY, UNSURE = 30_000, 0.06
"""Points of a surface that are looked at where the usual ones leave it as near as this to a limit."""


def _inside(view: View, points_m: NDArray[np.float64]) -> float:
    """Return the share of points (n, 3) that lie in the image; of none, 0."""
    return float(view.inside(view.pixels(points_m)).mean()) if len(points_m) else 0.0


class Site:
    """A scene. `list` are its things, `things` the same by the data set's ids; `sight` is how it is seen."""

    def __init__(self, scene: Scene, lexicon: Lexicon, bounds: Bounds | None = None) -> None:
        self.id, self.lexicon, self._scene, self.bounds = scene.id, lexicon, scene, bounds or Bounds()
        self._views: dict[int, View] = {}
        self._looks: dict[int, Look] = {}
        self._memo: dict[tuple[Any, ...], Any] = {}
        self.sight: Sight = (
            MeshSight(scene, scene.surface, lexicon, self.bounds)
            if isinstance(scene.surface, Mesh)
            else ImageSight(scene, scene.surface, self.view, self.bounds)
        )
        self.list = self.sight.things
        self.things = {thing.id: thing for thing in self.list}
        self.row = {thing.id: row for row, thing in enumerate(self.list)}
        self.labels = {thing.label for thing in self.list}
        self.label_lengths = {len(label) for label in self.labels}

    # ------------------------------------------------------------------------------------------------------- cameras
    @cached_property
    def _frames(self) -> tuple[dict[str, int], dict[str, int]]:
        """Positions of frames by name, and by the number that clips call them by."""
        names, called = self._scene.frames, self._scene.frame_number
        return {name: i for i, name in enumerate(names)}, {number: i for i, number in enumerate(called)}

    @property
    def frame_count(self) -> int:
        """How many frames the scene has."""
        return len(self._scene.frames)

    def frame_called(self, name: str, *, in_clip: bool) -> int | None:
        """Return the position of the frame that an image's file is called by; None where there is none."""
        return self._frames[int(in_clip)].get(name)

    def number_of(self, frame: int) -> str:
        """Return what clips call a frame by."""
        return self._scene.frame_number[frame]

    def walked(self, walk: str) -> list[int]:
        """Return the frames of a walk by its id, in walking order; [] where the scene has none of that id."""
        return [frame for found in walks_of(self._scene) if found.id == walk for frame in found.frames]

    def told(self, walk: str) -> str:
        """Return what was told of a walk."""
        return next((found.instruction for found in walks_of(self._scene) if found.id == walk), "")

    def room_of(self, frame: int) -> str | None:
        """Return the room that a frame was taken in, where the data set says so."""
        rooms = self._scene.room_of_view
        room = rooms[frame] if rooms else None
        return None if room is None else str(room)

    def view(self, frame: int) -> View:
        """Return the camera of a frame, by its position in the scene."""
        if frame not in self._views:
            cameras = self._scene.cameras
            width, height = (int(n) for n in cameras.size_px[frame])
            lens, name = cameras.lens[frame], self._scene.frames[frame]
            self._views[frame] = View(name, cameras.T_world_camera[frame], cameras.K[frame], (width, height), lens)
            self._share_lattice(self._views[frame])
        return self._views[frame]

    def _share_lattice(self, view: View) -> None:
        """Let views of one lens share the directions of their pixels."""
        if view.bend is not None:
            kind = ("lattice", view.K.tobytes(), view.size, view.lens)
            view.lattices[COLUMNS] = self.memo(kind, lambda: view.lattice(COLUMNS))

    # --------------------------------------------------------------------------------------------------------- sight
    def look(self, frame: int) -> Look:
        """Return what an image shows; a `SceneError` says that instance images cannot be read."""
        if frame not in self._looks:
            self._looks[frame] = self.sight.look(frame, self.view(frame))
        return self._looks[frame]

    def share(self, frame: int, thing: Thing) -> float:
        """Return the share of an image that shows a thing."""
        return float(self.look(frame).share[self.row[thing.id]])

    def box(self, frame: int, thing: Thing) -> Box | None:
        """Return the box of a thing in an image; None where it is not to be seen."""
        return self.look(frame).boxes[self.row[thing.id]]

    def fine_box(self, frame: int, thing: Thing) -> Box | None:
        """Return the same, measured as finely as can be."""
        row = self.row[thing.id]
        found: Box | None = self.memo(
            ("fine box", frame, row), lambda: self.sight.fine_box(frame, self.view(frame), row)
        )
        return found

    def unoccluded(self, frame: int, thing: Thing, least: float) -> float:
        """Return the pixels that a thing has over those that it would have alone, or less, but no less than `least`.

        Where it has that share of all the pixels that it can have at most, it need not be drawn.
        """
        at = ("unoccluded", frame, thing.id)
        if at not in self._memo:
            view = self.view(frame)
            left, top, right, bottom = window = window_around(view, thing.vertices_m, COLUMNS)
            pixels = self.share(frame, thing) * COLUMNS * rows_of(view.size, COLUMNS)
            if pixels >= least * (right - left) * (bottom - top):
                return float(pixels / max(1, (right - left) * (bottom - top)))
            alone = int((draw(view, thing.vertices_m, thing.faces, COLUMNS, window).face >= 0).sum())
            self._memo[at] = pixels / max(1, alone)
        return float(self._memo[at])

    def in_frame(self, frame: int, thing: Thing) -> float:
        """Return the share of a thing's surface inside the image's frustum."""
        return float(self.memo(("in frame", frame, thing.id), lambda: self._in_frame(self.view(frame), thing)))

    def _in_frame(self, view: View, thing: Thing) -> float:
        share = _inside(view, thing.samples_m)
        if min(abs(share - limit) for limit in (self.bounds.min_in_frame, self.bounds.volume_in_frame)) < UNSURE:
            return _inside(view, self.memo(("many", thing.id), lambda: sprinkle(thing.corners_m, MANY, thing.id)[0]))
        return share

    def disc(self, frame: int, thing: Thing) -> tuple[bool, float]:
        """Tell whether the pixel of a thing's centre shows it, and what share of the disc around it does."""
        at = ("disc", frame, thing.id)
        if at not in self._memo:
            view, owner = self.view(frame), self.look(frame).owner
            (center,) = view.pixels(thing.center[None])
            if not np.isfinite(center).all():
                return False, 0.0
            around = center + DISC * self.bounds.point_disc * view.size[0]
            around = around[view.inside(around)]
            scale = np.array([owner.shape[1] / view.size[0], owner.shape[0] / view.size[1]])
            u, v = np.floor(around * scale).astype(int).T
            near = np.floor(center * scale).astype(int) + NEAR
            near = near[((near >= 0) & (near < owner.shape[::-1])).all(axis=1)]
            own = owner.at(near[:, 1], near[:, 0]) == self.row[thing.id]
            disc = owner.at(v, u) == self.row[thing.id]
            self._memo[at] = bool(own.any()), float(disc.mean()) if len(disc) else 0.0
        own_pixel, share = self._memo[at]
        return own_pixel, share

    def linked(self, one: int, other: int) -> bool:
        """Tell whether two views overlap, and not too much; what they see from two sides, they do not share.

        The bounds are 5 % and 90 %, say; 1 % and 94 % leave room for sampling.
        """
        a, b = (self.look(frame).side[:SURFACE_POINTS] for frame in (one, other))
        shared, seen = int((a * b > 0).sum()), [int(np.count_nonzero(x)) for x in (a, b)]
        least, most = self.bounds.min_overlap - 0.04, self.bounds.max_overlap + 0.04
        return one != other and shared >= least * min(seen) and shared <= most * max(seen)

    def neighbour(self, thing: Thing) -> Thing | None:
        """Return another thing of the same kind so near that it may be its other half; None where there is none."""
        kin = (t for t in self.alike(thing.label) if t is not thing)
        apart_m = self.bounds.count_gap_m
        near = (t for t in kin if thing.gap_m(t, apart_m) < apart_m - 0.001)
        found: Thing | None = self.memo(("neighbour", thing.id), lambda: next(near, None))
        return found

    @cached_property
    def _called(self) -> dict[str, list[Thing]]:
        found: dict[str, list[Thing]] = {}
        for thing in self.list:
            found.setdefault(thing.label, []).append(thing)
        return found

    def called(self, label: str) -> list[Thing]:
        """Return the things of a label."""
        return self._called.get(label, [])

    def center(self, frame: int, thing: Thing) -> tuple[float, float]:
        """Return where a thing's centre is shown, on the 0-1000 scale of the image's sides; nan where it is not."""
        u, v = self.memo(("centers", frame), lambda: self._centers(self.view(frame)))[self.row[thing.id]]
        return u, v

    def _centers(self, view: View) -> list[list[float]]:
        pixels = view.pixels(np.stack([t.center for t in self.list]))
        centers: list[list[float]] = (1000 * pixels / view.size).tolist()
        return centers

    def alike(self, label: str) -> list[Thing]:
        """Return the things that a label may mean."""
        found: list[Thing] = self.memo(
            ("alike", label), lambda: [t for t in self.list if self.lexicon.clash(t.label, label)]
        )
        return found

    def memo(self, key: tuple[Any, ...], make: Any) -> Any:
        """Return what was worked out before under a key, else work it out."""
        if key not in self._memo:
            self._memo[key] = make()
        return self._memo[key]

    def forget(self) -> None:
        """Forget what hangs on the boxes of things."""
        for key in [key for key in self._memo if key[0] in ("centers", "disc", "ground", "ground seen")]:
            del self._memo[key]

    def turn_deg(self, one: int, other: int) -> float:
        """Return the degrees between the optical axes of two views."""
        axes = self.view(one).T[:3, 2], self.view(other).T[:3, 2]
        return math.degrees(math.acos(max(-1.0, min(1.0, float(axes[0] @ axes[1])))))
