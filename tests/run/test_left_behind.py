"""What a run left behind is not trusted: damaged in any way, it is made anew with a word, or one message names it.

Seeded; `SPARGEN_FUZZ=3000` in the environment tries so many ways instead of the few that each run tries.
"""

import json
import os
import random
import shutil
from contextlib import suppress
from pathlib import Path

import pytest

from spargen.errors import SpargenError
from spargen.run.generate import generate
from spargen.run.merge import merge
from spargen.run.parts import error_file
from spargen.run.scenes import SceneRef
from spargen.run.status import status

TRIALS = int(os.environ.get("SPARGEN_FUZZ", "60"))
ODD = (None, [], {}, "", "../../x", -1, 2**70, 1.5, True, "\u0000", [[]], {"rows": 1})


def content(out):
    """Every file of an output but the parts and the report, which hold times."""
    files = {str(p.relative_to(out)): p for p in sorted(Path(out).rglob("*")) if p.is_file()}
    return {n: p.read_bytes() for n, p in files.items() if not n.startswith((".parts", "report."))}


@pytest.fixture
def left(job):
    """Return a finished run, a run that is not merged, and the files of the first."""
    finished, shard = job("finished", images="copy"), job("shard", images="copy")
    generate(finished)
    generate(shard, shard=(1, 1))
    return finished, shard, content(finished.out)


def truncate(file, rng):
    data = file.read_bytes()
    file.write_bytes(data[: rng.randrange(len(data) or 1)])


def flip(file, rng):
    data = bytearray(file.read_bytes())
    if data:
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    file.write_bytes(bytes(data))


def delete(file, _):
    file.unlink()


def empty(file, _):
    file.write_bytes(b"")


def append(file, rng):
    with file.open("ab") as text:
        text.write(rng.choice([b"\n", b"{}\n", b"\x00" * 9, b"more"]))


def swap(file, rng):
    """Put the file of another scene or cell, of the same kind, in the place of this one, and the other way round."""
    root = next(folder for folder in file.parents if (folder / ".parts").is_dir())
    others = sorted(f for f in root.rglob(f"*{file.suffix}") if f.is_file() and f.parent != file.parent and f != file)
    if others:
        other = rng.choice(others)
        mine, its = file.read_bytes(), other.read_bytes()
        file.write_bytes(its)
        other.write_bytes(mine)


def folder(file, _):
    file.unlink()
    file.mkdir()


def link(file, rng):
    target = file.with_name(f"{file.name}.away")
    shutil.copyfile(file, target) if rng.random() < 0.5 else None
    file.unlink()
    file.symlink_to(target)


def pipe(file, _):
    file.unlink()
    os.mkfifo(file)


def device(file, _):
    file.unlink()
    file.symlink_to("/dev/zero")


def retype(file, rng):
    """Give one value of a JSON file, at any depth, another type; a line of a JSONL file another content."""
    try:
        tree = json.loads(file.read_bytes())
    except ValueError:
        lines = file.read_bytes().splitlines(keepends=True)
        if lines:
            lines[rng.randrange(len(lines))] = json.dumps(rng.choice(ODD)).encode() + b"\n"
        file.write_bytes(b"".join(lines))
        return
    here = tree
    while isinstance(here, (dict, list)) and here:
        key = rng.choice(sorted(here)) if isinstance(here, dict) else rng.randrange(len(here))
        if not isinstance(here[key], (dict, list)) or not here[key] or rng.random() < 0.3:
            here[key] = rng.choice(ODD)
            break
        here = here[key]
    file.write_text(json.dumps(tree))


WAYS = (truncate, flip, delete, empty, append, swap, folder, link, pipe, device, retype)


def damaged(out, rng):
    """Damage one file of an output folder; return what and how."""
    tops = (".parts", ".parts", "spar", "facts", "manifest.json", "data_jsons")
    top = out / rng.choice([top for top in tops if (out / top).exists()])
    files = sorted(f for f in (top.rglob("*") if top.is_dir() else [top]) if f.is_file() and "lock" not in f.name)
    files = files or sorted((out / ".parts").rglob("*.json"))  # what stood there is a pipe already
    file, way = rng.choice(files), rng.choice(WAYS)
    way(file, rng)
    return f"{way.__name__} {file.relative_to(out)}"


