"""Meshes drawn into images against a ray through every pixel, triangle by triangle."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import naive
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from worlds import World
from worlds import lens as intrinsics

from spargen.errors import SceneError
from spargen.geometry.frustum import in_image, share_inside
from spargen.geometry.lens_table import LensTable
from spargen.geometry.pictures import Pictures
from spargen.geometry.triangles import DEPTH_BITS
from spargen.geometry.unbend import Unbend
from spargen.scene.cameras import Cameras
from spargen.scene.images import NOT_ANNOTATED, NOTHING
from spargen.scene.lenses import PINHOLE, Lens
from spargen.scene.types import Mesh

FISHEYE = Lens("OPENCV_FISHEYE", (-0.03, -0.008, 0.001, -0.0002))
TURNS_BACK = Lens("OPENCV", (-0.3,))


def camera(size=(64, 48), f=50.0, optics=PINHOLE, at=(0.0, 0.0, 0.0)):
    """Looks along +x, as in worlds."""
    return World().camera(at, f=f, size=size, optics=optics).cameras()


def soup(rng, count, far=6.0, side=2.0, objects=4):
    """Triangles of all kinds all around the camera: some behind it, some across its plane, some edge-on, some lines."""
    middle = rng.uniform([-2, -far / 2, -far / 2], [far, far / 2, far / 2], (count, 3))
    corners = middle[:, None] + rng.uniform(-side, side, (count, 3, 3)) * rng.choice([0.05, 0.3, 1.0], (count, 1, 1))
    corners[::17, 2] = corners[::17, 1]
    corners[5::19] *= [[[1.0], [2.0], [0.5]]]
    owner = rng.integers(-1, objects, count).astype(np.int32)
    return Mesh(corners.reshape(-1, 3), np.arange(3 * count).reshape(-1, 3), owner)


def slow(mesh, cameras, view=0):
    """What each pixel shows, its depth, and which objects it would show alone: every ray through every triangle."""
    width, height = cameras.size_px[view].tolist()
    x, y = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
    origin, towards = cameras.rays(view, np.stack([x, y], axis=-1))
    if cameras.bends[view]:
        # Its directions are those of the table, which are held against exact ones below.
        table = LensTable.of(cameras, view)
        in_camera = np.stack([table.x, table.y, np.ones_like(table.x)], axis=-1)
        towards = in_camera @ cameras.T_world_camera[view, :3, :3].T
    n = int(mesh.face_object.max(initial=-1)) + 1
    best, ids = np.full(len(towards), np.inf), np.full(len(towards), NOTHING)
    alone, doubtful = np.zeros((n, len(towards)), dtype=bool), np.zeros(len(towards), dtype=bool)
    corners = mesh.vertices_m.astype(np.float32).astype(np.float64)
    for face, owner in zip(mesh.faces, mesh.face_object.tolist(), strict=True):
        a, b, c = corners[face] - origin
        volume = np.dot(a, np.cross(b, c))
        if volume == 0:
            continue
        edges = np.stack([towards @ np.cross(*pair) for pair in ((b, c), (c, a), (a, b))]) / volume
        with np.errstate(divide="ignore", invalid="ignore"):
            depth, inside = 1 / edges.sum(axis=0), (edges >= 0).all(axis=0)
        size = np.abs(edges).max(axis=0)
        doubtful |= (np.abs(edges) < 1e-6 * size).any(axis=0) & (edges >= -1e-6 * size).all(axis=0)
        inside &= depth > 1.001e-4
        doubtful |= inside & (np.abs(depth - best) < 1e-5 * depth)
        nearer = inside & (depth < best)
        best[nearer], ids[nearer] = depth[nearer], owner
        if owner >= 0:
            alone[owner] |= inside
    shape = (height, width)
    return ids.reshape(shape), best.reshape(shape), alone.reshape(n, *shape), doubtful.reshape(shape)


def check(mesh, cameras, view=0):
    n = int(mesh.face_object.max(initial=-1)) + 1
    pictures = Pictures(mesh, cameras, n)
    picture = pictures.take(view)
    ids, depth_m, alone, doubtful = slow(mesh, cameras, view)
    np.testing.assert_array_equal(picture.ids[~doubtful], ids[~doubtful])
    with np.errstate(divide="ignore"):
        mine = 1 / (picture.pixels >> DEPTH_BITS).astype(np.int32).view(np.float32)
    np.testing.assert_allclose(mine[~doubtful], depth_m[~doubtful], rtol=2e-5)
    for step in (1, 2, 7):
        met = mine[::step, ::step][np.isfinite(mine[::step, ::step])]
        assert picture.median_depth_m(step) == (np.median(met) if len(met) else np.inf)
    for number in range(NOTHING, n):
        shown = picture.ids == number
        assert picture.counts[number - NOTHING] == shown.sum()
        if shown.any():
            y, x = np.nonzero(shown)
            assert picture.boxes[number - NOTHING].tolist() == [x.min(), y.min(), x.max() + 1, y.max() + 1]
    counted = pictures.alone(view, np.arange(n))
    assert (np.abs(counted - alone.sum(axis=(1, 2))) <= (alone & doubtful).sum(axis=(1, 2))).all()
    return picture


@pytest.mark.parametrize("optics", [PINHOLE, FISHEYE, TURNS_BACK], ids=["pinhole", "fisheye", "turns back"])
@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6), count=st.integers(1, 60), f=st.floats(15.0, 120.0))
def test_a_soup_of_triangles_is_what_rays_meet(optics, seed, count, f):
    check(soup(np.random.default_rng(seed), count), camera(f=f, optics=optics))


@pytest.mark.parametrize("optics", [PINHOLE, FISHEYE], ids=["pinhole", "fisheye"])
def test_thousands_of_triangles_hide_each_other(optics):
    """Whole clusters lie behind what is nearer, and are left out."""
    rng = np.random.default_rng(7)
    mesh = soup(rng, 3000, far=12.0, side=0.6, objects=12)
    wall = np.array([[0.8, -3, -0.4], [0.8, 3, -0.4], [0.8, 3, 3.0], [0.8, -3, 3.0]])
    p = len(mesh.vertices_m)
    mesh = Mesh(
        np.concatenate([mesh.vertices_m, wall]),
        np.concatenate([mesh.faces, [[p, p + 1, p + 2], [p, p + 2, p + 3]]]),
        np.append(mesh.face_object, [12, 12]),
    )
    picture = check(mesh, camera(size=(160, 120), f=110.0, optics=optics))
    assert picture.counts[12 - NOTHING] > 3000


def fan(rng, count, depth_m):
    """A disc of slices around a point of the image where a pixel's centre may lie."""
    turn = (np.arange(count) + rng.uniform(0, 0.8, count)) * (2 * np.pi / count)
    rim = np.stack([np.full(count, depth_m), 9 * np.cos(turn), 9 * np.sin(turn)], axis=-1)
    hub = np.array([[depth_m, (32 - rng.integers(10, 50) - 0.5) / 50 * depth_m, 0.0]])
    k = np.arange(count)
    return Mesh(np.concatenate([hub, rim]), np.stack([0 * k, 1 + k, 1 + (k + 1) % count], axis=-1), np.zeros(count))


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6), optics=st.sampled_from([PINHOLE, FISHEYE]))
def test_no_pixel_lies_between_triangles_that_share_an_edge(seed, optics):
    rng = np.random.default_rng(seed)
    mesh = fan(rng, int(rng.integers(7, 40)), 2.0)
    picture = Pictures(mesh, camera(optics=optics), 1).take(0)
    assert (picture.ids == 0).all()


