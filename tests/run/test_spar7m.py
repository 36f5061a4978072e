"""The jobs of SPAR-7M's size and of all cells, and what `spargen check` says of them beside SPAR-7M."""

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from spargen.cli import app
from spargen.plugins import adapter_names
from spargen.resources import data_dir
from spargen.run import estimate
from spargen.run.estimate import estimates
from spargen.run.job import load_job
from spargen.run.recipe import load_texts, make_recipe, make_recipes
from spargen.tasks.registry import TASKS, load_builtin_tasks

CONFIGS = data_dir("configs")
ROOTS = {"scannet": "SCANNET", "scannetpp": "SCANNETPP", "structured3d": "STRUCTURED3D", "matterport": "MATTERPORT3D"}
SPAR = json.loads((CONFIGS / "spar7m_counts.json").read_bytes())
ADAPTER = """from spargen.scene.adapter import SceneAdapter

class Stub(SceneAdapter):
    dataset, terms_of_use = {dataset!r}, "none"

    def scenes(self):
        return sorted(p.name for p in self.root.iterdir())

    def load(self, scene_id):
        raise NotImplementedError
"""
TASK = """from spargen.qa.answers import FRAMES
from spargen.tasks.registry import task

@task("nav_video", views="video", level="high", answer=FRAMES, slots="")
def nav_video(ctx):
    yield from ()
"""


@pytest.fixture
def shipped(tmp_path, monkeypatch):
    """Return a function that reads a shipped job, with stand-ins for adapters and tasks that this version lacks."""
    for name in (*ROOTS.values(), "SPARGEN_OUT"):
        monkeypatch.delenv(name, raising=False)
    for name in {"structured3d", "matterport", "rxr"} - adapter_names().keys():
        (tmp_path / "site" / f"stub_{name}-1.dist-info").mkdir(parents=True)
        dataset = {"matterport": "matterport3d"}.get(name, name)
        (tmp_path / "site" / f"stub_{name}.py").write_text(ADAPTER.format(dataset=dataset))
        entry = f"[spargen.adapters]\n{name} = stub_{name}:Stub\n"
        (tmp_path / "site" / f"stub_{name}-1.dist-info/entry_points.txt").write_text(entry)
        (tmp_path / "site" / f"stub_{name}-1.dist-info/METADATA").write_text(f"Name: stub-{name}\nVersion: 1\n")
    monkeypatch.syspath_prepend(tmp_path / "site")
    changes = []
    if "nav_video" not in load_builtin_tasks():
        (tmp_path / "nav.py").write_text(TASK)
        (tmp_path / "words/nav_video").mkdir(parents=True)
        (tmp_path / "words/nav_video/sentence.j2").write_text("--- question\nWhere?\n--- answer\n{{ answer }}\n")
        changes = [f"plugins=[{tmp_path}/nav.py]", f"templates=[{tmp_path}/words]"]
    load_texts.cache_clear()

    def shipped(name="spar7m", *more):
        return CONFIGS / f"{name}.yaml", [*changes, *more]

    yield shipped
    if changes:
        TASKS.pop("nav_video", None)
    load_texts.cache_clear()


def job_of(shipped, *which):
    file, changes = shipped(*which)
    return load_job(file, changes, out=Path("out"))


def check(shipped, *args, which=()):
    file, changes = shipped(*which)
    sets = [part for change in changes for part in ("--set", change)]
    return CliRunner().invoke(app, ["check", str(file), *sets, *args], catch_exceptions=False)


def test_the_cells_are_exactly_spars(shipped):
    job = job_of(shipped)
    asked = {s.adapter: set(make_recipe(job, s).quotas) for s in job.sources}
    spars = {
        dataset: {f"{task}/{form}" for task, found in SPAR["rows"].items() for form in found.get(dataset, ())}
        for dataset in asked
    }
    assert asked == spars
    assert {dataset: len(cells) for dataset, cells in asked.items()} == {
        "scannet": 80,
        "scannetpp": 81,
        "structured3d": 46,
        "rxr": 1,
    }
    assert sum(n for found in SPAR["rows"].values() for forms in found.values() for n in forms.values()) == 16_276_960


def test_the_ceilings_let_each_cell_come_to_spars_size(shipped):
    job = job_of(shipped)
    for source in job.sources:
        quotas, scenes = make_recipe(job, source).quotas, SPAR["scenes"][source.adapter]
        for cell, quota in quotas.items():
            task, _, form = cell.partition("/")
            # SPAR has 11,997 walks; 12,000 is the most that is to be made of all scans together.
            least = 11_900 if task == "nav_video" else SPAR["rows"][task][source.adapter][form]
            assert least <= quota * scenes
        assert quotas.get("room_size/fill", 20) == 20
    assert {q for c, q in make_recipe(job, job.sources[2]).quotas.items()} == {25}
    assert make_recipe(job, job.sources[3]).quotas["nav_video/sentence"] * 72 <= 12_000


def test_the_full_job_asks_each_data_set_all_that_its_adapter_gives(shipped):
    job = job_of(shipped, "full")
    cells = {s.adapter: make_recipe(job, s).forms for s in job.sources}
    every = {task: forms for task, forms in make_recipe(job).forms.items() if task != "nav_video"}
    assert cells["scannet"] == cells["scannetpp"] == cells["matterport"] == every
    assert cells["structured3d"] == {task: forms for task, forms in every.items() if TASKS[task].views != "video"}
    assert list(cells["rxr"]) == ["nav_video"]
    assert [s.adapter for s in job.sources] == ["scannet", "scannetpp", "structured3d", "matterport", "rxr"]


