"""The table filled from instance images: against the pixels, and against the mesh that they were rendered from."""

from dataclasses import replace

import naive
import numpy as np
import pytest
from worlds import World, dirty, furnished, pictured, shell

from spargen.errors import SceneError
from spargen.geometry.visibility import see
from spargen.scene.images import NOTHING, InstanceImages
from spargen.scene.labels import LabelTable, label_rules
from spargen.scene.lenses import PINHOLE, Lens
from spargen.settings import Settings
from spargen.views.sets import overlaps

S = Settings()
FISHEYE = Lens("OPENCV_FISHEYE", (-0.03, -0.008, 0.001, -0.0002))


def table(scene, settings=S, threads=1):
    labels = LabelTable.of(scene.objects.label, label_rules())
    return see(scene.surface, scene.objects, scene.cameras, labels.askable, settings, threads=threads)


def walked(frames=24, optics=PINHOLE, f=420.0):
    world = furnished(frames)
    world.cell_m, world.optics = 0.25, [optics] * frames
    world.intrinsics = [np.array([[f, 0, 320], [0, f, 240], [0, 0, 1.0]])] * frames
    return dirty(world.scene())


TWINS = {"pinhole": walked(), "fisheye": walked(12, FISHEYE, 260.0)}


@pytest.fixture(scope="module", params=TWINS)
def twins(request):
    mesh = TWINS[request.param]
    return table(mesh), table(pictured(mesh))


# --- as the mesh ------------------------------------------------------------------------------------------------------


def test_shares_are_those_of_the_mesh(twins):
    mesh, images = twins
    assert np.abs(mesh.share - images.share).max() < 0.01
    assert (mesh.seen != images.seen).sum() <= 1
    assert (mesh.glimpsed != images.glimpsed).sum() <= 2
    assert mesh.seen.sum() > 100
    assert mesh.unannotated.mean() > 0.01
    np.testing.assert_allclose(images.unannotated, mesh.unannotated, atol=0.004)
    np.testing.assert_allclose(images.median_depth_m, mesh.median_depth_m, rtol=0.03)
    for name in ("depth_m", "distance_m"):
        np.testing.assert_array_equal(getattr(mesh, name), getattr(images, name))


def test_boxes_are_those_of_the_mesh(twins):
    mesh, images = twins
    both = mesh.boxed & images.boxed
    assert both.sum() > 50
    assert np.abs(mesh.bbox - images.bbox)[both].max() <= 3
    assert (mesh.boxed & images.visible & ~images.boxed).sum() <= 0.03 * both.sum()


def test_points_are_those_of_the_mesh(twins):
    mesh, images = twins
    both = mesh.visible & images.visible
    assert (mesh.pointed & images.pointed).sum() > 50
    np.testing.assert_array_equal(mesh.point[both], images.point[both])
    assert (mesh.pointed != images.pointed)[both].sum() <= 0.03 * both.sum()


def test_what_is_visible_on_the_mesh_is_so_in_images(twins):
    """A box is larger than what is in it; with half of the threshold hardly anything is lost, and little gained."""
    mesh, images = twins
    assert (mesh.visible & ~images.visible).sum() <= 0.01 * mesh.visible.sum()
    gained = images.visible & ~mesh.visible
    assert gained.sum() <= 0.08 * mesh.visible.sum()
    assert (mesh.unoccluded[gained] < S.min_unoccluded).all()
    assert (images.unoccluded[gained] >= S.min_unoccluded_box).all()


def test_views_overlap_as_on_the_mesh(twins):
    of_mesh, of_images = (overlaps(t.surface)[0] for t in twins)
    assert np.abs(of_mesh - of_images).mean() < 0.02
    assert np.quantile(np.abs(of_mesh - of_images), 0.95) < 0.08
    assert ((of_mesh > 0.05) & (of_images < 0.01)).sum() == 0


def test_any_number_of_threads_fills_the_same_table():
    scene = pictured(TWINS["pinhole"])
    some = replace(scene.surface.take(np.arange(5)))
    labels = LabelTable.of(scene.objects.label, label_rules())
    asked = (some, scene.objects, scene.cameras.take(np.arange(5)), labels.askable, S)
    one, three = (see(*asked, threads=n) for n in (1, 3))
    whole = table(scene)
    for name in ("share", "unoccluded", "in_frame", "bbox", "point", "surface", "median_depth_m"):
        np.testing.assert_array_equal(getattr(one, name), getattr(three, name))
        if name != "surface":
            np.testing.assert_array_equal(getattr(one, name), getattr(whole, name)[:5])


