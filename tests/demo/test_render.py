"""Pictures of the house through lenses: the same things, at the pixels where the lens shows them."""

from dataclasses import replace

import numpy as np
import pytest

from spargen.demo import build_house, walk_cameras
from spargen.demo.light import bake
from spargen.demo.materials import LEVELS, SIZE_PX, TILE_M, texture_stack
from spargen.demo.render import Renderer, prepare
from spargen.geometry.raycast import RayCaster
from spargen.scene.lenses import Lens

FISHEYE = Lens("OPENCV_FISHEYE", (-0.02, 0.01, -0.006, 0.001))
BARREL = Lens("OPENCV", (-0.28, 0.07, 1e-3, -5e-4))
# Wide enough for the lens to show nothing in the corners.
DARK = Lens("OPENCV", (-0.6, 0.0, 0.0, 0.0))
# Askew enough for what it shows to have a ragged edge.
RAGGED = Lens("OPENCV", (-0.4, 0.16, 0.12, -0.1))


@pytest.fixture(scope="module")
def house():
    return build_house(3, 0.4)


@pytest.fixture(scope="module")
def renderer(house):
    return Renderer(prepare(house), threads=1)


@pytest.mark.parametrize("lens", [FISHEYE, BARREL, DARK])
def test_a_lens_shows_each_pixel_what_its_ray_meets(house, renderer, lens):
    cameras = replace(walk_cameras(house, 12).take([5]), lens=(lens,))
    color, depth = renderer.render(cameras, 0)
    height, width = depth.shape
    v, u = np.mgrid[0:height:7, 0:width:7].reshape(2, -1)
    origin, direction = cameras.rays(0, np.stack([u, v], -1) + 0.5)
    shown = np.isfinite(direction).all(axis=1)
    face, z = RayCaster(house.vertices_m, house.faces).cast(origin, direction[shown])
    got = depth[v, u] / 1000.0
    assert shown.all() if lens is not DARK else 0 < (~shown).sum() < len(shown) / 2
    assert not got[~shown].any()
    assert not color[v, u][~shown].any()
    # A pixel between others may take the face of its neighbours for its own at a thin thing's edge.
    assert (np.abs(got[shown] - np.where(face >= 0, z, 0)) < 2e-3).mean() > 0.995


def test_a_pixel_that_a_lens_leaves_dark_shows_no_face(house, renderer):
    """Along a ragged edge, neighbours that all show one wall say nothing about what is between them."""
    cameras = replace(walk_cameras(house, 12).take([5]), lens=(RAGGED,))
    color, depth, face = renderer.render_with_faces(cameras, 0)
    v, u = np.indices(face.shape)
    _, direction = cameras.rays(0, np.stack([u, v], -1) + 0.5)
    dark = np.isnan(direction[:, 0]).reshape(face.shape)
    assert 0.1 < dark.mean() < 0.3
    assert (face[dark] == -1).all()
    assert not color[dark].any()
    assert not depth[dark].any()


@pytest.mark.parametrize(("baked", "bound", "within"), [(-0.3, 0.12, 0.2), (0.0, 0.12, 0.2), (9.0, 1.35, 1.1)])
def test_light_is_neither_pitch_dark_nor_glaring(house, baked, bound, within):
    """What is baked goes on linearly to the ends of a face, and may leave its bounds there."""
    paint, cameras = prepare(house), walk_cameras(house, 12).take([5])

    def lit(light):
        linear = paint.linear.copy()
        linear[0] = np.array([0, 0, 0, light])[:, None]
        return Renderer(paint._replace(linear=linear), threads=1).render(cameras, 0)[0]

    assert np.array_equal(lit(baked), lit(bound))
    assert not np.array_equal(lit(within), lit(bound))


def test_without_a_lens_nothing_changes(house, renderer):
    cameras = walk_cameras(house, 12).take([5])
    plain, straight = renderer.render(cameras, 0), renderer.render(replace(cameras, lens=(Lens("PINHOLE"),)), 0)
    assert np.array_equal(plain[0], straight[0])
    assert np.array_equal(plain[1], straight[1])


def test_a_pixel_has_its_object_s_colour_its_texel_and_its_light():
    """Worked out from the corners of the face that it shows, one pixel after the other."""
    house = build_house(0, 1.0)
    cameras, renderer = walk_cameras(house, 6), Renderer(prepare(house), threads=1)
    light, texels = bake(house, RayCaster(house.vertices_m, house.faces)), texture_stack()
    rng, off, levels = np.random.default_rng(0), [], []
    for view in range(len(cameras)):
        color, depth, face = renderer.render_with_faces(cameras, view)
        assert not color[face < 0].any()
        v, u = np.nonzero(face >= 0)
        far = np.flatnonzero(depth[v, u] > 3200)
        for k in [*rng.choice(len(u), 100).tolist(), *rng.choice(far, min(len(far), 100)).tolist()]:
            origin, (direction,) = cameras.rays(view, [(u[k] + 0.5, v[k] + 0.5)])
            corners = house.faces[face[v[k], u[k]]]
            a, b, c = house.vertices_m[corners].astype(np.float64)
            z, *share = np.linalg.solve(np.column_stack([direction, a - b, a - c]), a - origin)
            weight = np.array([1 - sum(share), *share])
            assert abs(z - depth[v[k], u[k]] / 1000) < 2e-3
            material = house.material[corners[0]]
            level = min(int(np.log2(max(z / 1.6, 1.0))), LEVELS - 1)
            column, row = np.floor(weight @ house.uv_m[corners] * SIZE_PX / TILE_M[material]).astype(int) % SIZE_PX
            texel = texels[material, level, row, column]
            lit = min(max(weight @ light[corners], 0.12), 1.35) * (1 - 0.012 * z)
            off.append(np.abs(np.minimum(house.rgb[corners[0]] / 128 * texel * lit, 255) - color[v[k], u[k]]).max())
            levels.append(level)
    # At the edge of a texel rounding decides which one it is.
    assert np.mean(np.array(off) < 1.01) > 0.99
    assert np.count_nonzero(levels) > 100
