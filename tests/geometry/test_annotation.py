"""From annotated vertices or faces to objects: boxes on paper, stray pieces, doubtful objects, damaged input."""

import math
from functools import partial
from itertools import pairwise

import naive
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from worlds import Solid, triangles

from spargen.errors import SceneError
from spargen.geometry import annotation, pieces
from spargen.geometry.pieces import MOST_GRAINS, MOST_PIECES, main_body
from spargen.scene.labels import LabelRules, label_rules

annotate = partial(annotation.annotate, rules=label_rules())


def sheet(x, y, z=0.0, *, wide, deep, cell=0.05):
    """A horizontal sheet of faces whose lower left corner is at (x, y)."""
    nx, ny = max(1, math.ceil(wide / cell - 1e-9)), max(1, math.ceil(deep / cell - 1e-9))
    u, v = np.meshgrid(np.linspace(0, wide, nx + 1), np.linspace(0, deep, ny + 1), indexing="ij")
    i = np.arange(u.size).reshape(u.shape)
    q = np.stack([i[:-1, :-1], i[1:, :-1], i[1:, 1:], i[:-1, 1:]], axis=-1).reshape(-1, 4)
    points = np.stack([x + u.ravel(), y + v.ravel(), np.full(u.size, float(z))], axis=-1)
    return points, np.concatenate([q[:, [0, 1, 2]], q[:, [0, 2, 3]]])


def box(center, size, cell=0.1):
    """A box whose sides share the vertices of their edges."""
    vertices, faces = triangles(Solid("", center, size), cell)
    unique, at = np.unique(vertices.round(9), axis=0, return_inverse=True)
    return unique, at.ravel()[faces]


def joined(*parts):
    """Several meshes in one, and the number of each face's."""
    vertices, faces, owner, first = [], [], [], 0
    for number, (v, f) in enumerate(parts):
        vertices.append(v)
        faces.append(f + first)
        owner.append(np.full(len(f), number))
        first += len(v)
    return np.concatenate(vertices), np.concatenate(faces), np.concatenate(owner)


def one(*parts, label="table"):
    """One object of several parts, annotated by its faces. Returns what was made and which parts stayed whole."""
    vertices, faces, part = joined(*parts)
    made = annotate(vertices, faces, [7], [label], face_object=np.zeros(len(faces)))
    stays = [set(made.mesh.face_object[part == p].tolist()) for p in range(len(parts))]
    assert all(len(s) == 1 for s in stays)
    return made, [s == {0} for s in stays]


TOP = sheet(0, 0, 0.7, wide=2, deep=1)
"""2 m2 of a table."""


def scrap(share, x, z=0.7, y=0.2):
    """A sheet 0.2 m wide that has a share of the area of the table and itself."""
    return sheet(x, y, z, wide=0.2, deep=2 * share / (1 - share) / 0.2)


def test_one_detached_triangle_does_not_make_a_table_of_thirty_metres():
    made, stays = one(TOP, (np.array([[30, 0, 0], [30.01, 0, 0], [30, 0.01, 0.0]]), np.array([[0, 1, 2]])))
    assert stays == [True, False]
    np.testing.assert_allclose(made.objects.center_m, [[1, 0.5, 0.7]])
    np.testing.assert_allclose(sorted(made.objects.extent_m[0]), [0, 1, 2], atol=1e-9)
    assert made.notes == {"objects with stray pieces": 1, "stray pieces left out": 1}
    assert not made.objects.doubtful.any()


@pytest.mark.parametrize(
    ("share", "away_m", "stays", "doubtful"),
    [
        (0.04, 0.33, False, False),
        (0.04, 0.27, True, False),
        (0.06, 0.33, True, False),
        (0.04, 3.0, False, False),
        (0.06, 0.47, True, False),
        (0.06, 0.53, True, True),
        (0.15, 0.53, True, True),
    ],
)
def test_a_stray_is_small_and_lies_beside_the_object_a_doubtful_object_has_two_large_parts(
    share, away_m, stays, doubtful
):
    made, kept = one(TOP, scrap(share, 2 + away_m))
    assert kept == [True, stays]
    assert made.objects.doubtful.tolist() == [doubtful]
    width = 2 + away_m + 0.2 if stays else 2
    assert max(made.objects.extent_m[0]) == pytest.approx(width, abs=0.02)
    expected = {"doubtful objects": 1} if doubtful else {}
    assert made.notes == (expected if stays else {"objects with stray pieces": 1, "stray pieces left out": 1})


