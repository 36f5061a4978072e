from collections import Counter
from itertools import pairwise

import pytest
from hand_written import CELLS, PAIR, ROWS, write_output

from spargen.errors import JobError, OutputError
from spargen.export.choice import Choice, count, rows_of
from spargen.export.table import FORMATS
from spargen.run.naming import Cell


def taken(out, takes=lambda cell: True, **choice):
    return count(out, Choice(**choice), takes)


def names(counts):
    return {(c.split, c.task, c.form): rows for c, rows in counts.items()}


def test_all_rows_unless_told_otherwise(out):
    assert names(taken(out)) == {cell: rows for cell, (_, rows) in CELLS.items()}
    assert sum(taken(out).values()) == ROWS


def test_what_is_taken_of_each_file(out):
    assert names(taken(out, forms=["fill"], splits=["val"])) == {("val", "depth_prediction_oo", "fill"): 2}
    assert taken(out, limit=4)[Cell("scannet", "train", "depth_prediction_oo", "fill")] == 4
    shares = names(taken(out, ratio={"fill": 0.5, "sentence": 0}))
    assert shares["train", "depth_prediction_oo", "fill"] == 4
    assert shares["train", "depth_prediction_oo", "select"] == 9
    assert not any(form == "sentence" for _, _, form in shares)
    assert not any(c.form == "fill" for c in taken(out, takes=lambda c: c.form != "fill"))


def test_names_that_are_not_there(out):
    with pytest.raises(JobError, match=r"no form 'fil'(?s:.*)did you mean fill"):
        taken(out, ratio={"fil": 0.5})
    with pytest.raises(OutputError, match="no task 'nonsense'"):
        taken(out, tasks=["nonsense"])
    with pytest.raises(OutputError, match="no row of the output is chosen"):
        taken(out, forms=["sentence"], ratio={"sentence": 0.1})


@pytest.mark.parametrize("shuffle", [False, True])
def test_the_first_rows_of_each_file_in_its_order(out, shuffle):
    counts = taken(out, limit=3)
    found = [(row.cell, int(row.record["id"].rpartition("_")[2])) for row in rows_of(out, counts, shuffle=shuffle)]
    assert Counter(cell for cell, _ in found) == counts
    for cell in counts:
        assert [n for c, n in found if c == cell] == list(range(counts[cell]))
    assert found == [
        (row.cell, int(row.record["id"].rpartition("_")[2])) for row in rows_of(out, counts, shuffle=shuffle)
    ]


def test_a_shuffle_spreads_every_file_over_the_whole(tmp_path):
    cells = {("train", "view_change_infer", form): (PAIR, n) for form, n in (("fill", 600), ("sentence", 300))}
    out = write_output(tmp_path, cells)
    forms = [row.cell.form for row in rows_of(out, taken(out), shuffle=True)]
    for k in range(0, 900, 90):
        assert 40 <= forms[k : k + 90].count("fill") <= 80
    changes = sum(a != b for a, b in pairwise(forms))
    assert 330 < changes < 470  # 400 of a fair draw


def test_damage_at_the_end_is_found_in_either_order(tmp_path):
    out = write_output(tmp_path)
    file = out / "facts/scannet/train/view_change_infer/fill.jsonl"
    file.write_text(file.read_text() + "{}\n")
    for shuffle in (False, True):
        with pytest.raises(OutputError, match="the file ends early"):
            list(rows_of(out, taken(out), shuffle=shuffle))


def test_no_rule_scores_a_sentence():
    forms = ("fill", "select", "judge", "sentence")
    assert [form for form in forms if not FORMATS["rl"].takes(Cell("d", "s", "t", form))] == ["sentence"]
    assert all(form.takes(Cell("d", "s", "t", "sentence")) for name, form in FORMATS.items() if name != "rl")
