"""Forms that need something wrong beside the truth: known from the task before any scene is opened."""

from collections import Counter
from types import SimpleNamespace

import numpy as np
import pytest
from asking import SCENE, options, said

from spargen.errors import JobError, PluginError
from spargen.phrase.templates import TemplateSet
from spargen.qa.answers import BOX, CANDIDATE, DIRECTIONS, FRAMES, LENGTH, WINNER
from spargen.qa.fact import Fact
from spargen.run.compile import code_fingerprint
from spargen.run.engine import ask
from spargen.run.recipe import Recipe, chosen_forms
from spargen.settings import Settings
from spargen.tasks.registry import TASKS, task

ROLES = ("red", "green", "blue")
WORDS = {
    "fill": "--- question\nWhich is highest: {{ things }}?\n",
    "select": "--- question\nWhich is highest: {{ things }}?\n",
    "judge": "--- question\nOf {{ things }}, is the {{ claim }} the highest?\n",
}


@pytest.fixture
def make(tmp_path, monkeypatch):
    """Return a function that registers a task with some forms for the time of a test; its templates come back."""

    def make(answer, propose, forms=tuple(WORDS), **more):
        monkeypatch.setitem(TASKS, "mine", None)
        task("mine", views="single", level="high", answer=answer, slots="things", **more)(propose)
        for form in forms:
            path = tmp_path / "mine" / f"{form}.j2"
            path.parent.mkdir(exist_ok=True)
            path.write_text(WORDS[form])
        return TemplateSet.load([tmp_path])

    return make


def highest(wrong):
    """A task of three marked things, of which one is the highest; `wrong` makes of the losers what a fact brings."""

    def propose(ctx):
        c = ctx.draw("single", ctx.vis.pointed, 3, points=True)
        height_m = ctx.centers_m(c.objects)[:, :, 2]
        lead = np.diff(np.sort(height_m, axis=1)[:, 1:])[:, 0]
        c, height_m = ctx.keep(lead > 0.2, "not clearly higher", c, height_m)
        for i in ctx.balanced(height_m.argmax(axis=1)):
            marks = tuple(ctx.mark(c, i, k, colour, "point") for k, colour in enumerate(ROLES))
            things = [ctx.thing(mark) for mark in marks]
            best = things.pop(int(height_m[i].argmax()))
            slots = {"things": ", ".join(sorted(map(str, [best, *things])))}
            yield Fact(
                ctx.frames_of(c.views[i]), c.objects_of(i), best, slots, marks, truth={"z": 1}, wrong=wrong(things)
            )

    return propose


def asked(templates, quota=30):
    forms = {"mine": templates.forms("mine")}
    cells = {f"mine/{form}": quota for form in forms["mine"]}
    out = ask(SCENE, Recipe(forms, templates, cells, 0, Settings()), threads=1)
    return out, {form: [row for row in out.rows if row.form == form] for form in forms["mine"]}


def test_three_candidates_give_three_options_and_claims_about_what_is_named(make):
    templates = make(CANDIDATE, highest(tuple), wrong=2)
    assert chosen_forms({"mine": None}, templates) == {"mine": ("fill", "select", "judge")}
    _, rows = asked(templates)
    letters, claims, colours = Counter(), Counter(), Counter()
    for row in rows["select"]:
        question, letter = said(row)
        assert len(options(row)) == len(set(options(row))) == 3
        assert all(text in question.split("\n")[0] for text in options(row))
        letters[letter] += 1
    for row in rows["judge"]:
        question, answer = said(row)
        of, _, _ = question.partition(", is the ")
        assert row.fact["claim"] in of
        best = max(row.fact["marks"], key=lambda mark: SCENE.objects.center_m[mark["object"] - 100, 2])
        assert (f"({best['colour']} point)" in row.fact["claim"]) == (answer == "Yes")
        claims[answer] += 1
        colours[answer, row.fact["claim"].split("(")[1]] += 1
    assert letters == dict.fromkeys("ABC", 10)
    assert claims == {"Yes": 15, "No": 15}
    assert len(colours) == 6


def test_marked_candidates_stand_in_the_order_of_their_colours(make):
    _, rows = asked(make(WINNER, highest(tuple), wrong=2))
    for row in rows["select"]:
        assert [text.split("(")[1] for text in options(row)] == ["green point)", "blue point)", "red point)"]
    letters = Counter(said(row)[1] for row in rows["select"])
    assert min(letters[letter] for letter in "ABC") >= 9


@pytest.mark.parametrize("kind", [CANDIDATE, WINNER, BOX, FRAMES])
@pytest.mark.parametrize("form", ["select", "judge"])
def test_a_form_without_wrong_answers_is_an_error_of_check(make, kind, form):
    templates = make(kind, highest(lambda things: None))
    with pytest.raises(JobError) as caught:
        chosen_forms({"mine": ["fill", form]}, templates)
    assert f"mine cannot be asked in the form {form}: a {type(kind).__name__} has no wrong" in caught.value.what
    assert caught.value.where.endswith(f"mine/{form}.j2")
    assert "@task(..., wrong=3)" in caught.value.mend
    assert chosen_forms({"mine": ["fill"]}, templates) == {"mine": ("fill",)}


