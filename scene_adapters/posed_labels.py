"""The files beside posed data that say what the objects are: labels, and oriented boxes.

::

    labels.json    {"3": "chair", "7": "table"}           the id that the mesh has -> the label; for .obj and .glb, the
                                                          name of the node instead of the id
    labels.csv     the same as a table: a first line ``id,label``, then ``3,chair``; also as labels.txt
    boxes.json     {"3": {"label": "chair", "center": [x, y, z], "size": [a, b, c], "axes": [[..], [..], [..]]}}
                   full side lengths along three unit vectors, the world's axes by default; in the unit and the axes of
                   the mesh
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError

from scene_adapters.formats.files import read_json, read_plain
from spargen.errors import SceneError

Floats = NDArray[np.float64]
Vector = tuple[float, float, float]

SQUARE = 5e-3
"""How far the axes of a box may be from unit vectors at right angles."""
LABELS_MEND = 'write {"3": "chair", ...}, or lines such as 3,chair below a first line id,label'


class _Box(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    label: str
    center: Vector
    size: Vector
    axes: tuple[Vector, Vector, Vector] = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))


def read_labels(path: Path) -> dict[str, str]:
    """Return labels by what a file names them by: JSON, or a table for every other ending.

    Raises
    ------
    SceneError
        Where the file is damaged, a label is no text, or something is named twice.
    """
    if path.suffix.lower() == ".json":
        pairs = list(read_json(path, mend=LABELS_MEND).items())
    else:
        rows = list(csv.reader(io.StringIO(read_plain(path).decode(errors="replace")), skipinitialspace=True))
        if not rows or [cell.strip() for cell in rows[0]] != ["id", "label"]:
            raise SceneError("the first line is not id,label", where=path, mend=LABELS_MEND)
        pairs = [(row[0].strip(), row[1] if len(row) == 2 else None) for row in rows[1:] if row]
    labels: dict[str, str] = {}
    for key, label in pairs:
        if not isinstance(label, str):
            raise SceneError(f"{key!r} has no label", where=path, mend=LABELS_MEND)
        if key in labels:
            raise SceneError(f"{key!r} is named twice", where=path, mend="leave one of them out")
        labels[key] = label.strip() or "unknown"
    return labels


def by_number(said: Mapping[str, str], path: Path | None) -> dict[int, str]:
    """Return labels by id; `SceneError` for a key that is none, or one id said twice."""
    labels: dict[int, str] = {}
    for key, label in said.items():
        if not re.fullmatch(r"-?\d{1,18}", key) or int(key) in labels:
            raise SceneError(f"{key!r} is no id, or there twice", where=str(path), mend=LABELS_MEND)
        labels[int(key)] = label
    return labels


class OwnBox(NamedTuple):
    """A box in metres, +Z up: centre (3,), full sides (3,), axes (3, 3) as columns, right-handed."""

    label: str
    center_m: Floats
    extent_m: Floats
    R: Floats

    def low_high(self) -> tuple[Floats, Floats]:
        """Return the corners (3,) of the box with the world's axes around it."""
        reach = np.abs(self.R) @ self.extent_m / 2
        return self.center_m - reach, self.center_m + reach


def read_boxes(path: Path, unit_m: float, R_world_files: Floats) -> dict[int, OwnBox]:
    """Return the boxes of a file by id, brought into the world by a unit and a rotation (3, 3).

    Raises
    ------
    SceneError
        Where the file is damaged, an id is no whole number, or a box cannot be.
    """
    boxes = {}
    for key, value in read_json(path, mend="write it, or leave it out of scene.yaml").items():
        try:
            number, box = int(key), _Box.model_validate(value)
        except (ValueError, ValidationError) as error:
            what = error.errors()[0]["msg"] if isinstance(error, ValidationError) else "the id is no whole number"
            mend = "write id: {label, center, size, axes}, as the adapter `posed` describes"
            raise SceneError(f"{key!r} is no box: {what}", where=path, mend=mend) from None
        R, extent = np.array(box.axes, dtype=np.float64).T, np.array(box.size, dtype=np.float64)
        if not np.abs(R @ R.T - np.eye(3)).max() < SQUARE or not (extent >= 0).all() or not np.isfinite(extent).all():
            mend = "give three unit vectors at right angles, and full sides"
            raise SceneError(f"the axes or the sides of {key!r} cannot be", where=path, mend=mend)
        # A box is the same with one axis turned round.
        R = R_world_files @ (R * [1, 1, np.sign(np.linalg.det(R))])
        boxes[number] = OwnBox(box.label, R_world_files @ np.array(box.center) * unit_m, extent * unit_m, R)
    return boxes
