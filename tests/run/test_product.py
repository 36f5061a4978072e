import json
import shutil
import tracemalloc
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from spargen.errors import OutputError
from spargen.run import cells
from spargen.run.compile import Run
from spargen.run.executors import WorkerLostError
from spargen.run.files import stamp_of
from spargen.run.generate import finish
from spargen.run.naming import Cell
from spargen.run.parts import KINDS, Part, part_folder, write_record
from spargen.run.product import note, read_product
from spargen.run.scenes import SceneRef
from spargen.run.totals import Totals

IDENTITY = {"seed": 0, "tasks": {}, "rows_per_cell": {}, "images": "copy"}
RUN = Run("", IDENTITY, ({},), ("data",), "code", "templates", {}, (), (), {}, ("",))


def put(out, dataset, split, scene, cells, word="x"):
    """Write a part by hand: rows of the given cells, {(task, form): count}, each with a word of its own."""
    ref = SceneRef(dataset, split, scene)
    folder = part_folder(out, ref)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    numbers, whole = {}, b""
    for (task, form), count in sorted(cells.items()):
        lines = b"".join(b'{"id":"%s_%d","word":"%s"}\n' % (scene.encode(), n, word.encode()) for n in range(count))
        numbers[f"{task}/{form}"] = (count, len(lines), len(lines))
        whole += lines
    for kind in KINDS:
        (folder / f"{kind}.jsonl").write_bytes(whole)
    stamp = stamp_of(folder / "rows.jsonl")
    write_record(folder, Part(RUN.keys[0], 0, "scene", "", numbers, stamp, stamp, {}, [], {}, {}, {}, {}))
    return ref


def merged(out, *refs, workers=1):
    return finish(out, replace(RUN, scenes=tuple(sorted(refs))), workers=workers)


def names(folder, pattern="*"):
    return sorted(str(p.relative_to(folder)) for p in folder.rglob(pattern) if p.is_file())


def test_the_indexes_are_what_spars_own_scripts_write(tmp_path):
    """Expected text worked out by hand from the scripts: keys, order of keys, indent, numbers."""
    merged(
        tmp_path,
        put(tmp_path, "scannet", "train", "s1", {("t", "fill"): 1234, ("t", "sentence"): 57}),
        put(tmp_path, "scannet", "train", "s2", {("t", "fill"): 5}),
        put(tmp_path, "scannet", "val", "s3", {("t", "fill"): 9}),
        put(tmp_path, "mine", "train", "s1", {("t", "judge"): 19}),
    )
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    assert manifest["rows"][str(Cell("scannet", "train", "t", "fill"))] == 1239
    files = {p.name: p.read_text() for p in (tmp_path / "data_jsons").iterdir()}
    assert sorted(files) == [
        "1mine_1rxr_1scannet_1scannetpp_1structured3d_0m.json",
        "mine_0k.json",
        "rxr_0k.json",
        "scannet_1k.json",
        "scannetpp_0k.json",
        "structured3d_0k.json",
    ]
    assert files["rxr_0k.json"] == "{}"
    assert files["scannet_1k.json"] == (
        "{\n"
        '    "scannet_t_fill": {\n'
        '        "root": "spar/scannet/images",\n'
        '        "annotation": "spar/scannet/qa_jsonl/train/t/fill/fill_1239.jsonl",\n'
        '        "repeat_time": 1,\n'
        '        "length": 1239\n'
        "    },\n"
        '    "scannet_t_sentence": {\n'
        '        "root": "spar/scannet/images",\n'
        '        "annotation": "spar/scannet/qa_jsonl/train/t/sentence/sentence_57.jsonl",\n'
        '        "repeat_time": 1,\n'
        '        "length": 57\n'
        "    }\n"
        "}"
    )
    mix = json.loads(files["1mine_1rxr_1scannet_1scannetpp_1structured3d_0m.json"])
    assert list(mix) == ["mine_t_judge", "scannet_t_fill", "scannet_t_sentence"]
    assert mix["scannet_t_fill"] == {
        "root": "spar/scannet/images",
        "annotation": "spar/scannet/qa_jsonl/train/t/fill/fill_1239.jsonl",
        "repeat_time": 0.1,
        "length": 1239,
        "length_with_repeat": 123,
    }
    assert mix["mine_t_judge"]["length_with_repeat"] == 1
    assert '"repeat_time": 1.0,' in files["1mine_1rxr_1scannet_1scannetpp_1structured3d_0m.json"]


