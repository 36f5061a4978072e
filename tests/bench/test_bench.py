"""Which rows a bench takes, what it writes, and what the harnesses' readers find in it."""

import base64
import csv
import json
import sys
from collections import Counter
from io import BytesIO

import pytest
from PIL import Image
from typer.testing import CliRunner

from spargen.bench.choose import Place, choose, pick
from spargen.bench.files import PARQUET, TSV
from spargen.bench.harness import FILL, SELECT, knows
from spargen.bench.make import make_bench
from spargen.bench.row import read_bench
from spargen.cli import app
from spargen.errors import JobError, OutputError
from spargen.run.naming import Cell
from spargen.tasks.registry import load_builtin_tasks

LEVELS = {"depth_prediction_oc": "low", "position_matching": "medium", "view_change_infer": "medium"}


def places(*given):
    """Return places of (scene, answer)."""
    cell = Cell("scannet", "val", "t", "select")
    return [Place(cell, n, scene, answer) for n, (scene, answer) in enumerate(given)]


def test_one_form_a_task_and_one_split(out):
    rows, unscored = choose(out, "val", 100)
    assert {(r.cell.task, r.cell.form) for r in rows} == {
        ("depth_prediction_oc", "fill"),
        ("position_matching", "select"),
        ("view_change_infer", "fill"),
        ("appearance_order", "fill"),
    }
    assert unscored == ["obj_frame_locate"]
    assert {r.cell.split for r in rows} == {"val"}
    assert {r.cell.dataset for r in rows} == {"scannet", "scannetpp"}
    assert len({(r.cell, r.record["id"]) for r in rows}) == len(rows) == 10 + 10 + 1 + 1
    with pytest.raises(OutputError, match="no split 'test'"):
        choose(out, "test", 1)


def test_as_many_rows_of_each_task(out):
    rows, _ = choose(out, "val", 6)
    assert Counter(r.cell.task for r in rows) == {
        "depth_prediction_oc": 6,
        "position_matching": 6,
        "view_change_infer": 1,
        "appearance_order": 1,
    }
    scenes = Counter((r.cell.dataset, r.fact["scene"]) for r in rows if r.cell.task == "depth_prediction_oc")
    assert scenes[("scannetpp", "x0")] == 1
    assert sorted(scenes.values()) == [1, 1, 2, 2]


def test_a_fact_is_asked_once(write_cell):
    same = [("s0", f"Again {n}, how large?", "20", [0], []) for n in range(3)]
    out = write_cell("room_size", "fill", *same, ("s1", "Again, how large?", "20", [0], []))
    rows, _ = choose(out, "val", 100)
    assert sorted(row.record["id"] for row in rows) == ["s0_0", "s1_3"]


def test_scenes_take_turns_and_answers_too():
    given = places(*[("a", "A")] * 6, ("a", "B"), ("b", "A"), ("b", "B"), *[("c", "A")] * 2)
    picked = pick(given, 6)
    assert Counter(p.scene for p in picked) == {"a": 2, "b": 2, "c": 2}
    assert Counter(p.answer for p in pick(places(*[("a", "A")] * 6, ("a", "B"), ("a", "B")), 4)) == {"A": 2, "B": 2}
    assert pick(given, 100) != given
    assert len(pick(given, 100)) == len(given)
    assert pick([], 3) == []


@pytest.fixture
def bench(out, tmp_path):
    pytest.importorskip("pyarrow", reason="what lmms-eval reads is written with pyarrow")
    made = make_bench(out, tmp_path / "bench", split="val", rows=6, levels=LEVELS)
    return tmp_path / "bench", made


def test_rows_and_images_with_their_marks(bench):
    folder, made = bench
    rows = read_bench(folder)
    assert [row.index for row in rows] == list(range(14))
    deep = next(row for row in rows if row.task == "depth_prediction_oc" and row.dataset == "scannet")
    assert (deep.level, deep.form, deep.question, deep.answer) == ("low", "fill", "How deep?", "2.0")
    assert deep.id.rpartition("_")[0] == deep.scene
    plain, marked = (Image.open(folder / name) for name in deep.image)
    assert plain.getpixel((80, 60)) == (128, 128, 128)
    red, green, blue = marked.getpixel((80, 60))
    assert red > 200
    assert max(green, blue) < 80
    assert next(row for row in rows if row.task == "appearance_order").level == ""
    assert sorted(p.name for p in folder.iterdir()) == ["README.md", "images", "lmms-eval", "rows.jsonl", "vlmevalkit"]
    asked = {entry.task: entry for entry in made.asked}
    assert (asked["depth_prediction_oc"].rows, asked["depth_prediction_oc"].scenes) == (6, 4)
    assert (asked["view_change_infer"].metric, asked["view_change_infer"].harnesses) == ("five axes", True)
    assert not asked["appearance_order"].harnesses
    card = (folder / "README.md").read_text()
    assert "| appearance_order |  | fill | accuracy | 1 | 1 | no |" in card
    assert "obj_frame_locate" in card
    assert "## Terms of use of scannet\n\nAsk first." in card


