"""What the words tell does not tell the answer."""

from __future__ import annotations

import pytest
from asking import SCENE, ask_all, options


@pytest.mark.parametrize("task", [f"depth_prediction_{kind}" for kind in ("oc", "oo", "oc_mv", "oo_mv")])
def test_told_depths_of_rows_that_share_their_options_are_alike(task):
    rows = [row for row in ask_all(SCENE, tasks=(task,), quota=60).rows if row.form == "select"]
    assert len(rows) >= 40
    for group in (rows[k : k + 4] for k in range(0, len(rows), 4)):
        assert len({frozenset(options(row)) for row in group}) == 1
        told = [row.fact["truth"]["ref_depth_m"] for row in group]
        assert max(told) <= 1.15 * min(told)
