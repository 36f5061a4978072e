"""`spargen verify` on an output of its own: every row is right, and what is spoilt is found."""

import json
import re
import shutil
from itertools import pairwise
from pathlib import Path

import builder
import pytest
from corrupted import FALSE, MAYBE_FALSE, spoil_all
from typer.testing import CliRunner

from spargen.cli import app
from spargen.demo import write_demo
from spargen.errors import JobError, OutputError
from spargen.plugins import load_task_file
from spargen.run.files import write_sealed
from spargen.run.generate import generate
from spargen.run.job import make_job
from spargen.run.naming import Cell
from spargen.run.read import published_cells, read
from spargen.verify.layout import LAYOUTS
from spargen.verify.own import OWN
from spargen.verify.rows import index_rows, read_rows
from spargen.verify.run import verify_rows

PLUGIN = '''
from spargen.qa.answers import LENGTH
from spargen.qa.fact import Fact
from spargen.qa.margin import of_rounding
from spargen.tasks.registry import task
from spargen.verify import Layout, check


@task("camera_height", views="single", level="low", answer=LENGTH, slots="where")
def camera_height(ctx):
    """How high the camera is."""
    for i in range(8):
        height = float(ctx.scene.cameras.position_m[i, 2])
        yield Fact(frames=(i,), objects=(), answer=height, slots={"where": "the photo"}, truth={"height_m": height},
                   margin=of_rounding(height, "m"))
'''
CHECK = """

@check("camera_height", Layout("single"))
def check_camera_height(row):
    said = float(row.answer)
    row.need(abs(said - row.views[0].position[2]) <= 0.0501, f"says {said}")
"""


DISTANCE, PAIR, JUDGE = (
    Cell("scannet", "train", task, form)
    for task, form in (
        ("distance_prediction_oc", "fill"),
        ("distance_prediction_oo", "fill"),
        ("obj_spatial_relation_oo", "judge"),
    )
)


@pytest.fixture(scope="module")
def scans(tmp_path_factory):
    """A small house, scanned, and what its builder knows."""
    root = tmp_path_factory.mktemp("scans")
    write_demo(root, seed=8, frames=64, cell_m=0.3, workers=1)
    return root


@pytest.fixture(scope="module")
def made(scans, tmp_path_factory):
    """A small output of all tasks."""
    out, source = tmp_path_factory.mktemp("made") / "out", {"adapter": "scannet", "root": str(scans)}
    generate(make_job({"out": str(out), "sources": [source], "rows_per_cell": 4}), workers=1)
    return out


@pytest.fixture
def copied(made, tmp_path):
    """Three cells of it, in a folder that may be spoilt."""
    out = shutil.copytree(made, tmp_path / "out")
    for one in published_cells(out):
        if one not in (DISTANCE, PAIR, JUDGE):
            shutil.rmtree(out / one.row_folder)
    return out


def rewrite(out, one, change):
    """Change the rows of a cell in their file."""
    (file,) = (out / one.row_folder).iterdir()
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    file.write_text("".join(json.dumps(row) + "\n" for row in change(rows)))


def flip(rows):
    rows[0]["conversations"][1]["value"] = "No" if rows[0]["conversations"][1]["value"] == "Yes" else "Yes"
    return rows


def test_every_row_of_every_task_is_right(made):
    report = verify_rows(made)
    assert report.ok, report.told()
    assert report.complete
    assert report.totals() == {"right": len(list(read(made))), "wrong": 0, "ambiguous": 0, "unread": 0}
    # Nobody walked here and told of it.
    assert {c.task for c in report.cells} == set(LAYOUTS) - {"nav_video"}
    assert set(report.cells) == set(published_cells(made))


def test_rows_are_right_by_what_the_builder_of_the_house_knows(scans, made):
    """No adapter has read these boxes and poses."""
    checked, wrong = builder.wrong_rows(made, scans / "truth")
    assert not wrong
    assert set(checked) == set(builder.CHECKS)
    assert sum(checked.values()) > 50


def test_the_builder_sees_what_is_wrong(scans, made, tmp_path):
    """Its own answers are no others' that are spoilt."""
    spoilt = shutil.copytree(made / "spar", tmp_path / "spar")
    for path in spoilt.glob("*/qa_jsonl/*/*/fill/*.jsonl"):
        rows = [json.loads(line) for line in path.read_text().splitlines()]
        for row in rows:
            row["conversations"][1]["value"] = other_answer(row["conversations"][1]["value"])
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    checked, wrong = builder.wrong_rows(tmp_path, scans / "truth")
    assert len(wrong) == sum(checked.values())


