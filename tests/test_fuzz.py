"""A few of the fuzzer's cases for every layout; SPARGEN_FUZZ=1500 runs so many, and another seed finds others."""

from __future__ import annotations

import os
import time

import pytest
from fuzz import DAMAGE, LAYOUTS, Ended, _is_silent, cases, cut, ended, layouts

from spargen.errors import SceneError

COUNT, SEED = int(os.environ.get("SPARGEN_FUZZ", "0")), int(os.environ.get("SPARGEN_FUZZ_SEED", "0"))
FEW = {"rxr": 1, "jobs": 60}
"""Cases of a layout, where it is not six: the skybox of a walk takes seconds to cut."""


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("layout", layouts())
def test_every_damage_ends_in_rows_or_in_one_message(layout):
    count = COUNT // len(layouts()) if COUNT else FEW.get(layout, 6)
    whole, *damaged = cases(layout, count, SEED)
    assert not whole.outcome.fault
    assert not whole.outcome.error
    assert len(damaged) == count
    assert [case for case in damaged if case.outcome.fault] == []


def test_small_scans_that_give_rows_are_among_them():
    """Where a whole scan gives no row, no change of rows can be seen."""
    (whole,) = cases("structured3d", 0, 0)
    assert len(whole.outcome.rows) > 2
    assert set(LAYOUTS) < set(layouts())


def raises(error):
    def run():
        raise error

    return run


def test_the_fuzzer_sees_what_it_looks_for(tmp_path, monkeypatch):
    assert "ZeroDivisionError at" in ended(lambda: 1 // 0).fault
    assert "MemoryError" in ended(raises(MemoryError())).fault
    assert "a poor message" in ended(raises(SceneError("what", where="where", mend=""))).fault
    assert ended(raises(SceneError("what", where="where", mend="mend"))) == Ended(
        None, {}, "where: what\n  to mend: mend", ""
    )
    monkeypatch.setattr("fuzz.HANGS_S", 1)
    monkeypatch.setattr("fuzz.PATIENCE", 2)
    assert "it hangs" in ended(lambda: time.sleep(10)).fault
    assert "it hangs" in ended(lambda: [None for _ in iter(int, 1)]).fault
    good = Ended([1], {}, "", "")
    assert _is_silent(good, Ended([2], {}, "", ""))
    assert not _is_silent(good, Ended([2], {"left out": 1}, "", ""))
    assert not _is_silent(good, Ended([1], {}, "", ""))
    assert cut in DAMAGE
