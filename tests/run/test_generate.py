import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from spargen.errors import JobError, OutputError
from spargen.run import generate as generation
from spargen.run.executors import MEMORY, cores
from spargen.run.files import writing
from spargen.run.generate import finish, generate
from spargen.run.ledger import read_run
from spargen.run.merge import merge
from spargen.run.parts import GONE


def content(out):
    """Every file of an output but the parts and the report, which holds times."""
    files = (p for p in sorted(Path(out).rglob("*")) if p.is_file())
    names = [(str(p.relative_to(out)), p) for p in files]
    kept = {n: p.read_bytes() for n, p in names if not n.startswith((".parts", "report."))}
    assert not [n for n in kept if n.endswith(".tmp")]
    return kept


@pytest.fixture
def whole(job):
    """The files of an uninterrupted run in one process."""
    made = job("reference")
    generate(made)
    return content(made.out)


def test_the_tree_is_spars(whole):
    assert "spar/scannet/qa_jsonl/train/depth_prediction_oc/fill/fill_62.jsonl" in whole
    assert "facts/scannet/train/depth_prediction_oc/fill.jsonl" in whole
    assert "spar/scannet/images/b_00/image_color/40.jpg" in whole
    assert "spar/scannet/images/b_00/video_color/frame3_30.jpg" in whole
    assert whole["spar/scannet/images/b_00/video_idx.txt"].decode().split() == [str(10 * i) for i in range(32)]


def test_rows_and_facts_stand_in_one_order_that_is_no_scene_order(whole):
    rows = whole["spar/scannet/qa_jsonl/train/depth_prediction_oc/fill/fill_62.jsonl"].splitlines()
    facts = whole["facts/scannet/train/depth_prediction_oc/fill.jsonl"].splitlines()
    ids = [json.loads(line)["id"] for line in rows]
    assert [json.loads(line)["id"] for line in facts] == ids
    assert len(set(ids)) == 62
    assert {i.rpartition("_")[0] for i in ids[:20]} == {"a_00", "a_01", "b_00", "c_00", "d_00"}
    fact = json.loads(facts[0])
    assert (fact["dataset"], fact["split"], fact["task"], fact["form"]) == (
        "scannet",
        "train",
        "depth_prediction_oc",
        "fill",
    )


@pytest.mark.parametrize("workers", [2, 3])
def test_any_number_of_workers_gives_the_same_bytes(job, whole, workers):
    made = job("other")
    generate(made, workers=workers)
    assert content(made.out) == whole


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("words", ["full", "brief"])
def test_the_words_of_the_job_reach_every_scene(job, words, workers):
    made = job("worded", words=words)
    generate(made, workers=workers)
    files = {name: text for name, text in content(made.out).items() if name.startswith("facts/")}
    assert len(files) == 9
    assert {json.loads(line)["words"] for text in files.values() for line in text.splitlines()} == {words}
    assert json.loads(content(made.out)["manifest.json"])["job"]["words"] == words


def test_the_report_counts_rows_and_pictures(job):
    made = job("reference", rgbd=True)
    report = generate(made)
    names = list(content(made.out))
    assert report.images == sum(n.endswith(".jpg") for n in names) < sum("/images/" in n for n in names)
    rows = [n for n in names if "/qa_jsonl/" in n]
    assert report.rows == sum(int(n.rpartition("_")[2].partition(".")[0]) for n in rows)


def test_another_seed_gives_another_order(job, whole):
    made = job("other", seed=1)
    generate(made)
    name = "spar/scannet/qa_jsonl/train/depth_prediction_oc/fill/fill_62.jsonl"
    assert sorted(content(made.out)[name].splitlines()) == sorted(whole[name].splitlines())
    assert content(made.out)[name] != whole[name]


def test_scenes_one_after_the_other_give_the_same_bytes(job, whole):
    made = job("other")
    for scene in ("c_00", "a_00", "b_00", "a_01", "d_00"):
        report = generate(made, scenes=[scene])
    assert report.complete
    assert content(made.out) == whole


