"""The table of what is visible where: how fast it is filled, and whether it says what a full cast says."""

from __future__ import annotations

import multiprocessing
import time
from concurrent.futures import ProcessPoolExecutor

import numpy as np
from measure import best_of, limit, line, title
from numpy.typing import NDArray
from scenes import askable, cut_up

from spargen.geometry.pictures import Pictures
from spargen.geometry.raycast import RayCaster
from spargen.geometry.visibility import Visibility, see
from spargen.scene.cameras import Cameras
from spargen.scene.types import Mesh, Objects, Scene
from spargen.settings import Settings
from spargen.views.sets import link, overlaps

SIZE = np.array([640, 480])
CROWDS = 30, 400
"""Objects in one room; the larger number must cost little more."""


def measure(scene: Scene, runs: int) -> Visibility:
    """Print frames a second against the aim, the drawing alone and the bare ray caster; return the table."""
    frames, settings, ask = len(scene.cameras), Settings(), askable(scene)

    def fill(threads: int) -> Visibility:
        return see(scene.surface, scene.objects, scene.cameras, ask, settings, threads=threads)

    title(
        f"VISIBILITY  {len(scene.surface.faces):,} faces, {len(scene.objects)} objects, {frames} frames, "
        "set-up included"
    )
    table, one = best_of(runs, lambda: fill(1))
    _, two = best_of(runs, lambda: fill(2))
    line("frames/s, 2 workers, a scene each, wall", 2 * frames / side_by_side(scene, runs), "frames/s", least=150)
    line("frames/s, 1 scene, 2 threads, wall", frames / two.wall, "frames/s", taken=two, least=150)
    line("frames/s, 1 thread, wall", frames / one.wall, "frames/s")
    line("frames/s, 1 core (1 / processor time)", frames / one.cpu, "frames/s", taken=one)
    pictures = Pictures(scene.surface, scene.cameras, len(scene.objects))
    _, drawn = best_of(runs, lambda: [pictures.take(view).counts for view in range(frames)])
    limit("drawing and counting their pixels alone, 1 core", frames / drawn.cpu, "frames/s", drawn.cpu / one.cpu)
    bound = bare_rays_per_s(scene, runs) / SIZE.prod()
    limit("one bare ray for each of 640 x 480 pixels, 1 core", bound, "frames/s", frames / one.cpu / bound)
    few, many = (_crowd(scene, count, runs) for count in CROWDS)
    line("seconds of the processor for {1} objects, over {0}".format(*CROWDS), many / few, "", most=1.5)
    return table


def _crowd(scene: Scene, count: int, runs: int) -> float:
    """Seconds of one core that the scene takes, cut up into so many objects."""
    mesh, objects = cut_up(scene, count)
    every = np.ones(count, dtype=bool)
    return best_of(runs, lambda: see(mesh, objects, scene.cameras, every, Settings(), threads=1))[1].cpu


