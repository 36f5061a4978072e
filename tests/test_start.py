"""What a command loads before it has anything to do. Modules are looked at, not times, which differ by machine."""

import os
import subprocess
import sys

import pytest

from spargen.demo import write_demo

HEAVY = {"numpy", "scipy", "yaml", "orjson", "jinja2", "PIL", "trimesh", "open3d", "multiprocessing"}
LIGHT = {"cli", "errors", "resources", "terminal", "gallery", "run", "run.row", "export", "export.readers"}
"""What the options of commands need, and what all commands do, packages included, which hold nothing themselves."""

PROGRAM = """
import sys
from spargen.cli import main
try:
    main()
finally:
    print(*sys.modules, file=sys.stderr)
"""


def loaded(*arguments):
    """Return the names of the modules that a command has imported when it ends."""
    command = [sys.executable, "-c", PROGRAM, *map(str, arguments)]
    return set(subprocess.run(command, capture_output=True, text=True, check=True).stderr.split())


@pytest.mark.parametrize("arguments", [["--help"], ["generate", "--help"], ["export", "--help"]])
def test_help_waits_for_no_library(arguments):
    found = loaded(*arguments)
    assert found & HEAVY == set()
    own = {name.removeprefix("spargen.") for name in found if name.startswith("spargen.")}
    assert {name for name in own if not name.startswith("cli.")} - LIGHT == set()


@pytest.mark.parametrize("what", ["tasks", "templates", "adapters"])
def test_a_list_needs_no_picture_and_no_ray(what):
    found = loaded("list", what)
    assert (
        found & {"jinja2", "PIL", "trimesh", "open3d", "scipy.spatial", "scipy.ndimage", "multiprocessing", "numba"}
        == set()
    )
    assert found & {"spargen.gallery.write", "spargen.run.estimate", "spargen.run.generate", "spargen.demo"} == set()


UNUSED = {"open3d", "open3d.cpu.pybind", "open3d.ml", "sklearn", "pandas", "matplotlib", "scipy.stats", "trimesh"}
"""What Open3D's package brings along, and what nothing here is worked out with."""


def test_a_run_loads_nothing_that_it_does_not_use(tmp_path):
    write_demo(tmp_path, frames=12)
    source = ["--adapter", "scannet", "--root", tmp_path, "--out", tmp_path / "out"]
    found = loaded("generate", *source, "--workers", 1, "--set", "tasks=depth_prediction_oc", "--set", "images=none")
    assert "spargen.run.engine" in found
    assert found & UNUSED == set()


COUNTED = """
import gc, os, sys
from spargen.cli import main
before = gc.get_stats()[0]["collections"]
try:
    main()
finally:
    searches = gc.get_stats()[0]["collections"] - before
    threads = len(os.listdir("/proc/self/task")) if sys.platform == "linux" else 0
    print(searches, threads, file=sys.stderr)
"""


def counted(settings=None):
    """Return how often a list searched for garbage, and how many threads it has in the end."""
    command = [sys.executable, "-c", COUNTED, "list", "tasks"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=settings)
    searches, threads = map(int, done.stderr.split())
    return searches, threads


@pytest.mark.skipif(sys.platform != "linux" or len(os.sched_getaffinity(0)) < 2, reason="threads are counted in /proc")
@pytest.mark.parametrize(("wanted", "threads"), [(None, 1), ("2", 2)])
def test_products_of_matrices_start_no_threads_unless_they_are_asked_for(wanted, threads):
    settings = {name: value for name, value in os.environ.items() if not name.endswith("_NUM_THREADS")}
    if wanted is not None:
        settings["OPENBLAS_NUM_THREADS"] = wanted
    assert counted(settings)[1] == threads


def test_what_a_start_brings_up_is_hardly_searched_for_garbage():
    assert counted()[0] < 10
