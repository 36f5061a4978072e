"""The command line as a person meets it: a process of its own, its two streams and its exit code."""

import errno
import json
import logging
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner

from spargen.cli import app
from spargen.cli.logs import logged
from spargen.cli.look import picture_path
from spargen.demo import LAYOUTS
from spargen.errors import SceneError
from spargen.resources import data_dir
from spargen.run.sheets import save
from spargen.terminal import SHOWN, bar


@pytest.fixture
def spargen(tiny):
    """Return a function that runs the command line in this process."""
    return lambda *args: CliRunner().invoke(app, [str(a) for a in args], catch_exceptions=False)


@pytest.fixture
def given(root, tmp_path):
    """Return the arguments that stand in for a job file."""
    return ["--adapter", "tiny:TinyAdapter", "--root", root, "--out", tmp_path / "out"]


@pytest.fixture
def job_file(root, tmp_path):
    file = tmp_path / "job.yaml"
    file.write_text("out: out\nrows_per_cell: 20\nsources:\n  - adapter: tiny:TinyAdapter\n    root: data\n")
    return file


def one_message(result, *texts):
    """Check that a run ended in one error on stderr that holds the texts, and in no traceback."""
    assert result.exit_code == 1, result.output
    assert result.stderr.startswith("error: ")
    assert result.stderr.count("error: ") == 1
    assert "to mend: " in result.stderr
    assert "Traceback" not in result.output
    for text in texts:
        assert text in result.stderr


def test_generate_without_a_job_file(spargen, given, tmp_path):
    result = spargen("generate", *given, "--workers", 1)
    assert result.exit_code == 0, result.output
    assert "[5/5] scannet/train/d_00: 225 rows made" in result.stdout
    assert "5 scenes" in result.stdout
    assert "no split lists given" in result.stdout
    assert (tmp_path / "out/spar/scannet/qa_jsonl/train/depth_prediction_oc/fill/fill_77.jsonl").exists()


def test_generate_a_job_file_with_changes(spargen, job_file, tmp_path):
    result = spargen("generate", job_file, "--out", tmp_path / "there", "--set", "rows_per_cell=2", "--workers", 1)
    assert result.exit_code == 0, result.output
    assert (tmp_path / "there/spar/scannet/qa_jsonl/train/depth_prediction_oc/fill/fill_10.jsonl").exists()
    assert not (tmp_path / "out").exists()


def test_quiet_says_nothing(spargen, given):
    result = spargen("generate", *given, "--quiet", "--workers", 1)
    assert (result.exit_code, result.output) == (0, "")


def test_a_failed_scene_goes_to_stderr_and_into_the_exit_code(spargen, given, root):
    (root / "c_00/scene.txt").write_text("x")
    for quiet in ([], ["--quiet"]):
        result = spargen("generate", *given, *quiet, "--workers", 1)
        assert result.exit_code == 3
        assert "scenes that failed: 1\n" in result.stderr
        assert "'x' is no number" in result.stderr


def test_scenes_by_name_and_by_list(spargen, given, tmp_path):
    (tmp_path / "list.txt").write_text("d_00\n")
    result = spargen("generate", *given, "--scenes", "a_00,b_00", "--scene-list", tmp_path / "list.txt", "--workers", 1)
    assert result.exit_code == 0, result.output
    assert "3 scenes in" in result.stdout
    one_message(spargen("generate", *given, "--scenes", "b_0"), "b_0", "did you mean b_00")
    one_message(spargen("generate", *given, "--scenes", "zzz"), "no such scene", "spargen list scenes")


def test_shards(spargen, given, tmp_path):
    for i in (1, 2):
        result = spargen("generate", *given, "--shard", f"{i}/2", "--workers", 1)
        assert "spargen merge" in result.stdout
        assert not (tmp_path / "out/manifest.json").exists()
    assert spargen("merge", tmp_path / "out").exit_code == 0
    assert (tmp_path / "out/manifest.json").exists()
    one_message(spargen("generate", *given, "--shard", "3/2"), "--shard 3/2")


def test_a_merge_that_is_not_whole_says_so(spargen, given, tmp_path):
    spargen("generate", *given, "--shard", "1/2", "--workers", 1)
    result = spargen("merge", tmp_path / "out")
    assert result.exit_code == 3
    assert "not done yet: 2" in result.stdout
    one_message(spargen("merge", tmp_path / "out", tmp_path / "data"), "--out")
    one_message(spargen("merge", tmp_path / "data"), "no run has written here")


