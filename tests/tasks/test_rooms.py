"""Where a scene names its rooms, what a question shows and asks about stays in one of them."""

from collections import defaultdict
from dataclasses import replace

import numpy as np
import pytest
from asking import SCENE, TASKS, ask_all, context, options
from worlds import World, pictured

from spargen.errors import SceneError
from spargen.settings import Settings
from spargen.views.table import choose_frames, same_room

EAST, WEST = "east", "west"
MIDDLE_M = 4.5


def halves(scene, unknown=()):
    """The scene with its west and east half as two rooms; some frames unknown."""
    views = [WEST if x < MIDDLE_M else EAST for x in scene.cameras.position_m[:, 0]]
    things = [WEST if x < MIDDLE_M else EAST for x in scene.objects.center_m[:, 0]]
    views = [None if i in unknown else room for i, room in enumerate(views)]
    return replace(scene, room_of_view=views, room_of_object=things)


TWO = halves(SCENE, unknown=range(0, 72, 9))
FEW = Settings(video_frames=20)


@pytest.fixture(scope="module", params=["mesh", "images"])
def asked(request):
    return ask_all(pictured(TWO) if request.param == "images" else TWO, settings=FEW)


def test_every_question_stays_in_one_room(asked):
    of_object = dict(zip(TWO.objects.id.tolist(), TWO.room_of_object, strict=True))
    tasks = defaultdict(set)
    for row in asked.rows:
        if TASKS[row.task].walked:  # a walk leads from room to room
            continue
        rooms = {TWO.room_of_view[f] for f in row.frames} | {of_object[o] for o in row.fact["objects"]}
        assert len(rooms) == 1, row.fact
        assert rooms <= {EAST, WEST}
        tasks[row.task] |= rooms
    assert {task for task, rooms in tasks.items() if len(rooms) == 2 and TASKS[task].views != "video"}
    assert {TASKS[task].views for task in tasks} == {"single", "pair", "multi", "video"}


def test_options_are_things_of_that_room(asked):
    ctx = context(TWO, settings=FEW)
    boxes = 0
    for row in asked.rows:
        if row.task == "distance_infer_center_oc" and row.form == "select":
            view = row.frames[0]
            here = same_room([TWO.room_of_view[view]], TWO.room_of_object)[0]
            shown = {str(box) for box in ctx.vis.bbox[view][here].tolist()}
            assert set(options(row)) <= shown
            boxes += 1
    assert boxes


def test_several_rooms_have_no_one_size(asked):
    assert "room_size" not in {row.task for row in asked.rows}
    assert asked.dropped["room_size", "the scene has several rooms"] == 1


def test_what_all_is_in_one_room_is_asked_as_if_none_were_named():
    names = ("position_matching", "distance_infer_center_oc_mv", "obj_count", "room_size", "appearance_order")
    one = replace(SCENE, room_of_view=[7] * len(SCENE.frames), room_of_object=["7"] * len(SCENE.objects))
    none = replace(SCENE, room_of_view=[None] * len(SCENE.frames))
    assert none.room_of_view == ()
    expected = [row.record for row in ask_all(SCENE, tasks=names).rows]
    for scene in (one, none):
        assert [row.record for row in ask_all(scene, tasks=names).rows] == expected


def test_what_is_nearest_in_another_room_is_no_answer_and_hides_the_one_of_this():
    # Through a door one sees a plant of the next room, far behind what stands in this one.
    w = World().add("chair", (3, 1, 0.5), (0.5, 0.5, 0.5)).add("lamp", (4, -1, 1), (0.5, 0.5, 0.5))
    w.add("plant", (8, 0, 1), (0.6, 0.6, 1.0))
    scene = w.camera((0, 0, 1)).scene()
    propose = TASKS["distance_infer_center_oc"].propose
    assert {(f.quantity, f.objects) for f in propose(context(scene))} == {("nearest", (0,)), ("farthest", (2,))}
    apart = replace(scene, room_of_view=["a"], room_of_object=["a", "a", "b"])
    assert {(f.quantity, f.objects) for f in propose(context(apart))} == {("nearest", (0,))}


def test_a_kind_that_other_rooms_have_too_is_not_counted():
    ctx = context(TWO, settings=FEW)
    counted = {f.slots["label"]: f.objects for f in TASKS["obj_count"].propose(ctx)}
    clip_room = {TWO.room_of_view[f] for f in ctx.frames[ctx.clip]}
    assert len(clip_room) == 1
    for label, members in counted.items():
        assert [o for o, name in enumerate(TWO.objects.label) if name == label] == list(members)
        assert {TWO.room_of_object[o] for o in members} == clip_room


def test_the_clip_is_of_the_room_that_most_frames_show():
    rooms = ["a", None, "b", "b", "a", "b", None, None, None, "b"]
    usable = np.array([0, 1, 2, 3, 4, 6, 7, 8, 9])
    few = Settings(video_frames=3, views_per_scene=4)
    stills, clip = choose_frames(usable, few, video=True, rooms=rooms)
    assert clip.tolist() == [2, 3, 9]
    assert stills.tolist() == usable[[0, 2, 5, 8]].tolist()
    assert choose_frames(usable, few, video=True, rooms=["a"] * 2 + [None] * 8)[1].tolist() == []


def test_rooms_are_compared_by_name_and_unknown_ones_are_nowhere():
    rooms = ["a", None, "b", "a"]
    expected = [[x is not None and x == y for y in rooms] for x in rooms]
    assert same_room(rooms, rooms).tolist() == expected


def test_rooms_are_named_for_all_or_for_none():
    views, things = ["a"] * len(SCENE.frames), ["a"] * len(SCENE.objects)
    with pytest.raises(SceneError, match="for views or for objects alone"):
        replace(SCENE, room_of_view=views)
    with pytest.raises(SceneError, match="for views or for objects alone"):
        replace(SCENE, room_of_object=things)
    for more in ({"room_of_view": views[1:]}, {"room_of_object": things[1:]}):
        with pytest.raises(SceneError, match="entries, not"):
            replace(SCENE, **{"room_of_view": views, "room_of_object": things} | more)
