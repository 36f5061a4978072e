"""What stands in which room: arrangements first, then what stands about and what hangs on the walls."""

from __future__ import annotations

from collections.abc import Callable

from spargen.demo import arrangements as a
from spargen.demo import clutter as c
from spargen.demo import fixtures as x
from spargen.demo import furniture as f
from spargen.demo.furniture import varied
from spargen.demo.placing import Maker, between, door, pictures, some, strew, windows
from spargen.demo.site import Site

_ARRANGED: dict[str, tuple[Callable[[Site, int], None], ...]] = {
    "studio": (a.cooking, a.arriving, a.sleeping, a.sofa_corner, a.eating, a.working),
    "living room": (a.sofa_corner, a.eating, a.bookcases, a.sideboard),
    "dining room": (a.eating, a.sideboard, a.bookcases),
    "bedroom": (a.sleeping,),
    "kitchen": (a.cooking, a.small_table),
    "study": (a.working, a.bookcases),
    "bathroom": (a.washing,),
    "hallway": (a.arriving, a.sideboard),
    "closet": (a.wardrobe, a.storing),
}

# Thing: how many of it at most.
_STREWN: dict[str, tuple[tuple[Maker, int], ...]] = {
    "studio": ((f.floor_lamp, 1), (f.plant, 1), (c.trash_can, 1), (c.carton, 1), (c.shoes, 1)),
    "living room": ((f.floor_lamp, 2), (f.plant, 2), (c.basket, 2), (c.guitar, 1), (f.stool, 1), (c.carton, 1)),
    "dining room": ((f.plant, 1), (f.floor_lamp, 1), (f.chair, 2), (c.basket, 1)),
    "bedroom": (
        (c.laundry_hamper, 1), (c.suitcase, 1), (f.plant, 1), (c.shoes, 1), (f.floor_lamp, 1), (f.chair, 1),
        (f.bench, 1), (c.basket, 1),
    ),
    "kitchen": ((c.trash_can, 2), (f.stool, 3), (c.carton, 2), (f.plant, 1)),
    "study": ((c.trash_can, 1), (c.carton, 3), (c.backpack, 2), (f.plant, 1), (f.floor_lamp, 1), (f.chair, 1)),
    "bathroom": ((c.laundry_hamper, 1), (c.trash_can, 1), (c.scales, 1), (f.stool, 1)),
    "hallway": ((c.shoes, 2), (c.carton, 1), (f.plant, 1), (f.stool, 1)),
    "closet": ((c.suitcase, 2), (c.carton, 3), (c.shoes, 2), (c.laundry_hamper, 1)),
}  # fmt: skip

_PICTURES = {"studio": 2, "living room": 4, "dining room": 3, "bedroom": 3, "study": 2, "hallway": 2, "kitchen": 1}
_WINDOWED = frozenset(_ARRANGED) - {"hallway", "closet"}


def furnish(site: Site) -> None:
    """Fill every room of the site."""
    rng = site.rng
    for opening in site.plan.openings:
        door(site, opening)
    names = [room.name for room in site.plan.rooms]
    for i, room in enumerate(site.plan.rooms):
        middle = ((room.x0 + room.x1) / 2, (room.y0 + room.y1) / 2, site.plan.height_m)
        site.stand(i, varied(rng, x.ceiling_light(rng), 0.4), middle)
        if room.name == "living room" and "hallway" not in names:
            a.arriving(site, i)
        for arrange in _ARRANGED[room.name]:
            arrange(site, i)
        if room.name in _WINDOWED:
            windows(site, i, some(rng, 1, 1 + int(room.area_m2 / 9)))
        if room.name == "kitchen" or rng.random() < 0.2:
            site.against(i, varied(rng, x.clock(rng)), z=between(rng, 1.5, 1.8))
        strew(site, i, _STREWN[room.name])
        pictures(site, i, some(rng, 0, _PICTURES.get(room.name, 0)))
