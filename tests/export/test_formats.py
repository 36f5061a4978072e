"""Each format holds every row, with as many tags as images, and the images are there."""

import base64
import importlib.util
import io
import json
import re
import tarfile
from pathlib import Path

import pytest
import yaml
from hand_written import ROWS
from PIL import Image

from spargen.export.run import Pictures, export

FILE_FORMATS = {"sharegpt": "images", "swift": "images", "qwen-vl": "image", "internvl": "image", "llava": "image"}


def lines(dest):
    return [json.loads(line) for file in sorted(dest.glob("*.jsonl")) for line in file.read_text().splitlines()]


def tables(dest):
    parquet = pytest.importorskip("pyarrow.parquet", reason="pyarrow reads Parquet")
    return {p.relative_to(dest).as_posix(): parquet.read_table(p).to_pylist() for p in sorted(dest.rglob("*.parquet"))}


def pictures(row):
    return [Image.open(io.BytesIO(image["bytes"])).size for image in row["images"]]


@pytest.mark.parametrize(("form", "key"), FILE_FORMATS.items())
def test_rows_that_name_files(exported, form, key):
    dest, _ = exported(form)
    rows = lines(dest)
    assert len(rows) == ROWS
    for row in rows:
        talk = row.get("conversations") or row["messages"]
        texts = [turn.get("value") or turn["content"] for turn in talk]
        assert "".join(texts).count("<image>") == len(row[key]) > 0
        assert all((dest / name).is_file() for name in row[key])
        assert [turn.get("from") or turn["role"] for turn in talk] in (["human", "gpt"], ["user", "assistant"])
    assert {len(row) for row in rows} == {len(rows[0])}


def test_llama_factory_is_told_columns_and_tags(exported):
    dest, _ = exported("sharegpt")
    info = json.loads((dest / "dataset_info.json").read_text())
    assert set(info) == {"spar_train", "spar_val"}
    assert (dest / info["spar_val"]["file_name"]).is_file()
    row = lines(dest)[0]
    assert set(info["spar_train"]["columns"].values()) <= set(row)
    tags = info["spar_train"]["tags"]
    assert [turn[tags["role_tag"]] for turn in row["conversations"]] == [tags["user_tag"], tags["assistant_tag"]]


def test_qwen_vl_is_told_where_rows_and_images_are(exported):
    dest, _ = exported("qwen-vl")
    data_dict = {}
    exec((dest / "data_dict.py").read_text(), {"data_dict": data_dict})
    assert set(data_dict) == {"spar_train", "spar_val"}
    assert data_dict["spar_val"] == {"annotation_path": str(dest / "spar_val.jsonl"), "data_path": str(dest)}


def test_internvl_is_told_root_annotation_and_length(exported):
    dest, _ = exported("internvl")
    meta = json.loads((dest / "meta.json").read_text())
    assert set(meta) == {"spar_train", "spar_val"}
    for entry in meta.values():
        assert entry["annotation"].endswith("jsonl")
        assert entry["length"] == len(Path(entry["annotation"]).read_text().splitlines())
        assert (entry["repeat_time"], entry["root"], entry["data_augment"]) == (1, f"{dest}/", False)


def test_llava_is_told_its_files(exported):
    dest, _ = exported("llava")
    (entry,) = yaml.safe_load((dest / "spar_train.yaml").read_text())["datasets"]
    assert entry == {"json_path": str(dest / "spar_train.jsonl"), "sampling_strategy": "all"}
    assert all(row["conversations"][0]["value"].startswith("<image>") for row in lines(dest) if len(row["image"]) == 1)


def test_openai_content_mixes_texts_and_images_as_data(exported):
    dest, _ = exported("openai")
    assert {p.name for p in dest.iterdir()} == {"export.json", "spar_train.jsonl", "spar_val.jsonl"}
    rows = lines(dest)
    assert len(rows) == ROWS
    for row in rows:
        user, assistant = row["messages"]
        assert isinstance(assistant["content"], str)
        urls = [part["image_url"]["url"] for part in user["content"] if part["type"] == "image_url"]
        texts = [part["text"] for part in user["content"] if part["type"] == "text"]
        assert texts[:-1] == [f"Frame-{i}: " for i in range(32 if len(urls) == 32 else 0)]
        for url in urls:
            kind, _, data = url.partition(";base64,")
            assert kind == "data:image/jpeg"
            assert Image.open(io.BytesIO(base64.b64decode(data))).format == "JPEG"


def test_trl_has_one_part_for_each_image(exported):
    dest, _ = exported("trl")
    rows = [row for table in tables(dest).values() for row in table]
    assert len(rows) == ROWS
    for row in rows:
        user, assistant = row["messages"]
        assert [part["type"] for part in user["content"]].count("image") == len(pictures(row))
        assert user["content"][-1]["text"].startswith("Question")
        assert assistant["content"][0]["type"] == "text"


