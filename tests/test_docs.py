"""README and docs, taken at their word: what they say to write is written, what they say to type is typed."""

from __future__ import annotations

import fcntl
import filecmp
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
from collections import Counter
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import trimesh
from PIL import Image
from typer.main import get_command

import spargen
from spargen.cli import app
from spargen.demo import write_demo
from spargen.export.table import FORMATS
from spargen.phrase.filters import filters
from spargen.phrase.templates import TemplateSet
from spargen.qa import answers
from spargen.qa.answers import OO_AXES, Directions
from spargen.qa.fact import Thing
from spargen.qa.margin import STEP
from spargen.resources import data_dir
from spargen.run.job import make_job
from spargen.scene.labels import label_rules

ROOT = Path(__file__).resolve().parent.parent
README, TASK_PAGE, DATASET_PAGE, OUTPUT_PAGE, LABEL_PAGE, TRAINING_PAGE, SLURM_PAGE, AUDIT_PAGE, *_ = PAGES = [
    ROOT / name
    for name in (
        "README.md",
        "docs/adding_a_task.md",
        "docs/adding_a_dataset.md",
        "docs/output.md",
        "docs/labels.md",
        "docs/training.md",
        "docs/slurm.md",
        "docs/audit.md",
        "docs/tasks.md",
        "docs/contributing.md",
    )
]
FORMS = ("fill", "select", "sentence", "judge")
FILTERS = filters(label_rules())
QUOTA = 24
"""Rows of a cell of the task page's job."""


# -- how a page is read --------------------------------------------------------------------------------------------


@dataclass
class Command:
    """A line to type, the lines that a page shows below it, and what came of it once it was typed."""

    text: str
    shown: list[str]
    exit_code: int = -1
    stdout: str = ""
    stderr: str = ""


def blocks(page, language):
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text("utf-8"), re.MULTILINE | re.DOTALL)


def files(page):
    """The blocks that name a file in their first line, by that name."""
    found = {}
    for text in (text for language in ("python", "jinja", "yaml") for text in blocks(page, language)):
        name = re.match(r"(?:# |\{# )(\S+\.(?:py|j2|yaml))(?: #\})?$", text, re.MULTILINE)
        if name:
            found[name[1]] = text
    return found


def write_files(page, folder):
    for name, text in files(page).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")


def commands(page):
    """What a page says to type, in order."""
    found = []
    for block in blocks(page, "console"):
        for part in re.split(r"^\$ ", block.replace("\\\n", " "), flags=re.MULTILINE)[1:]:
            first, *shown = part.strip().splitlines()
            found.append(Command(first, shown))
    return found


def spans(page):
    """Code in running text."""
    text = re.sub(r"^```.*?^```", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    return re.findall(r"`([^`]+)`", text)


# -- how it is followed --------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def typed(tmp_path_factory):
    """Return a function that types lines into a shell that knows `spargen`, far from any checkout."""
    home = tmp_path_factory.mktemp("home")
    package = Path(spargen.__file__).resolve().parents[1]
    installed = package == Path(sysconfig.get_path("purelib")).resolve()
    script = Path(sys.executable).with_name("spargen")
    bins = [str(Path(sys.executable).parent)]
    if not (installed and script.exists()):
        shim = home / "bin" / "spargen"
        shim.parent.mkdir()
        start = f"{shlex.quote(sys.executable)} -P -c 'from spargen.cli import main; main()'"
        for name, command in (("spargen", start), ("python", shlex.quote(sys.executable))):
            file = shim.with_name(name)
            file.write_text(f'#!/bin/sh\nPYTHONPATH="$PYTHONPATH:{package}" exec {command} "$@"\n')
            file.chmod(0o755)
        bins.insert(0, str(shim.parent))
    env = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "COV_", "XDG_"))}
    env |= {"HOME": str(home), "PATH": os.pathsep.join([*bins, env["PATH"]]), "COLUMNS": "120"}
    env["OPENBLAS_NUM_THREADS"] = "1"  # other tests run beside this one
    if not installed:
        env["PYTHONPATH"] = str(package)

    def type_(folder, *lines):
        script = "\n".join(lines)
        return subprocess.run(["bash", "-ec", script], cwd=folder, env=env, capture_output=True, text=True, timeout=300)

    return type_