def test_a_finished_run_asks_nothing_again(job, whole, monkeypatch, tmp_path):
    monkeypatch.setenv("TINY_LOG", str(tmp_path / "log"))
    made = job("reference")
    seen = []
    generate(made, watch=lambda outcome, *_: seen.append(outcome.status))
    assert seen == ["kept"] * 5
    assert not (tmp_path / "log").exists()
    assert content(made.out) == whole


@pytest.mark.parametrize("spoil", ["scene", "image", "part", "fingerprint"])
def test_what_changed_is_made_again_and_only_that(job, whole, root, spoil, monkeypatch, tmp_path):
    made = job("reference")
    if spoil == "scene":
        (root / "c_00" / "scene.txt").write_text("13")
    elif spoil == "image":
        (made.out / "spar/scannet/images/c_00/image_color/0.jpg").unlink()
    elif spoil == "part":
        (made.out / ".parts/scannet/train/c_00/done.json").write_text("{")
    else:  # a scene that has none, then and now, is never known to be the same
        import tiny

        done = made.out / ".parts/scannet/train/c_00/done.json"
        done.write_text(json.dumps({**json.loads(done.read_text()), "fingerprint": ""}))
        load = tiny.TinyAdapter.load
        monkeypatch.setattr(
            tiny.TinyAdapter,
            "load",
            lambda self, name: replace(
                load(self, name), fingerprint="" if name == "c_00" else load(self, name).fingerprint
            ),
        )
    monkeypatch.setenv("TINY_LOG", str(tmp_path / "log"))
    generate(made)
    assert (tmp_path / "log").read_text() == "c_00\n"
    files = content(made.out)
    if spoil == "scene":
        assert [n for n in files if "oc/fill/" in n] == [
            "spar/scannet/qa_jsonl/train/depth_prediction_oc/fill/fill_63.jsonl"
        ]
    elif spoil != "fingerprint":
        assert files == whole


def test_a_finished_run_whose_files_are_untouched_opens_no_scene(job, root, monkeypatch):
    import tiny

    from spargen.fingerprint import times

    loaded = []
    genuine = tiny.TinyAdapter.load
    monkeypatch.setattr(tiny.TinyAdapter, "load", lambda self, name: loaded.append(name) or genuine(self, name))
    monkeypatch.setattr(
        tiny.TinyAdapter, "fingerprint", lambda self, name: times(self.root, sorted((self.root / name).iterdir()))
    )
    made, seen = job(), []

    def again():
        loaded.clear()
        seen.clear()
        generate(made, watch=lambda outcome, *_: seen.append(outcome.status))
        return list(loaded), seen.count("kept")

    assert again() == (["a_00", "a_01", "b_00", "c_00", "d_00"], 0)
    files = content(made.out)
    assert again() == ([], 5)
    os.utime(root / "b_00/scene.txt", ns=(1, 1))  # touched: loaded once, found the same, and known by its new time
    assert again() == (["b_00"], 5)
    assert again() == ([], 5)
    (root / "b_00/scene.txt").write_text("29")
    assert again() == (["b_00"], 4)
    (root / "b_00/scene.txt").write_text("30")
    assert again() == (["b_00"], 4)
    assert content(made.out) == files
    (made.out / "spar/scannet/images/c_00/image_color/0.jpg").unlink()
    assert again() == (["c_00"], 4)
    assert content(made.out) == files


@pytest.mark.parametrize("how", ["cut", "gone", "facts"])
def test_a_file_that_was_damaged_is_made_again_and_a_word_says_so(job, whole, how):
    made = job("reference")
    name = "spar/scannet/qa_jsonl/train/depth_prediction_oc/fill/fill_62.jsonl"
    name = "facts/scannet/train/depth_prediction_oc/fill.jsonl" if how == "facts" else name
    if how == "gone":
        (made.out / name).unlink()
    else:
        (made.out / name).write_bytes(whole[name][:-1])
    report = generate(made)
    assert report.remarks[1:] == [f"{name} was not as it was written: what it held is made again"]
    assert content(made.out) == whole
    assert generate(made).remarks[1:] == []


