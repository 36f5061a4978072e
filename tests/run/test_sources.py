"""Jobs of several sources: each with tasks of its own, and some of them not there."""

import json
import shutil
from pathlib import Path

import pytest

from spargen.errors import JobError, OutputError
from spargen.run.compile import compile_job
from spargen.run.generate import generate
from spargen.run.ledger import read_run
from spargen.run.merge import merge
from spargen.run.recipe import make_recipes

ONE, TWO = "depth_prediction_oc", "distance_prediction_oo"


def content(out):
    files = (p for p in sorted(Path(out).rglob("*")) if p.is_file())
    return {n: p.read_bytes() for p in files if not (n := str(p.relative_to(out))).startswith((".parts", "report."))}


def rows(report):
    return {(c.dataset, c.task, c.form): (c.rows, c.quota, c.scenes_short) for c in report.cells}


@pytest.fixture
def other(root, tmp_path):
    """The folder of a second data set: two scenes."""
    for name, number in {"x_00": 4, "y_00": 9}.items():
        shutil.copytree(root / "a_00", tmp_path / "other" / name)
        (tmp_path / "other" / name / "scene.txt").write_text(str(number))
    return tmp_path / "other"


@pytest.fixture
def made(job, root, other):
    """Return a function that makes a job of two sources."""

    def made(out="out", first=(), second=(), **more):
        tiny = {"adapter": "tiny:TinyAdapter"}
        sources = [
            {**tiny, "root": str(root), "tasks": {ONE: ["fill"], TWO: None}, **dict(first)},
            {**tiny, "root": str(other), "dataset": "mine", "tasks": [ONE], "rows_per_cell": 6, **dict(second)},
        ]
        return job(out, sources=sources, **more)

    return made


@pytest.fixture
def log(monkeypatch, tmp_path):
    """Return a function that names the scenes that were asked since it was last called."""
    file = tmp_path / "log"
    monkeypatch.setenv("TINY_LOG", str(file))

    def log():
        lines = file.read_text().split() if file.exists() else []
        file.unlink(missing_ok=True)
        return sorted(lines)

    return log


def test_each_source_is_asked_its_own(made):
    report = generate(made())
    counts = rows(report)
    assert counts["scannet", ONE, "fill"] == (62, 100, 3)
    assert counts["mine", ONE, "fill"] == (10, 12, 1)
    assert {(d, t, f) for d, t, f in counts if t == ONE} == {
        ("scannet", ONE, "fill"),
        *(("mine", ONE, form) for form in ("fill", "select", "sentence")),
    }
    assert {d for d, t, f in counts if t == TWO} == {"scannet"}
    cells = json.loads((made().out / "manifest.json").read_bytes())["job"]["cells"]
    assert cells[1] == {f"{ONE}/{form}": 6 for form in ("fill", "select", "sentence")}
    assert list(cells[0].values()) == [20] * 4


def test_processes_of_their_own_ask_each_source_its_own(made):
    generate(made("one"))
    generate(made("two"), workers=2)
    assert content(made("two").out) == content(made("one").out)


def test_another_task_of_one_source_makes_its_scenes_anew_and_no_others(made, log):
    generate(made())
    log()
    report = generate(made(second={"tasks": {TWO: ["fill"]}}))
    assert log() == ["x_00", "y_00"]
    assert {key for key in rows(report) if key[0] == "mine"} == {("mine", TWO, "fill")}
    assert not list((made().out / f"spar/mine/qa_jsonl/train/{ONE}").rglob("*.jsonl"))
    generate(made(second={"tasks": {TWO: ["fill"]}, "rows_per_cell": 5}))
    assert log() == ["x_00", "y_00"]
    generate(made("fresh", second={"tasks": {TWO: ["fill"]}, "rows_per_cell": 5}))
    assert content(made("fresh").out) == content(made().out)


def test_what_the_job_asks_of_sources_without_their_own_is_not_to_change(made):
    generate(made(first={"tasks": None}))
    with pytest.raises(OutputError, match=r"rows_per_cell.* was 20, now 7"):
        generate(made(first={"tasks": None}, rows_per_cell=7))


def test_where_all_sources_have_their_own_tasks_the_others_need_no_words(made, tiny, monkeypatch):
    forms = {ONE: ("fill", "select", "sentence"), TWO: ("fill",)}
    monkeypatch.setattr(tiny.TinyTemplates, "forms", lambda self, task: forms.get(task, ()))
    assert compiled(made()).identity["tasks"] == {}
    with pytest.raises(JobError, match="the task has no templates"):
        compiled(made(first={"tasks": None}))
    generate(made())
    with pytest.raises(OutputError, match=r"rows_per_cell.default was 20, now 7"):
        generate(made(rows_per_cell=7))


