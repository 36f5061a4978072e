"""Pictures of the house through lenses: the same things, at the pixels where the lens shows them."""

from dataclasses import replace

import numpy as np
import pytest

from spargen.demo import build_house, walk_cameras
from spargen.demo.render import Renderer, prepare
from spargen.geometry.raycast import RayCaster
from spargen.scene.lenses import Lens

FISHEYE = Lens("OPENCV_FISHEYE", (-0.02, 0.01, -0.006, 0.001))
BARREL = Lens("OPENCV", (-0.28, 0.07, 1e-3, -5e-4))
# Wide enough for the lens to show nothing in the corners.
DARK = Lens("OPENCV", (-0.6, 0.0, 0.0, 0.0))


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


def test_without_a_lens_nothing_changes(house, renderer):
    cameras = walk_cameras(house, 12).take([5])
    plain, straight = renderer.render(cameras, 0), renderer.render(replace(cameras, lens=(Lens("PINHOLE"),)), 0)
    assert np.array_equal(plain[0], straight[0])
    assert np.array_equal(plain[1], straight[1])
