"""spargen from Python."""

import pytest
from worlds import furnished

import spargen
from spargen.errors import SpargenError

SCENE, WALK = furnished(12).scene(), furnished(40).scene()


def test_questions_are_records_of_the_tasks_asked():
    records = list(spargen.questions(SCENE, tasks=["distance_prediction_oo"], rows_per_cell=3))
    assert {record["type"] for record in records} == {"distance_prediction_oo"}
    assert all(len(record["conversations"]) == 2 for record in records)


def test_whoever_changes_a_record_changes_no_other():
    kept = list(spargen.questions(WALK, tasks=["room_size"], rows_per_cell=4))
    for record in spargen.questions(WALK, tasks=["room_size"], rows_per_cell=4):
        assert record in kept
        record["image"][:] = [f"root/{path}" for path in record["image"]]
        record["conversations"].clear()


def test_brief_questions_are_the_same_in_fewer_words():
    asked = {"tasks": ["room_size"], "rows_per_cell": 4}
    full, brief = (list(spargen.questions(WALK, words=words, **asked)) for words in ("full", "brief"))
    assert len(full) == len(brief) == 12
    for long, short in zip(full, brief, strict=True):
        assert long["image"] == short["image"]
        assert len(short["conversations"][0]["value"]) < len(long["conversations"][0]["value"])
    assert list(spargen.questions(WALK, **asked)) == full


def test_a_task_that_does_not_exist_is_named_with_its_neighbours():
    with pytest.raises(SpargenError, match=r"no task 'obj_cuont'(?s:.*)did you mean obj_count"):
        next(spargen.questions(SCENE, tasks=["obj_cuont"]))


def test_templates_are_checked(tmp_path):
    file = tmp_path / "distance_prediction_oo" / "fill.j2"
    file.parent.mkdir()
    file.write_text("--- question\nHow far is the {{ frist }}?\n")
    with pytest.raises(SpargenError, match=r"fill\.j2:2: unknown slot frist"):
        next(spargen.questions(SCENE, tasks=["distance_prediction_oo"], templates=[tmp_path]))
