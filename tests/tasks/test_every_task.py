"""The same questions asked of every task in every form, on one furnished room: of its mesh, and of images of it."""

from __future__ import annotations

import itertools
import json
import re
from collections import Counter, defaultdict
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from asking import QUOTA, SCENE, TASKS, TEMPLATES, ask_all, marks, options, said
from worlds import World, furnished, measured, pictured

LETTERS = "ABCD"

number, box = r"\d+\.\d", r"\[\d+, \d+, \d+, \d+\]"
name = r"[a-z][a-z ]*"
lr, ab, fb, cf = "(left|right)?", "(above|below)?", "(front|behind)?", "(closer|farther)?"
OC, OO = f"{lr}, {ab}, {fb}", f"{lr}, {ab}, {cf}"
OO5 = f"{OO}, {fb}, {fb}"
CANDIDATE = rf"{name} \(Object[0-3]\)"
WINNER = rf"{name} \((green|blue) point\)"
MOVES = (
    r"move_(right|left):(\d+(\.\d)?),move_(down|up):(\d+(\.\d)?),move_(forward|backward):(\d+(\.\d)?),"
    r"rotate_(up|down):(\d+),rotate_(right|left):(\d+)"
)

# Task: views, forms, keys of its marks in order (* = any two of three), syntax of fill answers, of options.
SPEC = {
    "depth_prediction_oc": ("single", "F S N", "red_point blue_point", number, number),
    "depth_prediction_oo": ("single", "F S N", "red_point blue_point green_point", number, number),
    "distance_prediction_oc": ("single", "F S N", "red_point", number, number),
    "distance_prediction_oo": ("single", "F S N", "red_point blue_point", number, number),
    "spatial_volume_infer": ("single", "F N", "red_bbox", r"\d+,\d+,\d+", None),
    "distance_infer_center_oc": ("single", "F S N", "", box, box),
    "distance_infer_center_oo": ("single", "F S N", "red_point green_point blue_point", WINNER, WINNER),
    "obj_spatial_relation_oo": ("single", "S N J", "red_bbox blue_bbox", None, OO),
    "spatial_imagination_oc": ("single", "S N", "green_bbox blue_bbox red_bbox", None, OC),
    "spatial_imagination_oo": ("single", "S N", "green_bbox blue_bbox red_bbox yellow_bbox", None, OO),
    "position_matching": ("pair", "F S N", "red_bbox", box, box),
    "view_change_infer": ("pair", "F N", "", MOVES, None),
    "camera_motion_infer": (
        "pair",
        "F S N",
        "",
        rf"\(\d+,\d+\),{number}",
        rf"Image Coor:\(\d+, \d+\), Depth:{number} meters",
    ),
    "depth_prediction_oc_mv": ("multi", "F S N", "red_point blue_point", number, number),
    "depth_prediction_oo_mv": ("multi", "F S N", "red_point blue_point green_point", number, number),
    "distance_prediction_oc_mv": ("multi", "F S N", "red_point", number, number),
    "distance_prediction_oo_mv": ("multi", "F S N", "red_point blue_point", number, number),
    "distance_infer_center_oc_mv": (
        "multi",
        "F S N",
        "",
        rf"the (first|second|third) image, {box}",
        rf"{name}: the (first|second|third) image, {box}",
    ),
    "distance_infer_center_oo_mv": ("multi", "F S N", "red_point green_point blue_point", WINNER, WINNER),
    "obj_spatial_relation_oc_mv": ("multi", "S N", "red_bbox", None, OC),
    "obj_spatial_relation_oo_mv": ("multi", "S N J", "*", None, OO5),
    "spatial_imagination_oc_mv": ("multi", "S N", "green_bbox blue_bbox red_bbox", None, OC),
    "spatial_imagination_oo_mv": ("multi", "S N", "green_bbox blue_bbox red_bbox yellow_bbox", None, OO5),
    "spatial_imagination_map_mv": ("multi", "N", "bbox_list", None, None),
    "distance_prediction_oo_video": ("video", "F S N", "red_point blue_point", number, number),
    "distance_infer_center_oo_video": ("video", "F S N", "point_list", CANDIDATE, CANDIDATE),
    "spatial_imagination_oc_video": ("video", "N", "green_bbox blue_bbox red_bbox", None, None),
    "spatial_imagination_oo_video": ("video", "N", "green_bbox blue_bbox red_bbox yellow_bbox", None, None),
    "spatial_imagination_oc_video_hard": ("video", "N", "", None, None),
    "spatial_imagination_oo_video_hard": ("video", "N", "", None, None),
    "obj_frame_locate": ("video", "N", "red_bbox", None, None),
    "appearance_order": ("video", "F N", "", rf"{name}(, {name}){{3}}", None),
    "room_size": ("video", "F S N", "", r"\d+", r"\d+"),
    "obj_count": ("video", "F N", "", r"\d+", None),
    "nav_video": ("video", "N", "", None, None),
}
AT = rf":\(-?{number},-?{number}\)\."
FIXED = {
    "spatial_imagination_map_mv": rf"Object0 {AT}( Object\d {AT}){{2,6}}",
    "obj_frame_locate": r"Frame-\d+(, Frame-\d+)*",
    "nav_video": r"Walk past the table \d+ times and stop\.",
}
FORM = {"F": "fill", "S": "select", "N": "sentence", "J": "judge"}
IMAGES = {"single": 1, "pair": 2, "multi": 3, "video": 32}
FEWER = {
    "obj_frame_locate": 12,
    "room_size": 20,
    "obj_count": 20,
    "distance_prediction_oo_video": 8,
    "spatial_imagination_oo_mv": 20,
}
"""One clip, or the sets of views, of one room have only so many of these."""
SCENES = {"mesh": SCENE, "images": pictured(SCENE)}
NOT_OF_IMAGES = {"room_size": "images do not show all of the floor"}