def test_the_mix_of_spars_data_sets_has_spars_name(tmp_path):
    merged(tmp_path, put(tmp_path, "scannet", "train", "s1", {("t", "fill"): 3}))
    assert (tmp_path / "data_jsons/1rxr_1scannet_1scannetpp_1structured3d_0m.json").exists()
    for dataset in ("rxr", "scannet", "scannetpp", "structured3d"):
        assert (tmp_path / "spar" / dataset / "qa_jsonl/train").is_dir()
        assert (tmp_path / "spar" / dataset / "images").is_dir()


def test_a_second_merge_leaves_one_file_a_folder(tmp_path):
    first = put(tmp_path, "scannet", "train", "s1", {("t", "fill"): 3, ("u", "fill"): 1})
    merged(tmp_path, first)
    second = put(tmp_path, "scannet", "train", "s2", {("t", "fill"): 2})
    merged(tmp_path, first, second)
    assert names(tmp_path / "spar/scannet/qa_jsonl/train/t") == ["fill/fill_5.jsonl"]
    merged(tmp_path, second)
    assert names(tmp_path / "spar/scannet/qa_jsonl/train") == ["t/fill/fill_2.jsonl"]
    assert names(tmp_path / "facts") == ["scannet/train/t/fill.jsonl"]
    assert names(tmp_path, "scannet_*k.json") == ["data_jsons/scannet_0k.json"]


def test_every_first_part_of_a_file_is_a_fair_sample(tmp_path):
    merged(tmp_path, *(put(tmp_path, "scannet", "train", f"s{i}", {("t", "fill"): 200}) for i in range(5)))
    lines = (tmp_path / "spar/scannet/qa_jsonl/train/t/fill/fill_1000.jsonl").read_text().splitlines()
    first = [json.loads(line)["id"].partition("_")[0] for line in lines[:100]]
    assert all(10 <= first.count(f"s{i}") <= 32 for i in range(5))


def test_the_text_stands_once_when_it_is_merged(tmp_path):
    refs = [put(tmp_path, "scannet", "train", f"s{i}", {("t", "fill"): 3}) for i in range(3)]
    merged(tmp_path, *refs)
    assert names(tmp_path / ".parts") == ["merged.json", *(f"scannet/train/s{i}/done.json" for i in range(3))]
    before = {name: (tmp_path / name).stat().st_mtime_ns for name in names(tmp_path)}
    merged(tmp_path, *refs)
    after = {name: (tmp_path / name).stat().st_mtime_ns for name in names(tmp_path)}
    assert {name for name in after if after[name] != before[name]} <= {"report.json", "report.md"}


def test_a_scene_that_is_made_anew_replaces_its_lines_and_no_others(tmp_path):
    """Files of one name and one size, so nothing but the digest of the part tells."""
    refs = [put(tmp_path, "scannet", "train", f"s{i}", {("t", "fill"): 3, ("u", "fill"): 2}) for i in range(3)]
    merged(tmp_path, *refs)
    put(tmp_path, "scannet", "train", "s1", {("t", "fill"): 3}, word="y")
    merged(tmp_path, *refs)
    for name in ("spar/scannet/qa_jsonl/train/t/fill/fill_9.jsonl", "facts/scannet/train/t/fill.jsonl"):
        lines = [json.loads(line) for line in (tmp_path / name).read_text().splitlines()]
        assert {(line["id"][:2], line["word"]) for line in lines} == {("s0", "x"), ("s1", "y"), ("s2", "x")}
    assert names(tmp_path / "spar/scannet/qa_jsonl/train/u") == ["fill/fill_4.jsonl"]


def test_scenes_of_one_name_in_two_splits_or_data_sets_keep_apart(tmp_path):
    refs = [
        put(tmp_path, dataset, split, "s1", {("t", "fill"): 2}, word=dataset + split)
        for dataset, split in (("scannet", "train"), ("scannet", "val"), ("mine", "train"))
    ]
    merged(tmp_path, *refs)
    put(tmp_path, "scannet", "val", "s1", {("t", "fill"): 2}, word="new")
    merged(tmp_path, *refs)
    words = {
        name.split("/")[1] + name.split("/")[3]: json.loads((tmp_path / name).read_text().splitlines()[0])["word"]
        for name in names(tmp_path)
        if "/qa_jsonl/" in name
    }
    assert words == {"scannettrain": "scannettrain", "scannetval": "new", "minetrain": "minetrain"}


