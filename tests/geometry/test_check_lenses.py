"""The check of a scene through lenses that bend: good scans pass, and each mistake is named as with a pinhole."""

from dataclasses import replace

import numpy as np
import pytest
from worlds import furnished, lens, measured, pose

from spargen.geometry.claims import COLUMNS, ROWS, Claims, frames_agree, lattice, meet
from spargen.geometry.raycast import RayCaster
from spargen.geometry.verdict import judge
from spargen.scene.cameras import Cameras
from spargen.scene.lenses import PINHOLE, Lens
from spargen.views.pictures import measured_m

FISHEYE, BROWN = Lens("OPENCV_FISHEYE", (-0.03, -0.008)), Lens("OPENCV", (-0.28, 0.07, 0.001, -0.0005))
ROUND = Lens("OPENCV", (-0.3,))
"""Its largest radius is 0.70: with f = 300 it shows nothing in the corners of 640 x 480 pixels."""
N, FLIP = 10, np.diag([1.0, -1, -1, 1])


def walked(optics, f, frames=N):
    world = furnished(frames)
    world.optics, world.intrinsics = [optics] * frames, [lens(f)] * frames
    return measured(world.scene())


LENSES = {"fisheye": (FISHEYE, 280.0), "OPENCV": (BROWN, 420.0), "round": (ROUND, 300.0)}
SCENES = {name: walked(*of) for name, of in LENSES.items()}
DEPTH_M = {name: np.stack([measured_m(scene, f) for f in range(N)]) for name, scene in SCENES.items()}
NONE = np.full((N, COLUMNS * ROWS), np.nan)


def verdict(name, *, T=None, K=None, optics=None, depth_m=None, mesh=None):
    c = SCENES[name].cameras
    cameras = Cameras(
        c.K if K is None else K, c.T_world_camera if T is None else T, c.size_px, c.lens if optics is None else optics
    )
    depth_m = DEPTH_M[name] if depth_m is None else depth_m
    return judge(mesh or SCENES[name].surface, cameras, np.arange(N), depth_m, np.eye(4))


def test_rays_go_where_the_cameras_look_each_through_its_own_lens():
    T = np.array([pose((1, 2, 1.5), 30 * k, -10) for k in range(3)])
    cameras = Cameras(np.array([lens(300.0)] * 3), T, [(640, 480)] * 3, [PINHOLE, ROUND, FISHEYE])
    directions = Claims.of(cameras, NONE[:3]).directions()
    for k in range(3):
        np.testing.assert_allclose(directions[k], cameras.rays(k, lattice() * [640, 480])[1], atol=1e-12)
    assert np.isnan(directions).any(axis=(1, 2)).tolist() == [False, True, False]


@pytest.mark.parametrize("name", SCENES)
def test_every_ray_that_there_is_counts_and_no_other(name):
    scene = SCENES[name]
    met = meet(RayCaster(scene.surface.vertices_m, scene.surface.faces), Claims.of(scene.cameras, DEPTH_M[name]))
    assert (met.cast.mean() < 0.95) == (name == "round")
    assert met.hits.tolist() == [1.0] * N
    assert met.agreement.min() > 0.98


def test_a_lens_that_shows_little_is_measured_by_what_it_shows():
    scene, few = SCENES["round"], NONE[:1].copy()
    # With f = 80 the lens shows a disc of 56 pixels' radius: 3 % of the image, but all of what can be measured.
    c = Cameras([lens(80.0)], scene.cameras.T_world_camera[:1], [(640, 480)], [ROUND])
    caster = RayCaster(scene.surface.vertices_m, scene.surface.faces)
    depth_m = meet(caster, Claims.of(c, few)).depth_m
    met = meet(caster, Claims.of(c, np.where(np.isfinite(depth_m), depth_m, np.nan)))
    assert 0.01 < met.cast.mean() < 0.05
    assert met.agreement.tolist() == [1.0]
    assert met.agreement_of_all == 1.0


@pytest.mark.parametrize("name", SCENES)
def test_frames_among_themselves_as_the_cameras_project(name):
    scene = walked(*LENSES[name], frames=40)
    cameras, depth_m = scene.cameras.take(np.arange(4)), np.stack([measured_m(scene, f) for f in range(4)])
    same = covered = 0
    for j in range(4):
        origin, direction = cameras.rays(j, lattice() * [640, 480])
        points = origin + direction * depth_m[j][:, None]
        pixels, z = cameras.project(points[np.isfinite(points).all(axis=1)])
        for i in {0, 1, 2, 3} - {j}:
            for (u, v), depth in zip(pixels[i], z[i], strict=True):
                if depth > 0.05 and 0 <= u < 640 and 0 <= v < 480:
                    there = depth_m[i, int(v / 20) * COLUMNS + int(u / 20)]
                    covered += bool(np.isfinite(there))
                    same += bool(abs(there - depth) <= 0.05 + 0.03 * there)
    assert covered > 500
    assert frames_agree(Claims.of(cameras, depth_m)) == pytest.approx(same / covered)


@pytest.mark.parametrize("name", SCENES)
@pytest.mark.parametrize("depth", [True, False], ids=["measured", "no depth"])
def test_a_good_scan_passes(name, depth):
    found = verdict(name, depth_m=DEPTH_M[name] if depth else NONE)
    assert not found.what
    assert not any(found.faults)
    assert found.remark == ("" if depth else "no depth: the poses were not verified against the mesh")


WRONG = {
    "OpenGL": (lambda s: {"T": s.cameras.T_world_camera @ FLIP}, "the camera axes are OpenGL's"),
    "inverted": (lambda s: {"T": np.linalg.inv(s.cameras.T_world_camera)}, "the poses are world-to-camera"),
    "millimetres": (
        lambda s: {"T": np.diag([1e3, 1e3, 1e3, 1]) @ s.cameras.T_world_camera @ np.diag([1e-3, 1e-3, 1e-3, 1])},
        "the poses are in millimetres",
    ),
    "mirrored": (
        lambda s: {"mesh": replace(s.surface, vertices_m=s.surface.vertices_m * [-1, 1, 1])},
        "the mesh is mirrored",
    ),
    "focal": (
        lambda s: {"K": s.cameras.K * [[[1.5, 1, 1], [1, 1.5, 1], [1, 1, 1]]]},
        "the focal lengths are 1.5 times those of the images",
    ),
    "another walk": (
        lambda s: {"T": np.roll(s.cameras.T_world_camera, 3, axis=0)},
        "the poses are of another scan or mesh than the frames",
    ),
}


@pytest.mark.parametrize("name", ["fisheye", "OPENCV"])
@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_convention_is_named(name, wrong):
    change, says = WRONG[wrong]
    assert verdict(name, **change(SCENES[name])).what.startswith(says)


def test_a_lens_that_the_images_do_not_have():
    world = furnished(frames=N)
    world.intrinsics = [lens(280.0)] * N
    scene = measured(world.scene())
    depth_m = np.stack([measured_m(scene, f) for f in range(N)])
    found = verdict("fisheye", depth_m=depth_m)
    assert found.what.startswith("the images are undistorted, but the cameras have a lens that bends")
    assert found.mend == "leave out the lens"
    assert not verdict("fisheye", depth_m=depth_m, optics=()).what
