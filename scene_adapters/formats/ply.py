"""PLY meshes, as ascii or binary of either byte order, with the object ids that vertices and faces may carry.

Vertices keep the file's order and count, for annotations refer to them by position; polygons become triangles, which
keep their polygon's properties. A damaged file is refused and not guessed at.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scene_adapters.formats.files import DAMAGED, read_file
from scene_adapters.formats.polygons import fans
from spargen.errors import SceneError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_TYPES = {
    name: kind
    for kind, names in {
        "i1": ("char", "int8"),
        "u1": ("uchar", "uint8"),
        "i2": ("short", "int16"),
        "u2": ("ushort", "uint16"),
        "i4": ("int", "int32"),
        "u4": ("uint", "uint32"),
        "f4": ("float", "float32"),
        "f8": ("double", "float64"),
    }.items()
    for name in names
}
_CODES = {"i1": "b", "u1": "B", "i2": "h", "u2": "H", "i4": "i", "u4": "I", "f4": "f", "f8": "d"}
"""Letters of the module struct."""
_INDEX_LISTS = ("vertex_indices", "vertex_index")


@dataclass(frozen=True, slots=True)
class PlyMesh:
    """A mesh with further properties of its vertices and faces.

    Parameters
    ----------
    vertices : (P, 3) float64, in the file's order and as exact as it has them.
    faces : (F, 3) int32.
    vertex, face : arrays (P,) and (F,) of the properties that were asked for and are there, by name.
    """

    vertices: Floats
    faces: NDArray[np.int32]
    vertex: Mapping[str, NDArray[Any]]
    face: Mapping[str, NDArray[Any]]


class _Property(NamedTuple):
    """Name and numpy type of a property; of a list, the type of its length as well."""

    name: str
    kind: str
    length: str = ""


class _Element(NamedTuple):
    name: str
    rows: int
    properties: tuple[_Property, ...]


class _Column(NamedTuple):
    """The N values of a property one after the other; of lists, how many values each has (N,), else None."""

    values: NDArray[Any]
    length: Ints | None


def read_ply(path: Path) -> tuple[Floats, NDArray[np.int32]]:
    """Read a mesh of triangles only.

    Returns
    -------
    vertices : (P, 3) float64; faces : (F, 3) int32, as in `PlyMesh`.

    Raises
    ------
    SceneError
        Where the header, the length, an index or a coordinate is not what such a file has, or a face is no triangle.
    """
    mesh = read_polygons(path, triangles_only=True)
    return mesh.vertices, mesh.faces


def read_polygons(
    path: Path, vertex: Sequence[str] = (), face: Sequence[str] = (), *, triangles_only: bool = False
) -> PlyMesh:
    """Read a mesh of polygons; each becomes triangles around its first corner.

    Parameters
    ----------
    path : the file.
    vertex, face : names of further properties, one number each, that are wanted where there are any.
    triangles_only : refuse other polygons.

    Raises
    ------
    SceneError
        As `read_ply` does.
    """
    data = read_file(path)
    form, elements, body = _header(data, path)
    wanted = [element for element in elements if element.name in ("vertex", "face")]
    if [element.name for element in wanted] != ["vertex", "face"]:
        raise SceneError("the PLY does not hold vertices and faces, in that order", where=path, mend=DAMAGED)
    indices = _index_list(wanted[0], wanted[1], path)
    if not all(element.rows for element in wanted):
        raise SceneError("the PLY holds no faces", where=path, mend=DAMAGED)
    table = _ascii(body, elements, path) if form == "ascii" else _Table(body, elements, form == "binary_big_endian")
    of_vertex, of_face = (table.read(path)[name] for name in ("vertex", "face"))
    corners = of_face[indices]
    counts = np.zeros(0, np.int64) if corners.length is None else corners.length
    if triangles_only and (counts != 3).any():
        raise SceneError("the PLY holds faces that are no triangles", where=path, mend="triangulate the mesh")
    triangles, polygon = fans(corners.values, counts)
    vertices, faces = _checked(np.stack([of_vertex[axis].values for axis in "xyz"], axis=-1), triangles, path)
    return PlyMesh(
        vertices,
        faces,
        {name: of_vertex[name].values for name in vertex if name in of_vertex},
        {name: of_face[name].values[polygon] for name in face if name in of_face and of_face[name].length is None},
    )


def _header(data: bytes, path: Path) -> tuple[str, list[_Element], memoryview]:
    """Return the format, the elements and what follows the header."""
    end = data.find(b"end_header")
    newline = data.find(b"\n", end)
    lines = [line.split() for line in data[: max(end, 0)].decode("latin-1").splitlines()]
    form = next((words[1] for words in lines if len(words) == 3 and words[0] == "format"), "")
    if lines[:1] != [["ply"]] or newline < 0 or form not in ("ascii", "binary_little_endian", "binary_big_endian"):
        raise SceneError("the file has no PLY header", where=path, mend=DAMAGED)
    elements: list[_Element] = []
    for words in lines:
        if words[:1] == ["element"] and len(words) == 3 and words[2].isdecimal():
            elements.append(_Element(words[1], int(words[2]), ()))
        elif words[:1] == ["property"] and elements:
            *_, (name, count, before) = elements
            elements[-1] = _Element(name, count, (*before, _property(words[1:], path)))
    return form, elements, memoryview(data)[newline + 1 :]


def _property(words: list[str], path: Path) -> _Property:
    match words:
        case [kind, name] if kind in _TYPES:
            return _Property(name, _TYPES[kind])
        case ["list", length, kind, name] if {length, kind} <= _TYPES.keys() and _TYPES[length][0] != "f":
            return _Property(name, _TYPES[kind], _TYPES[length])
    raise SceneError(f"one of the PLY's properties is {' '.join(words)!r}", where=path, mend=DAMAGED)


def _index_list(vertex: _Element, face: _Element, path: Path) -> str:
    """Return the name of the faces' index list, having seen that the properties are those of a mesh."""
    names = [[p.name for p in element.properties] for element in (vertex, face)]
    lists = [p.name for p in face.properties if p.length and p.kind[0] != "f"]
    index = next((name for name in lists if name in _INDEX_LISTS or len(lists) == 1), "")
    distinct = all(len(set(of)) == len(of) for of in names)
    if not ({"x", "y", "z"} <= set(names[0]) and index and distinct and not any(p.length for p in vertex.properties)):
        raise SceneError("the PLY's properties are not x y z ... and one index list", where=path, mend=DAMAGED)
    return index