def test_the_manifest_has_size_digest_and_length_of_every_file(tmp_path):
    import hashlib

    merged(tmp_path, put(tmp_path, "scannet", "train", "s1", {("t", "fill"): 3, ("u", "judge"): 4}))
    files = json.loads((tmp_path / "manifest.json").read_text())["files"]
    card = {"spar/README.md"}
    assert set(files) == {n for n in names(tmp_path) if n.startswith(("spar/", "facts/", "data_jsons/"))} - card
    for name, entry in files.items():
        data = (tmp_path / name).read_bytes()
        assert (entry["bytes"], entry["sha256"]) == (len(data), hashlib.sha256(data).hexdigest())
        assert entry.get("rows", "index") == ("index" if "data_jsons" in name else data.count(b"\n"))


@pytest.mark.parametrize(
    "kind", ["spar/scannet/qa_jsonl/train/t/fill/fill_3.jsonl", "facts/scannet/train/t/fill.jsonl"]
)
def test_a_file_of_the_right_size_that_holds_something_else_costs_its_scenes(tmp_path, kind):
    first = put(tmp_path, "scannet", "train", "s1", {("t", "fill"): 3})
    merged(tmp_path, first)
    file = tmp_path / kind
    file.write_bytes(file.read_bytes().replace(b"s1_", b"s9_"))
    second = put(tmp_path, "scannet", "train", "s2", {("t", "fill"): 2})
    report = merged(tmp_path, first, second)
    assert report.waiting == ["scannet/train/s1"]
    assert report.remarks == [f"{kind} was not as it was written: what it held is made again"]


class Killed(BaseException):
    """As good as a kill: nothing catches it, nothing is tidied up."""


@pytest.fixture
def steps(monkeypatch):
    """Count the steps of what runs: a file begun, noted, named or removed. At the step `steps.last` all ends."""
    steps = SimpleNamespace(done=0, last=None)

    def wrap(owner, name):
        genuine = getattr(owner, name)

        def step(*args, **kwargs):
            counts = name != "open" or args[1:2] in (("xb",), ("ab",))
            steps.done += counts
            if counts and steps.done == steps.last:
                raise Killed
            return genuine(*args, **kwargs)

        monkeypatch.setattr(owner, name, step)

    for name in ("open", "replace", "unlink"):
        wrap(Path, name)
    return steps


def tree(folder):
    return {n: (folder / n).read_bytes() for n in names(folder) if not n.startswith("report.")}


def prepared(out):
    """Make a folder with a finished merge and everything that the next merge can meet; return the scenes of that one.

    A scene made anew with as many rows as before, one with other cells, one without any, one that is no more, a new
    one, and two that stay. One cell only loses lines.
    """
    cells = {("t", "fill"): 3, ("u", "judge"): 2}
    more = {("w", "fill"): 2}
    refs = [put(out, "scannet", "train", f"s{i}", cells | (more if i in (0, 4) else {})) for i in range(6)]
    merged(out, *refs)
    put(out, "scannet", "train", "s1", cells, word="y")
    put(out, "scannet", "train", "s2", {("u", "judge"): 5, ("v", "fill"): 1})
    put(out, "scannet", "train", "s3", {})
    return [*refs[:4], refs[5], put(out, "scannet", "train", "s6", {("t", "fill"): 1})]


@pytest.mark.parametrize("again", [(), (1,), (3,), (9,), (2, 5)])
def test_a_merge_that_is_cut_short_at_any_step_heals(tmp_path, steps, again):
    """Killed at each step in turn, and killed again so many steps into the next attempts."""
    refs = prepared(tmp_path / "before")
    shutil.copytree(tmp_path / "before", tmp_path / "whole")
    steps.done = 0
    merged(tmp_path / "whole", *refs)
    total, whole, out = steps.done, tree(tmp_path / "whole"), tmp_path / "out"
    lines = [json.loads(line) for line in whole["facts/scannet/train/t/fill.jsonl"].splitlines()]
    assert {(line["id"][:2], line["word"]) for line in lines} == {("s0", "x"), ("s1", "y"), ("s5", "x"), ("s6", "x")}
    assert total > 30
    for number in range(1, total + 1):
        shutil.copytree(tmp_path / "before", out)
        for steps.last in (number, *again):
            steps.done = 0
            with suppress(Killed):
                merged(out, *refs)
            folders = [file.parent for file in out.glob("spar/*/qa_jsonl/*/*/*/*.jsonl")]
            assert len(folders) - len(set(folders)) <= 1  # of one cell at a time there are two files
        steps.last = None
        report = merged(out, *refs)
        assert (report.waiting, report.remarks) == ([], [])
        assert tree(out) == whole, f"killed at step {number}"
        shutil.rmtree(out)


