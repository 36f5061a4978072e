"""Generated houses: a walk through each, the scan that comes of it in ScanNet's layout, and the builder's truth.

For the demo, tests and benchmarks. house (plan, rooms, furniture) -> walk (ground, gaze) -> scan (clean, or dirty by
scanner and annotator) -> scannet (images by film and render), truth.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

from spargen.demo.dirt import dirty_scan
from spargen.demo.house import House, build_house
from spargen.demo.scan import Scan, clean_scan
from spargen.demo.scannet import is_whole, write_scannet
from spargen.demo.truth import house_truth, write_truth
from spargen.demo.walk import walk_cameras
from spargen.seeds import digest

__all__ = [
    "House",
    "Scan",
    "build_house",
    "clean_scan",
    "dirty_scan",
    "house_truth",
    "walk_cameras",
    "write_demo",
    "write_scannet",
]

_EDITION = 3
"""Raised whenever the same parameters give other bytes."""
_STREET = "lane"
"""Decides which seeds the houses have: in this one seed 0 begins with a flat of seven rooms, enough for every task."""


def write_demo(
    root: Path,
    seed: int = 0,
    houses: int = 1,
    frames: int = 320,
    progress: Callable[[str, int, int], None] | None = None,
    *,
    dirt: bool = True,
    cell_m: float = 0.2,
    workers: int | None = None,
) -> list[str]:
    """Write generated houses in the layout of ScanNet's release, and the builder's truth about each of them.

    A scan that is already there with the same parameters and all its files is left as it is; a new one appears whole
    or not at all.

    Parameters
    ----------
    root : folder of the data set; the scans go to ``root/scans``, the truths (see `house_truth`) to ``root/truth``.
    seed, houses : which houses, and how many; each is another one.
    frames : frames of each scan.
    progress : called with (scene id, frames written, frames in all).
    dirt : whether mesh, annotation and the begin of the walk are as scanning leaves them; else they are exact.
    cell_m : longest side of a mesh cell, metres.
    workers : processes that render; every core by default.

    Returns
    -------
    The scene ids.
    """
    root = Path(root)
    ids = [f"demo{i:04d}_00" for i in range(houses)]
    (root / "scans").mkdir(parents=True, exist_ok=True)
    for i, scene_id in enumerate(ids):
        house_seed = int.from_bytes(digest(seed, "demo", _STREET, i, size=4), "little")
        wanted = {"edition": _EDITION, "house": house_seed, "frames": frames, "cell_m": cell_m, "dirt": dirt}
        record, truth = (root / folder / f"{scene_id}.json" for folder in (".demo", "truth"))
        whole = is_whole(root, scene_id) and truth.is_file()
        if whole and record.is_file() and record.read_text() == json.dumps(wanted):
            continue
        record.unlink(missing_ok=True)
        target, half = root / "scans" / scene_id, root / "scans" / f".{scene_id}.part"
        shutil.rmtree(half, ignore_errors=True)
        house = build_house(house_seed, cell_m)
        cameras = walk_cameras(house, frames, tilted=dirt)
        scan = dirty_scan(house, cameras) if dirt else clean_scan(house)
        step = None if progress is None else _told(progress, scene_id)
        crew = workers or os.cpu_count() or 1
        write_scannet(house, scan, cameras, root, scene_id, folder=half, workers=crew, progress=step)
        write_truth(truth, house, scan, cameras)
        shutil.rmtree(target, ignore_errors=True)
        half.replace(target)
        record.parent.mkdir(exist_ok=True)
        record.write_text(json.dumps(wanted))
    return ids


def _told(progress: Callable[[str, int, int], None], scene_id: str) -> Callable[[int, int], None]:
    return lambda done, total: progress(scene_id, done, total)
