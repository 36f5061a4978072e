"""Wavefront OBJ meshes: positions, polygons, and the named part that each face is of.

Parts are the file's objects (`o`) where it has any, else its groups (`g`); what has one name is one part. Texture
coordinates, normals, materials, lines and free-form surfaces are passed over.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from scene_adapters.formats.files import DAMAGED, read_plain
from scene_adapters.formats.polygons import Floats, Ints, NamedParts, fans
from spargen.errors import SceneError


class _Lines(NamedTuple):
    """What stands behind `v` and `f`, how many vertices stand before each face, its part, and the parts' names."""

    vertices: list[bytes]
    faces: list[bytes]
    behind: list[int]
    part: list[int]
    names: tuple[str, ...]


def read_obj(path: Path) -> NamedParts:
    """Read a mesh; polygons become triangles around their first corner.

    Raises
    ------
    SceneError
        Where there is no face, a number is none, or a face names a vertex that does not exist.
    """
    text = read_plain(path).replace(b"\r\n", b"\n").replace(b"\\\n", b" ").replace(b"\t", b" ")
    lines = _sorted(text.split(b"\n"), b"o" if re.search(rb"^ *o ", text, re.MULTILINE) else b"g")
    if not lines.vertices or not lines.faces:
        raise SceneError("the OBJ holds no faces", where=path, mend=DAMAGED)
    try:
        xyz, index, length = _numbers(lines)
    except ValueError as error:
        raise SceneError(f"the OBJ holds what is no number ({error})", where=path, mend=DAMAGED) from None
    if not (np.isfinite(xyz).all() and (index >= 0).all() and (index < len(xyz)).all() and (index % 1 == 0).all()):
        raise SceneError("vertices are not finite, or faces name others than there are", where=path, mend=DAMAGED)
    triangles, polygon = fans(index, length)
    part = np.array(lines.part, dtype=np.int64)[polygon]
    return NamedParts(xyz, triangles.astype(np.int32), part, lines.names, np.zeros(len(lines.names), dtype=bool))


def _sorted(lines: list[bytes], names_parts: bytes) -> _Lines:
    """Sort the lines of a file by what they are; `names_parts` is the word that parts are named by."""
    vertices: list[bytes] = []
    faces: list[bytes] = []
    behind: list[int] = []
    part: list[int] = []
    names: dict[bytes, int] = {}
    now = -1
    for line in lines:
        key, _, rest = line.lstrip().partition(b" ")
        if key == b"v":
            vertices.append(rest)
        elif key == b"f":
            faces.append(rest)
            behind.append(len(vertices))
            part.append(now)
        elif key == names_parts:
            now = names.setdefault(b" ".join(rest.split()), len(names))
    return _Lines(vertices, faces, behind, part, tuple(name.decode("utf-8", "replace") for name in names))


def _numbers(lines: _Lines) -> tuple[Floats, NDArray[np.float64], Ints]:
    """Return positions (P, 3), the vertices of all polygons' corners counted from 0, and each polygon's length."""
    # A weight or a colour may stand behind the coordinates; a corner has numbers of other things behind a slash.
    coordinates = [word for vertex in lines.vertices for word in (vertex.split() + [b"?"] * 3)[:3]]
    corners = [face.split() for face in re.sub(rb"/[^ \n]*", b"", b"\n".join(lines.faces)).split(b"\n")]
    length = np.array([len(face) for face in corners], dtype=np.int64)
    number = np.array([word for face in corners for word in face], dtype=np.float64)
    # Counted from 1, or backwards from the last vertex before the face.
    index = np.where(number < 0, number + np.repeat(lines.behind, length), number - 1)
    return np.array(coordinates, dtype=np.float64).reshape(-1, 3), index, length
