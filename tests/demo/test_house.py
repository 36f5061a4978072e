from collections import Counter

import numpy as np
import pytest

from spargen.demo.house import STRUCTURAL, build_house, furnished_site
from spargen.demo.plan import MOST_ROOMS, draw_plan
from spargen.demo.site import boxes_meet
from spargen.demo.vocabulary import LABELS, MISSPELT
from spargen.seeds import rng_for

SEEDS = (0, 1, 3)
"""A flat of five rooms, one of eight, and a single room."""


def plan_of(seed):
    return draw_plan(rng_for(seed, "demo", "plan"))


@pytest.fixture(scope="module", params=SEEDS)
def house(request):
    return build_house(request.param)


@pytest.fixture(scope="module")
def sites():
    return [furnished_site(seed) for seed in range(30)]


def test_there_is_plenty_of_furniture_with_many_labels(house):
    things = len(house.kinds) - len(house.of_kind(*STRUCTURAL))
    assert things > 0.9 * house.plan.floor_m2
    assert len(set(house.labels)) >= 30
    assert set(house.kinds) >= (STRUCTURAL if len(house.plan.rooms) > 1 else STRUCTURAL - {"door frame"})


def test_every_label_stands_in_the_label_table(house):
    assert set(house.labels) | set(MISSPELT) | set(MISSPELT.values()) | {"object"} <= set(LABELS)
    assert len({scannet_id for scannet_id, _ in LABELS.values()}) == len(LABELS)


def test_a_misspelt_word_differs_by_one_swap_or_one_letter():
    for word, wrong in MISSPELT.items():
        swaps = {word[:i] + word[i + 1] + word[i] + word[i + 2 :] for i in range(len(word) - 1)}
        lacks = {word[:i] + word[i + 1 :] for i in range(len(word))}
        assert wrong in (swaps | lacks) - {word}
        assert (wrong[0], wrong[-1]) == (word[0], word[-1])


def test_every_object_has_faces_and_few_faces_have_no_object(house):
    assert set(house.face_object) == set(range(-1, len(house.labels)))
    assert 0.005 < (house.face_object == -1).mean() < 0.08


def test_the_mesh_is_of_the_promised_size():
    assert 40_000 <= len(build_house(0).faces) <= 90_000
    assert len(build_house(0, cell_m=0.07).faces) >= 200_000


def test_every_vertex_is_a_corner_of_some_face(house):
    assert np.bincount(house.faces.ravel(), minlength=len(house.vertices_m)).all()


def test_no_vertex_is_shared_between_parts_and_ranges_are_contiguous(house):
    for owner in (house.vertex_part, house.vertex_object):
        assert (np.ptp(owner[house.faces], axis=1) == 0).all()
    assert (np.diff(house.vertex_part) >= 0).all()
    starts = np.flatnonzero(np.diff(house.vertex_object, prepend=-2))
    named = house.vertex_object[starts][house.vertex_object[starts] >= 0]
    assert len(named) == len(np.unique(named)) == len(house.labels)
    assert (house.vertex_object[house.faces[:, 0]] == house.face_object).all()


def test_no_cell_is_longer_than_asked(house):
    corners = house.vertices_m[house.faces]
    edges = np.linalg.norm(corners - np.roll(corners, 1, axis=1), axis=2)
    assert edges.max() <= 0.2 * np.sqrt(2) + 1e-4
    assert np.sort(edges, axis=1)[:, :2].max() <= 0.2 * 1.01


def test_normals_face_the_way_the_triangles_turn(house):
    a, b, c = house.vertices_m[house.faces].astype(np.float64).transpose(1, 0, 2)
    turned = np.cross(b - a, c - a)
    assert (np.einsum("fk,fk->f", turned, house.normals[house.faces[:, 0]]) > 0).mean() > 0.999