@pytest.mark.parametrize(
    ("share", "drop_m", "doubtful"), [(0.04, 0.6, False), (0.04, 1.5, False), (0.06, 0.45, False), (0.06, 0.55, True)]
)
def test_what_lies_below_the_object_is_no_stray_however_far(share, drop_m, doubtful):
    made, stays = one(TOP, scrap(share, 1, 0.7 - drop_m))
    assert stays == [True, True]
    assert made.objects.doubtful.tolist() == [doubtful]
    assert made.objects.extent_m[0, 2] == pytest.approx(drop_m)


BARS = [box((0.14 * k, 0, 0.5), (0.02, 0.02, 1.0)) for k in range(24)]
TILES = [sheet(0.4 * i, 0.4 * j, 1.0, wide=0.25, deep=0.25) for i in range(6) for j in range(6)]
PLATE = [TOP, *(scrap(0.0145, 2.5 + 0.4 * k) for k in range(12))]


@pytest.mark.parametrize("parts", [BARS, TILES, PLATE], ids=["bars", "tiles", "a plate and its like"])
def test_an_object_of_many_like_pieces_keeps_them_and_is_doubtful(parts):
    made, stays = one(*parts)
    assert all(stays)
    assert made.objects.doubtful.all()
    assert made.notes == {"doubtful objects": 1}


@pytest.mark.parametrize(("share", "doubtful"), [(0.031, False), (0.038, True)])
def test_strays_are_no_more_than_a_tenth_of_an_object_together(share, doubtful):
    # Three of a share of the table and one of them: 9 and 11 % of all four.
    made, stays = one(TOP, *(scrap(share, 2.5 + 0.5 * k) for k in range(3)))
    assert stays == [True, *[doubtful] * 3]
    assert made.objects.doubtful.tolist() == [doubtful]


def test_chair_legs_and_castors_stay():
    # The column between seat and foot is missing: 0.3 m of air. Castors reach 0.1 m beyond the seat.
    seat, back = box((0, 0, 0.5), (0.5, 0.5, 0.1)), box((0.25, 0, 0.75), (0.08, 0.5, 0.5))
    castors = [box((x, y, 0.05), (0.06, 0.06, 0.1)) for x in (-0.32, 0.32) for y in (-0.32, 0.32)]
    foot = box((0, 0, 0.1), (0.1, 0.1, 0.1))
    made, stays = one(seat, back, foot, *castors, label="office chair")
    assert all(stays)
    assert made.notes == {}
    np.testing.assert_allclose(made.objects.extent_m, [[0.7, 0.7, 1.0]], atol=1e-9)


@pytest.mark.parametrize(("gap_m", "stays"), [(0.08, True), (0.12, False)])
def test_pieces_with_small_gaps_between_them_are_one(gap_m, stays):
    # Squares of 0.1 m in a row beside the table: linked, they belong to it up to the last.
    row = [sheet(2 + gap_m + k * (0.1 + gap_m), 0.5, 0.7, wide=0.1, deep=0.1) for k in range(6)]
    made, kept = one(TOP, *row)
    starts = [gap_m + k * (0.1 + gap_m) for k in range(6)]
    assert kept == [True, *(stays or start <= 0.3 for start in starts)]
    assert sum(kept) == (7 if stays else 2)
    assert made.notes.get("stray pieces left out", 0) == 7 - sum(kept)


def test_gaps_are_measured_between_surfaces_not_only_between_vertices():
    # Two triangles make the top of a table of 2 x 2 m; its one leg ends 4 cm below the middle. It is a sixth of it.
    top, leg = sheet(-1, -1, 0.7, wide=2, deep=2, cell=5), box((0, 0, 0.33), (0.25, 0.25, 0.66), cell=5)
    made, stays = one(top, leg)
    assert stays == [True, True]
    assert not made.objects.doubtful.any()
    lower, stays = one(top, (leg[0] * [1, 1, 0.15], leg[1]))
    assert stays == [True, True]
    assert lower.objects.doubtful.all()


