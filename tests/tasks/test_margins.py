"""The margin of every fact, worked out once more from the numbers that the fact holds."""

from __future__ import annotations

import math
from collections import defaultdict
from itertools import pairwise

import pytest
from asking import SCENE, TASKS, ask_all

NONE = {
    "position_matching": "an object is itself, and its box is counted in pixels",
    "obj_count": "annotated objects are counted",
    "nav_video": "what was said is quoted",
}
"""Tasks whose answers no number decides."""
WORD_M, EMPTY_M, WORD_DISTANCE_M, WORD_DISTANCE_SHARE, SEEN, GLIMPSED = 0.30, 0.10, 0.20, 0.15, 0.001, 0.0002


def edge(value, step, unit):
    """To the nearest odd half of a step."""
    halves = [(k + 0.5) * step for k in range(int(abs(value) / step) + 2)]
    return min(abs(abs(value) - h) for h in halves), unit, abs(value), step


def lead(a, b, unit, step):
    return abs(a - b), unit, min(a, b), step


def moves(truth):
    found = [edge(v, 0.1, "m") for v in truth["shift_m"]] + [edge(v, 5, "deg") for v in truth["turn_deg"]]
    return [(min(by, size), unit, size, step) for by, unit, size, step in found]


def words(truth):
    if "after" in truth:
        return [margin for time in truth.values() for margin in words(time)]
    found = []
    for name, value in truth.items():
        word_m = WORD_M
        if name == "farther_m":
            word_m = max(WORD_DISTANCE_M, WORD_DISTANCE_SHARE * truth["nearer_m"])
        if name != "nearer_m":
            by = abs(value) - EMPTY_M if abs(value) > EMPTY_M else word_m - abs(value)
            found.append((by, "m", abs(value), 0.1))
    return found


def frames(truth):
    fewer = [(truth["least_seen_share"] - GLIMPSED, "of image", truth["least_seen_share"], 0.001)]
    most = truth["most_unseen_share"]
    return fewer if most is None else [*fewer, (SEEN - most, "of image", most, 0.001)]


def winner(truth):
    return [lead(truth["green_distance_m"], truth["blue_distance_m"], "m", 0.1)]


def of_four(truth, quantity):
    ranked = sorted(truth["distances_m"], reverse=quantity == "farthest")
    return [lead(*ranked[:2], "m", 0.1)]


BY_TASK = {
    "depth_prediction_oc": lambda t: [edge(t["target_depth_m"], 0.1, "m")],
    "depth_prediction_oo": lambda t: [edge(t["second_depth_m"] - t["first_depth_m"], 0.1, "m")],
    "distance_prediction": lambda t: [edge(t["distance_m"], 0.1, "m")],
    "spatial_volume_infer": lambda t: [edge(100 * t[f"{k}_m"], 1, "cm") for k in ("length", "width", "height")],
    "distance_infer_center_oc": lambda t: [lead(t["distance_m"], t["runner_up_m"], "m", 0.1)],
    "distance_infer_center_oo": winner,
    "obj_spatial_relation": words,
    "spatial_imagination_o": words,
    "spatial_imagination_map": lambda t: [edge(v, 0.1, "m") for p in t["xy_m"] for v in p],
    "view_change_infer": moves,
    "camera_motion_infer": lambda t: [
        *(edge(t[f"{k}_permille"], 1, "1/1000") for k in "xy"),
        edge(t["depth_m"], 0.1, "m"),
    ],
    "obj_frame_locate": frames,
    "appearance_order": lambda t: [lead(a, b, "frames", 1) for a, b in pairwise(t["first_frames"])],
    "room_size": lambda t: [edge(t["area_m2"], 1, "m2")],
}
"""Of tasks that begin so: all quantities that decide an answer, as (by, unit, size of the quantity, printed step)."""


@pytest.fixture(scope="module")
def facts():
    found = defaultdict(list)
    for row in ask_all(SCENE, quota=40).rows:
        found[row.task].append(row.fact)
    return found


@pytest.mark.parametrize("task", TASKS)
def test_the_margin_follows_from_the_truth(facts, task):
    assert facts[task]
    if task in NONE:
        assert {fact["margin"] for fact in facts[task]} == {None}
        return
    quantities = (
        of_four
        if task == "distance_infer_center_oo_video"
        else next(BY_TASK[name] for name in sorted(BY_TASK, key=len, reverse=True) if task.startswith(name))
    )
    for fact in facts[task]:
        truth = fact["truth"]
        several = quantities(truth, fact["quantity"]) if quantities is of_four else quantities(truth)
        by, unit, size, _ = min(several, key=lambda q: q[0] / q[3])
        margin = fact["margin"]
        assert set(margin) == {"by", "unit", "share"}
        assert (margin["unit"], margin["by"]) == (unit, pytest.approx(by, abs=1e-9))
        assert margin["share"] == (pytest.approx(by / size) if size else None)
        assert math.isfinite(margin["by"])


def test_answers_that_words_decide_are_a_band_away_from_others():
    for row in ask_all(SCENE, quota=20, tasks=("obj_spatial_relation_oo", "spatial_imagination_oc")).rows:
        assert row.fact["margin"]["by"] >= 0.1
