"""How figures are kept and compared: what the benchmarks print beside each of them."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent.parent / "benchmarks"


@pytest.fixture
def measure(monkeypatch):
    spec = importlib.util.spec_from_file_location("measure", FOLDER / "measure.py")
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "measure", module)
    spec.loader.exec_module(module)
    return module


def test_a_figure_stands_beside_the_release_s_whatever_numbers_its_words_have(measure, tmp_path, capsys, monkeypatch):
    file = tmp_path / "release.json"
    for factor, faces in ((1.0, "200,000"), (1.5, "3,000,000")):
        monkeypatch.setattr(measure, "SHEET", measure.Sheet(file))
        measure.title(f"ROWS  of {faces} faces")
        measure.line("rows/s", 200 * factor, "rows/s", taken=measure.Taken(1.25, 2.5), least=100)
        for value in (7, 14):
            measure.line(f"ms a view, {faces} faces", value, "ms", most=14)
        measure.limit("orjson alone", 800, "rows/s", 0.25 * factor)
        measure.SHEET.write()
    first, second = capsys.readouterr().out.split("ROWS")[1:]
    assert "x release" not in first
    lines = [" ".join(line.split()) for line in second.splitlines()[1:]]
    assert lines == [
        "rows/s 300 rows/s 1.50 x release 1.2 s CPU, 2.5 s wall aim >= 100 met, 3.00 x",
        "ms a view, 3,000,000 faces 7 ms 1.00 x release aim <= 14 met, 2.00 x",
        "ms a view, 3,000,000 faces 14 ms 1.00 x release aim <= 14 met, 1.00 x",
        "limit: orjson alone 800 rows/s 1.50 x release 38% of it reached",
    ]


def test_figures_of_parts_that_did_not_run_stay(measure, tmp_path):
    file = tmp_path / "release.json"
    for part, what in (("SEE", "frames/s"), ("ROWS", "rows/s"), ("ROWS", "rows a second")):
        sheet = measure.Sheet(file)
        sheet.begin(f"{part}  of something")
        sheet.note(what, 1234.5678)
        sheet.write()
    assert json.loads(file.read_text())["figures"] == {"ROWS: rows a second": 1235.0, "SEE: frames/s": 1235.0}


def test_a_part_that_cannot_run_fails_nobody(tmp_path):
    command = [sys.executable, FOLDER / "run.py", "spar7m", "--engine", tmp_path / "none", "--scenes", "0"]
    done = subprocess.run([*command, "--root", tmp_path], check=True, capture_output=True, text=True, timeout=120)
    assert "spar7m: not measured: " in done.stdout
