"""The rasteriser: pictures on paper, a twin in plain loops, edges without gaps, lenses that bend."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from worlds import World, furnished, pose

from spargen.scene.lenses import PINHOLE, Lens
from spargen.verify import raster
from spargen.verify.optics import View
from spargen.verify.raster import draw

LENSES = [
    PINHOLE,
    Lens("OPENCV", (-0.28, 0.07, 0.001, -0.002, 0.01)),
    Lens("OPENCV", (-0.4, 0.0)),
    Lens("OPENCV_FISHEYE", (0.05, -0.01, 0.003, -0.001)),
    Lens("OPENCV_FISHEYE", (-0.3, 0.0, 0.0, 0.0)),
]
IDENTITY = np.eye(4)


def view(T=IDENTITY, f=50.0, size=(80, 60), lens=PINHOLE, skew=0.0):
    return View(
        "0", np.asarray(T, float), np.array([[f, skew, size[0] / 2], [0, f, size[1] / 2], [0, 0, 1]]), size, lens
    )


def twin(seen, vertices, faces, columns):
    """Rays against triangles, one pair at a time: Moeller & Trumbore 1997."""
    looks = seen.lattice(columns)
    shown, depth = np.full(looks.shape[:2], -1), np.full(looks.shape[:2], np.inf)
    X = seen.camera(vertices)
    for row, column in np.ndindex(shown.shape):
        d = np.append(looks[row, column], 1.0)
        if not np.isfinite(d).all():
            continue
        for number, (a, b, c) in enumerate(X[faces]):
            p = np.cross(d, c - a)
            det = (b - a) @ p
            if abs(det) < 1e-12:
                continue
            u = -a @ p / det
            q = np.cross(-a, b - a)
            v, t = d @ q / det, (c - a) @ q / det
            if min(u, v, 1 - u - v) >= -1e-9 and 1e-3 < t < depth[row, column] * (1 - 1e-7):
                shown[row, column], depth[row, column] = number, t
    return shown, depth


def test_a_square_on_paper():
    """A square from -1 to 1 at 2 m, f = 50: 50 of 80 pixels wide, its edges at pixels 15 and 65, 5 and 55."""
    square = np.array([[-1, -1, 2], [1, -1, 2], [1, 1, 2], [-1, 1, 2.0]])
    seen = draw(view(), square, np.array([[0, 1, 2], [0, 2, 3]]), 80)
    want = np.zeros((60, 80), bool)
    want[5:55, 15:65] = True
    np.testing.assert_array_equal(seen.face >= 0, want)
    assert set(seen.depth_m[want].tolist()) == {2.0}
    assert np.isinf(seen.depth_m[~want]).all()
    assert (seen.face[:, :] == 0)[10, 60]  # above the diagonal, below it the other
    assert (seen.face == 1)[50, 20]
    coarse = draw(view(), square, np.array([[0, 1, 2], [0, 2, 3]]), 16)
    assert coarse.face.shape == (12, 16)
    assert (coarse.face >= 0).sum() == 100


@pytest.mark.parametrize("lens", LENSES, ids=lambda lens: f"{lens.model}{lens.coefficients[:2]}")
def test_its_twin_in_plain_loops_sees_the_same(lens):
    rng = np.random.default_rng(5)
    seen_at_all = 0
    for trial in range(6):
        vertices = rng.uniform(-2, 2, (24, 3)) + np.array([1.5, 0, 0])  # before, around and behind the camera
        faces = rng.choice(24, (14, 3))
        T = pose(rng.uniform(-0.3, 0.3, 3), *rng.uniform(-60, 60, 2))
        seen = view(T, f=rng.uniform(8, 30), size=(24, 18), lens=lens, skew=rng.uniform(-1, 1))
        shown, depth = twin(seen, vertices, faces, 24)
        picture = draw(seen, vertices, faces, 24)
        assert (picture.face != shown).mean() < 0.01, trial  # a pixel on an edge may fall either way
        same = (picture.face == shown) & (shown >= 0)
        np.testing.assert_allclose(picture.depth_m[same], depth[same], rtol=1e-4)
        seen_at_all += (shown >= 0).mean()
    assert seen_at_all > 2


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10_000))
def test_a_closed_mesh_has_no_gaps(seed):
    """From within a sphere of uneven triangles every pixel shows something, at every angle and size."""
    rng = np.random.default_rng(seed)
    t, p = np.meshgrid(np.linspace(0, np.pi, 13), np.linspace(0, 2 * np.pi, 24, endpoint=False), indexing="ij")
    points = np.stack([np.sin(t) * np.cos(p), np.sin(t) * np.sin(p), np.cos(t)], -1).reshape(-1, 3)
    points *= rng.uniform(0.8, 1.2, (len(points), 1))
    points[:24], points[-24:] = points[0], points[-1]
    i = np.arange(13 * 24).reshape(13, 24)
    q = np.stack([i[:-1], i[1:], np.roll(i, -1, 1)[1:], np.roll(i, -1, 1)[:-1]], -1).reshape(-1, 4)
    faces = np.concatenate([q[:, [0, 1, 2]], q[:, [0, 2, 3]]])
    T = pose(rng.uniform(-0.2, 0.2, 3), rng.uniform(0, 360), rng.uniform(-80, 80), rng.uniform(-90, 90))
    assert (draw(view(T), points, faces, 80).face >= 0).all()


def test_pixels_on_a_shared_edge_belong_to_a_face():
    """The edge runs through the middles of a column's pixels, exactly: they show the face of the lower number."""
    x = (40.5 - 40) / 50 * 2
    points = np.array([[-1, -1, 2], [x, -1, 2], [x, 1, 2], [-1, 1, 2], [1, -1, 2], [1, 1, 2.0]])
    left, right = [[0, 1, 2], [0, 2, 3]], [[1, 4, 5], [1, 5, 2]]
    for faces, of_edge in ((left + right, {0, 1}), (right + left, {0, 1})):
        seen = draw(view(), points, np.array(faces), 80).face
        assert (seen[6:54, 16:64] >= 0).all()
        assert set(seen[6:54, 40].tolist()) <= of_edge


