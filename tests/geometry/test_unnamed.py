"""Which surface without annotation may be a thing."""

import numpy as np
import pytest
from worlds import World, pictured

from spargen.geometry.unnamed import pieces_of, unnamed_in_images
from spargen.scene.labels import label_rules
from spargen.scene.types import Mesh
from spargen.settings import Settings
from spargen.views.table import Views


def unnamed(world):
    """Unannotated things of a mesh, and which of the world's views see them."""
    return Views(world.scene(), Settings(), rules=label_rules(), seed=0, video=False).unnamed


@pytest.mark.parametrize(
    ("size", "is_thing"),
    [
        ((0.4, 0.5, 0.6), True),
        ((0.12, 0.5, 0.6), True),
        ((0.06, 0.5, 0.6), True),
        ((0.5, 0.6, 0.06), True),
        ((0.04, 0.5, 0.6), False),
        ((0.5, 0.6, 0.04), False),
        ((0.3, 0.5, 2.4), True),
        ((0.3, 0.5, 2.6), False),
        ((4, 0, 2.5), False),
    ],
)
def test_a_thing_is_neither_thin_nor_wide(size, is_thing):
    # Seen from the side, from the back of the viewer, and from behind a wall.
    w = World().add("wall", (0, 3, 1), (4, 0.1, 2)).add(None, (1, 0, 1), size)
    w.camera((-3, 0, 1)).camera((-3, 0, 1), heading_deg=180).camera((1, 5, 1), heading_deg=-90)
    found = unnamed(w)
    assert len(found.center_m) == is_thing
    if is_thing:
        np.testing.assert_allclose(found.center_m, [[1, 0, 1]], atol=1e-9)
        assert found.seen[:, 0].tolist() == [True, False, False]
        assert not found.reach_m.any()


def test_pieces_are_told_apart_and_what_is_annotated_is_none():
    w = World().add("chair", (0, 0, 0), (1, 1, 1)).add(None, (2, 0, 0), (1, 1, 1)).add(None, (3.2, 0, 0), (1, 1, 1))
    for x in (0, 2, 3.2):
        w.camera((x, -3, 0), heading_deg=90, f=2000.0)
    found = unnamed(w)
    order = np.argsort(found.center_m[:, 0])
    np.testing.assert_allclose(found.center_m[order], [[2, 0, 0], [3.2, 0, 0]], atol=1e-9)
    assert found.seen[:, order].tolist() == [[False, False], [True, False], [False, True]]
    assert len(unnamed(World().add("chair", (0, 0, 0), (1, 1, 1))).center_m) == 0
    assert len(unnamed(World()).center_m) == 0


def test_pieces_one_above_the_other_are_two_and_faces_need_not_share_their_vertices():
    mesh = World().add(None, (2, 0, 0), (1, 1, 0.5)).add(None, (2, 0, 1.2), (1, 1, 0.5)).mesh()
    corners_m = mesh.vertices_m[mesh.faces].reshape(-1, 3)
    alone = Mesh(corners_m, np.arange(len(corners_m)).reshape(-1, 3), mesh.face_object)
    for found in (pieces_of(mesh), pieces_of(alone)):
        np.testing.assert_allclose(sorted(found.center_m[:, 2].tolist()), [0, 1.2], atol=1e-9)


def test_pieces_are_the_same_wherever_the_worlds_origin_lies():
    mesh = World().add(None, (2, 0, 0), (1, 1, 0.5)).add(None, (2, 0, 1.2), (1, 1, 0.5)).mesh()
    origin_m = np.array([500_000, -4_000_000, 6_000])
    away = Mesh(mesh.vertices_m + origin_m, mesh.faces, mesh.face_object)
    np.testing.assert_allclose(pieces_of(away).center_m - origin_m, pieces_of(mesh).center_m, atol=1e-6)


