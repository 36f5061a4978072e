"""Floor areas against arithmetic: rooms whose floor the scanner did not see everywhere."""

from itertools import pairwise

import naive
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from worlds import Solid, World, triangles

from spargen.errors import SceneError
from spargen.geometry import floor as module
from spargen.geometry.cells import CELL_M
from spargen.geometry.floor import floor_plan
from spargen.scene.types import Mesh, Objects


def grid(width, depth, yaw_deg=0.0, cell_m=0.5, at=(0.0, 0.0)):
    """A rectangle of faces, turned and shifted."""
    nx, ny = max(1, round(width / cell_m)), max(1, round(depth / cell_m))
    x, y = np.meshgrid(np.linspace(0, width, nx + 1), np.linspace(0, depth, ny + 1), indexing="ij")
    a = np.radians(yaw_deg)
    points = np.stack([x * np.cos(a) - y * np.sin(a) + at[0], x * np.sin(a) + y * np.cos(a) + at[1], 0 * x], axis=-1)
    i = np.arange(x.size).reshape(x.shape)
    q = np.stack([i[:-1, :-1], i[1:, :-1], i[1:, 1:], i[:-1, 1:]], axis=-1).reshape(-1, 4)
    return points.reshape(-1, 3), np.concatenate([q[:, [0, 1, 2]], q[:, [0, 2, 3]]])


def joined(*parts):
    vertices, faces, first = [], [], 0
    for v, f in parts:
        vertices.append(v)
        faces.append(f + first)
        first += len(v)
    return np.concatenate(vertices), np.concatenate(faces)


def plan(*parts, floors=1, furniture=None, doubtful=(), stands_m=0.15):
    """The plan of parts (vertices, faces), an object each: the first ones are floors, the others furniture."""
    vertices, faces, owner, first = [], [], [], 0
    for number, (v, f) in enumerate(parts):
        vertices.append(v)
        faces.append(np.asarray(f) + first)
        owner.append(np.full(len(f), number))
        first += len(v)
    n = len(parts)
    of = np.isin(np.arange(n), doubtful)
    objects = Objects(
        np.arange(n), ("thing",) * n, np.zeros((n, 3)), np.ones((n, 3)), np.tile(np.eye(3), (n, 1, 1)), of
    )
    mesh = Mesh(np.concatenate(vertices), np.concatenate(faces), np.concatenate(owner))
    is_floor = np.arange(n) < floors
    return floor_plan(mesh, objects, is_floor, ~is_floor if furniture is None else np.array(furniture), stands_m)


def area(v, f, closing_m):
    return plan((v, f)).area_m2(closing_m)


def rect(x0, y0, x1, y1, z=0.0):
    """A floor of two triangles."""
    return np.array([[x0, y0, z], [x1, y0, z], [x1, y1, z], [x0, y1, z]], dtype=float), [[0, 1, 2], [0, 2, 3]]


def box(x0, y0, x1, y1, low=0.0, high=0.8, missing=(), cell=0.5):
    """Furniture above a rectangle."""
    center = ((x0 + x1) / 2, (y0 + y1) / 2, (low + high) / 2)
    return triangles(Solid("", center, (x1 - x0, y1 - y0, high - low), 0.0, missing), cell)


@pytest.mark.parametrize("yaw", [0, 10, 30, 45])
@pytest.mark.parametrize("cell", [0.03, 0.5, 20.0])
def test_a_rectangle_however_it_is_turned_and_cut(yaw, cell):
    v, f = grid(5, 3.5, yaw, cell, at=(-3.21, 7.77))
    for closing in (0.3, 0.5, 1.0):
        assert area(v, f, closing) == pytest.approx(17.5, abs=0.1)