def test_of_faces_at_one_depth_the_lowest_number_is_shown_and_both_sides_are_seen():
    points = np.array([[-1, -1, 2], [1, -1, 2], [1, 1, 2.0]])
    for faces in ([[0, 1, 2], [2, 1, 0]], [[2, 1, 0], [0, 1, 2]]):
        assert set(draw(view(), points, np.array(faces), 80).face.ravel().tolist()) == {-1, 0}


def test_a_window_is_a_part_of_the_picture():
    w = furnished(frames=4).scene()
    seen = View("0", w.cameras.T_world_camera[1], w.cameras.K[1], (640, 480), PINHOLE)
    whole = draw(seen, w.surface.vertices_m, w.surface.faces, 160)
    part = draw(seen, w.surface.vertices_m, w.surface.faces, 160, (31, 17, 90, 83))
    np.testing.assert_array_equal(part.face, whole.face[17:83, 31:90])
    np.testing.assert_array_equal(part.depth_m, whole.depth_m[17:83, 31:90])


@pytest.mark.parametrize("lens", [PINHOLE, LENSES[3]], ids=lambda lens: lens.model)
def test_what_is_left_out_because_it_lies_behind_is_not_to_be_seen(lens, monkeypatch):
    """Drawn few at a time, with what is hidden left out, and all at once: the pictures are the same."""
    w = furnished(frames=4).scene()
    vertices, faces = w.surface.vertices_m, w.surface.faces
    for k in range(4):
        seen = View("0", w.cameras.T_world_camera[k], w.cameras.K[k], (640, 480), lens)
        monkeypatch.setattr(raster, "AT_ONCE", 10**9)
        whole = draw(seen, vertices, faces, 160)
        monkeypatch.setattr(raster, "AT_ONCE", 500)
        piecewise = draw(seen, vertices, faces, 160)
        np.testing.assert_array_equal(piecewise.face, whole.face)
        np.testing.assert_array_equal(piecewise.depth_m, whole.depth_m)


def test_a_floor_that_passes_below_the_camera_is_seen_up_to_the_border():
    floor = np.array([[-50, -50, 0], [50, -50, 0], [0, 80, 0.0]])
    seen = draw(view(pose((0, 0, 1)), f=300.0, size=(640, 480)), floor, np.array([[0, 1, 2]]), 64)
    assert (seen.face[25:] == 0).all()
    assert (seen.face[:23] == -1).all()
    rows = np.arange(25, 48)
    np.testing.assert_allclose(seen.depth_m[25:, 30], 30 / ((rows + 0.5) - 24), rtol=1e-5)


@pytest.mark.parametrize("lens", LENSES[1:], ids=lambda lens: f"{lens.model}{lens.coefficients[:2]}")
def test_what_a_lens_shows_it_also_looks_at(lens):
    seen = view(f=30.0, lens=lens)
    rng = np.random.default_rng(1)
    points = rng.uniform(-1, 1, (400, 3)) * [1, 1, 0.4] + [0, 0, 1.0]
    pixels = seen.pixels(points)
    inside = seen.inside(pixels)
    assert inside.sum() > 50
    looks = seen.looks(pixels[inside])
    np.testing.assert_allclose(looks, points[inside, :2] / points[inside, 2:], atol=1e-7)


@pytest.mark.parametrize("lens", LENSES, ids=lambda lens: f"{lens.model}{lens.coefficients[:2]}")
def test_the_first_path_shows_points_at_the_same_pixels(lens):
    """The two know nothing of each other; where they differ, one of them is wrong."""
    w = World().camera((0, 0, 1), 20, -10, 5, f=200.0, optics=lens)
    cameras = w.cameras()
    seen = View("0", cameras.T_world_camera[0], cameras.K[0], (640, 480), lens)
    points = np.random.default_rng(2).uniform(-3, 3, (2000, 3)) + np.array([3, 0, 1])
    theirs, depth = cameras.project(points)
    ours = seen.pixels(points)
    front = depth[0] > 1e-3
    both = front & np.isfinite(ours).all(axis=1) & np.isfinite(theirs[0]).all(axis=1)
    np.testing.assert_allclose(ours[both], theirs[0][both], atol=1e-6)
    one = np.isfinite(ours[front]).all(axis=1) != np.isfinite(theirs[0][front]).all(axis=1)
    assert one.mean() < 0.002  # the limit is tabulated in steps of 0.005 degrees
    np.testing.assert_allclose(seen.camera(points)[:, 2], depth[0])
    assert (seen.heading, seen.elevation, seen.roll) == pytest.approx(
        (np.degrees(cameras.heading_rad[0]), cameras.elevation_deg[0], cameras.roll_deg[0])
    )
