"""Which kinds of things are counted."""

from __future__ import annotations

from dataclasses import replace

import pytest
from asking import SCENE, ask_all, said
from worlds import World

from spargen.scene.labels import LabelTable, label_rules

NARROW, WIDE = (0.3, 0.6, 1.0), (0.5, 1.1, 1.6)


def counts(things, frames=32):
    """What is counted in a room with some things, (label, centre, size), and two pianos; every frame shows all."""
    w = World()
    w.add("piano", (5, -1.9, 0.6), (0.6, 0.9, 1.2)).add("piano", (5, 1.9, 0.6), (0.6, 0.9, 1.2))
    for label, center, size in things:
        w.add(label, center, size)
    for k in range(frames):
        w.camera((0, -0.1 + 0.006 * k, 1.6), 0, -12)
    rows = ask_all(w.scene(), tasks=("obj_count",), quota=50).rows
    assert not rows or {row.form for row in rows} == {"fill", "sentence"}
    return {row.fact["labels"][0].rpartition(" ")[2]: len(row.fact["objects"]) for row in rows}


def side_by_side(gap_m, label="bookshelf", other=None):
    """Two things of unlike size whose sides face each other, far from each other's corners."""
    return [(label, (4, 0.3, 0.5), NARROW), (other or label, (4, 0.3 - 0.3 - gap_m - 0.55, 0.8), WIDE)]


def test_things_apart_are_counted_and_single_ones_not():
    assert counts([*side_by_side(0.5), ("lamp", (4, 1.2, 0.5), NARROW)]) == {"piano": 2, "bookshelf": 2}


@pytest.mark.parametrize(("gap_m", "counted"), [(-0.2, False), (0.0, False), (0.028, False), (0.032, True)])
def test_a_kind_of_which_two_touch_is_not_counted(gap_m, counted):
    assert ("bookshelf" in counts(side_by_side(gap_m))) == counted
    assert ("chair" in counts(side_by_side(gap_m, "chair", "Chair"))) == counted


@pytest.mark.parametrize(("gap_m", "doubtful", "told"), [(0.0, 0, "2"), (0.0, 1, "1"), (0.0, 2, None), (0.5, 0, None)])
def test_it_is_told_how_many_are_left_out_for_they_touch(gap_m, doubtful, told):
    """Those that their annotation makes doubtful are told of where it is read."""
    w = World().camera((0, 0, 1.6), 0, -12)
    for thing in side_by_side(gap_m):
        w.add(*thing)
    scene = w.scene()
    scene = replace(scene, objects=replace(scene.objects, doubtful=[k < doubtful for k in range(2)]))
    notes = ask_all(scene, tasks=("depth_prediction_oc",), quota=1).notes
    assert notes.get("objects not asked about: each touches another of its kind") == told


def test_what_touches_something_else_is_counted():
    things = [*side_by_side(0.0, "bookshelf", "lamp"), ("bookshelf", (4, 1.5, 0.5), NARROW)]
    assert counts(things) == {"piano": 2, "bookshelf": 2}


def test_a_kind_of_which_the_clip_misses_one_is_not_counted():
    behind_the_camera = ("bookshelf", (-4, 1.5, 0.5), NARROW)
    assert counts([*side_by_side(0.5), behind_the_camera]) == {"piano": 2}


def test_a_third_one_apart_does_not_help():
    assert counts([*side_by_side(0.0), ("bookshelf", (4, 1.5, 0.5), NARROW)]) == {"piano": 2}


@pytest.mark.parametrize(
    "other", ["stool", "armchair", "chairs", "wheelchair", "office chair", "chair/table", "stack of chair"]
)
def test_a_kind_with_a_label_that_its_name_may_not_hold_is_not_counted(other):
    assert counts([*side_by_side(0.5, "chair"), (other, (4, 1.5, 0.5), NARROW)]) == {"piano": 2}


def test_a_kind_is_counted_in_all_spellings_of_its_name():
    stools = [*side_by_side(0.5, "step stool"), ("Step  Stool 2", (4, 1.5, 0.5), NARROW)]
    assert counts([*stools, ("stepstool", (3, 0, 0.2), NARROW)]) == {"piano": 2, "stool": 4}


@pytest.mark.parametrize("label", ["door", "column", "cabinet door", "object", "books", "paper"])
def test_parts_of_the_building_and_plural_and_mass_labels_are_not_counted(label):
    assert counts(side_by_side(0.5, label)) == {"piano": 2}


def test_what_is_ordered_is_what_may_be_counted():
    names = {name for name, _ in LabelTable.of(SCENE.objects.label, label_rules()).kinds(SCENE.objects.label)}
    assert "books" not in names
    assert "door" not in names
    rows = ask_all(SCENE, tasks=("appearance_order",)).rows
    listed = {label for row in rows for label in said(row)[1].split(", ") if row.form == "fill"}
    assert len(listed) > 4
    assert listed <= names


class Doubting:
    """Labels as they are read where the last object's box cannot be trusted."""

    @staticmethod
    def of(labels, rules, doubtful=None):
        return LabelTable.of(labels, rules, [False] * (len(labels) - 1) + [True])


def test_a_kind_with_a_doubtful_thing_is_not_counted(monkeypatch):
    things = [*side_by_side(0.5), ("bookshelf", (4, 1.5, 0.5), NARROW)]
    assert counts(things) == {"piano": 2, "bookshelf": 3}
    monkeypatch.setattr("spargen.views.table.LabelTable", Doubting)
    assert counts(things) == {"piano": 2}
