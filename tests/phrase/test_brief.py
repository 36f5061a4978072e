"""Asked in full or in brief, a scene gives the same questions and answers; in brief they are as short as SPAR's own."""

from collections import defaultdict
from dataclasses import replace

import pytest
from asking import BRIEF, SCENE, TEMPLATES, ask_all, said

CELLS = [(task, form) for task in TEMPLATES.tasks() for form in TEMPLATES.forms(task)]
UNNAMED = (
    "camera_motion_infer",
    "view_change_infer",
    "room_size",
    "nav_video",
    "distance_infer_center_oc",
    "distance_infer_center_oc_mv",
)
every = pytest.mark.parametrize(("task", "form"), CELLS)


def by_cell(rows):
    cells = defaultdict(list)
    for row in rows:
        cells[row.task, row.form].append(row)
    return cells


@pytest.fixture(scope="module")
def full():
    return by_cell(ask_all(SCENE).rows)


@pytest.fixture(scope="module")
def brief():
    return by_cell(ask_all(SCENE, templates=BRIEF).rows)


@every
def test_words_change_nothing_but_words(full, brief, task, form):
    worded = {"question_line", "note_line", "answer_line"}
    assert len(full[task, form]) == len(brief[task, form]) > 0
    for long, short in zip(full[task, form], brief[task, form], strict=True):
        assert {k: v for k, v in long.fact.items() if k not in worded} == {
            k: v for k, v in short.fact.items() if k not in worded
        }
        assert {k: v for k, v in long.record.items() if k != "conversations"} == {
            k: v for k, v in short.record.items() if k != "conversations"
        }
        if form != "sentence":
            assert said(long)[1] == said(short)[1]


@every
def test_in_full_long_notes_are_used_as_often_as_short_ones(full, task, form):
    notes = {block.line for block in TEMPLATES.wording(task, form).notes}
    rows = full[task, form]
    used = {row.fact["note_line"] for row in rows}
    assert used <= notes
    assert len(used) >= min(len(notes), len(rows)) - 1


@every
def test_brief_questions_are_short(brief, task, form):
    most = 90 if task.startswith("spatial_imagination") else 60
    for row in brief[task, form]:
        question = said(row)[0].split("\n")[0]  # options apart
        assert len(question.split()) <= most, (row.fact["question_line"], row.fact["note_line"], question)


@pytest.fixture(scope="module")
def long_labels():
    """The brief rows of the scene whose labels have three words each, or two more than before."""
    labels = tuple(f"very long {label}" for label in SCENE.objects.label)
    return by_cell(ask_all(replace(SCENE, objects=replace(SCENE.objects, label=labels)), templates=BRIEF).rows)


@every
def test_brief_questions_are_short_whatever_the_labels(long_labels, task, form):
    rows = long_labels[task, form]
    unnamed = task in UNNAMED or (task, form) == ("position_matching", "select")
    assert any("very long" in said(row)[0] for row in rows) or unnamed
    test_brief_questions_are_short(long_labels, task, form)
    # Not at the cost of variety.
    assert len({row.fact["question_line"] for row in rows}) >= min(len(rows), 8) / 2
