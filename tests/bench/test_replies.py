"""What a reply is worth, read strictly and as each harness reads it: theirs are the scores that their own code gave."""

import pytest

from spargen.bench import lmms_eval, strict, vlmevalkit
from spargen.bench.metrics import five_axes, mean_relative_accuracy, metric_of
from spargen.bench.row import BenchRow
from spargen.bench.score import SCORERS

MOVES = "move_right:1.0,move_down:0,move_backward:2.0,rotate_up:10,rotate_left:75"
LOUDER = "move_right:1.4,move_down:0,move_backward:2.8,rotate_up:14,rotate_left:105"


def row(answer, form="fill", task="t", question="q"):
    return BenchRow(0, "scannet", "val", "s", "s_0", task, form, "low", question, answer, [])


@pytest.mark.parametrize(
    ("reply", "mine", "lmms", "vlm"),
    [
        ("B", 1, 1, 1),
        ("b", 1, 1, 1),
        ("B.", 1, 1, 1),
        ("(B)", 1, 0, 1),
        ("**B**", 1, 0, 1),
        ("B. right, , farther", 1, 1, 1),
        ("", 0, 1, 0),
        ("The answer is B", 1, 0, 1),
        ("Answer: B", 1, 0, 1),
        ("The answer is A", 0, 0, 0),
        ("<answer>B</answer>", 1, 0, 1),
        ("<answer>Because it is nearer: A</answer>", 0, 0, 1),
        ("<think>A or B?</think>B", 1, 0, 1),
        ("<think>B</think> C", 0, 0, 1),
        ("A. left\nB. right", 0, 0, 1),
        ("A or B", 0, 0, 0),
        ("Option A: no\nB", 0, 0, 1),
        ("so it must be B, not A", 0, 0, 0),
        ("I choose B", 1, 0, 1),
        ("because", 0, 1, 0),
        ("B\n\nA is wrong", 0, 1, 0),
        ("x" * 900 + " B", 1, 0, 1),
        ("答案 B", 1, 0, 1),
        ("The answer is:\n\nB", 1, 0, 1),
        ("Not A. The answer is A? No. The answer is B", 1, 0, 0),
        (r"A is near, but \boxed{B}", 1, 0, 0),
        ("E", 0, 0, 0),
    ],
)
def test_letters(reply, mine, lmms, vlm):
    assert strict.letter(reply, "B", "ABCD") == mine
    assert lmms_eval.letter(reply, "B") == lmms
    assert vlmevalkit.letter(reply, "B") == vlm


@pytest.mark.parametrize(
    ("reply", "mine", "first", "last", "vlm"),
    [
        ("2.0", 1, 1, 1, 1),
        ("2", 1, 1, 1, 1),
        ("2.8", 0.3, 0.3, 0.3, 0.3),
        ("1.2", 0.3, 0.3, 0.3, 0.3),
        ("-2.0", 0, 1, 1, 0),
        ("2.0 meters", 1, 1, 1, 1),
        ("about 2.", 1, 1, 1, 1),
        ("", 0, 0, 0, 0),
        ("two", 0, 0, 0, 1),
        ("[2.0, 9]", 0, 1, 0, 1),
        ("[2.0, oops]", 1, 1, 1, 0),
        ("The red one is at 1.0, so it is 2.0", 0, 0.1, 1, 1),
        ("2.0, because the red one is at 1.0", 0, 1, 0.1, 0.1),
        ("The red one is at 1.0. Answer: 2.0", 1, 0.1, 1, 1),
        ("2.0 m, that is, 2 meters", 1, 1, 1, 1),
        ("object2 is near", 0, 1, 1, 1),
        ("<answer>2.0</answer> 7", 1, 1, 0, 1),
        ("<think>2.0</think> 9", 0, 1, 0, 0),
        ("<think>9</think> none", 0, 0, 0, 0),
        ("2e0", 1, 1, 0, 1),
        ("10^2", 0, 0, 0, 1),
        ("^2 2.0", 1, 1, 1, 1),
        ("1.2.3", 0, 0.3, 0.1, 0),
        (".5", 0, 0, 0, 0),
    ],
)
def test_numbers(reply, mine, first, last, vlm):
    assert strict.numbers(reply, "2.0") == mine
    assert lmms_eval.number(reply, "2.0", "depth_prediction_oc") == first
    assert lmms_eval.number(reply, "2.0", "depth_prediction_oc_mv") == last
    assert vlmevalkit.number(reply, "2.0") == vlm


def test_several_numbers_are_given_in_order_and_all():
    assert strict.numbers("120,60,75", "120,60,75") == 1
    assert strict.numbers("120 cm, 60 cm and 75 cm", "120,60,75") == 1
    assert strict.numbers("120,60,30", "120,60,75") == pytest.approx(2 / 3)
    assert strict.numbers("60,120,75", "120,60,75") == pytest.approx((0.1 + 0 + 1) / 3)
    assert strict.numbers("120,60", "120,60,75") == strict.numbers("120", "120,60,75") == 0
    assert strict.numbers("60,60,60", "60,60,60") == 1


