"""Tasks say what they read of a scene's views, no more than that is made; and in which order they mark."""

from dataclasses import replace
from functools import partial
from typing import get_args

import numpy as np
import orjson
import pytest
from asking import SCENE, ask_all, context, walked

from spargen.errors import PluginError, SceneError, TaskError, unexpected
from spargen.phrase.templates import TemplateSet
from spargen.qa.answers import COUNT
from spargen.qa.fact import Fact, Mark
from spargen.run.engine import ask
from spargen.run.recipe import Recipe
from spargen.scene.labels import label_rules
from spargen.scene.types import Mesh
from spargen.scene.walks import WALKS
from spargen.settings import Settings
from spargen.tasks.context import Need
from spargen.tasks.registry import NEEDS, TASKS, task
from spargen.views import check, table

SMALL = Settings(views_per_scene=10, video_frames=8)


def never(*args, **kwargs):
    pytest.fail("made without need")


@pytest.fixture
def mine(tmp_path):
    """Register a task, and ask it of the furnished room."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "fill.j2").write_text("--- question\nHow many?\n--- note\nReply with a number.\n")
    names = []

    def register(propose, **more):
        names.append("mine")
        more = {"views": "single", "level": "low", "answer": COUNT, "slots": ""} | more
        task("mine", **more)(propose)
        templates = TemplateSet.load([tmp_path])
        return lambda scene=SCENE: ask(scene, Recipe({"mine": ("fill",)}, templates, {"mine/fill": 5}, 0, SMALL))

    yield register
    for name in names:
        TASKS.pop(name, None)


def test_a_task_that_needs_nothing_casts_no_ray_and_opens_no_image(mine, monkeypatch):
    def propose(ctx):
        yield Fact(frames=(3,), objects=(), answer=len(ctx.scene.frames), slots={})

    asked = mine(propose, needs=())
    for name in ("see", "pick_sets", "touching"):
        monkeypatch.setattr(table, name, never)
    monkeypatch.setattr(check, "check_scene", never)
    monkeypatch.setattr(check, "image_fault", never)
    (row,) = asked().rows
    assert row.record["conversations"][1]["value"] == str(len(SCENE.frames))


@pytest.mark.parametrize("need", ["table", "pairs", "sets", "clip", "walks"])
def test_what_a_task_reads_unsaid_is_refused(mine, need):
    read = "vis" if need == "table" else need

    def propose(ctx):
        getattr(ctx, read)
        yield Fact(frames=(0,), objects=(), answer=1, slots={})

    others = tuple(n for n in get_args(Need) if n != need)
    with pytest.raises(PluginError, match=f"the task reads the {need}, but does not say so") as found:
        mine(propose, needs=others)()
    assert "task mine" in str(found.value)
    assert len(mine(propose, needs=(*others, need))().rows) == 1


def test_images_of_one_room_alone_make_no_sets_and_no_clip(monkeypatch):
    looked_at = []
    see = table.see
    monkeypatch.setattr(table, "see", lambda *a, **k: looked_at.append(len(a[2])) or see(*a, **k))
    monkeypatch.setattr(table, "pick_sets", never)
    out = ask_all(SCENE, tasks=("depth_prediction_oc", "spatial_volume_infer"), settings=SMALL)
    assert len(out.rows) > 20
    assert looked_at == [10]


def test_pairs_need_no_sets(monkeypatch):
    sizes = []
    pick = table.pick_sets
    monkeypatch.setattr(table, "pick_sets", lambda *a: sizes.append(a[2]) or pick(*a))
    assert ask_all(SCENE, tasks=("view_change_infer",), settings=SMALL).rows
    assert sizes == [2]


def test_what_is_made_first_changes_nothing():
    a, b = (table.Views(SCENE, SMALL, rules=label_rules(), seed=0, video=True, threads=1) for _ in range(2))
    for part in ("sets", "pairs", "vis", "clip"):
        getattr(a, part)
    for part in ("pairs", "clip", "sets"):
        np.testing.assert_array_equal(getattr(b, part), getattr(a, part))


def test_every_task_says_what_its_images_suggest():
    for name, found in TASKS.items():
        assert found.needs == (("walks",) if name == "nav_video" else NEEDS[found.views]), name


def test_the_parts_are_those_of_the_views():
    ctx = context(SCENE, settings=SMALL)
    assert ctx.vis is ctx.views.vis
    assert ctx.stills is ctx.views.stills
    assert ctx.labels is ctx.views.labels


def test_what_an_adapter_found_besides_reaches_the_tasks(mine):
    def propose(ctx):
        yield Fact(frames=(0,), objects=(), answer=len(ctx.scene.extras["walks"]), slots={})

    (row,) = mine(propose, needs=())(replace(SCENE, extras={"walks": ["a", "b", "c"]})).rows
    assert row.fact["truth"] == {}
    assert row.record["conversations"][1]["value"] == "3"


@pytest.mark.parametrize(("needs", "answers"), [((), ["6"]), (("table",), [])])
def test_a_scene_of_walks_alone_is_asked_by_what_needs_no_views(mine, needs, answers):
    def propose(ctx):
        yield Fact(frames=(0,), objects=(), answer=len(ctx.scene.extras[WALKS]), slots={})

    nothing = Mesh(np.zeros((0, 3)), np.zeros((0, 3)), np.zeros(0))
    rows = mine(propose, needs=needs)(replace(walked(SCENE, 6), surface=nothing)).rows
    assert [row.record["conversations"][1]["value"] for row in rows] == answers


@pytest.mark.parametrize("listed", [("red", "blue"), ("blue", "red")])
def test_marks_are_listed_as_the_task_says_whatever_order_a_fact_has(mine, listed):
    def propose(ctx):
        marks = (Mark("blue", "point", 1, (1, 2), 0), Mark("red", "point", 2, (3, 4), 1))
        yield Fact(frames=(0, 1), objects=(), answer=1, slots={}, marks=marks)

    (row,) = mine(propose, views="pair", needs=(), marks=listed)().rows
    assert [key for key in row.record if key.endswith("_point")] == [f"{colour}_point" for colour in listed]
    assert row.record["point_img_idx"] == [[{"blue": 0, "red": 1}[colour] for colour in listed]]
    assert [mark["colour"] for mark in row.fact["marks"]] == list(listed)


def test_a_colour_that_the_task_does_not_name_is_refused(mine):
    def propose(ctx):
        yield Fact(frames=(0,), objects=(), answer=1, slots={}, marks=(Mark("green", "point", 1, (1, 2)),))

    with pytest.raises(PluginError, match="a mark has a colour that the task does not say"):
        mine(propose, needs=(), marks=("red", "blue"))()


def test_a_fact_without_numbers_behind_it_is_written_all_the_same(mine):
    def propose(ctx):
        yield Fact(frames=(0,), objects=(), answer=1, slots={})

    (row,) = mine(propose, needs=())().rows
    assert orjson.loads(orjson.dumps(row.fact))["truth"] == {}


def test_a_task_that_returns_nothing_is_refused(mine):
    with pytest.raises(PluginError, match="it gives None in place of facts") as caught:
        mine(lambda ctx: None, needs=())()
    assert caught.value.where.startswith(f"task mine ({__file__}:")


def test_a_task_that_returns_a_fact_is_refused(mine):
    with pytest.raises(PluginError, match=r"it gives Fact\(.*in place of facts"):
        mine(lambda ctx: Fact(frames=(0,), objects=(), answer=1, slots={}), needs=())()


def raises(error):
    def propose(ctx):
        yield Fact(frames=(0,), objects=(), answer=1, slots={})
        raise error

    return propose


@pytest.mark.parametrize("error", [RuntimeError("boom {}"), SystemExit(3)])
def test_what_a_task_raises_says_which_it_was_and_where(mine, error):
    propose = raises(error)
    with pytest.raises(TaskError) as caught:
        mine(propose, needs=())()
    line = propose.__code__.co_firstlineno + 2
    what = f"task mine ({__file__}:{line}): {type(error).__name__}: {error}\n  to mend: mend the task there"
    assert unexpected(caught.value).startswith(what)
    assert caught.value.__cause__ is error


@pytest.mark.parametrize("error", [SceneError("no depth", where="s", mend="m"), MemoryError(), KeyboardInterrupt()])
def test_what_has_a_meaning_of_its_own_keeps_it(mine, error):
    with pytest.raises(type(error)) as caught:
        mine(raises(error), needs=())()
    assert caught.value is error


def test_a_task_that_something_else_breaks_is_named_at_its_head(mine):
    with pytest.raises(TaskError, match=r"task mine: TypeError"):
        mine(partial(max, key=0), needs=())()


def test_numbered_marks_keep_their_order(mine):
    def propose(ctx):
        marks = tuple(Mark("none", "bbox", o, (o, o, 9, 9), o % 2) for o in (3, 1, 2))
        yield Fact(frames=(0, 1), objects=(), answer=1, slots={}, marks=marks)

    (row,) = mine(propose, views="pair", needs=())().rows
    assert [at[0] for at in row.record["bbox_list"][0]] == [3, 1, 2]


def test_facts_name_frames_of_the_scene_not_rows_of_the_table():
    ctx = context(SCENE, settings=SMALL)
    assert len(ctx.frames) < len(SCENE.frames)
    for name in ("depth_prediction_oc", "position_matching", "distance_prediction_oo_mv", "obj_frame_locate"):
        for fact in TASKS[name].propose(ctx):
            assert set(fact.frames) <= set(ctx.frames.tolist())
            for mark in fact.marks:
                view = ctx.frames.tolist().index(fact.frames[mark.image])
                table_of = ctx.vis.point if mark.kind == "point" else ctx.vis.bbox
                assert tuple(table_of[view, mark.obj].tolist()) == mark.at