@pytest.mark.parametrize("number", range(TRIALS))
def test_whatever_is_damaged_ends_as_the_same_bytes_or_one_message(left, number, tmp_path, caplog):
    finished, shard, whole = left
    rng = random.Random(number)
    made = finished if rng.random() < 0.6 else shard
    ways = [damaged(made.out, rng) for _ in range(rng.choice((1, 1, 1, 2)))]
    for look in (lambda: status(made.out), lambda: merge([made.out], tmp_path / "merged")):
        with suppress(SpargenError):  # one message, which names the file and how to mend it
            look()
    try:
        report = generate(made)
    except SpargenError:
        return
    assert report.complete, ways
    found = {name: text for name, text in content(made.out).items() if not name.endswith(".away")}
    assert {n for n in found.keys() | whole.keys() if found.get(n) != whole.get(n)} == set(), ways


@pytest.mark.parametrize("kind", ["rows", "facts", "done", "image"])
def test_a_damaged_part_is_made_anew_with_a_word(job, kind, monkeypatch, tmp_path):
    made = job("out", images="copy")
    generate(made, shard=(1, 1))
    folder = made.out / ".parts/scannet/train/c_00"
    file, why = {
        "rows": (folder / "rows.jsonl", "its rows and facts are not as they were written"),
        "facts": (folder / "facts.jsonl", "its rows and facts are not as they were written"),
        "done": (folder / "done.json", "done.json: "),
        "image": (
            made.out / "spar/scannet/images/c_00/image_color/0.jpg",
            "its images are not as they were written",
        ),
    }[kind]
    text = file.read_bytes()
    middle = len(text) // 2
    file.write_bytes(text[:middle] + bytes([text[middle] ^ 1]) + text[middle + 1 :])
    assert status(made.out).counts == {"done": 4, "failed": 0, "missing": 0, "stale": 1}
    monkeypatch.setenv("TINY_LOG", str(tmp_path / "log"))
    seen = {}
    report = generate(made, watch=lambda outcome, *_: seen.update({outcome.ref.scene: outcome.message}))
    assert (tmp_path / "log").read_text() == "c_00\n"
    assert {scene for scene, word in seen.items() if word} == {"c_00"}
    assert seen["c_00"].startswith(why)
    assert report.notes["scannet/train/c_00"]["made anew, for it was damaged"] == seen["c_00"]
    generate(made_whole := job("whole", images="copy"))
    assert content(made.out) == content(made_whole.out)


def test_rows_of_one_scene_beside_facts_of_another_are_not_used(job):
    made = job("out")
    generate(made, shard=(1, 1))
    one, two = (made.out / f".parts/scannet/train/{scene}/facts.jsonl" for scene in ("b_00", "d_00"))
    mine, its = one.read_bytes(), two.read_bytes()
    one.write_bytes(its)
    two.write_bytes(mine)
    report = merge([made.out], made.out)
    assert report.waiting == ["scannet/train/b_00", "scannet/train/d_00"]


def test_images_that_no_row_names_are_removed(job, root):
    made = job("out", images="copy")
    generate(made)
    images = made.out / "spar/scannet/images"
    (images / "c_00/image_color/77.jpg").write_bytes(b"of an earlier run")
    (images / "gone_00/image_color").mkdir(parents=True)
    (images / "gone_00/image_color/0.jpg").write_bytes(b"of a scene that is no more")
    (root / "c_00/scene.txt").write_text("2")
    generate(made)
    assert not (images / "gone_00").exists()
    assert sorted(p.name for p in (images / "c_00/image_color").iterdir()) == ["0.jpg", "10.jpg"]


