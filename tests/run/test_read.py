import json
import tracemalloc

import pytest

import spargen
from spargen.errors import OutputError
from spargen.run.generate import generate
from spargen.run.read import open_rows

ROWS = "spar/scannet/qa_jsonl/train/depth_prediction_oc/fill/fill_62.jsonl"
FACTS = "facts/scannet/train/depth_prediction_oc/fill.jsonl"


@pytest.fixture
def out(job):
    made = job(rgbd=True)
    generate(made)
    return made.out


def test_every_row_comes_with_its_cell_its_fact_and_its_images(out):
    rows = list(spargen.read(out))
    assert len(rows) == 9 * 62
    assert [row.cell for row in rows] == sorted(row.cell for row in rows)
    (first, *_) = spargen.read(str(out), tasks=["depth_prediction_oc"], forms={"fill"})
    assert (first.cell.dataset, first.cell.split) == ("scannet", "train")
    assert first.record == json.loads((out / ROWS).read_text().splitlines()[0])
    assert first.fact == json.loads((out / FACTS).read_text().splitlines()[0])
    assert [p.relative_to(out / "spar/scannet/images").as_posix() for p in first.images] == first.record["image"]
    assert [p.relative_to(out / "spar/scannet/images").as_posix() for p in first.depth_images] == first.record["depth"]
    assert all(p.is_file() for row in rows for p in (*row.images, *row.depth_images))


def test_only_what_is_asked_for_is_read(out):
    rows = list(spargen.read(out, tasks=["distance_prediction_oo", "depth_prediction_oc"], forms=["select"]))
    assert {(r.cell.task, r.cell.form) for r in rows} == {
        ("distance_prediction_oo", "select"),
        ("depth_prediction_oc", "select"),
    }
    assert list(spargen.read(out, datasets=["scannet"], splits=["train"], tasks=["depth_prediction_oc"])) != []
    for wrong, text in (
        ({"tasks": ["depth_prediction_co"]}, r"no task 'depth_prediction_co'(?s:.*)did you mean depth_prediction_oc"),
        ({"splits": ["val"]}, r"no split 'val'(?s:.*)there are: train"),
        ({"datasets": ["scanet"]}, r"no dataset 'scanet'(?s:.*)did you mean scannet"),
        ({"forms": ["judge"]}, r"no form 'judge'"),
    ):
        with pytest.raises(OutputError, match=text):
            spargen.read(out, **wrong)


@pytest.mark.parametrize(
    ("name", "change", "where", "what"),
    [
        (FACTS, lambda ls: ls[:-1], f"{FACTS}:62", "the file ends early"),
        (ROWS, lambda ls: ls[:-1], f"{ROWS}:62", "the file ends early"),
        (FACTS, lambda ls: [ls[0], ls[2], ls[1], *ls[3:]], f"{FACTS}:2", "the fact is that of"),
        (ROWS, lambda ls: [*ls[:7], b'{"id": \n', *ls[8:]], f"{ROWS}:8", "this line is damaged"),
        (FACTS, lambda ls: [*ls[:7], b"[1]\n", *ls[8:]], f"{FACTS}:8", "this line is damaged"),
    ],
)
def test_what_does_not_fit_is_named_with_file_and_line(out, name, change, where, what):
    file = out / name
    file.write_bytes(b"".join(change(file.read_bytes().splitlines(keepends=True))))
    with pytest.raises(OutputError, match=what) as caught:
        list(spargen.read(out, tasks=["depth_prediction_oc"], forms=["fill"]))
    assert caught.value.where == str(out / where)


def test_files_cut_alike_are_told_by_the_name(out):
    for file in (out / ROWS, out / FACTS):
        file.write_bytes(b"".join(file.read_bytes().splitlines(keepends=True)[:50]))
    with pytest.raises(OutputError, match="holds 50 rows, not what its name says"):
        list(spargen.read(out))


def test_folders_that_are_no_output_or_half_of_one(out, tmp_path):
    with pytest.raises(OutputError, match="no output folder"):
        spargen.read(tmp_path)
    (out / ROWS).with_name("fill_63.jsonl").write_text("")
    with pytest.raises(OutputError, match="2 files of rows stand here"):
        list(spargen.read(out))
    (out / ROWS).with_name("fill_63.jsonl").unlink()
    (out / FACTS).unlink()
    with pytest.raises(OutputError, match="facts of this file are missing"):
        list(spargen.read(out))


def test_memory_does_not_grow_with_the_output(tmp_path):
    folder = tmp_path / "spar/scannet/qa_jsonl/train/t/fill"
    folder.mkdir(parents=True)
    (tmp_path / "facts/scannet/train/t").mkdir(parents=True)
    text = "".join(json.dumps({"id": f"s_{n}", "image": [], "text": "x" * 200}) + "\n" for n in range(20_000))
    (folder / "fill_20000.jsonl").write_text(text)
    (tmp_path / "facts/scannet/train/t/fill.jsonl").write_text(text)
    tracemalloc.start()
    assert sum(1 for _ in spargen.read(tmp_path)) == 20_000
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1_000_000 < len(text)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_lines_begin_after_the_mark_of_an_editor(tmp_path, encoding):
    (tmp_path / "lines").write_bytes('{"index": 0}\n'.encode(encoding))
    with open_rows(tmp_path / "lines") as lines:
        assert list(lines) == [b'{"index": 0}\n']
