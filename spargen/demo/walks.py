"""Walks through a scan as R2R and RxR tell them, and the graph of the Matterport3D simulator that they go over.

root/connectivity/<id>_connectivity.json  the places, and between which one can walk
     R2R_train.json                       ways, several instructions each
     rxr_train_guide.jsonl.gz             instructions, one a line
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spargen.demo.directions import Way
from spargen.demo.house import House
from spargen.demo.tripods import Places

R2R, GUIDE = "R2R_train.json", "rxr_train_guide.jsonl.gz"
_LANGUAGES = ("en-US", "en-IN")
_WORD_S = 0.42


def write_walks(
    root: Path,
    scene_id: str,
    house: House,
    places: Places,
    names: Sequence[str],
    fronts: NDArray[np.float64],
    ways: Sequence[Way],
) -> None:
    """Write the graph of a scan, and put its walks into the files of all scans.

    Parameters
    ----------
    root, scene_id : folder of the data set, name of the scan.
    house, places, names : what was scanned, where the tripod stood, and how these places are called.
    fronts : (N, 4, 4) poses that the places have in the graph.
    ways : the walks.
    """
    (root / "connectivity").mkdir(parents=True, exist_ok=True)
    graph = json.dumps(_graph(places, names, fronts))
    (root / f"connectivity/{scene_id}_connectivity.json").write_text(graph)
    first = house.seed % 10**6 * 100
    paths = [_path(scene_id, first + k, way, names) for k, way in enumerate(ways)]
    r2r, guide = root / R2R, root / GUIDE
    told = json.loads(r2r.read_text()) if r2r.is_file() else []
    r2r.write_text(json.dumps(_put(told, scene_id, [_of_r2r(p, w) for p, w in zip(paths, ways, strict=True)])))
    lines = gzip.decompress(guide.read_bytes()).splitlines() if guide.is_file() else []
    rows = [_of_guide(p, w) for p, w in zip(paths, ways, strict=True)]
    listed = [json.dumps(row) + "\n" for row in _put([json.loads(line) for line in lines], scene_id, rows)]
    guide.write_bytes(gzip.compress("".join(listed).encode(), mtime=0))


def _put(told: list[dict[str, Any]], scene_id: str, own: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return what is told of all scans, that of one replaced."""
    return sorted([*(row for row in told if row["scan"] != scene_id), *own], key=lambda row: str(row["scan"]))


def _graph(places: Places, names: Sequence[str], fronts: NDArray[np.float64]) -> list[dict[str, Any]]:
    return [
        {
            "image_id": name,
            "pose": [float(f"{x:.6g}") for x in fronts[k].ravel()],
            "included": True,
            "visible": places.visible[k].tolist(),
            "unobstructed": places.free[k].tolist(),
            "height": round(float(places.center_m[k, 2]), 6),
        }
        for k, name in enumerate(names)
    ]


def _path(scene_id: str, number: int, way: Way, names: Sequence[str]) -> dict[str, Any]:
    """Return what both say of a way."""
    return {"path_id": number, "scan": scene_id, "heading": round(way.heading, 3), "path": [names[k] for k in way.path]}


def _of_r2r(path: dict[str, Any], way: Way) -> dict[str, Any]:
    return {"distance": round(way.length_m, 2), **path, "instructions": list(way.instructions)}


def _of_guide(path: dict[str, Any], way: Way) -> dict[str, Any]:
    """Return a row of the guide: the last of the instructions, with the times at which its words were said."""
    number, text = path["path_id"], way.instructions[-1]
    times = [
        {"word": word, "start_time": round(k * _WORD_S, 2), "end_time": round((k + 1) * _WORD_S, 2)}
        for k, word in enumerate(text.split())
    ]
    who = {"instruction_id": number, "annotator_id": number % 7, "language": _LANGUAGES[number % 2]}
    return {"split": "train", **who, **path, "instruction": text, "timed_instruction": times, "edit_distance": 0.0}