def _ascii(body: memoryview, elements: Sequence[_Element], path: Path) -> _Table:
    """Return the numbers of an ascii PLY as a table of doubles."""
    try:
        values = np.array(bytes(body).split(), dtype=np.float64)
    except ValueError as error:
        raise SceneError(f"the PLY holds what is no number ({error})", where=path, mend=DAMAGED) from None
    doubles = [
        _Element(name, count, tuple(_Property(p.name, "f8", "f8" if p.length else "") for p in properties))
        for name, count, properties in elements
    ]
    return _Table(memoryview(values.astype(">f8").data).cast("B"), doubles, big_endian=True, unit=("numbers", 8))


@dataclass(frozen=True, slots=True)
class _Table:
    """The rows of all elements, one after the other; `unit` is what its length is told in, and its bytes."""

    body: memoryview
    elements: Sequence[_Element]
    big_endian: bool
    unit: tuple[str, int] = ("bytes of data", 1)

    def read(self, path: Path) -> dict[str, dict[str, _Column]]:
        """Return the columns of each element, by their names."""
        columns, at = {}, 0
        for element in self.elements:
            columns[element.name], at = self._alike(element, at) or self._varied(element, at) or ({}, -1)
            if at < 0:
                break
        if at != len(self.body):
            name, size = self.unit
            asked = "more" if at < 0 else at // size
            what = f"the PLY has {len(self.body) // size} {name}, its header asks for {asked}"
            raise SceneError(what, where=path, mend=DAMAGED)
        return columns

    def _alike(self, element: _Element, at: int) -> tuple[dict[str, _Column], int] | None:
        """Read rows of which every list is as long as that of the first row; None where they are not."""
        places, end = self._places(element, at)
        row = end - at
        if end > len(self.body) or at + row * element.rows > len(self.body):
            return None
        columns: dict[str, _Column] = {}
        for p, start, length in places:
            values = self._strided(p.kind, start, (element.rows, length if p.length else 1), row)
            counts = self._strided(p.length, start - self._size(p.length), (element.rows, 1), row) if p.length else None
            if counts is not None and (counts != length).any():
                return None
            alike = None if counts is None else np.full(element.rows, length, dtype=np.int64)
            columns[p.name] = _Column(values.reshape(-1), alike)
        return columns, at + row * element.rows

    def _varied(self, element: _Element, at: int) -> tuple[dict[str, _Column], int] | None:
        """Read rows one after the other; None where they go on beyond the end."""
        starts: dict[str, list[int]] = {p.name: [] for p in element.properties}
        lengths: dict[str, list[int]] = {p.name: [] for p in element.properties}
        for _ in range(element.rows):
            places, at = self._places(element, at)
            if at > len(self.body):
                return None
            for p, start, length in places:
                starts[p.name].append(start)
                lengths[p.name].append(length)
        columns = {}
        for p in element.properties:
            counts = np.array(lengths[p.name], dtype=np.int64)
            within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
            place = np.repeat(np.array(starts[p.name], dtype=np.int64), counts) + within * self._size(p.kind)
            raw = np.frombuffer(self.body, np.uint8)[place[:, None] + np.arange(self._size(p.kind))]
            columns[p.name] = _Column(raw.view(self._dtype(p.kind)).reshape(-1), counts if p.length else None)
        return columns, at

    def _places(self, element: _Element, at: int) -> tuple[list[tuple[_Property, int, int]], int]:
        """Return where the values of each property of a row begin, how many there are, and where the row ends."""
        places = []
        for p in element.properties:
            length = 1
            if p.length:
                after = at + self._size(p.length)
                number = self._number(p.length).unpack_from(self.body, at)[0] if after <= len(self.body) else 0
                at, length = after, int(number) if 0 <= number <= len(self.body) else 0
            places.append((p, at, length))
            at += length * self._size(p.kind)
        return places, at

    def _strided(self, kind: str, at: int, shape: tuple[int, int], row: int) -> NDArray[Any]:
        """Return values that stand side by side in each of some rows; nothing is copied."""
        dtype = self._dtype(kind)
        return np.ndarray(shape, dtype, self.body, at, (row, dtype.itemsize))

    def _number(self, kind: str) -> struct.Struct:
        return struct.Struct((">" if self.big_endian else "<") + _CODES[kind])

    def _dtype(self, kind: str) -> np.dtype[Any]:
        return np.dtype((">" if self.big_endian else "<") + kind)

    def _size(self, kind: str) -> int:
        return int(kind[1:])


def _checked(vertices: NDArray[Any], faces: Ints, path: Path) -> tuple[Floats, NDArray[np.int32]]:
    """Return coordinates (P, 3) and triangles (F, 3), or refuse them."""
    with np.errstate(over="ignore", invalid="ignore"):  # what does not fit is refused below
        xyz = vertices.astype(np.float64)
        fits = np.isfinite(vertices.astype(np.float32))
    if faces.min(initial=0) < 0 or faces.max(initial=0) >= len(xyz):
        raise SceneError("faces name vertices that do not exist", where=path, mend=DAMAGED)
    if not fits.all():
        raise SceneError("vertices are not finite", where=path, mend=DAMAGED)
    return xyz, faces.astype(np.int32)
