import re
from pathlib import Path

import pytest

from spargen.errors import JobError, PluginError, SpargenError, TemplateError
from spargen.resources import data_dir
from spargen.run.compile import compile_job
from spargen.run.job import load_job, make_job
from spargen.run.recipe import make_recipe, make_recipes
from spargen.run.scenes import read_scene_list

GOOD = "out: made\nsources:\n  - adapter: scannet\n    root: data\n"


def load(tmp_path, text, *overrides, **given):
    file = tmp_path / "job.yaml"
    file.write_text(text)
    return load_job(file, overrides, **given)


def test_paths_start_at_the_jobs_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("SCANS", "/mnt/scans")
    job = load(tmp_path, GOOD + "templates: [mine]\nplugins: [t.py]\ncache: $SCANS/c\n")
    assert job.out == tmp_path / "made"
    assert job.sources[0].root == tmp_path / "data"
    assert job.templates == [tmp_path / "mine"]
    assert job.cache == Path("/mnt/scans/c")
    assert load(tmp_path, GOOD, out=Path("here")).out == Path("here")


@pytest.mark.parametrize(
    ("text", "what", "mend"),
    [
        (GOOD + "sead: 1\n", "unknown key `sead`", "did you mean seed"),
        (GOOD + "    rooot: x\n", "unknown key `sources.0.rooot`", "did you mean root"),
        (GOOD + "settings: {word_mm: 1}\n", "unknown key `settings.word_mm`", "did you mean word_m"),
        (GOOD + "zzzzzz: 1\n", "unknown key `zzzzzz`", "known keys: cache"),
        ("out: x\n", "`sources` is missing", "add `sources:`"),
        (GOOD + "rows_per_cell: 0\n", "`rows_per_cell` cannot be 0", "from 1 to 10000"),
        (GOOD + "rows_per_cell: -5\n", "`rows_per_cell` cannot be -5", "from 1 to 10000"),
        (GOOD + "rows_per_cell: 100000000\n", "`rows_per_cell` cannot be 100000000", "from 1 to 10000"),
        (GOOD + "rows_per_cell: lots\n", "`rows_per_cell` cannot be 'lots'", "from 1 to 10000"),
        (GOOD + "rows_per_cell: {room_size: 2.5}\n", "`rows_per_cell.room_size` cannot be 2.5", "from 1 to 10000"),
        (GOOD + "rows_per_cell: true\n", "`rows_per_cell` cannot be True", "from 1 to 10000"),
        (GOOD + "images: some\n", "`images`: input should be 'copy', 'link' or 'none'", "see"),
        (
            GOOD + "words: short\n",
            "`words`: input should be 'full' or 'brief', not 'short'",
            "`words` in configs/default",
        ),
        (GOOD + "tasks: 7\n", "`tasks` is neither", "see"),
        (GOOD + "settings: {views_per_scene: 0}\n", "`settings.views_per_scene`", "see"),
        ("- out\n", "a job is a mapping", "see"),
        ("out: [\n", "not valid YAML", "mend"),
        (GOOD + "cache: $NOT_SET/x\n", "the environment has no $NOT_SET", "export NOT_SET"),
        (GOOD + "    rows_per_cell: 0\n", "`sources.0.rows_per_cell` cannot be 0", "from 1 to 10000"),
        (GOOD + "    tasks: 7\n", "`tasks` is neither", "see"),
    ],
)
def test_a_mistake_is_named_with_its_place_and_its_mend(tmp_path, text, what, mend):
    with pytest.raises(JobError) as caught:
        load(tmp_path, text)
    assert what in caught.value.what
    assert mend in caught.value.mend
    assert "job.yaml" in caught.value.where


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("out", "out=''"),
        ("cache", "cache=''"),
        ("cache", "cache=$EMPTY"),
        ("labels", "labels=['']"),
        ("exclude", "exclude=' '"),
        ("templates", "templates=['']"),
        ("plugins", "plugins=['']"),
        ("root", "sources.0.root=''"),
        ("root", "sources.0.root=$EMPTY"),
        ("splits", "sources.0.splits={train: ''}"),
    ],
)
def test_an_empty_path_is_none(tmp_path, monkeypatch, key, text):
    monkeypatch.setenv("EMPTY", "")
    with pytest.raises(JobError, match=f"`{key}` is an empty path") as caught:
        load(tmp_path, GOOD, text)
    assert f"or leave `{key}` out" in caught.value.mend
    assert load(tmp_path, GOOD, "cache=").cache is None


