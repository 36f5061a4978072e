"""Reads the files of a release; every failure is one `SceneError` that names the file.

The PLY reader is spargen's own because vertex order and count must be exactly the file's: annotations refer to them by
position, and a damaged file must be refused, not guessed at.
"""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import orjson
from numpy.typing import NDArray

from spargen.errors import SceneError

_DAMAGED = "the file is damaged: download it again"
_INTEGERS = {
    name: kind
    for kind, names in {
        "i1": ("char", "int8"),
        "u1": ("uchar", "uint8"),
        "i2": ("short", "int16"),
        "u2": ("ushort", "uint16"),
        "i4": ("int", "int32"),
        "u4": ("uint", "uint32"),
    }.items()
    for name in names
}
_SCALARS = {**_INTEGERS, "float": "f4", "float32": "f4", "double": "f8", "float64": "f8"}


def read_file(path: Path, *, mend: str = "download the file") -> bytes:
    """Return a file's bytes; `SceneError` with `mend` where it is missing or cannot be read."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise SceneError("the file is missing", where=path, mend=mend) from None
    except OSError as error:
        raise SceneError(f"the file cannot be read ({error.strerror})", where=path, mend=mend) from error


def read_json(path: Path, *, mend: str = "download the file") -> dict[str, object]:
    """Return the JSON object in a file."""
    try:
        content = orjson.loads(read_file(path, mend=mend))
    except orjson.JSONDecodeError as error:
        raise SceneError(f"the file is not JSON ({error})", where=path, mend=_DAMAGED) from None
    if not isinstance(content, dict):
        raise SceneError("the file is not a JSON object", where=path, mend=_DAMAGED)
    return content


def read_matrix(path: Path) -> NDArray[np.float64]:
    """Return the (4, 4) matrix written as numbers in a text file; -inf and nan are kept."""
    words = read_file(path).split()
    try:
        values = [float(word) for word in words]
    except ValueError as error:
        raise SceneError(f"the file is not a matrix ({error})", where=path, mend=_DAMAGED) from None
    if len(values) != 16:
        raise SceneError(f"the file holds {len(values)} numbers, not 4x4", where=path, mend=_DAMAGED)
    return np.reshape(values, (4, 4))


HEAD_BYTES = 2048
"""So much of an image file holds its header, but for files with pictures or profiles in it."""
_PNG, _JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8"
_NO_FRAME = (0xC4, 0xC8, 0xCC)


def image_size(head: bytes) -> tuple[int, int] | None:
    """Return width and height from the beginning of a PNG or JPEG file, None where it does not say them.

    Pillow takes half a millisecond for this, which scans of five thousand frames feel.
    """
    width = height = 0
    if head.startswith(_PNG) and len(head) >= 24:
        width, height = struct.unpack_from(">II", head, 16)
    at = len(_JPEG) if head.startswith(_JPEG) else len(head)
    while at + 9 <= len(head) and head[at] == 0xFF and not height:
        marker = head[at + 1]
        # A frame header: ITU-T T.81, B.2.2. All others are stepped over by their length.
        if 0xC0 <= marker <= 0xCF and marker not in _NO_FRAME:
            height, width = struct.unpack_from(">HH", head, at + 5)
            break
        at += 2 + struct.unpack_from(">H", head, at + 2)[0]
    return (width, height) if width and height else None


def image_file_size(path: Path) -> tuple[int, int] | None:
    """Return width and height of a PNG or JPEG file, None where it cannot be read or does not say them."""
    try:
        with path.open("rb", buffering=0) as file:
            head = file.read(HEAD_BYTES) or b""
            return image_size(head) or (image_size(head + file.readall()) if len(head) == HEAD_BYTES else None)
    except OSError:
        return None


def read_ply(path: Path) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    """Read a triangle mesh: ascii or binary PLY, vertices first, faces as one list of three indices each.

    Returns
    -------
    vertices : (P, 3) float64, in the file's order and as exact as it has them; faces : (F, 3) int32.

    Raises
    ------
    SceneError
        Where the header, the length, an index or a coordinate is not what such a file has.
    """
    data = read_file(path)
    form, elements, body = _ply_header(data, path)
    if [name for name, _, _ in elements] != ["vertex", "face"]:
        raise SceneError("the PLY does not hold vertices and faces, in that order", where=path, mend=_DAMAGED)
    (_, n_vertices, scalars), (_, n_faces, lists) = elements
    if not _is_mesh(scalars, lists):
        raise SceneError("the PLY's properties are not x y z ... and one index list", where=path, mend=_DAMAGED)
    if not n_vertices or not n_faces:
        raise SceneError("the PLY holds no faces", where=path, mend=_DAMAGED)
    names = [name for _, name in scalars]

    if form == "ascii":
        vertices, faces = _ascii_body(body, n_vertices, names, n_faces, path)
    else:
        order = "<" if form == "binary_little_endian" else ">"
        count, index = (_INTEGERS[kind] for kind in lists[0][1:3])
        vertex = np.dtype([(name, order + _SCALARS[kind]) for kind, name in scalars])
        face = np.dtype([("n", order + count), ("index", order + index, (3,))])
        need = n_vertices * vertex.itemsize + n_faces * face.itemsize
        if len(body) != need:
            raise SceneError(
                f"the PLY has {len(body)} bytes of data, its header asks for {need}", where=path, mend=_DAMAGED
            )
        table = np.frombuffer(body, vertex, n_vertices)
        vertices = np.stack([table[axis] for axis in "xyz"], axis=-1)
        rows = np.frombuffer(body, face, n_faces, offset=table.nbytes)
        faces = np.concatenate([rows["n"][:, None], rows["index"]], axis=1)
    return _checked(vertices, faces, path)


def _ply_header(data: bytes, path: Path) -> tuple[str, list[tuple[str, int, list[list[str]]]], memoryview]:
    """Return the format, the elements as (name, count, words of each property) and what follows the header."""
    end = data.find(b"end_header")
    newline = data.find(b"\n", end)
    lines = [line.split() for line in data[: max(end, 0)].decode("latin-1").splitlines()]
    form = next((words[1] for words in lines if len(words) == 3 and words[0] == "format"), "")
    if lines[:1] != [["ply"]] or newline < 0 or form not in ("ascii", "binary_little_endian", "binary_big_endian"):
        raise SceneError("the file has no PLY header", where=path, mend=_DAMAGED)
    elements: list[tuple[str, int, list[list[str]]]] = []
    for words in lines:
        if words[:1] == ["element"] and len(words) == 3 and words[2].isdecimal():
            elements.append((words[1], int(words[2]), []))
        elif words[:1] == ["property"] and elements:
            elements[-1][2].append(words[1:])
    return form, elements, memoryview(data)[newline + 1 :]


def _is_mesh(scalars: list[list[str]], lists: list[list[str]]) -> bool:
    """Tell whether vertex and face properties, in the header's words, are those of a triangle mesh."""
    names = [words[1] for words in scalars if len(words) == 2 and words[0] in _SCALARS]
    return (
        {"x", "y", "z"} <= set(names)
        and len(scalars) == len(set(names))
        and len(lists) == 1
        and len(lists[0]) == 4
        and set(lists[0][1:3]) <= _INTEGERS.keys()
    )