def test_a_large_room_is_no_larger_than_it_is():
    v, f = grid(10, 7, 17)
    assert area(v, f, 0.5) == pytest.approx(70, abs=0.15)
    # The sides of a slab that is the floor add nothing.
    mesh = World(cell_m=1.0).add("floor", (5, 3.5, -0.05), (10, 7, 0.1)).mesh()
    assert area(mesh.vertices_m, mesh.faces, 0.5) == pytest.approx(70, abs=0.15)


def test_ground_under_furniture_is_filled_but_not_what_lies_outside():
    v, f = grid(6, 5, cell_m=0.25)
    middle = v[f].mean(axis=1)
    hole = (np.abs(middle[:, 0] - 3) < 1) & (np.abs(middle[:, 1] - 2.5) < 1)
    assert hole.any()
    assert area(v, f[~hole], 0.3) == pytest.approx(30, abs=0.15)
    corner = (middle[:, 0] > 4) & (middle[:, 1] > 3)
    assert area(v, f[~corner], 0.3) == pytest.approx(30 - 4, abs=0.25)


def test_gaps_are_closed_up_to_their_size():
    # Two rooms of 3 x 3 m, 0.4 m of wall between them: a disc of 0.3 m closes it but for the rounded ends.
    rooms = joined(grid(3, 3), grid(3, 3, at=(3.4, 0)))
    assert area(*rooms, 0.3) == pytest.approx(18 + 0.4 * 3, abs=0.2)
    assert area(*rooms, 0.1) == pytest.approx(18, abs=0.15)
    far = joined(grid(3, 3), grid(3, 3, at=(6, 0)))
    assert area(*far, 0.5) == pytest.approx(18, abs=0.15)


# -- what stands on the floor ----------------------------------------------------------------------------------------

ROOMS = {
    "scanned everywhere": (12, [rect(0, 0, 4, 3)], []),
    "bed in a corner": (12, [rect(0, 0, 4, 1.4), rect(2, 1.4, 4, 3)], [box(0, 1.4, 2, 3, high=0.6)]),
    "counters along two walls": (12, [rect(0, 0, 3.4, 2.4)], [box(0, 2.4, 4, 3), box(3.4, 0, 4, 2.4)]),
    "counter cupboards of which only fronts, and the slab on them": (
        12,
        [rect(0, 0, 4, 2.4)],
        [box(0, 2.42, 4, 3, 0.0, 0.85, missing=("-x", "+x", "+y", "-z", "+z")), box(0, 2.38, 4, 3, 0.85, 0.9)],
    ),
    "sofa and wardrobe at walls": (
        20,
        [rect(0, 0.9, 5, 3.4), rect(2.2, 0, 5, 0.9), rect(0, 3.4, 2.6, 4)],
        [box(0, 0, 2.2, 0.9), box(2.6, 3.4, 5, 4, high=2.2)],
    ),
    "wardrobe of which the scan has the front and the sides": (
        20,
        [rect(0, 0, 5, 3.4), rect(0, 3.4, 2.6, 4)],
        [box(2.6, 3.4, 5, 4, 0, 2.2, missing=("+y", "-z", "+z"))],
    ),
    "L-shaped room, bed in its short arm": (
        21 - 6,
        [rect(0, 0, 3, 3), rect(3, 0, 5.4, 0.0001), rect(3, 0, 7, 0.0001)],
        [box(3, 0, 7, 1.5)],
    ),
    "L-shaped sofa in a corner": (
        20,
        [rect(0, 0, 5, 3.1), rect(0.9, 3.1, 2.5, 3.1001), rect(2.5, 3.1, 5, 4)],
        [box(0, 3.1, 2.5, 4), box(0, 1.5, 0.9, 3.1)],
    ),
    "two rooms, a wall of 12 cm between them, a bed in one": (
        2 * 12 + 0.12 * 3,
        [rect(0, 0, 4, 3), rect(4.12, 0, 8.12, 1.4), rect(6.12, 1.4, 8.12, 3)],
        [box(4.12, 1.4, 6.12, 3, high=0.5)],
    ),
}
"""True area, floors, furniture."""


