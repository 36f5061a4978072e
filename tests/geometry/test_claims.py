"""What frames claim against what rays meet, ray by ray."""

from dataclasses import replace

import naive
import numpy as np
import pytest
from worlds import World, furnished, measured

from spargen.geometry.claims import COLUMNS, ROWS, Claims, Met, frames_agree, lattice, meet
from spargen.geometry.rays import Rays
from spargen.views.pictures import measured_m

WORLD = furnished(frames=6)
SCENE = measured(WORLD.scene())
CASTER = Rays(SCENE.surface.vertices_m, SCENE.surface.faces)
DEPTH_M = np.stack([measured_m(SCENE, f) for f in range(6)])
CLAIMS = Claims.of(SCENE.cameras, DEPTH_M)


def test_the_lattice_covers_the_image_evenly():
    at = lattice()
    assert at.shape == (COLUMNS * ROWS, 2)
    np.testing.assert_allclose(at.mean(axis=0), 0.5)
    assert len(np.unique(np.floor(at * [COLUMNS, ROWS]), axis=0)) == COLUMNS * ROWS


def test_rays_meet_what_the_formula_says():
    met = meet(CASTER, CLAIMS)
    for view in (0, 3):
        u, v = (lattice() * WORLD.sizes[view]).T
        K, T = WORLD.intrinsics[view], WORLD.poses[view]
        towards = np.stack([(u - K[0, 2]) / K[0, 0], (v - K[1, 2]) / K[1, 1], np.ones(len(u))], axis=-1) @ T[:3, :3].T
        face, depth_m = naive.hit_triangles(SCENE.surface.vertices_m, SCENE.surface.faces, T[:3, 3], towards)
        np.testing.assert_allclose(met.depth_m[view], depth_m, rtol=1e-4)
        assert (met.face[view] == face).mean() > 0.99
    assert met.hits.tolist() == [1.0] * 6


def test_a_frame_agrees_with_what_it_measured():
    met = meet(CASTER, CLAIMS)
    assert met.agreement.min() > 0.98
    assert met.agreement_of_all > 0.98
    assert met.apart_m < 0.002


def made(depth_m, measured):
    depth_m, measured = np.array([depth_m], dtype=float), np.array([measured], dtype=float)
    return Met(np.where(np.isfinite(depth_m), 0, -1), depth_m, measured, np.ones(depth_m.shape, dtype=bool))


@pytest.mark.parametrize(
    ("measured", "agrees"), [(2.10, True), (2.11, True), (2.12, False), (1.90, True), (1.88, False)]
)
def test_depths_agree_within_5_cm_and_3_percent_of_what_was_measured(measured, agrees):
    met = made([2.0], [measured])
    assert bool(met.agree[0, 0]) == agrees
    assert met.agreement_of_all == float(agrees)


def test_only_measured_rays_that_meet_the_mesh_are_compared():
    met = made([2, 2, 2, np.inf, np.inf], [2, 3, np.nan, 2, np.nan])
    assert met.compared.tolist() == [[True, True, False, False, False]]
    assert met.agreement.tolist() == [0.5]
    assert met.hits.tolist() == [0.6]
    assert met.apart_m == pytest.approx(0.5)
    nothing = made([np.inf] * 5, [2] * 5)
    assert np.isnan(nothing.agreement[0])
    assert np.isnan(nothing.agreement_of_all)
    assert np.isnan(nothing.apart_m)


def test_few_measured_rays_tell_nothing():
    depth = np.full(100, 2.0)
    few, enough = np.full(100, np.nan), np.full(100, np.nan)
    few[:4], enough[:5] = 2.0, 2.0
    assert np.isnan(made(depth, few).agreement[0])
    assert made(depth, enough).agreement[0] == 1.0


def test_units_count_hits_in_metres():
    big = Rays(SCENE.surface.vertices_m * 1000, SCENE.surface.faces)
    T = CLAIMS.T_world_camera.copy()
    T[:, :3, 3] *= 1000
    met = meet(big, replace(CLAIMS, T_world_camera=T, units=1000.0))
    np.testing.assert_allclose(met.depth_m, meet(CASTER, CLAIMS).depth_m, rtol=1e-4)


def agree_one_by_one(claims):
    """The same with loops: each measured point of each frame looked up in each other one."""
    same = covered = 0
    for i in range(len(claims.measured_m)):
        for j in range(len(claims.measured_m)):
            if i == j:
                continue
            for (x, y), z in zip(lattice(), claims.measured_m[j], strict=True):
                if np.isnan(z):
                    continue
                u, v = np.array([x, y]) * claims.size_px[j]
                in_j = np.linalg.inv(claims.K[j]) @ [u, v, 1] * z
                point = claims.T_world_camera[j, :3, :3] @ in_j + claims.T_world_camera[j, :3, 3]
                X = np.linalg.inv(claims.T_world_camera[i]) @ [*point, 1]
                if X[2] <= 0.05:
                    continue
                u, v = (claims.K[i] @ X[:3] / X[2])[:2] / claims.size_px[i]
                if not (0 <= u < 1 and 0 <= v < 1):
                    continue
                there = claims.measured_m[i, int(v * ROWS) * COLUMNS + int(u * COLUMNS)]
                covered += bool(np.isfinite(there))
                same += bool(abs(there - X[2]) <= 0.05 + 0.03 * there)
    return same / covered


def test_frames_among_themselves_point_by_point():
    some = replace(CLAIMS, measured_m=np.where(np.arange(COLUMNS * ROWS) % 3 > 0, CLAIMS.measured_m, np.nan))
    assert frames_agree(some) == pytest.approx(agree_one_by_one(some))


def test_frames_of_one_walk_agree_and_of_shuffled_poses_do_not():
    world = furnished(frames=24)
    scene = measured(world.scene())
    claims = Claims.of(scene.cameras, np.stack([measured_m(scene, f) for f in range(24)]))
    assert frames_agree(claims) > 0.5
    shuffled = replace(claims, T_world_camera=np.roll(claims.T_world_camera, 9, axis=0))
    assert frames_agree(shuffled) < 0.2


def test_frames_that_share_nothing_tell_nothing():
    w = World().add("wall", (3, 0, 1), (1, 9, 9)).add("wall", (-3, 0, 1), (1, 9, 9))
    scene = measured(w.camera((0, 0, 1)).camera((0, 0, 1), heading_deg=180).scene())
    claims = Claims.of(scene.cameras, np.stack([measured_m(scene, f) for f in (0, 1)]))
    assert np.isnan(frames_agree(claims))
