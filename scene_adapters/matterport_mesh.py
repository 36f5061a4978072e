"""The mesh of a Matterport3D scan, of its regions or whole, and the object that each face belongs to.

A face has a segment, a segment belongs to an object. Segments are read from the mesh's own property, else from
``.fsegs.json``; objects from the ``.house`` file, else from ``.semseg.json``. In the files of a region segments count
from 0; in the house each has its region times a million added.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from scene_adapters.formats.files import read_json
from scene_adapters.formats.house import OF_REGION, House
from scene_adapters.formats.ply import read_polygons
from scene_adapters.formats.segments import groups_of, join, segments_of
from spargen.errors import SceneError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Rows = NDArray[np.int32]

_SEGMENT = "material_id"
"""The property of faces that holds their segment; the documentation calls it face_material."""


class Piece(NamedTuple):
    """A file of the mesh, and the first id of its segments in the house; it has a region unless it is all of them."""

    ply: Path
    first: int

    @property
    def face_segments(self) -> Path:
        """The segment of each face."""
        return self.ply.with_suffix(".fsegs.json")

    @property
    def groups(self) -> Path:
        """The segments of each object."""
        return self.ply.with_suffix(".semseg.json")


class ScanMesh(NamedTuple):
    """A mesh in metres and its N objects.

    vertices (P, 3) float64; faces (F, 3); face_object (F,) row of each face, -1 = none; id (N,), label (N), region (N)
    of the objects, -1 = none; boxes of the objects, or None; files that were read; notes.
    """

    vertices: Floats
    faces: Rows
    face_object: Rows
    id: Ints
    label: tuple[str, ...]
    region: tuple[int, ...]
    boxes: tuple[Floats, Floats, Floats] | None
    files: tuple[Path, ...]
    notes: dict[str, int | float | str]


class _Shape(NamedTuple):
    """Vertices, faces, and the house-wide segment of each face, -1 = none."""

    vertices: Floats
    faces: Ints
    segment: Ints


def mesh_pieces(regions: Path, whole: Path, house: House) -> list[Piece]:
    """Return the meshes of all regions where all are there, else that of the house.

    Parameters
    ----------
    regions : folder of the regions' files. whole : mesh of the house, beside its other files.

    Raises
    ------
    SceneError
        Where neither is whole.
    """
    pieces = [Piece(regions / f"region{k}.ply", k * OF_REGION) for k in sorted(house.region_label)]
    lacking = [piece.ply for piece in pieces if not piece.ply.is_file()]
    if pieces and not lacking:
        return pieces
    if whole.is_file():
        return [Piece(whole, 0)]
    where = lacking[0] if len(lacking) < len(pieces) else whole
    raise SceneError("the mesh is missing", where=where, mend="download region_segmentations or house_segmentations")


def read_scan_mesh(pieces: list[Piece], house: House) -> ScanMesh:
    """Read the mesh and join it with its annotation.

    Raises
    ------
    SceneError
        Where a file is damaged, two do not belong together, or nobody annotated the scan.
    """
    files: list[Path] = []
    shapes = [_read_shape(piece, files) for piece in pieces]
    before = np.cumsum([0, *(len(shape.vertices) for shape in shapes)]).tolist()
    faces = np.concatenate([shape.faces + n for shape, n in zip(shapes, before, strict=False)])
    segment = np.concatenate([shape.segment for shape in shapes])
    vertices = np.concatenate([shape.vertices for shape in shapes])
    in_house = house.objects and len(house.segment)
    joined = _of_house(house, segment, pieces[0].ply) if in_house else _of_groups(pieces, shapes, files)
    bare = round(float((joined.face_object < 0).mean()), 4)
    notes = {**joined.notes, "share of faces without object": bare}
    return joined._replace(vertices=vertices, faces=faces.astype(np.int32), files=tuple(files), notes=notes)


def _read_shape(piece: Piece, files: list[Path]) -> _Shape:
    """Read one file, noting in `files` which were."""
    files.append(piece.ply)
    mesh = read_polygons(piece.ply, face=(_SEGMENT,), triangles_only=True)
    if _SEGMENT in mesh.face:
        local = mesh.face[_SEGMENT].astype(np.int64)
    else:
        files.append(piece.face_segments)
        local = segments_of(_with_numbers(read_json(piece.face_segments), "segIndices"), piece.face_segments)
        if len(local) != len(mesh.faces):
            what = f"it has {len(local)} faces, but the mesh has {len(mesh.faces)}"
            raise SceneError(what, where=piece.face_segments, mend=f"use the file that belongs to {piece.ply.name}")
    return _Shape(mesh.vertices, mesh.faces.astype(np.int64), np.where(local >= 0, local + piece.first, -1))


def _of_house(house: House, segment: Ints, path: Path) -> ScanMesh:
    """Join the faces' segments (F,) with the objects of the house file."""
    order = np.argsort(house.segment)
    known, owner = house.segment[order], house.segment_object[order]
    present = np.isin(known, segment).sum()
    if len(known) > 2 * present:
        what = f"{len(known) - present} of the house file's {len(known)} segments are not in the mesh"
        mend = "the two belong to different scans or releases: download both again"
        raise SceneError(what, where=path, mend=mend)
    at = np.searchsorted(known, segment)
    found = np.take(known, at, mode="clip") == segment
    things = house.objects
    return ScanMesh(
        np.zeros((0, 3)),
        np.zeros((0, 3), dtype=np.int32),
        np.where(found, np.take(owner, at, mode="clip"), -1).astype(np.int32),
        np.array([thing.id for thing in things], dtype=np.int64),
        tuple(thing.label for thing in things),
        tuple(thing.region for thing in things),
        (
            np.stack([thing.center for thing in things]),
            np.stack([thing.extent for thing in things]),
            np.stack([thing.R for thing in things]),
        ),
        (),
        {"segments not in the mesh": int(len(known) - present)},
    )