def test_parquet_has_a_folder_a_task_and_a_card_with_configs(exported):
    dest, _ = exported("parquet")
    found = tables(dest)
    assert sum(map(len, found.values())) == ROWS
    for name, table in found.items():
        _, task, file = name.split("/")
        assert {row["task"] for row in table} == {task}
        assert {row["id"].split("/")[1] for row in table} == {file.partition("-")[0]}
        for row in table:
            assert row["prompt"].count("<image>") == len(pictures(row))
            assert row["prompt"].endswith(row["question"])
    card = (dest / "README.md").read_text()
    configs = {c["config_name"]: c["data_files"] for c in yaml.safe_load(card.split("---")[1])["configs"]}
    assert set(configs) == {"default", *(name.split("/")[1] for name in found)}
    assert configs["depth_prediction_oo"] == [
        {"split": s, "path": f"data/depth_prediction_oo/{s}-*.parquet"} for s in ("train", "val")
    ]
    assert "For research only." in card


@pytest.mark.parametrize("form", ["parquet", "trl"])
def test_the_head_tells_this_export_from_another(exported, out, tmp_path, form):
    """Hugging Face's datasets keeps what it loaded by the head of the card, and looks at no file."""

    def marks(dest):
        head = yaml.safe_load((dest / "README.md").read_text().split("---")[1])
        return {config.get("description") for config in head["configs"]}

    dest, _ = exported(form)
    export(out, form, tmp_path / "again")
    export(out, form, tmp_path / "smaller", pictures=Pictures(size_px=64))
    assert marks(dest) == marks(tmp_path / "again")
    assert len(marks(dest) | marks(tmp_path / "smaller")) == 2


def test_parquet_says_that_its_images_are_images(exported):
    dest, _ = exported("parquet")
    parquet = pytest.importorskip("pyarrow.parquet")
    schema = parquet.read_schema(next(dest.rglob("*.parquet")))
    features = json.loads(schema.metadata[b"huggingface"])["info"]["features"]
    assert features["images"] == {"feature": {"_type": "Image"}, "_type": "Sequence"}
    assert set(features) == set(schema.names)


def test_row_groups_are_small_enough_to_stream(out, tmp_path, monkeypatch):
    parquet = pytest.importorskip("pyarrow.parquet", reason="pyarrow writes Parquet")
    from spargen.export import columns
    from spargen.export.run import export

    monkeypatch.setattr(columns, "IMAGES_A_ROW_GROUP", 5)
    export(out, "parquet", tmp_path / "e")
    file = parquet.ParquetFile(tmp_path / "e/data/spatial_imagination_oc_mv/train-00000.parquet")
    assert [file.metadata.row_group(i).num_rows for i in range(file.num_row_groups)] == [2, 2, 2, 1]


def test_webdataset_has_one_json_and_numbered_images_a_key(exported):
    dest, _ = exported("webdataset")
    keys = {}
    for path in sorted(dest.glob("*.tar")):
        with tarfile.open(path) as tar:
            for member in tar:
                key, _, rest = member.name.partition(".")
                keys.setdefault(key, {})[rest] = tar.extractfile(member).read()
                assert (member.mtime, member.uid) == (0, 0)
    assert len(keys) == ROWS
    for files in keys.values():
        row = json.loads(files.pop("json"))
        assert list(files) == [f"{i}.jpg" for i in range(row["images"])]
        assert row["prompt"].count("<image>") == row["images"]


def test_rl_has_prompts_truths_and_no_sentences(exported):
    dest, summary = exported("rl")
    found = tables(dest)
    assert list(found) == ["train/train-00000.parquet", "val/val-00000.parquet"]
    rows = [row for table in found.values() for row in table]
    assert len(rows) == summary.rows == ROWS - 7
    for row in rows:
        (message,) = row["prompt"]
        assert message["role"] == "user"
        assert message["content"] == row["problem"]
        assert message["content"].count("<image>") == len(pictures(row))
        assert row["reward_model"] == {"style": "rule", "ground_truth": row["answer"]}
        assert row["data_source"] == "spargen/scannet"
        assert row["ability"] == row["extra_info"]["task"]
        assert row["extra_info"]["form"] != "sentence"
    assert len({row["extra_info"]["index"] for row in rows}) == len(rows)


def test_the_reward_beside_the_rows_gives_each_truth_1(exported):
    dest, _ = exported("rl")
    spec = importlib.util.spec_from_file_location("reward_beside_rows", dest / "reward.py")
    reward = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(reward)
    assert not re.search(r"^(from|import) spargen", (dest / "reward.py").read_text(), re.MULTILINE)
    truths = {row["answer"] for table in tables(dest).values() for row in table}
    assert len(truths) > 3
    assert {reward.score(t, t) for t in truths if t != "move_right:0"} == {1.0}