def test_scraps_of_a_pole_join_the_foot_of_a_lamp_and_its_shade():
    foot, shade = box((0, 0, 0.02), (0.3, 0.3, 0.04)), box((0, 0, 1.5), (0.4, 0.4, 0.3))
    pole = [box((0, 0, z), (0.02, 0.02, 0.05)) for z in (0.4, 0.8, 1.15)]
    assert one(foot, shade, label="lamp")[0].objects.doubtful.all()
    assert not one(foot, shade, *pole, label="lamp")[0].objects.doubtful.any()


def test_a_stray_between_two_parts_does_not_join_them():
    # 0.8 m part them. The scrap between them lies 0.37 m beside the larger, so it is left out.
    parts = [sheet(0, 0, 0, wide=1, deep=1), sheet(1.8, 0, 0, wide=1, deep=0.6)]
    scrap_between = sheet(1.37, 0.3, 0, wide=0.1, deep=0.1)
    made, stays = one(*parts, scrap_between)
    assert stays == [True, True, False]
    assert made.objects.doubtful.all()


@pytest.mark.parametrize("label", ["wall", "floor", "ceiling"])
def test_parts_of_the_building_are_exempt(label):
    far = scrap(0.04, 5.0), scrap(0.3, -5.0)
    made, stays = one(TOP, *far, label=label)
    assert all(stays)
    assert made.notes == {}
    assert not made.objects.doubtful.any()
    assert made.objects.extent_m.max() == pytest.approx(10.2, abs=0.3)


def test_vertices_that_are_annotated_make_the_same_objects_as_faces():
    parts = [TOP, scrap(0.03, 3), box((5, 5, 0.5), (0.5, 0.6, 1.0))]
    vertices, faces, part = joined(*parts)
    of_face = np.array([0, 0, 1])[part]
    of_vertex = np.full(len(vertices), -1)
    of_vertex[faces.ravel()] = np.repeat(of_face, 3)
    by_face = annotate(vertices, faces, [3, 5], ["table", "chair"], face_object=of_face)
    by_vertex = annotate(vertices, faces, [3, 5], ["table", "chair"], vertex_object=of_vertex)
    for one, other in ((by_face, by_vertex), (by_vertex, by_face)):
        np.testing.assert_array_equal(one.mesh.face_object, other.mesh.face_object)
        np.testing.assert_allclose(one.objects.center_m, other.objects.center_m)
        np.testing.assert_allclose(one.objects.extent_m, other.objects.extent_m)
    assert by_face.objects.id.tolist() == [3, 5]
    assert by_face.notes == by_vertex.notes == {"objects with stray pieces": 1, "stray pieces left out": 1}


def test_faces_of_several_objects_share_vertices():
    # A sheet of 2 x 1 m in three parts, annotated apart: the vertices of each seam belong to both sides.
    vertices, faces = TOP
    of_face = np.digitize(vertices[faces][:, :, 0].mean(axis=1), [0.5, 1.0])
    made = annotate(vertices, faces, [1, 2, 3], ["bed", "desk", "sofa"], face_object=of_face)
    np.testing.assert_allclose(made.objects.center_m[:, 0], [0.25, 0.75, 1.5])
    np.testing.assert_allclose(np.sort(made.objects.extent_m, axis=1), [[0, 0.5, 1]] * 2 + [[0, 1, 1]], atol=1e-9)
    np.testing.assert_array_equal(made.mesh.face_object, of_face)


@pytest.mark.parametrize("n", [3, 2**15 - 1, 2**15, 70_000])
def test_positions_are_sorted_by_their_owner_however_many_there_are(n):
    owner = np.random.default_rng(0).integers(-1, n, 5000).astype(np.int32)
    owner[:3] = n - 1, 0, -1
    order, first = annotation._sorted(owner, n)
    assert [order[a:b].tolist() for a, b in pairwise(first[[0, 1, n - 1, n]].tolist())][::2] == [
        np.flatnonzero(owner == o).tolist() for o in (0, n - 1)
    ]
    assert (np.diff(owner[order]) >= 0).all()


