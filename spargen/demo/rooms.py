"""What stands in which room: one function a room, things placed one after the other, the big ones first."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from spargen.demo import clutter as c
from spargen.demo import fixtures as x
from spargen.demo import furniture as f
from spargen.demo.furniture import Piece
from spargen.demo.plan import DOOR_H_M, WALL_M, Opening
from spargen.demo.site import FLOOR_GAP_M, Site
from spargen.demo.solids import Rgb

_BASE_H_M = 0.86
"""Height of the kitchen units below their worktop."""


def furnish(site: Site) -> None:
    """Fill every room of the site."""
    for opening in site.plan.openings:
        _door(site, opening)
    for i, room in enumerate(site.plan.rooms):
        middle = ((room.x0 + room.x1) / 2, (room.y0 + room.y1) / 2, site.plan.height_m)
        site.stand(i, x.ceiling_light(site.rng), middle)
        _FURNISH[room.name](site, i)


def _living(site: Site, room: int) -> None:
    rng = site.rng
    couch = site.against(room, f.couch(rng))
    _pillows(site, couch, 2)
    opposite = range(4) if couch is None else [(site.side_of(couch) + 2) % 4]
    tv_stand = site.against(room, f.drawers(rng, "tv stand", float(rng.uniform(1.2, 1.5)), 0.42, 0.5, 1, 3), opposite)
    site.on(tv_stand, c.tv(rng, float(rng.uniform(0.85, 1.05))), x=0.0, sway=0.05)
    rug = site.beside(couch, f.rug(rng, 2.0, 1.3), 0.0, -1.25)
    dining = site.free(room, f.table(rng, "dining table", 1.3, 0.8, 0.75), clear=0.5, yaw=float(rng.uniform(-0.2, 0.2)))
    _chairs(site, dining, 1.3, 0.8, 4)
    low = f.table(rng, "coffee table", float(rng.uniform(0.85, 1.1)), 0.5, 0.42)
    coffee = site.on(rug, low, sway=0.12) if rug is not None else site.beside(couch, low, 0.0, -1.1, 0.1)
    case = site.against(
        room, f.shelf(rng, "bookshelf", float(rng.uniform(0.7, 0.95)), 0.32, float(rng.uniform(1.5, 1.9)), 5)
    )
    _fill_shelf(site, case, [c.vase(rng)])
    _windows(site, room, 1.2, curtains=True, radiator=True, shares=(0.24, 0.76))
    armchair = site.free(room, f.couch(rng, "armchair", 1), clear=0.04)
    _pillows(site, armchair, 1)
    _corners(site, room, [f.floor_lamp(rng), f.plant(rng, 1.3), c.basket(rng), c.guitar(rng)])
    _scatter(site, coffee, [c.vase(rng), c.mug(rng), c.book_stack(rng)])
    _scatter(site, dining, [c.bowl(rng), c.bottle(rng), c.mug(rng)])
    _scatter(site, tv_stand, [f.plant(rng, 0.5)])
    _hang(site, room, _pictures(site, 2))


def _kitchen(site: Site, room: int) -> None:
    rng = site.rng
    tone = f.wood(rng) if rng.random() < 0.5 else f.bright(rng)
    for board, things in zip(_units(site, room, tone), _kitchen_things(site), strict=False):
        _scatter(site, board, things)
    _windows(site, room, 0.8)
    table = site.free(room, f.table(rng, "table", 0.95, 0.7, 0.74), clear=0.35, yaw=float(rng.uniform(-0.4, 0.4)))
    _chairs(site, table, 0.95, 0.7, int(rng.integers(2, 4)))
    _scatter(site, table, [c.bowl(rng), c.bottle(rng)])
    _corners(site, room, [c.trash_can(rng), f.stool(rng), f.stool(rng), c.carton(rng)])
    _hang(site, room, [(x.clock(rng), 1.75)])


def _kitchen_things(site: Site) -> list[list[Piece]]:
    rng = site.rng
    return [
        [c.microwave(rng), c.toaster(rng), c.mug(rng), c.bottle(rng)],
        [x.sink(rng), c.coffee_maker(rng), c.mug(rng), c.bottle(rng), f.plant(rng, 0.4)],
    ]


def _units(site: Site, room: int, tone: Rgb) -> list[int | None]:
    """Set up the run of kitchen units along the outer wall, with wall cabinets and hood; return its worktops."""
    rng, r = site.rng, site.plan.rooms[room]
    base = [f.cabinet(rng, "kitchen cabinet", w, 0.58, _BASE_H_M, tone=tone) for w in (0.85, 0.95)]
    units = [x.refrigerator(rng), base[0], x.stove(rng), base[1], x.dishwasher(rng)]
    length, edge, stood = r.side(r.outer[0])[2], 0.0, []
    for unit in units:
        width = float(np.ptp(unit.bounds_m[:, 0]))
        slack = length - width - 2 * FLOOR_GAP_M
        stood.append(site.against(room, unit, r.outer[:1], share=edge / slack) if edge <= slack else None)
        edge += width + 0.004
    _, first, stove, second, washer = stood
    site.beside(stove, x.range_hood(rng), 0.0, 0.31, z=1.55)
    boards = [site.beside(first, x.counter(0.85, 0.58, (0.84, 0.82, 0.78)), 0.0, 0.0, z=_BASE_H_M)]
    width, shift = (0.95, 0.0) if washer is None else (1.554, -0.302)
    boards.append(site.beside(second, x.counter(width, 0.58, (0.84, 0.82, 0.78)), shift, 0.0, z=_BASE_H_M))
    for unit_index, w in ((first, 0.85), (second, 0.95)):
        wall_unit = f.cabinet(rng, "kitchen cabinet", w, 0.34, 0.62, tone=tone)
        site.beside(unit_index, wall_unit, 0.0, 0.133, z=1.50)
    return boards


def _bedroom(site: Site, room: int) -> None:
    rng = site.rng
    w = float(rng.uniform(1.4, 1.65))
    bed = site.against(room, f.bed(rng, w))
    for side in (-1, 1):
        stand = f.drawers(rng, "nightstand", 0.45, 0.38, float(rng.uniform(0.45, 0.55)), 2)
        index = site.beside(bed, stand, side * (w / 2 + 0.29), 0.83)
        _scatter(site, index, [f.table_lamp(rng), c.book_stack(rng) if side > 0 else c.mug(rng)])
        site.on(bed, c.pillow(rng, 0.48), 0, x=side * w * 0.22, sway=0.08)
    _scatter(site, bed, [c.laptop(rng)], top=1)
    tall = f.cabinet(rng, "wardrobe", float(rng.uniform(1.1, 1.4)), 0.58, float(rng.uniform(1.9, 2.1)))
    wardrobe = site.against(room, tall)
    _scatter(site, wardrobe, [c.carton(rng)])
    _windows(site, room, 1.2, curtains=True)
    dresser = site.against(room, f.drawers(rng, "dresser", float(rng.uniform(0.9, 1.2)), 0.45, 0.82, 3, 2))
    _scatter(site, dresser, [c.vase(rng), c.book_stack(rng)])
    if dresser is not None:
        site.beside(dresser, x.mirror(rng, 0.6, 0.7), 0.0, 0.225 + FLOOR_GAP_M - 0.002, z=1.15)
    site.free(room, f.chair(rng), clear=0.1)
    site.free(room, f.rug(rng, 1.4, 0.9), clear=0.02)
    _corners(site, room, [c.laundry_hamper(rng), c.suitcase(rng), f.plant(rng, 1.1), c.shoes(rng)])
    _hang(site, room, _pictures(site, 1))


def _study(site: Site, room: int) -> None:
    rng = site.rng
    desk = site.against(room, f.desk(rng, float(rng.uniform(1.35, 1.6))))
    site.beside(desk, f.office_chair(rng), -0.15, -0.82, float(np.pi + rng.uniform(-0.7, 0.7)))
    _windows(site, room, 1.2, radiator=True)
    site.on(desk, c.monitor(rng), x=-0.1, y=0.14, sway=0.15)
    site.on(desk, c.keyboard(rng), x=-0.1, y=-0.16, sway=0.1)
    _scatter(site, desk, [f.table_lamp(rng), c.mug(rng), c.book_stack(rng)])
    case = site.against(
        room, f.shelf(rng, "bookshelf", float(rng.uniform(0.8, 1.0)), 0.32, float(rng.uniform(1.7, 2.0)), 5)
    )
    _fill_shelf(site, case, [c.carton(rng), f.plant(rng, 0.4)])
    files = site.against(room, f.drawers(rng, "file cabinet", 0.46, 0.5, 0.72, 3))
    _scatter(site, files, [c.printer(rng)])
    _hang(site, room, [(x.whiteboard(rng, 1.1, 0.8), 1.1), *_pictures(site, 1)])
    site.free(room, f.couch(rng, "armchair", 1), clear=0.05)
    _corners(site, room, [c.trash_can(rng), c.carton(rng), c.backpack(rng)])


def _bathroom(site: Site, room: int) -> None:
    rng, r = site.rng, site.plan.rooms[room]
    length = min(1.7, r.x1 - r.x0 - 0.1)
    site.against(room, x.bathtub(rng, length), share=float(rng.choice([0.0, 1.0])))
    toilet = site.against(room, x.toilet(rng))
    vanity = site.against(room, f.cabinet(rng, "bathroom vanity", 0.8, 0.5, 0.78))
    site.on(vanity, x.sink(rng), x=-0.08, y=0.0, sway=0.0)
    _scatter(site, vanity, [c.bottle(rng)])
    site.beside(vanity, x.mirror(rng, 0.6, 0.75), 0.0, 0.25 + FLOOR_GAP_M - 0.002, z=1.2)
    site.beside(toilet, c.toilet_paper(rng), 0.0, 0.26, z=0.79)
    _windows(site, room, 0.7)
    _hang(site, room, [(x.towel(rng), 0.85), (x.towel(rng), 0.85), (x.radiator(rng, 0.5), 0.0)])
    site.free(room, f.rug(rng, 0.8, 0.5, "bath mat", 0.015), clear=0.02)
    _corners(site, room, [c.laundry_hamper(rng), c.trash_can(rng), c.scales(rng), f.stool(rng)])


def _hallway(site: Site, room: int) -> None:
    rng, r = site.rng, site.plan.rooms[room]
    site.against(room, x.door_leaf(rng, 0.92, 2.03), r.outer, z=0.005)
    bench = site.against(room, f.bench(rng))
    _scatter(site, bench, [c.backpack(rng)])
    _hang(site, room, [(x.coat_rack(rng), 0.75), (x.mirror(rng, 0.5, 1.2), 0.6)])
    table = site.against(room, f.drawers(rng, "cabinet", 0.8, 0.34, 0.82, 2, 2))
    _scatter(site, table, [f.table_lamp(rng), c.bowl(rng), f.plant(rng, 0.5)])
    site.free(room, f.rug(rng, 1.3, 0.75), clear=0.02)
    _corners(site, room, [c.shoes(rng), c.shoes(rng), c.carton(rng)])
    _hang(site, room, _pictures(site, 1))


_FURNISH: dict[str, Callable[[Site, int], None]] = {
    "living room": _living,
    "kitchen": _kitchen,
    "bedroom": _bedroom,
    "study": _study,
    "bathroom": _bathroom,
    "hallway": _hallway,
}


def _windows(
    site: Site,
    room: int,
    height: float,
    *,
    curtains: bool = False,
    radiator: bool = False,
    shares: tuple[float | None, ...] = (None,),
) -> None:
    """Windows in a room's outer wall, with curtains beside and a radiator below them."""
    rng, r, z = site.rng, site.plan.rooms[room], 2.15 - height
    for share in shares:
        width = float(rng.uniform(0.9, 1.2)) if height > 0.8 else 0.65
        window = site.against(room, x.window(rng, width, height), r.outer[:1] if share else r.outer, z=z, share=share)
        tone = f.bright(rng)
        for side in (-1, 1) if curtains else ():
            site.beside(window, x.curtain(rng, 0.34, 1.60, tone), side * (width / 2 + 0.27), 0.0, z=-0.38)
        if radiator:
            site.beside(window, x.radiator(rng, width), 0.0, 0.0, z=-z)