def other_answer(answer):
    """The other mark, or one number changed by more than any rounding."""
    if "point)" in answer:
        return answer.replace("green", "?").replace("blue", "green").replace("?", "blue")
    return re.sub(r"\d+(\.\d+)?$", lambda number: f"{float(number[0]) + 20:g}", answer.rstrip("."))


def test_a_wrong_row_is_named_with_what_is_right(copied):
    rewrite(copied, JUDGE, flip)
    report = verify_rows(copied)
    assert not report.ok
    assert report.totals()["wrong"] == 1
    assert re.fullmatch(rf"wrong: {JUDGE} \S+: (Yes|No) to \w+, is \w+", report.told()[0])
    assert json.loads(report.as_json())["findings"][0]["cell"] == str(JUDGE)


def test_the_facts_are_never_looked_at(copied):
    shutil.rmtree(copied / "facts")
    assert verify_rows(copied, sample=1).ok


def test_a_sample_is_the_first_rows_of_each_cell_and_says_that_it_is_one(copied):
    report = verify_rows(copied, sample=2)
    assert {result.rows.total() for result in report.cells.values()} == {2}
    assert not report.complete


def test_it_stops_at_the_first_wrong_row_if_told_to(copied):
    rewrite(copied, PAIR, lambda rows: [*map(spoilt, rows)])
    report = verify_rows(copied, fail_fast=True)
    assert report.totals()["wrong"] == 1
    assert not report.complete


def spoilt(row):
    row["conversations"][1]["value"] = "77.7"
    return row


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda rows: rows[:-1], "has 3 lines"),
        (lambda rows: [rows[0], *rows[:-1]], "its id stands twice"),
        (lambda rows: [*rows[:-1], {**rows[0], "id": rows[-1]["id"]}], None),
        (lambda rows: [{**rows[0], "image": ["demo0000_00/image_color/9999.jpg"]}, *rows[1:]], "has no image"),
        (lambda rows: [{k: v for k, v in rows[0].items() if k != "type"}, *rows[1:]], "keys ['type']"),
        (lambda rows: [{**rows[0], "conversations": []}, *rows[1:]], "it is no record"),
    ],
)
def test_files_and_records_as_a_whole(copied, change, what):
    rewrite(copied, DISTANCE, change)
    found = verify_rows(copied).told()
    assert bool(found) == bool(what)
    assert not what or what in found[0]


def test_two_rows_that_ask_the_same_have_one_answer(copied):
    def twins(rows):
        other = json.loads(json.dumps(rows[0]))
        other["conversations"][1]["value"] = "9.9"
        return [*rows[:-1], {**other, "id": rows[-1]["id"]}]

    rewrite(copied, DISTANCE, twins)
    (found,) = verify_rows(copied).told()
    assert "another row asks the same and answers otherwise" in found