def test_faces_of_an_object_meet_in_a_vertex_that_is_another_s_as_well():
    # The second triangle, 4 % of the two, begins 0.3 m aside and touches the first in one corner.
    vertices = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [1.42, 0, 0], [1.42, 0.1, 0], [1, -1, 0], [2, -1, 0.0]])
    faces = [[0, 1, 2], [1, 3, 4], [1, 5, 6]]
    made = annotate(vertices, faces, [1, 2], ["bed", "desk"], face_object=[0, 0, 1])
    assert made.mesh.face_object.tolist() == [0, 0, 1]
    assert made.notes == {}
    assert made.objects.extent_m[0].max() > 1.4


def test_a_face_belongs_to_what_two_of_its_vertices_belong_to():
    vertices = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [1, 1, 0], [2, 0, 0.0]])
    faces = [[0, 1, 2], [1, 2, 3], [0, 1, 4], [3, 0, 4], [2, 1, 0]]
    made = annotate(vertices, faces, [1, 2], ["bed", "desk"], vertex_object=[0, 0, 1, 1, -1])
    assert made.mesh.face_object.tolist() == [0, 1, 0, -1, 0]
    # The box is around the vertices that are annotated, whatever the faces.
    np.testing.assert_allclose(made.objects.center_m, [[0.5, 0, 0], [0.5, 1, 0]])


def test_vertices_without_faces_count_by_their_number():
    near = np.random.default_rng(0).uniform(0, 0.05, (50, 3))
    faces = np.array([[50, 51, 52]])
    away = np.array([[5, 0, 0], [6, 0, 0], [5, 1, 0.0]])
    for far, stays in (([[2.0, 0, 0]], False), (near[:40] + np.array([2, 0, 0]), True)):
        vertices = np.concatenate([near, away, far])
        owner = np.r_[np.zeros(50), -1, -1, -1, np.zeros(len(far))]
        made = annotate(vertices, faces, [1], ["vase"], vertex_object=owner)
        assert (made.objects.extent_m[0].max() > 1) == stays
        assert made.objects.doubtful.tolist() == [stays]


def test_the_data_set_s_own_box_is_used_unless_it_leans():
    parts = [TOP, sheet(5, 0, 1, wide=1, deep=1), sheet(8, 0, 1, wide=1, deep=1)]
    vertices, faces, part = joined(*parts)

    def leaning(angle):
        a = np.radians(angle)
        return np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])

    own = np.full((3, 3), 9.0), np.full((3, 3), 4.0), np.stack([leaning(9.9), leaning(10.1), np.full((3, 3), np.nan)])
    made = annotate(vertices, faces, [1, 2, 3], ["bed", "desk", "sofa"], face_object=part, boxes=own)
    np.testing.assert_allclose(made.objects.center_m, [[9, 9, 9], [5.5, 0.5, 1], [8.5, 0.5, 1]])
    np.testing.assert_allclose(made.objects.R_world_box[0], leaning(9.9))
    np.testing.assert_allclose(np.sort(made.objects.extent_m[1:], axis=1), [[0, 1, 1]] * 2, atol=1e-9)


@pytest.mark.parametrize("by", ["vertex", "face"])
def test_objects_of_which_the_mesh_has_nothing_are_left_out(by):
    vertices, faces, part = joined(TOP, sheet(5, 0, 1, wide=1, deep=1))
    owner = 1 + 2 * part if by == "face" else 1 + 2 * (vertices[:, 0] > 4)
    labels = ["ghost", "bed", "ghost", "desk", "ghost"]
    made = annotate(vertices, faces, [10, 11, 12, 13, 14], labels, **{f"{by}_object": owner})
    assert made.objects.id.tolist() == [11, 13]
    assert made.objects.label == ("bed", "desk")
    assert made.mesh.face_object.tolist() == part.tolist()
    assert made.notes == {"objects without vertices": 3}
    np.testing.assert_allclose(made.objects.center_m, [[1, 0.5, 0.7], [5.5, 0.5, 1]])


