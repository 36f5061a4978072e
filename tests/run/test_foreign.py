"""Folders that somebody else made: nothing they name is written, removed or run outside of them."""

import hashlib
import json
import sys

import pytest

from spargen.errors import OutputError
from spargen.run.generate import generate
from spargen.run.ledger import read_run
from spargen.run.merge import merge
from spargen.run.raw import raw_scenes
from spargen.verify.run import verify_rows


@pytest.fixture
def foreign(job, tmp_path):
    """Return a shard, what changes one of its records, and a folder outside that nobody may touch."""
    made = job("foreign")
    generate(made, shard=(1, 1))
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "precious.txt").write_text("mine")

    def change(name, act):
        file = made.out / ".parts" / name
        record = json.loads(file.read_text())
        record.pop("sha256")
        act(record)
        file.write_text(json.dumps(record))

    yield made.out, change, outside
    assert (outside / "precious.txt").read_text() == "mine"
    assert len(list(outside.iterdir())) == 1


@pytest.mark.parametrize("at", [0, 1, 2])
@pytest.mark.parametrize("name", ["../../../../outside", "/tmp/outside", "..", "a/b", ".hidden", ""])
def test_scenes_that_no_folder_can_be_called_are_refused(foreign, tmp_path, at, name):
    out, change, _ = foreign
    change("run.json", lambda run: run["scenes"][0].__setitem__(at, name))
    for act in (lambda: merge([out], tmp_path / "merged"), lambda: read_run(out), lambda: verify_rows(out)):
        with pytest.raises(OutputError, match=r"run\.json: the record of the run is damaged"):
            act()


@pytest.mark.parametrize(
    "act",
    [
        lambda part: part["images"].update({"../../../../outside/precious.txt": [4, ""]}),
        lambda part: part["images"].update({"b_00/image_color/0.jpg": [4, ""]}),
        lambda part: part["images"].update({"a_00": [4, ""]}),
        lambda part: part["cells"].update({"../../../../outside/fill": [0, 0, 0]}),
        lambda part: part["cells"].update({"depth_prediction_oc": [0, 0, 0]}),
        lambda part: part["cells"].update({"depth_prediction_oc/fill": [7, 1, 1]}),
        lambda part: part["cells"].update({"depth_prediction_oc/fill": [-7, 1, 1]}),
        lambda part: part.update(rows="all"),
        lambda part: part.update(more="of it"),
        lambda part: part.update(source="0"),
    ],
)
def test_a_part_that_names_what_is_not_its_own_is_not_taken(foreign, tmp_path, act, caplog):
    out, change, _ = foreign
    change("scannet/train/a_00/done.json", act)
    assert merge([out], tmp_path / "merged").waiting == ["scannet/train/a_00"]
    assert "a_00 is not taken: done.json" in caplog.text


@pytest.mark.parametrize("place", ["scannet/train/a_00", "scannet/train/a_00/rows.jsonl", "scannet/train", "run.json"])
def test_links_among_the_parts_are_refused(foreign, tmp_path, place):
    out, _, _ = foreign
    link = out / ".parts" / place
    link.rename(tmp_path / "away")
    link.symlink_to(tmp_path / "away")
    with pytest.raises(OutputError, match="this is a link to"):
        merge([out], tmp_path / "merged")


@pytest.mark.parametrize("begun", [False, True])
@pytest.mark.parametrize("place", ["spar", "spar/scannet", "spar/scannet/qa_jsonl", "facts", "data_jsons", ".parts"])
def test_a_run_writes_nowhere_else_by_a_link(job, foreign, root, place, begun):
    _, _, outside = foreign
    made = job("linked")
    if begun:
        generate(made)
        (root / "a_00/scene.txt").write_text("8")
        (made.out / place).rename(made.out / "away")
    (made.out / place).parent.mkdir(parents=True, exist_ok=True)
    (made.out / place).symlink_to(outside)
    with pytest.raises(OutputError, match="a link" if begun and place != ".parts" else None):
        generate(made)


