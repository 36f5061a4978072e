"""Instance images and boxes of one scene pass; those that do not belong together do not, and the mistake is named."""

import re
from dataclasses import replace

import numpy as np
import pytest
from worlds import dirty, furnished, pictured

from spargen.geometry.claims import Claims, frames_agree, lattice
from spargen.geometry.image_verdict import find_image_faults, judge_images
from spargen.scene.cameras import Cameras
from spargen.scene.lenses import PINHOLE, Lens

WORLD = furnished(20)
SCENE = pictured(WORLD.scene())
CAMERAS, OBJECTS, IMAGES = SCENE.cameras, SCENE.objects, SCENE.surface
T = CAMERAS.T_world_camera
FRAMES = np.arange(1, 20, 2)
FLIP, Y_UP = np.diag([1.0, -1, -1, 1]), np.array([[1.0, 0, 0, 0], [0, 0, -1, 0], [0, 1, 0, 0], [0, 0, 0, 1]])
FISHEYE, BROWN = Lens("OPENCV_FISHEYE", (-0.03, -0.008)), Lens("OPENCV", (-0.28, 0.07, 0.001, -0.0005))
SHUFFLED = np.random.default_rng(0).permutation(20)


def posed(poses, K=None):
    return Cameras(CAMERAS.K if K is None else K, poses, CAMERAS.size_px)


def scaled(by):
    poses = T.copy()
    poses[:, :3, 3] *= by
    return posed(poses)


def boxes(by=1.0, turn=None):
    R = np.eye(3) if turn is None else turn[:3, :3]
    center, extent = OBJECTS.center_m * by @ R.T, OBJECTS.extent_m * by
    return replace(OBJECTS, center_m=center, extent_m=extent, R_world_box=R @ OBJECTS.R_world_box)


def showing(objects=lambda ids: ids, depth_m=lambda depth: depth):
    return replace(IMAGES, objects=lambda f: objects(IMAGES.objects(f)), depth_m=lambda f: depth_m(IMAGES.depth_m(f)))


def along_rays():
    def depth_m(frame):
        depth = IMAGES.depth_m(frame)
        v, u = (np.indices(depth.shape) + 0.5).reshape(2, -1)
        return depth * np.linalg.norm(CAMERAS.rays(frame, np.stack([u, v], axis=-1))[1], axis=1).reshape(depth.shape)

    return replace(IMAGES, depth_m=depth_m)


def verdict(images=IMAGES, objects=OBJECTS, cameras=CAMERAS, frames=FRAMES, **more):
    return judge_images(images, objects, cameras, frames, np.eye(4), **more)


# --- no false alarm ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("smaller", [1, 4])
def test_a_good_scene_passes(smaller):
    found = verdict(pictured(WORLD.scene(), smaller).surface)
    assert (found.what, found.remark, set(found.faults)) == ("", "", {""})
    assert found.figures["pixels that lie in their object's box"] == "100%"
    assert found.figures["extent of what is seen"] == "10.0 m"
    assert found.figures["cameras above the lowest they show"] == "1.5 m at the median"


@pytest.mark.parametrize("optics", [FISHEYE, BROWN])
def test_a_good_scene_passes_through_lenses(optics):
    world = furnished(10)
    world.optics = [optics] * 10
    scene = pictured(world.scene())
    found = judge_images(scene.surface, scene.objects, scene.cameras, np.arange(10), np.eye(4))
    assert (found.what, set(found.faults)) == ("", {""})
    pinholes = replace(scene.cameras, lens=(PINHOLE,) * 10)
    wrong = judge_images(scene.surface, scene.objects, pinholes, np.arange(10), np.eye(4))
    if optics is BROWN:
        assert wrong.what or any(wrong.faults) or "see by `inspect`" in wrong.remark


def test_a_dirty_scene_with_noise_passes():
    def noisy(depth):
        return depth * (1 + np.random.default_rng(0).normal(0, 0.01, depth.shape))

    scene = pictured(dirty(WORLD.scene()))
    images = replace(scene.surface, depth_m=lambda f: noisy(scene.surface.depth_m(f)))
    found = judge_images(images, scene.objects, scene.cameras, FRAMES, np.eye(4))
    assert (found.what, set(found.faults)) == ("", {""})


def test_things_without_annotation_pass_unseen():
    found = verdict(showing(lambda ids: np.minimum(ids, -1)))
    assert not found.what
    assert found.figures["pixels that lie in their object's box"] == "nothing to compare"


def test_no_depth_is_remarked_on():
    found = verdict(showing(depth_m=lambda depth: 0 * depth))
    assert (found.what, found.remark) == ("", "no depth: poses and boxes were not verified")


# --- mistakes ---------------------------------------------------------------------------------------------------------

