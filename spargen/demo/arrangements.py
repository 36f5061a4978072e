"""What belongs together in a flat: a couch and its table, a bed and its nightstands, a run of kitchen units.

Every arrangement furnishes one corner of life in a room, the big things first, in sizes and numbers of its own.
"""

from __future__ import annotations

import numpy as np

from spargen.demo import clutter as c
from spargen.demo import fixtures as x
from spargen.demo import furniture as f
from spargen.demo.furniture import Piece, Rng, varied
from spargen.demo.placing import between, chairs, fill_shelf, pillows, scatter, some
from spargen.demo.site import FLOOR_GAP_M, Site
from spargen.demo.solids import Rgb

_BASE_H_M = 0.86
"""Height of the kitchen units below their worktop."""
_UNIT_GAP_M = 0.004
_WORKTOP: Rgb = (0.84, 0.82, 0.78)


def sofa_corner(site: Site, room: int) -> None:
    """Furnish with a couch, what stands before it, and a television opposite."""
    rng = site.rng
    couch = site.against(room, f.couch(rng, seats=some(rng, 2, 4)))
    if couch is None:
        couch = site.against(room, f.couch(rng, seats=2))
    pillows(site, couch, some(rng, 0, 4))
    if rng.random() < 0.85:
        w = between(rng, 0.65, 1.35)
        opposite = range(4) if couch is None else [(site.side_of(couch) + 2) % 4]
        low = f.drawers(rng, "tv stand", w + between(rng, 0.1, 0.5), 0.42, between(rng, 0.38, 0.6), 1, 3)
        stand = site.against(room, low, opposite)
        site.on(stand, c.tv(rng, w), x=0.0, sway=0.05)
        scatter(site, stand, [f.plant(rng, 0.5), c.vase(rng)])
    rug = None
    if rng.random() < 0.7:
        rug = site.beside(couch, f.rug(rng, between(rng, 1.5, 2.6), between(rng, 1.0, 1.4)), 0.0, -1.25)
    low = f.table(rng, "coffee table", between(rng, 0.6, 1.25), between(rng, 0.42, 0.7), between(rng, 0.36, 0.5))
    coffee = site.on(rug, low, sway=0.12) if rug is not None else site.beside(couch, low, 0.0, -1.1, 0.1)
    scatter(site, coffee, [c.vase(rng), c.mug(rng), c.book_stack(rng), c.bowl(rng)])
    for _ in range(some(rng, 0, 2)):
        armchair = site.free(room, varied(rng, f.couch(rng, "armchair", 1), 0.1), clear=0.04)
        pillows(site, armchair, some(rng, 0, 1))


def eating(site: Site, room: int, label: str = "dining table") -> None:
    """Furnish with a table for one to eight."""
    rng, area = site.rng, site.plan.rooms[room].area_m2
    places = some(rng, 1, min(8, int(area / 2.5)))
    w, d = 0.3 * max(2, places - places % 2) + between(rng, 0.0, 0.35), between(rng, 0.6, 0.95)
    yaw = between(rng, -0.2, 0.2) + np.pi / 2 * some(rng, 0, 1)
    for shrink in (1.0, 0.75, 0.55):
        board = f.table(rng, label, w * shrink, d, between(rng, 0.71, 0.78))
        table = site.free(room, board, clear=0.4, yaw=yaw)
        if table is not None:
            chairs(site, table, w * shrink, d, places)
            scatter(site, table, [c.bowl(rng), c.bottle(rng), c.mug(rng), c.mug(rng), c.vase(rng)])
            return


def small_table(site: Site, room: int) -> None:
    """Furnish with a kitchen table."""
    eating(site, room, "table")