def test_an_image_that_is_gone_or_damaged_is_told(copied):
    row = next(read(copied, tasks=["distance_prediction_oc"]))
    whole = row.images[0].read_bytes()
    row.images[0].write_bytes(whole[: len(whole) // 2])  # its header and its size are right
    assert any("cannot be decoded" in line for line in verify_rows(copied).told())
    row.images[0].unlink()
    assert any("is not there" in line for line in verify_rows(copied).told())


def test_scenes_that_were_moved_are_said(made, copied, tmp_path):
    record = copied / ".parts" / "run.json"
    run = json.loads(record.read_text())
    root, run["roots"] = run["roots"][0], [str(tmp_path / "gone")]
    write_sealed(record, {key: value for key, value in run.items() if key != "sha256"})
    with pytest.raises(OutputError, match="not where they lay"):
        verify_rows(copied)
    assert verify_rows(copied, data={"scannet": Path(root)}, sample=1).ok
    with pytest.raises(JobError, match="no data set 'scanet'"):
        verify_rows(copied, data={"scanet": Path(root)})


def test_a_scene_that_cannot_be_read_leaves_its_rows_unread(copied, tmp_path):
    (tmp_path / "scans" / "demo0000_00").mkdir(parents=True)
    report = verify_rows(copied, data={"scannet": tmp_path}, sample=1)
    assert report.totals()["unread"] == sum(report.totals().values()) > 0
    assert "the scene cannot be read" in report.told()[0]
    assert report.lost == ["scannet/demo0000_00"]
    told = CliRunner().invoke(app, ["verify", str(copied), "--sample", "1", "--data", f"scannet={tmp_path}"])
    assert told.exit_code == 3
    assert "scenes that cannot be read, so that their rows are unread: scannet/demo0000_00" in told.stderr


@pytest.mark.parametrize("brings", [False, True])
def test_a_task_of_a_plugin_brings_its_check_or_is_unread(made, tmp_path, brings):
    name = f"camera_height_{brings}".lower()
    plugin = tmp_path / f"{name}.py"
    plugin.write_text((PLUGIN + (CHECK if brings else "")).replace("camera_height", name))
    (tmp_path / "words" / name).mkdir(parents=True)
    words = "--- question\nHow high is {{ where }}?\n--- note\nAbove the floor of the world. In meters, one decimal.\n"
    (tmp_path / "words" / name / "fill.j2").write_text(words + "--- brief\nIn meters, one decimal.\n")
    run = json.loads((made / ".parts" / "run.json").read_text())
    source = {"adapter": "scannet", "root": run["roots"][0]}
    job = {"out": str(tmp_path / "out"), "sources": [source], "rows_per_cell": 4, "tasks": [name]}
    job |= {"plugins": [str(plugin)], "templates": [str(tmp_path / "words")]}
    generate(make_job(job), workers=1)
    OWN.pop(name, None)
    load_task_file.cache_clear()
    assert verify_rows(tmp_path / "out").totals()["unread"] == 4  # nobody said that its files may be run
    report = verify_rows(tmp_path / "out", trust=True)
    assert report.totals()["right" if brings else "unread"] == 4, report.told()
    assert brings or "brings no check" in report.told()[0]
    if brings:
        rewrite(tmp_path / "out", Cell("scannet", "train", name, "fill"), lambda rows: [*map(spoilt, rows)])
        assert verify_rows(tmp_path / "out", trust=True).totals()["wrong"] == 4
        failing = plugin.read_text().replace("float(row.answer)", "1 / 0")
        plugin.write_text(failing)
        load_task_file.cache_clear()
        told = CliRunner().invoke(app, ["verify", str(tmp_path / "out"), "--trust-plugins", "--workers", "1"])
        assert told.exit_code == 1
        line = failing[: failing.index("1 / 0")].count("\n") + 1
        assert f"error: {plugin}:{line}: the check of {name} raised at fill row demo0000_00_" in told.stderr
        assert "ZeroDivisionError" in told.stderr
        assert "Traceback" not in told.output


def test_rows_of_a_scene_are_found_again(made):
    index = index_rows(made)
    (places,) = index.rows.values()
    again = [(cell, record["id"]) for cell, record in read_rows(index.files, places)]
    assert again == [(row.cell, row.record["id"]) for row in read(made)]
    assert all(a <= b for a, b in pairwise(places))


def test_the_command_tells_rows_by_task_and_form(copied, tmp_path):
    rewrite(copied, JUDGE, flip)
    told = CliRunner().invoke(app, ["verify", str(copied), "--json", str(tmp_path / "found.json"), "--workers", "1"])
    assert told.exit_code == 1
    assert "ambiguous" in told.stdout
    assert "wrong: scannet/train/obj_spatial_relation_oo/judge" in told.stderr
    found = json.loads((tmp_path / "found.json").read_text())
    assert found["rows"]["wrong"] == 1
    assert not found["ok"]
    whole = CliRunner().invoke(app, ["verify", str(copied), "--sample", "1", "--data", "scannet"])
    assert "names no data set and its folder" in whole.stderr


def test_every_task_has_a_check():
    from spargen.tasks.registry import load_builtin_tasks
    from spargen.verify.answers import CHECKS

    own = {name for name, task in load_builtin_tasks().items() if task.propose.__module__.startswith("spargen.")}
    assert set(CHECKS) == set(LAYOUTS) == own


def test_rows_that_are_spoilt_are_found(made):
    """Each way of spoiling that makes a row false whatever it says, on two rows of each cell."""
    table, left = spoil_all(made, 2)
    assert set(FALSE) <= set(table)
    missed = [(way, task, form, verdict) for way, task, form, verdict, *_ in left if way in FALSE]
    rows = sum(table[way].total() for way in FALSE)
    assert rows > 300
    assert len(missed) <= 0.01 * rows, missed
    assert sum(table[way]["wrong"] for way in MAYBE_FALSE) > 0.8 * sum(table[way].total() for way in MAYBE_FALSE)
