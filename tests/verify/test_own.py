"""Tasks of plug-ins: what the pages let them do is right, SPAR's own stay strict, and a faulty check is told as one."""

import pickle
from dataclasses import replace
from textwrap import dedent

import numpy as np
import pytest
from PIL import Image
from second import block, looking, sheet, site

from spargen.errors import PluginError
from spargen.plugins import load_task_file
from spargen.qa.answers import LENGTH
from spargen.run.naming import Cell
from spargen.tasks import registry
from spargen.tasks.registry import task
from spargen.verify import Layout, check, own
from spargen.verify.asked import check_frames_named
from spargen.verify.judge import judge
from spargen.verify.layout import LIST
from spargen.verify.own import load_checks
from spargen.verify.row import Halt, Row, Unread
from spargen.verify.whole import is_shared

FRAMES = 12
CLIP = Layout("video")


@pytest.fixture(autouse=True)
def _own(monkeypatch):
    """Forget afterwards which tasks and checks were registered."""
    monkeypatch.setattr(registry, "TASKS", {})
    monkeypatch.setattr(own, "OWN", {})


@pytest.fixture
def world():
    """A room seen from twelve places along a wall, the last four of them in another room."""
    poses = [looking((0.2 + 0.25 * k, 2, 1.5), "+x") for k in range(FRAMES)]
    made = site([("floor", [sheet((0, 0, 0), (9, 4, 0), 2)]), ("box", [block((7, 1.5, 1), (7.4, 2.5, 2))])], poses)
    object.__setattr__(made._scene, "room_of_view", ("hall",) * 8 + ("bath",) * 4)
    made.bounds = replace(made.bounds, video_frames=8)
    return made


def register(layout, function=lambda row: None, **said):
    @task("mine", views="single", level="low", answer=LENGTH, slots="", **said)
    def mine(ctx):
        """What is asked."""

    check("mine", layout)(function)


def record(world, frames, *, folder="video_color", text="How far is it?", answer="2.0", **more):
    numbers = [world.number_of(frame) for frame in frames]
    called = [f"frame{at}_{n}" if folder == "video_color" else n for at, n in enumerate(numbers)]
    talk = ({"from": who, "value": said} for who, said in (("human", text), ("gpt", answer)))
    images = [f"s_00/{folder}/{name}.jpg" for name in called]
    return {"id": "s_00_0", "conversations": [*talk], "image": images, "type": "mine", **more}


def judged(world, made, name="mine", images=None):
    return judge(made, world, name, "fill", images)


# ---------------------------------------------------------------------------------------------------------------- types
@pytest.mark.parametrize(
    ("registered", "stands", "right"),
    [
        ({"type_in_records": "distance_prediction_oo"}, "distance_prediction_oo", True),
        ({"type_in_records": "distance_prediction_oo"}, "mine", False),
        ({}, "mine", True),
        ({}, "distance_prediction_oo", False),
    ],
)
def test_the_type_is_the_one_that_the_task_was_registered_with(world, registered, stands, right):
    register(Layout("single"), **registered)
    found = judged(world, record(world, [0], folder="image_color", type=stands))
    assert (found.kind == "right") == right, found
    assert right or found.why == (f"type {stands}, not {registered.get('type_in_records', 'mine')}",)


@pytest.mark.parametrize(
    ("letters", "answer", "right"),
    [("AB", "B", True), ("ABC", "C", True), ("ABCDE", "E", True), ("AC", "A", False), ("AB", "C", False)],
)
def test_a_plugin_s_options_may_be_fewer_or_more(world, letters, answer, right):
    register(Layout("single"))
    text = "\n".join(["How far is it?", *(f"{letter}. {n}.0" for n, letter in enumerate(letters))])
    made = record(world, [0], folder="image_color", text=text, answer=answer)
    found = judge(made, world, "mine", "select", None)
    assert (found.kind == "right") == right, found


# ---------------------------------------------------------------------------------------------------------------- clips
@pytest.mark.parametrize(
    ("frames", "why"),
    [
        ([0, 1, 2], ""),
        ([5, 3, 0, 7, 1], ""),
        ([2, 2, 6, 2], ""),
        ([4], ""),
        ([7, 8], "the clip shows 2 rooms"),
    ],
)
def test_a_plugin_s_clip_is_its_own_but_stays_in_a_room(world, frames, why):
    register(CLIP)
    found = judged(world, record(world, frames))
    assert found.why == ((why,) if why else ())