def _of_groups(pieces: list[Piece], shapes: list[_Shape], files: list[Path]) -> ScanMesh:
    """Join the faces' segments with the objects of ``.semseg.json``; those of a region have its million as well."""
    rows: list[Rows] = []
    ids: list[int] = []
    labels: list[str] = []
    regions: list[int] = []
    for piece, shape in zip(pieces, shapes, strict=True):
        if not piece.groups.is_file():
            what = "the scan has no annotation: its house file names no objects, and this file is missing"
            raise SceneError(what, where=piece.groups, mend="leave this scan out")
        files.append(piece.groups)
        groups = groups_of(_with_numbers(read_json(piece.groups), "segGroups"), piece.groups)
        found = join(groups, np.where(shape.segment >= 0, shape.segment - piece.first, -1), piece.groups, piece.ply)
        rows.append(np.where(found.vertex_object >= 0, found.vertex_object + len(ids), -1).astype(np.int32))
        ids += (found.id + piece.first).tolist()
        labels += found.label
        named = [groups[i].segments for i in found.id.tolist()]
        regions += [int(np.median(segments + piece.first)) // OF_REGION for segments in named]
    if not ids:
        raise SceneError("the scan has no annotation", where=pieces[0].groups, mend="leave this scan out")
    return ScanMesh(
        np.zeros((0, 3)),
        np.zeros((0, 3), dtype=np.int32),
        np.concatenate(rows),
        np.array(ids, dtype=np.int64),
        tuple(labels),
        tuple(regions),
        None,
        (),
        {},
    )


def _with_numbers(content: Mapping[str, object], key: str) -> dict[str, object]:
    """Return a file's content with numbers in the place of texts that are some: the release has both."""
    listed = content.get(key)
    if isinstance(listed, list) and not all(type(entry) is int for entry in listed[:1]):
        return {**content, key: [_number(entry) for entry in listed]}
    return dict(content)


def _number(entry: object) -> object:
    if isinstance(entry, dict) and isinstance(segments := entry.get("segments"), list):
        return {**entry, "segments": [_number(segment) for segment in segments]}
    if isinstance(entry, str) and entry.removeprefix("-").isdecimal():
        return int(entry)
    return entry