@pytest.mark.parametrize("name", ROOMS)
@pytest.mark.parametrize("yaw", [0, 33])
def test_rooms_of_which_the_floor_below_furniture_was_not_scanned(name, yaw):
    true, floors, furniture = ROOMS[name]
    a = np.radians(yaw)
    R = np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]])
    parts = [(v @ R.T + [13.37, -4.2, 0.4], f) for v, f in (*floors, *furniture)]
    p = plan(*parts, floors=len(floors))
    got = p.area_m2(0.5)
    assert -0.007 <= got / true - 1 <= 0.016, got
    assert abs(p.area_m2(0.3) - p.area_m2(1.0)) <= 0.1 * got
    assert p.rise_m == pytest.approx(0, abs=1e-6)
    if furniture:
        assert p.area_m2(0.5, furniture=False) < 0.95 * true


def test_no_floor():
    wall = np.array([[0, 0, 0], [1, 0, 0], [1, 0, 2.0]])
    assert area(wall, [[0, 1, 2]], 0.5) == 0
    for nothing in ({"floors": 0}, {"floors": 0, "furniture": [False]}):
        with pytest.raises(SceneError, match="no floor"):
            plan(rect(0, 0, 4, 3), **nothing)


ROOM = rect(0, 0, 4, 1.4)
"""4 x 1.4 m of floor; a bed beside it covers 2 x 1.6 m."""


def bed(low=0.0, gap_m=0.0, high=0.6):
    return box(0, 1.4 + gap_m, 2, 3, low, high)


@pytest.mark.parametrize(("low", "counts"), [(-0.2, False), (-0.14, True), (0.0, True), (0.14, True), (0.16, False)])
def test_what_begins_near_the_floor_stands_on_it(low, counts):
    got = plan(ROOM, bed(low)).area_m2(0.3)
    assert got == pytest.approx(5.6 + 3.2 * counts, abs=0.15)


@pytest.mark.parametrize("step_m", [0.0, 0.4])
def test_the_floor_beside_it_tells(step_m):
    # The bed stands on the higher or the lower part of a floor that has a step.
    parts = rect(0, 0, 4, 1.4, step_m), rect(4, 0, 8, 1.4)
    got = plan(*parts, bed(step_m, high=1.0), floors=2)
    assert got.area_m2(0.3) == pytest.approx(11.2 + 3.2, abs=0.15)
    assert plan(*parts, bed(step_m + 0.3, high=1.0), floors=2).area_m2(0.3) == pytest.approx(11.2, abs=0.15)


@pytest.mark.parametrize(("gap_m", "counts"), [(0.0, True), (0.04, True), (0.12, False), (0.6, False)])
def test_a_footprint_that_does_not_touch_the_floor_does_not_count(gap_m, counts):
    p = plan(ROOM, bed(gap_m=gap_m))
    assert p.furniture.any() == counts
    assert p.area_m2(0.01) == pytest.approx(5.6 + (3.2 - 2 * gap_m) * counts, abs=0.2)


def test_neither_does_what_stands_behind_what_counts():
    # A shelf behind the bed touches the bed, but no floor; nor does one that rests on the bed's far end.
    for low in (0.0, 0.6):
        p = plan(ROOM, bed(), box(0, 2.9, 2, 3.3, low, 2.0))
        assert p.area_m2(0.3) == pytest.approx(5.6 + 3.2, abs=0.15)


@pytest.mark.parametrize(("low", "counts"), [(0.44, False), (0.46, True), (0.6, True), (0.74, True), (0.76, False)])
def test_what_rests_on_what_stands_there_counts_as_well(low, counts):
    # A board 1 m deep on the middle of a chest 0.6 m high and 0.4 m deep, which both reach to the floor.
    chest, board = box(0, 1.4, 3, 1.8, high=0.6, cell=5), box(1, 1.38, 2, 2.4, low, low + 0.05)
    p = plan(ROOM, chest, board)
    assert p.area_m2(0.3) == pytest.approx(5.6 + 3 * 0.4 + 1 * 0.6 * counts, abs=0.15)


