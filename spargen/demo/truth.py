"""What the builder knows of a house, beside the scan of it: labels can be checked against it without any adapter."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spargen.demo.house import House
from spargen.demo.layout import Layout
from spargen.demo.scan import Scan
from spargen.demo.walk import lost_frames
from spargen.geometry.boxes import gravity_box
from spargen.scene.cameras import Cameras


def house_truth(
    house: House,
    scan: Scan,
    cameras: Cameras,
    *,
    word: Callable[[str], str] = str,
    first_id: int = 0,
    frame_step: int = 1,
) -> dict[str, Any]:
    """Return the truth about a scanned house, in metres, in the house's frame, which is the aligned one of the scan.

    Labels, ids and frame numbers are those of the layout: `word` tells its labels, ids count from `first_id`, numbers
    rise by `frame_step`.

    Returns
    -------
    house : the seed. floor_m2 : ground inside the outer walls. rooms : name, x0, y0, x1, y1 of each.
    K : (3, 3) intrinsics, corner convention. T_world_camera : (4, 4) by frame number, of those with tracking.
    objects : of each thing in the house its kind; center_m, extent_m, R_world_box of the whole, undamaged thing; and
        its ids in the scan: none if it was not annotated, two if it was split, one that others have too if merged.
    """
    frames = np.setdiff1d(np.arange(len(cameras)), lost_frames(house, len(cameras)))
    objects = []
    for thing, kind in enumerate(house.kinds):
        center, extent, R = gravity_box(house.vertices_m[house.vertex_object == thing])
        found = [i for i, group in enumerate(scan.groups) if thing in group.things]
        box = {"center_m": _listed(center), "extent_m": _listed(extent), "R_world_box": _listed(R)}
        ids, labels = [i + first_id for i in found], [word(scan.groups[i].label) for i in found]
        objects.append({"kind": kind, "ids": ids, "labels": labels, **box})
    return {
        "house": house.seed,
        "floor_m2": house.plan.floor_m2,
        "rooms": [{"name": r.name, "x0": r.x0, "y0": r.y0, "x1": r.x1, "y1": r.y1} for r in house.plan.rooms],
        "K": _listed(cameras.K[0]),
        "T_world_camera": {str(i * frame_step): _listed(cameras.T_world_camera[i]) for i in frames},
        "objects": objects,
    }


def write_truth(path: Path, house: House, scan: Scan, cameras: Cameras, layout: Layout) -> None:
    """Write `house_truth`, as a layout has it, as JSON."""
    own: dict[str, Any] = {"word": layout.word, "first_id": layout.first_id, "frame_step": layout.frame_step}
    truth = house_truth(house, scan, cameras, **own)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(truth), encoding="utf-8")


def _listed(values: NDArray[np.floating]) -> Any:
    return (np.round(np.asarray(values, dtype=np.float64), 6) + 0.0).tolist()
