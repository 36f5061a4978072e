"""glTF and OBJ files, node by node and line by line."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import numpy as np
import pytest

from scene_adapters.formats.gltf import read_glb
from scene_adapters.formats.obj import read_obj
from spargen.errors import SceneError
from tests.adapters.posed_files import glb_bytes, put

TRIANGLE = np.array([[[0, 0, 0], [1, 0, 0], [0, 2, 0]]], dtype=float)
OTHER = TRIANGLE + np.array([0, 0, 5])


def glb(tmp_path: Path, *arguments: object, **document: object):
    return read_glb(put(tmp_path / "a.glb", glb_bytes(*arguments, **document)))


def test_transforms_are_multiplied_down_the_tree(tmp_path: Path) -> None:
    quarter = [0, 0, np.sqrt(0.5), np.sqrt(0.5)]  # about +Z, by a quarter turn
    columns = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 7, 8, 9, 1]  # a shift: matrices stand column by column
    nodes = [
        {"name": "top", "children": [1], "translation": [1e6, 0, 0]},
        {"name": "turned", "children": [2], "rotation": quarter, "scale": [2, 1, 1]},
        {"name": "leaf", "mesh": 0, "matrix": columns},
    ]
    found = glb(tmp_path, nodes, [[TRIANGLE]], scenes=[{"nodes": [0]}])
    # Shifted to (7, 8, 9), x doubled, turned by a quarter, shifted by a million: kept in float64.
    np.testing.assert_allclose(
        found.vertices[found.faces[0]], [[1e6 - 8, 14, 9], [1e6 - 8, 16, 9], [1e6 - 10, 14, 9]], atol=1e-9
    )
    assert found.names == ("leaf",)


def test_each_node_is_a_part_whatever_it_is_called_and_however_many_materials_it_has(tmp_path: Path) -> None:
    nodes = [{"name": "chair", "mesh": 0}, {"name": "chair", "mesh": 0}, {"mesh": 0}, {"name": "two", "mesh": 1}]
    found = glb(tmp_path, nodes, [[TRIANGLE], [TRIANGLE, OTHER]])
    assert found.names == ("chair", "chair", "", "two")
    assert found.face_part.tolist() == [0, 1, 2, 3, 3]
    assert not found.inner.any()
    np.testing.assert_allclose(found.vertices[found.faces[4]], OTHER[0])


def test_only_the_default_scene_is_read(tmp_path: Path) -> None:
    nodes = [{"name": "a", "mesh": 0}, {"name": "b", "mesh": 0}]
    scenes = [{"nodes": [0]}, {"nodes": [1]}]
    assert glb(tmp_path, nodes, [[TRIANGLE]], scenes=scenes, scene=1).names == ("b",)
    assert glb(tmp_path, nodes, [[TRIANGLE]], scenes=scenes).names == ("a",)


def test_a_mirrored_node_keeps_its_fronts(tmp_path: Path) -> None:
    found = glb(tmp_path, [{"name": "a", "mesh": 0, "scale": [-1, 1, 1]}], [[TRIANGLE]])
    a, b, c = found.vertices[found.faces[0]]
    assert np.cross(b - a, c - a)[2] > 0


def indexed(mode: int, index: list[int], **accessor: object) -> dict:
    """A document whose mesh has five points in a row of triangles, in 16-bit numbers 2 apart in their buffer."""
    points = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [1, 1, 0], [0, 2, 0]], "<i2")
    padded = np.zeros((5, 4), "<i2")
    padded[:, :3] = points
    numbers = np.array(index, "<u1")
    body = {
        "asset": {"version": "2.0"},
        "nodes": [{"name": "a", "mesh": 0}],
        "meshes": [{"primitives": [{"attributes": {"POSITION": 0}, "indices": 1, "mode": mode}]}],
        "accessors": [
            {"bufferView": 0, "componentType": 5122, "count": 5, "type": "VEC3"} | accessor,
            {"bufferView": 1, "byteOffset": 2, "componentType": 5121, "count": len(index), "type": "SCALAR"},
        ],
        "bufferViews": [
            {"buffer": 0, "byteLength": 40, "byteStride": 8},
            {"buffer": 0, "byteOffset": 40, "byteLength": 2 + len(index)},
        ],
        "buffers": [{"byteLength": 42 + len(index)}],
    }
    return {"document": body, "binary": padded.tobytes() + b"\xff\xff" + numbers.tobytes()}


def packed(document: dict, binary: bytes) -> bytes:
    text = json.dumps(document).encode()
    chunks = struct.pack("<I4s", len(text), b"JSON") + text + struct.pack("<I4s", len(binary), b"BIN\0") + binary
    return struct.pack("<4sII", b"glTF", 2, 12 + len(chunks)) + chunks


@pytest.mark.parametrize(
    ("mode", "index", "triangles"),
    [
        (4, [0, 1, 2, 2, 1, 3, 4], [[0, 1, 2], [2, 1, 3]]),
        (5, [0, 1, 2, 3, 4], [[0, 1, 2], [1, 3, 2], [2, 3, 4]]),
        (6, [0, 1, 3, 2], [[0, 1, 3], [0, 3, 2]]),
    ],
)
def test_strips_and_fans_are_wound_alike(tmp_path: Path, mode: int, index: list, triangles: list) -> None:
    found = read_glb(put(tmp_path / "a.glb", packed(**indexed(mode, index))))
    assert found.faces.tolist() == triangles
    a, b, c = np.moveaxis(found.vertices[found.faces], 1, 0)
    assert (np.cross(b - a, c - a)[:, 2] > 0).all()


def test_normalized_numbers_are_parts_of_their_largest(tmp_path: Path) -> None:
    found = read_glb(put(tmp_path / "a.glb", packed(**indexed(4, [0, 1, 2], normalized=True))))
    np.testing.assert_allclose(found.vertices[1], [1 / 32767, 0, 0])


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"extensionsRequired": ["KHR_draco_mesh_compression"]}, "needs KHR_draco_mesh_compression"),
        ({"extensionsRequired": ["EXT_meshopt_compression"]}, "needs EXT_meshopt_compression"),
        ({"nodes": [{"name": "a"}]}, "no triangles"),
        ({"meshes": [{"primitives": [{"attributes": {"POSITION": 0}, "mode": 1}]}]}, "no triangles"),
        ({"nodes": [{"mesh": 7}]}, "no whole binary glTF"),
        ({"nodes": [{"mesh": 0, "children": [0]}]}, "no whole binary glTF"),
        ({"buffers": [{"uri": "a.bin", "byteLength": 9}]}, "in other files"),
        ({"accessors": [{"componentType": 5126, "count": 3, "type": "VEC3"}] * 2}, "sparse"),
        ({"accessors": 3}, "no whole binary glTF"),
    ],
)
def test_what_is_not_read_of_gltf_is_named(tmp_path: Path, change: dict, says: str) -> None:
    whole = indexed(4, [0, 1, 2])
    path = put(tmp_path / "a.glb", packed(whole["document"] | change, whole["binary"]))
    with pytest.raises(SceneError, match=says) as caught:
        read_glb(path)
    assert caught.value.where == str(path)


def test_extensions_that_change_no_triangle_are_no_hindrance(tmp_path: Path) -> None:
    whole = indexed(4, [0, 1, 2])
    needs = {"extensionsRequired": ["KHR_mesh_quantization", "KHR_materials_unlit", "KHR_texture_transform"]}
    assert len(read_glb(put(tmp_path / "a.glb", packed(whole["document"] | needs, whole["binary"]))).faces) == 1


def test_a_glb_that_is_cut_short_or_names_other_vertices_is_refused(tmp_path: Path) -> None:
    whole = indexed(4, [0, 1, 2])
    data = packed(**whole)
    for end in range(0, len(data), 7):
        with pytest.raises(SceneError, match="no whole binary glTF"):
            read_glb(put(tmp_path / "a.glb", data[:end]))
    for wrong in (data.replace(b"glTF", b"PK\3\4", 1), packed(**indexed(4, [0, 1, 5])), b"\x89PNG" + data[4:]):
        with pytest.raises(SceneError, match="no whole binary glTF"):
            read_glb(put(tmp_path / "a.glb", wrong))
    nan = np.array([[[np.nan, 0, 0], [1, 0, 0], [0, 1, 0]]])
    with pytest.raises(SceneError, match="not finite"):
        glb(tmp_path, [{"mesh": 0}], [[nan]])


# --- OBJ --------------------------------------------------------------------------------------------------------------

OBJ = "v 0 0 0\nv 1 0 0 9\nv 1 1 0 1 0 0\nv\t0 1 0\n"


def obj(tmp_path: Path, text: str):
    return read_obj(put(tmp_path / "a.obj", text))


@pytest.mark.parametrize(
    "face",
    [
        "f 1 2 3 4",
        "f 1/7 2/8 3/9 4/9",
        "f 1//1 2//1 3//1 4//1",
        "  f  1/1/1\t2/1/1 3/1/1 4/1/1 ",
        "f -4 -3 -2 -1",
        "f 1 2 \\\n3 4",
    ],
)
def test_every_way_to_write_a_face(tmp_path: Path, face: str) -> None:
    found = obj(tmp_path, f"mtllib a.mtl\n{OBJ}vn 0 0 1\n{face}\nl 1 2\n")
    assert found.faces.tolist() == [[0, 1, 2], [0, 2, 3]]
    np.testing.assert_array_equal(found.vertices, [[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]])
    assert (found.names, found.face_part.tolist()) == ((), [-1, -1])


def test_numbers_from_behind_count_from_where_they_stand(tmp_path: Path) -> None:
    found = obj(tmp_path, f"{OBJ}f -4 -3 -2\nv 5 5 5\nf -3 -2 -1\nf 1 -1 2")
    assert found.faces.tolist() == [[0, 1, 2], [2, 3, 4], [0, 4, 1]]


def test_objects_count_before_groups_and_one_name_is_one_part(tmp_path: Path) -> None:
    text = f"{OBJ}f 1 2 3\ng seat\no chair one\nf 1 2 3\ng legs\nf 2 3 4\no table\nf 1 3 4\no chair one\nf 1 2 4\n"
    found = obj(tmp_path, text)
    assert found.names == ("chair one", "table")
    assert found.face_part.tolist() == [-1, 0, 0, 1, 0]
    found = obj(tmp_path, text.replace("\no ", "\n# "))
    assert found.names == ("seat", "legs")
    assert found.face_part.tolist() == [-1, 0, 1, 1, 1]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "holds no faces"),
        (OBJ, "holds no faces"),
        ("f 1 2 3", "holds no faces"),
        (f"{OBJ}f 1 2 5", "others than there are"),
        (f"{OBJ}f 0 1 2", "others than there are"),
        (f"{OBJ}f -5 1 2", "others than there are"),
        (f"{OBJ}f 1 2.5 3", "others than there are"),
        (f"{OBJ}f 1 nan 3", "others than there are"),
        (f"{OBJ}f 1 two 3", "no number"),
        (f"{OBJ}v 1 2\nf 1 2 3", "no number"),
        (f"{OBJ}v 1 2 inf\nf 1 2 3", "not finite"),
    ],
)
def test_what_is_no_obj_is_refused(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(SceneError, match=says) as caught:
        obj(tmp_path, text)
    assert caught.value.where.endswith("a.obj")
