import numpy as np
import pytest

from spargen.demo.house import STRUCTURAL, build_house
from spargen.demo.plan import draw_plan
from spargen.demo.rooms import furnish
from spargen.demo.site import Site, boxes_meet
from spargen.demo.vocabulary import LABELS
from spargen.seeds import rng_for

SEEDS = (0, 1, 7)


@pytest.fixture(scope="module", params=SEEDS)
def house(request):
    return build_house(request.param)


@pytest.fixture(params=range(6))
def site(request):
    site = Site(draw_plan(rng_for(request.param, "demo", "plan")), rng_for(request.param, "demo", "furniture"))
    furnish(site)
    return site


def test_there_is_plenty_of_furniture_with_many_labels(house):
    furniture = [label for label in house.labels if label not in STRUCTURAL]
    assert 60 <= len(furniture) <= 130
    assert len(set(furniture)) >= 40
    assert max(furniture.count(label) for label in ("chair", "door", "window", "kitchen cabinet")) >= 3
    assert set(house.labels) >= STRUCTURAL


def test_every_label_stands_in_the_label_table(house):
    assert set(house.labels) <= set(LABELS)
    assert len({scannet_id for scannet_id, _ in LABELS.values()}) == len(LABELS)


def test_every_object_has_faces_and_few_faces_have_no_object(house):
    assert set(house.face_object) == set(range(-1, len(house.labels)))
    assert 0.005 < (house.face_object == -1).mean() < 0.08


def test_the_mesh_is_of_the_promised_size():
    assert 40_000 <= len(build_house(0).faces) <= 80_000
    assert len(build_house(0, cell_m=0.07).faces) >= 200_000


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
    for i, label in enumerate(house.labels):
        if label not in STRUCTURAL:
            assert inside[house.vertex_object == i].all(), label


def test_what_stands_on_the_floor_touches_it(house):
    standing = {"chair", "couch", "bed", "desk", "refrigerator", "toilet", "bathtub", "wardrobe", "bookshelf", "stool"}
    for i, label in enumerate(house.labels):
        if label in standing:
            assert house.vertices_m[house.vertex_object == i, 2].min() == pytest.approx(0.0, abs=1e-5), label


def test_what_stands_on_something_rests_inside_its_box(house):
    hosted = np.flatnonzero(house.host >= 0)
    assert len(hosted) >= 15
    for i in hosted:
        own = house.vertices_m[house.vertex_object == i]
        host = house.vertices_m[house.vertex_object == house.host[i]]
        assert host[:, 2].min() - 1e-4 <= own[:, 2].min() <= host[:, 2].max() + 1e-4
        middle = own.mean(axis=0)
        assert (middle[:2] > host[:, :2].min(axis=0)).all()
        assert (middle[:2] < host[:, :2].max(axis=0)).all()


def test_no_two_things_stand_in_each_other(site):
    boxes = np.array([p.footprint for p in site.placed])
    for i, p in enumerate(site.placed):
        hosts, h = set(), p.host
        while h >= 0:
            hosts.add(h)
            h = site.placed[h].host
        meeting = set(np.flatnonzero(boxes_meet(boxes[i], boxes))) - {i} - hosts
        assert all(_stands_on(site, j, i) for j in meeting), (
            p.piece.label,
            [site.placed[j].piece.label for j in meeting],
        )


def _stands_on(site, upper, lower):
    while upper >= 0 and upper != lower:
        upper = site.placed[upper].host
    return upper == lower


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


def test_a_seed_gives_one_house_and_another_seed_another():
    a, b, other = build_house(3), build_house(3), build_house(4)
    assert a.vertices_m.tobytes() == b.vertices_m.tobytes()
    assert a.rgb.tobytes() == b.rgb.tobytes()
    assert a.labels == b.labels
    assert [(r.x0, r.x1) for r in a.plan.rooms] != [(r.x0, r.x1) for r in other.plan.rooms]


def test_all_rooms_are_joined():
    for seed in range(20):
        plan = draw_plan(rng_for(seed, "demo", "plan"))
        reached = {0}
        for _ in plan.rooms:
            reached |= {r for o in plan.openings if reached & {o.a, o.b} for r in (o.a, o.b)}
        assert reached == set(range(len(plan.rooms)))