def test_no_object_and_no_face():
    made = annotate(*TOP, [], [], face_object=np.full(len(TOP[1]), -1))
    assert len(made.objects) == 0
    assert set(made.mesh.face_object.tolist()) == {-1}
    made = annotate(TOP[0], np.zeros((0, 3)), [4], ["bed"], vertex_object=np.zeros(len(TOP[0])))
    assert made.objects.extent_m.max() == pytest.approx(2)
    made = annotate(np.zeros((0, 3)), np.zeros((0, 3)), [4], ["bed"], face_object=[])
    assert made.notes == {"objects without vertices": 1}


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"vertex_object": [0] * 9}, "one of the two"),
        ({"face_object": None}, "one of the two"),
        ({"face_object": [0, 0, 0]}, "face_object"),
        ({"face_object": [0, 2]}, "face_object"),
        ({"face_object": [0, -2]}, "face_object"),
        ({"face_object": None, "vertex_object": [0]}, "vertex_object"),
        ({"vertices_m": np.full((4, 3), np.nan)}, "finite"),
        ({"faces": [[0, 1, 2], [1, 2, 9]]}, "do not exist"),
    ],
)
def test_damaged_input_is_refused_in_words(change, what):
    good = {
        "vertices_m": np.eye(4)[:, :3],
        "faces": [[0, 1, 2], [1, 2, 3]],
        "ids": [1, 2],
        "labels": ["bed", "desk"],
        "face_object": [0, 1],
    }
    assert len(annotate(**good).objects) == 2
    with pytest.raises(SceneError, match=what):
        annotate(**{**good, **change})


def test_far_strays_and_a_far_origin_change_nothing():
    shift = np.array([432_100.0, -5_000_000.0, 120.0])
    parts = [TOP, scrap(0.04, 40_000.0), scrap(0.03, -2_000_000.0)]
    made, stays = one(*[(v + shift, f) for v, f in parts])
    assert stays == [True, False, False]
    np.testing.assert_allclose(made.objects.center_m - shift, [[1, 0.5, 0.7]], atol=1e-6)


# -- against plain loops ---------------------------------------------------------------------------------------------


def scattered(seed):
    """A body and scraps of all sizes around it, above it and below it."""
    rng = np.random.default_rng(seed)
    parts = [box((0, 0, 0.5), rng.uniform(0.3, 0.7, 3), cell=0.15)]
    for _ in range(rng.integers(1, 8)):
        at = rng.uniform([-1.3, -1.3, -0.3], [1.3, 1.3, 1.4])
        parts.append(box(at, rng.uniform(0.03, 0.3, 3), cell=0.15))
    return joined(*parts)[:2]


@pytest.mark.parametrize("seed", range(30))
def test_main_bodies_as_loops_find_them(seed):
    vertices, faces = scattered(seed)
    expected = naive.main_body(vertices, faces)
    if expected is None:  # something sits on a threshold
        return
    kept, strays, doubtful = expected
    made = annotate(vertices, faces, [1], ["vase"], face_object=np.zeros(len(faces)))
    np.testing.assert_array_equal(made.mesh.face_object >= 0, kept[faces].all(axis=1))
    assert made.notes.get("stray pieces left out", 0) == strays
    assert made.objects.doubtful.tolist() == [doubtful]
    low, high = vertices[kept].min(axis=0), vertices[kept].max(axis=0)
    assert made.objects.extent_m[0, 2] == pytest.approx(high[2] - low[2])


def test_the_loops_meet_every_kind():
    found = [naive.main_body(*scattered(seed)) for seed in range(30)]
    found = [f for f in found if f is not None]
    assert len(found) > 15
    assert 3 < sum(strays > 0 for _, strays, _ in found) < len(found) - 3
    assert 3 < sum(doubtful for _, _, doubtful in found) < len(found) - 3


@settings(max_examples=25)
@given(seed=st.integers(0, 10_000), yaw=st.floats(0, 360), shift=st.tuples(*[st.floats(-500, 500)] * 3))
def test_neither_place_nor_heading_nor_order_of_the_mesh_matters(seed, yaw, shift):
    vertices, faces = scattered(seed)
    if naive.main_body(vertices, faces) is None:
        return
    a, rng = np.radians(yaw), np.random.default_rng(seed)
    R = np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]])
    order, turn = rng.permutation(len(vertices)), rng.permutation(len(faces))
    moved = (vertices @ R.T + shift)[order]
    again = np.argsort(order)[faces[turn]][:, rng.permutation(3)]
    here, there = (
        annotate(v, f, [1], ["vase"], face_object=np.zeros(len(f))) for v, f in ((vertices, faces), (moved, again))
    )
    np.testing.assert_array_equal(here.mesh.face_object[turn], there.mesh.face_object)
    np.testing.assert_allclose(here.objects.center_m @ R.T + shift, there.objects.center_m, atol=1e-6)
    assert here.objects.doubtful.tolist() == there.objects.doubtful.tolist()