def test_a_tower_of_things_rests_on_its_lowest():
    # Listed from the top, each 0.3 m high and 0.2 m deeper than the one below it.
    tower = [box(0, 1.38, 2, 1.6 + 0.2 * k, 0.3 * k, 0.3 * k + 0.3) for k in range(5)][::-1]
    assert plan(ROOM, *tower).area_m2(0.3) == pytest.approx(5.6 + 2 * 1.0, abs=0.15)
    assert plan(ROOM, *tower[:-1]).area_m2(0.3) == pytest.approx(5.6, abs=0.15)


def test_an_upright_board_carries_what_rests_on_it():
    front = np.array([[0, 1.41, 0], [2, 1.41, 0], [2, 1.41, 0.85], [0, 1.41, 0.85]]), [[0, 1, 2], [0, 2, 3]]
    assert plan(ROOM, front).area_m2(0.3) == pytest.approx(5.6, abs=0.1)
    slab = box(0, 1.38, 2, 2, 0.85, 0.9)
    assert plan(ROOM, front, slab).area_m2(0.3) == pytest.approx(5.6 + 1.2, abs=0.1)
    assert plan(ROOM, slab).area_m2(0.3) == pytest.approx(5.6, abs=0.1)


def test_things_that_are_no_furniture_have_no_footprint():
    assert plan(ROOM, bed(), furniture=[False, False]).area_m2(0.3) == pytest.approx(5.6, abs=0.1)


def test_a_doubtful_object_covers_only_what_lies_below_its_faces():
    # Two towels 1 m apart in one object.
    one, two = box(0, 1.4, 0.5, 2.4, high=0.1), box(1.5, 1.4, 2, 2.4, high=0.1)
    both = np.concatenate([one[0], two[0]]), np.concatenate([one[1], two[1] + len(one[0])])
    assert plan(ROOM, both).area_m2(0.1) == pytest.approx(5.6 + 2.0, abs=0.1)
    assert plan(ROOM, both, doubtful=[1]).area_m2(0.1) == pytest.approx(5.6 + 1.0, abs=0.1)


def test_which_points_of_the_floor_can_be_seen_from_above():
    p = plan(rect(0, 0, 4, 3), box(0, 1.4, 2, 3), box(3, 0, 4, 1, low=1.0, high=1.2))
    points = np.array([[0.5, 2, 0], [1.9, 1.5, 0], [2.2, 1.5, 0], [3.5, 0.5, 0]])
    assert p.is_open(points).tolist() == [False, False, True, True]
    assert p.is_open(points[:0]).shape == (0,)
    slab = plan(box(0, 0, 4, 3, -0.3, 0.0))
    assert slab.is_open(points - [0, 0, 0.3]).tolist() == [False] * 4
    assert slab.is_open(points).all()
    # Things stand on the top of a slab.
    assert plan(box(0, 0, 4, 3, -0.3, 0.0), box(1, 1, 2, 2)).furniture.any()


def test_how_far_the_floor_rises():
    assert plan(rect(0, 0, 5, 4), rect(0, 0, 5, 4, 2.8), floors=2).rise_m == pytest.approx(2.8)
    assert plan(rect(0, 0, 5, 4), rect(5, 0, 9, 4, 0.4), floors=2).rise_m == pytest.approx(0.4)
    # A scrap of the label on the ceiling: 0.5 % of the floor.
    assert plan(rect(0, 0, 5, 4), rect(0, 0, 0.5, 0.2, 2.8), floors=2).rise_m == pytest.approx(0, abs=1e-9)
    slope = np.array([[0, 0, 0], [5, 0, 0.5], [5, 4, 0.5], [0, 4, 0]]), [[0, 1, 2], [0, 2, 3]]
    assert plan(slope).rise_m == pytest.approx(0.5 * 0.98, abs=0.01)


