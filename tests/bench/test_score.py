"""The table of `spargen score`: means, their errors, floors, and what is done with rows that lack something."""

import json
import math

import orjson
import pytest
from typer.testing import CliRunner

from spargen.bench.floors import floors
from spargen.bench.row import ROWS, BenchRow, lines_of, read_bench
from spargen.bench.score import score
from spargen.bench.strict import score as strictly
from spargen.cli import app
from spargen.errors import OutputError

OPTIONS = "Which?\nA. one\nB. two\nC. three\nD. four"
MOVES = "move_right:1.0,move_down:0,move_backward:2.0,rotate_up:10,rotate_left:75"


def rows_of(*cells):
    """Return rows of (task, form, level, question, answer, scene)."""
    return [
        BenchRow(n, "scannet", "val", scene, f"{scene}_{n}", task, form, level, question, answer, [])
        for n, (task, form, level, question, answer, scene) in enumerate(cells)
    ]


ROWS_GIVEN = rows_of(
    ("position_matching", "select", "medium", OPTIONS, "A", "s1"),
    ("position_matching", "select", "medium", OPTIONS, "A", "s1"),
    ("position_matching", "select", "medium", OPTIONS, "B", "s2"),
    ("position_matching", "select", "medium", OPTIONS, "C", "s3"),
    ("view_change_infer", "fill", "medium", "How?", MOVES, "s1"),
    ("depth_prediction_oc", "fill", "low", "How deep?", "2.0", "s1"),
    ("depth_prediction_oc", "fill", "low", "How deep?", "1.0", "s2"),
    ("obj_count", "fill", "high", "How many?", "3", "s2"),
)


@pytest.fixture
def bench(tmp_path):
    (tmp_path / ROWS).write_bytes(b"".join(lines_of(ROWS_GIVEN)))
    return tmp_path


@pytest.fixture
def answered(bench):
    """Return a function that writes answers, gold where not told otherwise, and returns their file."""

    def write(**others):
        replies = {row.index: row.answer for row in ROWS_GIVEN} | {int(n[1:]): text for n, text in others.items()}
        lines = [orjson.dumps({"index": n, "prediction": text}) for n, text in replies.items() if text is not None]
        (bench / "answers.jsonl").write_bytes(b"\n".join(lines))
        return bench / "answers.jsonl"

    return write


def line(found, name):
    return next(entry for entry in (*found.tasks, *found.together) if name == (entry.name or entry.level))


@pytest.mark.parametrize("like", ["strict", "lmms-eval", "vlmevalkit"])
def test_gold_answers_are_worth_everything(answered, bench, like):
    found = score(answered(), bench, like)
    assert {entry.score for entry in (*found.tasks, *found.together)} == {1.0}
    assert set(found.rows.values()) == {1.0}
    assert found.unknown == ({} if like == "strict" else {"obj_count": 1})


def test_levels_and_all_are_means_over_tasks(answered, bench):
    found = score(answered(n0="B", n5="9"), bench)
    assert line(found, "position_matching").score == 0.75
    assert line(found, "depth_prediction_oc").score == 0.5
    assert line(found, "medium").score == pytest.approx((0.75 + 1) / 2)
    assert line(found, "low").score == 0.5
    assert line(found, "all").score == pytest.approx((0.75 + 1 + 0.5 + 1) / 4)
    assert [entry.level for entry in found.together] == ["low", "medium", "high", "all"]


def test_one_harness_counts_changes_of_view_in_no_level(answered, bench):
    file = answered(n0="B")
    assert line(score(file, bench, "lmms-eval"), "medium").score == 0.75
    assert line(score(file, bench, "vlmevalkit"), "medium").score == pytest.approx((0.75 + 1) / 2)
    assert line(score(file, bench, "lmms-eval"), "all").score == pytest.approx((0.75 + 1 + 1) / 3)


def test_the_error_counts_scenes_and_not_rows(answered, bench):
    found = line(score(answered(n0="B", n1="B"), bench), "position_matching")
    # Two rows of one scene went wrong together: pulls of -1/4, 1/8 and 1/8 away from the mean of a half.
    assert found.error == pytest.approx(math.sqrt(3 / 2 * (0.25**2 + 0.125**2 + 0.125**2)))
    assert found.scenes == 3
    assert line(score(answered(), bench), "view_change_infer").error is None
    # Of the pulls on a level, each task has its half; the change of view, all right, has none.
    two = line(score(answered(n0="B", n1="B"), bench), "medium")
    assert two.error == pytest.approx(math.sqrt(3 / 2 * (0.125**2 + 0.0625**2 + 0.0625**2)))
    assert line(score(answered(n5="9"), bench), "low").error == pytest.approx(math.sqrt(2 / 1 * (0.25**2 + 0.25**2)))


