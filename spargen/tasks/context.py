"""What a task sees of a scene, and the few moves that all tasks share."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import combinations
from typing import Any, Literal, Protocol, TypeVar, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spargen.errors import PluginError
from spargen.geometry.directions import Observers
from spargen.geometry.visibility import Visibility
from spargen.qa.fact import Colour, Mark, Thing
from spargen.qa.sample import balanced_order
from spargen.scene.cameras import Cameras
from spargen.scene.labels import LabelTable
from spargen.scene.types import Scene
from spargen.scene.walks import Walk, walks_of
from spargen.settings import Settings
from spargen.views.table import Views

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Source = Literal["single", "multi", "video"]
Need = Literal["table", "pairs", "sets", "clip", "walks"]
"""What a task may read: of a scene's views, or the walks that its data set brings."""
DRAWN, DRAWN_OF_SETS = 12, 12_000
"""Candidates drawn for each fact wanted: most fall to some rule. Of sets of images at least so many in all: in most of
them one image alone shows everything."""


class _Rows(Protocol):
    def __len__(self) -> int: ...

    def take(self, rows: Any, /, axis: Any) -> Any: ...


Rows = TypeVar("Rows", bound=_Rows)
Other = TypeVar("Other", bound=_Rows)


@dataclass(frozen=True, slots=True)
class TaskContext:
    """One scene as one task sees it.

    Parameters
    ----------
    task : name of the task.
    needs : what it says it reads.
    views : the views of the scene, for all tasks; this one reads what it needs of them below.
    rng : the task's own generator.
    pool : about how many facts are wanted.
    dropped : counts candidates dropped, by reason.
    noted : counts what the report should mention, by what it is.
    """

    task: str
    needs: tuple[Need, ...]
    views: Views
    rng: np.random.Generator
    pool: int
    dropped: Counter[str] = field(default_factory=Counter)
    noted: Counter[str] = field(default_factory=Counter)

    # -- the views ----------------------------------------------------------------------------------------------

    @property
    def scene(self) -> Scene:
        """The scene."""
        return self.views.scene

    @property
    def settings(self) -> Settings:
        """The thresholds."""
        return self.views.settings

    @property
    def labels(self) -> LabelTable:
        """What the objects' labels mean."""
        return self.views.labels

    @property
    def cameras(self) -> Cameras:
        """V cameras, the rows of the table."""
        return self._needed("table").cameras

    @property
    def frames(self) -> Ints:
        """(V,) position of each view in `scene.frames`."""
        return self._needed("table").frames

    @property
    def vis(self) -> Visibility:
        """What each view shows."""
        return self._needed("table").vis

    @property
    def stills(self) -> Ints:
        """Rows of the table that image questions may use."""
        return self._needed("table").stills

    @property
    def pairs(self) -> Ints:
        """(M, 2) rows that questions over two images may use, first image first."""
        return self._needed("pairs").pairs

    @property
    def sets(self) -> Ints:
        """(M, 3 .. 5) rows that questions over several images may use, the observer's image first."""
        return self._needed("sets").sets

    @property
    def clip(self) -> Ints:
        """Rows of the video's frames; empty if the scene has too few."""
        return self._needed("clip").clip

    @property
    def walks(self) -> tuple[Walk, ...]:
        """The walks through the scene; their frames are their own, and stand in no table."""
        return walks_of(self._needed("walks").scene)

    def _needed(self, need: Need) -> Views:
        # What others need may be there too: a task that used it unsaid would ask other questions without them.
        if need not in self.needs:
            what, mend = f"the task reads the {need}, but does not say so", f"add {need} to `needs` in @task"
            raise PluginError(what, where=f"task {self.task}", mend=mend)
        return self.views

    # -- candidates ---------------------------------------------------------------------------------------------

    @property
    def upright(self) -> Bools:
        """(V,) views held so that a direction or a heading may be asked."""
        steep = np.abs(self.cameras.elevation_deg) > self.settings.max_elevation_deg
        tilted = np.abs(self.cameras.roll_deg) > self.settings.max_roll_deg
        return np.asarray(~steep & ~tilted)

    def draw(
        self,
        source: Source,
        ok: Bools,
        size: int,
        *,
        upright: bool = False,
        points: bool = False,
        everywhere: bool = False,
    ) -> Candidates:
        """Draw candidates: the views of a question, `size` distinct objects, and the image in which each is marked.

        Parameters
        ----------
        source : where the views come from: single images, sets of images, or the clip.
        ok : (V, N) where an object may be marked.
        size : objects a question.
        upright : the first image must be held so that directions may be asked.
        points : the marks are points, which must lie apart where they share an image.
        everywhere : the question is about all its views, so it does not matter what one of them shows.

        Returns
        -------
        All candidates if they are few, else a fair sample several times as large as the pool. Of several images none
        alone shows all the objects; where one object is marked, the first image, the observer's, does not show it. In a
        clip each mark stands in a frame of its own.
        """
        from spargen.qa.picks import anywhere, pick_images, shown_together  # lists do without what is compiled

        ok, sets = np.array(ok, dtype=bool), self._sets(source)
        if upright and len(sets):
            sets = self.keep(self.upright[sets[:, 0]], "the first image is steep or tilted", sets)
        drawn = max(DRAWN * self.pool, DRAWN_OF_SETS if source == "multi" else 0)
        rows = draw_tuples(anywhere(ok, sets), size, self.rng, drawn)
        views, objects = sets.take(rows[:, 0], axis=0), np.ascontiguousarray(rows[:, 1:])
        if source != "single" and not everywhere:
            # What a mask of the image reaches into may be seen all the same.
            together = shown_together(self.vis.share >= self.settings.seen_share, views, objects)
            views, objects = self.keep(~together, "one image alone shows everything", views, objects)
        keys = self.rng.random((*views.shape, size))
        image, found = pick_images(ok, views, objects, keys, own=source == "video")
        c = self.keep(found, "not enough frames for the marks", Candidates(views, objects, image))
        return self.keep(self._points_apart(c), "points too close together", c) if points else c

    def _sets(self, source: Source) -> Ints:
        if source == "single":
            return np.array(self.stills)[:, None]
        sets = self.sets if source == "multi" else self.clip[None, :]
        return np.array(sets) if sets.shape[1] else np.zeros((0, 1), dtype=np.int64)

    def _points_apart(self, c: Candidates) -> Bools:
        from spargen.qa.picks import points_apart

        view = c.view_of_mark
        p = self.vis.point[view, c.objects] / 1000.0
        size = self.cameras.size_px[view]
        p[..., 1] *= size[..., 1] / size[..., 0]
        return points_apart(p, view, self.settings.point_gap)

    @overload
    def keep(self, good: ArrayLike, reason: str, only: Rows, /) -> Rows: ...

    @overload
    def keep(
        self, good: ArrayLike, reason: str, first: Rows, second: Other, /, *more: Any
    ) -> tuple[Rows, Other, *tuple[Any, ...]]: ...

    def keep(self, good: ArrayLike, reason: str, first: Any, /, *more: Any) -> Any:
        """Keep the good candidates, (R,) bool, and count the others under a reason.

        Everything that has a row for each candidate is given and comes back together, so that no part stays behind.
        """
        kept, parts = np.flatnonzero(good), (first, *more)
        if any(len(part) != np.size(good) for part in parts):
            what = f"parts of {', '.join(str(len(part)) for part in parts)} rows are kept by {np.size(good)}"
            raise PluginError(what, where=f"task {self.task}", mend="give ctx.keep parts that have a row each")
        self.dropped[reason] += np.size(good) - len(kept)
        # numpy takes rows by number several times faster than where a mask says so.
        taken = tuple(part.take(kept, axis=0) for part in parts)
        return taken if more else taken[0]

    def balanced(self, codes: ArrayLike) -> Iterator[int]:
        """Yield row numbers of candidates, up to the pool's size, classes in turn."""
        yield from balanced_order(codes, self.rng)[: self.pool].tolist()

    def rounds_clearly(self, value: ArrayLike, decimals: int = 1) -> Bools:
        """Tell which values do not sit on the edge between two printed ones, where noise would decide."""
        return off_rounding_edge(np.asarray(value) * 10.0**decimals)

    # -- what facts are made of ---------------------------------------------------------------------------------

    def frames_of(self, views: ArrayLike) -> tuple[int, ...]:
        """Frames of some views, as a fact names them: positions in `scene.frames`."""
        return tuple(self.frames[np.asarray(views)].tolist())

    def centers_m(self, objects: ArrayLike) -> NDArray[np.float64]:
        """Centres of the boxes of objects."""
        return np.asarray(self.scene.objects.center_m[np.asarray(objects)])

    def label(self, obj: int) -> str:
        """Label of an object."""
        return self.scene.objects.label[obj]

    def box(self, view: int, obj: int) -> tuple[int, ...]:
        """Box of an object in a view, on the 0..1000 scale."""
        return tuple(self._needed("table").shown.bbox[view][obj])

    def observers(self, views: Ints) -> Observers:
        """The real observers of some views."""
        return Observers.cameras(self.cameras.T_world_camera[views], self.cameras.R_world_levelled[views])

    def mark(self, c: Candidates, row: int, role: int, colour: Colour, kind: Literal["point", "bbox"]) -> Mark:
        """Mark one object of a candidate in the image chosen for it."""
        obj, image = c.objects.item(row, role), c.image.item(row, role)
        shown = self._needed("table").shown
        at = (shown.point if kind == "point" else shown.bbox)[c.views.item(row, image)][obj]
        return Mark(colour, kind, obj, tuple(at), image)

    def marks(
        self, c: Candidates, row: int, colours: Sequence[Colour], kind: Literal["point", "bbox"]
    ) -> tuple[Mark, ...]:
        """Mark all objects of a candidate, each in its colour, as many as they are: each another one, or all "none"."""
        roles = zip(colours, range(c.objects.shape[1]), strict=True)
        return tuple([self.mark(c, row, role, colour, kind) for colour, role in roles])

    def thing(self, mark: Mark) -> Thing:
        """A marked object as the text names it: ``chair (red point)``."""
        return _thing(self.label(mark.obj), f"{mark.colour} {mark.kind}")

    def thing_in_clip(self, mark: Mark, number: str = "") -> Thing:
        """The same in a video: ``chair (in Frame-23) (red point)``, ``tv (in Frame-16, Object0) (green bbox)``."""
        where = f"in Frame-{mark.image}, {number}" if number else f"in Frame-{mark.image}"
        return _thing(self.label(mark.obj), "" if mark.colour == "none" else f"{mark.colour} {mark.kind}", where)


