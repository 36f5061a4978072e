"""The views of a scene that questions may use, and what each of them shows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass, fields, replace
from functools import cached_property
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

import spargen.geometry
import spargen.scene
from spargen.fingerprint import digest, libraries, tree
from spargen.geometry.gaps import touching
from spargen.geometry.points import SurfacePoints, surface_points
from spargen.geometry.visibility import Visibility, see
from spargen.scene.cameras import Cameras
from spargen.scene.images import InstanceImages
from spargen.scene.labels import LabelRules, LabelTable
from spargen.scene.types import Scene, Surface
from spargen.seeds import rng_for
from spargen.settings import Settings
from spargen.views.kept import written_whole
from spargen.views.masks import without_masked
from spargen.views.sets import Links, link, pick_sets
from spargen.views.shown import Shown

if TYPE_CHECKING:  # what is compiled takes long to load, and lists do without
    from spargen.geometry.unnamed import Pieces, Unnamed

SETS = 1200
"""Pairs, and sets, of views drawn in a scene: several times the questions of the largest quota."""

_CODE = [Path(package.__path__[0]) for package in (spargen.geometry, spargen.scene)]
"""What a table is made by."""

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Rooms = Sequence[str | int | None]
Table = TypeVar("Table", Visibility, LabelTable)


def evenly_spaced(total: int, count: int) -> Ints:
    """Return `count` positions evenly spaced over 0 .. total - 1, both ends included; all if there are fewer."""
    if total <= count:
        return np.arange(total)
    return np.floor(np.linspace(0, total - 1, count)).astype(np.int64)


def choose_frames(usable: Ints, settings: Settings, *, video: bool, rooms: Rooms = ()) -> tuple[Ints, Ints]:
    """Return the frames of image questions and those of the clip, evenly spaced over the usable ones.

    Where rooms are named, the clip stays in the one that has most of the usable frames.
    """
    stills = usable[evenly_spaced(len(usable), settings.views_per_scene)]
    if rooms:
        usable = _in_largest_room(usable, rooms)
    has_clip = video and len(usable) >= settings.video_frames
    return stills, usable[evenly_spaced(len(usable), settings.video_frames)] if has_clip else stills[:0]


def _in_largest_room(frames: Ints, rooms: Rooms) -> Ints:
    """Return those of some frames that were taken in the room that most were taken in; of equal ones, in the first."""
    known = [(f, room) for f in frames.tolist() if (room := rooms[f]) is not None]
    times = Counter(room for _, room in known)
    return np.array([f for f, room in known if room == max(times, key=times.__getitem__)], dtype=np.int64)


def same_room(some: Rooms, others: Rooms) -> Bools:
    """Tell which of A and of B things, (A, B), are in one room; not where one's room is unknown."""
    a, b = (np.array(rooms, dtype=object) for rooms in (some, others))
    return np.asarray((a[:, None] == b) & (a[:, None] != None), dtype=bool)  # noqa: E711 - of each of them


