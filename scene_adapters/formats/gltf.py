"""Binary glTF 2.0 (`.glb`): the triangles of a scene, each with the node that it hangs on.

Read from the file itself, for libraries give nodes of one name, or of several materials, names of their own making.
Transforms are multiplied down the tree, in float64. Buffers lie in the file; materials, skins, cameras, lights and
animations are passed over. What an extension compresses is refused by name.

The specification: positions are in metres, +Y is up, matrices stand column by column, quaternions as x y z w.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import orjson
from numpy.typing import NDArray

from scene_adapters.formats.files import read_file
from scene_adapters.formats.polygons import Floats, Ints, NamedParts, fans
from scene_adapters.formats.quaternions import rotation_matrix
from spargen.errors import SceneError

_COMPONENTS = {5120: "<i1", 5121: "<u1", 5122: "<i2", 5123: "<u2", 5125: "<u4", 5126: "<f4"}
_WIDTHS = {"SCALAR": 1, "VEC3": 3}
_TRIANGLES, _STRIP, _FAN = 4, 5, 6
_HARMLESS = ("KHR_materials_", "KHR_texture_", "KHR_lights_", "KHR_mesh_quantization", "KHR_xmp", "EXT_texture_")
"""Extensions that change nothing about where triangles are."""
_MEND = "export it as .glb, uncompressed, with everything in the one file"


def read_glb(path: Path) -> NamedParts:
    """Read the default scene of a file; the parts are the nodes that have a mesh of triangles.

    Raises
    ------
    SceneError
        Where the file is damaged, holds no triangles, or needs an extension that is not read.
    """
    try:
        document, binary = _chunks(read_file(path))
        needed = [name for name in document.get("extensionsRequired", []) if not name.startswith(_HARMLESS)]
        if needed:
            raise SceneError(f"the file needs {', '.join(needed)}, which is not read", where=path, mend=_MEND)
        found = _parts(document, binary)
    except (KeyError, IndexError, TypeError, ValueError, AttributeError, struct.error) as error:
        raise SceneError(f"the file is no whole binary glTF 2.0 ({error!r})", where=path, mend=_MEND) from None
    if not len(found.faces):
        raise SceneError("the glTF holds no triangles", where=path, mend="export the meshes of the scene")
    if not np.isfinite(found.vertices).all():
        raise SceneError("vertices are not finite", where=path, mend=_MEND)
    return found


def _chunks(data: bytes) -> tuple[dict[str, Any], bytes]:
    """Return the JSON document and the binary buffer."""
    magic, version, length = struct.unpack_from("<4sII", data)
    if magic != b"glTF" or version != 2 or length > len(data):
        raise ValueError(f"it begins with {magic!r}, version {version}, and should have {length} bytes")
    found: dict[bytes, bytes] = {}
    at = 12
    while at + 8 <= length:
        size, kind = struct.unpack_from("<I4s", data, at)
        found.setdefault(kind, data[at + 8 : at + 8 + size])
        at += 8 + size
    return orjson.loads(found[b"JSON"]), found.get(b"BIN\0", b"")


class _Placed(NamedTuple):
    """A node of the scene: its number, the (4, 4) transform to the scene, and the numbers of the nodes above it."""

    node: int
    T: Floats
    above: tuple[int, ...]


def _parts(document: dict[str, Any], binary: bytes) -> NamedParts:
    """Put the meshes of all nodes into the scene."""
    vertices, faces, part = [np.zeros((0, 3))], [np.zeros((0, 3), dtype=np.int64)], [np.zeros(0, dtype=np.int64)]
    names: list[str] = []
    numbers: list[int] = []
    hosts: set[int] = set()
    count = 0
    for node, T, above in _tree(document):
        xyz, triangles = _geometry(document, binary, document["nodes"][node])
        if len(triangles):
            # A mirror turns triangles round; fronts are to stay fronts.
            turned = triangles[:, ::-1] if np.linalg.det(T[:3, :3]) < 0 else triangles
            faces.append(turned + count)
            vertices.append(xyz @ T[:3, :3].T + T[:3, 3])
            part.append(np.full(len(triangles), len(names)))
            names.append(str(document["nodes"][node].get("name", "")))
            numbers.append(node)
            hosts.update(above)
            count += len(xyz)
    inner = np.array([number in hosts for number in numbers], dtype=bool)
    joined = np.concatenate(faces).astype(np.int32)
    return NamedParts(np.concatenate(vertices), joined, np.concatenate(part), tuple(names), inner)


def _tree(document: dict[str, Any]) -> Iterator[_Placed]:
    """Yield the nodes of the default scene, each after the one that it hangs on."""
    nodes, scenes = document.get("nodes", []), document.get("scenes", [])
    roots = scenes[document.get("scene", 0)].get("nodes", []) if scenes else range(len(nodes))
    waiting = [_Placed(node, np.eye(4), ()) for node in reversed(roots)]
    while waiting:
        node, T, above = waiting.pop()
        if node in above:
            raise ValueError(f"node {node} hangs on itself")
        T = T @ _transform(nodes[node])
        yield _Placed(node, T, above)
        waiting += [_Placed(child, T, (*above, node)) for child in reversed(nodes[node].get("children", []))]


def _transform(node: dict[str, Any]) -> Floats:
    """Return the (4, 4) transform of a node against the one that it hangs on."""
    if "matrix" in node:
        return np.array(node["matrix"], dtype=np.float64).reshape(4, 4).T
    T = np.eye(4)
    T[:3, :3] = rotation_matrix(node.get("rotation", [0, 0, 0, 1])) * np.array(
        node.get("scale", [1, 1, 1]), dtype=np.float64
    )
    T[:3, 3] = node.get("translation", [0, 0, 0])
    return T


def _geometry(document: dict[str, Any], binary: bytes, node: dict[str, Any]) -> tuple[Floats, Ints]:
    """Return the vertices (P, 3) of a node's mesh and its triangles (F, 3)."""
    vertices, faces, count = [np.zeros((0, 3))], [np.zeros((0, 3), dtype=np.int64)], 0
    for primitive in document["meshes"][node["mesh"]]["primitives"] if "mesh" in node else ():
        if primitive.get("mode", _TRIANGLES) not in (_TRIANGLES, _STRIP, _FAN):
            continue
        xyz = _accessor(document, binary, primitive["attributes"]["POSITION"])
        given = primitive.get("indices")
        index = np.arange(len(xyz)) if given is None else _accessor(document, binary, given)[:, 0].astype(np.int64)
        if index.size and not 0 <= index.min() <= index.max() < len(xyz):
            raise ValueError("an index names a vertex that does not exist")
        faces.append(_triangles(index, primitive.get("mode", _TRIANGLES)) + count)
        vertices.append(xyz.astype(np.float64))
        count += len(xyz)
    return np.concatenate(vertices), np.concatenate(faces)


