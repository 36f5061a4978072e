"""The second ray caster: what it accepts and refuses, where the answer is plain from the corners of boxes."""

import numpy as np
import pytest
from worlds import World

from spargen.verify.marks import _look_at, _Mark, _Rays

pytest.importorskip("embreex")

CRATE, LAMP, TV = 100, 101, 102


def caster(world):
    return _look_at(world.scene())


def mark(at, object_id, frame="0"):
    return _Mark(frame, "a_task", "fill", "a_row", "a mark", tuple(at), object_id)


def scene():
    """A crate 3 m ahead, a lamp hiding the middle of a wide tv behind both, and a second camera between them."""
    w = World()
    w.add("crate", (3.5, 1, 1), (1, 0.6, 0.6))
    w.add("lamp", (4.1, -1, 1), (0.2, 0.2, 1.8))
    w.add("tv", (5.05, -1, 1), (0.1, 1.2, 0.6))
    return w.camera((0, 0, 1)).camera((3.5, 1, 1))


def box(y_m, z_m, depth_m):
    """A box in thousandths, seen from (0, 0, 1) along +X: y to the left, z up, focal length 500 of 640 x 480."""
    u = sorted(320 - 500 * y / depth_m for y in y_m)
    v = sorted(240 - 500 * (z - 1) / depth_m for z in z_m)
    return tuple(round(float(x)) for x in np.array([u[0] / 0.64, v[0] / 0.48, u[1] / 0.64, v[1] / 0.48]))


# The crate's near face is 3 m away; its far face would end nearer to the middle of the image.
WHOLE = {CRATE: box((0.7, 1.3), (0.7, 1.3), 3.0), TV: box((-1.6, -0.4), (0.7, 1.3), 5.0)}
WHOLE[CRATE] = (WHOLE[CRATE][0], WHOLE[CRATE][1], box((0.7, 1.3), (0.7, 1.3), 4.0)[2], WHOLE[CRATE][3])


def test_marks_that_hold():
    marks_of_frame = [mark(WHOLE[CRATE], CRATE), mark(WHOLE[TV], TV), mark((260, 500), CRATE), mark((260, 500), CRATE)]
    assert caster(scene()).check("0", marks_of_frame) == [None] * 4


@pytest.mark.parametrize("side", range(4))
@pytest.mark.parametrize("by", [-40, -12, 12, 40])
def test_a_side_that_is_off_is_told_with_where_the_object_ends(side, by):
    at = list(WHOLE[CRATE])
    at[side] += by
    (wrong,) = caster(scene()).check("0", [mark(at, CRATE)])
    told = [int(n) for n in wrong.partition("fills [")[2].rstrip("]").split(", ")]
    assert told == pytest.approx(WHOLE[CRATE], abs=3)


def test_a_part_that_something_splits_off_is_not_overlooked():
    left, right = box((-0.8776, -0.4), (0.7, 1.3), 5.0), box((-1.6, -1.3), (0.7, 1.3), 5.0)
    for part in (left, right):
        (wrong,) = caster(scene()).check("0", [mark(part, TV)])
        assert "tv 102 fills" in wrong


def test_what_is_not_the_object():
    check = caster(scene()).check
    assert check("0", [mark((260, 500), TV)]) == ["[260, 500] shows crate 100, not tv 102"]
    assert check("0", [mark((900, 100), TV)]) == ["[900, 100] shows nothing annotated, not tv 102"]
    (corner,) = check("0", [mark((WHOLE[CRATE][0] + 1, WHOLE[CRATE][1] + 1), CRATE)])
    assert "of crate 100 around it" in corner
    hidden = scene().add("book", (6, 1.8, 1), (0.1, 0.1, 0.1))
    assert caster(hidden).check("0", [mark((200, 400, 300, 500), 103)]) == [
        "[200, 400, 300, 500]: book 103 is not to be seen"
    ]
    assert check("0", [mark((500, 500, 400, 400), CRATE)])[0] is not None  # no box at all


def test_an_object_around_the_camera_is_looked_for_everywhere():
    check = caster(scene()).check
    assert check("10", [mark((0, 0, 1000, 1000), CRATE, "10")]) == [None]
    assert "fills [0, 0, 1000, 1000]" in check("10", [mark((0, 0, 500, 1000), CRATE, "10")])[0]


def test_only_what_can_decide_is_cast(monkeypatch):
    cast = []
    genuine = _Rays._ids
    monkeypatch.setattr(_Rays, "_ids", lambda self, view, x, y: cast.append(len(x)) or genuine(self, view, x, y))
    seen = caster(scene())
    assert seen.check("0", [mark((260, 500), CRATE)] * 50) == [None] * 50
    assert sum(cast) < 400
    cast.clear()
    assert seen.check("0", [mark(WHOLE[CRATE], CRATE)] * 50) == [None] * 50
    assert sum(cast) < 0.1 * 640 * 480
