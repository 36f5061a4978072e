"""Template files are read as written, and mistakes are named with file and line."""

import pytest

from spargen.errors import TemplateError
from spargen.phrase.templates import FORMS, TemplateSet
from spargen.phrase.wording import environment, read_wording
from spargen.scene.labels import LabelRules, label_rules

WITHIN = environment(label_rules())

GOOD = """{# What it is about. #}
--- question
How far is the
{{ target }}?
--- question
Tell me  the distance to the {{ target }}.
--- note
In meters.
--- answer
It is {{ answer }}.
--- brief
Meters.
"""


def write(folder, text, name="my_task/fill.j2"):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_blocks_their_lines_and_joined_text(tmp_path):
    w = read_wording(write(tmp_path, GOOD), WITHIN)
    assert [(b.text, b.line) for b in w.questions] == [
        ("How far is the {{ target }}?", 2),
        ("Tell me the distance to the {{ target }}.", 5),
    ]
    assert [(b.text, b.line) for b in w.notes] == [("In meters.", 7)]
    assert [(b.text, b.line) for b in w.answers] == [("It is {{ answer }}.", 9)]
    assert [(b.text, b.line) for b in w.briefs] == [("Meters.", 11)]
    assert len(list(w.blocks())) == 5
    assert w.questions[0].slots == {"target"}


@pytest.mark.parametrize(
    ("text", "what", "line"),
    [
        ("--- question\n\n--- note\nx", "question block is empty", ":1"),
        ("--- question\na\n--- note\n", "note block is empty", ":3"),
        ("--- question\na\n--- brief\n", "brief block is empty", ":3"),
        ("--- question\na\n--- hint\nb", "unknown block 'hint'", ":3"),
        ("hello\n--- question\na", "text before the first block", ":1"),
        ("--- note\na", "no question block", "fill.j2"),
        ("", "no question block", "fill.j2"),
    ],
)
def test_mistakes_in_a_file(tmp_path, text, what, line):
    with pytest.raises(TemplateError) as error:
        read_wording(write(tmp_path, text), WITHIN)
    assert what in error.value.what
    assert error.value.where.endswith(line) or line in error.value.where


@pytest.mark.parametrize(
    ("block", "what"),
    [
        ("How far is {{ targte }}?", "unknown slot targte"),
        ("How far is {{ range }}?", "unknown slot range"),
        ("How far is {{ target }?", "not a template"),
        ("How far is {{ target | prosse }}?", "not a template"),
        ("{% if x %}", "not a template"),
        ("{{ target }} {{\n target }}{{ targte }}", "unknown slot targte"),
    ],
)
def test_check_names_file_line_and_slot(tmp_path, block, what):
    lead = "How far from the {{ target }} is it?\n\n"
    write(tmp_path, f"--- question\nfine\n--- question\n{lead}{block}\n")
    with pytest.raises(TemplateError) as error:
        TemplateSet.load([tmp_path]).check("my_task", ["target"])
    assert what in error.value.what
    assert error.value.where.endswith(f"fill.j2:{6 + block.count(chr(10))}")


@pytest.mark.parametrize("kind", ["question", "note", "brief", "answer"])
def test_check_looks_into_every_block(tmp_path, kind):
    write(tmp_path, f"--- question\nfine\n--- {kind}\n{{{{ nothing }}}}\n")
    with pytest.raises(TemplateError, match="unknown slot nothing"):
        TemplateSet.load([tmp_path]).check("my_task", ["target"])


@pytest.mark.parametrize(
    ("left_out", "full", "brief"),
    [("", "In meters.", "Meters."), ("brief", "In meters.", "In meters."), ("note", "Meters.", "Meters.")],
)
def test_a_question_ends_in_a_note_or_a_brief_as_wanted(tmp_path, left_out, full, brief):
    blocks = {"note": "--- note\nIn meters.\n", "brief": "--- brief\nMeters.\n"}
    text = "".join(text for kind, text in blocks.items() if kind != left_out)
    w = read_wording(write(tmp_path, f"--- question\nfine\n{text}"), WITHIN)
    assert [[b.text for b in w.ends(words)] for words in ("full", "brief")] == [[full], [brief]]


def test_own_folders_come_before_the_shipped_ones(tmp_path):
    write(tmp_path, GOOD, "depth_prediction_oc/fill.j2")
    mine, shipped = TemplateSet.load([tmp_path]), TemplateSet.load()
    assert len(mine.wording("depth_prediction_oc", "fill").questions) == 2
    assert len(shipped.wording("depth_prediction_oc", "fill").questions) >= 12
    assert mine.wording("depth_prediction_oc", "select").path == shipped.wording("depth_prediction_oc", "select").path
    assert mine.forms("depth_prediction_oc") == ("fill", "select", "sentence")
    assert mine.fingerprint != shipped.fingerprint
    assert shipped.fingerprint == TemplateSet.load().fingerprint


def test_files_that_name_no_form_and_forms_without_file(tmp_path):
    write(tmp_path, GOOD, "my_task/fil.j2")
    with pytest.raises(TemplateError, match="unknown form 'fil'"):
        TemplateSet.load([tmp_path])
    with pytest.raises(TemplateError, match="no such folder"):
        TemplateSet.load([tmp_path / "nowhere"])
    with pytest.raises(TemplateError, match="has no judge templates"):
        TemplateSet.load().wording("depth_prediction_oc", "judge")
    assert TemplateSet.load().forms("no_such_task") == ()


def test_forms_come_in_one_order():
    t = TemplateSet.load()
    for task in t.tasks():
        forms = t.forms(task)
        assert list(forms) == [f for f in FORMS if f in forms]


def test_filters_tell_plurals_by_the_lists_that_the_templates_were_loaded_with(tmp_path):
    write(tmp_path, "--- question\n{{ target | a }}, {{ target | is }}, {{ label | plural }}\n")
    shipped = label_rules().model_dump()
    rules = LabelRules.model_validate(shipped | {"singular": {**shipped["singular"], "oxen": "ox"}})
    mine = TemplateSet.load([tmp_path], rules=rules)
    for templates, printed in (
        (TemplateSet.load([tmp_path]), "an oxen, oxen is, oxes"),
        (mine, "some oxen, oxen are, oxen"),
    ):
        (question,) = templates.wording("my_task", "fill").questions
        assert question.fill({"target": "oxen", "label": "ox"}) == printed