def sleeping(site: Site, room: int) -> None:
    """Furnish with a bed between nightstands, a wardrobe and a dresser below a mirror."""
    rng = site.rng
    w = between(rng, 0.9, 1.85)
    bed = site.against(room, f.bed(rng, w))
    for side in rng.permutation([-1, 1])[: some(rng, 0, 2)]:
        size = between(rng, 0.36, 0.55)
        stand = f.drawers(rng, "nightstand", size, 0.38, between(rng, 0.42, 0.62), 2)
        index = site.beside(bed, stand, side * (w / 2 + size / 2 + 0.07), 0.75)
        scatter(site, index, [f.table_lamp(rng), c.book_stack(rng) if side > 0 else c.mug(rng)])
    for side in (-1, 1) if w > 1.3 else (0,):
        site.on(bed, c.pillow(rng, between(rng, 0.4, 0.6)), 0, x=side * w * 0.23, sway=0.08)
    scatter(site, bed, [c.laptop(rng), c.book_stack(rng)], top=1)
    wardrobe(site, room)
    if rng.random() < 0.7:
        low = f.drawers(rng, "dresser", between(rng, 0.7, 1.4), 0.45, between(rng, 0.7, 1.0), 3, 2)
        dresser = site.against(room, low)
        scatter(site, dresser, [c.vase(rng), c.book_stack(rng), f.table_lamp(rng)])
        glass = x.mirror(rng, between(rng, 0.45, 0.7), between(rng, 0.5, 0.9))
        site.beside(dresser, glass, 0.0, 0.225 + FLOOR_GAP_M - 0.002, z=1.15)


def wardrobe(site: Site, room: int) -> None:
    """Furnish with a wardrobe."""
    rng = site.rng
    index = _cupboard(site, room, "wardrobe", between(rng, 0.8, 1.9), 0.58, between(rng, 1.8, 2.2))
    scatter(site, index, [c.carton(rng), c.carton(rng)])


def working(site: Site, room: int) -> None:
    """Furnish with a desk and what is worked with."""
    rng = site.rng
    desk = site.against(room, f.desk(rng, between(rng, 1.0, 1.8)))
    chair = varied(rng, f.office_chair(rng), 0.06)
    site.beside(desk, chair, -0.15, -0.84, float(np.pi + rng.uniform(-0.7, 0.7)))
    if rng.random() < 0.8:
        site.on(desk, varied(rng, c.monitor(rng), 0.15), x=-0.1, y=0.14, sway=0.15)
        site.on(desk, varied(rng, c.keyboard(rng), 0.12), x=-0.1, y=-0.16, sway=0.1)
    scatter(site, desk, [f.table_lamp(rng), c.laptop(rng), c.mug(rng), c.book_stack(rng)])
    for _ in range(some(rng, 0, 2)):
        files = f.drawers(rng, "file cabinet", between(rng, 0.38, 0.6), 0.5, between(rng, 0.6, 1.1), 3)
        scatter(site, site.against(room, files), [c.printer(rng), c.carton(rng)])
    if rng.random() < 0.6:
        site.against(room, x.whiteboard(rng, between(rng, 0.7, 1.6), between(rng, 0.5, 0.95)), z=1.05)


def bookcases(site: Site, room: int) -> None:
    """Furnish with up to two bookshelves."""
    rng = site.rng
    for _ in range(some(rng, 0, 2)):
        h = between(rng, 0.8, 2.1)
        case = f.shelf(rng, "bookshelf", between(rng, 0.55, 1.3), 0.32, h, max(2, round(h / 0.36)))
        fill_shelf(site, site.against(room, case), [c.vase(rng), c.carton(rng), f.plant(rng, 0.4)])


def sideboard(site: Site, room: int) -> None:
    """Furnish with a low cabinet and what stands on it."""
    rng = site.rng
    board = _cupboard(site, room, "cabinet", between(rng, 0.7, 1.8), between(rng, 0.32, 0.45), between(rng, 0.6, 1.0))
    scatter(site, board, [f.table_lamp(rng), c.bowl(rng), f.plant(rng, 0.5), c.vase(rng), c.bottle(rng)])