def _door(site: Site, o: Opening) -> None:
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


def _pillows(site: Site, host: int | None, count: int) -> None:
    for _ in range(count):
        site.on(host, c.pillow(site.rng, float(site.rng.uniform(0.36, 0.44))), sway=0.5)


def _chairs(site: Site, table: int | None, w: float, d: float, count: int) -> None:
    """Chairs around a table, pulled out a little, facing it."""
    rng, tone = site.rng, f.wood(site.rng)
    places = [(s * w * 0.24, t * (d / 2 + 0.27), 0.0 if t > 0 else np.pi) for t in (-1, 1) for s in (-1, 1)]
    if w < 1.2:
        places = [(0.0, d / 2 + 0.27, 0.0), (0.0, -d / 2 - 0.27, np.pi), (w / 2 + 0.27, 0.0, -np.pi / 2)]
    for px, py, yaw in places[:count]:
        out = float(rng.uniform(0.0, 0.14))
        px, py = (px, py + np.sign(py) * out) if abs(py) > 0 else (px + np.sign(px) * out, py)
        site.beside(table, f.chair(rng, tone), px, py, yaw + float(rng.uniform(-0.15, 0.15)))


def _fill_shelf(site: Site, shelf: int | None, extras: list[Piece]) -> None:
    """Rows of books on most boards, something else on the others."""
    if shelf is None:
        return
    rng, tops = site.rng, site.placed[shelf].piece.tops
    for i, top in enumerate(tops[:-1]):
        if i < 3 and rng.random() < 0.6:
            row = c.books(rng, top.width * float(rng.uniform(0.5, 0.85)), min(top.room, 0.3))
            site.on(shelf, row, i, y=0.02, sway=0.0)
        elif extras:
            site.on(shelf, extras.pop(), i, sway=0.2)
    _scatter(site, shelf, extras, top=len(tops) - 1)


def _scatter(site: Site, host: int | None, things: Iterable[Piece], top: int = 0) -> None:
    for thing in things:
        if site.rng.random() < 0.6:
            site.on(host, thing, top)


def _corners(site: Site, room: int, things: Iterable[Piece]) -> None:
    """Stand things about: some with their back to a wall, some anywhere, some not at all."""
    for thing in things:
        luck = site.rng.random()
        if luck < 0.38:
            site.against(room, thing)
        elif luck < 0.65:
            site.free(room, thing)


def _hang(site: Site, room: int, things: Iterable[tuple[Piece, float]]) -> None:
    for thing, z in things:
        site.against(room, thing, z=z)


def _pictures(site: Site, count: int) -> list[tuple[Piece, float]]:
    rng = site.rng
    sizes = [(float(rng.uniform(0.35, 0.9)), float(rng.uniform(0.35, 0.65))) for _ in range(count)]
    return [(x.picture(rng, w, h), 1.6 - h / 2) for w, h in sizes]