@pytest.mark.parametrize(("tasks", "where"), [([], "tasks"), ({}, "tasks"), ({"room_size": []}, r"tasks\.room_size")])
@pytest.mark.parametrize("of", ["the job", "a source"])
def test_what_asks_nothing_is_no_job(tmp_path, tasks, where, of):
    source = {"adapter": "scannet", "root": tmp_path}
    of_job, of_source = ({"tasks": tasks}, {}) if of == "the job" else ({}, {"tasks": tasks})
    job = make_job({"out": tmp_path, "sources": [source | of_source], **of_job})
    with pytest.raises(JobError, match=rf"^{where}: no (task|form) is asked"):
        make_recipes(job)


@pytest.mark.parametrize("place", ["file", "file/below", "/proc/none", "/proc/none/below", "lost"])
def test_a_cache_that_can_keep_nothing_is_told_before_the_first_scene(tmp_path, place):
    (tmp_path / "file").touch()
    (tmp_path / "lost").symlink_to("nowhere")
    job = make_job({"out": tmp_path, "sources": [{"adapter": "scannet", "root": tmp_path}], "cache": tmp_path / place})
    with pytest.raises(JobError, match=f"{place}: nothing can be kept in `cache`"):
        make_recipes(job)


@pytest.mark.parametrize("place", ["", "new", "new/below"])
def test_a_cache_may_not_be_there_yet_and_a_look_at_it_makes_none(tmp_path, place):
    job = make_job({"out": tmp_path, "sources": [{"adapter": "scannet", "root": tmp_path}], "cache": tmp_path / place})
    make_recipes(job)
    assert not list(tmp_path.iterdir())


def test_a_missing_job_file(tmp_path):
    with pytest.raises(JobError, match="No such file"):
        load_job(tmp_path / "no.yaml")


def test_overrides(tmp_path):
    job = load(
        tmp_path,
        GOOD,
        "seed=7",
        "settings.word_m=0.25",
        "sources.0.root=other",
        "rows_per_cell.room_size=20",
        "tasks=[a]",
    )
    assert (job.seed, job.settings.word_m, job.sources[0].root) == (7, 0.25, tmp_path / "other")
    assert job.quota("room_size", "fill") == 20
    assert job.quota("obj_count", "fill") == 100
    assert job.tasks == {"a": None}


@pytest.mark.parametrize(
    "text", ["seed", "=3", "a..b=3", "sources.x.root=1", "sources.9.root=1", "out.x=3", "seed=[", "sead=3"]
)
def test_overrides_that_cannot_be(tmp_path, text):
    with pytest.raises(JobError):
        load(tmp_path, GOOD, text)


def test_what_is_given_on_the_command_line_needs_no_variable(tmp_path):
    text = GOOD.replace("made", "$NOT_SET")
    assert load(tmp_path, text, out=Path("here")).out == Path("here")
    with pytest.raises(JobError, match="has no \\$NOT_SET"):
        load(tmp_path, text)


def test_a_source_has_its_own_tasks_and_numbers_of_rows_or_the_jobs():
    source = {"adapter": "a", "root": "r"}
    own = {**source, "tasks": ["depth_prediction_oc"], "rows_per_cell": 7}
    job = make_job({"out": "x", "sources": [source, own], "rows_per_cell": {"default": 5, "room_size": 2}})
    first, second = job.sources
    assert (job.tasks_of(first), job.tasks_of(second)) == (None, {"depth_prediction_oc": None})
    assert [job.quota(task, "fill", first) for task in ("room_size", "obj_count")] == [2, 5]
    assert [job.quota(task, "fill", second) for task in ("room_size", "obj_count")] == [7, 7]


