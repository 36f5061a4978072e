"""Dirt: the errors of scanners and annotators. The images show the true house, the mesh is what a scan makes of it.

Dirt never changes what bounds a thing that is annotated wholly and alone: its box stays true to within some
millimetres, once stray pieces are left out. The boxes that differ are those of doors that became a single sheet, of the
two halves of the one thing that was split, and of the two things that were merged.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spargen.demo.annotator import annotate, intact_things
from spargen.demo.house import STRUCTURAL, House
from spargen.demo.scan import Draft, Scan
from spargen.demo.scanner import depth_pixels, lost_faces, unevenness
from spargen.scene.cameras import Cameras
from spargen.seeds import rng_for

Floats = NDArray[np.float64]
Rng = np.random.Generator

_TABLES = ("table", "dining table", "coffee table", "desk")


def dirty_scan(house: House, cameras: Cameras) -> Scan:
    """Return the scan that a walk through a house gives, with the dirt that belongs to the house's seed."""
    scanner, annotator, loose = (rng_for(house.seed, "demo", who) for who in ("scanner", "annotator", "afloat"))
    draft = Draft.of(house)
    hits = depth_pixels(house, cameras)
    draft.faces = draft.faces[~lost_faces(house, hits, scanner)]
    draft.vertices_m += unevenness(house, scanner)
    annotate(draft, house, hits, annotator)
    _set_afloat(draft, house, cameras, loose)
    return draft.finished()


def _set_afloat(draft: Draft, house: House, cameras: Cameras, rng: Rng) -> None:
    """Add detached bits: one of a table far outside, some near the things they belong to, some of nothing."""
    areas = house.per_object(house.areas_m2)
    whole = [i for i in intact_things(draft, house) if house.kinds[i] not in STRUCTURAL]
    tables = [i for i in whole if house.kinds[i] in _TABLES] or whole
    table = int(rng.choice(tables)) if tables else -1
    _bit(draft, _aside(draft, table, rng.uniform(20, 30), rng), 1, table, rng)
    big = [i for i in whole if areas[i] > 1.0 and i != table]
    for i in rng.permutation(big)[:3]:
        _bit(draft, _aside(draft, int(i), rng.uniform(0.6, 1.2), rng), 4, int(i), rng)
    for room in house.plan.rooms:
        for _ in range(1 + int(room.area_m2 / 8)):
            at = rng.uniform((room.x0, room.y0, 0.3), (room.x1, room.y1, 2.2))
            if np.linalg.norm(cameras.position_m - at, axis=1).min() > 0.7:
                _bit(draft, at, int(rng.integers(1, 7)), -1, rng)
    _bit(draft, _aside(draft, table, rng.uniform(6, 15), rng), 5, -1, rng)


def _aside(draft: Draft, group: int, gap_m: float, rng: Rng) -> Floats:
    """Return a point at a group's height, so far outside the circle around it."""
    p = draft.vertices_m[draft.group == group].astype(np.float64)
    low, high = p.min(0), p.max(0)
    angle = rng.uniform(0, 2 * np.pi)
    reach = np.linalg.norm((high - low)[:2]) / 2 + gap_m
    return np.asarray((low + high) / 2 + reach * np.array([np.cos(angle), np.sin(angle), 0]))


def _bit(draft: Draft, at: Floats, triangles: int, group: int, rng: Rng) -> None:
    """Add a crumpled fan of triangles, some centimetres wide."""
    angle = np.linspace(0, 5.5, triangles + 1)
    rim = np.stack([np.cos(angle), np.sin(angle), rng.uniform(-0.4, 0.4, len(angle))], -1) * rng.uniform(0.03, 0.07)
    turn, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    k = np.arange(1, triangles + 1)
    points = at + np.concatenate([np.zeros((1, 3)), rim]) @ turn.T
    color = rng.integers(60, 220, 3).astype(np.uint8)
    draft.add(points, np.stack([np.zeros_like(k), k, k + 1], -1), np.tile(color, (len(points), 1)), group)
