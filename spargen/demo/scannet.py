"""Writes a house and a walk through it in the layout of ScanNet's release.

root/scannetv2-labels.combined.tsv
root/scans/<id>/<id>.sens                              colour, depth, poses
                <id>_vh_clean_2.ply                    mesh, not aligned
                <id>_vh_clean_2.0.010000.segs.json     one segment a vertex
                <id>.aggregation.json                  objects, of segments
                <id>_vh_clean.aggregation.json         the same for the finer mesh, in another order
                <id>.txt                               factory intrinsics, axis alignment
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from spargen.demo.film import film
from spargen.demo.house import House
from spargen.demo.layout import Layout
from spargen.demo.ply import write_ply
from spargen.demo.scan import Scan
from spargen.demo.sens import ImuRecord, SensHeader, SensWriter
from spargen.demo.vocabulary import write_label_table
from spargen.demo.walk import lost_frames
from spargen.scene.cameras import Cameras
from spargen.seeds import rng_for

Floats = NDArray[np.float64]

_FRAME_US = 33_333
_START_US = 1_000_000
_IMU_RECORDS = 8
_TABLE = "scannetv2-labels.combined.tsv"
_ENDINGS = (
    ".sens",
    "_vh_clean_2.ply",
    "_vh_clean_2.0.010000.segs.json",
    ".aggregation.json",
    "_vh_clean.aggregation.json",
    ".txt",
)


def write_scannet(
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
    """Write one scan.

    Parameters
    ----------
    house, scan, cameras : what the images show, what the scan made of it, and from where it was seen; all in the
        aligned frame, the cameras in the corner convention.
    root : folder of the data set.
    scene_id : name of the scan.
    folder : where the scan's files go if not to ``root/scans/<scene_id>``.
    workers : processes that render.
    progress : called with (frames written, frames in all).

    Returns
    -------
    The scan's folder.
    """
    folder = folder or root / "scans" / scene_id
    folder.mkdir(parents=True, exist_ok=True)
    write_label_table(root / _TABLE)
    A = axis_alignment(house)
    _write_mesh(scan, A, folder / f"{scene_id}_vh_clean_2.ply")
    _write_segments(scan, house.seed, scene_id, folder)
    _write_info(cameras, A, folder / f"{scene_id}.txt")
    _write_sens(house, cameras, A, folder / f"{scene_id}.sens", workers, progress)
    return folder


def _files(root: Path, scene_id: str) -> list[Path]:
    return [root / _TABLE, *(root / "scans" / scene_id / f"{scene_id}{ending}" for ending in _ENDINGS)]


SCANNET = Layout(
    adapter="scannet",
    write=write_scannet,
    scene_id=lambda i: f"demo{i:04d}_00",
    folder=lambda root, scene_id: root / "scans" / scene_id,
    files=_files,
)


def axis_alignment(house: House) -> Floats:
    """Return the (4, 4) alignment of a house's scan: X_house = A @ X_stored, six decimals as the release prints it."""
    rng = rng_for(house.seed, "demo", "alignment")
    angle = float(rng.uniform(0.15, 1.2)) * float(rng.choice([-1, 1]))
    c, s = np.cos(angle), np.sin(angle)
    A = np.eye(4)
    A[:2, :2] = [[c, -s], [s, c]]
    # The stored frame begins at the scan's own low corner, with the floor a little off zero.
    low = (house.vertices_m @ A[:3, :3]).min(axis=0) - [0.0, 0.0, float(rng.uniform(0.02, 0.06))]
    A[:3, 3] = A[:3, :3] @ low
    return np.round(A, 6)


def _write_mesh(scan: Scan, A: Floats, path: Path) -> None:
    back = np.linalg.inv(A)
    vertices = (scan.vertices_m @ back[:3, :3].T + back[:3, 3]).astype(np.float32)
    rgba = np.append(scan.rgb, np.full((len(scan.rgb), 1), 255, dtype=np.uint8), axis=1)
    write_ply(path, vertices, rgba, scan.faces)


