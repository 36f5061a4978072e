"""How hard questions are to see, and which of them a job leaves out."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from asking import SCENE, TASKS, TEMPLATES, context

from spargen.errors import JobError
from spargen.qa.fact import Fact
from spargen.qa.margin import Margin, of_rounding
from spargen.run.compile import identity_of
from spargen.run.difficulty import Filters, Sight, difficulty, sight
from spargen.run.engine import ask
from spargen.run.job import make_job
from spargen.run.recipe import Recipe, make_recipe
from spargen.settings import Settings

NEAR = Sight(pixels=9000, share=0.03, distance_m=2.0, alike=1)


def fact(images=1, margin=None):
    return Fact(tuple(range(images)), (0,), 1.0, {}, margin=margin)


def rows(task="distance_prediction_oo_mv", quota=40, **filters):
    forms = {task: TEMPLATES.forms(task)}
    cells = {f"{task}/{form}": quota for form in forms[task]}
    return ask(SCENE, Recipe(forms, TEMPLATES, cells, 0, Settings(), filters=Filters(**filters)), threads=1)


# -- how hard -------------------------------------------------------------------------------------------------------

HARD = {
    "far": {"distance_m": 4.0},
    "small": {"share": 0.0049},
    "one of many": {"alike": 3},
}


@pytest.mark.parametrize("what", HARD)
def test_two_things_make_a_question_medium_and_three_hard(what):
    one = NEAR._replace(**HARD[what])
    assert difficulty(fact(), NEAR) == difficulty(fact(), one) == "easy"
    assert difficulty(fact(images=2), one) == "medium"
    assert difficulty(fact(images=6), one) == "hard"
    two = [one._replace(**HARD[other]) for other in HARD if other != what]
    assert {difficulty(fact(), seen) for seen in two} == {"medium"}


def test_a_tight_comparison_counts_and_the_edge_of_a_printed_number_does_not():
    far = NEAR._replace(distance_m=5.0)
    assert difficulty(fact(margin=Margin(0.3, "m", 0.24)), far) == "medium"
    assert difficulty(fact(margin=Margin(0.3, "m", 0.26)), far) == "easy"
    assert difficulty(fact(margin=of_rounding(3.04, "m")), far) == "easy"


def test_how_things_are_seen_is_measured_where_they_are_marked():
    ctx = context(SCENE)
    measured = 0
    for task in ("distance_prediction_oo_mv", "obj_spatial_relation_oo"):
        for found in list(TASKS[task].propose(ctx))[:20]:
            seen = sight(found, ctx.views)
            views = [int(np.flatnonzero(ctx.frames == found.frames[mark.image])[0]) for mark in found.marks]
            at = [(view, mark.obj) for view, mark in zip(views, found.marks, strict=True)]
            assert seen.share == min(ctx.vis.share[view, obj] for view, obj in at)
            assert seen.distance_m == max(ctx.vis.distance_m[view, obj] for view, obj in at)
            assert seen.alike == max((ctx.labels.clash[obj] & ctx.vis.seen[view]).sum() for view, obj in at) >= 1
            width, height = ctx.cameras.size_px[views[0]]
            assert seen.pixels == pytest.approx(seen.share * width * height)
            measured += 1
    assert measured == 40


def test_what_is_not_marked_is_measured_where_it_is_seen_best():
    ctx = context(SCENE)
    found = next(TASKS["distance_infer_center_oc_mv"].propose(ctx))
    views = np.searchsorted(ctx.frames, found.frames)
    assert sight(found, ctx.views).share == ctx.vis.share[views, found.objects[0]].max()


def test_frames_of_which_nothing_is_known_tell_nothing():
    ctx = context(SCENE)
    assert sight(Fact((10_000,), (0,), 1.0, {}), ctx.views) == Sight()
    assert sight(Fact((0,), (), 1.0, {}), ctx.views) == Sight()


def test_every_fact_says_how_hard_it_is():
    levels = Counter(row.fact["difficulty"] for row in rows().rows)
    assert set(levels) == {"easy", "medium", "hard"}


# -- what is left out -----------------------------------------------------------------------------------------------


def test_only_the_levels_asked_for():
    out = rows(difficulty=["easy", "hard"])
    assert {row.fact["difficulty"] for row in out.rows} == {"easy", "hard"}
    assert out.dropped["distance_prediction_oo_mv", "medium, which `difficulty` leaves out"] > 0


@pytest.mark.parametrize(("least", "key"), [({"m": 0.02}, "by"), ({"share": 0.01}, "share")])
def test_what_has_a_smaller_margin_is_left_out_and_counted(least, key):
    out = rows(min_margin=least)
    (number,) = least.values()
    assert len(out.rows) >= 60
    assert min(row.fact["margin"][key] for row in out.rows) >= number
    assert out.dropped["distance_prediction_oo_mv", "margin under min_margin"] > 0
    assert min(row.fact["margin"][key] for row in rows().rows) < number


def test_a_margin_in_another_unit_is_no_matter_and_what_has_none_stays():
    assert not any("min_margin" in reason for _, reason in rows(min_margin={"deg": 99.0}).dropped)
    assert rows("position_matching", min_margin={"share": 9.0}).rows


def test_what_covers_fewer_pixels_is_left_out_and_counted():
    small = "a thing covers fewer pixels than min_visible_px"
    views = context(SCENE).views
    out = rows(min_visible_px=2000)
    assert out.rows
    assert out.dropped["distance_prediction_oo_mv", small] > 0
    for row in out.rows:
        for mark in row.fact["marks"]:
            view = int(np.flatnonzero(views.frames == row.frames[mark["image"]])[0])
            pixels = views.vis.share[view, mark["object"] - 100] * views.cameras.size_px[view].prod()
            assert pixels >= 2000


# -- what a job says ------------------------------------------------------------------------------------------------


def job(**more):
    return make_job({"out": "out", "sources": [{"adapter": "scannet", "root": "."}], **more})


def test_a_job_says_what_is_left_out_and_is_another_job_then():
    bare, asks = job(), job(min_margin={"m": 0.02}, min_visible_px=100, difficulty="easy")
    assert make_recipe(bare).filters == Filters({}, 0, [])
    assert make_recipe(asks).filters == Filters({"m": 0.02}, 100, ["easy"])
    for key in ("min_margin", "min_visible_px", "difficulty"):
        assert identity_of(job(**{key: getattr(asks, key)})) != identity_of(bare)


@pytest.mark.parametrize(
    ("given", "what", "mend"),
    [
        ({"min_margin": {"metres": 0.1}}, "`min_margin` cannot be", "such as {m: 0.02, share: 0.1}; units: m, cm, m2"),
        ({"min_margin": 0.1}, "`min_margin` cannot be 0.1", "by unit or share"),
        ({"min_margin": {"m": -1}}, "`min_margin` cannot be -1", "by unit or share"),
        ({"min_visible_px": -3}, "`min_visible_px` cannot be -3", "a whole number of pixels"),
        ({"min_visible_px": "many"}, "`min_visible_px` cannot be 'many'", "a whole number of pixels"),
        ({"difficulty": "tough"}, "`difficulty` cannot be 'tough'", "easy, medium or hard"),
        ({"difficulty": ["easy", 3]}, "`difficulty` cannot be 3", "easy, medium or hard"),
    ],
)
def test_a_filter_that_cannot_be_is_named_with_its_mend(given, what, mend):
    with pytest.raises(JobError) as caught:
        job(**given)
    assert what in str(caught.value)
    assert mend in str(caught.value)