REGISTERED = list(SPEC)
CELLS = [(task, FORM[f]) for task in REGISTERED for f in SPEC[task][1].split()]


@pytest.fixture(scope="module", params=SCENES)
def surface(request):
    return request.param


@pytest.fixture(scope="module")
def asked(surface):
    return ask_all(SCENES[surface])


@pytest.fixture(scope="module")
def cells(asked, surface):
    found = defaultdict(list)
    for row in asked.rows:
        found[row.task, row.form].append(row)
    if surface == "images":
        # What they cannot be asked is not asked, and its reason is told once.
        for task, reason in NOT_OF_IMAGES.items():
            assert not any(found.pop((task, form), ()) for form in TEMPLATES.forms(task))
            assert asked.dropped[task, reason] == 1
    return found


# -- the whole -----------------------------------------------------------------------------------------------------


def test_the_tasks_are_those_of_the_list():
    assert set(TASKS) == set(SPEC)
    for task in REGISTERED:
        assert TASKS[task].views == SPEC[task][0]
        assert list(TEMPLATES.forms(task)) == [FORM[f] for f in SPEC[task][1].split()], task
        TEMPLATES.check(task, TASKS[task].slots)


def test_one_seed_gives_one_output_for_any_number_of_threads(asked, surface):
    again = ask_all(SCENES[surface], threads=2)
    assert [(r.record, r.fact) for r in again.rows] == [(r.record, r.fact) for r in asked.rows]
    assert again.dropped == asked.dropped
    assert again.short == asked.short


def test_a_task_does_not_depend_on_which_others_are_asked(asked, surface):
    for task in ("distance_prediction_oo", "spatial_imagination_oc_mv"):
        alone = ask_all(SCENES[surface], tasks=(task,))
        assert [r.record for r in alone.rows] == [r.record for r in asked.rows if r.task == task]


def test_another_seed_gives_other_rows(asked, surface):
    other = ask_all(SCENES[surface], seed=1)
    by_cell = [defaultdict(list), defaultdict(list)]
    for rows, found in zip((asked.rows, other.rows), by_cell, strict=True):
        for r in rows:
            found[r.task, r.form].append(r.record["conversations"])
    assert set(by_cell[0]) == set(by_cell[1])
    for cell, rows in by_cell[0].items():
        assert rows != by_cell[1][cell], cell


