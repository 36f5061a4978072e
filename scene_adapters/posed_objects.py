"""What the objects of a posed scene are: labels by id or by the name of a node, and oriented boxes.

::

    labels.json    {"3": "chair", "7": "table"}           the id that the mesh has -> the label; for .obj and .glb, the
                                                          name of the node instead of the id
    labels.csv     the same as a table: a first line ``id,label``, then ``3,chair``; also as labels.txt
    boxes.json     {"3": {"label": "chair", "center": [x, y, z], "size": [a, b, c], "axes": [[..], [..], [..]]}}
                   full side lengths along three unit vectors, the world's axes by default; in the unit and the axes of
                   the mesh
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError

from scene_adapters.files import read_file, read_json
from scene_adapters.polygons import NamedParts
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
SQUARE = 5e-3
"""How far the axes of a box may be from unit vectors at right angles."""
_LABELS_MEND = 'write {"3": "chair", ...}, or lines such as 3,chair below a first line id,label'
Vector = tuple[float, float, float]


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


class _Box(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    label: str
    center: Vector
    size: Vector
    axes: tuple[Vector, Vector, Vector] = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))


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
    found = {} if boxes is None else _read_boxes(boxes, unit_m, R_world_files)
    if mesh.parts is None and (mesh.face_id is not None or mesh.vertex_id is not None):
        named = {**{i: box.label for i, box in found.items()}, **_by_number(said, labels)}
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


def read_labels(path: Path) -> dict[str, str]:
    """Return labels by what a file names them by: JSON, or a table for every other ending.

    Raises
    ------
    SceneError
        Where the file is damaged, a label is no text, or something is named twice.
    """
    if path.suffix.lower() == ".json":
        pairs = list(read_json(path, mend=_LABELS_MEND).items())
    else:
        rows = list(
            csv.reader(io.StringIO(read_file(path).decode("utf-8-sig", errors="replace")), skipinitialspace=True)
        )
        if not rows or [cell.strip() for cell in rows[0]] != ["id", "label"]:
            raise SceneError("the first line is not id,label", where=path, mend=_LABELS_MEND)
        pairs = [(row[0].strip(), row[1] if len(row) == 2 else None) for row in rows[1:] if row]
    labels: dict[str, str] = {}
    for key, label in pairs:
        if not isinstance(label, str):
            raise SceneError(f"{key!r} has no label", where=path, mend=_LABELS_MEND)
        if key in labels:
            raise SceneError(f"{key!r} is named twice", where=path, mend="leave one of them out")
        labels[key] = label.strip() or "unknown"
    return labels


def _by_number(said: Mapping[str, str], path: Path | None) -> dict[int, str]:
    """Return labels by id."""
    labels: dict[int, str] = {}
    for key, label in said.items():
        if not re.fullmatch(r"-?\d{1,18}", key) or int(key) in labels:
            raise SceneError(f"{key!r} is no id, or there twice", where=str(path), mend=_LABELS_MEND)
        labels[int(key)] = label
    return labels


class _OwnBox(NamedTuple):
    """A box in metres, +Z up: centre (3,), full sides (3,), axes (3, 3) as columns, right-handed."""

    label: str
    center_m: Floats
    extent_m: Floats
    R: Floats


def _read_boxes(path: Path, unit_m: float, R_world_files: Floats) -> dict[int, _OwnBox]:
    boxes = {}
    for key, value in read_json(path, mend="write it, or leave it out of scene.yaml").items():
        try:
            number, box = int(key), _Box.model_validate(value)
        except (ValueError, ValidationError) as error:
            what = error.errors()[0]["msg"] if isinstance(error, ValidationError) else "the id is no whole number"
            mend = "write id: {label, center, size, axes}, as the adapter `posed` describes"
            raise SceneError(f"{key!r} is no box: {what}", where=path, mend=mend) from None
        R, extent = np.array(box.axes, dtype=np.float64).T, np.array(box.size, dtype=np.float64)
        if not np.abs(R @ R.T - np.eye(3)).max() < SQUARE or not (extent >= 0).all() or not np.isfinite(extent).all():
            mend = "give three unit vectors at right angles, and full sides"
            raise SceneError(f"the axes or the sides of {key!r} cannot be", where=path, mend=mend)
        # A box is the same with one axis turned round.
        R = R_world_files @ (R * [1, 1, np.sign(np.linalg.det(R))])
        boxes[number] = _OwnBox(box.label, R_world_files @ np.array(box.center) * unit_m, extent * unit_m, R)
    return boxes


def _by_id(mesh: PosedMesh, labels: Mapping[int, str], boxes: Mapping[int, _OwnBox]) -> Annotation:
    """Join the ids of faces or vertices with labels; an id without a label is not annotated."""
    ids = np.array(sorted(labels), dtype=np.int64)
    of_mesh = mesh.face_id if mesh.face_id is not None else mesh.vertex_id
    present = np.unique(np.zeros(0, dtype=np.int64) if of_mesh is None else of_mesh)
    if not np.isin(present, ids).any():
        raise SceneError(
            f"none of the ids in the mesh, such as {present[:5].tolist()}, has a label",
            where="the mesh",
            mend=f"in labels.json, {_LABELS_MEND}",
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


def _stacked(boxes: list[_OwnBox | None]) -> tuple[Floats, Floats, Floats]:
    nothing = np.full(3, np.nan), np.full(3, np.nan), np.full((3, 3), np.nan)
    center, extent, R = zip(*((b.center_m, b.extent_m, b.R) if b else nothing for b in boxes), strict=True)
    return np.stack(center), np.stack(extent), np.stack(R)


def _in_boxes(vertices_m: Floats, faces: NDArray[np.int32], boxes: Mapping[int, _OwnBox]) -> Annotation:
    """Give each face to the smallest box, by volume, that all its corners lie in."""
    ids = sorted(boxes)
    face_object = np.full(len(faces), -1, dtype=np.int32)
    for row in sorted(range(len(ids)), key=lambda k: -float(np.prod(boxes[ids[k]].extent_m))):
        face_object[_faces_in(vertices_m, faces, boxes[ids[row]])] = row
    labels = tuple(boxes[i].label for i in ids)
    given = _stacked([boxes[i] for i in ids])
    return Annotation(np.array(ids, dtype=np.int64), labels, face_object, None, given, {})


def _faces_in(vertices_m: Floats, faces: NDArray[np.int32], box: _OwnBox) -> NDArray[np.int64]:
    """Return which faces lie in a box, but for what lies flat at its bottom if it is tall."""
    reach = np.abs(box.R) @ box.extent_m / 2 + SLACK_M
    near = (np.abs(vertices_m - box.center_m) <= reach).all(axis=1)
    own = np.flatnonzero(near)
    inside = np.zeros(len(vertices_m), dtype=bool)
    local = np.abs((vertices_m[own] - box.center_m) @ box.R)
    inside[own] = (local <= box.extent_m / 2 + SLACK_M).all(axis=1)
    chosen = np.flatnonzero(inside[faces].all(axis=1))
    bottom, height = box.center_m[2] - reach[2] + SLACK_M, 2 * (reach[2] - SLACK_M)
    if height <= TALL_M:
        return chosen
    corners = vertices_m[faces[chosen]]
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    flat = np.abs(normal[:, 2]) >= FLAT * np.linalg.norm(normal, axis=1)
    return np.asarray(chosen[~(flat & (corners[:, :, 2].max(axis=1) <= bottom + STANDS_ON_M))])


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
