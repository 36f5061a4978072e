"""Machine code that is kept: used again, and made anew where it is not what the source says."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import spargen

SCRIPT = """
import numpy as np
from spargen.geometry import frustum
inside = np.zeros(2, dtype=bool)
frustum._within(np.array([[5.0, 5.0, 1.0], [50.0, 5.0, 1.0]]), 10, 10, inside)
assert inside.tolist() == [True, False]
print(len(frustum._within.stats.cache_hits))
"""
ELSEWHERE = """
import numpy as np
from spargen.qa import picks
assert picks.anywhere(np.eye(2, dtype=bool), np.array([[0, 1], [1, 1]])).tolist() == [[True, True], [False, True]]
print(len(picks.anywhere.stats.cache_hits))
"""


@pytest.fixture
def package(tmp_path):
    """A copy of the package whose modules may be changed."""
    code = tmp_path / "code"
    shutil.copytree(Path(spargen.__file__).parent, code / "spargen", ignore=shutil.ignore_patterns("__pycache__"))
    return code


def hits(package, cache, before="", script=SCRIPT):
    """How often kept code was used by a process that calls one function."""
    environment = {**os.environ, "PYTHONPATH": str(package), "NUMBA_CACHE_DIR": str(cache)}
    command = [sys.executable, "-c", before + script]
    done = subprocess.run(command, env=environment, cwd=package, capture_output=True, text=True, check=True)
    assert not done.stderr
    return int(done.stdout)


def test_code_is_kept_until_any_module_beside_it_changes(package, tmp_path):
    cache = tmp_path / "cache"
    assert [hits(package, cache) for _ in range(2)] == [0, 1]
    other = package / "spargen" / "geometry" / "triangles.py"
    stamp = other.stat()
    other.write_text(other.read_text().replace("NEAR_M = 1e-4", "NEAR_M = 2e-4"))
    os.utime(other, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    assert [hits(package, cache) for _ in range(2)] == [0, 1]


def test_what_is_kept_is_used_without_what_compiling_takes(package, tmp_path):
    cache = tmp_path / "cache"
    light = "import sys\nassert 'numba.np.linalg' not in sys.modules\n"
    hits(package, cache)
    assert hits(package, cache, script=SCRIPT + light) == 1
    # In the process that used it something else is compiled all the same.
    call, _, _ = SCRIPT.rpartition("print")
    assert hits(package, cache, call, ELSEWHERE) == 0
    assert hits(package, cache, call, ELSEWHERE) == 1


def test_of_another_folder_its_own_modules_count(package, tmp_path):
    cache = tmp_path / "cache"
    assert [hits(package, cache, script=ELSEWHERE) for _ in range(2)] == [0, 1]
    for folder, expected in (("geometry", [1, 1]), ("qa", [0, 1])):
        (package / "spargen" / folder / "new.py").write_text("")
        assert [hits(package, cache, script=ELSEWHERE) for _ in range(2)] == expected


@pytest.mark.parametrize("damage", [b"", b"garbage", None], ids=["empty", "garbage", "cut"])
@pytest.mark.parametrize("kind", ["*.nbi", "*.nbc"], ids=["index", "code"])
def test_damaged_code_is_made_anew(package, tmp_path, damage, kind):
    cache = tmp_path / "cache"
    hits(package, cache)
    files = list(cache.rglob(kind))
    assert files
    for file in files:
        file.write_bytes(file.read_bytes()[:40] if damage is None else damage)
    assert hits(package, cache) == 0
    assert hits(package, cache) == 1


NO_FOLDER = "from numba.core import caching; caching.CacheImpl._locator_classes = []"
NO_ROOM = """
from numba.core import caching
def full(*_):
    raise OSError(28, "No space left on device")
caching.IndexDataCacheFile.save = full
"""


@pytest.mark.parametrize("before", [NO_FOLDER, NO_ROOM], ids=["no folder", "no room"])
def test_where_nothing_can_be_kept_it_is_compiled_each_time(package, tmp_path, before):
    assert [hits(package, tmp_path / "cache", before) for _ in range(2)] == [0, 0]
