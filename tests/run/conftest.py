import os
import sys
from multiprocessing import forkserver
from pathlib import Path

import pytest

SITE = Path(__file__).parent / "site"
STAND_INS = ("spargen.run.engine", "spargen.tasks.registry", "spargen.phrase.templates")


@pytest.fixture
def fresh_processes():
    """Start the processes of a test afresh, not from one that has loaded what an earlier test needed."""
    forkserver._forkserver._stop()
    yield
    forkserver._forkserver._stop()


@pytest.fixture
def tiny(monkeypatch, fresh_processes):
    """Put the tiny data set and engine in the place of the real ones, here and in the processes started from here."""
    from spargen.run.recipe import load_texts

    monkeypatch.syspath_prepend(SITE)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(SITE), *sys.path[1:]]))
    import tiny

    for name in STAND_INS:
        monkeypatch.setitem(sys.modules, name, None)
    tiny.put_in_place()
    load_texts.cache_clear()
    yield tiny
    load_texts.cache_clear()


@pytest.fixture
def root(tmp_path):
    """Five scenes; the last one is named as a rescan of the first."""
    folder = tmp_path / "data"
    for name, number in {"a_00": 7, "b_00": 30, "c_00": 12, "d_00": 25, "a_01": 3}.items():
        (folder / name).mkdir(parents=True)
        (folder / name / "scene.txt").write_text(str(number))
        for frame in range(40):
            (folder / name / f"{frame}.jpg").write_bytes(f"{name} picture {frame}".encode())
    return folder


@pytest.fixture
def job(tiny, root, tmp_path):
    """Return a function that makes a job on those scenes."""
    from spargen.run.job import make_job

    def make(out="out", **more):
        source = {"adapter": "tiny:TinyAdapter", "root": str(root), **more.pop("source", {})}
        tree = {"out": str(tmp_path / out), "sources": [source], "rows_per_cell": 20, **more}
        return make_job(tree)

    return make