# --- as the pixels ----------------------------------------------------------------------------------------------------


def room():
    world = (
        shell(World(), (0, 0, 0), (5, 4, 2.6)).add("bed", (3.5, 2, 0.3), (1.6, 2, 0.6)).add(None, (4, 1, 1), (1, 1, 1))
    )
    world.add("lamp", (2.4, 2.5, 0.6), (0.2, 0.2, 1.2)).add("plant", (4.5, 3.6, 0.5), (0.4, 0.4, 1))
    return world.camera((0.4, 2, 1.4), elevation_deg=-12, f=350.0)


@pytest.mark.parametrize("smaller", [1, 2])
def test_all_pixels_count(smaller):
    scene = pictured(room().scene(), smaller)
    ids, depth_m = scene.surface.read(0, scene.cameras.size_px[0], len(scene.objects))
    t = table(scene)
    for o in range(len(scene.objects)):
        assert t.share[0, o] == pytest.approx(np.count_nonzero(ids == o) / ids.size, abs=1e-12)
        if t.visible[0, o]:
            np.testing.assert_allclose(t.bbox[0, o], naive.tight_box(ids == o), atol=0.51)
            # One pixel of 240 is more than 3/1000.
            assert t.boxed[0, o] == (smaller == 1)
    assert t.visible.sum() == 3
    assert t.unannotated[0] == pytest.approx(np.count_nonzero(ids == -1) / np.count_nonzero(ids != NOTHING))
    assert t.median_depth_m[0] == pytest.approx(np.nanmedian(depth_m), rel=0.01)


def test_the_box_stands_in_for_what_is_hidden():
    """Of a thing half behind a wall, half of its box is in sight; the wall's far side hides it to a tenth."""
    for hidden, expected in ((0.5, 0.5), (0.8, 0.2), (0.9, 0.1)):
        world = World().add("tv", (4, 0, 0), (0.02, 1, 1)).add("wall", (2, 0.5 - hidden / 2, 0), (0.02, 0.5, 2))
        scene = pictured(world.camera((0, 0, 0), f=800.0).scene())
        t = table(scene)
        assert t.unoccluded[0, 0] == pytest.approx(expected, abs=0.03)
        assert t.visible[0, 0] == (expected > 0.15)
        assert not table(scene, Settings(min_unoccluded_box=expected + 0.05)).visible[0, 0]
        assert table(scene, Settings(min_unoccluded_box=expected - 0.05)).visible[0, 0]


def test_things_that_fill_little_of_their_boxes_are_visible():
    """A table's legs and top are two thirds of what its box covers."""
    scene = room().scene()
    larger = replace(scene.objects, extent_m=scene.objects.extent_m * [1, 1, 1.5])
    t = table(pictured(replace(scene, objects=larger)))
    of = scene.objects.label.index("lamp")
    assert 0.55 < t.unoccluded[0, of] < 0.75
    assert t.visible[0, of]


@pytest.mark.parametrize("at", [(1.05, 0), (-1.05, 0), (0, 1.05), (0, -1.05)])
def test_a_thing_cut_by_the_border_is_not_visible(at):
    world = World().add("tv", (2, *at), (0.02, 1, 1)).camera((0, 0, 0), f=500.0, size=(440, 440))
    t = table(pictured(world.scene()))
    assert t.in_frame[0, 0] == pytest.approx(0.33, abs=0.03)
    assert t.visible[0, 0]
    assert not table(pictured(world.scene()), Settings(min_in_frame=0.5)).visible[0, 0]


def stained(at):
    """A chair with one pixel of it far away."""
    scene = pictured(World().add("chair", (3, 0, 0), (1, 1, 1)).camera((0, 0, 0)).scene())
    ids = scene.surface.objects(0).copy()
    for x, y in at:
        ids[y, x] = 0
    return replace(scene, surface=replace(scene.surface, objects=lambda frame: ids))


def test_a_box_that_hangs_on_single_pixels_is_not_drawn():
    assert table(stained([])).boxed[0, 0]
    for at in ((5, 240), (320, 470), (7, 9)):
        t = table(stained([at]))
        assert t.visible[0, 0]
        assert not t.boxed[0, 0]
    # So many are no speck, but every other column does not show them.
    assert not table(stained([(5, y) for y in range(100, 380)])).boxed[0, 0]
    # One right beside it is no matter.
    assert table(stained([(218, 240)])).boxed[0, 0]