@pytest.mark.parametrize("name", ["../beside", "spar/../../beside", "{beside}", "spar", ".parts/beside", "spar/a\0b"])
def test_what_a_journal_names_outside_of_the_product_is_not_looked_at(tmp_path, name):
    """It may be damaged, or come with a folder of somebody else's."""
    out, beside = tmp_path / "out", tmp_path / "beside"
    for file in (beside, out / ".parts/beside", out / "facts/mine/train/t/fill.jsonl"):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"{}\n")
    note(out, name.format(beside=beside), stamp_of(beside))
    assert (read_product(out).standing, read_product(out).interrupted) == ({}, False)
    note(out, "facts/mine/train/t/fill.jsonl", stamp_of(beside))
    assert read_product(out).standing == {"facts/mine/train/t": ("facts/mine/train/t/fill.jsonl",)}


def test_a_scene_that_is_what_it_was_again_after_a_merge_was_cut_short(tmp_path, steps):
    """The manifest then names its part, but a file may hold the lines of the part between."""
    refs = [put(tmp_path, "scannet", "train", f"s{i}", {("t", "fill"): 3}) for i in range(2)]
    merged(tmp_path, *refs)
    whole = tree(tmp_path)
    shutil.copytree(tmp_path, tmp_path.with_name("before"))
    for last in range(1, 20):
        out = tmp_path.with_name(f"out{last}")
        shutil.copytree(tmp_path.with_name("before"), out)
        put(out, "scannet", "train", "s1", {("t", "fill"): 3}, word="y")
        steps.done, steps.last = 0, last
        with suppress(Killed):
            merged(out, *refs)
        steps.last = None
        put(out, "scannet", "train", "s1", {("t", "fill"): 3})
        merged(out, *refs)
        found = tree(out)
        assert {name for name in found.keys() | whole.keys() if found.get(name) != whole.get(name)} == set(), last


def test_a_cell_file_that_was_cut_costs_its_scenes_and_no_others(tmp_path):
    one = put(tmp_path, "scannet", "train", "s1", {("t", "fill"): 3, ("u", "fill"): 2})
    two = put(tmp_path, "scannet", "train", "s2", {("u", "fill"): 2})
    merged(tmp_path, one, two)
    file = tmp_path / "spar/scannet/qa_jsonl/train/t/fill/fill_3.jsonl"
    file.write_bytes(file.read_bytes()[:-5])
    report = merged(tmp_path, one, two)
    assert report.waiting == ["scannet/train/s1"]
    assert report.remarks == [f"{file.relative_to(tmp_path)} was not as it was written: what it held is made again"]
    assert names(tmp_path / "spar/scannet/qa_jsonl/train") == ["u/fill/fill_2.jsonl"]


def ahead(function, items, *, workers):
    """Stand in for processes: what the next item gives is made before that of the last one is taken."""
    assert workers == 2
    made = []
    for item in items:
        made.append((item, function(item)))
        if len(made) == workers:
            yield made.pop(0)
    yield from made


def test_a_merge_of_several_workers_that_is_cut_short_at_any_step_heals(tmp_path, steps, monkeypatch):
    refs = prepared(tmp_path / "before")
    shutil.copytree(tmp_path / "before", tmp_path / "whole")
    merged(tmp_path / "whole", *refs)
    whole = tree(tmp_path / "whole")
    monkeypatch.setattr(cells, "run_each", ahead)
    monkeypatch.setattr(cells, "_SHARE", 1)
    shutil.copytree(tmp_path / "before", tmp_path / "count")
    steps.done = 0
    merged(tmp_path / "count", *refs, workers=2)
    assert tree(tmp_path / "count") == whole
    for number in range(1, steps.done + 1):
        out = tmp_path / "out"
        shutil.copytree(tmp_path / "before", out)
        steps.done, steps.last = 0, number
        with suppress(Killed):
            merged(out, *refs, workers=2)
        folders = [file.parent for file in out.glob("spar/*/qa_jsonl/*/*/*/*.jsonl")]
        assert len(folders) - len(set(folders)) <= 1
        steps.last = None
        report = merged(out, *refs, workers=2)
        assert (report.waiting, report.remarks) == ([], [])
        assert tree(out) == whole, f"killed at step {number}"
        assert not list(out.rglob("*.tmp"))
        shutil.rmtree(out)


