"""What is written is on the disk before anything builds on it: in which order files and folders are brought there."""

import os
from pathlib import Path

import pytest

from spargen.run.files import settle, whole, write_bytes
from spargen.run.generate import generate


@pytest.fixture
def events(monkeypatch):
    """Record what is brought to the disk, and what takes its name or goes, in order."""
    found = []

    def fsync(descriptor):
        found.append(("disk", Path(f"/proc/self/fd/{descriptor}").readlink()))

    def watch(name):
        genuine = getattr(Path, name)

        def act(self, *args, **kwargs):
            found.append((name, Path(args[0]) if name == "replace" else self))
            return genuine(self, *args, **kwargs)

        monkeypatch.setattr(Path, name, act)

    monkeypatch.setattr(os, "fsync", fsync)
    for name in ("replace", "unlink"):
        watch(name)
    return found


def test_a_file_is_on_the_disk_before_it_has_its_name_and_its_folders_after(tmp_path, events):
    write_bytes(tmp_path / "new/deep/file", b"text")
    what = [(kind, path.name if path.suffix != ".tmp" else "temporary") for kind, path in events]
    assert what == [
        ("disk", tmp_path.name),
        ("disk", "new"),
        ("disk", "temporary"),
        ("replace", "file"),
        ("disk", "deep"),
    ]


def test_many_files_are_brought_to_the_disk_together_each_folder_once(tmp_path, events):
    files = [tmp_path / name for name in ("a/1", "a/2", "b/3")]
    for file in files:
        with whole(file, lasting=False) as text:
            text.write(b"text")
    events.clear()
    settle(files)
    # Several are waited for at a time: which of the files is first is left open, but every folder comes after them.
    assert sorted(events[:3]) == [("disk", path) for path in files]
    assert events[3:] == [("disk", tmp_path / "a"), ("disk", tmp_path / "b")]


def test_a_part_counts_when_all_of_it_is_on_the_disk(job, events):
    made = job(images="copy")
    generate(made, scenes=["a_00"], shard=(1, 1))
    place = made.out / ".parts/scannet/train/a_00"
    named = events.index(("replace", place))
    before = {path for kind, path in events[:named] if kind == "disk"}
    images = {file for file in (made.out / "spar").rglob("*") if file.is_file()}
    assert len(images) > 30
    assert images <= before
    assert {file.parent for file in images} <= before
    beside = [path for path in before if path.parent == place.parent and path.name.endswith(".tmp")]
    assert len(beside) == 1  # the folder that was given its name
    held = [path for path in before if path.parent == beside[0]]
    assert sorted(path.name.split(".")[1] for path in held) == ["done", "facts", "rows"]
    assert ("disk", place.parent) in events[named:]


def test_the_texts_of_parts_go_when_the_product_and_its_manifest_are_on_the_disk(job, events):
    made = job()
    generate(made, shard=(1, 1))
    events.clear()
    generate(made)
    out = made.out
    gone = min(
        events.index(("unlink", p)) for k, p in events if k == "unlink" and p.name in ("rows.jsonl", "facts.jsonl")
    )
    manifest = events.index(("replace", out / "manifest.json"))
    journal = events.index(("unlink", out / ".parts/merging.jsonl"))
    assert manifest < events.index(("replace", out / ".parts/merged.json")) < journal < gone
    assert ("disk", out) in events[manifest:journal]
    lines = [*out.glob("spar/*/qa_jsonl/*/*/*/*"), *(out / "facts").rglob("*.jsonl")]
    assert len(lines) == 18
    for file in lines:
        named = events.index(("replace", file))
        assert ("disk", file.parent) in events[named:manifest]
        noted = [at for at, event in enumerate(events[:named]) if event == ("disk", out / ".parts/merging.jsonl")]
        assert noted
        assert all(event[0] == "disk" for event in events[noted[-1] : named])