def test_a_merge_that_was_cut_short_costs_no_scene(job, whole, monkeypatch, tmp_path):
    made = job("other")
    generate(made, scenes=["a_00", "b_00"])
    genuine = Path.replace

    def killed(self, target):
        if "sentence" in target.name and "/facts/" in str(target):
            raise KeyboardInterrupt
        return genuine(self, target)

    monkeypatch.setattr(Path, "replace", killed)
    with pytest.raises(KeyboardInterrupt):
        generate(made)
    monkeypatch.setattr(Path, "replace", genuine)
    monkeypatch.setenv("TINY_LOG", str(tmp_path / "log"))
    assert generate(made).remarks[1:] == []
    assert not (tmp_path / "log").exists()
    assert content(made.out) == whole


def test_a_folder_of_the_layout_before_is_refused_with_what_to_do(job, tmp_path):
    made = job()
    generate(made, scenes=["a_00"])
    record = made.out / ".parts/run.json"
    old = json.loads(record.read_text())
    del old["format_version"], old["sha256"]
    record.write_text(json.dumps(old))
    for act in (lambda: generate(made), lambda: merge([made.out], made.out)):
        with pytest.raises(OutputError, match=r"another layout(?s:.*)or choose another --out"):
            act()


@pytest.mark.parametrize("together", [True, False])
def test_shards_merge_to_the_bytes_of_one_run(job, whole, tmp_path, together):
    outs = ["shards"] * 3 if together else ["shard1", "shard2", "shard3"]
    for i, out in enumerate(outs, start=1):
        assert generate(job(out), shard=(i, 3)) is None
    assert not (tmp_path / outs[0] / "data_jsons").exists()
    out = tmp_path / ("shards" if together else "merged")
    report = merge([tmp_path / name for name in dict.fromkeys(outs)], out)
    assert report.complete
    assert content(out) == whole


def test_folders_that_were_merged_already_merge_like_shards(job, whole, tmp_path):
    generate(job("one"), scenes=["a_00", "c_00"])
    generate(job("two"), scenes=["a_01", "b_00"])
    generate(job("three"), scenes=["d_00"])
    assert not list((tmp_path / "one").glob(".parts/*/*/*/rows.jsonl"))
    report = merge([tmp_path / name for name in ("one", "two", "three")], tmp_path / "merged")
    assert report.complete
    assert content(tmp_path / "merged") == whole
    report = merge([tmp_path / "one", tmp_path / "merged"], tmp_path / "one")
    assert report.complete
    assert content(tmp_path / "one") == whole


def test_a_merged_scene_without_a_row_merges_like_a_shard(job, root, tmp_path):
    (root / "a_00/scene.txt").write_text("0")
    generate(job("one"), scenes=["a_00", "b_00"])
    report = merge([tmp_path / "one"], tmp_path / "merged")
    assert (report.scenes, len(report.waiting)) == (2, 3)
    assert content(tmp_path / "merged") == content(tmp_path / "one")


@pytest.mark.parametrize("workers", [None, 1, 3])
def test_as_many_processes_merge_as_make_scenes(job, tmp_path, workers, monkeypatch):
    given = []
    genuine = generation.merge_parts
    monkeypatch.setattr(generation, "merge_parts", lambda *a: given.append(a[-1]) or genuine(*a))
    made = job("one")
    generate(made, scenes=["a_00"], workers=workers)
    merge([made.out], tmp_path / "merged", workers=workers or cores())
    assert given == [workers or cores()] * 2