# -- what may be ground or not -----------------------------------------------------------------------------------------


def walls(*corners):
    """Upright sheets from each corner to the next."""
    parts = []
    for (x0, y0), (x1, y1) in pairwise(corners):
        v = np.array([[x0, y0, 0], [x1, y1, 0], [x1, y1, 2.5], [x0, y0, 2.5]], dtype=float)
        parts.append((v, np.array([[0, 1, 2], [0, 2, 3]])))
    return joined(*parts)


L_ROOM = [rect(0, 0, 10, 3), rect(0, 3, 4, 7)]
L_WALLS = walls((0, 0), (10, 0), (10, 3), (4, 3), (4, 7), (0, 7), (0, 0))
L_COUNTER = joined(*((np.asarray(v), np.asarray(f)) for v, f in (box(4, 2.4, 9.4, 3), box(3.4, 2.4, 4, 7))))
"""46 m2; the hull of a counter that bends around the corner holds 11 m2 outside."""


@pytest.mark.parametrize("yaw", [0, 33])
def test_the_hull_of_a_counter_round_a_corner_holds_what_lies_outside(yaw):
    a = np.radians(yaw)
    R = np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]])
    turned = [(v @ R.T, f) for v, f in (*L_ROOM, L_COUNTER, L_WALLS)]
    p = plan(*turned, floors=2, furniture=[False, False, True, False])
    assert p.area_m2(0.5) == pytest.approx(46 + 10.8, abs=0.4)
    assert p.unsure_m2(0.5) == pytest.approx(10.3, abs=0.3)
    # Without walls, the counter's own faces tell; without the counter, all is ground.
    assert plan(*turned[:3], floors=2).unsure_m2(0.5) == pytest.approx(10.3, abs=0.3)
    p = plan(*turned[:2], turned[3], floors=2, furniture=[False] * 3)
    assert p.area_m2(0.5) == pytest.approx(46, abs=0.4)
    assert p.unsure_m2(0.5) == 0


CORNERS = [(10, 7), (0, 7), (0, 0), (10, 0)]


@pytest.mark.parametrize(
    ("more", "unsure_m2"),
    [
        (walls(*CORNERS, (10, 7)), 28),
        (walls((10, 3.1), *CORNERS, (10, 2.2)), 28),  # a door of 0.9 m lets nothing out,
        (walls((10, 3.8), *CORNERS, (10, 2.2)), 0),  # one of 1.6 m does,
        (walls(*CORNERS), 0),
        ((grid(10, 7)[0] + [0, 0, 2.5], grid(10, 7)[1]), 28),  # a ceiling tells as much as walls
    ],
    ids=["walls all around", "a door", "a gate", "three walls", "a ceiling"],
)
def test_the_outline_of_the_scan_tells_how_far_a_room_goes_on_if_it_is_closed(more, unsure_m2):
    p = plan(rect(0, 0, 6, 7), more, furniture=[False, False])
    assert p.area_m2(0.5) == pytest.approx(42, abs=0.2)
    assert p.unsure_m2(0.5) == pytest.approx(unsure_m2, abs=0.9)


@pytest.mark.parametrize(("thick", "unsure"), [(0.35, False), (0.5, True)])
def test_thick_walls_are_no_ground_that_one_is_unsure_of(thick, unsure):
    wall = box(-thick, 0, 0, 5, high=2.5)
    assert (plan(rect(0, 0, 6, 5), wall, furniture=[False, False]).unsure_m2(0.5) > 0) == unsure


@pytest.mark.parametrize("name", ROOMS)
def test_all_of_a_room_is_sure_whatever_stands_there(name):
    true, floors, furniture = ROOMS[name]
    parts = [*floors, *furniture]
    p = plan(*parts, floors=len(floors))
    # A wardrobe without top and back, and no wall behind it, is open.
    assert p.unsure_m2(0.5) <= (0.08 * true if "front and the sides" in name else 0)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("radius", [0.0, 2.0, 3.3])