def test_a_video_question_names_the_frames_of_its_clip_in_order(asked):
    expected = tuple(int(71 * k / 31) for k in range(32))
    assert {row.frames for row in asked.rows if row.use == "video"} == {expected}
    assert {len(row.frames) for row in asked.rows if row.use == "image"} == {1, 2, 3}


def test_every_drop_has_a_reason_and_a_number(asked):
    assert all(n > 0 and task in TASKS and reason for (task, reason), n in asked.dropped.items())
    for (task, form), n in asked.short.items():
        assert n == QUOTA - sum(r.task == task and r.form == form for r in asked.rows)


# -- every cell ----------------------------------------------------------------------------------------------------

every = pytest.mark.parametrize(("task", "form"), CELLS)


@every
def test_rows_exist_and_have_running_ids(cells, task, form, surface):
    rows = cells[task, form]
    if surface == "mesh":
        assert FEWER.get(task, QUOTA) <= len(rows) <= QUOTA
    else:
        # Four facts share their options, and with other candidates four may lack any.
        assert (len(rows) > 0) == (task not in NOT_OF_IMAGES)
        assert not rows or FEWER.get(task, QUOTA) - 4 * (form == "select") <= len(rows) <= QUOTA
    assert [r.record["id"] for r in rows] == [f"room0000_00_{i}" for i in range(len(rows))]


@every
def test_the_record_has_the_task_s_keys_and_no_others(cells, task, form):
    views, _, keys, *_ = SPEC[task]
    for row in cells[task, form]:
        r = row.record
        found = [k for k in r if k not in ("id", "conversations", "image", "type")]
        if keys == "*":
            first, second, last = found
            assert (first, second) in itertools.combinations(("red_bbox", "blue_bbox", "green_bbox"), 2)
            assert last == "bbox_img_idx"
        else:
            kind = "point" if "point" in keys else "bbox"
            expected = keys.split() + ([f"{kind}_img_idx"] if keys and views != "single" else [])
            assert found == expected
        assert r["type"] == ("nav" if task == "nav_video" else task)
        assert [m["from"] for m in r["conversations"]] == ["human", "gpt"]
        assert json.loads(json.dumps(r)) == r


@every
def test_facts_of_several_still_images_say_how_far_these_overlap(cells, task, form):
    many = {"pair": 1, "multi": 3}.get(SPEC[task][0])
    for row in cells[task, form]:
        assert (len(row.fact["overlap"]) if "overlap" in row.fact else None) == many
        assert all(0 <= share <= 1 for share in row.fact.get("overlap", ()))
        # A set is held together by pairs that overlap enough.
        assert many is None or sorted(row.fact["overlap"])[-IMAGES[SPEC[task][0]] + 1] >= 0.05


@every
def test_images_are_those_of_the_views(cells, task, form):
    views = SPEC[task][0]
    for row in cells[task, form]:
        images = row.record["image"]
        assert [SCENE.frames[f] for f in row.frames] == row.fact["frames"]
        if task == "nav_video":
            assert 4 <= len(images) <= 32
            assert images == [f"room0000_00/nav/{row.fact['quantity']}/frame{i}.jpg" for i in range(len(images))]
            assert row.use == "walk"
            continue
        assert len(images) == IMAGES[views]
        if views == "video":
            expected = [int(71 * k / 31) for k in range(32)]
            assert images == [f"room0000_00/video_color/frame{i}_{10 * f}.jpg" for i, f in enumerate(expected)]
        else:
            assert len(set(images)) == len(images)
            assert images == [f"room0000_00/image_color/{f}.jpg" for f in row.fact["frames"]]
        assert row.use == ("video" if views == "video" else "image")