@pytest.mark.parametrize("steps", [16, 64, 160])
def test_no_pixel_lies_between_squares_whose_borders_run_through_pixels(steps):
    """A wall in squares whose corners project to centres of pixels, to corners of pixels, and between them."""
    edge = np.linspace(-32, 32, steps + 1) / 50 * 2.0
    y, z = np.meshgrid(edge, edge)
    grid = np.stack([np.full(y.size, 2.0), y.ravel(), z.ravel()], axis=-1)
    i, j = (k.ravel() for k in np.meshgrid(np.arange(steps), np.arange(steps)))
    a = j * (steps + 1) + i
    faces = np.concatenate([np.stack([a, a + 1, a + steps + 2], -1), np.stack([a, a + steps + 2, a + steps + 1], -1)])
    for c in ((32.0, 24.0), (32.5, 24.5), (32.25, 24.0)):
        cameras = World().camera((0, 0, 0), f=50.0, c=c, size=(64, 48)).cameras()
        picture = Pictures(Mesh(grid, faces, np.zeros(len(faces))), cameras, 1).take(0)
        assert (picture.ids[1:-1, 1:-1] == 0).all()


def test_a_wall_that_the_camera_stands_in_front_of_and_beside_reaches_behind_it():
    wall = np.array([[-5, 0.3, -1], [5, 0.3, -1], [5, 0.3, 1], [-5, 0.3, 1]])
    mesh = Mesh(wall, [[0, 1, 2], [0, 2, 3]], [0, 0])
    picture = check(mesh, camera())
    assert (picture.ids[:, :16] == 0).all()  # as far as f * 0.3 / 5 = 3 pixels left of the middle
    assert (picture.ids[23, 16:29] == 0).all()
    assert (picture.ids[:, 32:] == NOTHING).all()


