"""What a template file of a form may not say is found before any row is asked, with its file and line."""

import pytest

from spargen.errors import TemplateError
from spargen.phrase.templates import TemplateSet
from spargen.qa.answers import BOX, COUNT, FRAMES, LENGTH, MAP, TOLD, WINNER
from spargen.run.recipe import chosen_forms
from spargen.tasks.registry import TASKS, task

GOOD = {
    "fill": "--- question\nHow far is the {{ target }}?\n--- note\nIn {{ unit }}.\n",
    "select": "--- question\nHow far is the {{ target }}?\n",
    "sentence": "--- question\nHow far is the {{ target }}?\n--- answer\nIt is {{ answer }} {{ unit }} away.\n",
    "judge": "--- question\nIs the {{ target }} {{ claim }} m away?\n--- note\n{{ claim }} is in {{ unit }}.\n",
}
MORE = {kind: f"--- {kind}\nSay {{{{ unit }}}},\nnot {{{{ SLOT }}}}.\n" for kind in ("question", "note", "brief")}
OWN = ["unit", "target", "answer", "claim"]


@pytest.fixture
def check(tmp_path):
    """Return a function that checks one file; what it refuses comes back as line of the file, words and mend."""

    def check(form, text, known=OWN):
        path = tmp_path / "mine" / f"{form}.j2"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        with pytest.raises(TemplateError) as caught:
            TemplateSet.load([tmp_path]).check("mine", known)
        where, _, line = caught.value.where.rpartition(":")
        assert where == str(path)
        return int(line), caught.value.what, caught.value.mend

    return check


def lines_of(text):
    return text.count("\n")


@pytest.mark.parametrize("known", [OWN, ["unit", "target"]])
def test_files_that_keep_all_rules_pass(tmp_path, known):
    for form, text in GOOD.items():
        (tmp_path / "mine").mkdir(exist_ok=True)
        (tmp_path / "mine" / f"{form}.j2").write_text(text)
    templates = TemplateSet.load([tmp_path])
    templates.check("mine", known)
    assert templates.forms("mine") == tuple(GOOD)


@pytest.mark.parametrize("form", GOOD)
@pytest.mark.parametrize("kind", MORE)
def test_no_question_note_or_brief_tells_the_answer(check, form, kind):
    line, what, mend = check(form, GOOD[form] + MORE[kind].replace("SLOT", "answer"))
    assert line == lines_of(GOOD[form]) + 3
    assert what == "{{ answer }} would tell the answer: only an answer block of sentence.j2 may say it"
    assert mend == ("use one of: claim, target, unit" if form == "judge" else "use one of: target, unit")


@pytest.mark.parametrize("said", ["{{ 'far' if answer else 'near' }}", "{% if answer %}far{% endif %}"])
def test_a_choice_by_the_answer_tells_it_too(check, said):
    assert check("fill", f"--- question\nIs it {said}?\n")[0] == 2


@pytest.mark.parametrize("form", ["fill", "select", "sentence"])
@pytest.mark.parametrize("kind", [*MORE, "answer"])
def test_a_claim_is_for_judge_alone(check, form, kind):
    text = f"--- {kind}\n{{{{ answer }}}} or {{{{ claim }}}}\n" if kind == "answer" else MORE[kind]
    line, what, mend = check(form, GOOD[form] + text.replace("SLOT", "claim"))
    assert line == lines_of(GOOD[form]) + (2 if kind == "answer" else 3)
    assert what == "{{ claim }} is not filled here: only judge.j2 claims something"
    assert mend == f"use one of: {'answer, ' if kind == 'answer' else ''}target, unit"


def test_a_block_that_may_say_no_slot_is_told_so(check):
    assert check("fill", "--- question\nHow many, {{ count }}?\n", known=["answer"])[1:] == (
        "unknown slot count",
        "say it without slots",
    )