def test_furniture_stays_inside_its_room_and_within_reach_of_the_floor(house):
    inside = np.zeros(len(house.vertices_m), dtype=bool)
    for r in house.plan.rooms:
        low, high = [r.x0, r.y0, 0.0], [r.x1, r.y1, house.plan.height_m]
        inside |= ((house.vertices_m >= np.subtract(low, 1e-4)) & (house.vertices_m <= np.add(high, 1e-4))).all(axis=1)
    for i, kind in enumerate(house.kinds):
        if kind not in STRUCTURAL:
            assert inside[house.vertex_object == i].all(), kind


def test_what_stands_on_the_floor_touches_it(house):
    standing = {"chair", "couch", "bed", "desk", "refrigerator", "toilet", "bathtub", "wardrobe", "bookshelf", "stool"}
    for i in house.of_kind(*standing):
        assert house.vertices_m[house.vertex_object == i, 2].min() == pytest.approx(0.0, abs=1e-5), house.kinds[i]


def test_what_stands_on_something_rests_inside_its_box(house):
    hosted = np.flatnonzero(house.host >= 0)
    assert len(hosted) >= 8
    for i in hosted:
        own = house.vertices_m[house.vertex_object == i]
        host = house.vertices_m[house.vertex_object == house.host[i]]
        assert host[:, 2].min() - 1e-4 <= own[:, 2].min() <= host[:, 2].max() + 1e-4
        middle = own.mean(axis=0)
        assert (middle[:2] > host[:, :2].min(axis=0)).all()
        assert (middle[:2] < host[:, :2].max(axis=0)).all()


def hosts_of(site, thing):
    found, host = set(), site.placed[thing].host
    while host >= 0:
        found.add(host)
        host = site.placed[host].host
    return found


def test_no_two_things_stand_in_each_other(sites):
    for seed, site in enumerate(sites):
        boxes = np.array([p.footprint for p in site.placed])
        for i, p in enumerate(site.placed):
            meeting = set(np.flatnonzero(boxes_meet(boxes[i], boxes))) - {i} - hosts_of(site, i)
            strangers = [site.placed[j].piece.kind for j in meeting if i not in hosts_of(site, j)]
            assert strangers == [], (seed, p.piece.kind)


def test_furniture_stands_in_no_wall_and_in_no_doorway(sites):
    for seed, site in enumerate(sites):
        for p in site.placed:
            r, (x, y, hx, hy, yaw, _, top) = site.plan.rooms[p.room], p.footprint
            reach_x = abs(hx * np.cos(yaw)) + abs(hy * np.sin(yaw))
            reach_y = abs(hx * np.sin(yaw)) + abs(hy * np.cos(yaw))
            inside = x - reach_x > r.x0 - 1e-6 and x + reach_x < r.x1 + 1e-6
            inside &= y - reach_y > r.y0 - 1e-6 and y + reach_y < r.y1 + 1e-6
            assert inside, (seed, p.piece.kind)
            assert top <= site.plan.height_m + 1e-6, (seed, p.piece.kind)


def test_nothing_stands_before_a_doorway(sites):
    for seed, site in enumerate(sites):
        for o in site.plan.openings:
            u, v = (g.ravel() for g in np.meshgrid(np.linspace(-0.5, 0.5, 9) * o.width_m, np.linspace(-0.7, 0.7, 9)))
            before = np.column_stack([u, v] if o.along_x else [v, u]) + np.array([o.x, o.y])
            for p in site.placed:
                x, y, hx, hy, yaw, low, _ = p.footprint
                turned = (before - [x, y]) @ np.array([[np.cos(yaw), -np.sin(yaw)], [np.sin(yaw), np.cos(yaw)]])
                inside = (np.abs(turned) < np.array([hx, hy]) - 1e-3).all(axis=1)
                assert low > 2.0 or p.host >= 0 or not inside.any(), (seed, p.piece.kind)


