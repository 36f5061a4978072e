"""A generated house, a walk through it, and the release layout it is written in: for demo, tests and benchmarks."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

from spargen.demo.house import House, build_house
from spargen.demo.scannet import is_whole, write_scannet
from spargen.demo.walk import walk_cameras
from spargen.seeds import digest

__all__ = ["House", "build_house", "walk_cameras", "write_demo", "write_scannet"]

_EDITION = 1
"""Raised whenever the same parameters give other bytes."""


def write_demo(
    root: Path,
    seed: int = 0,
    houses: int = 1,
    frames: int = 320,
    progress: Callable[[str, int, int], None] | None = None,
    *,
    cell_m: float = 0.2,
    workers: int | None = None,
) -> list[str]:
    """Write generated houses in the layout of ScanNet's release.

    A scan that is already there with the same parameters and all its files is left as it is; a new one appears whole
    or not at all.

    Parameters
    ----------
    root : folder of the data set; the scans go to ``root/scans``.
    seed, houses : which houses, and how many.
    frames : frames of each scan.
    progress : called with (scene id, frames written, frames in all).
    cell_m : longest side of a mesh cell, metres.
    workers : processes that render; every core by default.

    Returns
    -------
    The scene ids.
    """
    root = Path(root)
    ids = [f"scene{i:04d}_00" for i in range(houses)]
    (root / "scans").mkdir(parents=True, exist_ok=True)
    for i, scene_id in enumerate(ids):
        house_seed = int.from_bytes(digest(seed, "demo", "house", i, size=4), "little")
        wanted = {"edition": _EDITION, "house": house_seed, "frames": frames, "cell_m": cell_m}
        target, record = root / "scans" / scene_id, root / ".demo" / f"{scene_id}.json"
        if is_whole(root, scene_id) and record.is_file() and record.read_text() == json.dumps(wanted):
            continue
        record.unlink(missing_ok=True)
        half = root / "scans" / f".{scene_id}.part"
        shutil.rmtree(half, ignore_errors=True)
        house = build_house(house_seed, cell_m)
        step = None if progress is None else _told(progress, scene_id)
        crew = workers or os.cpu_count() or 1
        write_scannet(house, walk_cameras(house, frames), root, scene_id, folder=half, workers=crew, progress=step)
        shutil.rmtree(target, ignore_errors=True)
        half.replace(target)
        record.parent.mkdir(exist_ok=True)
        record.write_text(json.dumps(wanted))
    return ids


def _told(progress: Callable[[str, int, int], None], scene_id: str) -> Callable[[int, int], None]:
    return lambda done, total: progress(scene_id, done, total)
