"""What the words tell does not tell the answer."""

from __future__ import annotations

import re
from collections import Counter

import numpy as np
import pytest
from asking import SCENE, ask_all, facts_of, options, said


@pytest.mark.parametrize("task", [f"depth_prediction_{kind}" for kind in ("oc", "oo", "oc_mv", "oo_mv")])
def test_told_depths_of_rows_that_share_their_options_are_alike(task):
    rows = [row for row in ask_all(SCENE, tasks=(task,), quota=60).rows if row.form == "select"]
    assert len(rows) >= 40
    for group in (rows[k : k + 4] for k in range(0, len(rows), 4)):
        assert len({frozenset(options(row)) for row in group}) == 1
        told = [row.fact["truth"]["ref_depth_m"] for row in group]
        assert max(told) <= 1.15 * min(told)


def select(task, quota=60):
    rows = [row for row in ask_all(SCENE, tasks=(task,), quota=quota).rows if row.form == "select"]
    assert len(rows) >= quota / 4
    return rows


def box_of(text):
    return np.array(re.search(r"\[(\d+), (\d+), (\d+), (\d+)\]", text).groups(), dtype=float)


def rank(row, look):
    """Rank of the right option by what a look makes of each option's text."""
    numbers = [look(text) for text in options(row)]
    return sum(n < numbers["ABCD".index(said(row)[1])] for n in numbers)


def size(box):
    return (box[2] - box[0]) * (box[3] - box[1])


def proportions(box):
    return (box[2] - box[0]) / (box[3] - box[1])


@pytest.mark.parametrize("look", [size, proportions])
def test_the_box_to_be_found_is_as_often_most_like_the_marked_one_as_least(look):
    rows = select("position_matching")
    times = Counter()
    for row in rows:
        marked = look(np.array(row.record["red_bbox"][0]))
        times[rank(row, lambda text, marked=marked: abs(np.log(look(box_of(text)) / marked)))] += 1
    assert max(times.values()) <= -(-len(rows) // 4) + 1


def test_an_object_whose_label_would_tell_its_box_is_not_named():
    made = ask_all(SCENE, tasks=("position_matching",), quota=20).rows
    for row in made:
        named = row.fact["labels"][0] in said(row)[0]
        assert named == (row.form != "select")
        assert ("object (red bbox)" in said(row)[0]) == (row.form == "select")


LOOKS = {
    "size": size,
    "lower edge": lambda box: box[3],
    "from the middle": lambda box: np.hypot(box[0] + box[2] - 1000, box[1] + box[3] - 1000),
}


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("task", ["distance_infer_center_oc", "distance_infer_center_oc_mv"])
def test_what_is_nearest_or_farthest_does_not_stand_out(task, look):
    rows = select(task)
    for quantity in ("nearest", "farthest"):
        asked = [row for row in rows if row.fact["quantity"] == quantity]
        assert len(asked) >= len(rows) // 3
        times = Counter(rank(row, lambda text: LOOKS[look](box_of(text))) for row in asked)
        assert max(times.values()) <= 0.4 * len(asked) + 2


@pytest.mark.parametrize("task", ["distance_infer_center_oo", "distance_infer_center_oo_mv"])
def test_of_few_candidates_as_many_mislead_by_their_spacing_as_not(task):
    facts = [fact for _, fact in facts_of(SCENE, (task,), pool=40)]
    assert Counter(misleads for _, misleads in (fact.bucket for fact in facts)) == {True: 20, False: 20}


@pytest.mark.parametrize("task", ["distance_infer_center_oo", "distance_infer_center_oo_mv"])
def test_in_half_of_the_rows_what_is_nearer_in_the_image_is_farther(task):
    for rows in (select(task), [r for r in ask_all(SCENE, tasks=(task,), quota=60).rows if r.form == "fill"]):
        nearer = []
        for row in rows:
            red, green, blue = (np.array(mark["at"]) * (1, 0.75) for mark in row.fact["marks"])
            in_image = np.linalg.norm(green - red) < np.linalg.norm(blue - red)
            nearer.append(in_image == (row.fact["truth"]["green_distance_m"] < row.fact["truth"]["blue_distance_m"]))
        assert 0.4 <= np.mean(nearer) <= 0.6


def test_what_is_closest_or_farthest_is_seen_no_sooner_and_no_later():
    rows = select("distance_infer_center_oo_video")
    for quantity in ("closest", "farthest"):
        times, asked = Counter(), [row for row in rows if row.fact["quantity"] == quantity]
        for row in asked:
            frames = [mark["image"] for mark in row.fact["marks"]]
            gaps = [abs(frame - frames[0]) for frame in frames[1:]]
            right = next(k for k in range(4) if f"Object{k})" in options(row)["ABCD".index(said(row)[1])])
            times[sum(gap < gaps[right] for gap in gaps)] += 1
        assert max(times.values()) <= -(-len(asked) // 4) + 1
