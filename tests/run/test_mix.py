"""Training indexes with ratios of one's own, as SPAR's loader takes them."""

import json

import pytest
from typer.testing import CliRunner

from spargen.cli import app
from spargen.errors import JobError
from spargen.run.generate import generate
from spargen.run.indexes import Ratios, mix, write_mix
from spargen.run.naming import Cell

COUNTS = {
    Cell("scannet", "train", "depth", "fill"): 105,
    Cell("scannet", "train", "depth", "sentence"): 50,
    Cell("scannet", "train", "count", "select"): 39,
    Cell("rxr", "train", "nav_video", "sentence"): 7,
    Cell("scannet", "val", "depth", "fill"): 1000,
}


def taken(ratios):
    return {key: (e["repeat_time"], e["length_with_repeat"]) for key, e in mix(COUNTS, ratios).items()}


def test_spars_mix_is_the_default():
    assert taken(Ratios()) == {
        "rxr_nav_video_sentence": (1.0, 7),
        "scannet_count_select": (0.1, 3),
        "scannet_depth_fill": (0.1, 10),
        "scannet_depth_sentence": (1.0, 50),
    }


def test_ratios_of_data_set_task_and_form_multiply():
    given = Ratios({"scannet": 0.5}, {"depth": 0.2}, {"sentence": 1.0, "fill": 1.0})
    assert taken(given) == {
        "rxr_nav_video_sentence": (1.0, 7),
        "scannet_count_select": (0.05, 1),
        "scannet_depth_fill": (0.1, 10),
        "scannet_depth_sentence": (0.1, 5),
    }
    assert "scannet_depth_fill" not in taken(Ratios(tasks={"depth": 0}))
    # As binary fractions, 3 x 0.1 is a little more than 0.3.
    assert taken(Ratios(tasks={"depth": 3, "nav_video": 1}, forms={"sentence": 1 / 3}))["scannet_depth_fill"][0] == 0.3


def test_rows_are_repeated_by_whole_numbers(tmp_path):
    two = mix(COUNTS, Ratios(datasets={"rxr": 2.0}))["rxr_nav_video_sentence"]
    assert (two["repeat_time"], type(two["repeat_time"]), two["length_with_repeat"]) == (2, int, 14)
    with pytest.raises(JobError, match=r"cannot be taken 1\.5 times"):
        write_mix(COUNTS, Ratios(tasks={"nav_video": 1.5}), tmp_path / "mix.json")


def test_names_that_are_not_there(tmp_path):
    for given, text in (
        (Ratios(datasets={"scanet": 1}), r"no dataset 'scanet'(?s:.*)did you mean scannet"),
        (Ratios(tasks={"dephth": 1}), r"no task 'dephth'(?s:.*)did you mean depth"),
        (Ratios(forms={"judge": 1}), r"no form 'judge'(?s:.*)there are: fill, select, sentence"),
        (Ratios(forms=dict.fromkeys(("fill", "select", "sentence"), 0)), "nothing is left"),
    ):
        with pytest.raises(JobError, match=text):
            write_mix(COUNTS, given, tmp_path / "mix.json")
    assert not (tmp_path / "mix.json").exists()


def test_the_commands(job, tmp_path):
    made = job()
    generate(made)
    indexes = {p: p.read_bytes() for p in (made.out / "data_jsons").iterdir()}
    for path in indexes:
        path.unlink()
    run = CliRunner().invoke(app, ["index", str(made.out)], catch_exceptions=False)
    assert run.exit_code == 0
    assert {p: p.read_bytes() for p in (made.out / "data_jsons").iterdir()} == indexes
    words = ["mix", str(made.out), "--dest", str(tmp_path / "mine.json"), "--form", "fill=1"]
    run = CliRunner().invoke(app, words, catch_exceptions=False)
    entries = json.loads((tmp_path / "mine.json").read_text())
    total = sum(entry["length_with_repeat"] for entry in entries.values())
    assert f"{total:,} rows an epoch" in run.output
    fill = entries["scannet_depth_prediction_oc_fill"]
    assert fill["length_with_repeat"] == fill["length"] == 62
    assert (made.out / fill["annotation"]).exists()
    for text in ("fill", "fill=-1", "=1", "fill=nan", "fill=inf"):
        run = CliRunner().invoke(app, ["mix", str(made.out), "--dest", str(tmp_path / "x.json"), "--form", text])
        assert (run.exit_code, "this is no ratio" in run.stderr) == (1, True)
