"""The second path where there is no mesh: pixels are counted, and boxes stand in for what images do not show."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from asking import ask_all
from second import row
from worlds import World, dirty, furnished, pictured, shell

from spargen.errors import SceneError
from spargen.scene.images import InstanceImages
from spargen.scene.lenses import Lens
from spargen.scene.types import Annotation
from spargen.verify.asked import faults
from spargen.verify.bounds import Bounds
from spargen.verify.boxed import CORNERS, FACES, Boxed
from spargen.verify.clips import room_size
from spargen.verify.judge import judge
from spargen.verify.lexicon import Lexicon
from spargen.verify.nearest import check_rivals
from spargen.verify.optics import View
from spargen.verify.row import Halt
from spargen.verify.site import Site
from spargen.verify.survey import Shot, located, survey

NEAREST = "Parts of the building (walls, floors, ceilings, doors) do not count. Which object is nearest to the camera?"
EYE = np.eye(3)


def seen(world, smaller=1):
    return Site(pictured(world.scene(), smaller), Lexicon())


def hall():
    """An empty hall of 6 x 4 m, seen along its length."""
    return shell(World(cell_m=1.0), (0, 0, 0), (6, 4, 2.5)).camera((0.2, 2, 1.2))


def rendered(pictures, shape=(48, 64), frames=1):
    """A scene of given images: frame -> (ids, depths)."""
    scene = World(
        poses=[np.eye(4)] * frames, intrinsics=[np.diag([50.0, 50, 1])] * frames, sizes=[shape[::-1]] * frames
    )
    world = scene.add("chair", (0, 0, 2), (1, 1, 1)).add("lamp", (0, 0, 3), (1, 1, 1)).scene()
    images = InstanceImages(lambda f: pictures(f)[0], lambda f: pictures(f)[1], np.arange(frames), "made")
    return replace(world, surface=images)


# ----------------------------------------------------------------------------------------------------------------- rows
@cache
def walked(soil, smaller, wide):
    """A furnished room as images of it, and rows about them."""
    world = furnished(14)
    world.cell_m = 0.25
    world.intrinsics = [np.diag([wide / 640, wide / 640, 1]) @ K for K in world.intrinsics]
    world.sizes = [(wide, wide * 3 // 4)] * len(world.sizes)
    scene = pictured(dirty(world.scene()) if soil else world.scene(), smaller)
    return Site(scene, Lexicon()), ask_all(scene, quota=4).rows


@pytest.mark.parametrize(("soil", "smaller", "wide"), [(False, 1, 640), (True, 2, 960)])
def test_rows_about_images_are_right(soil, smaller, wide):
    site, rows = walked(soil, smaller, wide)
    verdicts = [(made.task, made.form, judge(made.record, site, made.task, made.form, None)) for made in rows]
    assert len(verdicts) > 100
    assert not [verdict for verdict in verdicts if verdict[2].kind != "right"]


def test_rows_through_a_lens_are_right_and_wrong_through_another():
    def through(k):
        world = furnished(10)
        world.optics = [Lens("OPENCV_FISHEYE", (k, -0.01, 0, 0))] * 10
        return world.scene()

    scene, surface = through(0.03), pictured(through(0.03)).surface
    rows = ask_all(replace(scene, surface=surface), quota=4, tasks=("distance_prediction_oo",)).rows
    assert rows
    for k, kind in ((0.03, "right"), (0.2, "wrong")):
        site = Site(replace(through(k), surface=surface), Lexicon())
        assert {judge(made.record, site, made.task, made.form, None).kind for made in rows} == {kind}


def test_a_box_is_that_of_the_pixels_to_the_last_one():
    site, rows = walked(False, 1, 640)
    rows = [made for made in rows if made.task == "position_matching" and made.form == "fill"]
    assert rows
    for made in rows:
        (box,) = made.record["red_bbox"]
        for side in range(4):
            moved = [n + 2 * (k == side) for k, n in enumerate(box)]
            assert judge({**made.record, "red_bbox": [moved]}, site, made.task, made.form, None).kind == "wrong"


def test_a_marked_thing_is_called_object_in_options_of_its_box_alone():
    site, rows = walked(False, 1, 640)
    made = {row.form: row for row in rows if row.task == "position_matching"}
    assert "object (red bbox)" in made["select"].record["conversations"][0]["value"]
    for form, verdict in (("select", "right"), ("fill", "wrong")):
        human, gpt = made[form].record["conversations"]
        label = made[form].fact["labels"][0]
        human = {**human, "value": human["value"].replace(f"{label} (red bbox)", "object (red bbox)")}
        record = {**made[form].record, "conversations": [human, gpt]}
        assert judge(record, site, "position_matching", form, None).kind == verdict


def test_of_images_no_room_is_measured():
    asked = row(site=seen(hall()))
    with pytest.raises(Halt):
        room_size(asked)
    assert asked.wrong == ["images do not show all of the floor"]


# --------------------------------------------------------------------------------------------------------------- pixels
def test_pixels_are_counted_and_what_is_nothing_is_not_without_annotation():
    ids = np.full((48, 64), -2)
    ids[10:20, 30:50], ids[20:22, 30:40], ids[40:, 60:] = 0, -1, 1
    site = Site(rendered(lambda _: (ids, np.where(ids == 1, 0, 2.0))), Lexicon())
    look = site.look(0)
    np.testing.assert_array_equal(look.owner.at(*np.indices(ids.shape)), ids)
    assert look.share.tolist() == [200 / 3072, 32 / 3072]
    assert look.boxes[0] == pytest.approx((30000 / 64, 10000 / 48, 50000 / 64, 20000 / 48))
    assert look.boxes[1] == site.fine_box(0, site.list[1]) == pytest.approx((60000 / 64, 40000 / 48, 1000, 1000))
    assert look.unannotated == pytest.approx(20 / 252)
    assert look.median_depth_m == 2.0


@pytest.mark.parametrize(("pixels", "wrong"), [(307, True), (308, False)])
def test_a_share_is_what_is_counted(pixels, wrong):
    """A thing is seen from 0.1 % of an image on, and counted exactly."""
    ids = np.full(480 * 640, -2)
    ids[: 640 * 16] = np.where(np.arange(640 * 16) % 640 < 20, 0, -2)
    ids[np.flatnonzero(ids == 0)[pixels:]] = -2
    scene = rendered(lambda _: (ids.reshape(480, 640), np.full((480, 640), 2.0)), shape=(480, 640))
    site = Site(scene, Lexicon())
    assert any("covers" in fault for fault in faults(site, 0, site.list[0])) == wrong


def test_frames_are_asked_by_their_own_numbers():
    def pictures(frame):
        return np.full((48, 64), frame), np.ones((48, 64))

    scene = rendered(pictures, frames=2)
    scene = replace(scene, surface=scene.surface.take([1, 0]))
    site = Site(scene, Lexicon())
    assert [site.look(frame).share.tolist() for frame in (0, 1)] == [[0, 1], [1, 0]]


def test_images_that_cannot_be_read_are_left_out_of_the_survey_and_refused_for_themselves():
    def pictures(frame):
        if frame:
            raise OSError("broken")
        return np.zeros((48, 64), dtype=int), np.full((48, 64), 2.0)

    site = Site(rendered(pictures, frames=2), Lexicon())
    assert site.look(0).share[0] == 1
    with pytest.raises(SceneError, match="of frame 10 cannot be read: broken"):
        site.look(1)


# ---------------------------------------------------------------------------------------------------------------- boxes
def test_a_thing_is_its_box():
    turned = np.array([[0.6, -0.8, 0], [0.8, 0.6, 0], [0, 0, 1]])
    thing = Boxed(7, "chair", (np.array([1, 2, 3.0]), np.array([2, 4, 1.0]), turned))
    assert (thing.id, thing.label, thing.doubtful, thing.sides) == (7, "chair", False, (4, 2, 1))
    np.testing.assert_allclose(thing.center, (1, 2, 3))
    local = (thing.samples_m - thing.center) @ turned
    assert (np.abs(local).max(axis=0) <= np.array([1, 2, 0.5]) + 1e-9).all()
    assert (np.isclose(np.abs(local), [1, 2, 0.5]).any(axis=1)).all()
    assert len(np.unique(FACES)) == 8
    edges = np.sort(np.concatenate([FACES[:, [0, 1]], FACES[:, [1, 2]], FACES[:, [2, 0]]]), axis=1)
    assert (np.unique(edges, axis=0, return_counts=True)[1] == 2).all()  # the triangles make one closed surface
    area = np.linalg.norm(np.cross(*(CORNERS[FACES[:, k]] - CORNERS[FACES[:, 0]] for k in (1, 2))), axis=1).sum() / 2
    assert area == pytest.approx(6)


@pytest.mark.parametrize(("angle", "sides", "doubtful"), [(8, 1, False), (12, 1, True), (0, 0, False)])
def test_boxes_that_lean_are_doubtful(angle, sides, doubtful):
    c, s = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    R = np.array([[1, 0, 0], [0, c, -s], [0, s, c]])
    thing = Boxed(0, "chair", (np.zeros(3), np.array([1.0, 1.0, sides]), R))
    assert thing.doubtful is doubtful
    np.testing.assert_allclose(thing.center, 0, atol=1e-12)


def test_a_line_is_doubtful():
    assert Boxed(0, "rod", (np.zeros(3), np.array([1.0, 0, 0]), EYE)).doubtful


@pytest.mark.parametrize(
    ("at", "size", "gap"),
    [((1.02, 0, 0), 1.0, 0.02), ((1.15, 0, 0), 1.0, 0.15), ((2, 0, 0), 1.0, np.inf), ((0.05, 0, 0), 0.2, 0.0)],
)
def test_boxes_touch_where_they_are_near_or_one_is_within_the_other(at, size, gap):
    one = Boxed(0, "shelf", (np.zeros(3), np.ones(3), EYE))
    other = Boxed(1, "shelf", (np.array(at), np.full(3, size), EYE))
    assert one.gap_m(other, 0.2) == pytest.approx(gap, abs=0.01)
    assert other.gap_m(one, 0.2) == pytest.approx(gap, abs=0.01)


def test_boxes_are_those_of_the_annotation():
    """What an adapter made of them does not count, but where the data set has none."""
    scene = pictured(hall().add("chair", (3, 2, 0.5), (1, 1, 1)).add("lamp", (4, 3, 0.5), (1, 1, 1)).scene())
    o = scene.objects
    center = o.center_m.copy()
    center[-2], center[-1] = (3.5, 2, 0.5), np.nan
    given = Annotation(o.id, o.label, boxes=(center, o.extent_m, o.R_world_box))
    chair, lamp = Site(replace(scene, annotation=given), Lexicon()).list[-2:]
    assert chair.center.tolist() == [3.5, 2, 0.5]
    assert lamp.center.tolist() == [4, 3, 0.5]


@pytest.mark.parametrize(("hidden_m", "hidden"), [(0.75, False), (0.95, True)])
def test_the_box_stands_in_for_what_is_hidden(hidden_m, hidden):
    """A screen before a box of 1 x 1 m, which leaves a quarter of it, or a twentieth; the limit is 15 %."""
    world = World().add("chair", (4, 0, 1), (0.1, 1, 1)).camera((0, 0, 1))
    world.add("screen", (3.9, 0.5 - hidden_m / 2, 1), (0.02, hidden_m, 2))
    site = seen(world)
    told = faults(site, 0, site.list[0])
    assert bool(told) == hidden
    assert not told or "unoccluded" in told[0]
    assert site.unoccluded(0, site.list[0], 1.0) == pytest.approx(1 - hidden_m, abs=0.03)


def test_a_job_may_set_another_limit_of_what_is_hidden():
    scene = pictured(World().add("chair", (4, 0, 1), (0.1, 1, 1)).camera((0, 0, 1)).scene())
    assert Site(scene, Lexicon(), Bounds(min_unoccluded_box=0.4)).sight.least_unoccluded == 0.4


# ------------------------------------------------------------------------------------------------------ what all show
def flat(depth_m, ids=0, shape=(48, 64)):
    return Shot(np.full(shape, ids, dtype=np.int32), np.full(shape, depth_m, dtype=np.float32))


def camera(T=None, f=50.0, size=(64, 48)):
    K = np.array([[f, 0, size[0] / 2], [0, f, size[1] / 2], [0, 0, 1]])
    return View("0", np.eye(4) if T is None else T, K, size, Lens())


def test_pixels_are_where_their_middles_are():
    at_m = located(flat(2.0), camera())
    np.testing.assert_allclose(at_m[0, 0], ((0.5 - 32) * 2 / 50, (0.5 - 24) * 2 / 50, 2))
    half = Shot(np.zeros((24, 32), dtype=np.int32), np.full((24, 32), 2.0, dtype=np.float32))
    np.testing.assert_allclose(located(half, camera())[0, 0], ((1 - 32) * 2 / 50, (1 - 24) * 2 / 50, 2))


def test_points_are_as_many_where_things_are_near_or_seen_often_or_askew():
    """Three walls of 2 x 2 m: near, far, and far and askew; the near one is seen three times."""
    near = camera(f=200.0, size=(400, 400))
    turn = np.eye(4)
    turn[:3, :3] = [[np.sqrt(0.5), 0, np.sqrt(0.5)], [0, 1, 0], [-np.sqrt(0.5), 0, np.sqrt(0.5)]]
    shots = [(flat(1.0, shape=(400, 400)), near)] * 3
    moved = np.eye(4)
    moved[:3, 3] = (0, 0, 20)
    shots.append((flat(4.0, shape=(100, 100)), camera(moved, f=200.0, size=(100, 100))))
    turn[:3, 3] = (0, 0, 40)
    shots.append((flat(4.0, shape=(100, 100)), camera(turn, f=200.0, size=(100, 100))))
    found = survey(shots)
    z = found.points_m[:, 2]
    counts = [int(((z > low) & (z < low + 10)).sum()) for low in (-5, 20, 37)]
    assert min(counts) > 400
    assert max(counts) < 1.2 * min(counts), counts
    normals = found.normals[(z > -5) & (z < 5)]
    np.testing.assert_allclose(normals, np.tile((0, 0, -1), (len(normals), 1)), atol=1e-6)


def test_the_nearer_neighbour_tells_which_way_a_surface_faces():
    depth_m = np.full((48, 64), 2.0, dtype=np.float32)
    depth_m[:, 32:] = 8.0
    found = survey([(Shot(np.zeros((48, 64), dtype=np.int32), depth_m), camera())])
    np.testing.assert_allclose(found.normals[:, 2], -1, atol=1e-4)


def test_views_of_one_wall_overlap_unless_it_is_seen_from_its_two_sides():
    """A single sheet in the middle of nowhere, seen from two places before it and from one behind."""
    world = World().add("wall", (5, 0, 1), (1e-4, 6, 3), missing=("+x",))
    for y in (-1, 1):
        world.camera((1, y, 1))
    world.camera((9, 0, 1), heading_deg=180)
    site = seen(world, smaller=4)
    assert site.linked(0, 1)
    assert not site.linked(0, 2)
    assert not site.linked(0, 0)


def test_a_point_that_others_look_through_is_not_seen():
    """Two views into one direction, of which one shows a wall nearer by: they share nothing. 4 cm are no other wall."""
    pictures = {0: flat(2.0), 1: flat(3.0), 2: flat(2.04)}
    site = Site(rendered(lambda f: (pictures[f].ids, pictures[f].depth_m), frames=3), Lexicon())
    near, far, same = (site.look(frame).side for frame in range(3))
    assert (near > 0).sum() > 100
    assert (far > 0).sum() > 100
    assert not (near * far).any()
    assert (near * same > 0).sum() > 0.9 * (near > 0).sum()


@pytest.mark.parametrize(("at_m", "size_m", "wrong"), [(2, 0.4, True), (4.6, 0.4, False), (2, 0.03, False)])
def test_what_nobody_annotated_spoils_a_row_that_it_would_answer(at_m, size_m, wrong):
    """A lamp at 3.7 m is said to be nearest. A box without a name stands before it, or behind it, or is tiny."""
    world = hall().add("lamp", (3.9, 2.6, 0.5), (0.4, 0.4, 1)).add("bed", (5, 1, 0.5), (1, 1, 1))
    world.add(None, (at_m, 1.4, 1.0), (size_m,) * 3)
    site = seen(world)
    asked = row(site=site, question=NEAREST, frames=[0])
    check_rivals(asked, site.list[-2], site.view(0).position, 1)
    assert bool(asked.wrong) == wrong, asked.wrong
    assert not wrong or "nobody annotated" in asked.wrong[0]


def test_pieces_apart_are_two_things_and_a_wall_is_none():
    ids = np.zeros((48, 64), dtype=int)
    ids[10:20, 5:15] = ids[10:20, 40:50] = -1
    depth_m = np.full((48, 64), 2.0)
    two = Site(rendered(lambda _: (ids, depth_m)), Lexicon()).look(0).loose
    assert sorted(two.values()) == pytest.approx([100 / 3072] * 2)
    wide = Site(rendered(lambda _: (np.full((48, 64), -1), depth_m)), Lexicon())
    assert not wide.look(0).loose


def test_nothing_tiny_is_a_thing():
    ids = np.zeros((48, 64), dtype=int)
    ids[10:12, 5:7] = -1
    assert not Site(rendered(lambda _: (ids, np.full((48, 64), 2.0))), Lexicon()).look(0).loose