@pytest.mark.parametrize("what", ["rows", "facts", "image", "part"])
def test_what_is_damaged_of_a_folder_is_left_there_with_a_word(job, tmp_path, what, caplog):
    made = job("one", images="copy")
    generate(made, scenes=["a_00", "b_00"])
    name = {
        "rows": "spar/scannet/qa_jsonl/train/depth_prediction_oc/fill/fill_27.jsonl",
        "facts": "facts/scannet/train/depth_prediction_oc/fill.jsonl",
        "image": "spar/scannet/images/a_00/image_color/0.jpg",
        "part": ".parts/scannet/train/a_00/done.json",
    }[what]
    text = (made.out / name).read_bytes()
    (made.out / name).write_bytes(text.replace(b"0", b"9", 1) if what != "image" else text[::-1])
    report = merge([made.out], tmp_path / "merged")
    left = {scene for scene in ("a_00", "b_00") if f"scannet/train/{scene} is not taken: " in caplog.text}
    assert (report.scenes, len(left)) == (1, 1)
    assert what in ("rows", "facts") or left == {"a_00"}
    assert {f"scannet/train/{scene}" for scene in left} <= set(report.waiting)


def test_a_merge_of_too_few_shards_says_what_is_not_done(job, tmp_path):
    generate(job("shards"), shard=(1, 2))
    report = merge([tmp_path / "shards"], tmp_path / "shards")
    assert not report.complete
    assert report.waiting == ["scannet/train/a_01", "scannet/train/c_00"]


def test_shards_of_two_jobs_do_not_merge(job, tmp_path):
    generate(job("one"), shard=(1, 2))
    generate(job("two", seed=5), shard=(2, 2))
    with pytest.raises(OutputError, match="seed was 0, now 5"):
        merge([tmp_path / "one", tmp_path / "two"], tmp_path / "merged")


def test_shards_of_two_versions_do_not_merge_and_the_message_names_what_differs(job, tmp_path, monkeypatch):
    generate(job("one"), shard=(1, 2))
    monkeypatch.setattr("spargen.run.compile.libraries", lambda: {"numpy": "0.1"})
    generate(job("two"), shard=(2, 2))
    with pytest.raises(OutputError, match=r"another version than .*one of: jinja2, numba, numpy, "):
        merge([tmp_path / "one", tmp_path / "two"], tmp_path / "merged")


def test_another_jobs_folder_is_refused_and_left_alone(job, whole, root):
    for change, text in (
        ({"seed": 3}, "seed was 0, now 3"),
        ({"settings": {"word_m": 0.4}}, "settings.word_m was 0.3, now 0.4"),
        (
            {"rows_per_cell": {"default": 20, "depth_prediction_oc/fill": 7}},
            "rows_per_cell.depth_prediction_oc/fill was 20",
        ),
        ({"source": {"root": str(root.parent)}}, "root.0"),
    ):
        with pytest.raises(OutputError, match=text):
            generate(job("reference", **change))
    assert content(job("reference").out) == whole


def test_a_folder_of_unknown_origin_is_refused(job, tmp_path):
    (tmp_path / "out" / "spar").mkdir(parents=True)
    with pytest.raises(OutputError, match="unknown run"):
        generate(job())


def test_a_new_version_of_the_program_makes_all_parts_again(job, whole, monkeypatch, tmp_path):
    monkeypatch.setenv("TINY_LOG", str(tmp_path / "log"))
    monkeypatch.setattr("spargen.run.compile.code_fingerprint", lambda job: "newer")
    generate(job("reference"))
    assert len((tmp_path / "log").read_text().split()) == 5


def test_a_broken_scene_fails_alone(job, root, whole):
    (root / "c_00" / "scene.txt").write_text("twelve")
    made = job("other")
    report = generate(made)
    assert list(report.failed) == ["scannet/train/c_00"]
    assert "'twelve' is no number; to mend: " in report.failed["scannet/train/c_00"]
    assert "scannet/train/a_00" in (made.out / "manifest.json").read_text()
    assert not list((made.out / "spar/scannet/images").glob("c_00"))
    (root / "c_00" / "scene.txt").write_text("12")
    assert generate(made).complete
    assert content(made.out) == whole


