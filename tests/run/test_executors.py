import gc
import inspect
import logging
import os
import signal
import subprocess
import sys
import time
import types
from collections import Counter

import pytest

from spargen.errors import JobError, SceneError
from spargen.run.executors import MEMORY, WorkerLostError, cores, run_each


def square(n):
    return n * n


def slow_first(n):
    time.sleep(1.0 if n == 0 else 0.0)
    return n


def die_on_three(n):
    if n == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    if n == 4:
        os._exit(7)
    return n


def told(name):
    return os.environ.get(name)


def thresholds(_):
    return gc.get_threshold()


def with_slow(n):
    return "slow" in sys.modules, os.getppid()


def log_each(n):
    try:
        raise ValueError(f"100 % of {n}")
    except ValueError:
        logging.getLogger("spargen.x").info("at %d", n, exc_info=True)
    logging.getLogger("spargen.x").debug("in depth %d", n)
    return n


def refuse_two(n):
    if n == 2:
        raise SceneError("no", where="here", mend="do not")
    return n


@pytest.fixture(autouse=True)
def importable(monkeypatch, request):
    """Make this file's functions importable by the worker processes, whatever pytest calls the module."""
    monkeypatch.syspath_prepend(request.path.parent)
    here = request.module
    for function in (square, slow_first, die_on_three, told, with_slow, refuse_two, log_each):
        monkeypatch.setattr(function, "__module__", "test_executors")
    monkeypatch.setitem(sys.modules, "test_executors", here)


@pytest.mark.parametrize("workers", [1, 2])
def test_items_are_taken_as_they_are_needed(workers):
    taken = []

    def items():
        for n in range(20):
            taken.append(n)
            yield n

    for done, _ in enumerate(run_each(square, items(), workers=workers), start=1):
        assert len(taken) <= done + workers


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_every_item_is_done_once(workers):
    assert sorted(run_each(square, range(9), workers=workers)) == [(n, n * n) for n in range(9)]


def test_nothing_to_do():
    assert list(run_each(square, [], workers=3)) == []


def test_results_come_as_they_are_ready():
    assert [n for n, _ in run_each(slow_first, range(4), workers=2)][-1] == 0


def test_a_lost_worker_costs_one_item():
    results = dict(run_each(die_on_three, range(8), workers=2))
    assert {n for n, r in results.items() if isinstance(r, WorkerLostError)} == {3, 4}
    assert str(results[3]) == f"its process ended with signal SIGKILL: {MEMORY}"
    assert str(results[4]) == "its process ended with exit code 7"
    assert [results[n] for n in (0, 1, 2, 5, 6, 7)] == [0, 1, 2, 5, 6, 7]


@pytest.mark.parametrize("workers", [1, 2])
def test_what_is_logged_is_logged_here(workers, caplog):
    caplog.set_level(logging.INFO, "spargen")
    caplog.handler.setLevel(logging.DEBUG)
    assert sorted(run_each(log_each, range(3), workers=workers)) == [(n, n) for n in range(3)]
    assert sorted(record.getMessage().partition("\n")[0] for record in caplog.records) == ["at 0", "at 1", "at 2"]
    assert {record.name for record in caplog.records} == {"spargen.x"}
    assert "ValueError: 100 % of 2" in caplog.text


@pytest.mark.parametrize("workers", [1, 2])
def test_what_the_function_raises_ends_the_run(workers):
    with pytest.raises(SceneError, match="here: no"):
        list(run_each(refuse_two, range(6), workers=workers))


def test_a_run_that_is_given_up_leaves_no_process():
    import multiprocessing

    results = run_each(slow_first, range(4), workers=2)
    next(results)
    results.close()
    assert not multiprocessing.active_children()


def test_a_script_without_a_guard_ends_with_a_message_that_names_it(tmp_path):
    script = tmp_path / "script.py"
    script.write_text("from spargen.run.executors import run_each\nlist(run_each(abs, range(1000), workers=2))\n")
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert 'if __name__ == "__main__":' in done.stderr.splitlines()[-1]


SLOW = """
import time
from pathlib import Path
here = Path(__file__).with_suffix(".log")
here.write_text(here.read_text() + "loaded " if here.exists() else "loaded ")
time.sleep(1.0)
"""


@pytest.fixture
def slow(tmp_path, monkeypatch):
    """A module that takes its time to load; its log, which says how often it was."""
    (tmp_path / "slow.py").write_text(SLOW)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), *sys.path]))
    return tmp_path / "slow.log"


forked = pytest.mark.skipif(
    sys.platform == "darwin" or not hasattr(os, "fork"), reason="processes are not forked on this platform"
)


@forked
def test_what_processes_need_is_loaded_once_for_all_of_them(slow, fresh_processes):
    for _ in range(2):
        found = [result for _, result in run_each(with_slow, range(4), workers=2, needs=["slow"])]
        assert {loaded for loaded, _ in found} == {True}
    assert slow.read_text() == "loaded "


@forked
def test_processes_are_forked_from_one_that_has_no_scene_in_it(slow, fresh_processes):
    found = [parent for _, (_, parent) in run_each(with_slow, range(4), workers=2, needs=["slow"])]
    assert len(set(found)) == 1
    assert found[0] != os.getpid()


