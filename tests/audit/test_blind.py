"""Blind models against trees whose shortcut is known: each is found, where there is none nothing is found."""

import numpy as np
import pytest
import spar_tree
from spar_tree import write_tree

from spargen.audit.blind import folds, splits
from spargen.audit.lore import gather
from spargen.audit.tree import Asked, Tree

pytest.importorskip("sklearn", reason="blind models are scikit-learn's")
from spargen.audit.cell import audit_cell

LORE = Asked("distance_prediction_oo", "fill")
MADE = {
    "by_letter": ("depth_prediction_oc", "select"),
    "by_label": ("distance_prediction_oc", "select"),
    "by_told_value": ("depth_prediction_oc", "select"),
    "by_frame_gap": ("distance_infer_center_oo_video", "select"),
    "by_spacing": ("distance_infer_center_oo", "select"),
    "by_pair": ("obj_spatial_relation_oo", "judge"),
    "told_number": ("depth_prediction_oc", "fill"),
    "honest": ("depth_prediction_oc", "select"),
    "any_number": ("depth_prediction_oc", "fill"),
}


@pytest.fixture(scope="module")
def judged(tmp_path_factory):
    """Return a function that judges the tree of one way to make rows, each once."""
    known = {}

    def judge(name):
        if name not in known:
            asked = Asked(*MADE[name])
            root = write_tree(tmp_path_factory.mktemp(name), {asked: getattr(spar_tree, name)})
            known[name] = audit_cell(Tree(root), asked, 0, gather(Tree(root)))
        return known[name]

    return judge


@pytest.mark.parametrize("name", ["by_letter", "by_label", "by_told_value", "by_frame_gap", "by_pair", "told_number"])
def test_a_shortcut_in_the_text_is_found(judged, name):
    found = judged(name)
    assert found.text.gain > 0.2
    assert found.text.exceeds(3)


def test_a_shortcut_in_the_marks_is_found_there_and_not_in_the_text(judged):
    found = judged("by_spacing")
    assert found.marks.score > 0.9
    assert not found.text.exceeds(3)


@pytest.mark.parametrize("name", ["honest", "any_number"])
def test_where_there_is_no_shortcut_none_is_found(judged, name):
    found = judged(name)
    assert not found.text.exceeds(3)
    assert not found.marks.exceeds(3)
    assert not found.worst


@pytest.mark.parametrize("name", MADE)
def test_shuffled_answers_give_nothing(judged, name):
    found = judged(name)
    assert not found.control_found
    # Ten scenes may by chance lie closer together than so many tosses of a coin would.
    assert found.control.gain <= 3 * max(found.control.error, 0.5 / found.counts.rows**0.5)


@pytest.mark.parametrize(
    ("name", "feature"),
    [("by_told_value", "rank by off told 0"), ("by_frame_gap", "rank by frame gap"), ("by_letter", "letter")],
)
def test_it_is_told_what_the_models_used(judged, name, feature):
    found = judged(name)
    assert feature in found.rule or feature.removeprefix("rank by ") in found.rule
    assert any(feature.removeprefix("rank by ") in used for used, _ in found.features)


def test_words_are_told_with_what_they_are_crossed_with(judged):
    words = dict(judged("by_pair").words)
    assert words["word and label 0: 0=above|lamp"] > 0
    assert words["word and label 0: 0=below|lamp"] < 0


def test_rows_that_were_given_away_are_shown_each_of_another_scene(judged):
    worst = judged("by_told_value").worst
    assert len({row.place for row in worst}) == len(worst) == 3


def test_a_number_is_measured_against_the_best_constant(judged):
    found = judged("any_number")
    assert found.metric == "MRA"
    assert 0.05 < found.text.floor < 0.6


def test_what_other_cells_tell_of_two_labels_is_used(tmp_path):
    asked = Asked("distance_infer_center_oo", "select")
    root = write_tree(tmp_path, {asked: spar_tree.closer_of_two, LORE: spar_tree.distance_of_two})
    lore = gather(Tree(root))
    assert len(lore) == 240
    without, with_lore = (audit_cell(Tree(root), asked, 0, told).text for told in ([], lore))
    assert with_lore.gain > without.gain + 0.05


def test_no_scene_is_both_learnt_from_and_asked_about():
    scene = np.repeat(np.arange(11), 3 + np.arange(11))
    fold = folds(scene, seed=0)
    assert set(fold) == set(range(5))
    for test, chosen, rest in splits(fold):
        parts = [set(scene[rows]) for rows in (test, chosen, rest)]
        assert all(not parts[i] & parts[j] for i, j in ((0, 1), (0, 2), (1, 2)))
        assert np.all(test.astype(int) + chosen + rest == 1)
    sizes = np.bincount(fold)
    assert sizes.max() - sizes.min() <= 13


def test_a_gain_counts_only_where_it_exceeds_its_error(judged):
    found = judged("by_label").text
    assert found.exceeds(0)
    assert not found.exceeds(100 * found.gain - 200 * found.error + 0.01)
    assert found.exceeds(100 * found.gain - 200 * found.error - 0.01)