@every
def test_marks_are_nested_integers_on_the_scale(cells, task, form):
    for row in cells[task, form]:
        r = row.record
        index = [k for k in r if k.endswith("_img_idx")]
        for k in index:
            assert len(r[k]) == 1
            assert all(isinstance(i, int) and 0 <= i < len(r["image"]) for i in r[k][0])
            assert len(r[k][0]) == len(marks(row))
        for key, at, _ in marks(row):
            assert all(type(v) is int and 0 <= v <= 1000 for v in at)
            if "bbox" in key:
                assert len(at) == 4
                assert at[0] < at[2]
                assert at[1] < at[3]
            else:
                assert len(at) == 2


@every
def test_the_answer_has_its_syntax(cells, task, form):
    _, _, _, fill, option = SPEC[task]
    for row in cells[task, form]:
        question, answer = said(row)
        if form == "select":
            many = 2 if task.startswith("distance_infer_center_oo") and not task.endswith("video") else 4
            shown = options(row)
            assert len(shown) == many
            assert answer in LETTERS[:many]
            assert re.findall(r"^([A-D])\. ", question, re.MULTILINE) == list(LETTERS[:many])
            for text in shown:
                assert re.fullmatch(option, text), text
        elif form == "judge":
            assert answer in ("Yes", "No")
        elif form == "fill":
            assert re.fullmatch(fill, answer), answer
        elif task in FIXED:
            assert re.fullmatch(FIXED[task], answer), answer
        else:
            assert answer[0].isupper()
            assert answer.endswith(".")
            assert len(answer.split()) >= 4


@every
def test_the_text_is_clean(cells, task, form):
    for row in cells[task, form]:
        for text in said(row):
            assert "<image>" not in text
            assert not re.search(r"[{}]|  |\b(None|nan|inf)\b|Undefined", text), text
            assert not re.search(r"(?<![\d.])-0(\.0+)?(?![\d.])(?<!Frame-0)", text.replace("0-1000", "")), text
            # An empty last part of an option leaves its separator.
            assert re.sub(r"(, )+$", "", text) == text.rstrip(", ").lstrip()


@every
def test_no_two_rows_ask_the_same(cells, task, form):
    rows = cells[task, form]
    asked_for = [(tuple(r.fact["frames"]), frozenset(r.fact["objects"]), r.fact["quantity"]) for r in rows]
    assert len(set(asked_for)) == len(rows)
    assert len({(said(r)[0], *r.record["image"]) for r in rows}) == len(rows)


@every
def test_all_objects_of_a_question_are_distinct(cells, task, form):
    for row in cells[task, form]:
        objects = row.fact["objects"]
        assert len(set(objects)) == len(objects)
        assert row.fact["labels"] == [SCENE.objects.label[o - 100] for o in objects]
        assert not {"wall", "floor", "ceiling", "object"} & set(row.fact["labels"])


@every
def test_every_name_in_the_text_carries_the_mark_of_the_record(cells, task, form):
    video = SPEC[task][0] == "video"
    for row in cells[task, form]:
        question, _ = said(row)
        traced = row.fact["marks"]
        assert [(m["at"], m["image"]) for m in traced] == [(list(at), image) for _, at, image in marks(row)]
        for k, mark in enumerate(traced):
            # The label would tell the box that is to be picked.
            unnamed = (task, form) == ("position_matching", "select")
            label = "object" if unnamed else SCENE.objects.label[mark["object"] - 100]
            kind = mark["kind"]
            if mark["colour"] != "none":
                assert f"{mark['colour']}_{kind}" in row.record
                where = rf" \(in Frame-{mark['image']}(, Object\d)?\)" if video else ""
                assert re.search(rf"(?i){label}{where} \({mark['colour']} {kind}\)", question), (question, mark)
            elif task == "spatial_imagination_map_mv":
                assert f"{label} (Object{k})" in question
            else:
                number = "objectA" if k == 0 else f"point{k - 1}"
                assert re.search(rf"(?i){label} \(in Frame-{mark['image']}, {number}\)", question)
        coloured = set(re.findall(r"\((red|green|blue|yellow) (point|bbox)\)", question))
        assert coloured == {(m["colour"], m["kind"]) for m in traced if m["colour"] != "none"}


