"""What lenses do to an image: closed forms, there and back again over whole images, and where they end."""

from __future__ import annotations

import naive
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from worlds import lens as pinhole
from worlds import pose

from spargen.errors import SceneError
from spargen.scene.cameras import Cameras
from spargen.scene.lenses import PINHOLE, Lens, lens_of_colmap

MODELS = {
    "phone, wide": ("OPENCV", (1430.0, 1431.5, 961.2, 718.4, 0.12, -0.25, 0.0006, -0.0004), (1920, 1440)),
    "webcam": ("OPENCV", (500.0, 500.0, 320.0, 240.0, -0.3, 0.1, 0.001, -0.0005), (640, 480)),
    "DSLR, fisheye": ("OPENCV_FISHEYE", (789.8, 791.4, 878.3, 585.7, -0.0292, -0.0085, 0.0011, -0.0002), (1752, 1168)),
    "simple": ("SIMPLE_RADIAL", (600.0, 320.0, 240.0, -0.28), (640, 480)),
    "radial": ("RADIAL", (700.0, 640.0, 360.0, 0.05, -0.02), (1280, 720)),
    "simple fisheye": ("SIMPLE_RADIAL_FISHEYE", (300.0, 320.0, 240.0, 0.04), (640, 480)),
    "radial fisheye": ("RADIAL_FISHEYE", (300.0, 320.0, 240.0, -0.05, 0.01), (640, 480)),
}


def camera(model, params, size):
    K, optics = lens_of_colmap(model, params)
    return Cameras(K[None], pose((1.0, -2.0, 1.5), 30, -20, 5)[None], [size], [optics])


@pytest.mark.parametrize("name", MODELS)
def test_every_pixel_there_and_back_again(name):
    cameras = camera(*MODELS[name])
    width, height = cameras.size_px[0]
    u, v = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
    uv = np.stack([u.ravel(), v.ravel()], axis=-1)
    origin, direction = cameras.rays(0, uv)
    assert np.isfinite(direction).all()
    np.testing.assert_allclose(direction @ cameras.T_world_camera[0, :3, 2], 1.0, atol=1e-12)
    pixels, depth_m = cameras.project(origin + 3.7 * direction)
    np.testing.assert_allclose(depth_m[0], 3.7, atol=1e-9)
    assert np.abs(pixels[0] - uv).max() < 1e-6


@given(
    st.tuples(*[st.floats(-0.3, 0.3)] * 2, *[st.floats(-0.01, 0.01)] * 2, st.floats(-0.1, 0.1)),
    st.integers(0, 10**6),
)
@settings(max_examples=60)
def test_what_the_lens_shows_at_a_place_it_is_found_at(coefficients, seed):
    optics = Lens("OPENCV", coefficients)
    xy = np.random.default_rng(seed).uniform(-1.2, 1.2, (300, 2))
    shown, holds = optics.distort(xy)
    back, found = optics.undistort(shown[holds])
    # At a fold, where two places become one, there is no telling them apart: no ray then.
    assert found.mean() > 0.95
    again, _ = optics.distort(back[found])
    np.testing.assert_allclose(again, shown[holds][found], atol=1e-9)
    # Well inside the range there is only one such place.
    inner = np.hypot(*xy[holds].T) < 0.6 * min(optics.limit, 1.0)
    assert found[inner].all()
    np.testing.assert_allclose(back[inner], xy[holds][inner], atol=1e-6)


@pytest.mark.parametrize("coefficients", [(0.28125, -0.125), (-0.3,), (0.1, -0.3), (-0.2, 0.3, 0, 0, -0.2)])
def test_nearly_up_to_where_it_turns_back_every_place_is_found_again(coefficients):
    optics = Lens("OPENCV", coefficients)
    radius = np.linspace(0, 0.995 * optics.limit, 400)
    xy = radius[:, None] * np.array([0.6, -0.8])
    back, found = optics.undistort(optics.distort(xy)[0])
    assert found.all()
    np.testing.assert_allclose(back, xy, atol=1e-6)


