"""The moves that tasks share: what is kept together."""

from collections import Counter

import numpy as np
from asking import SCENE, context


def test_all_that_has_a_row_for_each_candidate_is_kept_together():
    ctx = context(SCENE)
    ctx.dropped.clear()
    a, b, c = np.arange(4), np.arange(8).reshape(4, 2), np.array(list("wxyz"))
    kept = ctx.keep([True, False, False, False], "odd", a, b, c)
    assert [part.tolist() for part in kept] == [[0], [[0, 1]], ["w"]]
    assert ctx.dropped == Counter({"odd": 3})


def test_one_array_comes_back_as_it_is():
    ctx = context(SCENE)
    assert ctx.keep([False, True, True], "first", np.arange(3)).tolist() == [1, 2]
    assert ctx.keep(np.zeros(0, dtype=bool), "none", np.arange(0)).tolist() == []
