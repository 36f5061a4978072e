"""Facts are looked at as they come from a task: what is wrong with one is told by its number, and how to mend it."""

from dataclasses import replace

import numpy as np
import pytest
from asking import SCENE, facts_of

from spargen.errors import PluginError
from spargen.qa import answers as kinds
from spargen.qa.fact import Fact, Mark, Thing
from spargen.run.checked import check_facts
from spargen.tasks.registry import COLOURS, TASKS, Task

RED, BLUE = Mark("red", "point", 1, (1, 2)), Mark("blue", "bbox", 2, (0, 0, 1000, 999))
GOOD = Fact((3,), (1, 2), 2.5, {"first": "a", "second": Thing("b")}, (RED, BLUE))
SLOTS = ("first", "second", "answer", "claim")
FRAMES, OBJECTS = len(SCENE.frames), len(SCENE.objects)


def propose(ctx):
    yield GOOD


def made(**more):
    said = {"views": "single", "level": "low", "answer": kinds.LENGTH, "slots": SLOTS} | more
    return Task("mine", propose=propose, marks=COLOURS, **said)


def refused(fact, **more):
    with pytest.raises(PluginError) as caught:
        check_facts(made(**more), [GOOD] * 2 + [fact, GOOD], SCENE)
    error = caught.value
    assert error.where.startswith(f"task mine ({__file__}:")
    assert error.what.startswith("fact 3: ")
    assert error.mend
    return error.what


def test_facts_that_are_right_are_taken():
    check_facts(made(), [], SCENE)
    check_facts(made(), [GOOD, GOOD._replace(marks=(), objects=(), answer=np.float32(1)), GOOD], SCENE)
    numbered = tuple(Mark("none", "point", 1, (5, 5)) for _ in range(3))
    check_facts(made(), [GOOD._replace(marks=numbered)], SCENE)
    check_facts(made(), [GOOD._replace(slots={}, forms=("select",))], SCENE)
    check_facts(made(), [GOOD._replace(slots=GOOD.slots | {"more": 1})], SCENE)
    check_facts(made(wrong=1), [GOOD, GOOD._replace(wrong=(1.0, 2))], SCENE)


def test_facts_of_shipped_tasks_are_right():
    for name, fact in facts_of(SCENE, pool=12):
        check_facts(TASKS[name], [fact], SCENE)


@pytest.mark.parametrize("found", [None, {"frames": (3,)}, 7])
def test_what_is_no_fact(found):
    assert "this is no Fact" in refused(found)


@pytest.mark.parametrize(
    ("part", "value", "message"),
    [
        ("frames", np.array([3]), "this is no tuple of whole numbers"),
        ("frames", 3, "this is no tuple of whole numbers"),
        ("frames", (3.0,), "this is no tuple of whole numbers"),
        ("frames", (FRAMES,), f"the scene has no such frames, only 0 to {FRAMES - 1}"),
        ("frames", (-1,), "the scene has no such frames"),
        ("frames", (), "so many images are no single, which has 1"),
        ("frames", (3, 4), "so many images are no single, which has 1"),
        ("objects", np.array([1, 2]), "this is no tuple of whole numbers"),
        ("objects", (OBJECTS,), f"the scene has no such objects, only 0 to {OBJECTS - 1}"),
        ("objects", (-1, 1), "the scene has no such objects"),
        ("marks", [RED], "this is no tuple of marks"),
        ("marks", (("red", "point", 1, (1, 2), 0),), "this is no tuple of marks"),
        ("marks", (RED._replace(kind="circle"),), "neither a point of x and y nor a bbox"),
        ("marks", (RED._replace(at=(5,)),), "neither a point of x and y nor a bbox"),
        ("marks", (RED._replace(at=(1, 2, 3, 4)),), "neither a point of x and y nor a bbox"),
        ("marks", (RED._replace(at=5),), "neither a point of x and y nor a bbox"),
        ("marks", (RED._replace(at=(1, 1001)),), "a mark is not at whole numbers from 0 to 1000"),
        ("marks", (RED._replace(at=(-3, 5)),), "a mark is not at whole numbers from 0 to 1000"),
        ("marks", (RED._replace(at=(5.5, 6)),), "a mark is not at whole numbers from 0 to 1000"),
        ("marks", (RED._replace(at=np.array([5, 6])),), "a mark is not at whole numbers from 0 to 1000"),
        ("marks", (RED._replace(colour="purple"),), "a mark has a colour that the task does not say"),
        ("marks", (RED, BLUE, RED), "two marks have one colour"),
        ("marks", (RED._replace(obj=OBJECTS),), "a mark is on an object that the scene has not"),
        ("marks", (RED._replace(obj=-1),), "a mark is on an object that the scene has not"),
        ("marks", (RED._replace(image=1),), "a mark is in an image that the fact has not"),
        ("marks", (RED._replace(image=-1),), "a mark is in an image that the fact has not"),
        ("slots", None, "these are no slots"),
        ("slots", {"first": "a", "second": None}, "a slot has no value"),
        ("slots", {"first": "a"}, "a fact of all forms has fewer than the slots first, second"),
        ("forms", ("fill", "fil"), "these are no forms"),
        ("forms", "fill", "these are no forms"),
        ("answer", None, "this is no Length"),
        ("wrong", (1.0,), "it brings wrong answers, but the task does not say so"),
    ],
)
def test_what_is_wrong_with_a_fact_is_told(part, value, message):
    what = refused(GOOD._replace(**{part: value}))
    assert message in what
    assert f": {part}=" in what