def _write_segments(scan: Scan, seed: int, scene_id: str, folder: Path) -> None:
    """Write the segment of each vertex, and the groups of segments that are objects."""
    name = f"scannet.{scene_id}"
    params = {"kThresh": "0.0100", "segMinVerts": "20", "minPoints": "750", "maxPoints": "30000"}
    body = {"params": params, "sceneId": name, "segIndices": scan.vertex_segment.tolist()}
    (folder / f"{scene_id}_vh_clean_2.0.010000.segs.json").write_text(json.dumps(body, separators=(",", ":")))
    order = rng_for(seed, "demo", "fine order").permutation(len(scan.groups))
    for mesh, listing in (("_vh_clean_2", range(len(scan.groups))), ("_vh_clean", order.tolist())):
        listed = [scan.groups[i] for i in listing]
        groups = [
            {"id": k, "objectId": k, "segments": g.segments.tolist(), "label": g.label} for k, g in enumerate(listed)
        ]
        file = f"{name}{mesh}.0.010000.segs.json"
        body = {"sceneId": name, "appId": "Aggregator.v2", "segGroups": groups, "segmentsFile": file}
        suffix = "" if mesh == "_vh_clean_2" else mesh
        (folder / f"{scene_id}{suffix}.aggregation.json").write_text(json.dumps(body, separators=(",", ":")))


def released_intrinsics(cameras: Cameras) -> Floats:
    """Return the (3, 3) intrinsics with the centres of pixels, not their corners, at whole numbers."""
    K = cameras.K[0].copy()
    K[:2, 2] -= 0.5
    return np.asarray(K)


def _write_info(cameras: Cameras, A: Floats, path: Path) -> None:
    """Build the text file: its intrinsics are the uncalibrated ones, a little off those in the ``.sens`` file."""
    K, (width, height) = released_intrinsics(cameras), (int(n) for n in cameras.size_px[0])
    numbers: dict[str, object] = {"axisAlignment": " ".join(f"{v:.6f}" for v in A.ravel()) + " "}
    numbers |= {"colorHeight": height, "colorToDepthExtrinsics": " ".join(f"{v:.6f}" for v in np.eye(4).ravel()) + " "}
    numbers |= {"colorWidth": width, "depthHeight": height, "depthWidth": width}
    factory = {"fx": K[0, 0] * 1.009, "fy": K[1, 1] * 0.993, "mx": (width - 1) / 2, "my": (height - 1) / 2}
    numbers |= {f"{k}_{kind}": f"{v:.6f}" for k, v in factory.items() for kind in ("color", "depth")}
    numbers |= {"numColorFrames": len(cameras), "numDepthFrames": len(cameras)}
    numbers |= {"numIMUmeasurements": _IMU_RECORDS, "sceneType": "Apartment"}
    path.write_text("".join(f"{key} = {value}\n" for key, value in numbers.items()))


def _write_sens(
    house: House, cameras: Cameras, A: Floats, path: Path, workers: int, progress: Callable[[int, int], None] | None
) -> None:
    frames = len(cameras)
    poses = np.linalg.inv(A) @ cameras.T_world_camera
    poses[lost_frames(house, frames)] = -np.inf
    K, size = released_intrinsics(cameras), (int(cameras.size_px[0, 0]), int(cameras.size_px[0, 1]))
    with SensWriter(path, SensHeader(frames, K, K, size, size)) as sens:
        for i, (jpeg, depth) in enumerate(film(house, cameras, workers)):
            sens.frame(poses[i], jpeg, depth, _START_US + i * _FRAME_US)
            if progress is not None:
                progress(i + 1, frames)
        sens.imu([_imu(i, frames) for i in range(_IMU_RECORDS)])


def _imu(i: int, frames: int) -> ImuRecord:
    """Build a phone at rest, more or less."""
    wobble = 0.01 * np.sin(np.arange(3) + i)
    when = _START_US + i * frames * _FRAME_US // _IMU_RECORDS
    return ImuRecord(wobble, 0.1 * wobble, [21.0, 4.0, -42.0], [0.1 * i, 0.3, 1.2], [0.0, -1.0, 0.0], when)