FAULT = (
    "the program did not expect this: ZeroDivisionError: a fault of the program; "
    "to mend: see what is odd about the input, or report it"
)


def test_a_fault_of_the_program_fails_one_scene_and_leaves_a_traceback(job, monkeypatch):
    monkeypatch.setenv("TINY_CRASH", "b_00")
    made = job()
    report = generate(made)
    assert report.failed == {"scannet/train/b_00": FAULT}
    error = json.loads((made.out / ".parts/scannet/train/b_00/error.json").read_bytes())
    assert "tiny.py" in error["traceback"]


def test_a_killed_worker_loses_its_scene_only(job, whole, monkeypatch):
    monkeypatch.setenv("TINY_KILL", "b_00")
    made = job("other")
    report = generate(made, workers=2)
    assert report.failed == {"scannet/train/b_00": f"its process ended with signal SIGKILL: {MEMORY}"}
    assert report.scenes == 4
    monkeypatch.delenv("TINY_KILL")
    assert generate(made, workers=2).complete
    assert content(made.out) == whole


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("sign", [signal.SIGKILL, signal.SIGINT])
def test_a_run_that_is_stopped_half_way_resumes(job, whole, workers, sign, tmp_path, root):
    made = job("other")
    code = (
        "from spargen.run.job import make_job\nfrom spargen.run.generate import generate\n"
        "if __name__ == '__main__':\n"
        f"    generate(make_job({{'out': {str(made.out)!r}, 'rows_per_cell': 20,"
        f" 'sources': [{{'adapter': 'tiny:TinyAdapter', 'root': {str(root)!r}}}]}}), workers={workers})\n"
    )
    script = tmp_path / "run.py"
    script.write_text(code)
    process = subprocess.Popen(
        [sys.executable, script], env={**os.environ, "TINY_SLEEP": "0.6"}, stderr=subprocess.PIPE
    )
    deadline = time.monotonic() + 60
    finished = ".parts/scannet/train/[!.]*/done.json"  # a part that is being written has a name with a dot
    # As many as there are workers: all of them are up then.
    while len(list(made.out.glob(finished))) < workers and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(sign)
    _, err = process.communicate(timeout=30)  # its workers hold the other end: this returns once they are gone too
    assert process.returncode != 0
    if sign is signal.SIGKILL:
        assert err == b""
    done = len(list(made.out.glob(finished)))
    assert 0 < done < 5
    assert not (made.out / "manifest.json").exists()
    seen = []
    assert generate(made, watch=lambda outcome, *_: seen.append(outcome.status)).complete
    assert seen.count("kept") >= done
    assert content(made.out) == whole


def test_what_a_kill_left_behind_is_overwritten(job, whole):
    made = job("other")
    half = made.out / ".parts/scannet/train/.a_00.1-ab.tmp"
    half.mkdir(parents=True)
    (half / "rows.jsonl").write_text("half a li")
    (made.out / ".parts/scannet/train/b_00").mkdir()
    (made.out / ".parts/scannet/train/b_00/rows.jsonl").write_text("no done.json stands beside this")
    image = made.out / "spar/scannet/images/a_00/image_color/.0.jpg.1-ab.tmp"
    shutil.rmtree(made.out / "spar", ignore_errors=True)
    generate(made, scenes=["c_00"])
    image.parent.mkdir(parents=True)
    image.write_text("half a pict")
    generate(made)
    assert content(made.out) == whole
    assert not half.exists()