@pytest.mark.parametrize(
    ("args", "texts"),
    [
        (["--set", "rows_per_cel=3"], ["unknown key `rows_per_cel`", "did you mean rows_per_cell"]),
        (["--set", "rows_per_cell=0"], ["`rows_per_cell` cannot be 0"]),
        (["--set", "sources.0.adapter=scanet"], ["no adapter 'scanet'"]),
        (["--set", "tasks=[nonsense]"], ["no task 'nonsense'"]),
    ],
)
def test_mistakes_are_one_message(spargen, job_file, args, texts):
    one_message(spargen("generate", job_file, *args), *texts)
    one_message(spargen("check", job_file, *args), *texts)


@pytest.mark.parametrize(
    ("args", "name"),
    [
        (["generate", "--out", ""], "--out"),
        (["generate", "--out="], "--out"),
        (["generate", "--out", "  "], "--out"),
        (["generate", "--out", "x", "--scenes", ""], "--scenes"),
        (["generate", "--out", "x", "--scenes", "a", "--scenes", ","], "--scenes"),
        (["generate", ""], "job"),
        (["merge", "a", ""], "outs"),
        (["mix", "here", "--dest", ""], "--dest"),
        (["status", ""], "out"),
        (["status", "here", "--retry-list", ""], "--retry-list"),
        (["status", "here", "--log-file", ""], "--log-file"),
    ],
)
def test_nothing_is_given_that_is_empty(spargen, tmp_path, monkeypatch, args, name):
    monkeypatch.chdir(tmp_path)
    one_message(spargen(*args), f"error: {name}: this is given, but empty", "is a variable of the shell empty?")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("args", [["status", ""], ["status", "here", "--log-file", "/"]])
def test_what_is_said_before_there_is_a_log_is_said_once(args):
    result = subprocess.run([sys.executable, "-m", "spargen.cli", *args], capture_output=True, text=True)
    assert result.stderr.count("error: ") == 1


def test_half_a_job_is_a_mistake(spargen, root, job_file):
    one_message(spargen("generate", "--root", root), "--adapter and --out not given")
    one_message(spargen("generate", job_file, "--root", root), "a job and --adapter or --root")
    one_message(spargen("generate"), "neither a job nor a data set is given", "--scannet DIR")
    one_message(spargen("generate", "--scannet", root), "--out not given")


def test_data_sets_are_checked_without_a_job(spargen, given, root):
    told = spargen("check", *given[:4])
    assert told.exit_code == 0, told.output
    assert "900" in spargen("check", *given[:4], "--set", "rows_per_cell=20").stdout


@pytest.fixture
def chosen(monkeypatch):
    """Return a function that runs a command and returns the job that it chose."""

    def run(*args):
        jobs = []

        def stop(job, *_, **__):
            jobs.append(job)
            raise SceneError("enough", where="here", mend="stop")

        for place in ("generate.generate", "recipe.make_recipes"):
            monkeypatch.setattr(f"spargen.run.{place}", stop)
        result = CliRunner().invoke(app, [str(arg) for arg in args])
        assert "here: enough" in result.stderr, result.output
        return jobs[0]

    return run


@pytest.mark.parametrize("command", [["generate", "--out", "here"], ["check"]])
def test_data_sets_without_a_job_are_its_sources(chosen, command):
    job = chosen(*command, "--posed", "a", "--scannet", "b", "--adapter", "my.own:Adapter", "--root", "c")
    assert [(s.adapter, s.root) for s in job.sources] == [
        ("my.own:Adapter", Path("c")),
        ("scannet", Path("b")),
        ("posed", Path("a")),
    ]


