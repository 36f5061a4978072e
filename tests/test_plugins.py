import sys
from pathlib import Path

import pytest

from spargen.errors import PluginError
from spargen.plugins import adapter_names, find_adapter, load_task_file

ADAPTER = """
from spargen.scene.adapter import SceneAdapter

class Mine(SceneAdapter):
    dataset = "mine"
    terms_of_use = "none"

    def scenes(self):
        return []

    def load(self, scene_id):
        raise NotImplementedError

class Half(SceneAdapter):
    dataset = "half"

class Other:
    pass
"""


@pytest.fixture
def module(tmp_path, monkeypatch):
    """Return a function that makes a module importable."""
    monkeypatch.syspath_prepend(tmp_path)

    def make(name, text):
        (tmp_path / f"{name}.py").write_text(text)
        monkeypatch.delitem(sys.modules, name, raising=False)

    return make


@pytest.fixture
def distribution(tmp_path, monkeypatch):
    """Return a function that installs a distribution with an adapter entry point."""
    monkeypatch.syspath_prepend(tmp_path)

    def make(name, target):
        folder = tmp_path / f"{name}_dist-1.2.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}-dist\nVersion: 1.2\n")
        (folder / "entry_points.txt").write_text(f"[spargen.adapters]\n{name} = {target}\n")

    return make


def test_a_shipped_adapter():
    assert find_adapter("scannet").dataset == "scannet"


def test_modules_beside_the_adapters_are_none():
    names = adapter_names()
    assert names["scannet"] == "scene_adapters.scannet"
    assert "sens" not in names
    assert "files" not in names


def test_module_and_class(module):
    module("my_scans", ADAPTER)
    assert find_adapter("my_scans:Mine").dataset == "mine"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("my_scans:Other", "no SceneAdapter class"),
        ("my_scans:Missing", "no SceneAdapter class"),
        ("my_scans:Half", "lacks terms_of_use, load, scenes"),
        ("no_such_module:Mine", "ModuleNotFoundError"),
        ("scanet", "no such adapter"),
    ],
)
def test_what_is_no_adapter_says_why(module, name, message):
    module("my_scans", ADAPTER)
    with pytest.raises(PluginError, match=message):
        find_adapter(name)


def test_an_installed_adapter_is_listed_without_import(module, distribution):
    module("far_scans", "raise RuntimeError('imported')\n")
    distribution("far", "far_scans:Mine")
    assert adapter_names()["far"] == "far-dist 1.2 (far_scans:Mine)"


def test_an_installed_adapter(module, distribution):
    module("near_scans", ADAPTER)
    distribution("near", "near_scans:Mine")
    assert find_adapter("near").dataset == "mine"


def test_a_broken_plugin_stops_with_its_distribution_and_error(module, distribution):
    module("bad_scans", "import a_library_that_is_not_there\n")
    distribution("bad", "bad_scans:Mine")
    with pytest.raises(
        PluginError, match=r"bad-dist 1\.2 .*bad_scans cannot be imported: ModuleNotFoundError: No module"
    ):
        find_adapter("bad")
    assert find_adapter("scannet").dataset == "scannet"


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("x = 1\ny = x +\n", 2, "SyntaxError"),
        ("def f():\n    raise ValueError('no')\n\nf()\n", 2, "ValueError: no"),
        ("import a_library_that_is_not_there\n", 1, "ModuleNotFoundError"),
    ],
)
def test_a_broken_task_file_names_its_line(tmp_path, text, line, message):
    file = tmp_path / "mine.py"
    file.write_text(text)
    with pytest.raises(PluginError, match=message) as caught:
        load_task_file(file)
    assert caught.value.where == f"{file}:{line}"


def test_a_task_file_that_ends_the_program_is_reported(tmp_path):
    file = tmp_path / "mine.py"
    file.write_text("import sys\n\nsys.exit(4)\n")
    with pytest.raises(PluginError, match="SystemExit: 4") as caught:
        load_task_file(file)
    assert caught.value.where == f"{file}:3"


