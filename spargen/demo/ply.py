"""Writes meshes as binary PLY files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

_TYPES = {"float32": "float", "float64": "double"}
_COLOURS = ("red", "green", "blue", "alpha")


def write_ply(
    path: Path,
    vertices: NDArray[np.floating[Any]],
    colours: NDArray[np.uint8],
    faces: NDArray[np.integer[Any]],
    of_faces: Mapping[str, NDArray[np.integer[Any]]] | None = None,
    *,
    of_vertices: Mapping[str, NDArray[np.float32]] | None = None,
) -> None:
    """Write triangles, little endian.

    Parameters
    ----------
    vertices : (P, 3) float32 or float64, which the file then has.
    colours : (P, 3) red, green, blue, or (P, 4) with alpha.
    faces : (F, 3) vertex indices.
    of_faces : (F,) numbers of the faces, by the names of their properties.
    of_vertices : (P,) numbers of the vertices, by name; they stand before the colours.
    """
    xyz, channels = np.dtype(vertices.dtype), _COLOURS[: colours.shape[1]]
    floats, numbers = of_vertices or {}, of_faces or {}
    more = [(name, "<f4") for name in floats]
    vertex = np.zeros(len(vertices), dtype=[("xyz", xyz.newbyteorder("<"), 3), *more, ("rgb", "u1", len(channels))])
    vertex["xyz"], vertex["rgb"] = vertices, colours
    face = np.zeros(len(faces), dtype=[("n", "u1"), ("corners", "<i4", 3), *((name, "<i4") for name in numbers)])
    face["n"], face["corners"] = 3, faces
    for table, columns in ((vertex, floats), (face, numbers)):
        for name, values in columns.items():
            table[name] = values
    lines = ["ply", "format binary_little_endian 1.0", f"element vertex {len(vertex)}"]
    lines += [f"property {_TYPES[xyz.name]} {name}" for name in "xyz"]
    lines += [f"property float {name}" for name in floats]
    lines += [f"property uchar {name}" for name in channels]
    lines += [f"element face {len(face)}", "property list uchar int vertex_indices"]
    lines += [f"property int {name}" for name in numbers]
    path.write_bytes("\n".join([*lines, "end_header", ""]).encode() + vertex.tobytes() + face.tobytes())
