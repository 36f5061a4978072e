"""Matterport3D's ``.house`` file, version 1.1, of a scan: what rooms, places, images, objects and segments there are.

One record a line: ``-`` is an empty text, ``#`` a space in a name, and zeros fill up.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spargen.demo.directions import room_at
from spargen.demo.house import House
from spargen.demo.plan import DOOR_H_M
from spargen.demo.scan import Scan
from spargen.demo.vocabulary import mpcat40_of
from spargen.geometry.boxes import gravity_box
from spargen.geometry.surface import triangle_areas_m2

Ints = NDArray[np.int64]

OF_REGION = 1_000_000
"""Segments of region r have ids from r times this on where the house is one piece."""
_LETTERS = {
    "living room": "l", "bedroom": "b", "bathroom": "a", "kitchen": "k", "hallway": "h", "study": "o", "closet": "c",
    "dining room": "d",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Division:
    """A scan in regions, which are the rooms, with annotation by faces. F faces, N groups.

    Parameters
    ----------
    face_region : (F,). face_group : (F,) -1 = none. face_segment : (F,) counted in each region from 0, -1 = none.
    group_region : (N,).
    """

    face_region: Ints
    face_group: Ints
    face_segment: Ints
    group_region: Ints

    @property
    def face_id(self) -> Ints:
        """(F,) segments as the whole house counts them."""
        return np.where(self.face_segment >= 0, self.face_region * OF_REGION + self.face_segment, -1)


def divide(house: House, scan: Scan) -> Division:
    """Give each face to what two of its vertices belong to, and all of a group to the room of what it shows."""
    owner = scan.vertex_group[scan.faces]
    a, b, c = owner.T
    group = np.where((a == b) | (a == c), a, np.where(b == c, b, -1))
    own = owner == group[:, None]
    segment = np.where(own.any(axis=1), scan.vertex_segment[scan.faces[np.arange(len(own)), own.argmax(axis=1)]], -1)
    of_group = np.array([house.room[g.things[0]] for g in scan.groups], dtype=np.int64)
    region = np.where(group >= 0, of_group[group], room_at(house, scan.vertices_m[scan.faces].mean(axis=1)))
    local = np.full(len(segment), -1)
    for r in range(len(house.plan.rooms)):
        mine = (region == r) & (segment >= 0)
        local[mine] = np.unique(segment[mine], return_inverse=True)[1]
    return Division(region, group, local, of_group)


def region_letter(house: House, region: int) -> str:
    """Return the letter of a room's kind."""
    return _LETTERS.get(house.plan.rooms[region].name, "z")


def category_rows(scan: Scan) -> dict[str, int]:
    """Return the row in the list of categories of each label."""
    return {label: k for k, label in enumerate(sorted({group.label for group in scan.groups}))}


def house_text(
    house: House, scan: Scan, parts: Division, panoramas: Sequence[str], center_m: NDArray[Any], images: Sequence[str]
) -> str:
    """Return the file.

    Parameters
    ----------
    house, scan, parts : what was scanned, what came of it, and its regions.
    panoramas, center_m : (V,) names of the places, and where (V, 3) they are.
    images : records of the images.
    """
    objects, segments = _objects(scan, parts), _segments(scan, parts)
    categories = list(_categories(scan))
    rooms, doors = list(_rooms(house)), list(_portals(house))
    of_pano = room_at(house, center_m)
    places = [f"P  {name}  {k} {of_pano[k]} 0  {numbers(center_m[k])}  0 0 0 0 0" for k, name in enumerate(panoramas)]
    counts = [len(images), len(places), 4 * len(house.plan.rooms), len(house.plan.rooms), len(segments), len(objects)]
    counts += [len(categories), len(house.plan.rooms), len(doors), 1]
    box = numbers([house.vertices_m.min(axis=0), house.vertices_m.max(axis=0)])
    head = f"H  -  -  {numbers(counts)}  0 0 0 0 0  {box}  0 0 0 0 0"
    level = f"L  0  {len(house.plan.rooms)}  -  {numbers(house.vertices_m.mean(axis=0))}  {box}  0 0 0 0 0"
    lines = ["ASCII 1.1", head, level, *rooms, *doors, *_floors(house), *places, *images]
    return "\n".join([*lines, *categories, *objects, *segments, ""])