def side_by_side(scene: Scene, runs: int) -> float:
    """Seconds that two processes take to fill the table of a scene each, both busy all the while."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(2, context) as pool:
        parts = (scene.surface, scene.objects, scene.cameras, askable(scene))
        # The first round starts the processes.
        rounds = [list(pool.map(_fill_once, [parts] * 2)) for _ in range(1 + runs)]
    return min(max(both) for both in rounds[1:])


def _fill_once(parts: tuple[Mesh, Objects, Cameras, NDArray[np.bool_]]) -> float:
    begin = time.perf_counter()
    see(*parts, Settings(), threads=1)
    return time.perf_counter() - begin


def bare_rays_per_s(scene: Scene, runs: int) -> float:
    """Rays a second of the ray caster alone, on whole images."""
    caster = RayCaster(scene.surface.vertices_m, scene.surface.faces)
    images = [_image_rays(scene, view) for view in range(0, len(scene.cameras), 20)]
    _, taken = best_of(runs, lambda: [caster.cast(*rays) for rays in images])
    return float(len(images) * SIZE.prod() / taken.cpu)


def agreement(scene: Scene, table: Visibility) -> None:
    """Print how the table agrees with one ray for each pixel of 640 x 480.

    The share inside the frustum is the table's own: no ray decides it.
    """
    s, mesh, ask = Settings(), scene.surface, askable(scene)
    caster = RayCaster(mesh.vertices_m, mesh.faces)
    alone = [RayCaster(mesh.vertices_m, mesh.faces[mesh.face_object == o]) for o in range(len(scene.objects))]
    owner = np.append(mesh.face_object, -1)
    right = wrong = missed = boxes = off_boxes = marks = off_marks = 0
    for view in range(len(scene.cameras)):
        origin, direction = _image_rays(scene, view)
        ids = owner[caster.cast(origin, direction)[0]].reshape(SIZE[::-1])
        for o in np.flatnonzero(ask):
            y, x = np.nonzero(ids == o)
            said = bool(table.visible[view, o])
            truth = len(x) >= s.seen_share * ids.size and table.depth_m[view, o] > 0
            if truth:
                whole = np.count_nonzero(alone[o].cast(origin, direction)[0] >= 0)
                side = min(np.ptp(x), np.ptp(y)) + 1
                truth = len(x) >= s.min_unoccluded * whole and side >= s.min_short_side * SIZE[0]
                truth = truth and table.in_frame[view, o] >= s.min_in_frame
            right, wrong, missed = right + (said and truth), wrong + (said > truth), missed + (said < truth)
            if said:
                box = np.array([x.min(), y.min(), x.max() + 1, y.max() + 1]) if len(x) else np.zeros(4)
                boxes, off_boxes = boxes + 1, off_boxes + _differs(table.bbox[view, o], box / np.tile(SIZE, 2))
            if table.pointed[view, o]:
                pixels = scene.cameras.take([view]).project(scene.objects.center_m[[o]])[0][0, 0]
                marks += 1
                off_marks += _differs(table.point[view, o], pixels / scene.cameras.size_px[view])
    line("visible, precision", right / (right + wrong), "", least=0.98)
    line("visible, recall", right / (right + missed), "", least=0.98)
    line(f"boxes further than 3/1000 off, of {boxes:,}", off_boxes, "", most=0)
    line(f"marks further than 3/1000 off, of {marks:,}", off_marks, "", most=0)


def measure_overlaps(scene: Scene, runs: int) -> None:
    """Print ordered pairs of views a second."""
    cameras = scene.cameras
    views = len(cameras)
    title(f"VIEWS  {views} views")
    surface = see(scene.surface, scene.objects, cameras, askable(scene), Settings()).surface
    bits = surface.astype(np.float32)
    _, pairs = best_of(5 * runs, lambda: overlaps(surface))
    _, links = best_of(5 * runs, lambda: link(surface, cameras, Settings()))
    _, product = best_of(5 * runs, lambda: bits @ bits.T)
    line("overlaps of ordered pairs, 1 core", views**2 / pairs.cpu, "pairs/s", taken=pairs, least=400_000)
    limit("the matrix product alone", views**2 / product.cpu, "pairs/s", product.cpu / pairs.cpu)
    line("with near-duplicates and bounds", views**2 / links.cpu, "pairs/s", taken=links)


def _image_rays(scene: Scene, view: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Origin and directions (R, 3) of one ray through the middle of each of 640 x 480 pixels."""
    x, y = np.meshgrid(*(np.arange(n) + 0.5 for n in SIZE))
    pixels = np.stack([x.ravel(), y.ravel()], -1) * (scene.cameras.size_px[view] / SIZE)
    return scene.cameras.rays(view, pixels)


def _differs(printed: NDArray[np.int64], share: NDArray[np.float64]) -> bool:
    return bool(np.abs(printed - 1000 * share).max() > 3)
