"""What the objects of a posed scene are: labels by id or by the name of a node, and oriented boxes.

The files that say it are read by `posed_labels`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from scene_adapters.formats.polygons import NamedParts
from scene_adapters.posed_labels import LABELS_MEND, OwnBox, by_number, read_boxes, read_labels
from scene_adapters.posed_mesh import PosedMesh
from spargen.errors import SceneError

Floats = NDArray[np.float64]
Rows = NDArray[np.int32]
Notes = dict[str, int]

SLACK_M = 0.02
"""What lies so far outside of a box still lies in it: boxes are drawn by hand, and surfaces are uneven."""
STANDS_ON_M, TALL_M = 0.03, 0.10
"""What lies flat in so much of the bottom of a box that is taller than the second is what the thing stands on."""
FLAT = 0.9
"""Cosine of how far a face may lean to lie flat."""


class Annotation(NamedTuple):
    """N objects: ids (N,), labels, the row of each face (F,) or vertex (P,), -1 = none; and boxes that they bring.

    boxes : (N, 3) centres, (N, 3) full sides and (N, 3, 3) axes as columns, in metres, +Z up; nan where there is none.
    """

    ids: NDArray[np.int64]
    labels: tuple[str, ...]
    face_object: Rows | None
    vertex_object: Rows | None
    boxes: tuple[Floats, Floats, Floats] | None
    notes: Notes


def read_objects(
    mesh: PosedMesh, vertices_m: Floats, labels: Path | None, boxes: Path | None, unit_m: float, R_world_files: Floats
) -> Annotation:
    """Find out which objects there are and what belongs to each.

    Ids of the mesh come first, then boxes, then the names of its parts. Where ids and boxes are given, boxes are taken
    by id, and say the labels of what no labels file names.

    Parameters
    ----------
    mesh : as it was read. vertices_m : its vertices (P, 3) in metres, +Z up.
    labels, boxes : the files, None where there is none.
    unit_m, R_world_files : what brings the boxes into the same world.

    Raises
    ------
    SceneError
        Where nothing names the objects, or a file is damaged.
    """
    said = {} if labels is None else read_labels(labels)
    found = {} if boxes is None else read_boxes(boxes, unit_m, R_world_files)
    if mesh.parts is None and (mesh.face_id is not None or mesh.vertex_id is not None):
        named = {**{i: box.label for i, box in found.items()}, **by_number(said, labels)}
        return _by_id(mesh, named, found)
    if found:
        return _in_boxes(vertices_m, mesh.faces, found)
    if mesh.parts is not None:
        return _by_name(mesh.parts, said)
    raise SceneError(
        "nothing says which objects there are",
        where="the mesh",
        mend="give its faces or vertices a property object_id and write labels.json; or write boxes.json; or export "
        "one named node an object as .glb",
    )


def _by_id(mesh: PosedMesh, labels: Mapping[int, str], boxes: Mapping[int, OwnBox]) -> Annotation:
    """Join the ids of faces or vertices with labels; an id without a label is not annotated."""
    ids = np.array(sorted(labels), dtype=np.int64)
    of_mesh = mesh.face_id if mesh.face_id is not None else mesh.vertex_id
    present = np.unique(np.zeros(0, dtype=np.int64) if of_mesh is None else of_mesh)
    if not np.isin(present, ids).any():
        raise SceneError(
            f"none of the ids in the mesh, such as {present[:5].tolist()}, has a label",
            where="the mesh",
            mend=f"in labels.json, {LABELS_MEND}",
        )
    of_face, of_vertex = (None if of is None else _row_of(of, ids) for of in (mesh.face_id, mesh.vertex_id))
    return Annotation(
        ids,
        tuple(labels[i] for i in ids.tolist()),
        of_face,
        of_vertex,
        _stacked([boxes.get(i) for i in ids.tolist()]) if boxes else None,
        {"ids of the mesh without a label": int((~np.isin(present, ids) & (present >= 0)).sum())},
    )


def _row_of(of: NDArray[np.int64], ids: NDArray[np.int64]) -> Rows:
    place = np.searchsorted(ids, of).clip(0, max(len(ids) - 1, 0))
    return np.where(ids[place] == of, place, -1).astype(np.int32)


def _stacked(boxes: list[OwnBox | None]) -> tuple[Floats, Floats, Floats]:
    nothing = np.full(3, np.nan), np.full(3, np.nan), np.full((3, 3), np.nan)
    center, extent, R = zip(*((b.center_m, b.extent_m, b.R) if b else nothing for b in boxes), strict=True)
    return np.stack(center), np.stack(extent), np.stack(R)


def _in_boxes(vertices_m: Floats, faces: NDArray[np.int32], boxes: Mapping[int, OwnBox]) -> Annotation:
    """Give each face to the smallest box, by volume, that all its corners lie in."""
    ids = sorted(boxes)
    face_object = np.full(len(faces), -1, dtype=np.int32)
    for row in sorted(range(len(ids)), key=lambda k: -float(np.prod(boxes[ids[k]].extent_m))):
        face_object[_faces_in(vertices_m, faces, boxes[ids[row]])] = row
    labels = tuple(boxes[i].label for i in ids)
    given = _stacked([boxes[i] for i in ids])
    return Annotation(np.array(ids, dtype=np.int64), labels, face_object, None, given, {})


def _faces_in(vertices_m: Floats, faces: NDArray[np.int32], box: OwnBox) -> NDArray[np.int64]:
    """Return which faces lie in a box, but for what lies flat at its bottom if it is tall."""
    low, high = box.low_high()
    near = ((vertices_m >= low - SLACK_M) & (vertices_m <= high + SLACK_M)).all(axis=1)
    own = np.flatnonzero(near)
    inside = np.zeros(len(vertices_m), dtype=bool)
    local = np.abs((vertices_m[own] - box.center_m) @ box.R)
    inside[own] = (local <= box.extent_m / 2 + SLACK_M).all(axis=1)
    chosen = np.flatnonzero(inside[faces].all(axis=1))
    if high[2] - low[2] <= TALL_M:
        return chosen
    corners = vertices_m[faces[chosen]]
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    flat = np.abs(normal[:, 2]) >= FLAT * np.linalg.norm(normal, axis=1)
    return np.asarray(chosen[~(flat & (corners[:, :, 2].max(axis=1) <= low[2] + STANDS_ON_M))])


def _by_name(parts: NamedParts, said: Mapping[str, str]) -> Annotation:
    """Make an object of each part that is named by a labels file, or where there is none, by its author.

    Without a labels file, parts on which others hang are no objects, and a name is a label once the number that tells
    it from others of its name is taken off: ``Chair.001`` is a Chair.
    """
    if said:
        chosen = [k for k, name in enumerate(parts.names) if name in said]
        labels = [said[parts.names[k]] for k in chosen]
    else:
        chosen = [k for k, name in enumerate(parts.names) if name.strip() and not parts.inner[k]]
        labels = [re.sub(r"\.\d+$", "", parts.names[k].strip()).replace("_", " ") for k in chosen]
    if not chosen:
        raise SceneError(
            f"no node is named by {'the labels file' if said else 'its author'}",
            where="the mesh",
            mend=f"name one node an object; or write labels.json, for nodes such as {list(parts.names[:5])}",
        )
    row = np.full(len(parts.names) + 1, -1, dtype=np.int32)
    row[chosen] = np.arange(len(chosen))
    notes = {
        "labels of nodes that are not there": len(set(said) - set(parts.names)),
        "nodes without a name": sum(not name.strip() for name in parts.names),
        "nodes that are no objects, for others hang on them": 0 if said else int(parts.inner.sum()),
    }
    return Annotation(np.array(chosen, dtype=np.int64), tuple(labels), row[parts.face_part], None, None, notes)