def cooking(site: Site, room: int) -> None:
    """Furnish with a run of units along an outer wall: worktops, wall cabinets, a hood over the stove."""
    rng, r = site.rng, site.plan.rooms[room]
    tone = f.wood(rng) if rng.random() < 0.5 else f.bright(rng)
    side = max(r.outer, key=lambda side: r.side(side)[2])
    length, edge, stood = r.side(side)[2], 0.0, []
    for piece in _units(rng, tone):
        width = float(np.ptp(piece.bounds_m[:, 0]))
        slack = length - width - 2 * FLOOR_GAP_M
        index = site.against(room, piece, [side], share=edge / slack) if edge <= slack else None
        if index is not None:
            stood.append((index, width))
        edge += width + _UNIT_GAP_M
    for k, board in enumerate(_worktops(site, stood)):
        things = [c.mug(rng), c.bottle(rng), c.toaster(rng), c.microwave(rng), c.coffee_maker(rng), f.plant(rng, 0.4)]
        scatter(site, board, [*([x.sink(rng)] if k == 0 else []), *(things[i] for i in rng.permutation(6))])
    for index, width in stood:
        _above(site, index, width, tone)


def _units(rng: Rng, tone: Rgb) -> list[Piece]:
    """Draw what stands in a run of kitchen units, from one end to the other."""
    bases = [
        f.cabinet(rng, "kitchen cabinet", between(rng, 0.45, 1.1), 0.58, _BASE_H_M, tone=tone)
        for _ in range(some(rng, 2, 4))
    ]
    fridge = varied(rng, x.refrigerator(rng), 0.1).scaled((1, 1, 0.5 if rng.random() < 0.2 else 1))
    wide, narrow = between(rng, 0.85, 1.25), between(rng, 0.72, 1.0)
    units = [fridge, bases[0], x.stove(rng).scaled((wide, 1, 1)), *bases[1:]]
    return [*units, x.dishwasher(rng).scaled((narrow, 1, 1))] if rng.random() < 0.6 else units


def _worktops(site: Site, stood: list[tuple[int, float]]) -> list[int | None]:
    """Lay a counter over every row of units that takes one."""
    rows: list[list[tuple[int, float]]] = [[]]
    for index, width in stood:
        if site.placed[index].piece.kind in ("kitchen cabinet", "dishwasher"):
            rows[-1].append((index, width))
        else:
            rows.append([])
    boards = []
    for row in filter(None, rows):
        total = sum(w for _, w in row) + _UNIT_GAP_M * (len(row) - 1)
        # The run goes along the wall with the room on its left: towards -X of the units.
        boards.append(
            site.beside(row[0][0], x.counter(total, 0.58, _WORKTOP), -(total - row[0][1]) / 2, 0.0, z=_BASE_H_M)
        )
    return boards


def _above(site: Site, unit: int, width: float, tone: Rgb) -> None:
    """Hang a hood over the stove, and over some of the units a cabinet, one in three with its door open."""
    rng, kind = site.rng, site.placed[unit].piece.kind
    if kind == "stove":
        site.beside(unit, varied(rng, x.range_hood(rng), 0.1), 0.0, 0.31, z=1.55)
    elif kind == "kitchen cabinet" and rng.random() < 0.8:
        d, h, ajar = 0.34, between(rng, 0.5, 0.75), rng.random() < 0.35
        hung = f.cabinet(rng, "kitchen cabinet", width, d, h, tone=tone, ajar=ajar)
        index = site.beside(unit, hung, 0.0, 0.133, z=1.50)
        if ajar:
            _open_door(site, index, width, d, h, tone)


