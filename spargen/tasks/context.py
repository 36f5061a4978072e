"""What a task sees of a scene, and the few moves that all tasks share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spargen.geometry.directions import Observers
from spargen.geometry.visibility import Visibility
from spargen.qa.fact import Colour, Mark, Thing
from spargen.qa.sample import balanced_order
from spargen.scene.cameras import Cameras
from spargen.scene.labels import LabelTable
from spargen.scene.types import Scene
from spargen.settings import Settings

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class TaskContext:
    """One scene as one task sees it.

    Parameters
    ----------
    scene : the scene.
    settings : the thresholds.
    labels : what the objects' labels mean.
    cameras : V cameras, the rows of the view table.
    frames : (V,) position of each view in `scene.frames`.
    vis : what each view shows.
    candidates : rows of the table that image questions may use.
    rng : the task's own generator.
    pool : about how many facts are wanted.
    dropped : counts candidates dropped, by reason.
    noted : counts what the report should mention, by what it is.
    """

    scene: Scene
    settings: Settings
    labels: LabelTable
    cameras: Cameras
    frames: Ints
    vis: Visibility
    candidates: Ints
    rng: np.random.Generator
    pool: int
    dropped: Counter[str] = field(default_factory=Counter)
    noted: Counter[str] = field(default_factory=Counter)

    # -- candidates ---------------------------------------------------------------------------------------------

    def usable(self, ok: Bools, *, upright: bool = False) -> Bools:
        """Restrict a (V, N) table to candidate views, and to views held upright where directions are asked."""
        rows = np.zeros(len(self.cameras), dtype=bool)
        rows[self.candidates] = True
        if upright:
            rows &= np.abs(self.cameras.elevation_deg) <= self.settings.max_elevation_deg
            rows &= np.abs(self.cameras.roll_deg) <= self.settings.max_roll_deg
        return np.asarray(ok & rows[:, None])

    def tuples(self, ok: Bools, size: int) -> Ints:
        """Draw candidates: (R, 1 + size) rows of a view and `size` distinct objects for which ok[view, object] holds.

        All of them if they are few, else a fair sample of about twenty times the pool.
        """
        return draw_tuples(ok, size, self.rng, 20 * self.pool)

    def keep(self, candidates: Ints, good: Bools, reason: str) -> Ints:
        """Keep the good candidates and count the others under a reason."""
        self.dropped[reason] += int(len(good) - np.count_nonzero(good))
        return candidates[good]

    def balanced(self, candidates: Ints, codes: ArrayLike) -> Iterator[tuple[int, tuple[int, ...]]]:
        """Yield (row number, candidate) up to the pool's size, classes in turn."""
        for i in balanced_order(codes, self.rng)[: self.pool]:
            yield int(i), tuple(int(x) for x in candidates[i])

    def points_apart(self, candidates: Ints) -> Bools:
        """Tell which candidates have all their points far enough from each other in their one image."""
        view, objects = candidates[:, 0], candidates[:, 1:]
        p = self.vis.point[view[:, None], objects] / 1000.0
        size = self.cameras.size_px[view]
        p[..., 1] *= (size[:, 1] / size[:, 0])[:, None]
        gap = np.linalg.norm(p[:, :, None] - p[:, None], axis=-1)
        gap[:, np.arange(objects.shape[1]), np.arange(objects.shape[1])] = np.inf
        return np.asarray(gap.min(axis=(1, 2)) >= self.settings.point_gap)

    def rounds_clearly(self, value: ArrayLike, decimals: int = 1) -> Bools:
        """Tell which values do not sit on the edge between two printed ones, where noise would decide."""
        scaled = np.abs(np.asarray(value, dtype=np.float64)) * 10.0**decimals
        return np.asarray(np.abs(scaled - np.floor(scaled) - 0.5) > 1e-3)

    # -- what facts are made of ---------------------------------------------------------------------------------

    def centers_m(self, objects: ArrayLike) -> NDArray[np.float64]:
        """Centres of the boxes of objects."""
        return np.asarray(self.scene.objects.center_m[np.asarray(objects)])

    def observers(self, views: Ints) -> Observers:
        """The real observers of some views."""
        return Observers.cameras(self.cameras.T_world_camera[views], self.cameras.R_world_levelled[views])

    def point(self, colour: Colour, view: int, obj: int, image: int = 0) -> Mark:
        """A point on an object in a view."""
        return Mark(colour, "point", obj, tuple(int(x) for x in self.vis.point[view, obj]), image)

    def bbox(self, colour: Colour, view: int, obj: int, image: int = 0) -> Mark:
        """A box around an object in a view."""
        return Mark(colour, "bbox", obj, tuple(int(x) for x in self.vis.bbox[view, obj]), image)

    def thing(self, mark: Mark) -> Thing:
        """A marked object as the text names it: ``chair (red point)``."""
        return Thing(self.scene.objects.label[mark.obj], f"{mark.colour} {mark.kind}")


def draw_tuples(ok: Bools, size: int, rng: np.random.Generator, limit: int) -> Ints:
    """Draw distinct rows (view, object_1 .. object_size) with ok[view, object_i] and distinct objects.

    Parameters
    ----------
    ok : (V, N) table.
    size : objects a row.
    limit : draws at most; where all rows are fewer, all are returned, in random order.

    Returns
    -------
    (R, 1 + size) int64. Every view with enough objects is drawn equally often, so rich views do not crowd out others.
    """
    counts = ok.sum(axis=1)
    views = np.flatnonzero(counts >= size)
    if not len(views):
        return np.zeros((0, 1 + size), dtype=np.int64)
    width = int(counts.max())
    order = np.argsort(~ok, axis=1, kind="stable")[:, :width]
    total = sum(int(np.prod(np.arange(c, c - size, -1))) for c in counts[views])
    if total <= limit:
        rows = [_all_rows(int(v), order[v, : counts[v]], size) for v in views]
        return rng.permutation(np.concatenate(rows))
    view = views[rng.permutation(np.arange(limit) % len(views))]
    keys = rng.random((limit, width))
    keys[np.arange(width) >= counts[view][:, None]] = 2.0
    chosen = np.argpartition(keys, size - 1, axis=1)[:, :size]
    # A partition leaves the first ones in an order that depends on the algorithm: order them by their keys.
    chosen = np.take_along_axis(chosen, np.argsort(np.take_along_axis(keys, chosen, 1), axis=1), 1)
    drawn = np.concatenate([view[:, None], order[view[:, None], chosen]], axis=1)
    _, first = np.unique(drawn, axis=0, return_index=True)
    return np.asarray(drawn[np.sort(first)])


def _all_rows(view: int, objects: Ints, size: int) -> Ints:
    grid = np.stack(np.meshgrid(*[objects] * size, indexing="ij"), axis=-1).reshape(-1, size)
    distinct = np.ones(len(grid), dtype=bool)
    for a in range(size):
        for b in range(a):
            distinct &= grid[:, a] != grid[:, b]
    grid = grid[distinct]
    return np.concatenate([np.full((len(grid), 1), view), grid], axis=1)
