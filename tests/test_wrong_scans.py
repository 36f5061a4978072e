"""Every wrong scan is refused with the right cause in words, or mended and noted; no good one is."""

import json
import re

import pytest
from typer.testing import CliRunner
from wrong_scans import CASES, ID, as_sens, good, run

from spargen.cli import app


@pytest.mark.parametrize("name", CASES)
def test_what_is_said_of_it(name, tmp_path):
    case = CASES[name]
    found = run(case, tmp_path)
    assert found.code == case.code, found.said
    assert re.search(case.says, found.said), found.said
    assert (found.rows > 0) == (case.code == 0)
    if case.code == 3:
        assert "to mend: " in found.said


def inspected(name, tmp_path):
    CASES[name].write(tmp_path / "scans" / ID, good())
    arguments = ["inspect", "scannet", tmp_path, ID, "--out", tmp_path / "drawn.jpg"]
    result = CliRunner().invoke(app, [str(a) for a in arguments], env={"COLUMNS": "200"})
    return result, tmp_path / "drawn.jpg"


def test_inspect_prints_the_figures(tmp_path):
    result, picture = inspected("a truncated image", tmp_path)
    assert result.exit_code == 0, result.output
    for what, found in {
        "frames looked at": "10 of 36",
        "depth images against the mesh": "100% of the rays agree",
        "rays that meet the mesh": "100%; of the frame with fewest 100%",
        "up, to cameras and floors": r"0.0 degrees off \+Z",
        "frames that do not fit": "640: its colour image cannot be read",
    }.items():
        assert re.search(rf"{what} +│ .*{found}", result.stdout), result.stdout
    assert picture.exists()


def test_inspect_draws_a_scene_that_does_not_fit_and_says_why(tmp_path):
    result, picture = inspected("OpenGL axes", tmp_path)
    assert result.exit_code == 1
    assert result.stderr.startswith(f"error: {ID}: the camera axes are OpenGL's")
    assert "depth agrees with the mesh at" in result.stdout
    assert picture.exists()


def test_a_scan_that_gives_no_row_says_why(tmp_path):
    room = good()
    room.groups = [{**group, "label": "wall"} for group in room.groups]
    as_sens(tmp_path / "scans" / ID, room)
    arguments = ["generate", "--adapter", "scannet", "--root", tmp_path, "--out", tmp_path / "out", "--workers", "1"]
    result = CliRunner().invoke(app, [str(a) for a in arguments] + ["--set", "tasks=[depth_prediction_oc]"])
    assert result.exit_code == 1, result.output
    told = f"scannet/train/{ID}: no rows: none of its {len(room.groups)} objects can be asked about"
    assert told in result.stdout
    assert told in (tmp_path / "out/report.md").read_text()


def test_the_setting_stands_in_the_manifest(tmp_path):
    CASES["OpenGL axes"].write(tmp_path / "scans" / ID, good())
    arguments = ["generate", "--adapter", "scannet", "--root", tmp_path, "--out", tmp_path / "out", "--workers", "1"]
    for text in ("settings.scene_check=off", "rows_per_cell=2", "tasks=[depth_prediction_oc]"):
        arguments += ["--set", text]
    result = CliRunner().invoke(app, [str(a) for a in arguments])
    assert result.exit_code == 0, result.output
    manifest = json.loads((tmp_path / "out/manifest.json").read_bytes())
    assert manifest["job"]["settings"]["scene_check"] == "off"