@pytest.mark.parametrize("victim", ["rows.jsonl", "0.jpg", "fill_62.jsonl", "scannet_0k.json"])
def test_a_full_disk_stops_the_run_with_one_sentence_and_resumes(job, whole, monkeypatch, victim):
    made = job("other")
    genuine = Path.open

    def full(self, mode="r", *args, **kwargs):
        if "x" in mode and self.name.startswith(f".{victim}."):
            raise OSError(errno.ENOSPC, "No space left on device", str(self))
        return genuine(self, mode, *args, **kwargs)

    monkeypatch.setattr(Path, "open", full)
    with pytest.raises(OutputError, match="the disk is full"):
        generate(made)
    assert not (made.out / "manifest.json").exists()
    monkeypatch.setattr(Path, "open", genuine)
    generate(made)
    assert content(made.out) == whole


def test_a_file_that_is_larger_than_a_limit_is_no_full_disk(tmp_path):
    with pytest.raises(OutputError, match=r"larger than a file may be(?s:.*)ulimit -f"), writing(tmp_path):
        raise OSError(errno.EFBIG, "File too large", str(tmp_path / "a"))


def test_listed_scenes_that_are_not_on_disk_are_reported(job, tmp_path):
    (tmp_path / "train.txt").write_text("﻿a_00\r\n\r\n# a remark\r\na_01 # why\r\nzz_99\r\n", encoding="utf-8")
    (tmp_path / "val.txt").write_text("b_00\n")
    lists = {"train": str(tmp_path / "train.txt"), "val": str(tmp_path / "val.txt")}
    made = job(source={"splits": lists})
    report = generate(made)
    assert report.failed == {"scannet/train/zz_99": "the scene is listed but not on disk"}
    assert report.scenes == 3
    files = content(made.out)
    assert "spar/scannet/qa_jsonl/val/depth_prediction_oc/fill/fill_20.jsonl" in files
    index = json.loads(files["data_jsons/scannet_0k.json"])
    assert index["scannet_depth_prediction_oc_fill"]["length"] == 10


@pytest.mark.parametrize("listed", [False, True])
def test_what_was_made_of_a_scene_that_is_not_on_disk_any_more_stays(job, whole, root, tmp_path, listed):
    (tmp_path / "train.txt").write_text("".join(f"{scene.name}\n" for scene in sorted(root.iterdir())))
    made = job("other", source={"splits": {"train": str(tmp_path / "train.txt")}} if listed else {})
    assert generate(made).complete
    shutil.move(root / "b_00", tmp_path / "b_00")
    for only in (None, ["a_00"], None):
        report = generate(made, scenes=only)
        assert report.failed == {"scannet/train/b_00": GONE}
        assert report.scenes == 5
        assert content(made.out) == whole
    shutil.move(tmp_path / "b_00", root / "b_00")
    assert generate(made).complete
    assert content(made.out) == whole


def test_what_shards_made_of_a_scene_that_is_not_on_disk_any_more_is_merged(job, whole, root, tmp_path):
    made = [job("one"), job("two")]
    for i, shard in enumerate(made, start=1):
        generate(shard, shard=(i, 2))
    shutil.move(root / "b_00", tmp_path / "b_00")
    for shard in made:
        generate(shard, scenes=["a_00"], shard=(1, 1))
    report = merge([shard.out for shard in made], tmp_path / "merged")
    assert report.failed == {"scannet/train/b_00": GONE}
    assert content(tmp_path / "merged") == whole


def test_what_was_made_of_a_scene_goes_when_the_job_leaves_it_out(job, root, tmp_path):
    made = job("other")
    generate(made)
    shutil.rmtree(root / "b_00")
    (tmp_path / "barred.txt").write_text("b_00\n")
    report = generate(job("other", exclude=[str(tmp_path / "barred.txt")]))
    assert report.complete
    assert report.scenes == 4
    assert not (made.out / "spar/scannet/images/b_00").exists()


def test_a_scene_that_is_gone_and_gave_nothing_is_no_matter(job, root):
    (root / "b_00/scene.txt").write_text("twelve")
    made = job("other")
    assert list(generate(made).failed) == ["scannet/train/b_00"]
    shutil.rmtree(root / "b_00")
    assert generate(made).complete


