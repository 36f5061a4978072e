"""Instance images: what is read of a frame, and what cannot be."""

from collections import Counter

import numpy as np
import pytest

from spargen.errors import SceneError
from spargen.scene.images import NOT_ANNOTATED, NOTHING, InstanceImages

IDS = np.arange(12).reshape(3, 4) % 5 - 2
DEPTH_M = np.linspace(0, 5.5, 12).reshape(3, 4)
SIZE = (4, 3)


def images(ids=IDS, depth_m=DEPTH_M, frames=range(3), fingerprint="of a test"):
    return InstanceImages(lambda frame: ids, lambda frame: depth_m, np.array(frames), fingerprint)


def test_a_view_is_read_as_it_is():
    ids, depth_m = images().read(1, SIZE, 3)
    np.testing.assert_array_equal(ids, IDS)
    assert (ids.dtype, depth_m.dtype) == (np.int32, np.float32)
    assert {NOT_ANNOTATED, NOTHING} == {-1, -2} < set(ids.ravel().tolist())
    np.testing.assert_allclose(depth_m.ravel()[1:], DEPTH_M.ravel()[1:], rtol=1e-6)


@pytest.mark.parametrize("nothing", [0, -1, np.nan, np.inf, -np.inf])
def test_depth_that_was_not_measured_is_nan(nothing):
    _, depth_m = images(depth_m=np.where(DEPTH_M > 3, nothing, DEPTH_M + 1)).read(0, SIZE, 3)
    np.testing.assert_array_equal(np.isnan(depth_m), DEPTH_M > 3)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int16, np.int64])
def test_any_integers_will_do(dtype):
    ids, _ = images(ids=np.abs(IDS).astype(dtype)).read(0, SIZE, 3)
    np.testing.assert_array_equal(ids, np.abs(IDS))


@pytest.mark.parametrize("size", [(4, 3), (8, 6), (10, 7), (4000, 3000)])
def test_images_may_be_smaller_than_the_camera_s(size):
    assert images().read(0, size, 3)[0].shape == (3, 4)


@pytest.mark.parametrize("size", [(3, 3), (4, 2), (8, 8), (12, 5), (2, 1)])
def test_but_no_larger_nor_of_another_shape(size):
    with pytest.raises(SceneError, match=rf"frame 0: the images have 4x3 pixels, the camera {size[0]}x{size[1]}"):
        images().read(0, size, 3)


def test_nor_larger_though_of_one_shape():
    with pytest.raises(SceneError, match="the images have 8x6 pixels, the camera 4x3"):
        images(ids=np.kron(IDS, np.ones((2, 2), int)), depth_m=np.kron(DEPTH_M, np.ones((2, 2)))).read(0, SIZE, 3)


FAULTS = {
    "no integers": ({"ids": IDS * 1.0}, "objects are float64"),
    "no image": ({"ids": IDS.ravel()}, r"of \(12,\), depths of \(3, 4\)"),
    "depth of another size": ({"depth_m": DEPTH_M.T}, r"depths of \(4, 3\)"),
    "without pixels": ({"ids": IDS[:0], "depth_m": DEPTH_M[:0]}, "the images have 4x0 pixels"),
    "an object too many": ({"ids": IDS + 1}, "pixels name objects -1 .. 3 of 3"),
    "below -2": ({"ids": IDS - 1}, "pixels name objects -3 .. 1 of 3"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_cannot_be_is_refused(fault):
    change, says = FAULTS[fault]
    with pytest.raises(SceneError, match=says) as caught:
        images(**change).read(0, SIZE, 3)
    assert caught.value.mend


def test_images_without_a_fingerprint_are_refused():
    with pytest.raises(SceneError, match="no fingerprint"):
        images(fingerprint="")


def test_some_views_are_asked_by_their_own_frames():
    asked = Counter()

    def read(frame):
        asked[frame] += 1
        return IDS

    whole = InstanceImages(read, lambda frame: DEPTH_M, np.array([10, 20, 30, 40]), "of a test")
    some = whole.take([3, 1]).take([1])
    assert (len(whole), len(some), whole.is_empty, some.take([]).is_empty) == (4, 1, False, True)
    some.read(0, SIZE, 3)
    assert asked == {20: 1}
    assert whole.describe() == {"instance images": 4}
    assert [part if isinstance(part, str) else part.tolist() for part in some.parts()] == ["of a test", [20]]