@pytest.fixture(scope="session")
def once(tmp_path_factory):
    """Return a function that fills a folder once for all workers of a test run; what was returned then is kept."""
    base = tmp_path_factory.getbasetemp()
    base = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base

    def fill(name, make):
        folder, result = base / f"docs-{name}", base / f"docs-{name}.json"
        with (base / f"docs-{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not result.exists():
                folder.mkdir()
                result.write_text(json.dumps(make(folder)))
        return folder, json.loads(result.read_text())

    return fill


@pytest.fixture(scope="session")
def followed(once, typed):
    """Return a function that types all commands of a page in a prepared folder: the folder, and what came of them."""

    def follow(page, prepare, skip=()):
        def make(folder):
            prepare(folder)
            write_files(page, folder)
            done, settled = [], []
            for command in commands(page):
                if command.text.startswith("export "):
                    settled.append(command.text)
                elif command.text not in skip:
                    result = typed(folder, *settled, command.text)
                    done.append(Command(command.text, command.shown, result.returncode, result.stdout, result.stderr))
            return [asdict(command) for command in done]

        folder, done = once(page.stem, make)
        return folder, [Command(**command) for command in done]

    return follow


def demand_success(done):
    for command in done:
        refused = any(line.startswith("error:") for line in command.shown)
        assert command.exit_code == (1 if refused else 0), f"{command.text}\n{command.stdout}\n{command.stderr}"
        assert "Traceback" not in command.stderr


def rows_of(out, dataset, task, form):
    """The (record, fact) pairs of a cell, which must belong to each other."""
    (file,) = (out / f"spar/{dataset}/qa_jsonl/train/{task}/{form}").iterdir()
    records = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    facts = (out / f"facts/{dataset}/train/{task}/{form}.jsonl").read_text("utf-8").splitlines()
    pairs = list(zip(records, map(json.loads, facts), strict=True))
    assert all(record["id"] == fact["id"] and record["type"] == task for record, fact in pairs)
    assert file.name == f"{form}_{len(pairs)}.jsonl"
    return pairs


def said(record):
    human, gpt = record["conversations"]
    return human["value"], gpt["value"]


def one_decimal(value):
    return f"{np.floor(value * 10 + 0.5) / 10:.1f}"


@pytest.fixture(scope="session")
def scan(once):
    """A small scan root as the demo makes it."""
    return once("scans-root", lambda folder: write_demo(folder, frames=36, cell_m=0.5, workers=2))[0]


# -- docs/adding_a_task.md -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def with_scan(scan):
    """Return a function that puts the scan into a folder as the demo would."""

    def prepare(folder):
        (folder / "spargen-demo").mkdir()
        (folder / "spargen-demo/scans-root").symlink_to(scan)

    return prepare


@pytest.fixture(scope="module")
def task_page(followed, with_scan):
    """The folder of a reader of the page, and what came of its commands."""
    return followed(TASK_PAGE, with_scan)


def test_the_task_page_can_be_followed(task_page):
    folder, done = task_page
    assert len(done) >= 6
    demand_success(done)
    (where,) = (command.stdout.strip() for command in done if "data_dir" in command.text)
    assert (Path(where) / "distance_prediction_oc/fill.j2").is_file()
    for task in ("height_gap_oo", "distance_prediction_oc"):
        with Image.open(folder / f"{task}.jpg") as picture:
            assert picture.width > 300


def test_the_new_task_gives_right_answers_in_all_forms(task_page, scan):
    out = task_page[0] / "out"
    objects = spargen.load("scannet", scan, "demo0000_00").objects
    height_m = dict(zip(objects.id.tolist(), objects.center_m[:, 2].tolist(), strict=True))
    label = dict(zip(objects.id.tolist(), objects.label, strict=True))
    for form in FORMS:
        pairs = rows_of(out, "scannet", "height_gap_oo", form)
        assert len(pairs) == QUOTA
        for record, fact in pairs:
            question, answer = said(record)
            red, blue = fact["objects"]
            assert f"{label[red]} (red point)" in question
            assert f"{label[blue]} (blue point)" in question
            truth = one_decimal(abs(height_m[red] - height_m[blue]))
            if form == "fill":
                assert answer == truth
            elif form == "sentence":
                assert answer == f"Their centers differ in height by {truth} meters."
            elif form == "select":
                options = dict(line.split(". ") for line in question.splitlines()[1:])
                assert options[answer] == truth
                assert len({*options.values()}) == len(options) == 4
            else:
                claim = re.search(r"are (\d+\.\d) meters apart", question)[1]
                assert answer == ("Yes" if claim == truth else "No")
        if form == "judge":
            assert {said(record)[1] for record, _ in pairs} == {"Yes", "No"}
    assert not (out / "spar/scannet/qa_jsonl/train/depth_prediction_oc").exists()


def test_the_reworded_file_gives_its_words_and_no_others(task_page):
    page = files(TASK_PAGE)["my_templates/distance_prediction_oc/fill.j2"]
    first, second, note = (text.strip() for text in re.split(r"^--- \w+$", page, flags=re.MULTILINE)[1:])
    found = []
    for record, _ in rows_of(task_page[0] / "out", "scannet", "distance_prediction_oc", "fill"):
        question, answer = said(record)
        target = re.search(r"center of the (.+ \(red point\))", question)[1]
        words = [f"{text} {note}".replace("{{ target }}", target) for text in (first, second)]
        found.append(words.index(question))
        assert re.fullmatch(r"\d+\.\d", answer)
    assert found.count(0) == found.count(1) == QUOTA / 2
    # The forms that were left alone keep the shipped words.
    for record, fact in rows_of(task_page[0] / "out", "scannet", "distance_prediction_oc", "sentence"):
        assert "tape measure" not in said(record)[0]
        assert fact["answer_line"] > 0


def test_the_task_with_three_candidates_gives_right_answers_in_all_forms(task_page, scan):
    objects = spargen.load("scannet", scan, "demo0000_00").objects
    height_m = dict(zip(objects.id.tolist(), objects.center_m[:, 2].tolist(), strict=True))
    letters, claims = Counter(), Counter()
    for form in FORMS:
        pairs = rows_of(task_page[0] / "out", "scannet", "highest_of_three", form)
        assert len(pairs) == QUOTA
        for record, fact in pairs:
            question, answer = said(record)
            colours = ("red", "green", "blue")
            names = [f"{label} ({colour} point)" for label, colour in zip(fact["labels"], colours, strict=True)]
            ranked = sorted(range(3), key=lambda k: -height_m[fact["objects"][k]])
            heights = [height_m[fact["objects"][k]] for k in ranked]
            assert heights[0] - heights[1] >= 0.2
            assert fact["truth"]["heights_m"] == [pytest.approx(height_m[o]) for o in fact["objects"]]
            assert fact["margin"]["by"] == pytest.approx(heights[0] - heights[1])
            assert all(name in question.split("\n")[0] for name in names)
            right = names[ranked[0]]
            if form == "fill":
                assert answer == right
            elif form == "sentence":
                assert answer == f"The center of the {right} is the highest."
            elif form == "select":
                options = dict(line.split(". ") for line in question.splitlines()[1:])
                assert sorted(options.values()) == sorted(names)
                assert options[answer] == right
                letters[answer] += 1
            else:
                claim = fact["claim"]
                assert claim in names
                assert answer == ("Yes" if claim == right else "No")
                claims[answer] += 1
    assert letters == dict.fromkeys("ABC", QUOTA // 3)
    assert claims == {"Yes": QUOTA // 2, "No": QUOTA // 2}


def test_check_says_which_form_has_no_wrong_answers(task_page, typed, tmp_path):
    folder = tmp_path / "copy"
    shutil.copytree(task_page[0], folder, symlinks=True, ignore=shutil.ignore_patterns("out", "*.jpg"))
    code = folder / "my_candidates.py"
    code.write_text(code.read_text().replace(", wrong=2)", ")"))
    result = typed(folder, "spargen check job.yaml")
    assert result.returncode == 1
    (promised,) = (text for text in blocks(TASK_PAGE, "text") if "a Candidate has" in text)
    # The page folds the line.
    assert result.stderr.split() == promised.split()


def kinds():
    return {name: kind for name, kind in vars(answers).items() if isinstance(kind, answers.AnswerKind)}


PRINTED = {
    "LENGTH": 2.0,
    "AREA": 24.1,
    "COUNT": 3,
    "PLACE": answers.Place(606, 69, 2.8),
    "DIRECTIONS": Directions(answers.OC_AXES, (1, 0, 1)),
    "DIRECTIONS_LR_CF": Directions(OO_AXES, (1, 0, 1)),
    "CANDIDATE": Thing("chair", "Object2"),
    "WINNER": Thing("chair", "green point"),
    "BOX": (1, 20, 300, 1000),
    "SIGHTING": answers.Sighting(0, "chair", 1, (1, 2, 3, 4)),
    "SIZE": (120, 60, 75),
    "MOVES": [("move_right", 1.6), ("rotate_up", 15.0)],
    "FRAMES": [3, 4],
    "ORDER": ["chair", "table", "lamp", "door"],
    "MAP": [(-0.3, 1.4)],
    "TOLD": "Turn left and stop.",
}


def test_the_table_of_kinds_says_what_they_do():
    rows = re.findall(r"^\| `([A-Z_]+)` \| (.*) \|$", TASK_PAGE.read_text("utf-8"), re.MULTILINE)
    assert [name for name, _ in rows] == list(dict.fromkeys(name for name, _ in rows))
    assert {name for name, _ in rows} == set(kinds()) == set(PRINTED)
    for name, line in rows:
        _, printed, *_, wrong = line.split(" | ")
        kind = kinds()[name]
        assert printed == f"`{kind.text(PRINTED[name])}`"
        assert wrong == ("never" if not kind.takes_wrong else "may" if kind.makes_wrong else "must")
        ever = kind.serves("select", 3)  # what was told cannot be chosen from, whatever the facts bring
        assert kind.serves("select", 0) == kind.serves("judge", 0) == (wrong != "must" and ever)


def test_check_names_file_line_and_slot(task_page, typed, tmp_path):
    folder = tmp_path / "copy"
    shutil.copytree(task_page[0], folder, symlinks=True, ignore=shutil.ignore_patterns("out", "*.jpg"))
    template = folder / "my_templates/height_gap_oo/judge.j2"
    template.write_text(template.read_text().replace("{{ second }}", "{{ secnd }}"))
    result = typed(folder, "spargen check job.yaml")
    assert result.returncode == 1
    (promised,) = (text for text in blocks(TASK_PAGE, "text") if "secnd" in text)
    assert result.stderr == promised
    where, line = re.match(r"error: (\S+?):(\d+): unknown slot secnd\n", result.stderr).groups()
    assert folder / where == template
    assert "secnd" in template.read_text().splitlines()[int(line) - 1]
    assert not (folder / "out").exists()


def test_the_filters_print_what_the_task_page_says():
    text = " ".join(TASK_PAGE.read_text("utf-8").split())
    relation, claim = Directions(OO_AXES, (-1, 1, 0)), Directions(("lr",), (-1,))
    chair, office = Thing("chair", "red point"), Thing("office chair", "red point")
    for slot, name, value, printed in [
        ("target", "a", chair, "a chair (red point)"),
        ("target", "a", office, "an office chair (red point)"),
        ("label", "plural", "chair", "chairs"),
        ("target", "is", chair, "chair (red point) is"),
        ("target", "is", Thing("books", "red point"), "books (red point) are"),
        ("relation", "prose", relation, "to the left, above and at about the same distance from the observer"),
        ("claim", "versus", claim, "to the left of"),
    ]:
        assert f"{{{{ {slot} | {name} }}}}" in text
        assert f'"{printed}"' in text
        assert FILTERS[name](value) == printed
    assert "`{{ target | label }}` the bare label" in text
    assert FILTERS["label"](office) == "office chair"
    assert {name for name in FILTERS if f"| {name} }}}}" in text} == set(FILTERS)


# -- docs/labels.md ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def label_page(followed, with_scan):
    return followed(LABEL_PAGE, with_scan)


def test_the_lists_of_the_label_page_change_what_is_asked_and_what_is_said(label_page, typed):
    folder, done = label_page
    demand_success(done)
    parts = "ceilings, door and window frames, stairs, railings, columns, beams and windows"
    assert parts in " ".join(done[0].stdout.split())
    pairs = rows_of(folder / "out", "scannet", "distance_infer_center_oc", "fill")
    assert len(pairs) > 5
    for record, fact in pairs:
        assert parts in said(record)[0]
        assert not {"window", "wall"} & set(fact["labels"])
    (code,) = (text for text in blocks(LABEL_PAGE, "python") if "spargen.load" in text)
    (folder / "example.py").write_text(code)
    result = typed(folder, "python example.py")
    assert result.returncode == 0, result.stderr
    assert "How many" in result.stdout


def test_a_slip_in_the_lists_is_named_as_the_label_page_says(label_page, typed, tmp_path):
    (tmp_path / "spargen-demo").symlink_to(label_page[0] / "spargen-demo")
    write_files(LABEL_PAGE, tmp_path)
    lists = tmp_path / "my_labels.yaml"
    lists.write_text(lists.read_text().replace("loveseat", "lovesaet"))
    (promised,) = (text for text in blocks(LABEL_PAGE, "text") if "lovesaet" in text)
    result = typed(tmp_path, "spargen check job.yaml")
    assert result.returncode == 1
    assert result.stderr.split() == promised.split()


# -- docs/adding_a_dataset.md --------------------------------------------------------------------------------------

SOLIDS = [
    ("floor", (0, 0, -0.05), (6, 6, 0.1)),
    ("wall", (0, 3.05, 1.25), (6, 0.1, 2.5)),
    ("chair", (-1, 1, 0.45), (0.5, 0.5, 0.9)),
    ("table", (1, 1.5, 0.4), (1.2, 0.8, 0.8)),
    ("lamp", (0, 2, 0.75), (0.3, 0.3, 1.5)),
    ("box", (0.3, 0.5, 0.2), (0.4, 0.4, 0.4)),
]
FIRST_ID = 70
VIEWS = {f"view{n}": np.array([-1.5 + 0.25 * n, -2.5, 1.4]) for n in range(12) if n != 5}
"""Where the cameras stand; one more has no pose. Too few for a clip: there are no video questions."""


def write_room(folder):
    """A room in the layout that the page's adapter reads."""
    folder.mkdir(parents=True)
    parts = [trimesh.creation.box(size, trimesh.transformations.translation_matrix(at)) for _, at, size in SOLIDS]
    trimesh.util.concatenate(parts).export(folder / "mesh.ply")
    ends = np.cumsum([len(part.faces) for part in parts]).tolist()
    things = [
        {"id": FIRST_ID + n, "label": label, "faces": list(range(end - len(part.faces), end))}
        for n, ((label, _, _), part, end) in enumerate(zip(SOLIDS, parts, ends, strict=True))
    ]
    (folder / "objects.json").write_text(json.dumps(things))
    cameras = []
    for n, (name, eye) in enumerate([*VIEWS.items(), ("lost", np.full(3, -np.inf))]):
        forward = np.array([0.0, 1.3, 0.4]) - (eye if np.isfinite(eye).all() else 0)
        forward /= np.linalg.norm(forward)
        right = np.cross(forward, [0, 0, 1])
        right /= np.linalg.norm(right)
        pose = np.eye(4)
        pose[:3] = np.stack([right, np.cross(forward, right), forward, eye], axis=1)
        if name == "lost":
            pose[:] = -np.inf
        K = [[300, 0, 160], [0, 300, 120], [0, 0, 1]]
        cameras.append({"name": name, "K": K, "T_world_camera": pose.tolist(), "size": [320, 240]})
        Image.new("RGB", (320, 240), (120, 120, 20 * n)).save(folder / f"{name}.jpg")
    (folder / "cameras.json").write_text(json.dumps(cameras))


@pytest.fixture(scope="module")
def dataset_page(followed):
    return followed(DATASET_PAGE, lambda folder: write_room(folder / "scans" / "room0"))


def test_the_dataset_page_can_be_followed(dataset_page):
    folder, done = dataset_page
    assert len(done) == 3
    demand_success(done)
    (shown,) = (command.stdout for command in done if "inspect" in command.text)
    for what, number in {"frames with a pose": len(VIEWS), "objects": len(SOLIDS), "faces": 12 * len(SOLIDS)}.items():
        assert re.search(rf"{what} *│ {number} ", shown), shown
    assert list(folder.glob("room0_view*.jpg"))


def test_the_new_data_set_gives_right_answers(dataset_page):
    folder = dataset_page[0]
    center = {FIRST_ID + n: np.array(at) for n, (_, at, _) in enumerate(SOLIDS)}
    label = {FIRST_ID + n: name for n, (name, _, _) in enumerate(SOLIDS)}
    asked = set()
    for task in ("distance_prediction_oo", "distance_prediction_oc"):
        pairs = rows_of(folder / "out", "mine", task, "fill")
        assert len(pairs) >= 20
        for record, fact in pairs:
            (name,) = fact["frames"]
            assert record["image"] == [f"room0/image_color/{name}.jpg"]
            ends = [center[i] for i in fact["objects"]] + ([VIEWS[name]] if task.endswith("oc") else [])
            assert said(record)[1] == one_decimal(np.linalg.norm(ends[0] - ends[1]))
            assert [label[i] for i in fact["objects"]] == fact["labels"]
            asked |= set(fact["labels"])
            image = folder / "out/spar/mine/images" / record["image"][0]
            assert image.read_bytes() == (folder / f"scans/room0/{name}.jpg").read_bytes()
    assert asked == {"chair", "table", "lamp", "box"}
    manifest = json.loads((folder / "out/manifest.json").read_text())
    assert manifest["terms_of_use"] == {"mine": "my own scans"}


def test_the_page_s_fingerprint_sees_a_changed_file(dataset_page, tmp_path, monkeypatch):
    folder = tmp_path / "scans"
    shutil.copytree(dataset_page[0] / "scans", folder)
    monkeypatch.syspath_prepend(dataset_page[0])
    before = spargen.load("my_adapter:MyAdapter", folder, "room0").fingerprint
    assert spargen.load("my_adapter:MyAdapter", folder, "room0").fingerprint == before
    objects = folder / "room0/objects.json"
    objects.write_text(objects.read_text().replace("lamp", "vase"))
    assert spargen.load("my_adapter:MyAdapter", folder, "room0").fingerprint != before


# -- README --------------------------------------------------------------------------------------------------------

AUDIT = "spargen audit twenty --page audit.html"
NOT_HERE = ("pip install . && spargen demo", 'pip install ".[test]" && pytest', "spargen demo", AUDIT)
"""Set-up, and the full demo: too slow here, the gates run them; and what needs ten scenes and more."""


@pytest.fixture(scope="session")
def with_two_scans(scan):
    """Return a function that puts two scans of ScanNet's layout into a folder."""

    def prepare(folder):
        for name in ("scene0000_00", "scene0001_00"):
            (folder / "scannet/scans" / name).mkdir(parents=True)
            for file in (scan / "scans/demo0000_00").iterdir():
                link = folder / "scannet/scans" / name / file.name.replace("demo0000_00", name)
                if file.suffix == ".json":  # it names its scan
                    link.write_text(file.read_text().replace("demo0000_00", name))
                else:
                    link.symlink_to(file)

    return prepare


@pytest.fixture(scope="module")
def readme(followed, with_two_scans):
    """The folder of a reader who has two scans, and what came of README's commands."""
    return followed(README, with_two_scans, skip=NOT_HERE)


def shape(line):
    """A line without what differs from scan to scan and from day to day."""
    line = re.sub(r"\(\d+\.\d\d%\)", "(share)", line)
    return " ".join(re.sub(r"\d+([.,]\d+)*", "#", line).replace("[#/#]", "[#]").split())


def test_readme_s_commands_do_what_it_shows(readme):
    done = readme[1]
    assert {command.text for command in commands(README)} - {command.text for command in done} == set(NOT_HERE)
    demand_success(done)
    for command in done:
        printed = {shape(line) for line in (command.stdout + command.stderr).splitlines()}
        for line in command.shown:
            if not line.endswith("..."):
                said_so = shape(line) in printed
                assert said_so, f"{command.text}\nREADME: {line}\n{command.stdout}{command.stderr}"
    twice = [command.stdout for command in done if command.text == "spargen generate job.yaml"]
    assert ["rows made" in text for text in twice] == [True, False]


def test_shards_that_were_merged_are_one_run(readme):
    folder = readme[0]
    names = {}
    for out in ("out-job", "merged"):
        found = (p.relative_to(folder / out) for p in (folder / out).rglob("*") if p.is_file())
        names[out] = sorted(p for p in found if p.parts[0] != ".parts" and p.name not in ("report.md", "report.json"))
    assert names["out-job"] == names["merged"]
    assert len(names["out-job"]) > 20
    _, differing, broken = filecmp.cmpfiles(
        folder / "out-job", folder / "merged", map(str, names["merged"]), shallow=False
    )
    assert (differing, broken) == ([], [])


def test_readme_s_python_runs(readme, typed):
    asking, reading = blocks(README, "python")
    prints = {
        asking: r"^\['scene0000_00/image_color/\d+\.jpg'\] .* \d+\.\d$",
        reading: r"^distance_prediction_oo scene000\d_00_\d+ \{'distance_m': \d+\.\d+\} \S+/image_color/\d+\.jpg$",
    }
    for code, line in prints.items():
        (readme[0] / "example.py").write_text(code)
        result = typed(readme[0], "python example.py")
        assert result.returncode == 0, result.stderr
        assert len(re.findall(line, result.stdout, re.MULTILINE)) >= 10


def test_readme_s_record_could_be_one_of_today():
    (text,) = blocks(README, "json")
    record = json.loads(re.sub(r"\n\s+", " ", text))
    assert list(record) == ["id", "conversations", "image", "type", "red_point", "blue_point"]
    wording = TemplateSet.load().wording(record["type"], "fill")

    def holes(block):
        return re.sub(r"\\\{\\\{.*?\\\}\\\}", ".+", re.escape(block.text))

    question, answer = said(record)
    patterns = (f"{holes(q)} {holes(n)}" for q in wording.questions for n in wording.notes)
    assert any(re.fullmatch(pattern, question) for pattern in patterns)
    assert re.fullmatch(r"\d+\.\d", answer)


# -- docs/output.md ------------------------------------------------------------------------------------------------


def test_the_output_page_lists_what_a_run_writes(readme, typed):
    folder = readme[0]
    rgbd = "--out rgbd --scenes scene0000_00 --set rgbd=true --set rows_per_cell=5 --set 'tasks=[position_matching]'"
    result = typed(folder, f"spargen generate --adapter scannet --root scannet {rgbd}")
    assert result.returncode == 0, result.stderr
    text = OUTPUT_PAGE.read_text("utf-8")
    tree = blocks(OUTPUT_PAGE, "text")[0]
    listed = set(re.findall(r"^  ([\w.]+)", tree, re.MULTILINE)) | {"report.json"}
    for out in (folder / "out", folder / "rgbd"):
        assert {p.name for p in out.iterdir()} == listed
        assert all(re.search(rf"\b{p.name}\b", tree) for p in (out / "spar").iterdir())
        assert all(re.search(rf"\b{p.name}\b", tree) for p in (out / "spar/scannet/images/scene0000_00").iterdir())
    documented = set(re.findall(r"`(\w+)`", "\n".join(re.findall(r"^\| (`.*?) \|", text, re.MULTILINE))))
    found = set()
    for out in (folder / "out", folder / "rgbd"):
        for file in (out / "spar/scannet/qa_jsonl").rglob("*.jsonl"):
            found |= {key for line in file.read_text("utf-8").splitlines() for key in json.loads(line)}
    assert found == documented
    (fact,) = (json.loads(re.sub(r"\n\s+", " ", block)) for block in blocks(OUTPUT_PAGE, "json"))
    _, real = rows_of(folder / "out", "scannet", "distance_prediction_oo", "fill")[0]
    assert list(fact) == list(real)
    assert fact["truth"].keys() == real["truth"].keys()
    assert fact["margin"].keys() == real["margin"].keys()
    tips = min(abs(fact["truth"]["distance_m"] - edge) for edge in (4.35, 4.45))
    assert fact["margin"]["by"] == pytest.approx(tips)
    assert fact["margin"]["share"] == pytest.approx(tips / fact["truth"]["distance_m"], rel=1e-4)


def test_the_output_page_names_the_units_of_margins_and_the_tasks_without_one(readme):
    text = OUTPUT_PAGE.read_text("utf-8")
    table = text.partition("| answers | the number that decides |")[2].partition("\n\n")[0]
    listed = set(re.findall(r"`([^`]+)`", table))
    assert listed == set(STEP)
    without = set(re.findall(r"`(\w+)`", re.search(r"^It is null for .*$", text, re.MULTILINE)[0]))
    facts = [
        json.loads(line) for f in (readme[0] / "out/facts").rglob("*.jsonl") for line in f.read_text().splitlines()
    ]
    assert {fact["margin"]["unit"] for fact in facts if fact["margin"]} <= listed
    assert {fact["task"] for fact in facts if fact["margin"] is None} <= without
    assert without == {"position_matching", "obj_count", "nav_video"}


# -- docs/slurm.md -------------------------------------------------------------------------------------------------

SBATCH = """#!/bin/bash
# Runs what it is given at once: a script once for each number of its array, or a command.
echo "$*" >> sent.txt
array=$(grep -oP "^#SBATCH --array=\\K.*" "${@: -1}" 2>/dev/null)
for option in "$@"; do
  [[ $option == --array=* ]] && array=${option#--array=}
  [[ $wrapped ]] && { sh -c "$option" >> merges.txt 2>&1; echo "merge: $?" >> codes.txt; exit; }
  [[ $option == --wrap ]] && wrapped=yes
done
for number in $(seq ${array/-/ }); do
  [[ $array != *-* && $number != $array || -e lost-$number ]] && { rm -f lost-$number; continue; }
  SLURM_ARRAY_TASK_ID=$number SLURM_ARRAY_TASK_COUNT=1 SLURM_CPUS_PER_TASK=1 bash "${@: -1}" >> shards.txt 2>&1
  echo "shard $number: $?" >> codes.txt
done
echo 4711
"""


def test_the_slurm_page_s_jobs_do_what_it_says(typed, with_two_scans, tmp_path):
    with_two_scans(tmp_path)
    write_files(SLURM_PAGE, tmp_path)
    (script,) = blocks(SLURM_PAGE, "bash")
    (tmp_path / "shards.sbatch").write_text(script.replace("64", "2"))
    (tmp_path / "sbatch").write_text(SBATCH)
    (tmp_path / "sbatch").chmod(0o755)
    (tmp_path / "lost-2").touch()  # the node of the second shard is lost the first time
    result = typed(tmp_path, 'export PATH="$PWD:$PATH"', *(command.text for command in commands(SLURM_PAGE)))
    assert result.returncode == 0, result.stderr
    assert (tmp_path / "codes.txt").read_text().split("\n")[:-1] == ["shard 1: 0", "merge: 3", "shard 2: 0", "merge: 0"]
    assert "--dependency=afterany:4711 --wrap spargen merge out" in (tmp_path / "sent.txt").read_text()
    result = typed(tmp_path, "spargen generate job.yaml --quiet --out whole")
    assert result.returncode == 0, result.stderr
    names = [p.relative_to(tmp_path / "whole") for p in (tmp_path / "whole").rglob("*") if p.is_file()]
    same = [str(p) for p in names if p.parts[0] != ".parts" and p.name not in ("report.md", "report.json")]
    assert len(same) > 10
    assert filecmp.cmpfiles(tmp_path / "out", tmp_path / "whole", same, shallow=False)[1:] == ([], [])


def test_the_slurm_page_s_script_is_short_and_its_shards_are_its_array():
    (script,) = blocks(SLURM_PAGE, "bash")
    assert len(script.splitlines()) <= 12
    assert re.search(r"--array=1-(\d+)", script)[1] == re.search(r"shards=(\d+)", script)[1]


# -- names ---------------------------------------------------------------------------------------------------------

TOP = ("spargen", "scene_adapters", "templates", "configs", "tests", "docs", "benchmarks")


def there(path):
    """Tell whether a file of the repository exists, in this checkout or in the installed package."""
    head, _, rest = path.partition("/")
    places = [ROOT / path]
    if head in ("templates", "configs"):
        places.append(data_dir(head) / rest)
    if head in ("spargen", "scene_adapters"):
        places.append(Path(spargen.__file__).resolve().parents[1] / path)
    return any(place.exists() for place in places)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_and_files_exist(page):
    text = page.read_text("utf-8")
    for link in re.findall(r"\]\(([^)#]+)\)", text):
        if not link.startswith("http"):
            assert there(os.path.normpath(Path(os.path.relpath(page.parent, ROOT)) / link)), link
    own = files(page)
    for name in spans(page):
        if "<" not in name and " " not in name and name.split("/")[0] in TOP and "/" in name:
            assert there(name), name
        if re.fullmatch(r"[\w/]+\.(py|j2|yaml)", name) and "/" not in name:
            assert any(file.endswith(name) for file in own), name


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_and_options_exist(page):
    known = get_command(app).commands
    options = {
        name: {flag for param in command.params for flag in param.opts if flag.startswith("-")} | {"--help"}
        for name, command in known.items()
    }
    lines = [command.text for command in commands(page)] + spans(page)
    for line in lines:
        for part in re.split(r"&&|\|", line):
            words = shlex.split(part) if part.strip().startswith(("spargen ", "--")) else []
            if words[:1] == ["spargen"]:
                assert words[1] in known, line
                allowed, words = options[words[1]], words[2:]
            else:
                allowed = set.union(*options.values())
            for word in words:
                assert not word.startswith("-") or word in allowed, f"{line}: {word}"
            for flag, value in pairwise(words):
                if flag == "--set" and value != "KEY=VALUE":
                    make_job({"out": "out", "sources": [{"adapter": "scannet", "root": "x"}]}, [value])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_lines_are_short_enough_to_read(page):
    assert [line for line in page.read_text("utf-8").splitlines() if len(line) > 120] == []


def test_the_training_page_names_every_format_once():
    table = TRAINING_PAGE.read_text("utf-8").partition("| I train with |")[2].partition("\n\n")[0]
    named = set(re.findall(r"^\|[^|]+\| `([\w-]+)` \|", table, re.MULTILINE))
    assert named == set(FORMATS)


def test_readme_begins_with_the_two_set_up_commands():
    assert [c.text for c in commands(README)][:2] == [
        "pip install . && spargen demo",
        'pip install ".[test]" && pytest',
    ]