def test_a_space_in_two_splits_is_refused(job, tmp_path):
    (tmp_path / "train.txt").write_text("a_00\nb_00\n")
    (tmp_path / "val.txt").write_text("a_01\n")
    lists = {"train": str(tmp_path / "train.txt"), "val": str(tmp_path / "val.txt")}
    with pytest.raises(JobError, match=r"a_00 \(train\), a_01 \(val\) are scans of one space"):
        generate(job(source={"splits": lists}))


def test_a_scene_in_two_lists_is_refused(job, tmp_path):
    for split in ("train", "val"):
        (tmp_path / split).write_text("a_00\n")
    with pytest.raises(JobError, match="stands in train and again in val"):
        generate(job(source={"splits": {s: str(tmp_path / s) for s in ("train", "val")}}))


def test_an_unknown_scene_is_refused_with_its_neighbours(job):
    with pytest.raises(JobError, match=r"(?s)b_0.*did you mean b_00"):
        generate(job(), scenes=["b_0"])


def test_without_lists_the_report_says_which_splits_were_used(job):
    report = generate(job())
    assert report.remarks == ["scannet: no split lists given, the adapter's own splits are used (train)"]


def test_a_smaller_job_of_the_same_kind_drops_old_cells_from_the_output(job):
    made = job()
    generate(made)
    report = finish(made.out, read_run(made.out))
    assert report.scenes == 5
    generate(job(source={"scenes": ["c_00"]}))
    rows = sorted(p.name for p in made.out.glob("spar/*/qa_jsonl/train/depth_prediction_oc/fill/*"))
    assert rows == ["fill_12.jsonl"]


def test_the_report_explains_short_cells_and_drops(job):
    made = job()
    generate(made)
    report = json.loads((made.out / "report.json").read_bytes())
    cell = next(c for c in report["cells"] if (c["task"], c["form"]) == ("depth_prediction_oc", "fill"))
    assert (cell["rows"], cell["quota"], cell["scenes_short"]) == (62, 100, 3)
    assert report["dropped"] == {"depth_prediction_oc/too near": 15}
    text = (made.out / "report.md").read_text()
    assert "| depth_prediction_oc | too near | 15 |" in text


def test_each_note_stands_on_a_line_of_its_own(job, monkeypatch):
    import tiny

    def load(self, scene_id, genuine=tiny.TinyAdapter.load):
        return replace(genuine(self, scene_id), notes={"poses dropped": 2, "files": "odd"})

    monkeypatch.setattr(tiny.TinyAdapter, "load", load)
    made = job()
    generate(made)
    notes = (made.out / "report.md").read_text().partition("## Notes\n\n")[2]
    assert notes.startswith("- scannet/train/a_00\n  - files: odd\n  - poses dropped: 2\n- scannet/train/a_01\n")


def test_the_manifest_names_no_folder_of_this_machine(job, tmp_path, whole):
    text = whole["manifest.json"].decode()
    assert str(tmp_path) not in text
    manifest = json.loads(text)
    assert manifest["scenes"]["scannet/train/b_00"]["fingerprint"] == "30"
    assert manifest["terms_of_use"] == {"scannet": "none"}
    assert manifest["job"]["seed"] == 0


@pytest.mark.parametrize("name", ["bad\nname", "bad\udcff", ".bad", "b:ad", "bad\u202e"])
def test_a_folder_whose_name_no_file_can_have_fails_alone(job, root, name):
    (root / name).mkdir()
    (root / name / "scene.txt").write_text("5")
    report = generate(job())
    assert report.scenes == 5
    ((scene, text),) = report.failed.items()
    assert scene.isprintable()
    assert scene.startswith("scannet/train/b")
    assert "cannot be that of a file of the output; to mend: rename the folder" in text
    assert text.isprintable()
