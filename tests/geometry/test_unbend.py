"""The table of where a lens looks against solving for every ray."""

from __future__ import annotations

import numpy as np
import pytest
from worlds import lens as pinhole

from spargen.geometry.unbend import Unbend
from spargen.scene.cameras import Cameras
from spargen.scene.lenses import PINHOLE, Lens

LENSES = {
    "phone": (Lens("OPENCV", (0.12, -0.25, 0.0006, -0.0004)), 1430.0, (1920, 1440)),
    "webcam": (Lens("OPENCV", (-0.3, 0.1, 0.001, -0.0005)), 500.0, (640, 480)),
    "fisheye": (Lens("OPENCV_FISHEYE", (-0.0292, -0.0085, 0.0011, -0.0002)), 790.0, (1752, 1168)),
    "fisheye that sees sideways": (Lens("OPENCV_FISHEYE", (0.02,)), 190.0, (640, 480)),
    "polynomial that turns back": (Lens("OPENCV", (-0.3,)), 330.0, (641, 479)),
}


@pytest.mark.parametrize("name", LENSES)
def test_the_table_is_as_good_as_solving(name):
    optics, f, size = LENSES[name]
    K = pinhole(f, None, size)
    # Among others, so that it takes those of its own camera.
    cameras = Cameras([K / 2 + np.diag([0, 0, 0.5]), K], [np.eye(4)] * 2, [(99, 77), size], [PINHOLE, optics])
    uv = np.random.default_rng(0).uniform([0, 0], size, (50_000, 2))
    uv = np.concatenate([uv, [[0, 0], [size[0], size[1]], [0.5, size[1] - 0.5], [size[0] - 0.5, 0.5]]])
    _, exact = cameras.rays(1, uv)
    quick = Unbend(cameras, 1).directions(uv)
    assert quick.dtype == np.float32
    np.testing.assert_array_equal(np.isnan(quick), np.isnan(exact))
    shown = np.isfinite(exact[:, 0])
    assert 0.5 < shown.mean() <= 1
    np.testing.assert_allclose(quick[shown, 2], 1.0, atol=1e-6)
    # In pixels; what is almost sideways is far away in the plane Z = 1, where float32 is the limit.
    off = np.abs(cameras.pixels([1], quick[None, shown].astype(np.float64))[0] - uv[shown]).max(axis=1)
    assert np.nanmax(off) < 0.05
    assert np.isnan(off).mean() < 1e-3