def test_a_row_without_a_reply_is_wrong_under_all_rules(answered, bench):
    for like in ("strict", "lmms-eval", "vlmevalkit"):
        found = score(answered(n0=None), bench, like)
        assert found.unanswered == (0,)
        assert line(found, "position_matching").score == 0.75


def test_floors_of_letters(bench):
    rows = ROWS_GIVEN[:4]
    drawn, same = floors(rows, strictly)
    assert (drawn, same) == (0.25, 0.5)
    two = rows_of(*[("t", "select", "high", "Which?\nA. one\nB. two", "A", "s")] * 3)
    assert floors(two, strictly) == (0.5, 1.0)
    assert floors(
        rows_of(*[("t", "judge", "high", "Is it?", a, "s") for a in ("Yes", "No", "No", "No")]), strictly
    ) == (
        pytest.approx(0.25**2 + 0.75**2),
        0.75,
    )


def test_floors_of_numbers():
    rows = rows_of(*[("t", "fill", "low", "How deep?", answer, "s") for answer in ("2.0", "2.0", "1.0", "9.0")])
    # Rows of 2.0 take 2.0 in full and a half of it in one of ten thresholds, that of 1.0 takes 1.0 in full.
    always_two, always_one, always_nine = (1 + 1 + 0 + 0) / 4, (0.1 + 0.1 + 1 + 0) / 4, 1 / 4
    drawn, same = floors(rows, strictly)
    assert same == pytest.approx(always_two)
    assert drawn == pytest.approx((2 * always_two + always_one + always_nine) / 4)


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        ('{"index": 0}', "answers.jsonl:1: this line is no answer"),
        ('{"index": 0, "prediction": 2.0}', "this line is no answer"),
        ('{"index": true, "prediction": "A"}', "this line is no answer"),
        ('\n{"index": 77, "prediction": "A"}', "answers.jsonl:2: the bench has no row 77"),
        (
            '{"index": 0, "prediction": "A"}\n{"index": 0, "prediction": "B"}',
            "answers.jsonl:2: row 0 is answered twice",
        ),
        ("[1]", "this line is no JSON object"),
        ("{oops", "this line is no JSON object"),
    ],
)
def test_answers_that_do_not_fit(bench, lines, text):
    (bench / "a").mkdir()
    (bench / "a" / "answers.jsonl").write_text(lines)
    with pytest.raises(OutputError, match=text):
        score(bench / "a" / "answers.jsonl", bench)


def test_folders_that_are_no_bench(tmp_path):
    with pytest.raises(OutputError, match=r"there is no rows\.jsonl here"):
        read_bench(tmp_path)
    (tmp_path / ROWS).write_text('{"index": 0}\n')
    with pytest.raises(OutputError, match=r"rows.jsonl:1: this line is no row of a bench"):
        read_bench(tmp_path)


def test_a_harness_that_knows_no_row(tmp_path):
    (tmp_path / ROWS).write_bytes(b"".join(lines_of(ROWS_GIVEN[-1:])))
    (tmp_path / "answers.jsonl").write_text("")
    with pytest.raises(OutputError, match="no row that can be scored"):
        score(tmp_path / "answers.jsonl", tmp_path, "lmms-eval")


def test_the_command(answered, bench, tmp_path):
    file = answered(n0=None)
    run = CliRunner().invoke(app, ["score", str(file), "--json", str(tmp_path / "s.json")], catch_exceptions=False)
    assert run.exit_code == 0
    assert "75.0" in next(text for text in run.output.splitlines() if "position_matching" in text)
    assert "rows without a reply, counted as wrong: 1 of 8" in run.output
    told = json.loads((tmp_path / "s.json").read_text())
    assert told["rows"]["1"] == 1.0
    assert told["tasks"][0]["random"] == 0.25
    run = CliRunner().invoke(app, ["score", str(file), "--like", "vlmevalkit"], catch_exceptions=False)
    assert "left out, vlmevalkit does not know them: obj_count (1)" in run.output
    run = CliRunner().invoke(app, ["score", str(file), "--bench", str(tmp_path / "none")])
    assert run.exit_code == 1
    assert "there is no rows.jsonl here" in run.stderr
