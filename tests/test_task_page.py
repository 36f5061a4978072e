"""docs/tasks.md: written by docs/tasks.py, from the tasks, their words, and rows of generated houses."""

import importlib.util
import io
import re
from pathlib import Path

import pytest
from PIL import Image
from toy_output import write_output
from typer.testing import CliRunner

from spargen.cli import app
from spargen.phrase.templates import TemplateSet
from spargen.run.read import read
from spargen.tasks.registry import load_builtin_tasks

DOCS = Path(__file__).resolve().parent.parent / "docs"
TASKS = load_builtin_tasks()
KILOBYTES = 600
"""What all pictures of the page may take."""


@pytest.fixture(scope="module")
def writer():
    spec = importlib.util.spec_from_file_location("task_page", DOCS / "tasks.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def text():
    return (DOCS / "tasks.md").read_text("utf-8")


def pattern(block):
    """What a block of a template file may read as, whatever stands in its slots."""
    parts = re.split(r"(\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\})", block.text)
    made = []
    for part in parts:
        words = part.strip("{}%- ").split()
        if part.startswith("{{"):
            made.append(".+?")
        elif part.startswith("{%"):
            made.append({"if": "(?:", "elif": "|", "else": "|", "endif": "|)"}[words[0]])
        elif not part.startswith("{#"):
            made.append(r"\s+".join(map(re.escape, re.split(r"\s+", part))))
    return "".join(made)


def test_the_page_is_up_to_date(writer, text):
    assert writer.page(writer.samples_in(text)) == text, "write it anew: python docs/tasks.py"


def test_it_shows_every_task_and_nothing_else(writer, text):
    assert list(writer.samples_in(text)) == re.findall(r"^## (\w+)$", text, re.MULTILINE) == list(TASKS)


@pytest.mark.parametrize("task", TASKS)
def test_its_questions_could_be_asked_today(writer, text, task):
    sample, templates = writer.samples_in(text)[task], TemplateSet.load()
    assert sample.form == next(form for form in writer.FORMS if form in templates.forms(task))
    wording = templates.wording(task, sample.form)
    patterns = (f"{pattern(q)} {pattern(n)}" for q in wording.questions for n in wording.notes)
    assert any(re.fullmatch(p, sample.question, re.IGNORECASE) for p in patterns)
    assert sample.answer
    assert not wording.answers or any(re.fullmatch(pattern(a), sample.answer, re.IGNORECASE) for a in wording.answers)


def test_its_pictures_are_there_and_small(writer, text):
    named = {sample.picture for sample in writer.samples_in(text).values()}
    readme = set(re.findall(r"docs/images/(\S+?)\)", DOCS.with_name("README.md").read_text("utf-8")))
    files = {path.name: path for path in (DOCS / "images").iterdir()}
    assert named <= set(files)
    assert set(files) - named <= readme | {"gallery.jpg"}, "nothing lies about"
    assert sum(files[name].stat().st_size for name in named) < KILOBYTES * 1000
    for name in named:
        with Image.open(files[name]) as image:
            assert image.format == "JPEG"
            assert min(image.size) >= 150


def test_what_tasks_ask_stands_alone():
    asked = [task.asks for task in TASKS.values()]
    assert len(set(asked)) == len(asked)
    for line in asked:
        assert re.match(r"(How|Where|Which|In which|By how much) ", line), line
        assert line.endswith(".")
        assert len(line) < 120
    assert all(task.truth.endswith(".") for task in TASKS.values())


def test_the_list_says_what_each_task_asks():
    told = CliRunner().invoke(app, ["list", "tasks"]).stdout
    for name, task in TASKS.items():
        assert re.search(rf"^│ {name} .* │ {re.escape(task.asks)} +│$", told, re.MULTILINE), name
    alone = CliRunner().invoke(app, ["list", "tasks", "obj_count"]).stdout.splitlines()
    assert [f"asks: {TASKS['obj_count'].asks}", f"truth: {TASKS['obj_count'].truth}"] == alone[1:3]


@pytest.mark.parametrize(
    ("marked", "shown"),
    [([], [0, 10, 21, 31]), ([3], [0, 3, 10, 21]), ([1, 2, 4, 7, 9], [1, 2, 4, 7, 9]), ([0, 31], [0, 10, 21, 31])],
)
def test_marked_frames_are_shown_and_others_up_to_four(writer, marked, shown):
    assert writer._shown([i in marked for i in range(32)]) == shown


def test_a_picture_shows_a_row_with_its_marks(writer, tmp_path):
    (tmp_path / "data").mkdir()
    out = write_output(tmp_path / "out", tmp_path / "data")
    row = next(read(out, datasets=["toy"], tasks=["depth_prediction_oc"], forms=["fill"]))
    image = Image.open(io.BytesIO(writer._picture(row))).convert("RGB")
    assert image.size == (320, 240)
    red, ground = image.getpixel((80, 120)), image.getpixel((160, 20))
    assert red[0] > 200 > red[2] + 100
    assert ground[0] < 60
    clip = next(read(out, tasks=["appearance_order"]))
    assert Image.open(io.BytesIO(writer._picture(clip))).size == (4 * 224 + 3 * 4, 168)
