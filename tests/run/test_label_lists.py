"""The label lists of a job reach its key, its adapters, its questions and its words."""

import json

import pytest
from asking import SCENE, ask_all, said
from typer.testing import CliRunner

import spargen
from spargen.cli import app
from spargen.errors import JobError, OutputError
from spargen.phrase.templates import TemplateSet
from spargen.run.compile import compile_job
from spargen.run.generate import generate
from spargen.run.job import load_job, make_job
from spargen.run.ledger import read_run
from spargen.run.recipe import make_recipes
from spargen.run.scenes import open_adapter
from spargen.scene.labels import label_rules
from spargen.scene.lists import rules_of
from spargen.verify.run import verify_rows

MINE = """# Radiators and windows are parts of the building here.
building:
  radiators: [radiator]
  windows: [window]
singular: {officechairs: officechair}
"""


@pytest.fixture
def lists(tmp_path):
    """Return a function that writes a file of label lists."""

    def write(text=MINE, name="mine.yaml"):
        (tmp_path / name).write_text(text, encoding="utf-8")
        return tmp_path / name

    return write


# --------------------------------------------------------------------------------------------------------- questions
def test_what_the_lists_make_a_part_of_the_building_is_not_asked_about_and_the_words_say_so(lists):
    rules = rules_of([lists()])
    tasks = ("distance_infer_center_oc", "distance_prediction_oo")
    templates = TemplateSet.load(rules=rules)
    shipped, mine = (
        ask_all(SCENE, tasks=tasks, quota=60, templates=texts).rows for texts in (TemplateSet.load(), templates)
    )
    for rows, asked in ((shipped, True), (mine, False)):
        labels = {label for row in rows for label in row.fact["labels"]}
        assert bool(labels & {"radiator", "window"}) == asked
        questions = [said(row)[0] for row in rows if row.task == tasks[0]]
        phrase = label_rules().building_phrase if asked else rules.building_phrase
        assert questions
        assert all(phrase in text for text in questions)
    assert rules.building_phrase.endswith("columns, beams, radiators and windows")


def test_lists_with_a_mistake_are_named_with_the_first_record(lists):
    with pytest.raises(JobError, match=r"mine\.yaml:1: unknown key `walls`"):
        next(spargen.questions(SCENE, labels=str(lists("walls: [mur]\n"))))


# ----------------------------------------------------------------------------------------------------------- the job
def test_one_path_or_several_start_at_the_jobs_folder(tmp_path):
    text = "out: made\nsources: [{adapter: scannet, root: data}]\nlabels: "
    for given, found in (("mine.yaml", ["mine.yaml"]), ("[a.yaml, /b.yaml]", ["a.yaml", "/b.yaml"])):
        (tmp_path / "job.yaml").write_text(text + given)
        assert load_job(tmp_path / "job.yaml").labels == [tmp_path / name for name in found]
    tree = {"out": "made", "sources": [{"adapter": "scannet", "root": "data"}]}
    assert make_job(tree).labels == []


def compiled(job):
    return compile_job(job, make_recipes(job))


def test_lists_are_part_of_what_a_job_is_by_what_they_say(job, lists):
    without, mine = compiled(job()), compiled(job(labels=str(lists())))
    assert without.identity["labels"] == []
    assert mine.identity["labels"][0]["building"] == [["radiators", ["radiator"]], ["windows", ["window"]]]
    again = compiled(job(labels=[str(lists(MINE.replace("# Radiators", "# All radiators"), "moved.yaml"))]))
    assert again.key == mine.key != without.key
    order = "building:\n  windows: [window]\n  radiators: [radiator]\nsingular: {officechairs: officechair}\n"
    assert compiled(job(labels=str(lists(order)))).key != mine.key


@pytest.mark.parametrize("workers", [1, 2])
def test_a_folder_made_with_other_lists_is_kept_apart(job, lists, workers):
    made = job(labels=str(lists()))
    generate(made, workers=workers)
    assert (
        json.loads((made.out / "manifest.json").read_text())["job"]["labels"] == read_run(made.out).identity["labels"]
    )
    generate(made, workers=workers)
    with pytest.raises(OutputError, match=r"another job: labels\.0\.uncountable was not set, now \['ash'\]"):
        generate(job(labels=str(lists(MINE + "uncountable: [ash]\n"))))
    with pytest.raises(OutputError, match="labels"):
        generate(job())


def test_adapters_read_scenes_by_the_lists_of_the_run(job, lists, tiny, monkeypatch):
    made, met = job(labels=str(lists())), []
    assert open_adapter(job().sources[0], label_rules()).label_rules is label_rules()
    load = tiny.TinyAdapter.load

    def watched(adapter, scene):
        met.append(adapter.label_rules)
        return load(adapter, scene)

    monkeypatch.setattr(tiny.TinyAdapter, "load", watched)
    generate(made)
    assert met == [rules_of(made.labels)] * 5
    # Verified, they are read by the same, wherever the file went.
    met.clear()
    made.labels[0].unlink()
    verify_rows(made.out, sample=1, trust=True)
    assert {rules.building_phrase for rules in met} == {
        "walls, floors, ceilings, doors, door and window frames, stairs, "
        "railings, columns, beams, radiators and windows"
    }


def test_check_says_what_is_left_out_and_finds_mistakes(job, lists, tmp_path, root):
    file = tmp_path / "job.yaml"
    file.write_text(f"out: out\nlabels: mine.yaml\nsources: [{{adapter: 'tiny:TinyAdapter', root: '{root}'}}]\n")
    lists()
    checked = CliRunner().invoke(app, ["check", str(file)])
    assert checked.exit_code == 0
    assert "beams, radiators and windows" in " ".join(checked.output.split())
    lists(MINE + "remove: {groups: [chiar]}\n")
    checked = CliRunner().invoke(app, ["check", str(file)])
    assert checked.exit_code == 1
    assert f"{tmp_path / 'mine.yaml'}:6: `groups` has no 'chiar' to take out" in checked.stderr
    assert "did you mean chair" in checked.stderr
