"""The one door from a data set's annotation to the mesh and the objects of a scene."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spargen.errors import SceneError
from spargen.geometry.boxes import gravity_box, tilt_deg
from spargen.geometry.surface import triangle_areas_m2
from spargen.scene.labels import LabelRules, LabelTable
from spargen.scene.texts import label_of
from spargen.scene.types import Annotation, Mesh, Objects

if TYPE_CHECKING:
    from spargen.geometry.pieces import MainBody

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Rows = NDArray[np.int32]
Bools = NDArray[np.bool_]
Boxes = tuple[Floats, Floats, Floats]

MAX_TILT_DEG = 10.0
"""A data set's own box that leans further than this from gravity is not used."""
TOUCHES_M = 0.03
"""How far a side of a box that was fitted to the surface may be from the outermost vertex of the main body."""


class Annotated(NamedTuple):
    """What a scene is made of; what was left out, in words for a person; and the annotation as it was given."""

    mesh: Mesh
    objects: Objects
    notes: dict[str, int]
    annotation: Annotation


class _Members(NamedTuple):
    """M vertices of objects, sorted by object; a vertex may belong to several.

    vertex, owner (M,) of the mesh, and of which object. first (N + 1,) where each object's begin. corners (F, 3) of the
    faces that objects have, as members, -1 for a corner that is not the object's; these faces (F,) of the mesh, sorted
    by object; and where each object's begin (N + 1,).
    """

    vertex: Ints
    owner: Rows
    first: Ints
    corners: Rows
    face: Ints
    first_face: Ints


def annotate(
    vertices_m: ArrayLike,
    faces: ArrayLike,
    ids: ArrayLike,
    labels: Sequence[str],
    *,
    rules: LabelRules,
    vertex_object: ArrayLike | None = None,
    face_object: ArrayLike | None = None,
    boxes: tuple[ArrayLike, ArrayLike, ArrayLike] | None = None,
    boxes_are_fitted: bool = False,
) -> Annotated:
    """Make the mesh and the objects of a scene from an annotation of its vertices, or of its faces.

    Connected pieces that are not an object's main body are left out of its box, and their faces become unannotated:
    see `main_body`. Parts of the building are exempt. Objects of which the mesh has nothing are left out.

    Parameters
    ----------
    vertices_m : (P, 3) float64 metres in the world, +Z up.
    faces : (F, 3) vertex indices.
    ids, labels : of N objects, as the data set has them.
    rules : the label lists, which tell the parts of the building: `SceneAdapter.label_rules`.
    vertex_object : (P,) row in `ids` of each vertex, -1 = none; a face belongs to what two of its vertices belong to.
    face_object : (F,) the same for each face, where the data set annotates faces. Exactly one of the two is given.
    boxes : (N, 3) centres, (N, 3) full sides and (N, 3, 3) axes as columns of the data set's own boxes. One that is
        within `MAX_TILT_DEG` of gravity is used; nan where there is none. Else, the gravity-aligned box of minimum
        footprint around the object's vertices.
    boxes_are_fitted : whether those boxes were fitted to this surface, and not to things as they are behind it. One is
        then used only where each side is within `TOUCHES_M` of the main body: the tool that made it may have boxed
        strays, and the surface is what images show.

    Returns
    -------
    The mesh, the objects, notes for a person, and what was given, for `Scene.annotation`.

    Raises
    ------
    SceneError
        Where shapes, indices or coordinates are not what they should be.
    """
    mesh = Mesh(np.asarray(vertices_m), np.asarray(faces), np.full(len(np.asarray(faces)), -1, dtype=np.int32))
    n = len(labels)
    of_vertex, of_face = _owners(mesh, vertex_object, face_object, n)
    members = _members(mesh.faces, of_face, of_vertex, n)
    bodies = _main_bodies(mesh, members, ~LabelTable.of(list(map(label_of, labels)), rules).present)
    own = _own_boxes(boxes, n)
    (center, extent, R), used = _boxes(mesh, members, bodies, own, fitted=boxes_are_fitted)
    doubtful = np.array([body.doubtful for body in bodies], dtype=bool)
    there = np.diff(members.first) > 0
    objects = Objects(
        np.asarray(ids)[there],
        tuple(label for label, stays in zip(labels, there, strict=True) if stays),
        center[there],
        extent[there],
        R[there],
        doubtful[there],
    )
    notes = {
        "objects without vertices": int(n - np.count_nonzero(there)),
        "objects with stray pieces": sum(body.strays > 0 for body in bodies),
        "stray pieces left out": sum(body.strays for body in bodies),
        "doubtful objects": int(doubtful.sum()),
        "boxes of the data set not used": int((there & np.isfinite(own[0]).all(axis=1) & ~used).sum()),
    }
    given = Annotation(
        np.asarray(ids),
        tuple(labels),
        of_vertex,
        of_face if of_vertex is None else None,
        None if boxes is None else own,
        boxes_are_fitted,
    )
    whole = replace(mesh, face_object=_face_object(of_face, members, bodies, there))
    return Annotated(whole, objects, {what: count for what, count in notes.items() if count}, given)