def test_boxes_meet_where_they_overlap_and_not_where_they_touch():
    one = np.array([0.0, 0.0, 0.5, 0.5, 0.0, 0.0, 1.0])
    turned = np.pi / 4
    others = np.array([
        [1.0, 0.0, 0.5, 0.5, 0.0, 0.0, 1.0],  # side by side
        [0.99, 0.0, 0.5, 0.5, 0.0, 0.0, 1.0],  # a centimetre into it
        [0.0, 0.0, 0.5, 0.5, 0.0, 1.0, 2.0],  # on top
        [1.0, 1.0, 0.5, 0.5, turned, 0.0, 1.0],  # its flat side before the other's corner
        [1.0, 0.0, 0.5, 0.5, turned, 0.0, 1.0],  # its corner in the other's side
    ])  # fmt: skip
    assert boxes_meet(one, others).tolist() == [False, True, False, False, True]


def test_boxes_meet_as_their_corners_and_sides_tell():
    """Two convex outlines are apart if a side of one has all corners of the other beyond it."""
    rng = np.random.default_rng(0)
    boxes = rng.uniform([-1, -1, 0.05, 0.05, -4, 0.0, 0.5], [1, 1, 0.8, 0.8, 4, 0.4, 1.0], (60, 7))
    told = [boxes_meet(box, boxes).tolist() for box in boxes]
    assert told == [[are_one(a, b) for b in boxes] for a in boxes]
    assert 0.2 < np.mean(told) < 0.8


def are_one(one, other):
    outlines = []
    for x, y, hx, hy, yaw, *_ in (one, other):
        right, up = np.array([np.cos(yaw), np.sin(yaw)]) * hx, np.array([-np.sin(yaw), np.cos(yaw)]) * hy
        outlines.append(np.array([x, y]) + np.array([right + up, up - right, -right - up, right - up]))
    for own, others in (outlines, outlines[::-1]):
        for a, b in zip(own, np.roll(own, -1, axis=0), strict=True):
            outwards = np.array([b[1] - a[1], a[0] - b[0]])
            if ((others - a) @ outwards > 0).all():
                return False
    return min(one[6], other[6]) > max(one[5], other[5])


def test_a_seed_gives_one_house_and_another_seed_another():
    a, b, other = build_house(3), build_house(3), build_house(4)
    assert a.vertices_m.tobytes() == b.vertices_m.tobytes()
    assert a.rgb.tobytes() == b.rgb.tobytes()
    assert a.labels == b.labels
    assert [(r.x0, r.x1) for r in a.plan.rooms] != [(r.x0, r.x1) for r in other.plan.rooms]


def test_all_rooms_are_joined_and_none_overlap():
    for seed in range(60):
        plan = plan_of(seed)
        reached = {0}
        for _ in plan.rooms:
            reached |= {r for o in plan.openings if reached & {o.a, o.b} for r in (o.a, o.b)}
        assert reached == set(range(len(plan.rooms)))
        for i, a in enumerate(plan.rooms):
            for b in plan.rooms[:i]:
                assert min(a.x1, b.x1) - max(a.x0, b.x0) < 1e-6 or min(a.y1, b.y1) - max(a.y0, b.y0) < 1e-6


def test_every_doorway_leaves_some_wall_on_either_side():
    seeds = range(400)  # 81 and 306 have a wall that is hardly as wide as the door that was drawn for it
    for plan, o in ((p, o) for p in map(plan_of, seeds) for o in p.openings):
        a, b = plan.rooms[o.a], plan.rooms[o.b]
        low, high = (max(a.x0, b.x0), min(a.x1, b.x1)) if o.along_x else (max(a.y0, b.y0), min(a.y1, b.y1))
        middle = o.x if o.along_x else o.y
        assert o.width_m > 0.8
        assert low + 0.2 <= middle - o.width_m / 2 < middle + o.width_m / 2 <= high - 0.2