@pytest.mark.parametrize("place", ["spar/scannet/images", "spar/scannet/images/a_00"])
def test_images_are_written_nowhere_else_by_a_link(job, foreign, place):
    _, _, outside = foreign
    made = job("linked", images="copy")
    generate(made, scenes=["b_00"])
    if (made.out / place).exists():
        (made.out / place).rename(made.out / "away")
    (made.out / place).symlink_to(outside)
    with pytest.raises(OutputError, match="this is a link to"):
        generate(made)


def test_an_image_may_be_a_link_to_the_raw_scans_and_to_nothing_else(job, root, tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise OSError(18, "Invalid cross-device link")

    made = job("linked", images="link")
    with monkeypatch.context() as patch:
        patch.setattr("os.link", refuse)
        generate(made, shard=(1, 1))
    image = made.out / "spar/scannet/images/a_00/image_color/20.jpg"
    assert image.is_symlink()
    assert merge([made.out], tmp_path / "merged").complete
    secret = tmp_path / "secret"
    secret.write_bytes(b"s" * image.stat().st_size)
    image.unlink()
    image.symlink_to(secret)
    with pytest.raises(OutputError, match=r"a link to .*/secret, which is none of the run's raw scans"):
        merge([made.out], tmp_path / "other")


def test_a_copied_image_that_became_a_link_is_made_anew(job, root):
    made = job("out", images="copy")
    generate(made)
    image = made.out / "spar/scannet/images/a_00/image_color/20.jpg"
    text = image.read_bytes()
    image.unlink()
    image.symlink_to(root / "a_00/2.jpg")
    generate(made)
    assert (image.is_symlink(), image.read_bytes()) == (False, text)


def test_a_temporary_file_is_never_one_that_is_there(tmp_path, monkeypatch):
    from spargen.run import files

    (tmp_path / "precious").write_text("mine")
    (tmp_path / "there").symlink_to(tmp_path / "precious")
    monkeypatch.setattr(files, "temporary", lambda path: tmp_path / "there")
    with pytest.raises(OutputError, match="File exists"):
        files.write_bytes(tmp_path / "new", b"theirs")
    assert (tmp_path / "precious").read_text() == "mine"


def test_modules_that_a_folder_names_are_not_run_unless_it_is_trusted(job, tmp_path, monkeypatch):
    made = job("out")
    generate(made)
    (tmp_path / "evil.py").write_text(f"open({str(tmp_path / 'was_run')!r}, 'w')\n")
    monkeypatch.syspath_prepend(tmp_path)
    file = made.out / ".parts/run.json"
    run = json.loads(file.read_text())
    run.pop("sha256")
    run["identity"]["sources"][0]["adapter"] = "evil:Adapter"
    run["plugins"] = [str(tmp_path / "evil.py")]
    file.write_text(json.dumps(run))
    for act in (lambda: verify_rows(made.out), lambda: raw_scenes(read_run(made.out), {}, trust=False)):
        with pytest.raises(OutputError, match=r"read by evil:Adapter, a module(?s:.*)--trust-plugins"):
            act()
    assert "evil" not in sys.modules
    assert not (tmp_path / "was_run").exists()


def test_a_scene_whose_lines_are_not_those_of_its_part_is_not_taken(job, tmp_path, caplog):
    """Changed with the manifest, so that only the digests in the parts tell."""
    made = job("one")
    generate(made, scenes=["a_00", "b_00"])
    name = "spar/scannet/qa_jsonl/train/depth_prediction_oc/fill/fill_27.jsonl"
    lines = (made.out / name).read_bytes().splitlines(keepends=True)
    text = b"".join(line.replace(b"2.0", b"3.0") if b'"a_00_2"' in line else line for line in lines)
    (made.out / name).write_bytes(text)
    manifest = json.loads((made.out / "manifest.json").read_text())
    manifest["files"][name]["sha256"] = hashlib.sha256(text).hexdigest()
    (made.out / "manifest.json").write_text(json.dumps(manifest))
    (made.out / ".parts/merged.json").unlink()
    assert merge([made.out], tmp_path / "merged").scenes == 1
    assert "scannet/train/a_00 is not taken: its rows and facts are not as they were written" in caplog.text
    assert not list((tmp_path / "merged").rglob("*.tmp"))
