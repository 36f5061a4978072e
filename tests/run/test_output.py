import json

from spargen.run.output import Cell, write_output
from spargen.run.parts import Done, Stretch, part_folder
from spargen.run.scenes import SceneRef


def part(out, dataset, split, scene, cells):
    """Write a part by hand: rows of the given cells, {(task, form): count}."""
    item = SceneRef(dataset, split, scene)
    folder = part_folder(out, item)
    folder.mkdir(parents=True)
    stretches, rows, facts = [], b"", b""
    for (task, form), count in cells.items():
        lines = b"".join(b'{"id":"%s_%d"}\n' % (scene.encode(), n) for n in range(count))
        stretches.append(Stretch(task, form, count, len(rows), len(rows + lines), len(facts), len(facts + lines)))
        rows, facts = rows + lines, facts + lines
    (folder / "rows.jsonl").write_bytes(rows)
    (folder / "facts.jsonl").write_bytes(facts)
    return item, Done("key", "scene", tuple(stretches), [], {}, {}, {}, {}, {})


def test_the_indexes_are_what_spars_own_scripts_write(tmp_path):
    """Expected text worked out by hand from the scripts: keys, order of keys, indent, numbers."""
    done = dict(
        [
            part(tmp_path, "scannet", "train", "s1", {("t", "fill"): 1234, ("t", "sentence"): 57}),
            part(tmp_path, "scannet", "train", "s2", {("t", "fill"): 5}),
            part(tmp_path, "scannet", "val", "s3", {("t", "fill"): 9}),
            part(tmp_path, "mine", "train", "s1", {("t", "judge"): 19}),
        ]
    )
    counts = write_output(tmp_path, done, seed=0)
    assert counts[Cell("scannet", "train", "t", "fill")] == 1239
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
    write_output(tmp_path, dict([part(tmp_path, "scannet", "train", "s1", {("t", "fill"): 3})]), seed=0)
    assert (tmp_path / "data_jsons/1rxr_1scannet_1scannetpp_1structured3d_0m.json").exists()
    for dataset in ("rxr", "scannet", "scannetpp", "structured3d"):
        assert (tmp_path / "spar" / dataset / "qa_jsonl/train").is_dir()
        assert (tmp_path / "spar" / dataset / "images").is_dir()


def test_a_second_merge_leaves_one_file_a_folder(tmp_path):
    item, done = part(tmp_path, "scannet", "train", "s1", {("t", "fill"): 3, ("u", "fill"): 1})
    write_output(tmp_path, {item: done}, seed=0)
    other, more = part(tmp_path, "scannet", "train", "s2", {("t", "fill"): 2})
    write_output(tmp_path, {item: done, other: more}, seed=0)
    assert [p.name for p in (tmp_path / "spar/scannet/qa_jsonl/train/t/fill").iterdir()] == ["fill_5.jsonl"]
    write_output(tmp_path, {other: more}, seed=0)
    assert sorted(p.name for p in (tmp_path / "spar/scannet/qa_jsonl/train").iterdir()) == ["t"]
    assert sorted(str(p.relative_to(tmp_path)) for p in (tmp_path / "facts").rglob("*.jsonl")) == [
        "facts/scannet/train/t/fill.jsonl"
    ]


def test_every_first_part_of_a_file_is_a_fair_sample(tmp_path):
    done = dict(part(tmp_path, "scannet", "train", f"s{i}", {("t", "fill"): 200}) for i in range(5))
    write_output(tmp_path, done, seed=0)
    lines = (tmp_path / "spar/scannet/qa_jsonl/train/t/fill/fill_1000.jsonl").read_text().splitlines()
    first = [json.loads(line)["id"].partition("_")[0] for line in lines[:100]]
    assert all(10 <= first.count(f"s{i}") <= 32 for i in range(5))