def _cupboard(site: Site, room: int, label: str, w: float, d: float, h: float) -> int | None:
    """Stand a cabinet with its back to a wall, half of them with a door open."""
    rng, ajar = site.rng, site.rng.random() < 0.5
    tone = f.wood(rng) if rng.random() < 0.6 else f.WHITE
    index = site.against(room, f.cabinet(rng, label, w, d, h, tone=tone, ajar=ajar))
    if ajar:
        _open_door(site, index, w, d, h, tone)
    return index


def _open_door(site: Site, host: int | None, w: float, d: float, h: float, tone: Rgb) -> None:
    # Clear of the handles of the other doors.
    swing = between(site.rng, 1.2, 1.8)
    site.beside(host, f.cabinet_door(w, h, tone), 0.025 - w / 2, -d / 2 - 0.052, -swing, z=0.05)


def washing(site: Site, room: int) -> None:
    """Furnish with a tub, a toilet, and a basin below a mirror."""
    rng, r = site.rng, site.plan.rooms[room]
    if rng.random() < 0.85:
        length = min(between(rng, 1.5, 1.85), r.x1 - r.x0 - 0.1, r.y1 - r.y0 - 0.1)
        tub = x.bathtub(rng, length).scaled((1, between(rng, 0.9, 1.1), between(rng, 0.85, 1.1)))
        site.against(room, tub, share=float(rng.choice([0.0, 1.0])))
    toilet = site.against(room, varied(rng, x.toilet(rng), 0.06))
    w, d = between(rng, 0.6, 1.5), between(rng, 0.46, 0.55)
    vanity = site.against(room, f.cabinet(rng, "bathroom vanity", w, d, between(rng, 0.72, 0.85)))
    for px in (-w / 4, w / 4) if w > 1.2 else (-0.06,):
        site.on(vanity, varied(rng, x.sink(rng, d=0.38), 0.08), x=px, y=0.0, sway=0.0)
    scatter(site, vanity, [c.bottle(rng), c.bottle(rng), c.mug(rng)])
    glass = x.mirror(rng, w * between(rng, 0.6, 1.0), between(rng, 0.6, 0.95))
    site.beside(vanity, glass, 0.0, d / 2 + FLOOR_GAP_M - 0.002, z=1.2)
    top = float(site.placed[toilet].piece.bounds_m[1, 2]) if toilet is not None else 0.0
    site.beside(toilet, varied(rng, c.toilet_paper(rng), 0.12), 0.0, 0.24, z=top)
    for _ in range(some(rng, 0, 4)):
        site.against(room, varied(rng, x.towel(rng)), z=0.85)
    site.free(room, varied(rng, f.rug(rng, 0.8, 0.5, "bath mat", 0.015)), clear=0.02)


def arriving(site: Site, room: int) -> None:
    """Furnish with an entrance door and what one needs before it."""
    rng, r = site.rng, site.plan.rooms[room]
    site.against(room, x.door_leaf(rng, between(rng, 0.82, 1.0), 2.03), r.outer, z=0.005)
    if r.name == "hallway" or rng.random() < 0.4:
        site.against(room, varied(rng, x.coat_rack(rng), 0.1), z=0.72)
        bench = site.against(room, varied(rng, f.bench(rng), 0.12))
        scatter(site, bench, [c.backpack(rng)])
    if rng.random() < 0.6:
        site.against(room, x.mirror(rng, between(rng, 0.35, 0.7), between(rng, 0.7, 1.3)), z=0.55)
    site.free(room, f.rug(rng, between(rng, 0.7, 1.6), between(rng, 0.5, 0.9)), clear=0.02)


def storing(site: Site, room: int) -> None:
    """Furnish with shelves of boxes and bags."""
    rng = site.rng
    for _ in range(some(rng, 1, 2)):
        rack = f.shelf(rng, "shelf", between(rng, 0.7, 1.5), between(rng, 0.35, 0.5), between(rng, 1.4, 2.1), 4)
        index = site.against(room, rack)
        for top in range(4 if index is not None else 0):
            scatter(site, index, [c.carton(rng), c.carton(rng), c.basket(rng)], top)