@dataclass(frozen=True, eq=False)
class Views:
    """V views of one scene, and what they show. Each part is made when it is first read, and the same whenever that is.

    Tasks share them, so their arrays are read-only.

    Parameters
    ----------
    scene : the scene.
    settings : the thresholds.
    rules : the label lists.
    seed : of the draw of pairs and sets.
    video : whether the frames of a clip are wanted too.
    usable : positions in `scene.frames` of those that may be picked, ascending; all by default.
    keep_in : folder in which the table is kept, and looked for first.
    threads : cores for looking, 0 = all.
    """

    scene: Scene
    settings: Settings
    _: KW_ONLY
    rules: LabelRules
    seed: int
    video: bool
    usable: Ints | None = None
    keep_in: Path | None = None
    threads: int = 0

    @cached_property
    def frames(self) -> Ints:
        """(V,) positions in `scene.frames`, ascending."""
        return _fixed(np.union1d(*self._chosen).astype(np.int64))

    @cached_property
    def cameras(self) -> Cameras:
        """V cameras."""
        return self.scene.cameras.take(self.frames)

    @cached_property
    def labels(self) -> LabelTable:
        """What the objects' labels mean."""
        return _all_fixed(_labels(self.scene, self.rules, self.settings))

    @cached_property
    def vis(self) -> Visibility:
        """What each view shows; looks at them. Where rooms are named, only what stands in the view's is askable."""
        masks = (self.scene.store.mask(frame) for frame in self.frames.tolist())
        vis = without_masked(self._seen_before(), masks)
        if not self._rooms:
            return _all_fixed(vis)
        here = same_room(self._rooms, self.scene.room_of_object)
        vis = replace(vis, visible=vis.visible & here, boxed=vis.boxed & here, pointed=vis.pointed & here)
        return _all_fixed(vis)

    @cached_property
    def shown(self) -> Shown:
        """The same, number by number."""
        return Shown.of(self.vis, self.cameras, self.labels)

    @cached_property
    def surface(self) -> Surface:
        """What the views show, each part with the object that it belongs to."""
        return self.scene.surface.take(self.frames)

    @cached_property
    def points(self) -> SurfacePoints:
        """The points of `vis.surface`."""
        return surface_points(self.surface, self.cameras, len(self.scene.objects), threads=self.threads)

    @cached_property
    def pieces(self) -> Pieces:
        """The pieces of `vis.pieces`."""
        from spargen.geometry.unnamed import pieces_of

        return pieces_of(self.surface)

    @cached_property
    def unnamed(self) -> Unnamed:
        """What nobody annotated and may be a thing."""
        from spargen.geometry.unnamed import Unnamed, unnamed_in_images

        if isinstance(self.surface, InstanceImages):
            n, least = len(self.scene.objects), self.settings.glimpsed_share
            return unnamed_in_images(self.surface, self.cameras, n, least, threads=self.threads)
        center_m = self.pieces.center_m
        return Unnamed(center_m, np.zeros(len(center_m)), self.vis.pieces)

    @cached_property
    def stills(self) -> Ints:
        """Rows that image questions may use."""
        return _fixed(np.searchsorted(self.frames, self._chosen[0]))

    @cached_property
    def clip(self) -> Ints:
        """Rows of the video's frames, in order; empty if the scene has too few, or no video is wanted."""
        return _fixed(np.searchsorted(self.frames, self._chosen[1]))

    @cached_property
    def pairs(self) -> Ints:
        """(M, 2) rows that questions over two images may use, first image first; each pair in both orders."""
        # A pair asks something else in the other order.
        pairs = self._sets_of(2)
        return _fixed(np.concatenate([pairs, pairs[:, ::-1]]))

    @cached_property
    def sets(self) -> Ints:
        """(M, 3 .. 5) rows that questions over several images may use, first image first."""
        return _fixed(self._sets_of(self.settings.views_per_set))

    @cached_property
    def showing(self) -> list[int]:
        """Of each object, the rows of the views in which it is seen, as the bits of a number."""
        seen = self.vis.share.astype(np.float64) >= self.settings.seen_share
        return [int.from_bytes(bits.tobytes(), "little") for bits in np.packbits(seen, axis=0, bitorder="little").T]

    def rows_of(self, frames: Sequence[int]) -> tuple[int, ...] | None:
        """Return the rows of some frames among the views, None if they are not all there: frames of a task's own."""
        # Many facts are about the same few frames.
        key = tuple(frames)
        if key not in self._rows_known:
            rows = [self._row_of.get(frame) for frame in key]
            known = tuple(row for row in rows if row is not None)
            self._rows_known[key] = known if len(known) == len(rows) else None
        return self._rows_known[key]

    def overlaps_of(self, frames: Sequence[int]) -> list[float] | None:
        """Return the overlap of each two of some frames, 0-1, 0-2 .. 1-2 .., as `Links` has it, to a hundredth.

        None if they are not all among the views. It is estimated from samples of the surface: more decimals are noise.
        """
        if (rows := self.rows_of(frames)) is None:
            return None
        if rows not in self._overlaps_known:
            self._overlaps_known[rows] = [round(self._links.overlap.item(a, b), 2) for a, b in combinations(rows, 2)]
        return self._overlaps_known[rows].copy()

    @cached_property
    def _rows_known(self) -> dict[tuple[int, ...], tuple[int, ...] | None]:
        return {}

    @cached_property
    def _overlaps_known(self) -> dict[tuple[int, ...], list[float]]:
        return {}

    @cached_property
    def _row_of(self) -> dict[int, int]:
        return {frame: row for row, frame in enumerate(self.frames.tolist())}

    @cached_property
    def _chosen(self) -> tuple[Ints, Ints]:
        usable = np.arange(len(self.scene.frames)) if self.usable is None else self.usable
        return choose_frames(usable, self.settings, video=self.video, rooms=self.scene.room_of_view)

    @cached_property
    def _links(self) -> Links:
        links = link(self.vis.surface, self.cameras, self.settings)
        return replace(links, linked=links.linked & same_room(self._rooms, self._rooms)) if self._rooms else links

    @cached_property
    def _rooms(self) -> Rooms:
        return [self.scene.room_of_view[f] for f in self.frames.tolist()] if self.scene.room_of_view else []

    def _sets_of(self, size: int) -> Ints:
        # A nose at a door shows where nobody is.
        allowed = self.stills[self.vis.median_depth_m[self.stills] >= self.settings.min_median_depth_m]
        rng = rng_for(self.seed, self.scene.dataset, self.scene.id, "sets", size)
        return pick_sets(self._links, allowed, size, SETS, self.settings, rng)

    def _seen_before(self) -> Visibility:
        """Read the visibility table from the folder, or make it and put it there."""
        if self.keep_in is None:
            return self._see()
        objects, labels = self.scene.objects, self.labels
        surface = (*self.surface.parts(), objects.center_m, objects.extent_m, objects.R_world_box)
        asked = (labels.askable, self.settings.model_dump(mode="json"))
        key = digest("visibility", *surface, *self.cameras.parts(), *asked, *map(tree, _CODE), libraries())
        path = self.keep_in / f"{self.scene.dataset}-{self.scene.id}-{key}.npz"
        try:
            with path.open("rb") as kept, np.load(kept) as stored:
                return Visibility(*(stored[f.name] for f in fields(Visibility)))
        except (OSError, EOFError, ValueError, KeyError, BadZipFile):
            vis = self._see()
        with written_whole(path) as file:
            np.savez_compressed(file, **{f.name: getattr(vis, f.name) for f in fields(Visibility)})
        return vis

    def _see(self) -> Visibility:
        return see(
            self.surface,
            self.scene.objects,
            self.cameras,
            self.labels.askable,
            self.settings,
            points=self.points,
            pieces=self.pieces,
            threads=self.threads,
        )


def _fixed(array: Ints) -> Ints:
    """Make an array read-only: all tasks share it, and what one wrote into it the next would read."""
    array.setflags(write=False)
    return array


def _all_fixed(table: Table) -> Table:
    """Do so with all arrays of a table."""
    for part in fields(table):
        if isinstance(array := getattr(table, part.name), np.ndarray):
            _fixed(array)
    return table


def _labels(scene: Scene, rules: LabelRules, settings: Settings) -> LabelTable:
    """Read the labels of a scene. Annotators split shelves: what touches another of its kind may be half a thing."""
    labels = LabelTable.of(scene.objects.label, rules, scene.objects.doubtful)
    kind = np.where(labels.present, labels.kind, -1)
    return labels.doubting(touching(scene.surface, scene.objects, kind, settings.count_gap_m))