def test_processes_write_the_bytes_of_one(tmp_path, monkeypatch):
    for name in ("one", "two"):
        refs = prepared(tmp_path / name)
    monkeypatch.setattr(cells, "_SHARE", 1)
    starts = []
    genuine = cells.run_each
    monkeypatch.setattr(cells, "run_each", lambda *a, workers: starts.append(workers) or genuine(*a, workers=workers))
    for name, workers in (("one", 1), ("two", 2)):
        merged(tmp_path / name, *refs, workers=workers)
    assert starts == [1, 2]
    assert tree(tmp_path / "one") == tree(tmp_path / "two")


def test_little_is_merged_by_one_process(tmp_path, monkeypatch):
    starts = []
    genuine = cells.run_each
    monkeypatch.setattr(cells, "run_each", lambda *a, workers: starts.append(workers) or genuine(*a, workers=workers))
    refs = [put(tmp_path, "scannet", "train", "s0", {("t", "fill"): 3, ("u", "fill"): 3})]
    merged(tmp_path, *refs, workers=64)
    put(tmp_path, "scannet", "train", "s0", {("t", "fill"): 3, ("u", "fill"): 3}, word="y")
    monkeypatch.setattr(cells, "_SHARE", 100)
    merged(tmp_path, *refs, workers=64)
    assert starts == [1, 2]  # no more than there are cells, nor than their bytes are worth


def test_a_merge_whose_process_is_lost_says_how_to_go_on(tmp_path, monkeypatch):
    refs = prepared(tmp_path)
    lost = WorkerLostError("its process ended with signal SIGKILL")
    monkeypatch.setattr(cells, "run_each", lambda _, items, *, workers: ((item, lost) for item in items))
    with pytest.raises(OutputError, match="the merge was cut short: its process ended with signal SIGKILL"):
        merged(tmp_path, *refs, workers=2)
    monkeypatch.undo()
    assert merged(tmp_path, *refs).complete


def test_what_a_merge_left_half_written_goes_before_more_is_written(tmp_path, monkeypatch):
    refs = prepared(tmp_path)
    left = tmp_path / "facts/scannet/train/t/.fill.jsonl.7-ab.tmp"
    left.write_bytes(b"half")
    genuine = cells.draft
    monkeypatch.setattr(cells, "draft", lambda *a: genuine(*a) if not left.exists() else pytest.fail("still there"))
    merged(tmp_path, *refs)


def test_of_a_part_no_more_is_kept_than_where_its_lines_are(tmp_path):
    """A hundred scenes of 80 cells and 200 images, as many numbers and remarks as real ones have."""
    tracemalloc.start()
    totals = Totals()
    for n in range(100):
        names = [f"a_task_of_some_name_{i}/form" for i in range(80)]
        numbers = {name: (40, 40_000 + i, 30_000 + i) for i, name in enumerate(names)}
        images = {f"s{n}/image_color/{i}.jpg": (9, "d" * 64) for i in range(200)}
        notes = {f"{name}: something of which a remark tells": "0 of 100" for name in names[:40]}
        counts = dict.fromkeys(names, 3)
        part = Part("k" * 32, 0, "f", "q", numbers, (1, ""), (2, ""), images, [[1.0] * 4] * 4, counts, {}, {}, notes)
        totals.add(SceneRef("scannet", "train", f"s{n}"), part, fresh=True)
    del part, images, numbers, notes, counts, names
    found = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert found < 0.8e6
    assert totals.images == 20_000
    assert sum(totals.counts.values()) == 100 * 80 * 40
    piece = next(iter(totals.pieces[Cell("scannet", "train", "a_task_of_some_name_1", "form")]))
    assert piece.spans == {"rows": (40_000, 80_001), "facts": (30_000, 60_001)}