def test_a_strip_whose_ends_before_the_camera_lie_beside_the_image_shows_in_its_middle():
    """Seen askew, it runs from beyond the right border past the camera's nose to behind it."""
    strip = np.array([[-2.97, 0.1414, -0.05], [1.98, 0.1414, -0.05], [1.98, 0.1414, 0.05], [-2.97, 0.1414, 0.05]])
    cameras = World().camera((0, 0, 0), heading_deg=45, f=50.0, size=(64, 48)).cameras()
    picture = check(Mesh(strip, [[0, 1, 2], [0, 2, 3]], [0, 0]), cameras)
    assert (picture.ids[23, 8:] == 0).all()


def test_what_a_wall_hides_in_part_shows_beside_it():
    """The wall is of many pieces, so that what is behind it is looked for when it stands there already."""
    steps = 40
    y, z = np.meshgrid(np.linspace(0, 2, steps + 1), np.linspace(-2, 2, steps + 1))
    wall = np.stack([np.full(y.size, 2.0), y.ravel(), z.ravel()], axis=-1)
    i, j = (k.ravel() for k in np.meshgrid(np.arange(steps), np.arange(steps)))
    a, p = j * (steps + 1) + i, len(wall)
    faces = np.concatenate([np.stack([a, a + 1, a + steps + 2], -1), np.stack([a, a + steps + 2, a + steps + 1], -1)])
    behind = np.array([[5.0, -9, -9], [5, 9, -9], [5, 9, 9], [5, -9, 9]])
    mesh = Mesh(
        np.concatenate([wall, behind]),
        np.concatenate([faces, [[p, p + 1, p + 2], [p, p + 2, p + 3]]]),
        [0] * len(faces) + [1, 1],
    )
    ids = check(mesh, camera()).ids
    assert (ids[:, :31] == 0).all()
    assert (ids[:, 33:] == 1).all()


@pytest.mark.parametrize("gap", [(0, 0), (15, 15), (21, 19), (37, 40), (63, 47)])
def test_through_a_gap_of_one_pixel_shows_what_is_behind_two_walls(gap):
    """Each pixel is a square of either wall, so that all of both stands there when what is behind is looked for."""
    column, row = (k.ravel() for k in np.meshgrid(np.arange(64), np.arange(48)))
    keep = (column != gap[0]) | (row != gap[1])
    x, y = column[keep, None] + [0, 1, 1, 0], row[keep, None] + [0, 0, 1, 1]
    square = np.stack([np.ones(x.shape), (32 - x) / 50, (24 - y) / 50], axis=-1).reshape(-1, 3)
    behind = np.array([[1.0, 9, -9], [1, 9, 9], [1, -9, 9], [1, -9, -9]])
    corners = np.concatenate([2 * square, 3 * square, 5 * behind])
    a = np.arange(0, len(corners), 4)
    faces = np.concatenate([np.stack([a, a + 1, a + 2], -1), np.stack([a, a + 2, a + 3], -1)])
    owner = np.tile([*[0] * keep.sum(), *[1] * keep.sum(), 2], 2)
    picture = Pictures(Mesh(corners, faces, owner), camera(), 3).take(0)
    assert np.argwhere(picture.ids != 0).tolist() == [[gap[1], gap[0]]]
    assert picture.ids[gap[1], gap[0]] == 2


