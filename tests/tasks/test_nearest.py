"""What counts in a question about all objects: the words and the truth agree."""

from __future__ import annotations

import pytest
from asking import SCENE, ask_all, said
from worlds import World, pictured

from spargen.scene.labels import LabelTable, label_rules
from spargen.settings import Settings

SAYS = "walls, floors, ceilings, doors, door and window frames, stairs, railings, columns and beams"
BESIDE = (0.3, 0.3, 0.9)
NEAR, MIDDLE, FAR = (1.6, 0.5, 1.0), (3.6, 0.6, 0.7), (6.0, 0.6, 1.2)
"""Before the chair; between chair and table, clear of both; behind the table."""


def room(*things):
    """A chair 3.1 m and a table 4.6 m from cameras that look along +X, and things as (label, centre, size)."""
    w = World()
    w.add("floor", (3, 0, -0.05), (8, 6, 0.1)).add("wall", (7, 0, 1.25), (0.1, 6, 2.5))
    w.add("chair", (3.0, -0.6, 0.45), (0.5, 0.5, 0.9)).add("table", (4.4, -0.3, 0.4), (1.0, 0.6, 0.8))
    for label, center, size in things:
        w.add(label, center, size)
    for k in range(8):
        w.camera((0, -0.1 + 0.02 * k, 1.4), 0, -12)
    return w.scene()


def answers(scene, **more):
    """What is nearest and what is farthest in the rows of a scene, and the rows."""
    rows = ask_all(scene, tasks=("distance_infer_center_oc",), quota=12, **more).rows
    found = {"nearest": set(), "farthest": set()}
    for row in rows:
        (label,) = row.fact["labels"]
        found[row.fact["quantity"]].add(label)
    return found, rows


def test_the_room_alone():
    found, rows = answers(room())
    assert found == {"nearest": {"chair"}, "farthest": {"table"}}
    assert all(SAYS in said(row)[0] for row in rows)


@pytest.mark.parametrize(("least_m", "nearest"), [(3.0, {"chair"}), (3.4, set())])
def test_what_is_nearer_than_the_least_distance_is_no_answer(least_m, nearest):
    """The middle of the chair is 3.2 m off; nothing else becomes nearest for that."""
    found, _ = answers(room(), settings=Settings(min_length_m=least_m))
    assert found == {"nearest": nearest, "farthest": {"table"}}


@pytest.mark.parametrize("label", ["railing", "column", "door frame", "door", "shower wall", "wood beam", "hand rail"])
@pytest.mark.parametrize("at", [NEAR, FAR])
def test_parts_of_the_building_that_the_words_name_do_not_count(label, at):
    found, _ = answers(room((label, at, BESIDE)))
    assert found == {"nearest": {"chair"}, "farthest": {"table"}}


@pytest.mark.parametrize("label", ["windowsill", "divider", "cabinet door", "oven door", "object", "rail"])
def test_what_the_words_do_not_name_spoils_a_row_that_it_would_answer(label):
    assert answers(room((label, NEAR, BESIDE)))[0] == {"nearest": set(), "farthest": {"table"}}
    assert answers(room((label, FAR, BESIDE)))[0] == {"nearest": {"chair"}, "farthest": set()}
    assert answers(room((label, MIDDLE, BESIDE)))[0] == {"nearest": {"chair"}, "farthest": {"table"}}


LESS = (0.3, 0.3, 0.4)
"""A tenth of an image may be without annotation."""


def test_what_nobody_annotated_spoils_a_row_that_it_would_answer():
    assert answers(room((None, NEAR, LESS)))[0] == {"nearest": set(), "farthest": {"table"}}
    assert answers(room((None, FAR, LESS)))[0] == {"nearest": {"chair"}, "farthest": set()}
    assert answers(room((None, MIDDLE, LESS)))[0] == {"nearest": {"chair"}, "farthest": {"table"}}
    # A patch of wall, and what no image shows, are no rivals.
    assert answers(room((None, (6.9, 0, 2), (0.02, 1, 0.4)), (None, (-1, 0, 1), BESIDE)))[0] == answers(room())[0]


@pytest.mark.parametrize("label", ["windowsill", "object", "lamp"])
def test_the_answer_leads_whatever_counts(label):
    # The chair's centre is 3.2 m off: 10 % of that is more than 0.2 m.
    assert answers(room((label, (3.2, -0.1, 0.45), (0.2, 0.2, 0.9))))[0]["nearest"] == set()
    assert answers(room((label, (3.4, 0.3, 0.45), (0.2, 0.2, 0.9))))[0]["nearest"] == {"chair"}


@pytest.mark.parametrize("label", ["lamp", "object"])
def test_what_is_only_glimpsed_spoils_a_row_that_it_would_answer(label):
    # Seen from 1.3 m, 11 pixels of 500 a metre: 0.04 % of the image, of which 0.02 % is glimpsed and 0.1 % seen.
    assert answers(room((label, (1.3, 0.2, 1.2), (0.028, 0.028, 0.028))))[0] == {
        "nearest": set(),
        "farthest": {"table"},
    }
    assert answers(room((label, (1.3, 0.2, 1.2), (0.012, 0.012, 0.012))))[0]["nearest"] == {"chair"}


class Doubting:
    """Labels as they are read where the last object's box cannot be trusted."""

    @staticmethod
    def of(labels, rules, doubtful=None):
        return LabelTable.of(labels, rules, [False] * (len(labels) - 1) + [True])


def test_a_doubtful_thing_spoils_a_row_that_some_part_of_it_would_answer(monkeypatch):
    # Two lamps annotated as one: the middle between them is farther than the chair, one of them is nearer.
    wide, narrow = (0.3, 4.0, 0.9), (0.1, 0.1, 0.3)
    at = (3.7, 0.2, 0.5)
    assert answers(room(("lamp", at, wide)))[0]["nearest"] == {"chair"}
    monkeypatch.setattr("spargen.views.table.LabelTable", Doubting)
    assert answers(room(("lamp", at, wide)))[0] == {"nearest": set(), "farthest": set()}
    assert answers(room(("lamp", at, narrow)))[0] == {"nearest": {"chair"}, "farthest": {"table"}}
    assert answers(room(("lamp", NEAR, BESIDE)))[0]["nearest"] == set()


def test_questions_over_several_images_say_the_same():
    rows = ask_all(SCENE, tasks=("distance_infer_center_oc_mv",), quota=12).rows
    assert {row.form for row in rows} >= {"fill", "sentence"}
    assert all(label_rules().building_phrase in said(row)[0] for row in rows)


DEEP = (0.12, 0.4, 0.4)


@pytest.mark.parametrize(("x_m", "in_images"), [(2.2, set()), (3.25, set()), (3.6, {"chair"})])
def test_in_images_only_the_face_of_what_nobody_annotated_is_seen(x_m, in_images):
    """Its centre may be half as far behind its face as that is wide; where it could be nearest, nothing is asked."""
    scene = room((None, (x_m, 0.5, 1.2), DEEP))
    of_mesh = {"chair"} if x_m > 3 else set()
    assert answers(scene)[0] == {"nearest": of_mesh, "farthest": {"table"}}
    assert answers(pictured(scene))[0] == {"nearest": in_images, "farthest": {"table"}}
