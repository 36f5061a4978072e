"""PLY files of every form, written number by number."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

from scene_adapters.formats.ply import read_ply, read_polygons
from spargen.errors import SceneError

CORNERS = [(0.0, 0.0, 0.0), (1.0, 0.0, 0.0), (1.0, 1.0, 0.0), (0.0, 1.0, 0.0), (0.5, 0.5, 2.0)]
FORMS = ("ascii", "binary_little_endian", "binary_big_endian")
QUAD_AND_TRIANGLES = [(0, 1, 2, 3), (0, 1, 4), (1, 2, 4)]
FIVE = [(0, 1, 2, 3, 4)]


def written(form: str, faces: list[tuple[int, ...]], face_ids: list[int], vertex_ids: list[int]) -> bytes:
    """A vertex has an id behind its position, a face one before its corners and texture numbers behind them."""
    head = (
        f"ply\nformat {form} 1.0\ncomment of a test\nelement camera 1\nproperty float zoom\nelement vertex 5\n"
        "property double x\nproperty double y\nproperty double z\nproperty short objectId\n"
        f"element face {len(faces)}\nproperty int object_id\nproperty list uchar int vertex_indices\n"
        "property list uchar float texcoord\nelement edge 1\nproperty int a\nend_header\n"
    )
    if form == "ascii":
        rows = ["0.5", *(f"{x} {y} {z} {i}" for (x, y, z), i in zip(CORNERS, vertex_ids, strict=True))]
        for corners, i in zip(faces, face_ids, strict=True):
            rows.append(f"{i} {len(corners)} {' '.join(map(str, corners))} 2 0.25 0.75")
        return head.encode() + "\n".join([*rows, "7", ""]).encode()
    order = "<" if "little" in form else ">"
    body = struct.pack(f"{order}f", 0.5)
    body += b"".join(struct.pack(f"{order}3dh", *xyz, i) for xyz, i in zip(CORNERS, vertex_ids, strict=True))
    for corners, i in zip(faces, face_ids, strict=True):
        body += struct.pack(f"{order}iB{len(corners)}iBff", i, len(corners), *corners, 2, 0.25, 0.75)
    return head.encode() + body + struct.pack(f"{order}i", 7)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("faces", "ids", "triangles", "owners"),
    [
        (QUAD_AND_TRIANGLES, [70000, -1, 3], [[0, 1, 2], [0, 2, 3], [0, 1, 4], [1, 2, 4]], [70000, 70000, -1, 3]),
        ([(0, 1, 2, 3), (3, 2, 1, 0)], [5, 6], [[0, 1, 2], [0, 2, 3], [3, 2, 1], [3, 1, 0]], [5, 5, 6, 6]),
        ([(0, 1, 2), (0, 1)], [5, 6], [[0, 1, 2]], [5]),
        (FIVE, [8], [[0, 1, 2], [0, 2, 3], [0, 3, 4]], [8, 8, 8]),
    ],
)
def test_polygons_become_triangles_that_keep_their_ids(
    tmp_path: Path, form: str, faces: list, ids: list, triangles: list, owners: list
) -> None:
    path = tmp_path / "mesh.ply"
    path.write_bytes(written(form, faces, ids, [9, 9, -4, 1, 0]))
    mesh = read_polygons(path, vertex=("objectId", "absent"), face=("object_id", "texcoord"))
    np.testing.assert_array_equal(mesh.vertices, CORNERS)
    assert mesh.vertices.dtype == np.float64
    assert mesh.faces.tolist() == triangles
    assert {name: values.tolist() for name, values in mesh.face.items()} == {"object_id": owners}
    assert {name: values.tolist() for name, values in mesh.vertex.items()} == {"objectId": [9, 9, -4, 1, 0]}


@pytest.mark.parametrize("form", FORMS)
def test_every_file_that_is_cut_short_is_refused(tmp_path: Path, form: str) -> None:
    path = tmp_path / "mesh.ply"
    data = written(form, QUAD_AND_TRIANGLES, [1, 2, 3], [0] * 5)
    start = data.index(b"end_header\n") + 11
    # The last number of an ascii file may lose its line break, and digits.
    for end in range(start, len(data) - (2 if form == "ascii" else 0), 3):
        path.write_bytes(data[:end])
        with pytest.raises(SceneError, match="its header asks for"):
            read_polygons(path)
    path.write_bytes(data + (b" 1" if form == "ascii" else b"\0"))
    with pytest.raises(SceneError, match="its header asks for"):
        read_polygons(path)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (b"3 0 1 4", b"3 0 1 5", "do not exist"),
        (b"3 0 1 4", b"3 0 1 -1", "do not exist"),
        (b"3 0 1 4", b"nan 0 1 4", "its header asks for"),
        (b"3 0 1 4", b"1e300 0 1 4", "its header asks for"),
        (b"0.5 0.5 2.0", b"0.5 nan 2.0", "not finite"),
        (b"property double x", b"property quad x", "properties is 'quad x'"),
        (b"list uchar int vertex", b"list float int vertex", "properties is"),
        (b"list uchar int vertex", b"list uchar float vertex", "properties are not"),
        (b"objectId", b"x", "properties are not"),
        (b"element face 3", b"element facet 3", "vertices and faces"),
    ],
)
def test_what_is_no_mesh_is_refused(tmp_path: Path, old: bytes, new: bytes, says: str) -> None:
    path = tmp_path / "mesh.ply"
    data = written("ascii", QUAD_AND_TRIANGLES, [1, 2, 3], [0] * 5)
    assert data.count(old) == 1
    path.write_bytes(data.replace(old, new))
    with pytest.raises(SceneError, match=says) as caught:
        read_polygons(path)
    assert caught.value.where == str(path)


def test_releases_of_triangles_may_hold_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "mesh.ply"
    path.write_bytes(written("binary_little_endian", QUAD_AND_TRIANGLES[1:], [1, 2], [0] * 5))
    assert read_ply(path)[1].tolist() == [[0, 1, 4], [1, 2, 4]]
    path.write_bytes(written("binary_little_endian", QUAD_AND_TRIANGLES, [1, 2, 3], [0] * 5))
    with pytest.raises(SceneError, match="no triangles"):
        read_ply(path)
