"""Pairs and sets of views that overlap, but not too much."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spargen.scene.cameras import Cameras
from spargen.settings import Settings

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

FIFTHS = 5


@dataclass(frozen=True, slots=True)
class Links:
    """Which of V views go together.

    overlap (V, V) float32: shared surface points over the points of the view that sees fewer.
    linked (V, V): the overlap is within bounds, and the two are no near-duplicates.
    duplicate (V, V): nearly the same position and direction; the diagonal is set.
    """

    overlap: NDArray[np.float32]
    linked: Bools
    duplicate: Bools


def overlaps(surface: Bools) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Overlap of all pairs of views, by one matrix product.

    Parameters
    ----------
    surface : (V, 2 S) which surface points each view sees from the front, and which from the back: a point is shared
        only by views that see it from the same side, so a wall of one sheet is not.

    Returns
    -------
    shared points over the points of the view that sees fewer, and over those of the one that sees more: two (V, V).
    """
    # Most points are seen by no view from behind, some by none at all.
    sees = surface.compress(surface.any(axis=0), axis=1).astype(np.float32)
    shared = sees @ sees.T
    count = sees.sum(axis=1)
    fewer = np.maximum(np.minimum(count[:, None], count), 1)
    more = np.maximum(np.maximum(count[:, None], count), 1)
    return shared / fewer, shared / more


def link(surface: Bools, cameras: Cameras, settings: Settings) -> Links:
    """Tell which views may stand in one question together."""
    most, least = overlaps(surface)
    count = surface.sum(axis=1)
    # An overlap is estimated from samples: two standard deviations keep chance from deciding.
    doubt = 2 / np.sqrt(np.maximum(np.minimum(count[:, None], count), 1))
    low = settings.min_overlap + doubt * np.sqrt(settings.min_overlap * (1 - settings.min_overlap))
    high = settings.max_overlap - doubt * np.sqrt(settings.max_overlap * (1 - settings.max_overlap))
    position = cameras.position_m
    apart_m = np.linalg.norm(position[:, None] - position, axis=-1)
    axis = cameras.T_world_camera[:, :3, 2]
    turned = np.degrees(np.arccos(np.clip(axis @ axis.T, -1, 1)))
    duplicate = (apart_m < settings.duplicate_m) & (turned < settings.duplicate_deg)
    np.fill_diagonal(duplicate, val=True)
    return Links(most, (most >= low) & (least <= high) & ~duplicate, duplicate)


def pick_sets(links: Links, allowed: Ints, size: int, count: int, settings: Settings, rng: np.random.Generator) -> Ints:
    """Draw sets of views, connected by linked pairs, their overlaps spread over all fifths of the range.

    Parameters
    ----------
    links : of all views.
    allowed : (A,) views that may be drawn.
    size : views a set, 2 or more.
    count : sets wanted; fewer come back where there are not so many.

    Returns
    -------
    (M, size) distinct sets in random order, the views of each in random order.
    """
    ok = links.linked[np.ix_(allowed, allowed)]
    a, b = np.nonzero(np.triu(ok))
    if not len(a):
        return np.zeros((0, size), dtype=np.int64)
    seeds = _spread(links.overlap[allowed[a], allowed[b]], count, settings, rng)
    members = np.stack([a[seeds], b[seeds]], axis=1)
    duplicate = links.duplicate[np.ix_(allowed, allowed)]
    for _ in range(size - 2):
        joins = ok[members].any(axis=1) & ~duplicate[members].any(axis=1)
        keys = np.where(joins, rng.random(joins.shape), -1.0)
        best = keys.argmax(axis=1)
        found = keys[np.arange(len(keys)), best] >= 0
        members = np.concatenate([members, best[:, None]], axis=1)[found]
    _, first = np.unique(np.sort(members, axis=1), axis=0, return_index=True)
    members = members[rng.permutation(np.sort(first))]
    return np.asarray(allowed[rng.permuted(members, axis=1)])


def _spread(overlap: NDArray[np.float32], count: int, settings: Settings, rng: np.random.Generator) -> Ints:
    """Draw `count` pairs, each fifth of the range of overlaps in turn as long as it has any."""
    step = (1 - settings.min_overlap) / FIFTHS
    fifth = np.clip(((overlap - settings.min_overlap) / step).astype(np.int64), 0, FIFTHS - 1)
    drawn = []
    for k in np.unique(fifth):
        pairs = np.flatnonzero(fifth == k)
        share = -(-count // len(np.unique(fifth)))
        drawn.append(
            pairs[rng.permutation(np.arange(share) % len(pairs))]
            if len(pairs) < share
            else rng.permutation(pairs)[:share]
        )
    return np.asarray(rng.permutation(np.concatenate(drawn))[:count])
