"""How near objects come, against the distance of upright boxes on paper."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from worlds import World

from spargen.geometry import gaps
from spargen.geometry.gaps import STEP_M, touching

sides = st.floats(0.05, 1.5)
places = st.floats(-1.0, 1.0)
BOXES = st.tuples(st.tuples(places, places, places), st.tuples(sides, sides, sides))

NO_BOXES = World().objects()


def mesh_of(boxes, cell_m=100.0):
    world = World(cell_m=cell_m)
    for center, size in boxes:
        world.add("shelf", center, size)
    return world.mesh()


def within(boxes, gap_m, objects=None, cell_m=100.0):
    kind = np.full(len(boxes), -1)
    kind[np.arange(len(boxes)) if objects is None else np.array(objects, dtype=int)] = 0
    return bool(touching(mesh_of(boxes, cell_m), NO_BOXES, kind, gap_m).any())


def box_distance_m(a, b):
    """Distance of two boxes with axes along the world's; below 0 where one reaches into the other."""
    (p, s), (q, t) = ((np.array(x) for x in box) for box in (a, b))
    apart = np.abs(p - q) - (s + t) / 2
    return float(np.linalg.norm(np.maximum(apart, 0))) if (apart > 0).any() else float(apart.max())


@given(BOXES, BOXES)
@settings(max_examples=60)
def test_two_boxes_come_as_near_as_their_sides_edges_and_corners_tell(a, b):
    exact = box_distance_m(a, b)
    if exact < 0:
        return
    assert not within([a, b], exact * 0.999 - 1e-5)
    # Points STEP_M apart on either surface miss the nearest ones by half of that, sideways.
    assert within([a, b], float(np.hypot(exact, STEP_M)) + 1e-5)


@pytest.mark.parametrize("cell_m", [0.02, 0.3, 100.0])
@pytest.mark.parametrize(("gap_m", "near"), [(0.0, True), (0.029, True), (0.031, False)])
def test_however_the_surfaces_are_cut(gap_m, near, cell_m):
    boxes = [((0, 0, 0), (0.4, 0.4, 0.4)), ((0.2 + gap_m + 0.5, 0.1, 0.05), (1.0, 0.9, 0.8))]
    assert within(boxes, 0.03, cell_m=cell_m) == near


def test_any_two_of_those_asked_for():
    boxes = [((0, 0, 0), (0.4, 0.4, 0.4)), ((5, 0, 0), (0.4, 0.4, 0.4)), ((5.41, 0, 0), (0.4, 0.4, 0.4))]
    assert within(boxes, 0.03)
    assert not within(boxes, 0.03, objects=[0, 1])
    assert not within(boxes, 0.03, objects=[0])
    assert not within(boxes, 0.03, objects=[])


def test_one_inside_another_touches_it_only_where_surfaces_meet():
    shell = ((0, 0, 0), (1.0, 1.0, 1.0))
    assert not within([shell, ((0, 0, 0), (0.4, 0.4, 0.4))], 0.03)
    assert within([shell, ((0, 0, 0.28), (0.4, 0.4, 0.4))], 0.03)


def test_an_object_without_faces_is_near_to_nothing():
    mesh = mesh_of([((0, 0, 0), (1, 1, 1))])
    assert not touching(mesh, NO_BOXES, np.array([0, 0]), 0.03).any()


def test_which_of_them_touch():
    # A row of five: 0 and 1 touch, so do 2 and 3, which are of two kinds; 4 is near 3, but no kind is asked for.
    starts = [0, 0.41, 1.0, 1.41, 1.82]
    mesh = mesh_of([((x, 0, 0), (0.4, 0.4, 0.4)) for x in starts])
    assert touching(mesh, NO_BOXES, np.array([0, 0, 0, 1, -1]), 0.03).tolist() == [True, True, False, False, False]
    assert touching(mesh, NO_BOXES, np.array([0, 0, 0, 1, 1]), 0.03).tolist() == [True, True, False, True, True]
    assert touching(mesh, NO_BOXES, np.full(5, 7), 0.03).all()


@pytest.mark.parametrize(("apart_m", "near"), [(0.02, True), (0.1, False)])
def test_a_corner_that_lies_far_off_costs_no_more_than_what_lies_close(apart_m, near, monkeypatch):
    """A face of 300 m, at 45 degrees along an edge of a shelf of many small ones: only what may reach it is cut."""
    shelf = mesh_of([((0, 0, 0), (1.0, 1.0, 1.0))], cell_m=0.05)
    at = 1 + apart_m
    far = np.array([[at, -0.3, 0], [at, 0.3, 0], [-200.0, 0, at + 200]])
    n = len(shelf.vertices_m)
    mesh = type(shelf)(
        np.concatenate([shelf.vertices_m, far]),
        np.concatenate([shelf.faces, [[n, n + 1, n + 2]]]),
        np.append(shelf.face_object, 1),
    )
    compared, compare = [], gaps._corner_distance_m
    monkeypatch.setattr(gaps, "_corner_distance_m", lambda a, b: compared.append(len(a)) or compare(a, b))
    assert touching(mesh, NO_BOXES, np.array([0, 0]), 0.03).any() == near
    assert sum(compared) < 10 * n
