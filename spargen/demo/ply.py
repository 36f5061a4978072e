"""Writes meshes as binary PLY files."""

from __future__ import annotations

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
    object_id: NDArray[np.integer[Any]] | None = None,
) -> None:
    """Write triangles, little endian.

    Parameters
    ----------
    vertices : (P, 3) float32 or float64, which the file then has.
    colours : (P, 3) red, green, blue, or (P, 4) with alpha.
    faces : (F, 3) vertex indices.
    object_id : (F,) a number for each face; None = the file has no such property.
    """
    xyz, channels = np.dtype(vertices.dtype), _COLOURS[: colours.shape[1]]
    vertex = np.zeros(len(vertices), dtype=[("xyz", xyz.newbyteorder("<"), 3), ("rgb", "u1", len(channels))])
    vertex["xyz"], vertex["rgb"] = vertices, colours
    numbered = [] if object_id is None else [("object_id", "<i4")]
    face = np.zeros(len(faces), dtype=[("n", "u1"), ("corners", "<i4", 3), *numbered])
    face["n"], face["corners"] = 3, faces
    lines = ["ply", "format binary_little_endian 1.0", f"element vertex {len(vertex)}"]
    lines += [f"property {_TYPES[xyz.name]} {name}" for name in "xyz"]
    lines += [f"property uchar {name}" for name in channels]
    lines += [f"element face {len(face)}", "property list uchar int vertex_indices"]
    if object_id is not None:
        face["object_id"] = object_id
        lines += ["property int object_id"]
    path.write_bytes("\n".join([*lines, "end_header", ""]).encode() + vertex.tobytes() + face.tobytes())