def _ascii_body(
    body: memoryview, n_vertices: int, names: list[str], n_faces: int, path: Path
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return (P, 3) coordinates and (F, 4) rows of corner count and indices of an ascii PLY."""
    try:
        values = np.array(bytes(body).split(), dtype=np.float64)
    except ValueError as error:
        raise SceneError(f"the PLY holds what is no number ({error})", where=path, mend=_DAMAGED) from None
    cut = n_vertices * len(names)
    if len(values) != cut + n_faces * 4:
        raise SceneError(
            f"the PLY has {len(values)} numbers, its header asks for {cut + n_faces * 4}", where=path, mend=_DAMAGED
        )
    columns = [names.index(axis) for axis in "xyz"]
    return values[:cut].reshape(n_vertices, len(names))[:, columns], values[cut:].reshape(n_faces, 4)


def _checked(
    vertices: NDArray[np.generic], faces: NDArray[np.generic], path: Path
) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    """Return coordinates and triangles of (P, 3) numbers and (F, 4) rows (corner count, indices), or refuse them."""
    with np.errstate(over="ignore", invalid="ignore"):  # what does not fit is refused below
        xyz, rows = vertices.astype(np.float64), faces.astype(np.int64)
        fits = np.isfinite(vertices.astype(np.float32))
    if (rows[:, 0] != 3).any():
        raise SceneError("the PLY holds faces that are no triangles", where=path, mend="triangulate the mesh")
    if rows.min() < 0 or rows[:, 1:].max() >= len(xyz):
        raise SceneError("faces name vertices that do not exist", where=path, mend=_DAMAGED)
    if not fits.all():
        raise SceneError("vertices are not finite", where=path, mend=_DAMAGED)
    return xyz, rows[:, 1:].astype(np.int32)