@pytest.mark.parametrize("right_angle", range(4))
def test_a_triangle_whose_sides_run_along_rows_and_columns(right_angle):
    corners = np.array([[2.0, -0.51, -0.61], [2, 0.91, -0.61], [2, 0.91, 0.71], [2, -0.51, 0.71]])
    mesh = Mesh(np.delete(corners, right_angle, axis=0), [[0, 1, 2]], [0])
    assert 500 < check(mesh, camera()).counts[0 - NOTHING] < 700


def test_what_belongs_to_nobody_hides_and_is_told_from_nothing():
    w = (
        World()
        .add("chair", (4, 0, 0), (1, 1, 1))
        .add(None, (2, 0, 0), (0.1, 0.3, 0.3))
        .camera((0, 0, 0), f=50.0, size=(64, 48))
    )
    ids = Pictures(w.mesh(), w.cameras(), 1).take(0).ids
    assert set(np.unique(ids).tolist()) == {NOTHING, NOT_ANNOTATED, 0}
    np.testing.assert_array_equal(ids, naive.picture(w, 0)[0])


def test_of_two_things_at_one_place_the_later_shows_in_whatever_order_they_come():
    square = np.array([[2.0, -1, -1], [2, 1, -1], [2, 1, 1], [2, -1, 1]])
    faces = np.array([[0, 1, 2], [0, 2, 3], [0, 1, 2], [0, 2, 3]])
    for owner in ([0, 0, 1, 1], [1, 1, 0, 0]):
        assert set(np.unique(Pictures(Mesh(square, faces, owner), camera(), 2).take(0).ids)) == {1, NOTHING}


def test_nothing_to_draw():
    empty = Mesh(np.zeros((0, 3)), np.zeros((0, 3)), np.zeros(0))
    pictures = Pictures(empty, camera(), 2)
    assert (pictures.take(0).ids == NOTHING).all()
    assert pictures.alone(0, np.array([0, 1])).tolist() == [0, 0]


def test_faces_belong_to_objects_that_there_are():
    mesh = Mesh(np.eye(3), [[0, 1, 2]], [4])
    Pictures(mesh, camera(), 5).take(0)
    with pytest.raises(SceneError, match="object 4 of 4"):
        Pictures(mesh, camera(), 4)


def test_corners_that_no_image_can_show():
    """Far beyond all numbers of pixels, at the eye itself, and in its plane."""
    corners = np.array(
        [
            [[1e-30, 1e9, 0], [1e-3, -1e9, 1], [1, 0, 1e9]],
            [[0, 0, 0], [2, 0.1, 0], [2, 0, 0.1]],
            [[0, 1, 0], [0, -1, 0], [0, 0, 1]],
            [[1e7, 1, 0], [1e7, -1, 0], [1e7, 0, 1]],
        ]
    )
    mesh = Mesh(corners.reshape(-1, 3), np.arange(12).reshape(-1, 3), np.arange(4))
    for optics in (PINHOLE, FISHEYE):
        picture = Pictures(mesh, camera(optics=optics), 4).take(0)
        assert picture.counts.sum() == 64 * 48


def test_pictures_of_two_threads_are_their_own():
    rng = np.random.default_rng(1)
    mesh = soup(rng, 400, objects=5)
    cameras = World()
    for k in range(12):
        cameras.camera((0, 0, 0), heading_deg=30 * k, f=50.0, size=(64, 48) if k % 3 else (48, 64))
    pictures = Pictures(mesh, cameras.cameras(), 5)
    one = [pictures.take(k).ids.copy() for k in range(12)]
    with ThreadPoolExecutor(4) as pool:
        many = list(pool.map(lambda k: pictures.take(k % 12).ids.copy(), range(120)))
    for k, ids in enumerate(many):
        np.testing.assert_array_equal(ids, one[k % 12])