def _owners(
    mesh: Mesh, vertex_object: ArrayLike | None, face_object: ArrayLike | None, n: int
) -> tuple[Rows | None, Rows]:
    """Return the object of each vertex (P,), None where faces are annotated, and that of each face (F,), -1 = none."""
    if (vertex_object is None) == (face_object is None):
        raise SceneError("objects of vertices or of faces are wanted", where="annotate", mend="pass one of the two")
    if vertex_object is None:
        return None, _rows("face_object", face_object, len(mesh.faces), n)
    of_vertex = _rows("vertex_object", vertex_object, len(mesh.vertices_m), n)
    return of_vertex, _of_two_corners(of_vertex[mesh.faces])


def _rows(name: str, value: ArrayLike | None, length: int, n: int) -> Rows:
    """Return rows of n objects, or -1, one for each of `length` things."""
    rows = np.array(value, dtype=np.int32)
    if rows.shape != (length,) or rows.min(initial=-1) < -1 or rows.max(initial=-1) >= n:
        raise SceneError(
            f"it has shape {rows.shape}, not ({length},), or names rows beyond -1 .. {n - 1}",
            where=f"annotate: {name}",
            mend="fix the adapter",
        )
    return rows


def _of_two_corners(corners: Rows) -> Rows:
    """Return the object that at least two of each face's (F, 3) vertices belong to, else -1."""
    a, b, c = corners.T
    return np.where((a == b) | (a == c), a, np.where(b == c, b, np.int32(-1)))