@pytest.mark.parametrize(
    ("frames", "why"),
    [
        ([0, 1, 2], "3 images"),
        ([0, 1, 2, 3, 4, 5, 6, 6], "an image stands twice"),
        ([0, 1, 2, 3, 4, 5, 7, 6], "not the frames of the clip"),
        ([1, 2, 3, 4, 5, 6, 7, 8], "the clip shows 2 rooms"),
    ],
)
def test_a_clip_of_spar_s_tasks_is_the_clip(world, frames, why):
    made = record(world, frames, text="Frame-0 comes first. How many boxes are there?", type="obj_count")
    assert why in judged(world, made, "obj_count").why


@pytest.mark.parametrize(("images", "frames", "right"), [("multi", [0, 1, 2, 3, 4], True), ("multi", [1, 1], False)])
def test_a_plugin_s_set_has_any_number_of_images_and_none_twice(world, images, frames, right):
    register(Layout(images))
    assert (judged(world, record(world, frames, folder="image_color")).kind == "right") == right


@pytest.mark.parametrize(("images", "frames"), [("single", [0, 1]), ("pair", [0]), ("pair", [0, 1, 2])])
def test_a_layout_of_one_or_two_images_is_held(world, images, frames):
    register(Layout(images))
    assert f"{len(frames)} images" in judged(world, record(world, frames, folder="image_color")).why


def test_a_plugin_s_clip_shows_frames_that_are_there_whole_and_listed(world, tmp_path):
    register(CLIP)
    made = record(world, [3, 1, 3])
    folder = tmp_path / "s_00" / "video_color"
    folder.mkdir(parents=True)
    for path in made["image"]:
        Image.new("RGB", (640, 480)).save(tmp_path / path)
    assert judged(world, made, images=tmp_path).why == ("no video_idx.txt has the frames of the clip",)
    (tmp_path / "s_00" / "video_idx_2.txt").write_text("3\n1\n3\n")
    for damage, why in (("", ""), ("size", "has (64, 48) pixels"), ("gone", "is not there")):
        fresh = site([("floor", [sheet((0, 0, 0), (9, 4, 0), 2)])], [looking((k, 2, 1.5), "+x") for k in range(4)])
        path = tmp_path / made["image"][0]
        if damage == "size":
            Image.new("RGB", (64, 48)).save(path)
        elif damage == "gone":
            path.unlink()
        assert why in "".join(judged(fresh, made, images=tmp_path).why)
        assert bool(judged(fresh, made, images=tmp_path).why) == bool(damage)
    made["image"][0] = "s_00/video_color/frame0_99.jpg"
    assert "the scene has no image" in judged(world, made).why[0]


@pytest.mark.parametrize(
    ("text", "answer", "right"),
    [
        ("How far is it?", "2.0", True),
        ("How far is it in Frame-2?", "2.0", False),
        ("Which frame shows it?", "Frame-2", False),
        ("The first frame is Frame-0. How far is it in Frame-2?", "2.0", True),
    ],
)
def test_a_plugin_that_numbers_frames_says_which_is_the_first(world, text, answer, right):
    register(CLIP)
    found = judged(world, record(world, [0, 1, 2], text=text, answer=answer))
    assert found.why == (() if right else ("does not say that the first frame is Frame-0",))


@pytest.mark.parametrize(
    ("name", "said", "right"),
    [
        ("mine", "box (red point)", True),
        ("mine", "box (in Frame-1) (red point)", True),
        ("mine", "box (in Frame-2) (red point)", False),
        ("obj_count", "box (red point)", False),
        ("obj_count", "box (in Frame-1) (red point)", True),
    ],
)
def test_the_frame_that_a_mark_is_said_to_be_in_is_its_image(world, name, said, right):
    made = record(world, [0, 1, 2], text=f"How far is the {said}?", red_point=[[500, 500]], point_img_idx=[[1]])
    asked = Row(made, world, name, "fill", Layout("video", "point", ("red",)))
    asked.candidates = [[world.list[1]]]
    check_frames_named(asked)
    assert bool(asked.wrong) != right, asked.wrong


def test_options_of_a_plugin_s_task_need_not_be_answers_of_other_rows():
    assert is_shared(Cell("s", "train", "distance_prediction_oc", "select"))
    assert not is_shared(Cell("s", "train", "distance_prediction_mine", "select"))


# --------------------------------------------------------------------------------------------------------------- checks
def fails(error):
    def failing(row):
        raise error

    return failing