def test_what_no_block_knows_is_told_first(check):
    assert check("fill", "--- question\n{{ answer }}\n{{ claim }}\n{{ b }} {{ a }}\n")[:2] == (4, "unknown slot a, b")


def test_each_question_of_judge_claims_something(check):
    line, what, mend = check("judge", GOOD["judge"] + "--- question\nIs the {{ target }} far?\n")
    assert (line, what) == (5, "the question claims nothing")
    assert "{{ claim }}" in mend


@pytest.mark.parametrize("said", ["It is far.", "The {{ target }} is in {{ unit }}."])
def test_each_answer_block_says_what_no_question_does(check, said):
    text = GOOD["sentence"] + "--- brief\nIn {{ unit }}.\n"
    line, what, mend = check("sentence", text + f"--- answer\n{said}\n")
    assert (line, what) == (7, "the answer block does not say the answer")
    assert "{{ answer }}" in mend


@pytest.mark.parametrize("said", ["{{ 'It is' if answer else 'It is not' }} there.", "{{ unit }} are the answer."])
def test_a_choice_by_the_answer_or_a_slot_of_the_answers_alone_says_it(tmp_path, said):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "sentence.j2").write_text(GOOD["sentence"] + f"--- answer\n{said}\n")
    TemplateSet.load([tmp_path]).check("mine", OWN)


@pytest.mark.parametrize("form", ["fill", "select", "judge"])
def test_forms_whose_answers_are_no_sentences_have_no_answer_blocks(check, form):
    line, what, mend = check(form, GOOD[form] + "--- answer\nIt is {{ answer }}.\n")
    assert (line, what) == (lines_of(GOOD[form]) + 1, f"the form {form} has no answer blocks")
    assert "sentence.j2" in mend


@pytest.mark.parametrize(
    ("kind", "refused"),
    [(LENGTH, True), (COUNT, True), (BOX, True), (WINNER, True), (FRAMES, False), (MAP, False), (TOLD, False)],
)
def test_sentences_need_answer_blocks_unless_the_answer_stands_for_itself(tmp_path, monkeypatch, kind, refused):
    monkeypatch.setitem(TASKS, "mine", None)
    task("mine", views="single", level="low", answer=kind, slots="target unit")(lambda ctx: iter(()))
    path = tmp_path / "mine" / "sentence.j2"
    path.parent.mkdir()
    path.write_text("--- question\nHow far is the {{ target }}?\n")
    templates = TemplateSet.load([tmp_path])
    if not refused:
        assert chosen_forms({"mine": None}, templates) == {"mine": ("sentence",)}
        return
    with pytest.raises(TemplateError, match="no answer block") as caught:
        chosen_forms({"mine": None}, templates)
    assert caught.value.where == str(path)
    assert "{{ answer }}" in caught.value.mend


@pytest.mark.parametrize("tag", ["<image>", "<video>", "<audio>"])
@pytest.mark.parametrize("kind", [*MORE, "answer"])
def test_what_loaders_take_for_a_file_is_refused(check, kind, tag):
    line, what, _ = check("sentence", GOOD["sentence"] + f"--- {kind}\nSee {{{{ target }}}}\nin the {tag}.\n")
    assert (line, what) == (7, f"{tag} stands for a file")


@pytest.mark.parametrize("kind", [*MORE, "answer"])
def test_paraphrases_that_are_the_same_text_are_named_with_both_lines(check, kind):
    said = "{{ target }}\nor {{ answer }}" if kind == "answer" else "{{ target }}\nor {{ unit }}"
    again = said.replace("\nor", "   or")
    line, what, _ = check("sentence", GOOD["sentence"] + f"--- {kind}\n{said}\n--- {kind}\n{again}\n")
    assert (line, what) == (8, f"the {kind} block says the same as the one on line 5")


def test_the_same_text_in_blocks_of_different_kinds_is_fine(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "fill.j2").write_text(GOOD["fill"] + "--- brief\nIn {{ unit }}.\n")
    TemplateSet.load([tmp_path]).check("mine", OWN)
