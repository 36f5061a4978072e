"""The moves that tasks share: what is kept together."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from asking import SCENE, context

from spargen.errors import PluginError


def test_all_that_has_a_row_for_each_candidate_is_kept_together():
    ctx = context(SCENE)
    ctx.dropped.clear()
    a, b, c = np.arange(4), np.arange(8).reshape(4, 2), np.array(list("wxyz"))
    kept = ctx.keep([True, False, False, False], "odd", a, b, c)
    assert [part.tolist() for part in kept] == [[0], [[0, 1]], ["w"]]
    assert ctx.dropped == Counter({"odd": 3})


@pytest.mark.parametrize(("first", "second"), [(4, 3), (4, 5), (3, 3), (5, 5)])
def test_parts_that_have_not_a_row_each_are_refused(first, second):
    ctx = context(SCENE)
    with pytest.raises(PluginError, match=f"parts of {first}, {second} rows are kept by 4"):
        ctx.keep([True, False, False, False], "odd", np.arange(first), np.arange(second))


def test_every_object_of_a_candidate_is_marked_in_a_colour():
    ctx = context(SCENE)
    c = ctx.draw("single", ctx.vis.boxed, 2)
    marks = ctx.marks(c, 0, ("red", "blue"), "bbox")
    assert marks == (ctx.mark(c, 0, 0, "red", "bbox"), ctx.mark(c, 0, 1, "blue", "bbox"))
    with pytest.raises(ValueError, match="longer"):
        ctx.marks(c, 0, ("red",), "bbox")


def test_one_array_comes_back_as_it_is():
    ctx = context(SCENE)
    assert ctx.keep([False, True, True], "first", np.arange(3)).tolist() == [1, 2]
    assert ctx.keep(np.zeros(0, dtype=bool), "none", np.arange(0)).tolist() == []


@pytest.mark.parametrize(("gaps", "apart"), [(1.2, False), (1.4, True)])
def test_points_are_held_apart_in_widths_of_the_image_both_ways(gaps, apart):
    ctx = context(SCENE)
    assert (ctx.cameras.size_px == ctx.cameras.size_px[0]).all()
    assert ctx.cameras.size_px[0, 1] / ctx.cameras.size_px[0, 0] == 0.75
    point = np.zeros_like(ctx.vis.point)
    point[:, 1, 1] = round(1000 * gaps * ctx.settings.point_gap)
    ok = np.zeros_like(ctx.vis.visible)
    ok[:, :2] = True
    ctx = context(SCENE, vis=replace(ctx.vis, point=point))
    assert (len(ctx.draw("single", ok, 2, points=True)) > 0) == apart
