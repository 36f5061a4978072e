"""The objects of a Structured3D house: boxes of the release, labels by what images show of them.

``bbox_3d.json`` has boxes of furniture and no labels. Most of the pixels of a box's object in semantic.png tell what it
is. Walls, floors, ceilings and doors have no boxes: each kind is one object all the same, whose box is around the whole
house and is not trusted, so that what shows them is not taken for something that nobody annotated.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from scene_adapters.formats.conventions import MILLIMETRE
from scene_adapters.formats.files import DAMAGED, read_json_list
from scene_adapters.obb import Box, boxes_of, released_box
from scene_adapters.structured3d_views import BACKGROUND, Shown, View
from spargen.errors import SceneError
from spargen.geometry.annotation import MAX_TILT_DEG
from spargen.geometry.boxes import tilt_deg
from spargen.geometry.image_verdict import IN_BOX_M, IN_BOX_SHARE
from spargen.geometry.solid_boxes import box_corners, holds
from spargen.scene.labels import LabelRules
from spargen.scene.types import Objects

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

NYU40 = (
    "", "wall", "floor", "cabinet", "bed", "chair", "sofa", "table", "door", "window", "bookshelf", "picture",
    "counter", "blinds", "desk", "shelves", "curtain", "dresser", "pillow", "mirror", "floor mat", "clothes", "ceiling",
    "books", "refrigerator", "television", "paper", "towel", "shower curtain", "box", "whiteboard", "person",
    "night stand", "toilet", "sink", "lamp", "bathtub", "bag", "otherstructure", "otherfurniture", "otherprop",
)  # fmt: skip
"""The classes of semantic.png; 0 is what has none."""
CLASSES = 256
FIRST_OF_CLASSES = 65536
"""The object of a class that has no box has this number plus the class for its id; those of boxes are smaller."""
SURE = 0.5
"""A label is sure where more than this share of an object's pixels have it."""
STANDS = ("bed", "chair", "sofa", "table", "desk", "dresser", "toilet", "bathtub", "refrigerator", "night stand")
HIGH_M = 1.5
"""What stands on floors, and above which height its lower end is where the label is wrong (floors are at 0)."""
AROUND_M = 1.0
"""How far the box of what has no box reaches beyond all others and the cameras."""
STEP, FEWEST = 4, 20
"""Every how-manieth pixel, in each direction, is looked for in its box; fewer pixels of an object tell nothing."""


class Named(NamedTuple):
    """The objects; row by id (65536,) and by class (256,), -1 = none; which have a box of the release; and notes."""

    objects: Objects
    of_instance: NDArray[np.int32]
    of_class: NDArray[np.int32]
    released: Bools
    notes: dict[str, int]


def read_boxes(path: Path) -> tuple[dict[int, Box], int]:
    """Return the boxes of ``bbox_3d.json`` by ID, in metres, and how many are left out.

    Left out are boxes whose axes are not at right angles, or that are not finite, and all of one ID.

    Raises
    ------
    SceneError
        Where the file is not what it should be.
    """
    found: dict[int, list[Box | None]] = {}
    for entry in read_json_list(path, mend="take it from Structured3D_bbox.zip"):
        try:
            number, axes = int(entry["ID"]), entry["basis"]  # type: ignore[index]
            half, center = (np.array(entry[key], dtype=np.float64) for key in ("coeffs", "centroid"))  # type: ignore[index]
        except (KeyError, TypeError, ValueError) as error:
            raise SceneError(f"a box has not ID, basis, coeffs, centroid ({error})", where=path, mend=DAMAGED) from None
        obb = {"centroid": center * MILLIMETRE, "axesLengths": 2 * np.abs(half) * MILLIMETRE, "normalizedAxes": axes}
        found.setdefault(number, []).append(released_box({"obb": obb}) if 0 <= number < BACKGROUND else None)
    boxes = {i: box for i, same in found.items() for box in same if len(same) == 1 and box is not None}
    return boxes, sum(map(len, found.values())) - len(boxes)


@dataclass(slots=True)
class Votes:
    """What the pixels of views say of objects.

    classes : (256,) pixels of each class by id, the background's included. outside, met : pixels that lie outside of
    their object's box, and all that were looked at, by id.
    """

    boxes: Mapping[int, Box]
    classes: dict[int, Ints] = field(default_factory=dict)
    outside: dict[int, int] = field(default_factory=dict)
    met: dict[int, int] = field(default_factory=dict)

    def add(self, view: View, shown: Shown) -> None:
        """Count the pixels of a view."""
        there = np.flatnonzero(np.bincount(shown.instance.ravel(), minlength=BACKGROUND + 1))
        place = np.zeros(BACKGROUND + 1, dtype=np.int64)
        place[there] = np.arange(len(there))
        code = place[shown.instance] * CLASSES + np.minimum(shown.semantic, CLASSES - 1)
        count = np.bincount(code.ravel(), minlength=len(there) * CLASSES).reshape(-1, CLASSES)
        for number, votes in zip(there.tolist(), count, strict=True):
            self.classes[number] = self.classes.get(number, 0) + votes
        self._look_into_boxes(view, shown)

    def _look_into_boxes(self, view: View, shown: Shown) -> None:
        instance, depth_m = shown.instance[::STEP, ::STEP].ravel(), shown.depth_m[::STEP, ::STEP].ravel()
        ids = np.array(sorted(self.boxes), dtype=np.int64)
        row, column = (axis.ravel() * STEP + 0.5 for axis in np.indices(shown.instance[::STEP, ::STEP].shape))
        kept = (depth_m > 0) & np.isin(instance, ids)
        uv1 = np.stack([column, row, np.ones(len(row))], axis=-1)[kept]
        in_camera = uv1 @ np.linalg.inv(view.K).T * depth_m[kept, None]
        points_m = in_camera @ view.T_world_camera[:3, :3].T + view.T_world_camera[:3, 3]
        owner = np.searchsorted(ids, instance[kept])
        more_m = IN_BOX_M + IN_BOX_SHARE * depth_m[kept]
        good = holds(_boxed(ids, self.boxes), owner, points_m, more_m)
        for counted, of in ((self.met, owner), (self.outside, owner[~good])):
            for k, times in enumerate(np.bincount(of, minlength=len(ids)).tolist()):
                counted[int(ids[k])] = counted.get(int(ids[k]), 0) + times


