"""Writes a house and a walk through it in the layout of ScanNet++'s release.

root/data/<id>/scans/mesh_aligned_0.05.ply             mesh, in the house's own frame
                     segments.json                     each vertex a segment
                     segments_anno.json                objects with oriented boxes, some claiming what others have
               iphone/, dslr/                          see `recordings`
root/splits/nvs_sem_train.txt ...
root/metadata/semantic_classes.txt  instance_classes.txt  semantic_benchmark/map_benchmark.csv
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spargen.demo.house import STRUCTURAL, House
from spargen.demo.layout import Layout
from spargen.demo.ply import write_ply
from spargen.demo.recordings import NUMBER_STEP, recording_files, write_recordings
from spargen.demo.scan import Scan
from spargen.demo.vocabulary import LABELS
from spargen.geometry.boxes import gravity_box
from spargen.scene.cameras import Cameras
from spargen.seeds import hashed, rng_for

Ints = NDArray[np.int64]

_SCANS = ("mesh_aligned_0.05.ply", "segments.json", "segments_anno.json")
_SPLITS = ("nvs_sem_train", "nvs_sem_val", "nvs_test", "sem_test")
_METADATA = ("semantic_classes.txt", "instance_classes.txt", "semantic_benchmark/map_benchmark.csv")
_IGNORED = ("REMOVE", "REMOVE", "SPLIT", "split")
"""Labels that say nothing, of what nobody annotated."""
_CLAIMS = 3
_NEAR_M = 0.03
"""So near to a thing stands what it claims."""


def write_scannetpp(
    house: House,
    scan: Scan,
    cameras: Cameras,
    root: Path,
    scene_id: str,
    *,
    folder: Path | None = None,
    workers: int = 2,
    progress: Callable[[int, int], None] | None = None,
) -> Path:
    """Write one scene.

    Parameters
    ----------
    house, scan, cameras : what the images show, what the scan made of it, and from where it was seen.
    root : folder of the data set.
    scene_id : name of the scene.
    folder : where the scene's files go if not to ``root/data/<scene_id>``.
    workers : processes that render.
    progress : called with (frames written, frames in all).

    Returns
    -------
    The scene's folder.
    """
    folder = folder or root / "data" / scene_id
    (folder / "scans").mkdir(parents=True, exist_ok=True)
    _write_lists(root, scene_id)
    write_ply(folder / "scans" / _SCANS[0], scan.vertices_m, scan.rgb, scan.faces)
    count = len(scan.vertices_m)
    _write_json(folder / "scans" / _SCANS[1], {"sceneId": _name(scene_id), "segIndices": list(range(count))})
    groups = [_group(i, label, own, scan) for i, (label, own) in enumerate(_groups(house, scan))]
    body = {"sceneId": _name(scene_id), "appId": "stk.v1", "annId": "1", "segGroups": groups}
    _write_json(folder / "scans" / _SCANS[2], body)
    write_recordings(house, cameras, folder, workers, progress)
    return folder


def _files(root: Path, scene_id: str) -> list[Path]:
    folder = root / "data" / scene_id
    lists = [root / "splits" / f"{name}.txt" for name in _SPLITS] + [root / "metadata" / name for name in _METADATA]
    return [*lists, *(folder / "scans" / name for name in _SCANS), *recording_files(folder)]


SCANNETPP = Layout(
    adapter="scannetpp",
    write=write_scannetpp,
    scene_id=lambda i: hashed("demo", "scannetpp", i, size=5).hex(),
    folder=lambda root, scene_id: root / "data" / scene_id,
    files=_files,
    first_id=1,
    frame_step=NUMBER_STEP,
)


def _name(scene_id: str) -> str:
    return f"scannetpp.{scene_id}"


def _write_json(path: Path, body: dict[str, Any]) -> None:
    path.write_text(json.dumps(body, separators=(",", ":")))


def _groups(house: House, scan: Scan) -> Iterator[tuple[str, Ints]]:
    """Yield label and vertices of each group: those of the scan, in their order, then those to be ignored.

    In a clean scan no vertex is claimed twice, and nothing is to be ignored.
    """
    owner = scan.vertex_group
    own = [np.flatnonzero(owner == i) for i in range(len(scan.groups))]
    clean = np.array_equal(scan.vertices_m, house.vertices_m)
    for large, small in [] if clean else _claims(house, scan, own):
        own[large] = np.union1d(own[large], own[small])
    yield from ((group.label, vertices) for group, vertices in zip(scan.groups, own, strict=True))
    if clean:
        return
    bare = np.unique(scan.vertex_segment[owner < 0])
    order = rng_for(house.seed, "demo", "ignored").permutation(bare)
    for label, segment in zip(_IGNORED, order, strict=False):
        yield label, np.flatnonzero((scan.vertex_segment == segment) & (owner < 0))


def _claims(house: House, scan: Scan, own: list[Ints]) -> list[tuple[int, int]]:
    """Return pairs of groups of which the first, larger one is to claim what the second one has too.

    The second stands on the first, or in it: such things are annotated together.
    """
    things = [i for i, group in enumerate(scan.groups) if house.kinds[group.things[0]] not in STRUCTURAL]
    low, high = (np.array([f(scan.vertices_m[v], axis=0) for v in own]) for f in (np.min, np.max))
    found = []
    for small in things:
        inside = [
            i for i in things if len(own[i]) > len(own[small]) and _holds(low[i], high[i], low[small], high[small])
        ]
        if inside:
            found.append((min(inside, key=lambda i: float(np.prod(high[i] - low[i]))), small))
    # No thing both claims and is claimed: which of three is the smallest would be a riddle.
    order = rng_for(house.seed, "demo", "claims").permutation(len(found)).tolist()
    chosen: list[tuple[int, int]] = []
    for large, small in (found[k] for k in order):
        used = {i for pair in chosen for i in pair}
        if len(chosen) < _CLAIMS and not {large, small} & used:
            chosen.append((large, small))
    return chosen


def _holds(low: NDArray[Any], high: NDArray[Any], small_low: NDArray[Any], small_high: NDArray[Any]) -> bool:
    """Tell whether a thing stands over the ground of another one, on it or in it."""
    over = (small_low[:2] >= low[:2] - _NEAR_M).all() and (small_high[:2] <= high[:2] + _NEAR_M).all()
    return bool(over and low[2] < small_low[2] <= high[2] + _NEAR_M)


def _group(i: int, label: str, own: Ints, scan: Scan) -> dict[str, Any]:
    """Return a group as it stands in the annotation; the box's axes come in another order for each."""
    center, extent, R = gravity_box(scan.vertices_m[own])
    order = np.roll(np.arange(3), i)
    reach = np.abs(R) @ extent / 2
    obb = {
        "centroid": center.tolist(),
        "axesLengths": extent[order].tolist(),
        "normalizedAxes": R[:, order].T.ravel().tolist(),
        "min": (center - reach).tolist(),
        "max": (center + reach).tolist(),
    }
    fields = {"id": i + 1, "objectId": i + 1, "label": label, "segments": own.tolist(), "obb": obb}
    return {**fields, "dominantNormal": [0, 0, 1], "partId": i + 1, "index": i}


def _write_lists(root: Path, scene_id: str) -> None:
    """Write the release's lists; a scene is one to train on."""
    for name in _SPLITS:
        path = root / "splits" / f"{name}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        there = path.read_text().split() if path.is_file() else []
        scenes = sorted({*there, scene_id}) if name == "nvs_sem_train" else there
        path.write_text("".join(f"{scene}\n" for scene in scenes))
    classes = sorted(LABELS)
    table = ["class,semantic_map_to,instance_map_to", *(f"{name},," for name in classes)]
    for name, lines in zip(_METADATA, (classes, classes, table), strict=True):
        path = root / "metadata" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(f"{line}\n" for line in lines))