# -- the table of a lens -----------------------------------------------------------------------------------------------

LENSES = {
    "phone": (Lens("OPENCV", (0.12, -0.25, 0.0006, -0.0004)), 143.0, (192, 144)),
    "fisheye": (Lens("OPENCV_FISHEYE", (-0.0292, -0.0085, 0.0011, -0.0002)), 79.0, (175, 116)),
    "fisheye that sees sideways": (Lens("OPENCV_FISHEYE", (0.02,)), 57.0, (192, 144)),
    "polynomial that turns back": (Lens("OPENCV", (-0.3,)), 99.0, (193, 143)),
}


@pytest.mark.parametrize("name", LENSES)
def test_each_pixel_that_looks_anywhere_is_in_the_cell_of_where_it_looks(name):
    optics, f, size = LENSES[name]
    K = intrinsics(f, None, size)
    cameras = Cameras([K / 2 + np.diag([0, 0, 0.5]), K], [np.eye(4)] * 2, [(99, 77), size], [PINHOLE, optics])
    table = LensTable.of(cameras, 1)
    x, y = np.meshgrid(np.arange(size[0]) + 0.5, np.arange(size[1]) + 0.5)
    _, exact = cameras.rays(1, np.stack([x, y], axis=-1))
    looks = np.stack([table.x, table.y, np.ones_like(table.x)], axis=-1)
    np.testing.assert_array_equal(np.isnan(looks[:, 0]), np.isnan(exact[:, 0]))
    off_px = np.abs(cameras.pixels([1], looks[None])[0] - np.stack([x, y], axis=-1).reshape(-1, 2))
    assert np.nanmax(off_px) < 0.05
    assert sorted(table.pixel.tolist()) == np.flatnonzero(np.isfinite(exact[:, 0])).tolist()
    assert (table.first[0], table.first[-1]) == (0, len(table.pixel))
    cell = np.repeat(np.arange(table.rows * table.columns), np.diff(table.first))
    for axis, (looks, count, at) in enumerate(
        ((table.x, table.columns, cell % table.columns), (table.y, table.rows, cell // table.columns))
    ):
        squeezed = looks[table.pixel] / (1 + np.abs(looks[table.pixel]))
        inside = (squeezed - table.low[axis]) / table.step[axis]
        assert (np.clip(np.floor(inside), 0, count - 1) == at).all()
    assert np.diff(table.first).max() < 60


def test_a_lens_that_shows_nothing_at_all_draws_nothing(monkeypatch):
    cameras = camera(optics=FISHEYE)
    monkeypatch.setattr(Unbend, "directions", lambda self, at: np.full((len(at), 3), np.nan, dtype=np.float32))
    picture = Pictures(soup(np.random.default_rng(0), 50), cameras, 4).take(0)
    assert (picture.ids == NOTHING).all()


@pytest.mark.parametrize("optics", [PINHOLE, FISHEYE], ids=["pinhole", "fisheye"])
def test_shares_of_points_in_the_image_are_those_of_points_one_by_one(optics):
    rng, cameras = np.random.default_rng(0), camera(optics=optics)
    points_m = rng.uniform([-1, -4, -4], 4, (30, 200, 3)).astype(np.float32)
    shares = share_inside(cameras, 0, points_m)
    pixels = cameras.pixels([0], cameras.to_camera(points_m.reshape(-1, 3)))[0]
    in_front = cameras.to_camera(points_m.reshape(-1, 3))[0, :, 2] > 0
    inside = in_front & (pixels >= 0).all(axis=1) & (pixels < cameras.size_px[0]).all(axis=1)
    np.testing.assert_array_equal(shares, inside.reshape(30, 200).mean(axis=1))
    np.testing.assert_array_equal(shares, in_image(cameras, 0, points_m)[1].mean(axis=1))
    assert 0 < shares.mean() < 1