@pytest.mark.parametrize(
    ("function", "what"),
    [
        (fails(RuntimeError("no")), "RuntimeError: no"),
        (fails(ValueError("one\ntwo")), "ValueError: one"),
        (fails(KeyError("k")), "KeyError: 'k'"),
        (lambda row: row.views[7], "IndexError"),
        (lambda row: row.nothing, "AttributeError"),
        (lambda row: 1 / 0, "ZeroDivisionError"),
        (lambda row: row.need(), "TypeError"),
        (lambda: None, "TypeError"),
    ],
)
def test_a_check_that_fails_is_told_with_its_row_and_line(world, function, what):
    register(Layout("single"), function)
    with pytest.raises(PluginError, match="the check of mine raised at fill row s_00_0: ") as caught:
        judged(world, record(world, [0], folder="image_color"))
    file, line = caught.value.where.rsplit(":", 1)
    code = function.__code__
    assert file == __file__
    assert int(line) == code.co_firstlineno + (function.__name__ == "failing")
    assert what in caught.value.what
    assert "\n" not in caught.value.what
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


@pytest.mark.parametrize(
    ("error", "kind", "why"),
    [(Halt(), "wrong", "it is odd"), (Unread("who knows"), "unread", "who knows"), (None, "wrong", "it is odd")],
)
def test_a_row_that_stops_its_check_is_no_fault_of_the_check(world, error, kind, why):
    def stops(row):
        row.need(False, "it is odd")
        if error:
            raise error

    register(Layout("single"), stops)
    found = judged(world, record(world, [0], folder="image_color"))
    assert (found.kind, found.why) == (kind, (why,))


def test_a_record_that_lacks_keys_is_no_fault_of_the_check(world):
    register(Layout("single"))
    for key in ("conversations", "image", "id"):
        made = record(world, [0], folder="image_color")
        del made[key]
        assert judged(world, made).kind == "wrong"


def test_what_a_shipped_check_cannot_read_is_a_wrong_row(world, monkeypatch):
    monkeypatch.setitem(judge.__globals__["CHECKS"], "room_size", fails(KeyError("depth")))
    made = record(world, range(8), text="Frame-0 comes first.", type="room_size")
    assert judged(world, made, "room_size").why == ("it cannot be read: KeyError 'depth'",)


@pytest.mark.parametrize(("what", "told"), [(5, "5"), (None, "None"), (np.float64(0.5), "0.5"), ("words", "words")])
def test_a_message_may_be_anything(world, what, told):
    register(Layout("single"), lambda row: row.need(False, what))
    assert judged(world, record(world, [0], folder="image_color")).why == (told,)


@pytest.mark.parametrize(
    ("layout", "what"),
    [
        (Layout("film"), "'film' among its images"),
        (Layout("single", "dot", ("red",)), "'dot' among its kind"),
        (Layout("single", "point", ("red", "pink")), "'pink' among its colours"),
        (Layout("single", "point", "red"), "'r' among its colours"),
    ],
)
def test_a_layout_that_no_record_has_is_refused(layout, what):
    with pytest.raises(PluginError, match=what) as caught:
        check("other", layout)
    assert caught.value.where == "check other"
    assert not own.OWN


@pytest.mark.parametrize(
    "layout", [Layout("walk"), Layout("multi", "bbox", LIST), Layout("pair", "point", ("yellow",))]
)
def test_other_layouts_are_taken(layout):
    check("other", layout)(fails(ValueError))
    assert own.OWN["other"].layout == layout


HEAD = "from spargen.verify import Layout, check\n\n"


def write(path, text):
    path.write_text(HEAD + dedent(text))
    return str(path)


def test_a_check_of_no_task_is_refused_unless_a_file_is_gone(world, tmp_path):
    file = write(tmp_path / "lost_checks.py", '@check("mien", Layout("single"))\ndef look(row): ...\n')
    register(Layout("single"))
    load_checks([file, str(tmp_path / "gone.py")])
    assert judged(world, record(world, [0]), "mien").kind == "unread"
    with pytest.raises(PluginError, match=r"mien, a task that no file defines\n.*did you mean mine\?") as caught:
        load_checks([file])
    assert caught.value.where == f"{file}:3"
    load_checks([])


def test_a_file_that_cannot_be_run_is_told(tmp_path):
    file = write(tmp_path / "bad_checks.py", '@check("mine", Layout("single", "dot", ("red",)))\ndef look(row): ...\n')
    with pytest.raises(PluginError, match="'dot' among its kind, and there are '', 'point', 'bbox'") as caught:
        load_checks([file])
    assert caught.value.where == f"{file}:3: check mine"
    load_task_file.cache_clear()
