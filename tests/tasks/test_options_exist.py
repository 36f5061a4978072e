"""Options that are boxes: other things that the image which the option names shows, each with its own box there."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from asking import SCENE, TASKS, ask_all, context, options, said
from worlds import World

from spargen.geometry.visibility import see
from spargen.scene.labels import LabelTable, label_rules
from spargen.settings import Settings
from spargen.tasks.nearest import _others_seen, _sighting
from spargen.views.table import Views

S = Settings()
LABELS = LabelTable.of(SCENE.objects.label, label_rules())
VIS = see(SCENE.surface, SCENE.objects, SCENE.cameras, LABELS.askable, S, threads=1)
BOX_TASKS = ("distance_infer_center_oc", "distance_infer_center_oc_mv", "position_matching")
ORDINALS = ("first", "second", "third")


def view_of(row, image):
    return SCENE.frames.index(row.fact["frames"][image])


def shown(row, text):
    """The image that an option names, its box, and the objects that have this box there."""
    words = re.search(r"the (\w+) image", text)
    image = ORDINALS.index(words[1]) if words else len(row.fact["frames"]) - 1
    box = tuple(map(int, re.search(r"\[(\d+), (\d+), (\d+), (\d+)\]", text).groups()))
    view = view_of(row, image)
    return image, box, [int(o) for o in np.flatnonzero((VIS.bbox[view] == box).all(axis=1) & VIS.boxed[view])]


@pytest.fixture(scope="module")
def rows():
    found = {task: [] for task in BOX_TASKS}
    for seed in (0, 1, 2):
        for row in ask_all(SCENE, quota=60, tasks=BOX_TASKS, seed=seed).rows:
            if row.form == "select":
                found[row.task].append(row)
    return found


every = pytest.mark.parametrize("task", BOX_TASKS)


@every
def test_every_option_is_a_thing_that_its_image_shows(rows, task):
    assert len(rows[task]) >= (20 if task == "distance_infer_center_oc" else 100)
    for row in rows[task]:
        named = [shown(row, text)[2] for text in options(row)]
        assert all(len(objects) >= 1 for objects in named), options(row)
        assert len({objects[0] for objects in named}) == 4
        right = named["ABCD".index(said(row)[1])]
        assert row.fact["objects"][0] - 100 in right


@every
def test_what_cannot_be_boxed_is_no_option(task):
    """A thing whose box may not be drawn, but which is visible, and has a box."""
    vis = context(SCENE).vis
    for obj in np.flatnonzero(vis.boxed.sum(axis=0) > 5)[:6].tolist():
        boxed = vis.boxed.copy()
        boxed[:, obj] = False
        facts = list(TASKS[task].propose(context(SCENE, vis=replace(vis, boxed=boxed))))
        assert len(facts) >= 20
        for fact in facts:
            assert obj not in fact.objects
            for wrong in fact.wrong:
                if task.endswith("mv"):
                    assert wrong.obj != obj
                else:
                    assert wrong != tuple(vis.bbox[fact.frames[-1], obj].tolist())


@every
def test_no_two_boxes_of_an_image_overlap_much_or_hold_each_other(rows, task):
    held = Counter()
    for row in rows[task]:
        for (i, a, _), (j, b, _) in combinations([shown(row, text) for text in options(row)], 2):
            if i != j:
                continue
            w, h = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
            both = max(0, w) * max(0, h)
            areas = [(x2 - x1) * (y2 - y1) for x1, y1, x2, y2 in (a, b)]
            assert both < 0.5 * (sum(areas) - both)
            assert both < 0.8 * min(areas)
            held[both > 0.5 * min(areas)] += 1
    assert held[True]


def test_labels_of_options_over_several_images_are_their_own_and_do_not_clash(rows):
    told = Counter()
    for row in rows["distance_infer_center_oc_mv"]:
        things = []
        for text in options(row):
            label, _, _ = text.partition(":")
            (obj,) = [o for o in shown(row, text)[2] if SCENE.objects.label[o] == label]
            things.append(obj)
            told[label] += 1
        for a, b in combinations(things, 2):
            assert not LABELS.clash[a, b]
    assert min(told["chair"], told["office chair"]) >= 3


def test_boxes_of_one_image_may_have_one_label(rows):
    """Where an option is a box alone, or where the marked object is shown, another chair is as good as any thing."""
    clashing = 0
    for row in rows["position_matching"]:
        things = [shown(row, text)[2][0] for text in options(row)]
        clashing += any(LABELS.clash[a, b] for a, b in combinations(things, 2))
    assert clashing >= 3


def test_others_of_a_set_come_once_each_in_an_image_that_shows_them_and_those_seen_once_first():
    ctx = context(SCENE)
    views = next(v for v in ctx.sets.tolist() if (VIS.boxed[v].sum(axis=0) > 1).sum() >= 2)
    noticed, boxed = (VIS.seen | VIS.glimpsed)[views].sum(axis=0), VIS.boxed[views]
    images = {o: set() for o in np.flatnonzero(boxed.any(axis=0)).tolist()}
    clashes = [frozenset(np.flatnonzero(row).tolist()) for row in LABELS.clash]
    orders = set()
    for _ in range(60):
        others = [_sighting(ctx, tuple(views), *other, clashes) for other in _others_seen(ctx, tuple(views))]
        assert sorted(o.obj for o in others) == sorted(images)
        once = [noticed[o.obj] == 1 for o in others]
        assert once == sorted(once, reverse=True)
        orders.add(tuple(o.obj for o in others))
        for o in others:
            assert o.label == SCENE.objects.label[o.obj]
            assert o.box == tuple(VIS.bbox[views[o.image], o.obj].tolist())
            assert o.clashes == set(np.flatnonzero(LABELS.clash[o.obj]).tolist())
            images[o.obj].add(o.image)
    assert len(orders) > 50
    assert {o: set(np.flatnonzero(boxed[:, o]).tolist()) for o in images} == images


def fan(things):
    """Cameras that look along +X at things spread out before a wall, each half a metre farther than the one before."""
    w = World().add("wall", (9, 0, 1), (0.1, 20, 8))
    for k in range(things):
        angle, distance = np.radians(-18 + 36 * k / (things - 1)), 3 + 0.5 * k
        at = (distance * np.cos(angle), distance * np.sin(angle), 1.0)
        w.add(f"thing {'abcdefghij'[k]}", at, (0.3, 0.3, 0.3 + 0.1 * (k % 3)))
    for i in range(4):
        w.camera((0, 0.25 * (i - 1.5), 1), 5 * (i - 1.5))
    return w.scene()


def test_all_that_an_image_shows_may_be_offered():
    scene = fan(7)
    table = Views(scene, S, rules=label_rules(), seed=0, video=False, threads=1)
    assert table.vis.boxed[:, 1:].all()
    offered = set()
    for fact in TASKS["distance_infer_center_oc"].propose(context(scene)):
        view = scene.frames.index(scene.frames[fact.frames[0]])
        for box in fact.wrong:
            offered.add(next(o for o in range(1, 8) if tuple(table.vis.bbox[view, o].tolist()) == box))
    assert offered == set(range(1, 8))


@pytest.mark.parametrize("things", [3, 4])
def test_images_with_too_few_other_things_give_no_options_and_are_counted(things):
    out = ask_all(fan(things), quota=8, tasks=("distance_infer_center_oc", "position_matching"))
    rows = Counter((row.task, row.form) for row in out.rows)
    for task in ("distance_infer_center_oc", "position_matching"):
        assert rows[task, "fill"] > 0
        if things == 3:
            assert rows[task, "select"] == 0
            assert out.dropped[task, "too few honest options"] >= rows[task, "fill"]
            assert out.short[task, "select"] == 8
        else:
            # With no choice among the others, the right one stands out in some rows: these are dropped.
            assert rows[task, "select"] > 0
            assert rows[task, "select"] + out.dropped[task, "too few honest options"] == 8


def test_these_tasks_bring_their_own_options():
    assert {name for name, task in TASKS.items() if task.wrong == 3} >= set(BOX_TASKS)