def test_an_adapter_that_ends_the_program_is_reported(module):
    module("gone_scans", "raise SystemExit(4)\n")
    with pytest.raises(PluginError, match="gone_scans cannot be imported: SystemExit: 4"):
        find_adapter("gone_scans:Mine")


@pytest.mark.parametrize("text", ["x = 1\n1 / 0\n", "x = 1\ny = x +\n"])
def test_a_broken_task_file_of_a_relative_path_names_its_line(tmp_path, monkeypatch, text):
    monkeypatch.chdir(tmp_path)
    Path("mine.py").write_text(text)
    with pytest.raises(PluginError) as caught:
        load_task_file(Path("mine.py"))
    assert caught.value.where == "mine.py:2"


TASK = """from spargen.qa.answers import DIRECTIONS, LENGTH
from spargen.tasks.registry import task


@task("{0}", {1})
def one(ctx):
    yield
"""
SAID = 'views="single", level="low", answer=LENGTH, slots=""'


def test_what_a_task_says_wrong_keeps_its_own_mend(tmp_path):
    file = tmp_path / "mine.py"
    file.write_text(TASK.format("mine_wrong", SAID.replace("LENGTH", "DIRECTIONS") + ", wrong=2"))
    with pytest.raises(PluginError, match="cannot have wrong=2") as caught:
        load_task_file(file)
    assert caught.value.where == f"{file}:5: task mine_wrong"
    assert caught.value.mend == "leave it out: the kind makes its own"


@pytest.fixture
def no_more_tasks(monkeypatch):
    """Forget the tasks that a test brings."""
    from spargen.tasks.registry import TASKS

    before = dict(TASKS)
    yield
    for name in TASKS.keys() - before.keys():
        del TASKS[name]


@pytest.mark.usefixtures("no_more_tasks")
def test_two_tasks_of_one_name_in_a_file_are_refused(tmp_path):
    file, text = tmp_path / "mine.py", TASK.format("mine_twice", SAID)
    file.write_text(text + text)
    with pytest.raises(PluginError, match="two tasks are called mine_twice") as caught:
        load_task_file(file)
    assert caught.value.where == f"{file}:12: {file}:5 and {file}:12"
    assert caught.value.mend == "give one of them another name"


@pytest.mark.usefixtures("no_more_tasks")
def test_two_tasks_of_one_name_in_two_files_are_refused(tmp_path):
    one, other = tmp_path / "one.py", tmp_path / "other.py"
    one.write_text(TASK.format("mine_both", SAID))
    other.write_text(TASK.format("mine_both", SAID))
    load_task_file(one)
    with pytest.raises(PluginError, match="two tasks are called mine_both") as caught:
        load_task_file(other)
    assert caught.value.where == f"{other}:5: {one}:5 and {other}:5"


@pytest.mark.usefixtures("no_more_tasks")
def test_a_task_file_that_was_mended_is_read_anew(tmp_path):
    file, text = tmp_path / "mine.py", TASK.format("mine_mended", SAID)
    file.write_text(text + "\n1 / 0\n")
    with pytest.raises(PluginError, match="ZeroDivisionError"):
        load_task_file(file)
    file.write_text("# One line more, and another.\n\n" + text)
    load_task_file(file)


def test_a_missing_task_file(tmp_path):
    with pytest.raises(PluginError, match="no such file"):
        load_task_file(tmp_path / "mine.py")


def test_a_task_file_runs_once(tmp_path):
    file = tmp_path / "mine.py"
    log = tmp_path / "log"
    file.write_text(f"from pathlib import Path\nPath({str(log)!r}).write_text(Path({str(log)!r}).read_text() + 'x')\n")
    log.touch()
    load_task_file(file)
    load_task_file(file)
    assert log.read_text() == "x"


def test_task_files_of_one_name_do_not_replace_each_other(tmp_path):
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "mine.py").write_text("class Here: ...\n")
        load_task_file(tmp_path / folder / "mine.py")
    files = [m.__file__ for n, m in sys.modules.items() if n.startswith("spargen_tasks_mine")]
    assert {str(tmp_path / "one/mine.py"), str(tmp_path / "two/mine.py")} <= set(files)
