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


def marks_of(out):
    head = yaml.safe_load((out / "spar/README.md").read_text().split("---")[1])
    return {config["description"] for config in head["configs"]}


def test_the_head_tells_these_rows_from_those_of_another_output(job):
    """The loader keeps what it loaded by the head of the card and the last name of the folder, which is always spar."""
    for out, more in {"a": {}, "again": {}, "other": {"seed": 8}, "fewer": {"rows_per_cell": 5}}.items():
        generate(job(out, **more), workers=1)
    folder = job().out.parent
    first, again, other, fewer = (marks_of(folder / out) for out in ("a", "again", "other", "fewer"))
    assert first == again
    assert len(first | other | fewer) == 3


def test_datasets_does_not_give_the_rows_of_another_output(job):
    datasets = pytest.importorskip("datasets", reason="Hugging Face's datasets loads the output")
    found = []
    for out, more in {"a": {}, "fewer": {"rows_per_cell": 5}}.items():
        made = job(out, **more)
        report = generate(made)
        cache = str(made.out.parent / "cache")
        found.append(len(datasets.load_dataset(str(made.out / "spar"), split="train", cache_dir=cache)) == report.rows)
    assert found == [True, True]