@given(st.tuples(*[st.floats(-0.08, 0.08)] * 4), st.integers(0, 10**6))
@settings(max_examples=60)
def test_fisheyes_there_and_back_again_and_against_plain_arithmetic(coefficients, seed):
    optics = Lens("OPENCV_FISHEYE", coefficients)
    rng = np.random.default_rng(seed)
    angle, turn = rng.uniform(0, np.radians(89), 300), rng.uniform(-np.pi, np.pi, 300)
    xy = np.tan(angle)[:, None] * np.stack([np.cos(turn), np.sin(turn)], axis=-1)
    shown, holds = optics.distort(xy)
    expected = np.stack(naive.distorted(optics, *xy.T), axis=-1)
    clear = np.abs(angle - optics.limit) > 1e-4
    np.testing.assert_array_equal(holds[clear], np.isfinite(expected[clear, 0]))
    np.testing.assert_allclose(shown[clear & holds], expected[clear & holds], atol=1e-12)
    inner = holds & (angle < optics.limit - 0.01)
    back, found = optics.undistort(shown[inner])
    assert found.all()
    np.testing.assert_allclose(np.arctan(np.hypot(*back.T)), angle[inner], atol=1e-7)


def test_numbers_worked_out_by_hand():
    np.testing.assert_allclose(Lens("OPENCV", (0.1,)).distort([0.5, 0.0])[0], [0.5 * 1.025, 0.0])
    np.testing.assert_allclose(Lens("OPENCV", (0.0, 0.1)).distort([0.0, 0.5])[0], [0.0, 0.5 * 1.00625])
    np.testing.assert_allclose(Lens("OPENCV", (0, 0, 0.01, 0)).distort([0.5, 0.2])[0], [0.502, 0.2 + 0.01 * 0.37])
    np.testing.assert_allclose(Lens("OPENCV", (0, 0, 0, 0.01)).distort([0.5, 0.2])[0], [0.5 + 0.01 * 0.79, 0.202])
    np.testing.assert_allclose(Lens("OPENCV", (0, 0, 0, 0, 0.1)).distort([0.5, 0])[0], [0.5 * (1 + 0.1 / 64), 0])
    # A fisheye without coefficients shows 45 degrees at a radius of pi / 4, whichever way it is turned.
    np.testing.assert_allclose(Lens("OPENCV_FISHEYE").distort([0.6, 0.8])[0], np.pi / 4 * np.array([0.6, 0.8]))
    for optics in (Lens("OPENCV_FISHEYE"), Lens("OPENCV", (0.1,)), Lens("OPENCV", (-0.3,))):
        np.testing.assert_allclose(optics.undistort([0.0, 0.0])[0], [0.0, 0.0])


def test_the_range_ends_where_the_polynomial_turns_back():
    # r (1 - 0.3 r^2) rises up to 1 = 0.9 r^2; t (1 - 0.5 t^2) up to 1 = 1.5 t^2.
    assert Lens("OPENCV", (-0.3,)).limit == pytest.approx(0.9**-0.5)
    assert Lens("OPENCV_FISHEYE", (-0.5,)).limit == pytest.approx(1.5**-0.5)
    assert Lens("OPENCV_FISHEYE", (0.1,)).limit == pytest.approx(np.pi / 2)
    assert Lens("OPENCV", (0.3,)).limit == PINHOLE.limit == np.inf
    assert Lens("OPENCV", (-0.3,)).distort([[1.05, 0], [1.06, 0]])[1].tolist() == [True, False]
    # What would come back into the image from beyond does not: 1.6 (1 - 0.3 * 2.56) = 0.37.
    cameras = Cameras(pinhole(300.0, None, (640, 480))[None], np.eye(4)[None], [(640, 480)], [Lens("OPENCV", (-0.3,))])
    pixels, _ = cameras.project([[1.6, 0, 1.0], [0.5, 0, 1.0]])
    assert np.isnan(pixels[0, 0]).all()
    assert np.isfinite(pixels[0, 1]).all()


def test_a_place_that_no_point_is_shown_at_has_no_ray():
    # The largest radius of the image is 1.054 (1 - 0.3 * 1.111) = 0.703.
    optics = Lens("OPENCV", (-0.3,))
    assert optics.undistort([[0.70, 0], [0.71, 0]])[1].tolist() == [True, False]
    cameras = Cameras(pinhole(300.0, None, (640, 480))[None], np.eye(4)[None], [(640, 480)], [optics])
    _, direction = cameras.rays(0, [[1.0, 1.0], [320.0, 240.0]])
    assert np.isnan(direction).any(axis=1).tolist() == [True, False]


@pytest.mark.parametrize("optics", [Lens("OPENCV", (0.1,)), Lens("OPENCV_FISHEYE", (0.01,))])
def test_what_is_behind_a_camera_is_in_none_of_its_images(optics):
    cameras = Cameras(pinhole(300.0, None, (640, 480))[None], np.eye(4)[None], [(640, 480)], [optics])
    pixels, depth_m = cameras.project([[0.1, 0.0, -1.0], [0.0, 0.0, -2.0], [0.1, 0.0, 0.0], [0.1, 0, 1]])
    assert np.isnan(pixels[0]).all(axis=1).tolist() == [True, True, True, False]
    assert depth_m[0].tolist() == [-1.0, -2.0, 0.0, 1.0]