@every
def test_options_are_distinct_and_the_right_one_stands_at_the_letter(cells, task, form):
    rows = cells[task, form]
    if form != "select" or not rows:
        return
    for row in rows:
        shown = options(row)
        assert len(set(shown)) == len(shown)
        assert row.fact["options"] == shown
    letters = Counter(said(r)[1] for r in rows)
    many = len(options(rows[0]))
    assert set(letters) == set(LETTERS[:many])
    assert max(letters.values()) - min(letters.values()) <= max(2, len(rows) // 4)


@every
def test_options_vary_words_that_labels_do_not_tell(cells, task, form):
    if form != "select" or not SPEC[task][4] or "left" not in SPEC[task][4]:
        return
    varied = Counter()
    for row in cells[task, form]:
        columns = list(zip(*(text.split(", ") for text in options(row)), strict=True))
        parts = tuple(k for k, said in enumerate(columns) if len(set(said)) > 1)
        assert len(parts) == 2
        assert all(all(columns[k]) for k in parts)
        varied[parts] += 1
    assert sum(n for parts, n in varied.items() if 1 in parts) <= len(cells[task, form]) / 10
    if task == "obj_spatial_relation_oo_mv":
        assert set(varied) == {(0, 2)}


@every
def test_half_of_the_claims_hold(cells, task, form):
    if form == "judge":
        assert abs(Counter(said(r)[1] for r in cells[task, form])["Yes"] - len(cells[task, form]) / 2) <= 0.5


@every
def test_paraphrases_are_used_evenly(cells, task, form):
    rows = cells[task, form]
    lines = Counter((r.fact["question_line"], r.fact.get("quantity") if task == "obj_count" else "") for r in rows)
    blocks = len(TEMPLATES.wording(task, form).questions)
    if task not in ("room_size", "obj_count"):
        assert max(lines.values()) <= -(-len(rows) // blocks)
    assert all(r.fact["template"] == f"{task}/{form}" for r in rows)


@every
def test_the_facts_can_be_written_and_say_where_they_come_from(cells, task, form):
    for row in cells[task, form]:
        fact = json.loads(json.dumps(dict(row.fact)))
        assert fact["scene"] == "room0000_00"
        assert fact["dataset"] == "scannet"
        assert (fact["task"], fact["form"], fact["id"]) == (task, form, row.record["id"])
        assert fact["seed"] == 0
        assert fact["truth"]
        assert fact["margin"] is None or set(fact["margin"]) == {"by", "unit", "share"}


MULTI = [task for task in REGISTERED if SPEC[task][0] in ("multi", "video")]


@pytest.mark.parametrize("task", [t for t in MULTI if SPEC[t][2]])
def test_several_images_are_needed(cells, task):
    """No image of a set alone shows all marked objects."""
    if task == "obj_frame_locate":
        return
    rows = [r for form in TEMPLATES.forms(task) for r in cells[task, form]]
    alone = sum(len({m["image"] for m in r.fact["marks"]}) == 1 for r in rows if len(r.fact["marks"]) > 1)
    assert alone <= 0.1 * len(rows)


@pytest.mark.parametrize("task", REGISTERED)
def test_observers_are_held_upright_where_a_direction_is_asked(cells, task):
    if not re.match(r"obj_spatial|spatial_imagination|view_change", task):
        return
    for form in TEMPLATES.forms(task):
        for row in cells[task, form]:
            camera = SCENE.cameras.take([row.frames[0]])
            assert abs(camera.elevation_deg[0]) <= 60
            assert abs(camera.roll_deg[0]) <= 30


def test_depth_images_are_named_only_where_wanted():
    tasks = ("depth_prediction_oc", "distance_prediction_oo_video")
    for row in ask_all(measured(SCENE), tasks=tasks, quota=3, rgbd=True).rows:
        expected = [p.replace("_color/", "_depth/").replace(".jpg", ".png") for p in row.record["image"]]
        assert row.record["depth"] == expected
        assert list(row.record)[:5] == ["id", "conversations", "image", "type", "depth"]


def test_every_image_has_the_ending_of_its_own_frame():
    endings = [(".jpg", ".png", ".jpeg")[i % 3] for i in range(len(SCENE.frames))]
    tasks = ("depth_prediction_oc", "distance_prediction_oo_mv", "distance_prediction_oo_video")
    found = ask_all(replace(SCENE, color_suffix=endings), tasks=tasks, quota=6)
    ending_of = dict(zip(SCENE.frames, endings, strict=True))
    named = [Path(path) for row in found.rows for path in row.record["image"]]
    assert {path.suffix for path in named} == set(endings)
    assert all(path.suffix == ending_of[path.stem.rpartition("_")[2]] for path in named)


@pytest.mark.parametrize("quota", [0, 1, 2])
def test_small_quotas(quota):
    rows = Counter((r.task, r.form) for r in ask_all(SCENE, quota=quota).rows)
    assert all(n == quota for n in rows.values())
    assert len(rows) == (0 if quota == 0 else len(CELLS))


NOBODY = World().add(None, (3, 0, 1), (1, 1, 1))
EMPTY = {
    "a clip without objects": NOBODY,
    "nothing": World().camera((0, 0, 1)),
    "no objects": World().add(None, (3, 0, 1), (1, 1, 1)).camera((0, 0, 1)).camera((0, 1, 1)),
    "one object": World().add("chair", (3, 0, 1), (1, 1, 1)).camera((0, 0, 1)).camera((0, 1, 1)),
    "only walls": World().add("wall", (3, 0, 1), (1, 9, 9)).camera((0, 0, 1)).camera((0, 1, 1)).camera((0, 2, 1)),
    "no frames": World().add("chair", (3, 0, 1), (1, 1, 1)),
}


for i in range(40):
    NOBODY.camera((0, 0.05 * i, 1), size=(80, 60), f=60.0)


@pytest.mark.parametrize("what", EMPTY)
def test_scenes_with_little_in_them_give_little(what):
    found = ask_all(EMPTY[what].scene(), quota=4)
    assert len(found.rows) <= 60
    assert set(found.short) >= {("obj_spatial_relation_oo", "select"), ("appearance_order", "fill")}


@pytest.mark.parametrize("what", ["moved", "mirrored", "permuted"])
def test_the_same_world_elsewhere_is_asked_the_same(what):
    """Truths of a moved world are the same; in a mirror, left and right change places."""
    world = furnished(frames=12)
    tasks = ("distance_prediction_oo", "depth_prediction_oo", "obj_spatial_relation_oo", "spatial_imagination_oc")
    n = len(world.annotated)
    order = np.random.default_rng(1).permutation(n) if what == "permuted" else np.arange(n)
    twins = {"moved": (50, (3, 1, 0.2)), "mirrored": (), "permuted": (order,)}
    twin = getattr(world, what)(*twins[what])

    def truths(w, back):
        found = {}
        for row in ask_all(w.scene(), tasks=tasks, quota=1500).rows:
            if row.form == "sentence":
                objects = tuple(int(back[o - 100]) for o in row.fact["objects"])
                found[row.task, tuple(row.fact["frames"]), objects] = row.fact["truth"]
        return found

    a, b = truths(world, np.arange(n)), truths(twin, order)
    common = set(a) & set(b)
    assert len(common) > 0.3 * len(a) > 100
    assert {task for task, *_ in common} == set(tasks)
    for key in common:
        one, two = (flat(x[key]) for x in (a, b))
        for k, value in one.items():
            sign = -1 if what == "mirrored" and k.endswith("right_m") else 1
            assert two[k] == pytest.approx(sign * value, abs=1e-6), (key, k)


def flat(tree, prefix=""):
    out = {}
    for k, v in tree.items():
        out |= flat(v, f"{prefix}{k}.") if isinstance(v, dict) else {f"{prefix}{k}": v}
    return out
