import pytest

from spargen.export.reward import compute_score, compute_score_of, score

MOVE = "move_right:1.6,move_down:0,move_backward:0.4,rotate_up:15,rotate_left:75"


@pytest.mark.parametrize(
    ("truth", "reply", "expected"),
    [
        ("B", "B", 1),
        ("B", "A", 0),
        ("B", "B.", 1),
        ("B", "The answer is B", 1),
        ("B", "A is too far, so the answer is option (B).", 1),
        ("B", "A or B", 0),
        ("F", "The answer is F", 1),
        ("F", "F, not A", 0),
        ("B", "b", 0),
        ("B", "", 0),
        ("B", "<think>A? C? No.</think> B", 1),
        ("B", "<think>B, surely, but let me", 0),
        ("B", r"So \boxed{B}, not A", 1),
        ("B", "A <answer>B</answer>", 1),
        ("Yes", "yes, it is", 1),
        ("Yes", "No", 0),
        ("Yes", "yes and no", 0),
        ("Yes", "know", 0),
        ("2.0", "2.0", 1),
        ("2.0", "2", 1),
        ("2.0", "2.2", 0.9),
        ("2.0", "2.3 meters", 0.8),
        ("2.0", "1.2", 0.3),
        ("2.0", "3.1", 0),
        ("2.0", "2.0 or 3.0", 0),
        ("2.0", "far", 0),
        ("2.0", "-2.0", 0),
        ("120,60,75", "120, 60, 75", 1),
        ("120,60,75", "120,60", 0),
        ("120,60,75", "60,60,75", pytest.approx((0.1 + 2) / 3)),
        ("(606,69),2.8", "(606,69),2.8", 1),
        (MOVE, MOVE, 1),
        (MOVE, MOVE.replace("right:1.6", "left:1.6"), 0.8),
        (MOVE, MOVE.replace("move_down:0", "move_up:0"), 1),
        (MOVE, MOVE.replace("move_down:0", "move_down:0.1"), 0.8),
        (MOVE, MOVE.replace("left:75", "left:105"), pytest.approx((4 + 0.3) / 5)),
        (MOVE, "move_right:1.6,move_down:0", 0),
        (MOVE, MOVE + ",rotate_left:75", 0),
        ("[100, 200, 300, 400]", "[100, 200, 300, 400]", 1),
        ("[100, 200, 300, 400]", "[200, 200, 400, 400]", pytest.approx(1 / 3)),
        ("[100, 200, 300, 400]", "[500, 500, 600, 600]", 0),
        ("[100, 200, 300, 400]", "[300, 400, 100, 200]", 0),
        ("[100, 200, 300, 400]", "[100, 200, 300]", 0),
        ("the second image, [1, 2, 3, 4]", "the second image, [1, 2, 3, 4]", 1),
        ("the second image, [1, 2, 3, 4]", "the third image, [1, 2, 3, 4]", 0),
        ("sofa chair (Object2)", "Sofa chair (Object2).", 1),
        ("sofa chair (Object2)", "sofa chair (Object1)", 0),
        ("chair, table, lamp, door", "chair, table, lamp, door", 1),
        ("chair, table, lamp, door", "table, chair, lamp, door", 0),
        ("chair (green point)", "chair (green point)", 1),
    ],
)
def test_rewards(truth, reply, expected):
    assert score(reply, truth) == expected
    assert compute_score("spargen/scannet", reply, truth, {"task": "x"}, more=1) == expected
    assert compute_score_of({"response": reply, "ground_truth": truth}) == {"overall": expected, "accuracy": expected}
