"""`spargen status`: what is done, what is not and why."""

import json
import shutil

import pytest
from typer.testing import CliRunner

from spargen.cli import app
from spargen.errors import OutputError
from spargen.run.generate import generate
from spargen.run.scenes import SceneRef
from spargen.run.standing import longest_first
from spargen.run.status import status


def told(*args):
    return CliRunner().invoke(app, ["status", *map(str, args)])


def test_done_failed_missing_and_stale_are_told_apart(job, root, tmp_path):
    (root / "b_00/scene.txt").write_text("broken")
    made = job()
    generate(made, scenes=["a_00", "b_00", "c_00", "d_00"])
    record = made.out / ".parts/scannet/train/c_00/done.json"
    other = json.loads(record.read_text())
    del other["sha256"]
    record.write_text(json.dumps({**other, "key": "of another version"}))
    (made.out / ".parts/scannet/train/d_00/done.json").write_text("{}")
    end = told(made.out, "--retry-list", tmp_path / "retry.txt", "--json", tmp_path / "all.json")
    assert end.exit_code == 3
    why = f"{root}/b_00/scene.txt: 'broken' is no number; to mend: write a number"
    assert end.stdout.splitlines() == [
        "1 done, 1 failed, 1 missing, 2 stale",
        "  missing: scannet/train/a_01",
        f"  failed: scannet/train/b_00: {why}",
        "  stale: scannet/train/c_00: made by another version of the run",
        "  stale: scannet/train/d_00: done.json: the record has not the shape of one",
    ]
    assert (tmp_path / "retry.txt").read_text().split() == ["a_01", "b_00", "c_00", "d_00"]
    found = json.loads((tmp_path / "all.json").read_text())
    assert (found["complete"], found["done"], found["stale"]) == (False, 1, 2)
    assert found["scenes"]["scannet/train/d_00"]["state"] == "stale"
    (root / "b_00/scene.txt").write_text("30")
    assert generate(made, scenes=(tmp_path / "retry.txt").read_text().split()).complete
    end = told(made.out, "--retry-list", tmp_path / "retry.txt")
    assert (end.exit_code, end.stdout) == (0, "5 done, 0 failed, 0 missing, 0 stale\n")
    assert (tmp_path / "retry.txt").read_text() == ""


def test_what_only_a_list_names_cannot_be_tried_again(job, tmp_path):
    (tmp_path / "train.txt").write_text("a_00\nzz_00\n")
    made = job(source={"splits": {"train": str(tmp_path / "train.txt")}})
    generate(made)
    found = status(made.out)
    assert found.counts == {"done": 1, "failed": 1, "missing": 0, "stale": 0}
    assert (found.to_do(), found.complete) == ([], False)


def test_shards_that_are_not_merged_are_done_and_images_are_looked_at(job):
    made = job(images="copy")
    generate(made, shard=(1, 1))
    before = {p: p.stat().st_mtime_ns for p in made.out.rglob("*")}
    assert status(made.out).complete
    assert {p: p.stat().st_mtime_ns for p in made.out.rglob("*")} == before
    shutil.rmtree(made.out / "spar/scannet/images/c_00")
    assert status(made.out).scenes[SceneRef("scannet", "train", "c_00")] == (
        "stale",
        "its images are not as they were written",
    )


def test_a_folder_of_no_run(tmp_path):
    with pytest.raises(OutputError, match="no run has written here"):
        status(tmp_path)
    assert not list(tmp_path.iterdir())


def test_long_scenes_come_first_and_unknown_ones_before_them(job, monkeypatch):
    made = job()
    generate(made, scenes=["a_00", "b_00", "c_00", "d_00"])
    refs = [SceneRef("scannet", "train", name) for name in ("a_00", "a_01", "b_00", "c_00", "d_00")]
    for ref, seconds in zip(refs, (1, 0, 9, 5, 7), strict=True):
        record = made.out / f".parts/scannet/train/{ref.scene}/done.json"
        if record.exists():
            part = json.loads(record.read_text())
            del part["sha256"]
            record.write_text(json.dumps({**part, "key": "another version", "seconds": {"x": seconds}}))
    assert [ref.scene for ref in longest_first(made.out, refs)] == ["a_01", "b_00", "d_00", "c_00", "a_00"]
    seen = []
    generate(made, watch=lambda outcome, *_: seen.append(outcome.ref.scene))
    assert seen == ["a_01", "b_00", "d_00", "c_00", "a_00"]