def _members(triangles: NDArray[np.int32], of_face: Rows, of_vertex: Rows | None, n: int) -> _Members:
    """List the vertices and faces of n objects."""
    face, first_face = _sorted(of_face, n)
    corners, owner = triangles[face], of_face[face, None]
    vertex = np.arange(triangles.max(initial=-1) + 1 if of_vertex is None else len(of_vertex))
    if of_vertex is None:
        # Most vertices have faces of one object only; the others get a further member for each further object.
        of_vertex = np.full(len(vertex), -1, dtype=np.int32)
        of_vertex[corners] = owner
        other = np.nonzero(of_vertex[corners] != owner)
        code = owner[other[0], 0].astype(np.int64) * len(vertex) + corners[other]
        more, at = np.unique(code, return_inverse=True)
        corners[other] = len(vertex) + at.ravel()
        of_vertex, vertex = np.append(of_vertex, more // len(vertex)), np.append(vertex, more % len(vertex))
    order, first = _sorted(of_vertex, n)
    place = np.full(len(of_vertex), -1, dtype=np.int32)
    place[order] = np.arange(len(order))
    corners = np.where(of_vertex[corners] == owner, place[corners], -1)
    return _Members(vertex[order], of_vertex[order], first, corners, face, first_face)


def _sorted(owner: NDArray[np.integer], n: int) -> tuple[Ints, Ints]:
    """Return the positions at which `owner` is no -1, sorted by it, and where each of 0 .. n - 1 begins there."""
    # Sixteen bits are sorted several times as fast.
    order = np.argsort(owner.astype(np.int16) if n < 2**15 else owner, kind="stable")
    first = np.searchsorted(owner[order], np.arange(n + 1))
    return order[first[0] :], first - first[0]


def _main_bodies(mesh: Mesh, members: _Members, exempt: Bools) -> list[MainBody]:
    """Tell each object from its strays; those that are exempt have none."""
    from spargen.geometry.pieces import MainBody, linked_closely, main_body  # lists do without what is compiled

    points_m = mesh.vertices_m[members.vertex]
    piece = linked_closely(points_m, members.owner, members.corners)
    bodies = []
    for o, (a, b, f, g) in enumerate(_slices(members)):
        if exempt[o] or (piece[a:b] == piece[a : a + 1]).all():
            bodies.append(MainBody(np.ones(b - a, dtype=bool), 0, doubtful=False))
        else:
            corners, area_m2 = members.corners[f:g], triangle_areas_m2(mesh.vertices_m, mesh.faces[members.face[f:g]])
            bodies.append(main_body(points_m[a:b], piece[a:b], np.where(corners < 0, -1, corners - a), area_m2))
    return bodies


def _slices(members: _Members) -> Iterator[tuple[int, int, int, int]]:
    """Yield for each object where its vertices begin and end, and where its faces do."""
    for (a, b), (f, g) in zip(pairwise(members.first.tolist()), pairwise(members.first_face.tolist()), strict=True):
        yield a, b, f, g


def _face_object(of_face: Rows, members: _Members, bodies: list[MainBody], there: Bools) -> Rows:
    """Return the row of each face (F,) among the objects that are `there`; -1 for what is not of a main body."""
    kept = np.concatenate([np.zeros(0, dtype=bool), *(body.kept for body in bodies)])[members.corners.max(axis=1)]
    of_body = of_face.copy()
    of_body[members.face[~kept]] = -1
    # One more entry, which -1 looks up.
    row = np.append(np.where(there, np.cumsum(there) - 1, -1), -1)
    return np.asarray(row[of_body], dtype=np.int32)


def _own_boxes(given: tuple[ArrayLike, ArrayLike, ArrayLike] | None, n: int) -> Boxes:
    """Centres, sides and axes of the data set's own boxes; nan where there is none."""
    shapes = (n, 3), (n, 3), (n, 3, 3)
    boxes = given or tuple(np.full(shape, np.nan) for shape in shapes)
    center, extent, R = (np.array(x, dtype=np.float64).reshape(s) for x, s in zip(boxes, shapes, strict=True))
    return center, extent, R


def _boxes(mesh: Mesh, members: _Members, bodies: list[MainBody], own: Boxes, *, fitted: bool) -> tuple[Boxes, Bools]:
    """Centres, sides and axes of all boxes, nan where an object has neither vertices nor a box; and which are `own`."""
    center, extent, R = (x.copy() for x in own)
    used = tilt_deg(R) <= MAX_TILT_DEG
    for o, (a, b, _, _) in enumerate(_slices(members)):
        if b == a:
            continue
        points_m = mesh.vertices_m[members.vertex[a:b][bodies[o].kept]]
        if fitted and used[o]:
            used[o] = _off_m(points_m, center[o], extent[o], R[o]) <= TOUCHES_M
        if not used[o]:
            center[o], extent[o], R[o] = gravity_box(points_m)
    return (center, extent, R), used


def _off_m(points_m: Floats, center_m: Floats, extent_m: Floats, R_world_box: Floats) -> float:
    """Return how far the farthest side of a box is from the outermost of points (P, 3) on that side."""
    along = (points_m - center_m) @ R_world_box
    ends = np.concatenate([along.max(axis=0) - extent_m / 2, along.min(axis=0) + extent_m / 2])
    return float(np.abs(ends).max())