@pytest.mark.parametrize(
    ("reply", "mine", "lmms", "vlm"),
    [
        (MOVES, 1, 1, 1),
        # One axis stands still. Errors are counted as a share of the truth, or of the reply.
        (LOUDER, 0.44, 0.6, 0.44),
        ("", 0, 0, 0.2),
        ("none", 0, 0, 0.2),
        (MOVES.replace("move_right", "move_left"), 0.8, 0.8, 0.8),
        ("I say " + MOVES, 1, 0.8, 0.8),
        (MOVES + ".", 1, 1, 1),
        (MOVES.replace(",", " , "), 1, 0.4, 1),
        ("move_right:1.0", 0.2, 0.4, 0.4),
        (MOVES + ",move_right:3", 0.8, 0.8, 0.8),
        (MOVES + ",move_left:0", 0.8, 1, 1),
        (MOVES.replace(":", ": ").upper(), 1, 0.2, 0.2),
        (MOVES.replace(":", "::"), 0, 0, 0.2),
        ("move_right:-1.0", 0, 0.2, 0.2),
    ],
)
def test_changes_of_view(reply, mine, lmms, vlm):
    assert strict.moves(reply, MOVES) == pytest.approx(mine)
    assert lmms_eval.moves(reply, MOVES) == pytest.approx(lmms)
    assert vlmevalkit.moves(reply, MOVES) == pytest.approx(vlm)


@pytest.mark.parametrize(
    ("reply", "worth"),
    [
        ("Yes", 1),
        ("yes, it is", 1),
        ("No", 0),
        ("", 0),
        ("Yes and no", 0),
        ("Yesterday", 0),
        ("<think>No</think>Yes.", 1),
    ],
)
def test_claims(reply, worth):
    assert strict.yes_no(reply, "Yes") == worth


def test_words_in_their_order():
    assert strict.words("Chair,  office table, lamp.", "chair, office table, lamp") == 1
    assert strict.words("The answer is: chair, office table, lamp", "chair, office table, lamp") == 1
    assert strict.words("office table, chair, lamp", "chair, office table, lamp") == 0
    assert strict.words("chair, office table", "chair, office table, lamp") == 0


@pytest.mark.parametrize(
    ("given", "truth", "worth"),
    [
        (2, 2, 1),
        (3, 2, 0.1),
        (3.01, 2, 0),
        (2.1, 2, 1),
        (2.11, 2, 0.9),
        (1, 2, 0.1),
        (-2, 2, 0),
        (0, 0, 1),
        (0.3, 0, 0.5),
    ],
)
def test_ten_thresholds(given, truth, worth):
    assert mean_relative_accuracy(given, truth) == worth


def test_five_signed_axes():
    still = dict.fromkeys(("move_right", "move_up", "move_forward", "rotate_right", "rotate_up"), 0.0)
    assert five_axes({}, still) == 1
    assert five_axes({"move_left": 1.0}, {"move_right": -1.0}) == 1
    assert five_axes({"move_left": 1.0}, {"move_right": 1.0}) == 0.8


@pytest.mark.parametrize(
    ("form", "answer", "metric"),
    [
        ("select", "A", "accuracy"),
        ("judge", "No", "accuracy"),
        ("sentence", "It is 2.0 meters.", None),
        ("fill", "2.0", "MRA"),
        ("fill", "120,60,75", "MRA"),
        ("fill", MOVES, "five axes"),
        ("fill", "chair, table, lamp, door", "accuracy"),
        ("fill", "[1, 2, 3, 4]", None),
        ("fill", "(398,68),0.7", None),
        ("fill", "plant (Object2)", None),
    ],
)
def test_the_metric_is_told_by_form_and_answer(form, answer, metric):
    assert metric_of(form, answer) == metric


def test_every_kind_of_row_goes_to_its_rule():
    options = row("B", "select", question="Which?\nA. one\nB. two\nC. three")
    assert options.offered == ("A", "B", "C")
    for like, score in SCORERS.items():
        assert score("B", options) == 1, like
        assert score("D", options) == 0
        assert score("2.8", row("2.0")) == 0.3
        assert score("1.0 2.0", row("2.0", task="depth_prediction_oc_mv")) == (0 if like == "strict" else 1)
        assert score(LOUDER, row(MOVES)) == pytest.approx(0.6 if like == "lmms-eval" else 0.44)
    assert strict.score("no", row("No", "judge")) == 1
    assert strict.score("Chair, lamp", row("chair, lamp")) == 1