def test_openings_as_loops_make_them(seed, radius):
    cells = np.zeros((60, 50), dtype=bool)
    cells[8:-8, 8:-8] = np.random.default_rng(seed).random((44, 34)) < 0.97
    np.testing.assert_array_equal(module._opened(cells, radius), naive.opened(cells, radius))


def test_how_much_floor_lies_above_floor():
    assert plan(rect(0, 0, 10, 7), rect(2, 0, 6, 7, 1.35), floors=2).over == pytest.approx(0.4, abs=0.01)
    assert plan(rect(0, 0, 10, 7), rect(2, 0, 6, 7, 0.45), floors=2).over == 0
    assert plan(rect(0, 0, 5, 7), rect(5, 0, 10, 7, 1.35), floors=2).over == 0
    assert plan(box(0, 0, 5, 7, -0.3, 0.0)).over == 0


def test_faces_that_reach_far_away_ask_for_no_memory():
    needle = np.array([[1, 1, 0], [1.1, 1, 0], [300, 400, 0.0]]), [[0, 1, 2]]
    # Of furniture, what lies beyond the margin is not drawn;
    p = plan(rect(0, 0, 4, 3), needle)
    assert p.floor.size == pytest.approx((14 / CELL_M) * (13 / CELL_M), rel=0.02)
    # and of a floor it is refused in words.
    with pytest.raises(SceneError, match="wider than 100 m"):
        plan(rect(0, 0, 4, 3), needle, floors=2)


# -- against plain loops, and what must hold of any room ---------------------------------------------------------------


def rubble(seed, faces=25):
    rng = np.random.default_rng(seed)
    corners = rng.uniform(0, 3, (faces, 1, 3)) + rng.uniform(-0.5, 0.5, (faces, 3, 3))
    return corners.reshape(-1, 3), np.arange(3 * faces).reshape(-1, 3)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("closing_m", [0.0, 0.12, 0.5])
def test_the_raster_as_loops_make_it(seed, closing_m):
    vertices, faces = rubble(seed)
    p = plan((vertices, faces))
    expected = naive.raster(vertices[faces], p.origin_m, p.floor.shape, CELL_M)
    np.testing.assert_array_equal(p.floor, expected)
    assert p.area_m2(closing_m) == pytest.approx(naive.closed_area(expected, closing_m / CELL_M) * CELL_M**2)


@settings(max_examples=25)
@given(seed=st.integers(0, 1000), yaw=st.floats(0, 360), by=st.tuples(*[st.floats(-50, 50)] * 3))
def test_neither_place_nor_heading_of_a_room_matters(seed, yaw, by):
    rng = np.random.default_rng(seed)
    x, y = rng.uniform(2.5, 5, 2)
    wide, deep = rng.uniform(0.5, 0.7, 2) * [x, y]
    parts = [rect(0, 0, x, y - deep), rect(wide, y - deep, x, y), box(0, y - deep, wide, y)]
    a = np.radians(yaw)
    R = np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]])
    got = plan(*[(v @ R.T + by, f) for v, f in parts], floors=2)
    assert got.area_m2(0.5) == pytest.approx(x * y, rel=0.016)


@settings(max_examples=25)
@given(seed=st.integers(0, 1000))
def test_more_furniture_never_makes_a_room_smaller(seed):
    rng = np.random.default_rng(seed)
    things = [box(*at, *(at + size), *np.sort(rng.uniform(0, 1.5, 2))) for at, size in rng.uniform(0.2, 3, (5, 2, 2))]
    areas = [plan(ROOM, *things[:n]).area_m2(0.5) for n in range(6)]
    assert areas == sorted(areas)
    again = plan(ROOM, *[things[i] for i in rng.permutation(5)])
    assert again.area_m2(0.5) == areas[-1]
