"""spargen from Python."""

import pytest
from worlds import furnished

import spargen
from spargen.errors import SpargenError

SCENE = furnished(12).scene()


def test_questions_are_records_of_the_tasks_asked():
    records = list(spargen.questions(SCENE, tasks=["distance_prediction_oo"], rows_per_cell=3))
    assert {record["type"] for record in records} == {"distance_prediction_oo"}
    assert all(len(record["conversations"]) == 2 for record in records)


def test_a_task_that_does_not_exist_is_named_with_its_neighbours():
    with pytest.raises(SpargenError, match=r"no task 'obj_cuont'(?s:.*)did you mean obj_count"):
        next(spargen.questions(SCENE, tasks=["obj_cuont"]))


def test_templates_are_checked(tmp_path):
    file = tmp_path / "distance_prediction_oo" / "fill.j2"
    file.parent.mkdir()
    file.write_text("--- question\nHow far is the {{ frist }}?\n")
    with pytest.raises(SpargenError, match=r"fill\.j2:2: unknown slot frist"):
        next(spargen.questions(SCENE, tasks=["distance_prediction_oo"], templates=[tmp_path]))
