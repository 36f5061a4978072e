"""Scenes that must not be used: left out by `exclude`, named by `check --against`."""

import pytest
from typer.testing import CliRunner

from spargen.cli import app
from spargen.errors import JobError, SceneError
from spargen.run.compile import compile_job
from spargen.run.leaks import find_leaks
from spargen.run.recipe import make_recipe, make_recipes
from spargen.run.scenes import SceneRef


@pytest.fixture
def listed(tmp_path):
    """Return a function that writes a list of scenes."""

    def write(*names, file="bench.txt"):
        (tmp_path / file).write_text("\n".join(names))
        return tmp_path / file

    return write


def run_of(job):
    return compile_job(job, make_recipes(job))


def test_excluded_are_scenes_and_what_shows_the_same_space(job, listed):
    run = run_of(job(exclude=[str(listed("a_00", "c_00", "other0000_00"))]))
    assert [ref.scene for ref in run.scenes] == ["b_00", "d_00"]
    said = "scannet: scenes excluded: 2 by name, 1 that show the same space as one that is listed"
    assert [note.startswith(f"{said}; ") for note in run.notes] == [True]
    assert not any("excluded" in note for note in run_of(job(exclude=[str(listed("other0000_00"))])).notes)


def test_a_list_may_name_a_scan_that_is_not_there(job, listed):
    run = run_of(job(exclude=str(listed("a_07"))))
    assert [ref.scene for ref in run.scenes] == ["b_00", "c_00", "d_00"]


def test_scenes_that_only_a_split_names_are_excluded_too(job, listed, tmp_path):
    splits = {"train": str(listed("a_00", "z_00", "b_00", file="train.txt"))}
    run = run_of(job(source={"splits": splits}, exclude=[str(listed("z_00")), str(listed("b_00", file="more.txt"))]))
    assert [ref.scene for ref in (*run.scenes, *run.missing)] == ["a_00"]


def test_a_job_of_which_nothing_is_left(job, listed):
    with pytest.raises(JobError, match=r"no scenes(?s:.*)`exclude`"):
        run_of(job(exclude=[str(listed("a_00", "b_00", "c_00", "d_00"))]))
    with pytest.raises(JobError, match="the scene list cannot be read"):
        run_of(job(exclude=["/nowhere.txt"]))


def test_leaks_are_named_by_scene_and_by_space(job, listed):
    made = job()
    run, recipe = run_of(made), make_recipe(made)
    files = [listed("a_01", "b_07"), listed("c_00", file="more.txt")]
    assert [str(leak) for leak in find_leaks(made, recipe.rules, run.scenes, files)] == [
        f"scannet/train/a_00 shows the same space as a_01 in {files[0]}",
        f"scannet/train/a_01 is in {files[0]}",
        f"scannet/train/b_00 shows the same space as b_07 in {files[0]}",
        f"scannet/train/c_00 is in {files[1]}",
    ]
    assert find_leaks(made, recipe.rules, run.scenes, []) == []


def test_scenes_that_an_adapter_cannot_place_go_by_their_name(job, listed, tiny, monkeypatch):
    def no_space(self, scene_id):
        raise SceneError("unknown", where=scene_id, mend="")

    monkeypatch.setattr(tiny.TinyAdapter, "space", no_space)
    made = job()
    refs = [SceneRef("scannet", "train", name, 0) for name in ("a_00", "a_01")]
    others = [SceneRef("other", "train", "b_07", 1)]
    leaks = find_leaks(made, make_recipe(made).rules, refs + others, [listed("a_00", "b_07")])
    assert [(leak.ref.scene, leak.listed) for leak in leaks] == [("a_00", "a_00")]


def test_the_command(job, root, listed, tmp_path):
    file = tmp_path / "job.yaml"
    file.write_text("out: out\nexclude: bench.txt\nsources:\n  - adapter: tiny:TinyAdapter\n    root: data\n")
    listed("a_00")

    def check(*args):
        return CliRunner().invoke(app, ["check", str(file), *map(str, args)], catch_exceptions=False)

    done = check("--against", listed("a_00", file="old.txt"))
    assert done.exit_code == 0
    assert "excluded: 1 by name, 1 that show" in done.stdout
    done = check("--against", tmp_path / "old.txt", "--against", listed("b_01", file="new.txt"))
    assert done.exit_code == 1
    assert "scenes that must not be used: 1" in done.stderr
    assert f"scannet/train/b_00 shows the same space as b_01 in {tmp_path / 'new.txt'}" in done.stderr