@pytest.mark.parametrize("command", [["generate", "--out", "here"], ["check"]])
def test_a_shipped_job_is_known_by_its_name(chosen, command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("spar7m").mkdir()  # an output of that name is not the job
    monkeypatch.delenv("STRUCTURED3D", raising=False)
    folders = ["--scannet", "sc", "--scannetpp", "/far/pp", "--rxr", "mp3d"]
    job = chosen(*command, "spar7m", *folders, "--set", "labels=mine.yaml", "--set", "sources.3.root=mp")
    roots = {source.adapter: source.root for source in job.sources}
    assert roots.pop("structured3d").name == "$STRUCTURED3D"
    assert roots == {"scannet": Path("sc"), "scannetpp": Path("/far/pp"), "rxr": Path("mp")}
    assert job.labels == [Path("mine.yaml")]  # paths start where one stands
    assert job.words == "brief"
    Path("spar7m").rmdir()
    Path("spar7m").write_text("sources: [{adapter: posed, root: x}]\nout: y")
    assert [source.root for source in chosen(*command, "spar7m").sources] == [Path("x")]


def test_folders_of_a_job_file_start_where_one_stands(chosen, job_file, tmp_path):
    text = "sources: [{adapter: scannet, root: $NOWHERE, splits: {val: val.txt}}, {adapter: posed, root: p}]\nout: y"
    job_file.write_text(text)
    job = chosen("generate", job_file, "--scannet", "sc")
    assert [source.root for source in job.sources] == [Path("sc"), tmp_path / "p"]
    assert job.sources[0].splits == {"val": tmp_path / "val.txt"}


def test_a_job_or_a_folder_that_is_not_there_is_named(spargen, job_file):
    one_message(spargen("check", "spar7"), "spar7: there is no such file, nor a job", "did you mean spar7m")
    one_message(spargen("check", "zzz"), "shipped jobs: default, demo, full, spar7m")
    one_message(spargen("check", "spar7m.yaml"), "the job cannot be read")
    one_message(spargen("generate", job_file, "--rxr", "x"), "--rxr: none of its sources", "tiny:TinyAdapter")
    job_file.write_text("sources: [{adapter: posed, root: p}, {adapter: posed, root: q}]\nout: y")
    one_message(spargen("check", job_file, "--posed", "x"), "--posed: 2 of its sources", "--set sources.0.root")
    job_file.write_text("sources: 3\nout: y")
    one_message(spargen("check", job_file, "--posed", "x"), "`sources`")
    one_message(spargen("generate", "spar7m", "--scannet", "x"), "no $SPARGEN_OUT", "or give --out")


def test_another_jobs_folder(spargen, given):
    spargen("generate", *given, "--workers", 1)
    one_message(spargen("generate", *given, "--set", "seed=4"), "seed was 0, now 4")


def test_a_full_disk(spargen, given, monkeypatch):
    genuine = Path.open

    def full(self, mode="r", *args, **kwargs):
        if self.name.startswith(".facts.jsonl.") and "x" in mode:
            raise OSError(errno.ENOSPC, "No space left on device", str(self))
        return genuine(self, mode, *args, **kwargs)

    monkeypatch.setattr(Path, "open", full)
    one_message(spargen("generate", *given, "--workers", 1), "the disk is full", "it resumes")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written(spargen, given, tmp_path):
    (tmp_path / "out").mkdir(mode=0o500)
    one_message(spargen("generate", *given, "--workers", 1), "permission denied")


@pytest.mark.parametrize("workers", [1, 2])
def test_ctrl_c(tiny, given, tmp_path, workers):
    args = [sys.executable, "-m", "spargen.cli", "generate", *map(str, given), "--workers", str(workers)]
    env = {**os.environ, "TINY_SLEEP": "1"}
    pipe = subprocess.PIPE
    process = subprocess.Popen(args, env=env, stdout=pipe, stderr=pipe, text=True, start_new_session=True)
    deadline = time.monotonic() + 60
    while not list(tmp_path.glob("out/.parts/scannet/train/[!.]*/done.json")) and time.monotonic() < deadline:
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert err == "stopped; the same command goes on where this one ended\n"


def test_check_opens_no_scene(spargen, job_file, root):
    for scene in root.iterdir():
        (scene / "scene.txt").unlink()
    result = spargen("check", job_file)
    assert result.exit_code == 0, result.output
    assert "900" in result.stdout  # 5 scenes, 9 cells, 20 rows
    assert "760" in result.stdout  # at most 120 rows of single images and a clip of 32 each
    assert "GB" in result.stdout


def test_check_counts_listed_scenes_that_are_not_there(spargen, job_file, tmp_path):
    (tmp_path / "train.txt").write_text("a_00\nz_00\n")
    result = spargen("check", job_file, "--set", "sources.0.splits={train: train.txt}")
    assert result.exit_code == 3
    assert "z_00" in result.stderr


def test_list(spargen):
    assert "scene_adapters.scannet" in spargen("list", "adapters").stdout
    assert "depth_prediction_oc" in spargen("list", "tasks").stdout
    assert "depth_prediction_oc/fill.j2" in spargen("list", "templates").stdout


@pytest.mark.parametrize("what", ["tasks", "templates"])
def test_list_prints_names_whole(what, monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    result = CliRunner().invoke(app, ["list", what])
    assert "distance_infer_center_oo_video" in result.stdout
    assert "…" not in result.stdout


def test_list_shows_what_belongs_to_a_task():
    for what in ("tasks", "templates"):
        result = CliRunner().invoke(app, ["list", what, "depth_prediction_oc"])
        assert result.exit_code == 0, result.output
        lines = dict(line.split(": ", 1) for line in result.stdout.splitlines())
        assert "answer" in lines["slots"].split(", ")
        assert set(lines) == {"depth_prediction_oc", "asks", "truth", "slots", "fill", "select", "sentence"}
        assert Path(lines["fill"]) == data_dir("templates") / "depth_prediction_oc/fill.j2"
    told = json.loads(CliRunner().invoke(app, ["list", "tasks", "depth_prediction_oc", "--json"]).stdout)
    assert told == lines
    one_message(CliRunner().invoke(app, ["list", "tasks", "obj_cuont"]), "did you mean obj_count")
    one_message(CliRunner().invoke(app, ["list", "adapters", "scannet"]), "adapters have no slots")


def test_an_adapter_s_options_are_set_where_a_scene_is_looked_at(spargen, root):
    told = "the adapter has no option 'flavor'", "did you mean flavour"
    one_message(spargen("inspect", "tiny:TinyAdapter", root, "b_00", "--set", "sources.0.options.flavor=sweet"), *told)
    one_message(spargen("inspect", "tiny:TinyAdapter", root, "b_00", "--set", "labels=nowhere.yaml"), "nowhere.yaml")


def test_a_layout_that_the_demo_does_not_know_is_named(spargen, tmp_path):
    result = spargen("demo", "--layout", "scanet", "--out", tmp_path / "demo")
    assert result.exit_code == 1
    assert "there is no layout 'scanet'" in result.stderr
    assert "did you mean scannet" in result.stderr
    assert not (tmp_path / "demo").exists()


def test_the_demo_tells_how_far_it_is(spargen, monkeypatch, tmp_path):
    asked = []

    def write_demo(root, *, seed, houses, layout, dirt, workers, progress):
        asked.append((seed, houses, layout, dirt, workers))
        for done in range(1, 91):
            progress("demo0000_00", done, 90)
        raise SceneError("enough", where="here", mend="stop")

    monkeypatch.setattr("spargen.demo.write_demo", write_demo)
    result = spargen("demo", "--out", tmp_path / "demo")
    assert result.stdout.splitlines() == [
        "[1/90] demo0000_00 being scanned",
        "[40/90] demo0000_00 being scanned",
        "[80/90] demo0000_00 being scanned",
        "[90/90] demo0000_00 scanned",
    ]
    assert spargen("demo", "--out", tmp_path / "demo", "--quiet").stdout == ""
    spargen("demo", "--out", tmp_path / "demo", "--no-dirt", "--seed", 3, "--houses", 2, "--workers", 5)
    assert asked == [(0, 1, "scannet", True, None), (0, 1, "scannet", True, None), (3, 2, "scannet", False, 5)]


@pytest.mark.parametrize(("layout", "adapters"), [("scannet", ["scannet"]), ("matterport", ["matterport", "rxr"])])
def test_the_demo_asks_about_as_many_houses_as_it_is_told(spargen, monkeypatch, tmp_path, layout, adapters):
    built, jobs = [], []

    def generate(job, **more):
        jobs.append((job, more["workers"]))
        raise SceneError("enough", where="here", mend="stop")

    monkeypatch.setattr("spargen.demo.write_demo", lambda root, **more: built.append(more["houses"]))
    monkeypatch.setattr("spargen.run.generate.generate", generate)
    names = [LAYOUTS[layout].scene_id(i) for i in range(3)]
    for houses in (3, 2):  # the third house of the first run stays on the disk
        spargen("demo", "--out", tmp_path / "demo", "--layout", layout, "--houses", houses, "--workers", 2)
        job, workers = jobs[-1]
        assert [(s.adapter, s.scenes) for s in job.sources] == [(name, names[:houses]) for name in adapters]
        assert (built[-1], workers) == (houses, 2)


def test_ray_is_asked_for_by_name_only(spargen, given, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    one_message(spargen("generate", *given, "--executor", "ray"), "Ray is not installed", 'pip install "spargen[ray]"')


def test_the_record_of_failures_holds_no_traceback_of_known_errors(spargen, given, root, tmp_path):
    (root / "c_00/scene.txt").write_text("x")
    spargen("generate", *given, "--workers", 1)
    error = json.loads((tmp_path / "out/.parts/scannet/train/c_00/error.json").read_bytes())
    assert error["traceback"] == ""


@pytest.mark.parametrize("module", ["spargen", "spargen.cli"])
def test_the_version_is_told_by_every_door(module):
    import spargen

    told = subprocess.run([sys.executable, "-m", module, "--version"], capture_output=True, text=True, check=True)
    assert told.stdout == f"spargen {spargen.__version__}\n"
    with pytest.raises(AttributeError, match="no attribute 'verzion'"):
        spargen.verzion  # noqa: B018


def test_help_is_asked_for_in_short(spargen):
    assert spargen("generate", "-h").output == spargen("generate", "--help").output


def test_a_run_without_a_row_says_why_and_fails(spargen, given, root):
    for name in ("a_00", "b_00", "c_00", "d_00", "a_01"):
        (root / name / "scene.txt").write_text("0")
    result = spargen("generate", *given, "--workers", 1)
    assert result.exit_code == 1
    assert result.stderr.startswith("no row was made\n")


@pytest.mark.parametrize("shard", ["\u00b2/4", "1/\u0664", "0/4", "5/4", "1/4/4", "-1/4", "1/", "1/99999999999"])
def test_what_is_no_shard(spargen, given, shard):
    one_message(spargen("generate", *given, "--shard", shard), "this is no shard", "1/4 for the first of four")


def test_scenes_are_listed_and_as_json(spargen, root):
    arguments = ["list", "scenes", "--adapter", "tiny:TinyAdapter", "--root", root]
    assert "a_01" in spargen(*arguments).stdout
    told = json.loads(spargen(*arguments, "--json").stdout)
    assert told[0] == {"scene": "a_00", "split": "train"}
    assert len(told) == 5
    one_message(spargen("list", "scenes"), "--root", "add --root DIR")
    one_message(spargen("inspect", "tiny:TinyAdapter", root, "b_0"), "no scene 'b_0'", "did you mean b_00")
    elsewhere = f"spargen list scenes --adapter tiny:TinyAdapter --root {root}"
    one_message(spargen("inspect", "tiny:TinyAdapter", root, "zzzz"), "no scene 'zzzz'", elsewhere)
    assert {"adapter", "from"} == json.loads(spargen("list", "adapters", "--json").stdout)[0].keys()


@pytest.mark.parametrize(
    ("out", "written"),
    [(None, "x.jpg"), ("a.PNG", "a.PNG"), ("there", "there/x.jpg"), ("new", "new/x.jpg"), ("d.jpg", "d.jpg/x.jpg")],
)
def test_a_picture_goes_to_a_file_or_into_a_folder(out, written, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for folder in ("there", "d.jpg"):
        Path(folder).mkdir()
    target = picture_path(out and Path(out), "x.jpg")
    save(Image.new("RGB", (4, 4)), target)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [tmp_path / written]


@pytest.mark.parametrize("out", ["a.gif", "a.WEBP", "there/a.pdf"])
def test_no_folder_is_made_for_a_picture_of_another_kind(out, spargen, root, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for asked in (["inspect", "tiny:TinyAdapter", root, "a_00"], ["preview", "obj_count"]):
        one_message(spargen(*asked, "--out", out), f"no picture is written as {Path(out).suffix}", ".jpeg or .png")
    assert not Path(Path(out).parts[0]).exists()
    Path(out).mkdir(parents=True)
    one_message(spargen("inspect", "tiny:TinyAdapter", root, "a_00", "--out", out), "no colour image can be read")


def test_a_fault_of_the_program_is_one_message_and_its_place_is_told_when_asked(spargen, given, monkeypatch):
    monkeypatch.setattr("spargen.run.job.make_job", lambda *_: 1 // 0)
    one_message(spargen("generate", *given), "did not expect this: ZeroDivisionError")
    told = spargen("generate", *given, "-v")
    assert told.exit_code == 1
    assert "Traceback" in told.stderr
    monkeypatch.setattr("spargen.run.job.make_job", lambda *_: bytearray(1 << 60))
    one_message(spargen("generate", *given), "not enough memory", "fewer --workers")


def test_tables_show_texts_as_they_are_and_fold_on_a_narrow_terminal(monkeypatch, capsys):
    from rich.table import Table

    from spargen.terminal import print_whole

    monkeypatch.setenv("COLUMNS", "60")
    table = Table("name", "text")
    table.add_row("[/red][bold]:smile:", "word " * 30)
    print_whole(table)
    out = capsys.readouterr().out
    assert "[/red][bold]:smile:" in out
    assert max(map(len, out.splitlines())) > 100
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "dumb")
    print_whole(table)
    assert max(map(len, capsys.readouterr().out.splitlines())) < 120


def test_a_report_escapes_what_comes_from_files(spargen, given, root, tmp_path):
    (root / "b_00" / "scene.txt").write_text("<script>`[a](http://b)|\x1b[31m\n# title")
    spargen("generate", *given, "--workers", 1)
    text = (tmp_path / "out" / "report.md").read_text()
    (line,) = [line for line in text.splitlines() if line.startswith("- scannet/train/b_00")]
    assert not {"<", "`", "|", "\x1b"} & set(line)
    assert "[a&#93;(http://b)" in line
    assert "\n# title" not in text


@pytest.mark.parametrize("workers", [1, 2])
def test_v_says_each_step_of_a_scene(spargen, given, workers):
    quiet = spargen("generate", *given, "--scenes", "a_00", "--workers", workers)
    assert quiet.stderr == ""
    told = spargen("generate", *given, "--scenes", "a_00", "--workers", workers, "-v", "--set", "seed=0", "--quiet")
    assert told.stderr == "a_00: reading its files\nmerging the rows of all scenes\n"  # for it was kept
    told = spargen("generate", *given, "--scenes", "a_01,d_00", "--workers", workers, "-v")
    for step in ("reading its files", "writing 27 rows and their images"):
        assert f"a_01: {step}\n" in told.stderr
    assert told.stderr.count("made") == 0  # which stdout tells


def test_a_log_file_keeps_what_is_said_and_done(spargen, given, root, tmp_path):
    (root / "c_00/scene.txt").write_text("x\x1b[31m")
    log = tmp_path / "logs" / "run.log"
    result = spargen("generate", *given, "--workers", 1, "--quiet", "--log-file", log)
    assert result.exit_code == 3
    assert result.stdout == ""
    text = log.read_text()
    for part in (
        "a_00: reading its files",
        "a_00: writing 63 rows",
        "] scannet/train/a_00: 63 rows made in",
        "ERROR failed: scannet/train/c_00: ",
        "ERROR scenes that failed: 1",
        "4 scenes in",
    ):
        assert part in text
    assert "\x1b" not in text
    assert all(re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} [A-Z]+ ", line) for line in text.splitlines()[:3])
    assert "Traceback" not in text
    spargen("check", *given[:4], "--log-file", log)
    assert log.read_text().startswith(text)
    assert len(log.read_text()) > len(text)
    assert not logging.getLogger("spargen").handlers


def test_a_log_file_tells_where_an_error_of_the_program_arose(spargen, given, tmp_path, monkeypatch):
    monkeypatch.setenv("TINY_CRASH", "b_00")
    result = spargen("generate", *given, "--workers", 1, "--log-file", tmp_path / "log")
    assert "Traceback" not in result.output
    assert "b_00: where it failed:\nTraceback" in (tmp_path / "log").read_text()


def test_a_log_that_cannot_be_written_is_one_message(spargen, given, tmp_path):
    one_message(spargen("check", *given[:4], "--log-file", tmp_path), "the log cannot be written")


def test_a_bar_tells_what_is_being_done(monkeypatch, capsys):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    for name, value in {"FORCE_COLOR": "1", "TERM": "xterm", "COLUMNS": "60"}.items():
        monkeypatch.setenv(name, value)
    with logged(verbose=False, file=None), bar("scenes", quiet=False) as step:
        step(1, 9, "[red]first")
        logging.getLogger("spargen.run.engine").debug("s1: asking")
        logging.getLogger(SHOWN).info("said already")
        time.sleep(0.3)
    out = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", capsys.readouterr().out)
    assert "[red]first" in out
    assert "s1: asking" in out
    assert "said already" not in out
    assert max(map(len, re.split(r"[\r\n]+", out))) <= 60
    assert not logging.getLogger("spargen").handlers
