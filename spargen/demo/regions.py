"""Matterport3D's meshes of a scan, with annotation by faces: of each region, and whole; and the house file beside."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spargen.demo.directions import room_at
from spargen.demo.house import House
from spargen.demo.house_file import Division, category_rows, divide, house_text, region_letter
from spargen.demo.ply import write_ply
from spargen.demo.scan import Scan

Ints = NDArray[np.int64]


def write_house(
    house: House,
    scan: Scan,
    panoramas: Sequence[str],
    center_m: NDArray[Any],
    images: Sequence[str],
    whole: Path,
    regions: Path,
    scene_id: str,
) -> None:
    """Write the house file and what goes with it.

    Parameters
    ----------
    house, scan : what was scanned, and what came of it.
    panoramas, center_m : names of the places (V,), and where (V, 3) they are.
    images : records of the images.
    whole, regions : folders of what is of the house, and of what is of its regions.
    scene_id : name of the scan.
    """
    parts = divide(house, scan)
    (whole / f"{scene_id}.house").write_text(house_text(house, scan, parts, panoramas, center_m, images))
    told = enumerate(zip(panoramas, room_at(house, center_m).tolist(), strict=True))
    lines = [f"{k} {name} {region} {region_letter(house, region)}\n" for k, (name, region) in told]
    (whole / "panorama_to_region.txt").write_text("".join(lines))
    _write(scan, parts, np.ones(len(scan.faces), dtype=bool), parts.face_id, whole / scene_id)
    for r in range(len(house.plan.rooms)):
        _write(scan, parts, parts.face_region == r, parts.face_segment, regions / f"region{r}")


def _write(scan: Scan, parts: Division, mine: NDArray[np.bool_], segment: Ints, path: Path) -> None:
    """Write some faces as a mesh of their own, their segments, and the groups of these."""
    rows, group = category_rows(scan), parts.face_group[mine]
    labels = [g.label for g in scan.groups]
    category = np.array([*(rows[label] for label in labels), -1])
    used, corners = np.unique(scan.faces[mine], return_inverse=True)
    faces, vertices = corners.reshape(-1, 3), scan.vertices_m[used]
    shown = np.unique(group[group >= 0])
    local = np.append(np.searchsorted(shown, np.arange(len(labels))), -1)
    normals = dict(zip(("nx", "ny", "nz"), _normals(vertices, faces).T, strict=True))
    flat = dict.fromkeys(("tx", "ty"), np.zeros(len(used), dtype=np.float32))
    ids = {"material_id": segment[mine], "segment_id": local[group], "category_id": category[group]}
    write_ply(path.with_suffix(".ply"), vertices, scan.rgb[used], faces, ids, of_vertices={**normals, **flat})
    of_faces, name = {"segIndices": segment[mine].tolist()}, path.name
    groups = [
        {"id": k, "objectId": k, "label": labels[i], "segments": np.unique(segment[mine][group == i]).tolist()}
        for k, i in enumerate(shown.tolist())
    ]
    for end, body in (("fsegs", of_faces), ("semseg", {"segGroups": groups})):
        document = {"sceneId": f"matterport.{name}", **body}
        path.with_suffix(f".{end}.json").write_text(json.dumps(document, separators=(",", ":")))


def _normals(vertices: NDArray[np.float32], faces: Ints) -> NDArray[np.float32]:
    """Return the mean normals (P, 3) of the faces around each vertex, by their areas."""
    a, b, c = vertices[faces].astype(np.float64).transpose(1, 0, 2)
    total = np.zeros((len(vertices), 3))
    for k in range(3):
        np.add.at(total, faces[:, k], np.cross(b - a, c - a))
    return np.asarray(total / np.maximum(np.linalg.norm(total, axis=1, keepdims=True), 1e-12), dtype=np.float32)