def _boxed(ids: Ints, boxes: Mapping[int, Box], labels: Iterable[str] = ()) -> Objects:
    """Return objects with boxes of the release; those that lean are doubtful."""
    center, extent, R = boxes_of(ids, boxes)
    return Objects(ids, tuple(labels) or ("",) * len(ids), center, extent, R, tilt_deg(R) > MAX_TILT_DEG)


def named(votes: Votes, eyes_m: Floats, rules: LabelRules) -> Named:
    """Name what the views show.

    Objects that no vote reaches are left out; nobody knows what they are. An object that most votes do not agree on,
    that hangs higher than things of its label stand, or most of which lies outside of its box is doubtful.

    Parameters
    ----------
    votes : of all views. eyes_m : (V, 3) where the views were taken. rules : tell parts of the building.
    """
    known = {i: count.copy() for i, count in votes.classes.items() if i in votes.boxes}
    for count in known.values():
        count[0] = count[len(NYU40) :] = 0
    ids = np.array(sorted(i for i, count in known.items() if count.any()), dtype=np.int64)
    labels = [NYU40[int(known[i].argmax())] for i in ids.tolist()]
    boxed = _boxed(ids, votes.boxes, labels)
    doubts = {
        "objects on whose label votes do not agree": [known[i].max() <= SURE * known[i].sum() for i in ids.tolist()],
        "objects that hang too high for their label": _too_high(boxed),
        "objects that are not in their boxes": [_is_elsewhere(votes, i) for i in ids.tolist()],
    }
    boxless = _boxless(votes, set(ids.tolist()))
    objects = _together(boxed, np.any([*doubts.values()], axis=0), boxless, eyes_m)
    of_instance, of_class = np.full(BACKGROUND + 1, -1, dtype=np.int32), np.full(CLASSES, -1, dtype=np.int32)
    of_instance[ids] = np.arange(len(ids))
    for row, number in enumerate(boxless, start=len(ids)):
        # The others are there, but where is not known: their pixels stay what nobody annotated.
        if rules.part(NYU40[number]) in rules.building:
            of_class[number] = row
    notes = {what: int(np.count_nonzero(found)) for what, found in doubts.items()}
    notes["objects that no vote reaches"] = len(votes.boxes) - len(ids)
    notes["ids in images that have no box"] = len(votes.classes.keys() - votes.boxes.keys() - {BACKGROUND})
    return Named(objects, of_instance, of_class, np.arange(len(objects)) < len(ids), notes)


def _too_high(boxed: Objects) -> list[bool]:
    lowest_m = box_corners(boxed)[..., 2].min(axis=1, initial=np.inf)
    return [z > HIGH_M and label in STANDS for z, label in zip(lowest_m.tolist(), boxed.label, strict=True)]


def _is_elsewhere(votes: Votes, number: int) -> bool:
    met = votes.met.get(number, 0)
    return met >= FEWEST and votes.outside[number] > met / 2


def _boxless(votes: Votes, with_box: set[int]) -> list[int]:
    """Return the classes of what is seen and has no box."""
    seen = sum((count for i, count in votes.classes.items() if i not in with_box), np.zeros(CLASSES, dtype=np.int64))
    return [number for number in np.flatnonzero(seen).tolist() if 0 < number < len(NYU40)]


def _together(boxed: Objects, doubted: Bools, boxless: list[int], eyes_m: Floats) -> Objects:
    """Return the objects with a box, and after them the classes without, whose boxes are around everything."""
    reach_m = np.concatenate([box_corners(boxed).reshape(-1, 3), eyes_m])
    low, high = reach_m.min(axis=0) - AROUND_M, reach_m.max(axis=0) + AROUND_M
    n = len(boxless)
    return Objects(
        np.append(boxed.id, [FIRST_OF_CLASSES + number for number in boxless]).astype(np.int64),
        (*boxed.label, *(NYU40[number] for number in boxless)),
        np.concatenate([boxed.center_m, np.tile((low + high) / 2, (n, 1))]),
        np.concatenate([boxed.extent_m, np.tile(high - low, (n, 1))]),
        np.concatenate([boxed.R_world_box, np.tile(np.eye(3), (n, 1, 1))]),
        np.append(boxed.doubtful | doubted, np.ones(n, dtype=bool)),
    )