def test_the_nearest_quota_counts():
    quotas = {"default": 7, "room_size": 20, "obj_count/fill": 3}
    job = make_job({"out": "x", "sources": [{"adapter": "a", "root": "r"}], "rows_per_cell": quotas})
    assert [job.quota("room_size", "fill"), job.quota("obj_count", "fill"), job.quota("obj_count", "sentence")] == [
        20,
        3,
        7,
    ]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"tasks": ["depth_prediction_co"]}, r"no task 'depth_prediction_co'(?s:.*)did you mean depth_prediction_oc"),
        ({"tasks": {"depth_prediction_oc": ["fil"]}}, r"no form 'fil'(?s:.*)did you mean fill"),
        ({"rows_per_cell": {"depth_predicton_oc": 3}}, r"no cell is called(?s:.*)did you mean depth_prediction_oc"),
        ({"source": {"adapter": "scanet"}}, r"no adapter 'scanet'(?s:.*)did you mean scannet"),
        ({"source": {"root": "/nowhere"}}, "no such folder: /nowhere"),
        ({"source": {"root": "$NOT_SET/x"}}, r"environment has no \$NOT_SET"),
        ({"source": {"root": "/nowhere", "options": {"flavor": 1}}}, "no option 'flavor'"),
        ({"source": {"tasks": ["depth_prediction_co"]}}, "no task 'depth_prediction_co'"),
        ({"source": {"rows_per_cell": {"depth_predicton_oc": 3}}}, "no cell is called"),
        ({"source": {"options": {"flavor": 1}}}, r"no option 'flavor'(?s:.*)did you mean flavour"),
        ({"source": {"splits": {"train": "/nowhere.txt"}}}, "scene list cannot be read"),
        ({"source": {"dataset": "../up"}}, "cannot be a folder name"),
    ],
)
def test_what_does_not_exist_is_named_with_its_neighbours(job, change, message):
    with pytest.raises(JobError, match=message):
        compiled(job(**change))


def test_quotas_of_tasks_that_are_not_asked_may_stand(job):
    quotas = {"default": 4, "distance_prediction_oo": 7, "distance_prediction_oo_video/fill": 8}
    recipe = make_recipe(job(tasks=["depth_prediction_oc"], rows_per_cell=quotas))
    assert set(recipe.quotas.values()) == {4}
    with pytest.raises(JobError, match=r"no cell is called 'depth_prediction_oc/fil'"):
        make_recipe(job(rows_per_cell={"depth_prediction_oc/fil": 3}))


def test_the_words_are_part_of_what_a_job_is(job):
    full, brief = compiled(job()), compiled(job(words="brief"))
    assert (full.identity["words"], brief.identity["words"]) == ("full", "brief")
    assert full.key != brief.key


def test_a_task_file_that_breaks_names_its_line(job, tmp_path):
    (tmp_path / "mine.py").write_text("x = 1\n\n1 / 0\n")
    with pytest.raises(PluginError, match=r"mine.py:3: ZeroDivisionError"):
        compiled(job(plugins=[str(tmp_path / "mine.py")]))


def test_a_data_set_from_two_folders_has_the_terms_of_both(job, root, tmp_path):
    scans = {"adapter": "tiny:TinyAdapter", "root": str(root)}
    other = tmp_path / "generated"
    (other / "e_00").mkdir(parents=True)
    assert compiled(job(sources=[scans])).terms == {"scannet": "none"}
    (other / "TERMS_OF_USE.txt").write_text("free to use\n")
    generated = {"adapter": "tiny:TinyAdapter", "root": str(other)}
    assert compiled(job(sources=[generated])).terms == {"scannet": "free to use"}
    assert compiled(job(sources=[scans, generated])).terms == {"scannet": "none; free to use"}
    (root / "TERMS_OF_USE.txt").write_text("free to use")
    assert compiled(job(sources=[scans, generated])).terms == {"scannet": "free to use"}


def compiled(made):
    return compile_job(made, make_recipes(made))


@pytest.mark.parametrize("file", sorted(Path(__file__).parents[2].glob("configs/*.yaml")), ids=lambda file: file.name)
def test_shipped_jobs_are_well_formed(file, monkeypatch):
    monkeypatch.setenv("SPARGEN_OUT", "/tmp/out")
    monkeypatch.setenv("SCANNET", "/tmp/scannet")
    assert load_job(file).sources[0].adapter == "scannet"


def test_the_job_of_spar_s_size_is_as_brief_as_spar(monkeypatch):
    monkeypatch.setenv("SPARGEN_OUT", "/tmp/out")
    monkeypatch.setenv("SCANNET", "/tmp/scannet")
    assert load_job(data_dir("configs") / "spar7m.yaml").words == "brief"
    assert load_job(data_dir("configs") / "default.yaml").words == "full"
    assert load_job(data_dir("configs") / "demo.yaml").words == "full"