def test_without_any_folder_check_still_says_what_the_releases_would_come_to(shipped):
    result = check(shipped)
    assert result.exit_code == 1
    assert "the environment has no $SCANNET; the environment has no $SCANNETPP" in result.stderr
    lines = [[cell.strip() for cell in line.split("│")[1:-1]] for line in result.stdout.splitlines() if "│" in line]
    by_dataset = {line[0]: line for line in lines if len(line) == 8}
    assert {name: line[1:3] for name, line in by_dataset.items()} == {
        "scannet": ["1,201 of its release", "80"],
        "scannetpp": ["843 of its release", "81"],
        "structured3d": ["2,450 of its release", "46"],
        "rxr": ["72 of its release", "1"],
        "all": ["", "208"],
    }
    assert [by_dataset[name][4] for name in by_dataset] == [
        *("7,799,521", "5,941,989", "2,523,453", "11,997", "16,276,960")
    ]
    assert "scannet: rows of a scene as 16 generated houses gave" in result.stdout
    assert "rxr: rows of a scene not measured: as if every cell were full" in result.stdout
    assert ["rxr", "nav_video", "sentence", "11,952", "11,997", "the job asks for no more"] in lines


def test_every_cell_stands_in_the_tables_when_it_is_asked_for(shipped):
    short, whole = check(shipped).stdout, check(shipped, "--cells").stdout
    assert len(re.findall(r"[\d,]+ / [\d,]+", whole)) == 208
    assert not re.findall(r"[\d,]+ / [\d,]+", short)


def test_scenes_that_are_there_are_counted_and_the_others_left_out_with_a_word(shipped, tmp_path, monkeypatch):
    for name in ("02455b3d20", "02455b3d21"):
        scans = tmp_path / "spp/data" / name / "scans"
        scans.mkdir(parents=True)
        for file in ("mesh_aligned_0.05.ply", "segments_anno.json"):
            (scans / file).write_text("")
    monkeypatch.setenv("SCANNETPP", str(tmp_path / "spp"))
    result = check(shipped)
    assert result.exit_code == 0, result.output
    assert "scannet: left out: the environment has no $SCANNET" in result.stdout
    assert re.search(r"│ rows +│ 15,720 +│", result.stdout)  # 2 scenes, 78 cells of 100 and 3 of 20
    assert re.search(r"│ cells \(task, form\) +│ 81 of 34 tasks", result.stdout)
    assert re.search(r"│ scannetpp +│ 2 +│ 81 +│", result.stdout)
    assert re.search(r"│ scannet +│ 1,201 of its release +│", result.stdout)


def test_a_job_of_fewer_cells_is_not_set_beside_spar(shipped, tmp_path):
    (tmp_path / "there/data/a/scans").mkdir(parents=True)
    for file in ("mesh_aligned_0.05.ply", "segments_anno.json"):
        (tmp_path / "there/data/a/scans" / file).write_text("")
    (tmp_path / "job.yaml").write_text(
        "sources: [{adapter: scannetpp, root: there}]\ntasks: [depth_prediction_oc]\nout: x\n"
    )
    result = CliRunner().invoke(app, ["check", str(tmp_path / "job.yaml")])
    assert result.exit_code == 0, result.output
    assert "SPAR-7M" not in result.stdout


@pytest.fixture
def numbers(monkeypatch):
    """Return a function that puts other yields in the place of the measured ones."""

    def numbers(**yields):
        files = {"spar7m_counts.json": SPAR, "yields.json": yields}
        monkeypatch.setattr(estimate, "_numbers", files.__getitem__)

    return numbers


def cell_of(found, task, form):
    return next(c for c in found.cells if (c.task, c.form) == (task, form))


def test_a_cell_comes_to_what_each_measured_scene_gave_up_to_the_ceiling(shipped, numbers):
    rows = {"depth_prediction_oc/fill": [0, 30, 70, 100], "room_size/fill": [20, 20, 20, 40]}
    why = {"depth_prediction_oc/fill": "too dark (90 %)"}
    numbers(scannet={"scenes": 4, "images": 10, "seconds": 36, "rows": rows, "why": why})
    job = job_of(shipped)
    found = estimates(job, make_recipes(job), None)
    scannet = found[0]
    dark = cell_of(scannet, "depth_prediction_oc", "fill")
    assert (dark.rows, dark.spar, dark.why) == (60_050, 105_066, "too dark (90 %)")
    assert dark.is_short
    assert cell_of(scannet, "room_size", "fill").rows == 20 * 1201
    assert cell_of(scannet, "obj_count", "fill").rows == 100 * 1201
    assert (scannet.measured, scannet.likely.images, scannet.seconds) == (4, 12_010, 36 * 1201)
    assert scannet.most.rows - scannet.likely.rows == 60_050
    assert [e.measured for e in found[1:]] == [0, 0, 0]
    assert found[1].likely == found[1].most


def test_spars_counts_are_scaled_to_as_many_scenes(shipped, numbers, tmp_path, monkeypatch):
    numbers()
    monkeypatch.setattr(estimate, "_published", lambda what: {**SPAR, "scenes": {"scannet": 2402}}[what])
    job = job_of(shipped)
    found = estimates(job, make_recipes(job), None)[0]
    assert (found.scenes, found.spar) == (2402, 7_799_521)
    half = estimate._cell("room_size/fill", 20, "scannet", 1201, {})
    assert half.spar == 11_270