def _triangles(index: Ints, mode: int) -> Ints:
    """Return triangles (F, 3) of a primitive's indices, all wound alike."""
    if mode == _FAN:
        return fans(index, np.array([len(index)]))[0]
    if mode == _STRIP:
        k = np.arange(max(len(index) - 2, 0))
        return np.asarray(index[np.stack([k, k + 1 + k % 2, k + 2 - k % 2], axis=-1)])
    return index[: len(index) // 3 * 3].reshape(-1, 3)


def _accessor(document: dict[str, Any], binary: bytes, number: int) -> NDArray[Any]:
    """Return the values (N, width) that an accessor names, as numbers in 0..1 or -1..1 where it says normalized."""
    accessor = document["accessors"][number]
    dtype, width = np.dtype(_COMPONENTS[accessor["componentType"]]), _WIDTHS[accessor["type"]]
    if "sparse" in accessor or "bufferView" not in accessor:
        raise ValueError("it has sparse accessors")
    view = document["bufferViews"][accessor["bufferView"]]
    if view["buffer"] or "uri" in document["buffers"][0]:
        raise ValueError("its buffers lie in other files")
    step = view.get("byteStride", dtype.itemsize * width)
    start = view.get("byteOffset", 0) + accessor.get("byteOffset", 0)
    values = np.ndarray((accessor["count"], width), dtype, binary, start, (step, dtype.itemsize))
    if not accessor.get("normalized"):
        return values
    return np.maximum(values / np.iinfo(dtype).max, -1.0)
