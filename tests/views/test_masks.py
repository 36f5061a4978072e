"""What lies under a mask of the image is not asked about, and nothing is said to be absent because of it."""

from dataclasses import replace

import numpy as np
import pytest
from asking import SCENE, ask_all, context
from hypothesis import given
from hypothesis import strategies as st

from spargen.views.masks import _any_inside, without_masked

VIS = context(SCENE).vis
STORE = type(SCENE.store)


class Masked(STORE):
    """The frames of the scene, with masks by frame."""

    def __init__(self, store, masks):
        self.__dict__ |= vars(store)
        self.masks = masks

    def mask(self, frame):
        return self.masks.get(frame)


def covering(box, height=120, width=160):
    """A mask over a box on the 0..1000 scale."""
    mask = np.zeros((height, width), dtype=bool)
    x1, y1, x2, y2 = np.round(np.array(box) / 1000 * [width, height, width, height]).astype(int)
    mask[y1 : y2 + 1, x1 : x2 + 1] = True
    return mask


def test_what_a_mask_reaches_into_is_glimpsed_and_the_rest_of_the_view_stays():
    view, obj = (int(k[0]) for k in np.nonzero(VIS.visible))
    masks = [None] * len(VIS)
    masks[view] = covering(VIS.bbox[view, obj])
    got = without_masked(VIS, masks)
    for flags in (got.seen, got.visible, got.boxed, got.pointed):
        assert not flags[view, obj]
    assert got.glimpsed[view, obj]
    apart = [
        o for o in np.flatnonzero(VIS.visible[view]).tolist() if not covering(VIS.bbox[view, o])[masks[view]].any()
    ]
    assert apart
    assert got.visible[view, apart].all()
    assert (got.boxed[view, apart] == VIS.boxed[view, apart]).all()
    # What has no printed box may be anywhere in the image.
    unknown = VIS.seen[view] & ~VIS.visible[view]
    assert unknown.any()
    assert not got.seen[view, unknown].any()
    assert got.glimpsed[view, unknown].all()
    others = np.arange(len(VIS)) != view
    for name in ("seen", "glimpsed", "visible", "boxed", "pointed"):
        assert (getattr(got, name)[others] == getattr(VIS, name)[others]).all()


def test_nothing_that_was_noticed_is_forgotten():
    masks = [covering((300, 300, 600, 600))] * len(VIS)
    got = without_masked(VIS, masks)
    assert ((got.seen | got.glimpsed) == (VIS.seen | VIS.glimpsed)).all()
    assert not (got.seen & got.glimpsed).any()
    assert got.visible.sum() < VIS.visible.sum()


def test_empty_masks_change_nothing():
    assert without_masked(VIS, [None] * len(VIS)) is VIS
    assert without_masked(VIS, [np.zeros((4, 4), dtype=bool)] * len(VIS)) is VIS


def test_no_question_marks_what_is_under_a_mask_and_objects_elsewhere_are_asked_about():
    left = np.zeros((48, 64), dtype=bool)
    left[:, :32] = True
    masks = dict.fromkeys(range(len(SCENE.frames)), left)
    scene = replace(SCENE, store=Masked(SCENE.store, masks))
    rows = ask_all(scene, tasks=["distance_prediction_oc", "depth_prediction_oo"]).rows
    assert rows
    for row in rows:
        for mark in row.fact["marks"]:
            assert mark["at"][0] >= 500, mark
    everywhere = ask_all(SCENE, tasks=["distance_prediction_oc", "depth_prediction_oo"]).rows
    assert any(mark["at"][0] < 500 for row in everywhere for mark in row.fact["marks"])


@pytest.mark.parametrize("task", ["distance_prediction_oc_mv", "obj_spatial_relation_oc_mv"])
def test_what_a_mask_reaches_into_may_be_seen_by_the_observer(task):
    """A single marked object is not shown by the observer's image, and who knows what is beside a mask?"""
    corner = np.zeros((48, 64), dtype=bool)
    corner[:6, :6] = True
    scene = replace(SCENE, store=Masked(SCENE.store, dict.fromkeys(range(0, len(SCENE.frames), 2), corner)))
    seen = context(SCENE)
    row_of = {frame: row for row, frame in enumerate(seen.frames.tolist())}
    rows = ask_all(scene, tasks=[task]).rows
    assert any(row.frames[0] % 2 == 0 for row in rows)
    for row in rows:
        marked = SCENE.objects.id == row.fact["marks"][0]["object"]
        assert marked.any()
        assert not seen.vis.seen[row_of[row.frames[0]], marked].any()


@given(
    st.lists(st.tuples(*[st.integers(0, 1000)] * 4), min_size=1, max_size=6),
    st.integers(1, 9),
    st.integers(1, 9),
    st.integers(0, 2**20),
)
def test_boxes_are_looked_through_pixel_by_pixel(corners, height, width, bits):
    mask = np.array([bits >> k & 1 for k in range(height * width)], dtype=bool).reshape(height, width)
    boxes = np.array([[min(a, c), min(b, d), max(a, c), max(b, d)] for a, b, c, d in corners])
    got = _any_inside(mask, boxes)
    for found, (x1, y1, x2, y2) in zip(got, boxes.tolist(), strict=True):
        touched = [
            mask[y, x]
            for y in range(height)
            for x in range(width)
            if x1 * width < (x + 1) * 1000
            and x * 1000 < x2 * width
            and y1 * height < (y + 1) * 1000
            and y * 1000 < y2 * height
        ]
        if x1 < x2 and y1 < y2:
            assert found == any(touched)
