"""Where commands write: never over what they read, nor over what a run wrote, by whatever name."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from spargen.cli import app
from spargen.cli.written import refuse_own
from spargen.errors import JobError


@pytest.fixture
def out(tmp_path):
    """An output folder, as far as it is told by its names, and a file beside it."""
    for name in (".parts/run.json", "manifest.json", "report.md", "spar/README.md", "data_jsons/a_1k.json"):
        (tmp_path / "out" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "out" / name).write_text("{}")
    (tmp_path / "ok.jsonl").write_text("{}")
    (tmp_path / "link.jsonl").symlink_to("ok.jsonl")
    (tmp_path / "hard.jsonl").hardlink_to(tmp_path / "ok.jsonl")
    (tmp_path / "other").symlink_to("out")
    return tmp_path / "out"


@pytest.mark.parametrize("name", ["ok.jsonl", "out/../ok.jsonl", "link.jsonl", "hard.jsonl"])
@pytest.mark.parametrize("option", ["json_file", "log_file", "retry_list", "page", "rrd", "dest"])
def test_what_is_read_is_not_written(out, name, option):
    read = out.parent / "ok.jsonl"
    for given in ({"answers": read}, {"against": [out, read]}):
        with pytest.raises(JobError, match="the command reads this"):
            refuse_own({**given, option: out.parent / name})


@pytest.mark.parametrize(
    "name",
    [
        "out/manifest.json",
        "other/manifest.json",
        "out/report.md",
        "out/report.json",
        "out/.parts/x",
        "out/spar/README.md",
        "out/spar/scannet/images",
        "out/facts/x",
        "out/data_jsons/mine.json",
    ],
)
def test_what_a_run_calls_its_own_is_not_written(out, name):
    with pytest.raises(JobError, match=f"the place of a file of the run in {out}") as caught:
        refuse_own({"out": out, "dest": out.parent / name})
    assert caught.value.where == f"--dest {out.parent / name}"


@pytest.mark.parametrize("name", ["out/mine.json", "mine.json", "new/mine.json", "facts/a", "manifest.json", "n" * 300])
def test_other_names_are_free(out, name):
    refuse_own({"out": out, "job": Path("nowhere"), "dest": out.parent / name, "json_file": None})


@pytest.mark.parametrize(
    "words",
    [
        ["mix", "out", "--dest", "out/manifest.json"],
        ["status", "out", "--retry-list", "out/report.md"],
        ["verify", "out", "--log-file", "out/spar/README.md"],
        ["score", "ok.jsonl", "--json", "link.jsonl"],
        ["generate", "ok.jsonl", "--log-file", "hard.jsonl"],
    ],
)
def test_commands_refuse_it_before_they_begin(out, monkeypatch, words):
    monkeypatch.chdir(out.parent)
    run = CliRunner().invoke(app, words)
    assert run.exit_code == 1
    assert run.stderr.startswith(f"error: {words[-2]} {words[-1]}: this is the place") or "reads this" in run.stderr
    assert Path(words[-1]).read_text() == "{}"