def test_flats_have_one_to_eight_rooms_and_15_to_150_square_metres():
    plans = [plan_of(seed) for seed in range(60)]
    assert {len(p.rooms) for p in plans} == set(range(1, MOST_ROOMS + 1))
    areas = [p.floor_m2 for p in plans]
    assert 15 <= min(areas) < 30
    assert 110 < max(areas) <= 150
    for p in plans:
        own = sum((r.x1 - r.x0) * (r.y1 - r.y0) for r in p.rooms)
        assert own <= p.floor_m2 < own + 0.12 * 3 * np.sqrt(10 * p.floor_m2)
    # One after the other along x, and a second row of half the length behind them.
    assert any(len({(r.y0, r.y1) for r in p.rooms}) == 2 for p in plans)
    ends = [[max(r.x1 for r in p.rooms if r.y0 == y) for y in sorted({r.y0 for r in p.rooms})] for p in plans]
    assert any(len(e) == 2 and abs(e[0] - e[1]) > 0.5 for e in ends), "no flat is an L"


def test_the_floor_is_the_rooms_and_what_their_inner_walls_stand_on():
    """Counted on a raster, inner walls by closing the gaps between rooms."""
    cell = 0.01
    for seed in (0, 1, 3, 9, 14):
        plan = plan_of(seed)
        x = np.arange(-0.5, max(r.x1 for r in plan.rooms) + 0.5, cell)
        y = np.arange(-0.5, max(r.y1 for r in plan.rooms) + 0.5, cell)
        ground = np.zeros((len(x), len(y)), bool)
        for r in plan.rooms:
            grown = (x > r.x0 - 0.06) & (x < r.x1 + 0.06), (y > r.y0 - 0.06) & (y < r.y1 + 0.06)
            ground[np.ix_(*grown)] = True
        outline = np.concatenate([np.abs(np.diff(ground.astype(int), axis=k)).sum()[None] for k in (0, 1)]).sum() * cell
        assert plan.floor_m2 == pytest.approx(ground.sum() * cell**2 - 0.06 * outline, abs=0.004 * plan.floor_m2)


def test_no_label_tells_a_size_or_a_count(sites):
    volume, count = {}, {}
    for site in sites:
        for label, n in Counter(p.piece.label for p in site.placed).items():
            count.setdefault(label, []).append(n)
        for p in site.placed:
            volume.setdefault(p.piece.label, []).append(float(np.ptp(p.piece.bounds_m, axis=0).prod()))
    for label, sizes in volume.items():
        if len(sizes) >= 8:
            assert max(sizes) > 1.3 * min(sizes), label
    for label in ("chair", "table", "lamp", "window", "picture", "pillow", "box", "cabinet", "plant", "door"):
        assert len(set(count[label])) >= 3, label
    assert set(range(1, 9)) <= set(count["chair"])
    assert max(volume["table"]) > 5 * min(volume["table"])
    kinds = {p.piece.kind for site in sites for p in site.placed if p.piece.label == "lamp"}
    assert kinds == {"floor lamp", "table lamp", "ceiling light"}
    assert any(p.piece.kind == "cabinet door" for site in sites for p in site.placed)


def test_closets_and_showers_have_longer_names(sites):
    seed = next(
        s
        for s, site in enumerate(sites)
        if "closet" in {r.name for r in site.plan.rooms} and "bathtub" in {p.piece.kind for p in site.placed}
    )
    house = build_house(seed, cell_m=1.0)
    for kind in STRUCTURAL:
        long = [label for label in {house.labels[i] for i in house.of_kind(kind)} if " " in label.replace("door ", "")]
        assert f"closet {kind.replace(' ', '')}" in long
    tub = house.of_kind("bathtub")[0]
    middle = house.vertices_m[house.vertex_object == tub].mean(axis=0)[:2]
    walls = [i for i, label in enumerate(house.labels) if label == "shower wall"]
    gaps = [np.abs(house.vertices_m[house.vertex_object == i, :2] - middle).max(axis=1).min() for i in walls]
    assert min(gaps) < 0.6