def test_a_body_without_corners_of_its_own_in_a_face():
    # Faces of which one corner is another object's: their piece is that of the corners they have.
    points = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [5, 0, 0], [5.01, 0, 0.0]])
    corners = np.array([[0, 1, 2], [3, 4, -1]])
    body = main_body(points, np.array([0, 0, 0, 1, 1]), corners, np.array([0.5, 0.01]))
    assert body.kept.tolist() == [True, True, True, False, False]
    assert body.strays == 1


def test_parts_of_the_building_keep_their_stray_pieces_by_the_lists_that_are_given():
    vertices, faces, part = joined(TOP, sheet(5, 0, 1, wide=0.2, deep=0.2))
    shipped = label_rules().model_dump()
    mine = LabelRules.model_validate(shipped | {"building": {**shipped["building"], "walls": ("wall", "mur")}})
    for label, rules, kept in (("mur", label_rules(), False), ("mur", mine, True), ("wall", mine, True)):
        made = annotation.annotate(vertices, faces, [1], [label], rules=rules, face_object=np.zeros(len(faces)))
        assert (made.mesh.face_object[part == 1] >= 0).all() == kept


@pytest.mark.parametrize("by", ["face", "vertex"])
def test_what_was_given_is_handed_on_untouched(by):
    """Strays, objects that the surface has nothing of and boxes that lean are still in it."""
    vertices, faces, _ = joined(TOP, (np.array([[30, 0, 0], [30.01, 0, 0], [30, 0.01, 0.0]]), np.array([[0, 1, 2]])))
    rows = np.zeros(len(faces) if by == "face" else len(vertices), dtype=np.int32)
    boxes = np.full((2, 3), np.nan), np.full((2, 3), np.nan), np.full((2, 3, 3), np.nan)
    boxes[0][0], boxes[1][0], boxes[2][0] = (1, 2, 3), (1, 1, 1), np.eye(3)[[1, 2, 0]]
    made = annotate(vertices, faces, [7, 9], ["dining  table", "bed"], **{f"{by}_object": rows}, boxes=boxes)
    given = made.annotation
    assert (given.id.tolist(), given.label) == ([7, 9], ("dining table", "bed"))
    assert (given.face_object is None, given.vertex_object is None) == (by == "vertex", by == "face")
    np.testing.assert_array_equal(given.face_object if by == "face" else given.vertex_object, rows)
    for own, handed_on in zip(boxes, given.boxes, strict=True):
        np.testing.assert_array_equal(handed_on, own)
    assert made.mesh.face_object[-1] == -1  # the stray is no longer the table's
    assert given.fits(made.mesh)
    assert annotate(vertices, faces, [7], ["bed"], **{f"{by}_object": rows}).annotation.boxes is None


def test_points_that_are_added_on_faces_are_bounded_however_large_the_faces_are():
    """As in a mesh in millimetres, where each face is twenty metres wide."""
    rng = np.random.default_rng(0)
    triangles = rng.uniform(0, 1000, (900, 1, 3)) + rng.uniform(-20, 20, (900, 3, 3))
    corners, of_face = np.arange(2700).reshape(-1, 3), np.arange(900)
    points, piece = pieces._grained(triangles.reshape(-1, 3), np.repeat(of_face, 3), corners, of_face)
    assert 2700 < len(points) < 2 * MOST_GRAINS
    assert len(piece) == len(points)
    few, _ = pieces._grained(triangles[:9].reshape(-1, 3), np.repeat(of_face[:9], 3), corners[:9], of_face[:9])
    assert len(few) == 27 + 9 * 65 * 66 // 2


def test_an_object_in_thousands_of_pieces_is_doubtful_without_a_look_at_each_two(monkeypatch):
    monkeypatch.setattr(pieces, "_gaps_m", lambda *_: pytest.fail("it looked"))
    n = MOST_PIECES + 1
    points = np.repeat(np.arange(n)[:, None] * [1.0, 0, 0], 3, axis=0)
    corners = np.arange(3 * n).reshape(-1, 3)
    body = main_body(points, np.repeat(np.arange(n), 3), corners, np.ones(n))
    assert (body.kept.all(), body.strays, body.doubtful) == (True, 0, True)