def test_a_piece_is_seen_however_small_a_part_of_the_scene_it_is():
    w = World().add("floor", (0, 0, -1), (80, 80, 0.1)).add(None, (2, 0, 0), (0.15, 0.15, 0.15)).camera((0, 0, 0))
    assert unnamed(w).seen.tolist() == [[True]]


# --- in instance images -----------------------------------------------------------------------------------------------

LEAST = 0.0002


def before_a_wall(*bare, wall="wall"):
    """Things that nobody annotated, seen from the side of -x before a wall at 4 m."""
    world = World().add(wall, (4.05, 0, 0), (0.1, 12, 12))
    for center, size in bare:
        world.add(None, center, size)
    return world.camera((0, 0, 0), f=500.0).scene()


def found_in(scene, least=LEAST, threads=1):
    scene = pictured(scene)
    return unnamed_in_images(scene.surface, scene.cameras, len(scene.objects), least, threads=threads)


def test_what_images_show_without_annotation_may_be_a_thing_within_its_reach():
    center, size = np.array([3.0, 0.1, -0.1]), np.array([0.6, 0.5, 0.3])
    found = found_in(before_a_wall((center, size)))
    assert found.seen.tolist() == [[True]]
    # Only the side that faces the camera is seen: the centre of the whole thing is within reach of it.
    np.testing.assert_allclose(found.center_m[0], center - [0.3, 0, 0], atol=0.05)
    assert 0.25 <= found.reach_m[0] <= 0.30
    assert np.linalg.norm(found.center_m[0] - center) <= found.reach_m[0] + 0.06


@pytest.mark.parametrize(("side", "is_thing"), [(0.02, False), (0.2, True)])
def test_what_is_tiny_is_none(side, is_thing):
    found = found_in(before_a_wall(((1.5, 0.0126, 0.0126), (0.02, side, side))), least=0.0)
    assert len(found.center_m) == is_thing


def test_a_flat_thing_may_be_one_for_images_show_one_side():
    assert len(found_in(before_a_wall(((3, 0, 0), (0.001, 0.4, 0.4)))).center_m) == 1


def test_what_is_hardly_noticed_is_not_seen():
    # A side of 0.1 m at 3.8 m covers 170 pixels of 307,200: half a thousandth.
    scene = before_a_wall(((3.9, 0, 0), (0.2, 0.1, 0.1)))
    assert [found_in(scene, least).seen.any() for least in (0.0004, 0.0007)] == [True, False]


def test_pieces_in_images_are_told_apart_and_seen_by_their_own_views():
    apart = (((3, 1.2, 0), (0.3, 0.3, 0.3)), ((3, -1.2, 0), (0.3, 0.3, 0.3)))
    world = World().add("wall", (4.05, 0, 0), (0.1, 12, 12))
    for center, size in apart:
        world.add(None, center, size)
    for heading_deg, f in ((25, 900.0), (-25, 900.0), (0, 400.0)):
        world.camera((0, 0, 0), heading_deg=heading_deg, f=f)
    found = found_in(world.scene(), threads=3)
    order = np.argsort(-found.center_m[:, 1])
    assert found.seen[:, order].tolist() == [[True, False], [False, True], [True, True]]


def test_a_wide_piece_may_be_a_thing_in_every_part_of_it():
    """An unannotated wall with something before it: whatever stands there is within reach of some part."""
    found = found_in(before_a_wall(wall=None))
    assert len(found.center_m) >= 20
    assert found.reach_m.max() <= 0.55
    # 5.1 m of it are in sight, and 3.8 m in height.
    for y, z in ((2.2, 1.6), (-2.2, -1.6), (0, 0), (1, -1)):
        away = np.linalg.norm(found.center_m - [4, y, z], axis=1)
        assert (away <= found.reach_m * np.sqrt(2) + 0.05).any()


def test_in_images_without_any_there_is_none():
    found = found_in(before_a_wall())
    assert [part.shape for part in found] == [(0, 3), (0,), (1, 0)]
    assert found_in(World().scene()).seen.shape == (0, 0)
