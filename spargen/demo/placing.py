"""Ways of placing things that several rooms share: windows, doors, chairs around a table, shelves full of books."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from spargen.demo import clutter as c
from spargen.demo import fixtures as x
from spargen.demo import furniture as f
from spargen.demo.furniture import Piece, Rng, varied
from spargen.demo.plan import DOOR_H_M, WALL_M, Opening
from spargen.demo.site import Site

Maker = Callable[[Rng], Piece]


def some(rng: Rng, low: int, high: int) -> int:
    """Draw a count from `low` to `high`, both included."""
    return int(rng.integers(low, high + 1))


def between(rng: Rng, low: float, high: float) -> float:
    """Draw a length."""
    return float(rng.uniform(low, high))


def windows(site: Site, room: int, count: int) -> None:
    """Put windows into a room's outer walls, some with curtains beside and a radiator below."""
    rng, r = site.rng, site.plan.rooms[room]
    curtains, radiator, tone = rng.random() < 0.5, rng.random() < 0.6, f.bright(rng)
    tall = between(rng, 0.6, 0.8) if r.name in ("kitchen", "bathroom") else between(rng, 0.9, 1.4)
    for _ in range(count):
        width, z = between(rng, 0.6, 1.5), 2.15 - tall
        window = site.against(room, x.window(rng, width, tall), r.outer, z=z)
        for side in (-1, 1) if curtains and tall > 0.85 else ():
            site.beside(window, x.curtain(rng, 0.34, tall + 0.4, tone), side * (width / 2 + 0.27), 0.0, z=-0.38)
        if radiator:
            site.beside(window, x.radiator(rng, width * between(rng, 0.7, 1.0)), 0.0, 0.0, z=-z)


def door(site: Site, o: Opening) -> None:
    """Build an open leaf beside a narrow doorway, hinged on a jamb and swung back as far as there is room."""
    rng = site.rng
    if o.width_m > 1.2 or rng.random() < 0.15:
        return
    leaf, edge = x.door_leaf(rng, o.width_m - 0.02, DOOR_H_M - 0.03), o.width_m / 2 + 0.2
    for room in (int(i) for i in rng.permutation([o.a, o.b])):
        r = site.plan.rooms[room]
        into = np.sign((r.y0 + r.y1) / 2 - o.y) if o.along_x else np.sign((r.x0 + r.x1) / 2 - o.x)
        for side, swing in ((s, a) for s in rng.permutation([-1, 1]) for a in (1.3, 1.0, 0.7, 0.4, 0.1)):
            # Swing counts from straight into the room towards the wall beside the doorway.
            leaf_to = np.array([side * np.sin(swing), into * np.cos(swing)])
            hinge = np.array([side * edge, into * (WALL_M / 2 + 0.08)])
            if not o.along_x:
                leaf_to, hinge = leaf_to[::-1], hinge[::-1]
            at, yaw = (o.x + hinge[0], o.y + hinge[1], 0.0), float(np.arctan2(leaf_to[1], leaf_to[0]))
            if site.stand(room, leaf, at, yaw) is not None:
                return


def pillows(site: Site, host: int | None, count: int) -> None:
    """Lay pillows on a couch or an armchair."""
    for _ in range(count):
        site.on(host, c.pillow(site.rng, between(site.rng, 0.3, 0.55)), sway=0.5)


def chairs(site: Site, table: int | None, w: float, d: float, count: int) -> None:
    """Stand alike chairs around a table, pulled out a little, facing it."""
    rng = site.rng
    chair = varied(rng, f.chair(rng), 0.08)
    reach, row = float(chair.bounds_m[1, 1]) + 0.06, max(1, int(w / 0.58))
    along = (np.arange(row) + 0.5 - row / 2) * w / row
    # Where on the table's edge, and which way out from it.
    places = [((px, s * d / 2), (0, s), 0.0 if s > 0 else np.pi) for px in along for s in (-1, 1)]
    places += [((s * w / 2, 0.0), (s, 0), -s * np.pi / 2) for s in (-1, 1)]
    for edge, out, yaw in (places[i] for i in rng.permutation(len(places))[:count]):
        px, py = np.array(edge) + np.array(out) * (reach + between(rng, 0.0, 0.14))
        site.beside(table, chair, px, py, yaw + between(rng, -0.15, 0.15))


def fill_shelf(site: Site, shelf: int | None, extras: list[Piece]) -> None:
    """Stand rows of books on most boards, something else on the others."""
    if shelf is None:
        return
    rng, tops = site.rng, site.placed[shelf].piece.tops
    for i, top in enumerate(tops[:-1]):
        if rng.random() < 0.45:
            row = c.books(rng, top.width * between(rng, 0.4, 0.85), min(top.room, between(rng, 0.2, 0.32)))
            site.on(shelf, row, i, y=0.02, sway=0.0)
        elif extras:
            site.on(shelf, varied(rng, extras.pop()), i, sway=0.2)
    scatter(site, shelf, extras, top=len(tops) - 1)


def scatter(site: Site, host: int | None, things: Iterable[Piece], top: int = 0) -> None:
    """Stand about half of the things, each in a size of its own, on one of another's tops."""
    for thing in things:
        if site.rng.random() < 0.6:
            site.on(host, varied(site.rng, thing), top)


def strew(site: Site, room: int, things: Iterable[tuple[Maker, int]]) -> None:
    """Stand things about a room, in sizes of their own, some with their back to a wall: up to so many each in 12 m2."""
    times = max(1.0, site.plan.rooms[room].area_m2 / 12)
    for make, most in things:
        for _ in range(some(site.rng, 0, int(most * times))):
            thing = varied(site.rng, make(site.rng))
            if site.rng.random() < 0.55:
                site.against(room, thing)
            else:
                site.free(room, thing)


def pictures(site: Site, room: int, count: int) -> None:
    """Hang pictures at about eye level."""
    rng = site.rng
    for _ in range(count):
        w, h = between(rng, 0.25, 1.1), between(rng, 0.25, 0.8)
        site.against(room, x.picture(rng, w, h), z=between(rng, 1.5, 1.7) - h / 2)