def numbers(values: Any) -> str:
    """Return numbers as the release prints them, six digits long."""
    return " ".join(f"{x:.6g}" for x in np.ravel(np.asarray(values, dtype=np.float64)) + 0.0)


def _rooms(house: House) -> Iterator[str]:
    height = house.plan.height_m
    for i, r in enumerate(house.plan.rooms):
        place = numbers([(r.x0 + r.x1) / 2, (r.y0 + r.y1) / 2, 0, r.x0, r.y0, 0, r.x1, r.y1, height, height])
        yield f"R  {i} 0  0 0  {region_letter(house, i)}  {place}  0 0 0 0"


def _portals(house: House) -> Iterator[str]:
    for k, o in enumerate(house.plan.openings):
        dx, dy = (o.width_m / 2, 0) if o.along_x else (0, o.width_m / 2)
        corners = numbers([o.x - dx, o.y - dy, 0, o.x + dx, o.y + dy, DOOR_H_M])
        yield f"P  {k} {o.a} {o.b}  -  {corners}  0 0 0 0"


def _floors(house: House) -> Iterator[str]:
    """Yield the floor of each room, then their corners, counter-clockwise."""
    corners = []
    for i, r in enumerate(house.plan.rooms):
        place = numbers([(r.x0 + r.x1) / 2, (r.y0 + r.y1) / 2, 0, 0, 0, 1, r.x0, r.y0, 0, r.x1, r.y1, 0])
        yield f"S  {i} {i}  0  F  {place}  0 0 0 0 0"
        corners += [(i, x, y) for x, y in ((r.x0, r.y0), (r.x1, r.y0), (r.x1, r.y1), (r.x0, r.y1))]
    for k, (i, x, y) in enumerate(corners):
        yield f"V  {k} {i}  F  {numbers([x, y, 0])}  0 0 1  0 0 0"


def _categories(scan: Scan) -> Iterator[str]:
    for label, k in category_rows(scan).items():
        yield f"C  {k}  {k + 1} {label.replace(' ', '#')}  {mpcat40_of(label)}  0 0 0 0 0"


def _objects(scan: Scan, parts: Division) -> list[str]:
    """Return the groups with boxes of half lengths, whose vertical axis is any of the three."""
    rows, lines, owner = category_rows(scan), [], scan.vertex_group
    for i, group in enumerate(scan.groups):
        own = np.unique(scan.faces[parts.face_group == i])
        center, extent, R = gravity_box(scan.vertices_m[own if len(own) else owner == i])
        first = np.roll(np.arange(3), i)
        axes, half = R[:, first[:2]].T, extent[first] / 2
        place = f"{numbers(center)}  {numbers(axes)}  {numbers(half)}"
        lines.append(f"O  {i} {parts.group_region[i]} {rows[group.label]}  {place}  0 0 0 0 0 0 0 0")
    return lines


def _segments(scan: Scan, parts: Division) -> list[str]:
    area_m2 = triangle_areas_m2(scan.vertices_m, scan.faces)
    middle = scan.vertices_m[scan.faces].mean(axis=1)
    lines: list[str] = []
    annotated = np.flatnonzero(parts.face_group >= 0)
    annotated = annotated[np.argsort(parts.face_id[annotated], kind="stable")]
    for own in np.split(annotated, np.flatnonzero(np.diff(parts.face_id[annotated])) + 1):
        points = scan.vertices_m[scan.faces[own]].reshape(-1, 3)
        place = numbers([area_m2[own].sum(), *middle[own].mean(axis=0), *points.min(axis=0), *points.max(axis=0)])
        of, number = parts.face_group[own[0]], parts.face_id[own[0]]
        lines.append(f"E  {len(lines)} {of} {number}  {place}  0 0 0 0 0")
    return lines