MISTAKES = {
    "OpenGL's axes": (lambda: verdict(cameras=posed(T @ FLIP)), "the camera axes are OpenGL's"),
    "inverted": (lambda: verdict(cameras=posed(np.linalg.inv(T))), "the poses are world-to-camera:"),
    "poses in millimetres": (lambda: verdict(cameras=scaled(1000)), "the poses are in millimetres"),
    "boxes in millimetres": (lambda: verdict(objects=boxes(1000)), "the boxes are in millimetres"),
    "both in millimetres": (
        lambda: verdict(objects=boxes(1000), cameras=scaled(1000)),
        "boxes and poses are in millimetres",
    ),
    "depths in millimetres": (
        lambda: verdict(showing(depth_m=lambda depth: 1000 * depth)),
        "the depths are in millimetres",
    ),
    "all in centimetres": (
        lambda: verdict(showing(depth_m=lambda depth: 100 * depth), boxes(100), scaled(100)),
        "the scene is 1,000 m wide",
    ),
    "all in decimetres": (
        lambda: verdict(showing(depth_m=lambda depth: 10 * depth), boxes(10), scaled(10)),
        "at the median, cameras are 15.* above the lowest that they show: the units are wrong",
    ),
    "lengths of rays": (lambda: verdict(along_rays()), "the depths are lengths of rays, not camera Z"),
    "another focal length": (
        lambda: verdict(cameras=posed(T, CAMERAS.K * np.array([[1.5, 1, 1], [1, 1.5, 1], [1, 1, 1]]))),
        "the focal lengths are 1.5 times those of the images",
    ),
    "frames shuffled": (
        lambda: verdict(cameras=posed(T[SHUFFLED])),
        "the poses are of another scene than the images: .* frames agree with each other at",
    ),
    "objects shuffled": (
        lambda: verdict(showing(lambda ids: np.where(ids < 0, ids, (ids + 3) % len(OBJECTS)))),
        "the boxes are of another scene than the images",
    ),
    "one pose": (lambda: verdict(cameras=posed(np.repeat(T[:1], 20, axis=0))), "all frames have one pose"),
    "Y up": (
        lambda: verdict(objects=boxes(turn=Y_UP), cameras=posed(Y_UP @ T)),
        "the world is not .Z up: .* up is -Y, 90 degrees off",
    ),
    "frames shuffled, nothing annotated": (
        lambda: verdict(showing(lambda ids: np.minimum(ids, -1)), cameras=posed(T[SHUFFLED])),
        "the poses are of another scene than the images: frames agree",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_each_mistake_is_named(mistake):
    make, says = MISTAKES[mistake]
    found = make()
    assert re.match(says, found.what), found.what
    assert found.mend
    assert "mesh" not in found.what + found.mend


def test_frames_that_do_not_fit_are_told_one_by_one():
    poses = T.copy()
    poses[FRAMES[2], :3, 3] += [0.6, 0.4, 0]
    poses[FRAMES[5]] = poses[FRAMES[5]] @ FLIP
    found = verdict(cameras=posed(poses))
    assert not found.what
    assert [k for k, fault in enumerate(found.faults) if fault] == [2, 5]
    assert "of its pixels of objects lie in the objects' boxes" in found.faults[5]
    assert find_image_faults(IMAGES, OBJECTS, posed(poses), FRAMES) == found.faults


def test_a_frame_that_shows_nothing_fails():
    images = replace(IMAGES, objects=lambda f: np.where(f == FRAMES[3], -2, IMAGES.objects(f)))
    assert [bool(fault) for fault in verdict(images).faults] == [k == 3 for k in range(10)]
    assert verdict(images).faults[3] == "0% of its pixels show anything"


def test_most_frames_must_fit():
    poses = T.copy()
    poses[FRAMES[:6]] = poses[FRAMES[:6]] @ FLIP
    assert verdict(cameras=posed(poses)).what


def test_boxes_that_cannot_be_trusted_tell_nothing():
    moved = replace(OBJECTS, center_m=OBJECTS.center_m + np.array([0, 0, 9]))
    assert verdict(objects=moved).what
    doubted = replace(moved, doubtful=np.ones(len(OBJECTS), dtype=bool))
    assert not verdict(objects=doubted).what


def test_a_box_as_large_as_the_room_tells_nothing():
    extent = OBJECTS.extent_m.copy()
    extent[:] = [12, 9, 4]
    found = verdict(objects=replace(OBJECTS, extent_m=extent, center_m=np.tile([5, 3.5, 1.4], (len(OBJECTS), 1))))
    assert found.figures["pixels that lie in their object's box"] == "nothing to compare"


def test_a_few_pixels_tell_nothing():
    ids = np.stack([IMAGES.objects(k) for k in FRAMES])
    share = np.array([(ids == obj).mean() for obj in range(len(OBJECTS))])
    (few,) = np.flatnonzero(share == share[share < 0.03].max())
    told = {}
    for trusted in (few, share.argsort()[len(share) // 2 :]):
        doubtful = np.ones(len(OBJECTS), dtype=bool)
        doubtful[trusted] = False
        told[np.size(trusted)] = verdict(objects=replace(OBJECTS, doubtful=doubtful)).figures
    alone, half = (figures["pixels that lie in their object's box"] for figures in told.values())
    assert (alone, half) == ("nothing to compare", "100%")


def test_a_wider_scene_may_be_allowed():
    wide = {"images": showing(depth_m=lambda depth: 2 * depth), "objects": boxes(2), "cameras": scaled(2)}
    assert not verdict(**wide).what
    assert verdict(**wide, widest_m=15.0).what.startswith("the scene is 20 m wide")


def test_hidden_points_take_no_part():
    """What is hidden from another frame neither agrees with it nor contradicts."""
    found = [frames_agree(Claims.of(CAMERAS.take(FRAMES), _measured()), hidden=hidden) for hidden in (True, False)]
    assert found[0] < found[1]
    assert found[1] > 0.85


def _measured():
    at = lattice()
    depth = [IMAGES.depth_m(f) for f in FRAMES]
    return np.stack([d[(at[:, 1] * d.shape[0]).astype(int), (at[:, 0] * d.shape[1]).astype(int)] for d in depth])