def test_what_lmms_eval_reads(bench):
    from pyarrow import parquet

    folder, _ = bench
    table = parquet.read_table(folder / PARQUET)
    features = json.loads(table.schema.metadata[b"huggingface"])["info"]["features"]
    assert features["image"] == {"feature": {"_type": "Image"}, "_type": "Sequence"}
    assert features.keys() == set(table.column_names)
    known = {row.index: row for row in read_bench(folder) if knows(row.task, row.form)}
    assert table.num_rows == len(known) == 13
    for line in table.to_pylist():
        row = known[line["index"]]
        assert (line["task"], line["question"], line["answer"]) == (row.task, row.question, row.answer)
        assert [image["bytes"] for image in line["image"]] == [(folder / name).read_bytes() for name in row.image]


def test_what_vlmevalkit_reads(bench):
    folder, _ = bench
    csv.field_size_limit(sys.maxsize)
    with (folder / TSV).open(newline="") as file:
        lines = list(csv.DictReader(file, delimiter="\t"))
    known = {row.index: row for row in read_bench(folder) if knows(row.task, row.form)}
    assert [int(line["index"]) for line in lines] == list(known)
    for line in lines:
        row = known[int(line["index"])]
        assert (line["task"], line["question"], line["answer"]) == (row.task, row.question, row.answer)
        images = json.loads(line["image"].replace("'", '"')) if len(row.image) > 1 else [line["image"]]
        for image, name in zip(images, row.image, strict=True):
            data = base64.b64decode(image)
            assert data == (folder / name).read_bytes()
            assert Image.open(BytesIO(data)).size == (160, 120)


def test_the_same_bytes_for_any_number_of_workers(bench, out, tmp_path):
    folder, _ = bench
    make_bench(out, tmp_path / "again", split="val", rows=6, levels=LEVELS, workers=2)
    files = [p.relative_to(folder) for p in folder.rglob("*") if p.is_file()]
    assert sorted(files) == sorted(p.relative_to(tmp_path / "again") for p in (tmp_path / "again").rglob("*.*"))
    assert all((folder / name).read_bytes() == (tmp_path / "again" / name).read_bytes() for name in files)


def test_a_folder_in_use_is_left_alone(out, tmp_path):
    pytest.importorskip("pyarrow", reason="what lmms-eval reads is written with pyarrow")
    (tmp_path / "mine").write_text("x")
    with pytest.raises(OutputError, match="the folder is not empty"):
        make_bench(out, tmp_path, split="val", rows=6, levels=LEVELS)


def test_a_bench_that_was_not_finished_is_begun_anew(bench, out, tmp_path):
    pytest.importorskip("pyarrow", reason="what lmms-eval reads is written with pyarrow")

    def stop(done, _):
        if done == 3:
            raise KeyboardInterrupt

    dest = tmp_path / "other"
    with pytest.raises(KeyboardInterrupt):
        make_bench(out, dest, split="val", rows=6, levels=LEVELS, watch=stop)
    (dest / "images/of_another_attempt.jpg").write_bytes(b"x")
    make_bench(out, dest, split="val", rows=6, levels=LEVELS)
    again, whole = ({p.relative_to(f): p.read_bytes() for p in f.rglob("*.*") if p.is_file()} for f in (dest, bench[0]))
    assert again == whole


def test_a_split_of_which_no_reply_can_be_scored(write_cell, tmp_path):
    pytest.importorskip("pyarrow", reason="what lmms-eval reads is written with pyarrow")
    out = write_cell("obj_frame_locate", "sentence", ("s0", "In which frames?", "Frame-3", [0], []))
    with pytest.raises(OutputError, match="the output is not finished"):
        make_bench(out, tmp_path / "bench", split="val", rows=6, levels=LEVELS)
    (out / "manifest.json").write_text('{"terms_of_use": {}}')
    with pytest.raises(OutputError, match="no row of this split has a metric"):
        make_bench(out, tmp_path / "bench", split="val", rows=6, levels=LEVELS)


def test_without_pyarrow(out, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(JobError, match=r"pyarrow is not installed(?s:.*)spargen\[export\]"):
        make_bench(out, tmp_path / "bench", split="val", rows=6, levels=LEVELS)
    assert not (tmp_path / "bench").exists()


def test_the_harnesses_know_eleven_and_nine_tasks_of_ours():
    tasks = load_builtin_tasks()
    assert set(SELECT) | set(FILL) <= tasks.keys()
    assert (len(SELECT), len(FILL)) == (11, 9)
    assert knows("position_matching", "select")
    assert not knows("position_matching", "fill")
    assert not knows("obj_count", "fill")


def test_the_command(out, tmp_path):
    pytest.importorskip("pyarrow", reason="what lmms-eval reads is written with pyarrow")
    words = ["bench", str(out), "--dest", str(tmp_path / "bench"), "--rows", "6", "--workers", "1"]
    run = CliRunner().invoke(app, words, catch_exceptions=False)
    assert run.exit_code == 0
    assert "1 of 6" in next(text for text in run.output.splitlines() if "view_change_infer" in text)
    assert "no: `spargen score` only" in next(text for text in run.output.splitlines() if "appearance_order" in text)
    assert "left out: obj_frame_locate, no form of it has a metric" in run.output
    assert next(row for row in read_bench(tmp_path / "bench") if row.task == "appearance_order").level == "high"
    run = CliRunner().invoke(app, ["bench", str(out), "--dest", str(tmp_path / "b"), "--split", "test"])
    assert run.exit_code == 1
    assert "no split 'test'" in run.stderr
