"""A scene with a mesh: its things are made of the annotated faces, and pictures of it are drawn by the z-buffer."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from spargen.scene.types import Annotation, Mesh, Scene
from spargen.verify.body import Thing, sprinkle
from spargen.verify.bounds import Bounds
from spargen.verify.lexicon import OTHER_DOOR, OWN, SEVERAL, Lexicon
from spargen.verify.look import NONE, NOTHING, SURFACE_POINTS, Box, Look, thousandths
from spargen.verify.loose import Loose, loose_pieces
from spargen.verify.optics import View, Window, rows_of
from spargen.verify.raster import Picture, draw, window_around

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

COLUMNS = 640
"""Width at which images are drawn; a picture is never finer than needed, an image may be."""
FINE_COLUMNS = 1280
"""And where that leaves it open."""
FLOOR_POINTS = 4_000
REACHED_M = 0.03
"""A point of the surface is seen where the face shown there is as near to it as this."""
WITHIN = 6.0
"""Thousandths by which a side of a box may differ from that of the picture: three, two pixels' halves and rounding."""


class MeshSight:
    """See `spargen.verify.look.Sight`. `owner` (F + 1,) is the thing whose main body each face is."""

    noise = 0.15

    def __init__(self, scene: Scene, mesh: Mesh, lexicon: Lexicon, bounds: Bounds) -> None:
        self.lexicon, self.least_unoccluded = lexicon, bounds.min_unoccluded
        self.vertices_m, self.faces = mesh.vertices_m, mesh.faces.astype(np.int64)
        self.things = self._read(annotation_of(scene, mesh))

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

    @cached_property
    def corners_m(self) -> Floats:
        """(F, 3, 3) corners of all faces."""
        return np.asarray(self.vertices_m[self.faces])

    @cached_property
    def floor_rows(self) -> list[int]:
        """Things that are floors."""
        return [row for row, thing in enumerate(self.things) if self.lexicon.part(thing.label) == "floor"]

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

    def look(self, frame: int, view: View) -> Look:  # noqa: ARG002 - the view tells it all
        """Draw what an image shows, `COLUMNS` wide."""
        picture = draw(view, self.vertices_m, self.faces, COLUMNS)
        owner, hit = self.owner[picture.face], picture.face >= 0
        return Look.of(
            owner,
            len(self.things),
            median_depth_m=float(np.median(picture.depth_m[hit])) if hit.any() else 0.0,
            side=self._sides(view, picture),
            loose=self.loose.shares(self.loose.number[picture.face[owner == NONE]], owner.size),
            within=WITHIN,
        )

    def _sides(self, view: View, picture: Picture) -> NDArray[np.int8]:
        """Tell which of the surface's points are seen, and from which side.

        The plane of the face that a point's pixel shows is met where the point itself is looked for, so that the size
        of pixels matters at the borders of faces alone.
        """
        points, face = self.points
        side = np.zeros(len(points), dtype=np.int8)
        near, row, column = view.shown_in(points, picture.face.shape)
        shown = picture.face[row, column]
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

    def fine_box(self, frame: int, view: View, row: int) -> Box | None:  # noqa: ARG002 - the view tells it all
        """Return the box of a thing, measured on a picture of twice as many pixels a side."""
        columns = max(FINE_COLUMNS, view.size[0])
        window = window_around(view, self.things[row].vertices_m, columns)
        picture = draw(view, self.vertices_m, self.faces, columns, window)
        (span,) = ndimage.find_objects((self.owner[picture.face] == row).astype(np.int32)) or [None]
        view.lattices.pop(columns, None)
        return None if span is None else thousandths(_shifted(span, window), (rows_of(view.size, columns), columns))


def annotation_of(scene: Scene, mesh: Mesh) -> Annotation:
    """Return what the data set says of a scene; of an adapter that does not hand it on, what the mesh says."""
    return scene.annotation or Annotation(scene.objects.id, scene.objects.label, face_object=mesh.face_object)


def _groups(owner: Ints, n: int) -> list[Ints]:
    """Return the positions at which each of 0 .. n - 1 stands."""
    order = np.argsort(owner, kind="stable")
    first = np.searchsorted(owner[order], np.arange(n + 1))
    return [order[first[i] : first[i + 1]] for i in range(n)]


def _shifted(span: tuple[slice, slice], window: Window) -> tuple[slice, slice]:
    rows, columns = span
    left, top, _, _ = window
    return slice(rows.start + top, rows.stop + top), slice(columns.start + left, columns.stop + left)
