"""What `spargen check` says of a job's words, the shipped files and the user's own."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from spargen.cli import app
from spargen.resources import data_dir
from spargen.run.recipe import load_texts

JOB = """out: out
sources: [{adapter: "tiny:TinyAdapter", root: data}]
tasks: {distance_prediction_oc: [fill], room_size: [fill]}
templates: [mine]
"""
OWN = """--- question
In the picture, how far is it to the {{ target }}?
--- note
In meters, with one decimal, from the camera to the center.
"""


@pytest.fixture
def check(tmp_path, monkeypatch):
    """Return a function that checks a job with a template file of the user's own, and returns what it says of words."""
    monkeypatch.syspath_prepend(Path(__file__).parent / "site")  # the adapter; engine and templates are the real ones

    def check(*changes, own=OWN):
        (tmp_path / "data/a_00").mkdir(parents=True, exist_ok=True)
        file = tmp_path / "mine/distance_prediction_oc/fill.j2"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(own)
        (tmp_path / "job.yaml").write_text(JOB)
        load_texts.cache_clear()
        sets = [part for change in changes for part in ("--set", change)]
        result = CliRunner().invoke(app, ["check", str(tmp_path / "job.yaml"), *sets], catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return [line.removeprefix(f"{file}:") for line in result.stdout.splitlines() if ".j2" in line]

    return check


TURN = '2: "picture" is not plain; write: image or photo, for picture is a common label'


def test_turns_of_a_users_own_file_are_remarked_on_and_the_job_can_be_run(check):
    assert check() == [TURN]
    assert check(own=OWN.replace("picture", "photo")) == []


def test_a_brief_job_hears_of_files_without_briefs_and_of_long_questions(check):
    short = "1: no brief block, so `words: brief` takes the note blocks"
    assert check("words=brief") == [TURN, short]
    long = OWN.replace("In meters", "In meters" + ", in meters" * 20)
    assert check("words=brief", own=long) == [
        TURN,
        short,
        "1: about 65 words in all; `words: brief` is for 60 at most",
    ]


def test_files_that_the_job_does_not_use_are_left_alone(check):
    assert check("tasks=[room_size]", "words=brief") == []
    assert check("templates=[]", "tasks=[room_size]") == []


def test_the_shipped_files_of_the_job_are_looked_through_too(check, tmp_path, monkeypatch):
    from spargen.phrase import plain

    rules = plain.plain_rules()
    stricter = rules.model_copy(update={"words_at_most": {"*": 30}})
    monkeypatch.setattr(plain, "plain_rules", lambda: stricter)
    shipped = data_dir("templates") / "room_size" / "fill.j2"
    assert any(line.startswith(f"{shipped}:") for line in check())