# Many facts are about the same few things.
_thing = lru_cache(maxsize=16_384)(Thing)


@dataclass(frozen=True, slots=True)
class Candidates:
    """R candidate questions: K views each, S objects, and where each object is marked.

    Parameters
    ----------
    views : (R, K) rows of the view table, the observer's first.
    objects : (R, S) rows of the scene's objects.
    image : (R, S) position in `views` of the image in which each object is marked.
    """

    views: Ints
    objects: Ints
    image: Ints

    def __len__(self) -> int:
        return len(self.views)

    def take(self, rows: Ints, axis: int = 0) -> Candidates:
        """Some of them, by number, as numpy takes rows of an array."""
        return Candidates(*(part.take(rows, axis) for part in (self.views, self.objects, self.image)))

    @property
    def observer(self) -> Ints:
        """(R,) view of the observer."""
        return self.views[:, 0]

    @property
    def view_of_mark(self) -> Ints:
        """(R, S) view in which each object is marked."""
        return np.take_along_axis(self.views, self.image, axis=1)

    def objects_of(self, row: int) -> tuple[int, ...]:
        """Objects of one candidate."""
        return tuple(self.objects[row].tolist())


def off_rounding_edge(value: ArrayLike, margin: float = 1e-3) -> Bools:
    """Tell which values lie further than `margin` from the halves at which rounding to whole numbers tips over."""
    v = np.abs(np.asarray(value, dtype=np.float64))
    return np.asarray(np.abs(v - np.floor(v) - 0.5) > margin)