def test_what_is_needed_and_cannot_be_loaded_ahead_stops_nothing():
    assert len(list(run_each(square, range(3), workers=2, needs=["there_is_no_such_module"]))) == 3


def test_processes_look_for_garbage_as_often_as_this_one():
    before = gc.get_threshold()
    gc.set_threshold(12_345, 6, 7)
    try:
        assert dict(run_each(thresholds, [0, 1], workers=2)) == {0: (12_345, 6, 7), 1: (12_345, 6, 7)}
    finally:
        gc.set_threshold(*before)


def test_processes_have_the_environment_of_their_run(monkeypatch, fresh_processes):
    for value in ("one", "two"):
        monkeypatch.setenv("SPARGEN_TOLD", value)
        assert dict(run_each(told, ["SPARGEN_TOLD"] * 2, workers=2)) == {"SPARGEN_TOLD": value}
    monkeypatch.delenv("SPARGEN_TOLD")
    assert dict(run_each(told, ["SPARGEN_TOLD"] * 2, workers=2)) == {"SPARGEN_TOLD": None}


INTERRUPTED = """
from spargen.run.executors import run_each
if __name__ == "__main__":
    try:
        list(run_each(abs, range(9), workers=2, needs=["slow"]))
    except KeyboardInterrupt:
        print("interrupted")
"""


@forked
def test_ctrl_c_while_processes_load_says_nothing(slow, tmp_path):
    script = tmp_path / "script.py"
    script.write_text(INTERRUPTED)
    pipe = subprocess.PIPE
    process = subprocess.Popen([sys.executable, script], stdout=pipe, stderr=pipe, text=True, start_new_session=True)
    deadline = time.monotonic() + 60
    while not slow.exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGINT)
    assert process.communicate(timeout=30) == ("interrupted\n", "")


def test_ray_that_is_not_there(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(JobError, match="Ray is not installed"):
        list(run_each(square, [1], kind="ray"))


class Power:
    """A callable that is no function, as the one that makes a scene."""

    def __init__(self, exponent):
        self.exponent = exponent

    def __call__(self, n):
        return n**self.exponent


class RayError(Exception):
    pass


class OutOfMemoryError(RayError):
    pass


class RayTaskError(RayError):
    def __init__(self, cause):
        super().__init__(str(cause))
        self.cause = cause


LOST = {20: 1, 30: 2, 40: 9}
"""How often the process of an item is lost; that of 40 needs too much memory."""


class FakeRay(types.ModuleType):
    """As much of Ray as is used, and as strict: it takes functions only."""

    def __init__(self):
        super().__init__("ray")
        self.exceptions = types.SimpleNamespace(
            RayError=RayError, RayTaskError=RayTaskError, OutOfMemoryError=OutOfMemoryError
        )
        self.results, self.most, self.losses = {}, 0, Counter()

    def cluster_resources(self):
        return {"CPU": 3.0, "memory": 1e9}

    def is_initialized(self):
        return True

    def remote(self, **options):
        def decorate(function):
            if not inspect.isfunction(function):
                raise TypeError("must be applied to either a function or a class")
            return types.SimpleNamespace(remote=lambda item: self.start(function, item))

        return decorate

    def start(self, function, item):
        reference = object()
        try:
            self.results[reference] = function(item)
        except SceneError as error:
            self.results[reference] = RayTaskError(error)
        if item in LOST and self.losses[item] < LOST[item]:
            self.losses[item] += 1
            self.results[reference] = OutOfMemoryError() if item == 40 else RayError("the node died\nmore of it")
        return reference

    def wait(self, references, num_returns):
        self.most = max(self.most, len(references))
        return references[-num_returns:], references[:-num_returns]

    def cancel(self, reference, force):
        assert force

    def get(self, reference):
        if isinstance(self.results[reference], RayError):
            raise self.results[reference]
        return self.results[reference]


def test_ray_works_on_everything_in_any_order(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", FakeRay())
    found = dict(run_each(Power(3), [1, 2, 3, 4, 5], workers=2, kind="ray"))
    assert found == {1: 1, 2: 8, 3: 27, 4: 64, 5: 125}


def test_on_ray_a_lost_node_costs_nothing_and_a_lost_scene_is_lost_once(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", fake := FakeRay())
    found = dict(run_each(square, [10, 20, 30, 40, 50], workers=2, kind="ray"))
    assert [found[n] for n in (10, 20, 50)] == [100, 400, 2500]
    assert str(found[30]) == f"its process was lost twice: the node died; {MEMORY}"
    assert str(found[40]) == f"its process was ended by Ray: {MEMORY}"
    assert fake.losses == {20: 1, 30: 2, 40: 1}
    assert fake.most == 2


def test_ray_has_as_many_workers_as_the_cluster_has_cores(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", fake := FakeRay())
    assert len(dict(run_each(square, range(8), workers=None, kind="ray"))) == 8
    assert fake.most == 3


def test_on_ray_too_what_the_function_raises_ends_the_run(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", FakeRay())
    with pytest.raises(SceneError, match="here: no"):
        list(run_each(refuse_two, range(6), workers=2, kind="ray"))


def test_cores():
    assert 1 <= cores() <= (os.cpu_count() or 1)