@pytest.mark.parametrize(
    ("views", "frames", "right"),
    [("pair", 1, 2), ("pair", 3, 2), ("multi", 1, 3), ("multi", 1, 7), ("video", 0, 1), ("video", 0, 40)],
)
def test_a_fact_has_as_many_frames_as_its_task_shows(views, frames, right):
    good, bad = (GOOD._replace(frames=tuple(k % FRAMES for k in range(n))) for n in (right, frames))
    check_facts(made(views=views), [good], SCENE)
    with pytest.raises(PluginError, match=f"fact 2: so many images are no {views}"):
        check_facts(made(views=views), [good, bad], SCENE)


def test_a_mark_lies_in_an_image_of_its_own_fact():
    wide = GOOD._replace(frames=(1, 2, 3, 4), marks=(RED._replace(image=3),))
    narrow = GOOD._replace(frames=(1, 2, 3), marks=(RED._replace(image=2),))
    check_facts(made(views="multi"), [wide, narrow], SCENE)
    with pytest.raises(PluginError, match="fact 2: a mark is in an image that the fact has not"):
        check_facts(made(views="multi"), [wide, narrow._replace(marks=wide.marks)], SCENE)


BOX, PLACE = (0, 10, 500, 1000), kinds.Place(1, 2, 3.0)
SEEN = kinds.Sighting(1, "chair", 4, BOX)
NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("kind", "right", "wrong"),
    [
        (kinds.LENGTH, [0.0, 2, np.float64(1)], ["far", NAN, INF, -0.1, True, (1.0,)]),
        (kinds.AREA, [20.0], ["20", NAN, INF, -1.0]),
        (kinds.COUNT, [0, 3, np.int64(4)], [3.0, -1, "3", True]),
        (kinds.BOX, [BOX, list(BOX)], [BOX[:3], (0, 0, 5, 1001), (0.5, 1, 2, 3), np.array(BOX), "box"]),
        (kinds.SIZE, [(1, 2, 3)], [(1, 2), (1.5, 2, 3), 4]),
        (kinds.PLACE, [PLACE], [(1, 2, 3.0), PLACE._replace(x=1001), PLACE._replace(depth_m=NAN), None]),
        (kinds.DIRECTIONS, [kinds.Directions(("lr",), (1,))], ["left", ("lr",)]),
        (kinds.CANDIDATE, [Thing("chair")], ["chair", 3]),
        (kinds.SIGHTING, [SEEN], [BOX, replace(SEEN, image=5), replace(SEEN, box=(1, 2))]),
        (kinds.MOVES, [[("move_left", 0.3)]], [[], [("move_left",)], [(1, 2)], [("move_left", "far")], "move"]),
        (kinds.FRAMES, [[1, 2]], [[], 3, [1.5], ["1"]]),
        (kinds.ORDER, [["chair", "lamp"]], [[], "chair, lamp", [1]]),
        (kinds.MAP, [[(-0.5, 2.0)]], [[], [(1.0,)], [(NAN, 1.0)], [("a", "b")], 5]),
        (kinds.TOLD, ["Turn left."], [None, 3, ["Turn left."]]),
    ],
)
def test_an_answer_is_one_of_its_kind(kind, right, wrong):
    answers = [GOOD._replace(answer=value) for value in right]
    check_facts(made(answer=kind), answers, SCENE)
    for value in wrong:
        bad = answers[0]._replace(answer=value)
        with pytest.raises(PluginError, match=f"fact 2: this is no {type(kind).__name__}: answer=") as caught:
            check_facts(made(answer=kind), [answers[0], bad], SCENE)
        assert caught.value.mend == f"a value of that kind is {kind.value}"
        if kind.takes_wrong:
            with pytest.raises(PluginError, match=r"fact 1: this is no tuple, each of it a .*: wrong="):
                check_facts(made(answer=kind, wrong=2), [answers[0]._replace(wrong=(right[0], value))], SCENE)