def test_the_default_job_has_the_defaults(monkeypatch):
    monkeypatch.setenv("SPARGEN_OUT", "/tmp/out")
    monkeypatch.setenv("SCANNET", "/tmp/scannet")
    job = load_job(data_dir("configs") / "default.yaml")
    bare = make_job({"out": "/tmp/out", "sources": [{"adapter": "scannet", "root": "/tmp/scannet"}]})
    assert job == bare


def test_every_message_survives_the_way_between_processes():
    import pickle

    error = pickle.loads(pickle.dumps(JobError("what", where="where", mend="mend")))
    assert isinstance(error, SpargenError)
    assert re.search("where: what", str(error))


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (GOOD + "seed: 9223372036854775808\n", "`seed`: input should be less than 9223372036854775808"),
        (GOOD + "out: again\n", "`out` is given twice"),
        (GOOD + "settings: {word_m: .nan}\n", ".nan is no number"),
        (GOOD + "settings: {word_m: 0.05}\n", "`settings`: empty_m should be less than or equal to word_m"),
        (GOOD + "cache: ~nobody_of_this_name/x\n", "there is no home of '~nobody_of_this_name/x'"),
        (GOOD + 'cache: "a\\0b"\n', "a path holds a character that none can have"),
        (GOOD + f"cache: {'x' * 300}\n", "a path is longer than any can be"),
        (GOOD + f"cache: {'long/' * 1_000}\n", "a path is longer than any can be"),
        (GOOD + f"words: {'x' * 10**5}\n", "`words`: input should be 'full' or 'brief', not 'xxx"),
    ],
)
def test_odd_values_end_in_one_short_message(tmp_path, text, what):
    with pytest.raises(JobError) as caught:
        load(tmp_path, text)
    assert what in caught.value.what
    assert "job.yaml" in caught.value.where
    assert len(str(caught.value)) < 1000


def test_one_task_may_be_given_by_its_name(tmp_path):
    assert load(tmp_path, GOOD, "tasks=room_size").tasks == {"room_size": None}
    assert load(tmp_path, GOOD + "tasks: room_size\n").tasks == {"room_size": None}


@pytest.mark.parametrize(
    ("lines", "line", "what"),
    [("# none yet\n\n", "", "the list names no scene"), ("a_00\nb/00 # no\n", ":2", "'b/00' cannot be the name")],
)
def test_a_split_list_names_scenes(tmp_path, lines, line, what):
    (tmp_path / "list.txt").write_text(lines)
    with pytest.raises(JobError) as caught:
        read_scene_list(tmp_path / "list.txt")
    assert what in caught.value.what
    assert caught.value.where == f"{tmp_path / 'list.txt'}{line}"


@pytest.mark.parametrize(
    ("folder", "text", "what"),
    [
        ("mine/depth_predicton_oc", "--- question\nHow far?\n", "there is no task 'depth_predicton_oc'"),
        ("mine", "", "there are no templates here"),
        ("mine/depth_prediction_oc", "--- question\n{{ 'x' * 10**5 }}\n", "it has no Mul"),
        ("mine/depth_prediction_oc", "--- question\n{% for a in red %}{{ a }}{% endfor %}\n", "it has no For"),
        ("mine/depth_prediction_oc", "--- question\n{{ '{:>99999}'.format(1) }}\n", "it has no Call"),
        ("mine/depth_prediction_oc", "--- question\n{{ '%99999d' % 1 }}\n", "it has no Mod"),
        ("mine/depth_prediction_oc", f"--- question\n{{{{ {'(' * 3000}1{')' * 3000} }}}}\n", "nested too deeply"),
    ],
)
def test_templates_that_nobody_would_read_or_that_do_too_much(tmp_path, folder, text, what):
    (tmp_path / folder).mkdir(parents=True)
    if text:
        (tmp_path / folder / "fill.j2").write_text(text)
    with pytest.raises(TemplateError) as caught:
        make_recipe(load(tmp_path, GOOD + "templates: [mine]\n", "tasks=depth_prediction_oc"))
    assert what in caught.value.what
    assert "mine" in caught.value.where
