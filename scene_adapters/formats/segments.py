"""Objects as lists of segments, and segments as sets of vertices: the annotation that ScanNet and ScanNet++ have.

Two files say it: ``segIndices``, the segment of each vertex, and ``segGroups``, the segments of each object. An id of a
segment is any number; in ScanNet++ it is the vertex itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from scene_adapters.formats.files import DAMAGED
from spargen.errors import SceneError

Ints = NDArray[np.int64]


class Group(NamedTuple):
    """An annotated object: its label, its segments (S,) in ascending order, and all else that the file says of it."""

    label: str
    segments: Ints
    fields: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Annotation:
    """N objects as (N,) ids and labels, and the object row of each of P vertices (-1 = none)."""

    id: Ints
    label: tuple[str, ...]
    vertex_object: NDArray[np.int32]
    notes: dict[str, int | float | str]


def segments_of(content: Mapping[str, object], path: Path) -> Ints:
    """Return the (P,) segment id of each vertex, of a file's `segIndices`; `SceneError` where they are none."""
    segments = _whole_numbers(content.get("segIndices"))
    if segments is None:
        raise SceneError("segIndices is not a list of whole numbers", where=path, mend=DAMAGED)
    return segments


def groups_of(content: Mapping[str, object], path: Path) -> dict[int, Group]:
    """Return the objects of a file's `segGroups`, by `objectId`: `id` may be anything, null included.

    Raises `SceneError` where one lacks an id, a label or segments, or two have one id.
    """
    listed = content.get("segGroups")
    if not isinstance(listed, list):
        raise SceneError("there is no list segGroups", where=path, mend=DAMAGED)
    groups: dict[int, Group] = {}
    for at, group in enumerate(listed):
        fields = group if isinstance(group, dict) else {}
        object_id, label, segments = fields.get("objectId"), fields.get("label"), _whole_numbers(fields.get("segments"))
        whole = re.fullmatch(r"\d{1,9}", str(object_id))
        if not whole or not isinstance(label, str) or segments is None:
            raise SceneError(f"segGroups[{at}] lacks an objectId, a label or segments", where=path, mend=DAMAGED)
        if int(whole[0]) in groups:
            raise SceneError(f"segGroups[{at}] repeats objectId {whole[0]}", where=path, mend=DAMAGED)
        groups[int(whole[0])] = Group(label.strip() or "unknown", np.unique(segments), fields)
    return groups


def join(groups: Mapping[int, Group], segment_of_vertex: Ints, groups_file: Path, segments_file: Path) -> Annotation:
    """Join the two: an object is a list of segments, a segment a set of vertices.

    Where two objects claim a segment the smaller one keeps it, for the larger is what it stands on or is part of.

    Raises
    ------
    SceneError
        Where most of the segments that objects name are not there.
    """
    segment, row_of_vertex, size = _distinct(segment_of_vertex)
    rows = {object_id: _positions(segment, group.segments) for object_id, group in groups.items()}
    known, listed = sum(map(len, rows.values())), sum(len(group.segments) for group in groups.values())
    if listed > 2 * known:
        raise SceneError(
            f"{listed - known} of its {listed} segments are not in {segments_file.name}",
            where=groups_file,
            mend="the two files belong to different meshes or scans: download both again",
        )
    owner = np.full(len(segment), -1, dtype=np.int64)
    for object_id in sorted(rows, key=lambda i: (size[rows[i]].sum(), i), reverse=True):
        owner[rows[object_id]] = object_id
    claims = np.bincount(np.concatenate([*rows.values(), np.zeros(0, np.int64)]), minlength=len(segment))
    order = np.unique(np.append(owner, -1))
    present = order[1:].tolist()
    vertex_object = (np.searchsorted(order, owner) - 1).astype(np.int32)[row_of_vertex]
    return Annotation(
        id=order[1:],
        label=tuple(groups[object_id].label for object_id in present),
        vertex_object=vertex_object,
        notes={
            "objects": "" if present else "none is annotated",
            "share of vertices without object": round(float((vertex_object < 0).mean()), 4),
            "objects without vertices": len(groups) - len(present),
            "segments not in the mesh": listed - known,
            "vertices claimed twice": int(size[claims > 1].sum()),
        },
    )


def _distinct(segment_of_vertex: Ints) -> tuple[Ints, Ints, Ints]:
    """Return the ids of the segments, ascending, the position of each vertex's among them, and how many have each."""
    vertex = np.arange(len(segment_of_vertex))
    if np.array_equal(segment_of_vertex, vertex):  # nothing to sort, in millions
        return vertex, vertex, np.ones(len(vertex), dtype=np.int64)
    segment, row, size = np.unique(segment_of_vertex, return_inverse=True, return_counts=True)
    return segment, row.ravel(), size


def _positions(segment: Ints, wanted: Ints) -> Ints:
    """Return where the wanted ids stand among all, both ascending; those that are not there are left out."""
    at = np.searchsorted(segment, wanted)
    return at[np.take(segment, at, mode="clip") == wanted] if len(segment) else at[:0]


def _whole_numbers(value: object) -> Ints | None:
    """Return a JSON list of whole numbers as an array; None for anything else."""
    if not isinstance(value, list):
        return None
    try:
        array = np.array(value or np.zeros(0, np.int64))
    except ValueError:  # a ragged list
        return None
    return array.astype(np.int64) if array.ndim == 1 and array.dtype.kind == "i" else None
