"""Limits that keep a question from being asked, from both sides."""

import pytest
from asking import ask_all
from worlds import World

from spargen.settings import Settings


def asked(world, task, **settings):
    found = ask_all(world.scene(), tasks=(task,), quota=4, settings=Settings(**settings))
    return sum(row.form != "select" for row in found.rows) > 0


@pytest.mark.parametrize(("share", "is_asked"), [(0.08, True), (0.12, False)])
@pytest.mark.parametrize("task", ["distance_infer_center_oc", "distance_infer_center_oc_mv"])
def test_images_that_are_annotated_badly_are_not_used_for_nearest_and_farthest(share, is_asked, task):
    # A wall fills the image; before it hangs a board that nobody annotated: at depth 4, 1 m is 125 pixels.
    w = World().add("wall", (6.05, 0, 1), (0.1, 12, 12))
    w.add("chair", (3, -0.6, 0.6), (0.5, 0.5, 0.5)).add("lamp", (5, -0.8, 2.0), (0.4, 0.4, 0.4))
    side = (share * 640 * 480) ** 0.5 / 125
    w.add(None, (4.0005, 1.2, 1.3), (0.001, side, side))
    views = 1 if task.endswith("oc") else 5
    for k in range(views):
        w.camera((0.06 * k, 0.25 * k, 1), heading_deg=-2 * k)
    if task.endswith("mv"):
        # The lamp is seen in one image of each set only.
        w.solids = [s if s.label != "lamp" else type(s)("lamp", (0.5, 2.0, 0.7), (0.2, 0.2, 0.2)) for s in w.solids]
        w.camera((-1.2, 1.0, 1.2), heading_deg=15)
    assert asked(w, task) == is_asked
    assert asked(w, task, max_unannotated=0.2)


@pytest.mark.parametrize(("gap", "is_asked"), [(0.46, False), (0.54, True)])
def test_the_size_of_what_is_half_hidden_is_not_asked(gap, is_asked):
    # A board 1 m wide at depth 4 of which another, half as far away, leaves the right part in sight.
    w = World().add("chair", (4.105, 0, 1), (0.21, 1.0, 0.83)).camera((0, 0, 1))
    edge = -0.5 + gap
    w.add(None, (2, (edge + 2) / 4, 1), (0.001, (2 - edge) / 2, 2))
    assert asked(w, "spatial_volume_infer") == is_asked
    assert asked(w, "spatial_volume_infer", volume_unoccluded=0.4)
    assert not asked(w, "spatial_volume_infer", volume_unoccluded=0.6)


ALL_SIDES = {"+x", "-x", "+y", "-y", "+z", "-z"}


@pytest.mark.parametrize(
    ("scanned", "is_asked"),
    [
        ({"-x"}, False),  # the front of a cabinet that is built in
        ({"-x", "+y"}, False),  # and one edge, an eleventh of what there is
        ({"-x", "+y", "+z"}, True),  # and two
        ({"-x", "+x"}, True),  # a board seen from before and from behind
        (ALL_SIDES - {"+x"}, True),
        (ALL_SIDES, True),
    ],
)
@pytest.mark.parametrize(
    ("axes", "size", "center", "looks"),
    [
        ("xyz", (0.1, 1.1, 1.0), (3, 0, 1), {}),
        ("yxz", (1.1, 0.1, 1.0), (0, 3, 1), {"heading_deg": 90}),
        ("zyx", (1.0, 1.1, 0.1), (1.73, 0, -2), {"elevation_deg": -60}),
    ],
    ids=["upright", "faces turn the other way", "it lies on its back"],
)
def test_no_size_is_asked_of_what_only_one_side_was_scanned_of(scanned, is_asked, axes, size, center, looks):
    there = {side[0] + axes["xyz".index(side[1])] for side in scanned}
    if axes == "zyx":  # its front is its top
        there = {{"-z": "+z", "+z": "-z"}.get(side, side) for side in there}
    w = World().add("cabinet", center, size, missing=ALL_SIDES - there).camera((0, 0, 1), **looks)
    assert asked(w, "spatial_volume_infer") == is_asked
