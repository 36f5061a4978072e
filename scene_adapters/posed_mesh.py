"""The mesh of a posed scene, and what it says of its own objects: ids of faces or vertices, or named parts."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from scene_adapters.formats.gltf import read_glb
from scene_adapters.formats.obj import read_obj
from scene_adapters.formats.ply import read_polygons
from scene_adapters.formats.polygons import NamedParts
from spargen.errors import SceneError

MESHES = (".ply", ".obj", ".glb")
ID_PROPERTIES = ("object_id", "objectId", "instance_id")
"""Names that PLY files have for the ids, the first of which counts; those of faces before those of vertices."""


class PosedMesh(NamedTuple):
    """A mesh in the unit and the axes of its file.

    vertices (P, 3) float64; faces (F, 3) int32; face_id (F,) or vertex_id (P,) int64 ids, where it has them; parts,
    where it has named ones, and then face_id is the position of a face's part in them, -1 = none.
    """

    vertices: NDArray[np.float64]
    faces: NDArray[np.int32]
    face_id: NDArray[np.int64] | None = None
    vertex_id: NDArray[np.int64] | None = None
    parts: NamedParts | None = None


def read_mesh(path: Path) -> PosedMesh:
    """Read a `.ply`, `.obj` or `.glb` file.

    Raises
    ------
    SceneError
        Where the file is damaged, has another ending, or has ids that are no whole numbers.
    """
    ending = path.suffix.lower()
    if ending == ".ply":
        return _of_ply(path)
    if ending not in MESHES:
        raise SceneError("this is no mesh that can be read", where=path, mend=f"give one of {', '.join(MESHES)}")
    parts = read_obj(path) if ending == ".obj" else read_glb(path)
    return PosedMesh(parts.vertices, parts.faces, face_id=parts.face_part, parts=parts)


def _of_ply(path: Path) -> PosedMesh:
    mesh = read_polygons(path, ID_PROPERTIES, ID_PROPERTIES)
    of_face, of_vertex = (next((p[n] for n in ID_PROPERTIES if n in p), None) for p in (mesh.face, mesh.vertex))
    if of_face is not None:
        return PosedMesh(mesh.vertices, mesh.faces, face_id=_whole(of_face, path))
    return PosedMesh(mesh.vertices, mesh.faces, vertex_id=None if of_vertex is None else _whole(of_vertex, path))


def _whole(ids: NDArray[np.generic], path: Path) -> NDArray[np.int64]:
    numbers = ids.astype(np.float64)
    if not (numbers % 1 == 0).all():
        raise SceneError("object ids are no whole numbers", where=path, mend="write them as integers")
    return numbers.astype(np.int64)
