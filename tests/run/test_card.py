"""The card that makes an output loadable as it lies."""

import json

import pytest
import yaml

from spargen.run.card import FEATURES
from spargen.run.generate import generate


@pytest.fixture
def card(job):
    made = job(rgbd=True)
    generate(made)
    text = (made.out / "spar/README.md").read_text()
    return made.out, yaml.safe_load(text.split("---")[1]), text


def test_a_config_for_each_task_finds_its_files(card):
    out, head, text = card
    configs = {c["config_name"]: c["data_files"] for c in head["configs"]}
    tasks = {p.name for p in (out / "spar/scannet/qa_jsonl/train").iterdir()}
    assert set(configs) == {"default", *tasks}
    for name, files in configs.items():
        (entry,) = files
        assert entry["split"] == "train"
        found = set((out / "spar").glob(entry["path"]))
        assert found == set((out / "spar").glob(f"*/qa_jsonl/train/{'*' if name == 'default' else name}/*/*.jsonl"))
    assert "&id" not in text
    assert "## Terms of use of scannet" in text


def test_every_key_of_a_record_has_a_feature(card):
    out, head, _ = card
    for info in head["dataset_info"]:
        assert [f["name"] for f in info["features"]] == list(FEATURES)
    keys = {k for f in (out / "spar").rglob("*.jsonl") for line in f.read_text().splitlines() for k in json.loads(line)}
    assert keys <= set(FEATURES)
    for kind in ("point", "bbox"):
        of_kind = {f"{kind}_img_idx", f"{kind}_list", *(f"{c}_{kind}" for c in ("red", "blue", "green", "yellow"))}
        assert of_kind <= set(FEATURES)


def test_datasets_loads_it(card):
    datasets = pytest.importorskip("datasets", reason="Hugging Face's datasets loads the output")
    out, head, _ = card
    for name in (config["config_name"] for config in head["configs"]):
        rows = datasets.load_dataset(str(out / "spar"), name, split="train", cache_dir=str(out / "cache"))
        assert list(rows.features) == list(FEATURES)
        assert len(rows) == 9 * 62 if name == "default" else 0 < len(rows) < 9 * 62