@pytest.mark.parametrize("gone", ["folder", "variable"])
def test_a_source_that_is_not_there_is_left_out_with_a_word(made, other, gone, monkeypatch):
    monkeypatch.delenv("MY_DATA", raising=False)
    root = {"folder": str(other) + "_gone", "variable": "$MY_DATA/in"}[gone]
    job = made(second={"root": root, "splits": {"train": f"{root}/train.txt"}})
    report = generate(job)
    why = {"folder": f"there is no such folder: {root}", "variable": "the environment has no $MY_DATA"}[gone]
    assert f"mine: left out: {why}" in report.remarks
    assert {key[0] for key in rows(report)} == {"scannet"}
    assert report.complete
    assert "mine: left out" in (job.out / "report.md").read_text()


def test_a_mistake_in_a_source_that_is_not_there_is_still_one(made):
    for change, text in (({"adapter": "scanet"}, "no adapter 'scanet'"), ({"options": {"flavor": 1}}, "no option")):
        with pytest.raises(JobError, match=text):
            generate(made(second={"root": "/nowhere", **change}))


def test_if_none_is_there_nothing_is_made(made):
    with pytest.raises(JobError, match=r"no such folder: /nowhere; the environment has no \$NOT_SET"):
        generate(made(first={"root": "/nowhere"}, second={"root": "$NOT_SET"}))
    assert not made().out.exists()


def test_a_source_that_appears_is_added_and_the_others_hold(made, log):
    generate(made(second={"root": "/nowhere"}))
    log()
    report = generate(made())
    assert log() == ["x_00", "y_00"]
    assert not any("left out" in remark for remark in report.remarks)
    generate(made("whole"))
    assert content(made().out) == content(made("whole").out)


def test_what_was_made_of_a_source_stays_while_it_is_away(made, log, root):
    generate(made())
    before = content(made().out)
    log()
    report = generate(made(second={"root": "/nowhere"}))
    assert log() == []
    assert content(made().out) == before
    assert "mine: left out: there is no such folder: /nowhere; what earlier runs made of it stays" in report.remarks
    assert read_run(made().out).roots == (str(root), str(made().sources[1].root))
    assert generate(made()).complete
    assert log() == []


def test_another_folder_is_refused_while_the_first_is_there(made, other):
    generate(made())
    generate(made(second={"root": "/nowhere"}))
    shutil.copytree(other, other.parent / "copy")
    with pytest.raises(OutputError, match=r"root\.1 was"):
        generate(made(second={"root": str(other.parent / "copy")}))


def test_data_that_was_moved_is_found_where_it_is_now(made, other, log):
    generate(made())
    before = content(made().out)
    log()
    now = other.rename(other.parent / "moved")
    moved = made(second={"root": str(now)})
    assert generate(moved).complete
    assert log() == []
    assert read_run(moved.out).roots[1] == str(now)
    assert content(moved.out) == before
    (now / "y_00/scene.txt").write_text("8")
    generate(moved)
    assert log() == ["y_00"]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_shards_of_which_each_lacks_a_source_merge_to_the_whole(made, order):
    made_of = [made("one", second={"root": "/nowhere"}), made("two", first={"root": "/nowhere"})]
    for job in made_of:
        generate(job, shard=(1, 1))
    target = made().out.parent / "merged"
    report = merge([made_of[i].out for i in order], target)
    assert report.complete
    assert not any("left out" in remark for remark in report.remarks)
    generate(made("whole"))
    assert content(target) == content(made("whole").out)
    assert all(read_run(target).roots)


def test_shards_that_asked_a_source_something_else_do_not_merge(made):
    generate(made("one"), shard=(1, 2))
    generate(made("two", second={"rows_per_cell": 7}), shard=(2, 2))
    with pytest.raises(OutputError, match=rf"cells.1.{ONE}/fill was 6, now 7"):
        merge([made("one").out, made("two").out], made().out.parent / "merged")


def test_a_scene_that_two_folders_bring_is_refused_when_they_are_brought_together(made, root, other):
    shutil.copytree(root / "c_00", other / "c_00")
    same = {"dataset": "scannet"}
    generate(made("one", second={**same, "root": "/nowhere"}), shard=(1, 1))
    generate(made("two", first={"root": "/nowhere"}, second=same), shard=(1, 1))
    with pytest.raises(JobError, match="c_00: the scene stands in train and again in train"):
        merge([made("one").out, made("two").out], made().out.parent / "merged")


def test_terms_of_folders_of_one_data_set_are_brought_together(made, other):
    (other / "TERMS_OF_USE.txt").write_text("free to use")
    same = {"dataset": "scannet"}
    first = compiled(made(second={**same, "root": "/nowhere"}))
    second = compiled(made(first={"root": "/nowhere"}, second=same))
    assert first.lent(second).terms == {"scannet": "none; free to use"}
    both = compiled(made(second=same))
    assert both.terms == first.lent(both).terms == {"scannet": "none; free to use"}


def test_the_keys_of_sources_are_their_own(made):
    was, now = compiled(made()), compiled(made(second={"rows_per_cell": 7}))
    assert was.keys[0] == now.keys[0]
    assert was.keys[1] != now.keys[1]
    assert was.key != now.key


def compiled(job):
    return compile_job(job, make_recipes(job))
