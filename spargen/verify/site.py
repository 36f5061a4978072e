"""A scene as the second path knows it: cameras, objects, and what each image shows.

From an adapter it takes vertices, faces, ids, labels, poses, lenses, frames and rooms, and nothing that was worked out.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from spargen.errors import SceneError
from spargen.scene.types import Annotation, Mesh, Scene
from spargen.verify.body import Thing, sprinkle
from spargen.verify.bounds import Bounds
from spargen.verify.lexicon import OTHER_DOOR, OWN, SEVERAL, Lexicon
from spargen.verify.loose import Loose, loose_pieces
from spargen.verify.optics import View, rows_of
from spargen.verify.raster import Picture, Window, draw

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

COLUMNS = 640
"""Width at which images are drawn; a picture is never finer than needed, an image may be."""
FINE_COLUMNS = 1280
"""And where that leaves it open."""
SURFACE_POINTS, FLOOR_POINTS = 20_000, 4_000
REACHED_M = 0.03
"""A point of the surface is seen where the face shown there is as near to it as this."""
DISC = np.array([(x, y) for x in np.linspace(-1, 1, 17) for y in np.linspace(-1, 1, 17) if x * x + y * y <= 1])
NONE, NOTHING = -1, -2
"""In pictures: what nobody annotated, and where nothing is."""


@dataclass(frozen=True, slots=True)
class Look:
    """What one image shows, `COLUMNS` wide.

    owner : (rows, columns) int16 position of the thing in `Site.list`, `NONE` or `NOTHING`. share : of the image that
    each thing has. spans : rows and columns that each thing fills, None where it is not to be seen. median_depth_m :
    of all that is shown. side : of each of the surface's points 1 where its front is seen, -1 its back, 0 where it is
    not seen. loose : share of the image by number of a piece that nobody annotated.
    """

    owner: NDArray[np.int16]
    share: Floats
    spans: list[tuple[slice, slice] | None]
    median_depth_m: float
    side: NDArray[np.int8]
    loose: Mapping[int, float]

    @property
    def unannotated(self) -> float:
        """Share of what is shown that nobody annotated."""
        shown = int((self.owner != NOTHING).sum())
        return int((self.owner == NONE).sum()) / max(1, shown)

    def box(self, thing: int) -> tuple[float, float, float, float] | None:
        """Return left, top, right and bottom of a thing in thousandths; None where it is not to be seen."""
        span = self.spans[thing]
        return None if span is None else thousandths(span, self.owner.shape)


def thousandths(span: tuple[slice, slice], shape: tuple[int, ...]) -> tuple[float, float, float, float]:
    """Return left, top, right and bottom of rows and columns of a picture on the 0-1000 scale."""
    rows, columns = span
    ends = (columns.start, shape[1]), (rows.start, shape[0]), (columns.stop, shape[1]), (rows.stop, shape[0])
    left, top, right, bottom = (1000 * n / of for n, of in ends)
    return left, top, right, bottom


class Site:
    """A scene. `list` are its things, `things` the same by the data set's ids.

    Raises
    ------
    SceneError
        Where the scene has no mesh to look at.
    """

    def __init__(self, scene: Scene, lexicon: Lexicon, bounds: Bounds | None = None) -> None:
        if not isinstance(scene.surface, Mesh):
            raise SceneError("it has no mesh", where=scene.id, mend="only scenes with a mesh are verified")
        self.id, self.lexicon, self._scene, self.bounds = scene.id, lexicon, scene, bounds or Bounds()
        self.vertices_m, self.faces = scene.surface.vertices_m, scene.surface.faces.astype(np.int64)
        self.list = self._read(annotation_of(scene))
        self.things = {thing.id: thing for thing in self.list}
        self.row = {thing.id: row for row, thing in enumerate(self.list)}
        self.labels = {thing.label for thing in self.list}
        self._views: dict[int, View] = {}
        self._looks: dict[int, Look] = {}
        self._fine: dict[tuple[int, int], tuple[float, float, float, float] | None] = {}
        self._memo: dict[tuple[Any, ...], Any] = {}

    def _read(self, given: Annotation) -> list[Thing]:
        """Return the things, and leave in `owner` whose main body each face is."""
        n, of_vertex = len(given.id), given.vertex_object
        if of_vertex is not None:
            a, b, c = of_vertex[self.faces].T
            of_face = np.where((a == b) | (a == c), a, np.where(b == c, b, -1)).astype(np.int64)
        else:
            of_face = np.array(given.face_object, dtype=np.int64)
        faces_of = _groups(of_face, n)
        points_of = _groups(of_vertex.astype(np.int64), n) if of_vertex is not None else None
        self.owner = np.full(len(self.faces) + 1, NONE, dtype=np.int16)
        self.owner[-1] = NOTHING  # what a ray that meets nothing has for a face
        things: list[Thing] = []
        for i, (number, label) in enumerate(zip(given.id.tolist(), given.label, strict=True)):
            own = self.faces[faces_of[i]]
            points = points_of[i] if points_of is not None else np.unique(own)
            if not len(points):
                continue
            exempt = self.lexicon.part(label) not in (None, OTHER_DOOR, SEVERAL, OWN)
            box = None if given.boxes is None else (given.boxes[0][i], given.boxes[1][i], given.boxes[2][i])
            fitted = given.boxes_are_fitted
            things.append(Thing(number, label, self.vertices_m, points, own, exempt=exempt, own=box, fitted=fitted))
            self.owner[faces_of[i][things[-1].kept_faces]] = len(things) - 1
        return things

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
        kind = ("lattice", view.K.tobytes(), view.size, view.lens)
        view.lattices[COLUMNS] = self.memo(kind, lambda: view.lattice(COLUMNS))

    # --------------------------------------------------------------------------------------------------------- sight
    @cached_property
    def corners_m(self) -> Floats:
        """(F, 3, 3) corners of all faces."""
        return np.asarray(self.vertices_m[self.faces])

    @cached_property
    def floor_rows(self) -> list[int]:
        """Things that are floors."""
        return [row for row, thing in enumerate(self.list) if self.lexicon.part(thing.label) == "floor"]

    @cached_property
    def points(self) -> tuple[Floats, Ints]:
        """Points (S, 3) spread over the surface, more of them over the floor, and their faces (S,).

        The first `SURFACE_POINTS` are spread evenly over everything.
        """
        everywhere, face = sprinkle(self.corners_m, SURFACE_POINTS)
        of_floor = np.flatnonzero(np.isin(self.owner[:-1], self.floor_rows))
        on_floor, pick = sprinkle(self.corners_m[of_floor], FLOOR_POINTS)
        return np.concatenate([everywhere, on_floor]), np.concatenate([face, of_floor[pick]])

    @cached_property
    def loose(self) -> Loose:
        """Compact pieces of surface that nobody annotated."""
        return loose_pieces(self.vertices_m, self.faces, np.flatnonzero(self.owner[:-1] == NONE))

    def look(self, frame: int) -> Look:
        """Return what an image shows."""
        if frame not in self._looks:
            view = self.view(frame)
            self._looks[frame] = self._seen(view, draw(view, self.vertices_m, self.faces, COLUMNS))
        return self._looks[frame]

    def _seen(self, view: View, picture: Picture) -> Look:
        owner = self.owner[picture.face]
        hit = picture.face >= 0
        pieces = np.bincount(self.loose.number[picture.face[hit]] + 1, minlength=2)[1:]
        shares = {
            int(n): float(pieces[n]) / owner.size for n in np.flatnonzero(pieces) if int(n) in self.loose.middle_m
        }
        count = np.bincount(owner[owner >= 0], minlength=len(self.list))
        spans: list[Any] = ndimage.find_objects(owner.astype(np.int32) + 1, max_label=len(self.list))
        depth = float(np.median(picture.depth_m[hit])) if hit.any() else 0.0
        return Look(owner, count / owner.size, spans, depth, self._sides(view, picture), shares)

    def _sides(self, view: View, picture: Picture) -> NDArray[np.int8]:
        """Tell which of the surface's points are seen, and from which side.

        The plane of the face that a point's pixel shows is met where the point itself is looked for, so that the size
        of pixels matters at the borders of faces alone.
        """
        points, face = self.points
        side = np.zeros(len(points), dtype=np.int8)
        pixels = view.pixels(points)
        near = np.flatnonzero(view.inside(pixels) & (view.camera(points)[:, 2] > 0.05))
        rows, columns = picture.face.shape
        u = (pixels[near, 0] / view.size[0] * columns).astype(np.int64).clip(0, columns - 1)
        v = (pixels[near, 1] / view.size[1] * rows).astype(np.int64).clip(0, rows - 1)
        shown = picture.face[v, u]
        way = points[near] - view.position
        a, b, c = self.corners_m[shown].transpose(1, 0, 2)
        normal = np.cross(b - a, c - a)
        with np.errstate(divide="ignore", invalid="ignore"):
            reach = ((a - view.position) * normal).sum(axis=1) / (way * normal).sum(axis=1)
            seen = (np.abs(reach - 1) * np.linalg.norm(way, axis=1) <= REACHED_M) | (shown == face[near])
        a, b, c = self.corners_m[face[near]].transpose(1, 0, 2)
        front = (way * np.cross(b - a, c - a)).sum(axis=1) < 0
        side[near] = np.where(seen & (shown >= 0), np.where(front, 1, -1), 0)
        return side

    def share(self, frame: int, thing: Thing) -> float:
        """Return the share of an image that shows a thing."""
        return float(self.look(frame).share[self.row[thing.id]])

    def fine_box(self, frame: int, thing: Thing) -> tuple[float, float, float, float] | None:
        """Return the box of a thing in thousandths, measured on a picture of twice as many pixels a side."""
        at = (frame, thing.id)
        if at not in self._fine:
            view = self.view(frame)
            columns = max(FINE_COLUMNS, view.size[0])
            window = self.window(view, thing, columns)
            picture = draw(view, self.vertices_m, self.faces, columns, window)
            (span,) = ndimage.find_objects((self.owner[picture.face] == self.row[thing.id]).astype(np.int32)) or [None]
            shape = rows_of(view.size, columns), columns
            self._fine[at] = None if span is None else thousandths(_shifted(span, window), shape)
            view.lattices.pop(columns, None)
        return self._fine[at]

    @staticmethod
    def window(view: View, thing: Thing, columns: int) -> Window:
        """Return the part of a picture in which a thing can be seen."""
        rows = rows_of(view.size, columns)
        pixels = view.pixels(thing.vertices_m)
        if view.bend is not None or not len(pixels) or not np.isfinite(pixels).all():
            return 0, 0, columns, rows
        step = np.array([columns / view.size[0], rows / view.size[1]])
        low = np.clip(np.floor(pixels.min(axis=0) * step) - 1, 0, [columns, rows])
        high = np.clip(np.ceil(pixels.max(axis=0) * step) + 1, 0, [columns, rows])
        return int(low[0]), int(low[1]), int(high[0]), int(high[1])

    def unoccluded(self, frame: int, thing: Thing) -> float:
        """Return the pixels that a thing has over those that it would have alone."""
        at = ("unoccluded", frame, thing.id)
        if at not in self._memo:
            view, look = self.view(frame), self.look(frame)
            window = self.window(view, thing, COLUMNS)
            alone = int((draw(view, thing.vertices_m, thing.faces, COLUMNS, window).face >= 0).sum())
            self._memo[at] = look.share[self.row[thing.id]] * look.owner.size / max(1, alone)
        return float(self._memo[at])

    def in_frame(self, frame: int, thing: Thing) -> float:
        """Return the share of a thing's surface inside the image's frustum."""
        at = ("in frame", frame, thing.id)
        if at not in self._memo:
            view, samples = self.view(frame), thing.samples_m
            self._memo[at] = float(view.inside(view.pixels(samples)).mean()) if len(samples) else 0.0
        return float(self._memo[at])

    def disc(self, frame: int, thing: Thing) -> tuple[bool, float]:
        """Tell whether the pixel of a thing's centre shows it, and what share of the disc around it does.

        The disc is that of section 1 of the definition.
        """
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
            column, row = (int(n) for n in np.floor(center * scale))
            own = owner[max(0, row - 1) : row + 2, max(0, column - 1) : column + 2] == self.row[thing.id]
            disc = owner[v, u] == self.row[thing.id]
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
        at = ("neighbour", thing.id)
        if at not in self._memo:
            kin = (t for t in self.list if t is not thing and self.lexicon.clash(t.label, thing.label))
            self._memo[at] = next((t for t in kin if thing.gap_m(t) < self.bounds.count_gap_m - 0.001), None)
        found: Thing | None = self._memo[at]
        return found

    def alike(self, label: str) -> list[Thing]:
        """Return the things that a label may mean."""
        return [t for t in self.list if self.lexicon.clash(t.label, label)]

    def memo(self, key: tuple[Any, ...], make: Any) -> Any:
        """Return what was worked out before under a key, else work it out."""
        if key not in self._memo:
            self._memo[key] = make()
        return self._memo[key]

    def forget(self) -> None:
        """Forget what hangs on the boxes of things."""
        for key in [key for key in self._memo if key[0] in ("disc", "ground", "ground seen")]:
            del self._memo[key]

    def turn_deg(self, one: int, other: int) -> float:
        """Return the degrees between the optical axes of two views."""
        axes = self.view(one).T[:3, 2], self.view(other).T[:3, 2]
        return math.degrees(math.acos(max(-1.0, min(1.0, float(axes[0] @ axes[1])))))


def annotation_of(scene: Scene) -> Annotation:
    """Return what the data set says of a scene; of an adapter that does not hand it on, what the surface says."""
    if scene.annotation is not None or not isinstance(scene.surface, Mesh):
        return scene.annotation or Annotation(scene.objects.id, scene.objects.label)
    return Annotation(scene.objects.id, scene.objects.label, face_object=scene.surface.face_object)


def _groups(owner: Ints, n: int) -> list[Ints]:
    """Return the positions at which each of 0 .. n - 1 stands."""
    order = np.argsort(owner, kind="stable")
    first = np.searchsorted(owner[order], np.arange(n + 1))
    return [order[first[i] : first[i + 1]] for i in range(n)]


def _shifted(span: tuple[slice, slice], window: Window) -> tuple[slice, slice]:
    rows, columns = span
    left, top, _, _ = window
    return slice(rows.start + top, rows.stop + top), slice(columns.start + left, columns.stop + left)