@pytest.mark.parametrize("linked", [False, True])
def test_where_a_job_writes_no_images_those_that_somebody_put_there_stay(job, root, tmp_path, linked):
    made = job("out", images="none")
    generate(made)
    folder = made.out / "spar/scannet/images"
    if linked:
        folder.rmdir()
        shutil.copytree(root, tmp_path / "mine")
        folder.symlink_to(tmp_path / "mine")
    for scene in ("a_00", "of_no_scene"):
        (folder / scene).mkdir(exist_ok=True)
        (folder / scene / "mine.jpg").write_bytes(b"mine")
    (root / "a_00/scene.txt").write_text("8")
    assert generate(made).complete
    assert [(folder / scene / "mine.jpg").exists() for scene in ("a_00", "of_no_scene")] == [True, True]


def test_a_damaged_record_of_the_run_is_written_anew_if_the_parts_are_its_own(job, caplog, monkeypatch, tmp_path):
    made = job("out")
    generate(made)
    before, record = content(made.out), made.out / ".parts/run.json"
    text = record.read_bytes()
    for damage in (b"", b"[]", text.replace(b'"seed"', b'"sead"'), None):
        record.unlink() if damage is None else record.write_bytes(damage)
        monkeypatch.setenv("TINY_LOG", str(tmp_path / "log"))
        caplog.clear()
        assert generate(made).complete
        assert "written anew" in caplog.text
        assert not (tmp_path / "log").exists()
        assert (record.read_bytes(), content(made.out)) == (text, before)
    record.write_bytes(b"")
    with pytest.raises(SpargenError, match="no part in the folder is of this job"):
        generate(job("out", seed=9))


def spoilt(text, how):
    """Return a file's text damaged in one way, None for one that is gone."""
    middle = len(text) // 2
    return {
        "gone": None,
        "empty": b"",
        "cut": text[:middle],
        "flipped": text[:middle] + bytes([text[middle] ^ 1]) + text[middle + 1 :],
        "list": b"[]",
        "number": b"7",
        "null": b"null",
        "no text": b"\xff\x00" * 40,
        "deep": b"[" * 100_000,
        "odd": b'{"files": [], "scenes": 3, "rows": null}',
        "without": b'{"files": {}, "scenes": {}}',
    }[how]


DAMAGE = ("gone", "empty", "cut", "flipped", "list", "number", "null", "no text", "deep", "odd", "without")


@pytest.mark.parametrize("how", DAMAGE)
@pytest.mark.parametrize("record", ["manifest.json", ".parts/merged.json", ".parts/run.json", "report.json", "all"])
def test_damaged_records_of_a_run_cost_no_scene(job, record, how, monkeypatch, tmp_path):
    """Rows, facts and images are those of the parts, whose own records vouch for them."""
    made = job("out", images="copy")
    generate(made)
    before = content(made.out)
    records = ("manifest.json", ".parts/merged.json", ".parts/run.json") if record == "all" else (record,)
    for name in records:
        text = spoilt((made.out / name).read_bytes(), how)
        (made.out / name).unlink() if text is None else (made.out / name).write_bytes(text)
    monkeypatch.setenv("TINY_LOG", str(tmp_path / "log"))
    outcomes = []
    report = generate(made, watch=lambda outcome, *_: outcomes.append(outcome.status))
    assert (outcomes, report.complete) == (["kept"] * 5, True)
    assert not (tmp_path / "log").exists()
    assert content(made.out) == before
    assert not list(made.out.rglob("*.tmp"))
    if record == "manifest.json":
        assert "manifest.json was not as it was written: what it held is made again" in report.remarks
    assert generate(made).remarks == report.remarks[:1]