def test_a_lens_without_coefficients_is_a_pinhole():
    K, T, size = pinhole(500.0, None, (640, 480))[None], pose((0, 0, 1), 40, -10)[None], [(640, 480)]
    points = np.random.default_rng(0).uniform(-4, 4, (50, 3))
    for mine, other in zip(
        Cameras(K, T, size, [Lens("OPENCV", (0, 0, 0, 0))]).project(points),
        Cameras(K, T, size).project(points),
        strict=True,
    ):
        np.testing.assert_array_equal(mine, other)


def test_each_camera_has_its_own_lens():
    lenses = [PINHOLE, Lens("OPENCV", (0.1,)), Lens("OPENCV_FISHEYE")]
    K = pinhole(300.0, None, (640, 480))
    cameras = Cameras(np.array([K] * 3), np.array([np.eye(4)] * 3), [(640, 480)] * 3, lenses)
    pixels, _ = cameras.project([[0.5, 0.0, 1.0]])
    np.testing.assert_allclose(pixels[:, 0, 0], 320 + 300 * np.array([0.5, 0.5 * 1.025, np.arctan(0.5)]))
    assert cameras.bends.tolist() == [False, True, True]
    assert cameras.take([2, 0]).lens == (lenses[2], lenses[0])
    for k in range(3):
        one, _ = cameras.take([k]).project([[0.5, 0.0, 1.0]])
        np.testing.assert_array_equal(one[0], pixels[k])
    np.testing.assert_allclose(cameras.pixels([1, 0], np.array([[[0.5, 0, 1]]] * 2))[:, 0], pixels[[1, 0], 0])


def test_cameras_want_a_lens_a_view():
    with pytest.raises(SceneError, match="2 lenses for 1 poses"):
        Cameras(pinhole(300.0, None, (640, 480))[None], np.eye(4)[None], [(640, 480)], [PINHOLE] * 2)


@pytest.mark.parametrize("model", ["FULL_OPENCV", "FOV", "THIN_PRISM_FISHEYE", "opencv"])
def test_models_that_are_not_read_are_named(model):
    with pytest.raises(SceneError, match=f"the camera model {model} is not read"):
        lens_of_colmap(model, [1.0] * 12)


@pytest.mark.parametrize("model", [m for m, _, _ in MODELS.values()])
def test_a_camera_with_too_few_numbers(model):
    params = next(p for m, p, _ in MODELS.values() if m == model)
    with pytest.raises(SceneError, match=f"{model} has {len(params)} parameters, not {len(params) - 1}"):
        lens_of_colmap(model, params[:-1])


@pytest.mark.parametrize("name", MODELS)
def test_colmap_s_models_by_their_names(name):
    model, params, _ = MODELS[name]
    K, optics = lens_of_colmap(model, params)
    one_focal = "SIMPLE" in model or "RADIAL" in model
    fx, fy = (params[0], params[0]) if one_focal else params[:2]
    cx, cy, *coefficients = params[1:] if one_focal else params[2:]
    np.testing.assert_array_equal(K, [[fx, 0, cx], [0, fy, cy], [0, 0, 1]])
    assert optics == Lens("OPENCV_FISHEYE" if "FISHEYE" in model else "OPENCV", tuple(coefficients))


def test_colmap_s_pinholes():
    K, optics = lens_of_colmap("SIMPLE_PINHOLE", (500.0, 320.0, 240.0))
    np.testing.assert_array_equal(K, [[500, 0, 320], [0, 500, 240], [0, 0, 1]])
    assert not optics.bends
    K, optics = lens_of_colmap("PINHOLE", (500.0, 510.0, 320.0, 240.0))
    np.testing.assert_array_equal(K, [[500, 0, 320], [0, 510, 240], [0, 0, 1]])
    assert not optics.bends


@pytest.mark.parametrize("given", [(np.nan,), (0.0,) * 6])
def test_coefficients_that_are_none(given):
    with pytest.raises(SceneError, match="OPENCV takes up to 5 finite coefficients"):
        Lens("OPENCV", given)


def test_a_lens_of_an_unknown_name():
    with pytest.raises(SceneError, match="FISHEYE is not known"):
        Lens("FISHEYE")
