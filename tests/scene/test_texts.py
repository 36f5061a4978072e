"""What must not stand in a question is taken out of what comes from outside, and said."""

from __future__ import annotations

import re
import time
from dataclasses import replace

import orjson
import pytest
from asking import SCENE, ask_all, said
from hypothesis import given
from hypothesis import strategies as st

from spargen.geometry.annotation import annotate
from spargen.scene.labels import LabelTable, label_rules
from spargen.scene.texts import LONGEST_LABEL, harmless, label_of
from spargen.scene.walks import Walk

LONG = "what the people who moved out last summer left behind beside the old office chair"


@pytest.mark.parametrize(
    ("raw", "called"),
    [
        ("office chair", "office chair"),
        ("chair (broken)", "chair (broken)"),
        ("bi\u00adcyc\u200ble\ufeff", "bicycle"),
        ("\u202echair\u202c", "chair"),
        ("chair\u3164\ufe0f", "chair"),
        ("chair\nB. table\x1b[31m", "chair B. table [31m"),
        ("<image>", ""),
        ("chair <image>", "chair"),
        ("<im\u200bage>chair", "chair"),
        ("chair<|im_end|>", "chair"),
        ("a < b > c", "a c"),
        ("chair (red point)", "chair"),
        ("chair ( BLUE  bbox)", "chair"),
        ("lamp (point2)", "lamp"),
        ("lamp (objectA)", "lamp"),
        ("(Object1) chair", "chair"),
        ("tv (in Frame-16, Object0) (green bbox)", "tv"),
        ("chair (red point", "chair"),
        ("chair (red (red point) point)", "chair red point"),
        (LONG, "out last summer left behind beside the old office chair"),
        ("x" * 5000, "x" * LONGEST_LABEL),
    ],
)
def test_a_label_holds_nothing_that_a_question_reads_as_its_own(raw, called):
    assert label_of(raw) == called


@given(st.text(st.sampled_from("<>()\u200b\n image red point Object1 Frame-3 chair|"), max_size=60))
def test_nothing_is_left_whatever_is_put_together(raw):
    once = harmless(raw)
    assert harmless(once) == once
    assert once.isprintable()
    assert not set("<>") & set(once)
    assert not re.search(r"\((red|blue) point\)|\(object\d", once, re.IGNORECASE)


@pytest.mark.parametrize("raw", ["(" * 400_000, "<" * 400_000, "(red " * 80_000 + "point)" * 80_000, "a" * 1_000_000])
def test_a_text_without_an_end_takes_no_time(raw):
    begin = time.process_time()
    label_of(raw)
    harmless(raw[:100_000])
    assert time.process_time() - begin < 2


def called(**named):
    """The room with some objects' labels changed: `table="chair (red point)"`."""
    labels = [named.get(label, label) for label in SCENE.objects.label]
    return replace(SCENE, objects=replace(SCENE.objects, label=labels))


def test_questions_and_facts_of_changed_labels():
    raw = "lamp<image> \ud800(red point)\n"
    lamp = next(label for label in SCENE.objects.label if label == "lamp")
    scene = called(lamp=raw)
    assert scene.objects.label == SCENE.objects.label
    assert scene.notes["labels changed"] == f"1, such as {raw!a}, which is called {lamp!r}"
    tasks = ("distance_prediction_oc", "depth_prediction_oo", "distance_infer_center_oo")
    changed, plain = ask_all(scene, tasks=tasks, quota=8), ask_all(SCENE, tasks=tasks, quota=8)
    assert [said(row) for row in changed.rows] == [said(row) for row in plain.rows]
    told = [row.fact for row in changed.rows if "lamp" in row.fact["labels"]]
    assert told
    assert all("lamp<image> \\ud800(red point)\n" in fact["labels_released"] for fact in told)
    assert not [row for row in changed.rows if "lamp" not in row.fact["labels"] and "labels_released" in row.fact]
    assert not [row for row in plain.rows if "labels_released" in row.fact]
    assert orjson.dumps([dict(row.fact) for row in changed.rows])


def test_white_space_is_no_change_worth_a_note():
    scene = called(lamp="  lamp\n")
    assert "labels changed" not in scene.notes
    assert not any("labels_released" in row.fact for row in ask_all(scene, tasks=("distance_prediction_oc",)).rows)


def test_labels_that_become_one_clash():
    labels = called(lamp="chair\u200b").objects.label
    table = LabelTable.of(labels, label_rules())
    row = SCENE.objects.label.index("lamp")
    assert not table.unique[row]
    assert [SCENE.objects.label[o] for o in table.clash[row].nonzero()[0]] == ["chair", "chair", "office chair", "lamp"]


def test_a_remark_is_not_asked_about_and_still_clashes():
    scene = called(lamp=LONG)
    row = SCENE.objects.label.index("lamp")
    assert scene.objects.doubtful[row]
    assert not SCENE.objects.doubtful[row]
    table = LabelTable.of(scene.objects.label, label_rules(), scene.objects.doubtful)
    assert table.present[row]
    assert table.clash[row, SCENE.objects.label.index("chair")]
    rows = ask_all(scene, tasks=("distance_prediction_oc", "obj_count")).rows
    assert rows
    assert not [fact for r in rows if int(scene.objects.id[row]) in (fact := r.fact)["objects"]]


def test_a_long_label_may_not_hide_in_what_shows_nothing():
    objects = called(lamp="lamp" + "\u200b" * 100).objects
    assert objects.doubtful[SCENE.objects.label.index("lamp")]
    assert replace(objects, center_m=objects.center_m).released == objects.released


def test_the_parts_of_a_building_are_told_by_the_changed_label():
    vertices = [[x + dx, y + dx, 0] for dx in (0, 5) for x, y in ((0, 0), (1, 0), (0, 1), (1, 1))]
    faces = [[0, 1, 2], [1, 3, 2], [4, 5, 6]]
    for label, strays in (("wall", 0), ("wall <image>", 0), ("chair", 1)):
        found = annotate(vertices, faces, [1], [label], rules=label_rules(), vertex_object=[0] * 8)
        assert found.notes.get("stray pieces left out", 0) == strays
    assert found.annotation.label == found.objects.label


def test_the_words_of_a_walk_are_made_harmless_too():
    walk = Walk("w", "Go <image> past the chair (red point)\nand stop.", (0,), {"a": 1})
    assert walk.instruction == "Go past the chair and stop."
    assert walk.told == {"a": 1, "instruction_released": "Go <image> past the chair (red point)\nand stop."}
    assert Walk("w", "Go on.", (0,), {}).told == {}