def test_a_box_that_rests_on_specks_is_not_drawn():
    for side in (4, 14, 15):
        t = table(stained([(x, y) for x in range(20, 20 + side) for y in range(220, 220 + side)]))
        assert t.visible[0, 0]
        assert t.boxed[0, 0] == (side > 14)  # of 40000 pixels 0.5 % are 200


@pytest.mark.parametrize(("first", "side", "visible"), [(400, 2, False), (324, 4, True)])
def test_no_speck_makes_a_thing_large(first, side, visible):
    # The lamp is 7 pixels wide, and 9.6 are asked for.
    scene = pictured(World().add("lamp", (3, 0, 0), (0.04, 0.04, 1)).camera((0, 0, 0)).scene())
    ids = scene.surface.objects(0).copy()
    ids[200 : 200 + side, first : first + side] = 0
    t = table(replace(scene, surface=replace(scene.surface, objects=lambda frame: ids)))
    assert t.seen[0, 0]
    assert t.visible[0, 0] == visible


def test_boxes_of_images_that_are_too_coarse_are_not_drawn():
    scene = World().add("chair", (3, 0, 0), (1, 1, 1)).camera((0, 0, 0), size=(1280, 960), f=1000.0).scene()
    assert [bool(table(pictured(scene, smaller)).boxed[0, 0]) for smaller in (1, 2, 4)] == [True, True, False]
    small = World().add("chair", (3, 0, 0), (1, 1, 1)).camera((0, 0, 0), size=(160, 120), f=120.0).scene()
    assert table(pictured(small)).boxed[0, 0]


def test_no_depth_leaves_what_pixels_tell():
    scene = pictured(room().scene())
    images = replace(scene.surface, depth_m=lambda frame: 0 * scene.surface.depth_m(frame))
    t = table(replace(scene, surface=images))
    assert t.visible.sum() == 3
    assert t.surface.shape == (1, 0)
    assert np.isinf(t.median_depth_m).all()


def test_a_scene_without_views_or_objects():
    empty = pictured(World().add("chair", (3, 0, 0), (1, 1, 1)).scene())
    assert table(empty, threads=3).share.shape == (0, 1)
    nobody = pictured(World().add(None, (3, 0, 0), (1, 1, 1)).camera((0, 0, 0)).camera((0, 1, 0)).scene())
    t = table(nobody, threads=3)
    assert t.share.shape == (2, 0)
    assert (t.unannotated == 1).all()


def test_each_view_has_its_own_size():
    world = World().add("chair", (3, 0, 0), (1, 1, 1))
    for size in ((640, 480), (320, 240), (240, 320), (640, 480)):
        world.camera((0, 0, 0), size=size, f=size[0] * 0.8)
    t = table(pictured(world.scene()), threads=2)
    assert t.visible.all()
    np.testing.assert_array_equal(t.bbox[0], t.bbox[3])
    assert np.abs(t.bbox[0] - t.bbox[1]).max() <= 3


def test_a_point_that_others_look_through_is_not_seen():
    """Views overlap where their depths agree: a point before what a view sees is not there for it, nor one behind."""
    world = World().add("wall", (4, 0, 0), (0.1, 9, 9)).add("door", (2, 0, 0), (0.1, 1, 9))
    world.camera((0, 0, 0), f=300.0).camera((3, 0, 0), f=300.0)
    scene = pictured(world.scene())
    whole, labels = table(scene), LabelTable.of(scene.objects.label, label_rules())
    assert whole.sees_point.sum(axis=1).min() > 100
    gone = World().add("wall", (4, 0, 0), (0.1, 9, 9)).camera((0, 0, 0), f=300.0).scene()
    through = pictured(gone).surface
    mixed = InstanceImages(
        lambda frame: (through if frame else scene.surface).objects(0),
        lambda frame: (through if frame else scene.surface).depth_m(0),
        np.arange(2),
        "a door that opens",
    )
    t = see(mixed, scene.objects, scene.cameras.take([0, 0]), labels.askable, S, threads=1)
    closed, opened = t.sees_point
    assert (closed & ~opened).sum() > 100
    assert (opened & ~closed).sum() > 100
    assert (closed & opened).sum() > 100


def test_images_that_cannot_be_are_refused():
    scene = pictured(room().scene())
    images = replace(scene.surface, objects=lambda frame: np.full((480, 640), 99))
    with pytest.raises(SceneError, match="instance images, frame 0: pixels name objects 99"):
        table(replace(scene, surface=images))