@pytest.mark.parametrize("kind", [LENGTH, DIRECTIONS])
def test_kinds_that_make_wrong_answers_serve_all_forms(make, kind):
    templates = make(kind, highest(lambda things: None))
    assert chosen_forms({"mine": None}, templates)["mine"] == ("fill", "select", "judge")


def test_shipped_tasks_can_have_all_their_forms():
    assert set(chosen_forms(None, TemplateSet.load())) == set(TASKS)


@pytest.mark.parametrize("form", ["select", "judge"])
def test_a_template_of_a_user_s_own_for_a_shipped_task_is_checked_too(tmp_path, form):
    path = tmp_path / "obj_frame_locate" / f"{form}.j2"
    path.parent.mkdir()
    path.write_text(f"--- question\nWhere is the {{{{ target }}}}{', at {{ claim }}' * (form == 'judge')}?\n")
    with pytest.raises(JobError, match=f"obj_frame_locate cannot be asked in the form {form}"):
        chosen_forms({"obj_frame_locate": None}, TemplateSet.load([tmp_path]))


def test_wrong_answers_that_the_task_does_not_announce_are_an_error(make):
    templates = make(LENGTH, highest(tuple))
    with pytest.raises(PluginError, match="task does not say so"):
        asked(templates)


def test_facts_that_bring_fewer_than_the_task_says_are_dropped_and_counted(make):
    out, rows = asked(make(CANDIDATE, highest(lambda things: tuple(things[:1])), wrong=2))
    assert rows["select"] == []
    assert len(rows["judge"]) == len(rows["fill"]) == 30
    assert out.dropped["mine", "too few honest options"] >= 30
    out, rows = asked(make(CANDIDATE, highest(lambda things: None), wrong=2))
    assert rows["judge"] == []
    assert out.dropped["mine", "no honest claim"] >= 30


def test_of_facts_that_find_no_company_as_many_are_counted_as_rows_are_wanted(make):
    """All are of one length, so that none is wrong for another; many more are made than asked."""

    def propose(ctx):
        for frame in range(40):
            yield Fact((frame,), (), 1.0, {"things": f"thing {frame}"}, truth={"m": 1.0})

    out, rows = asked(make(LENGTH, propose), quota=5)
    assert {form: len(of) for form, of in rows.items()} == {"fill": 5, "select": 0, "judge": 0}
    assert out.dropped == {("mine", "too few honest options"): 5, ("mine", "no honest claim"): 5}
    assert out.short == {("mine", "select"): 5, ("mine", "judge"): 5}


@pytest.mark.parametrize(
    ("kind", "wrong", "mend"), [(DIRECTIONS, 2, "leave it out"), (BOX, 8, "1 to 7"), (BOX, -1, "1 to 7")]
)
def test_a_number_of_wrong_answers_that_cannot_be_is_an_error(make, kind, wrong, mend):
    with pytest.raises(PluginError) as caught:
        make(kind, highest(tuple), wrong=wrong)
    assert f"wrong={wrong}" in caught.value.what
    assert mend in caught.value.mend


@pytest.mark.parametrize(
    ("said", "what", "mend"),
    [
        ({"level": "lowest"}, "level cannot be 'lowest'", "say low or medium or high"),
        ({"views": "stereo"}, "views cannot be 'stereo'", "say single or pair or multi or video"),
        ({"views": ["single"]}, "views cannot be ['single']", "say single"),
        ({"needs": ("tabel",)}, "needs cannot be 'tabel'", "say table or pairs"),
        ({"needs": "table"}, "needs cannot be 't'", "say table or pairs"),
        ({"marks": ("red", "bleu")}, "marks cannot be 'bleu'", "say red or"),
        ({"answer": "length"}, "answer='length' is no kind of answers", "such as LENGTH"),
        ({"answer": type(LENGTH)}, "is no kind of answers", "such as LENGTH"),
        ({"answer_image": 1}, "answer_image=1 is no image of a single", "count images from 0"),
        ({"answer_image": -1}, "answer_image=-1 is no image of a single", "count images from 0"),
        ({"views": "pair", "answer_image": 2}, "answer_image=2 is no image of a pair", "count images from 0"),
    ],
)
def test_what_a_task_cannot_say_is_an_error(said, what, mend):
    with pytest.raises(PluginError) as caught:
        task("mine", **({"views": "single", "level": "low", "answer": LENGTH, "slots": ""} | said))
    assert what in caught.value.what
    assert mend in caught.value.mend
    assert caught.value.where == "task mine"


@pytest.mark.parametrize(("views", "image"), [("single", 0), ("pair", 1), ("multi", 4), ("video", 31)])
def test_an_image_of_the_answer_that_a_task_shows_may_be_said(views, image):
    task("mine", views=views, level="low", answer=BOX, slots="", answer_image=image)


@pytest.mark.parametrize("lists", ["label_file", "words_file"])
def test_a_run_depends_on_the_lists_of_labels_and_of_words(lists, monkeypatch, tmp_path):
    job = SimpleNamespace(sources=(), plugins=())
    before = code_fingerprint(job)
    other = tmp_path / "other.yaml"
    other.write_text("groups: []\n")
    monkeypatch.setattr(f"spargen.run.compile.{lists}", lambda: other)
    assert code_fingerprint(job) != before