def draw_tuples(ok: ArrayLike, size: int, rng: np.random.Generator, limit: int) -> Ints:
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
    from spargen.qa.picks import first_of_equal, smallest

    ok = np.asarray(ok, dtype=bool)
    counts = ok.sum(axis=1)
    views = np.flatnonzero(counts >= size)
    if not len(views):
        return np.zeros((0, 1 + size), dtype=np.int64)
    width = int(counts.max())
    # Of each view first the objects that are ok.
    order = np.zeros((len(ok), width), dtype=np.int64)
    order[np.arange(width) < counts[:, None]] = np.flatnonzero(ok) % ok.shape[1]
    total = sum(times * math.perm(c, size) for c, times in Counter(counts[views].tolist()).items())
    if total <= limit:
        picked = [_arrangements(c, size) for c in counts[views].tolist()]
        view = np.repeat(views, [len(rows) for rows in picked])[:, None]
        return rng.permutation(np.concatenate([view, order[view, np.concatenate(picked)]], axis=1))
    view = np.resize(rng.permutation(views), limit)
    keys = rng.random((limit, width))
    drawn = np.concatenate([view[:, None], order[view[:, None], smallest(keys, counts[view], size)]], axis=1)
    return drawn[first_of_equal(drawn)]


@lru_cache(maxsize=64)
def _arrangements(things: int, size: int) -> NDArray[np.int16]:
    """All ways (W, size) to pick so many distinct ones of some things, in order; views have as many time and again."""
    grid = np.indices([things] * size, dtype=np.int16).reshape(size, -1).T
    pairs = combinations(range(size), 2)
    return np.asarray(grid[np.logical_and.reduce([grid[:, a] != grid[:, b] for a, b in pairs] or [grid[:, 0] >= 0])])