def test_of_a_damaged_cell_the_scenes_whose_lines_it_costs_are_made_anew(job, monkeypatch, tmp_path):
    made = job("out")
    generate(made)
    before = content(made.out)
    rows, facts = (
        "spar/scannet/qa_jsonl/train/depth_prediction_oc/fill/fill_62.jsonl",
        ("facts/scannet/train/depth_prediction_oc/select.jsonl"),
    )
    (made.out / rows).write_bytes(before[rows].replace(b'{"id":"c_00_3"', b'["id":"c_00_3"'))
    (made.out / facts).write_bytes(before[facts].replace(b'"d_00_2"', b'"x_00_2"'))
    (made.out / "manifest.json").unlink()
    monkeypatch.setenv("TINY_LOG", str(tmp_path / "log"))
    generate(made)
    assert sorted((tmp_path / "log").read_text().split()) == ["c_00", "d_00"]
    assert content(made.out) == before


def test_a_merge_takes_what_is_whole_of_a_folder_without_its_manifest(job, tmp_path):
    made = job("one", images="copy")
    generate(made)
    before, there = content(made.out), sorted(made.out.rglob("*"))
    (made.out / "manifest.json").write_text("[]")
    assert merge([made.out], tmp_path / "merged").complete
    assert content(tmp_path / "merged") == before
    assert sorted(made.out.rglob("*")) == there
    assert merge([made.out], made.out).complete
    assert content(made.out) == before


def test_a_part_that_is_damaged_stays_so_when_its_lines_are_looked_for(job, tmp_path):
    """A record is as young as the last change of its links, and what is older than it is not read."""
    made = job("one")
    generate(made, shard=(1, 1))
    file = made.out / ".parts/scannet/train/c_00/rows.jsonl"
    file.write_bytes(file.read_bytes().replace(b"0", b"9", 1))
    for out in ("merged", "one"):
        assert merge([made.out], tmp_path / out).waiting == ["scannet/train/c_00"]


def test_of_a_scene_that_fails_now_nothing_is_taken_back(job, root):
    """Its lines stand in the output until it is merged without them."""
    for out in ("whole", "damaged"):
        (root / "b_00/scene.txt").write_text("30")
        made = job(out)
        generate(made)
        (root / "b_00/scene.txt").write_text("broken")
        generate(made, shard=(1, 1))
        if out == "damaged":
            (made.out / "manifest.json").unlink()
        assert list(merge([made.out], made.out).failed) == ["scannet/train/b_00"]
        assert error_file(made.out, SceneRef("scannet", "train", "b_00")).exists()
    whole, damaged = (content(made.out.with_name(out)) for out in ("whole", "damaged"))
    assert {name: text for name, text in whole.items() if "/images/b_00/" not in name} == damaged


def test_texts_that_are_taken_back_are_no_word_for_damaged_images(job, monkeypatch, tmp_path):
    """A part's record that is written anew would else be younger than the damage."""
    made = job("out", images="copy")
    generate(made)
    before = content(made.out)
    (made.out / "manifest.json").unlink()
    image = made.out / "spar/scannet/images/c_00/image_color/0.jpg"
    image.write_bytes(image.read_bytes()[::-1])
    monkeypatch.setenv("TINY_LOG", str(tmp_path / "log"))
    generate(made)
    assert (tmp_path / "log").read_text() == "c_00\n"
    assert content(made.out) == before


@pytest.mark.parametrize("name", ["a_00.tmp", "a_00.error.json", "lock"])
def test_scenes_of_odd_names_come_in_nobodys_way(job, root, name):
    shutil.copytree(root / "a_00", root / name)
    (root / "a_00/scene.txt").write_text("broken")
    made = job("out")
    report = generate(made)
    assert list(report.failed) == ["scannet/train/a_00"]
    assert (made.out / f".parts/scannet/train/{name}/done.json").exists()
    (root / "a_00/scene.txt").write_text("7")
    assert generate(made).complete


def test_the_words_of_a_failure_may_be_damaged(job, root):
    (root / "a_00/scene.txt").write_text("broken")
    made = job("out")
    generate(made)
    for text in ("", "[]", "{}", "\x00"):
        Path(made.out / ".parts/scannet/train/a_00/error.json").write_text(text)
        assert status(made.out).scenes[next(ref for ref in status(made.out).scenes if ref.scene == "a_00")] == (
            "failed",
            "it failed, and the record of why is damaged",
        )
