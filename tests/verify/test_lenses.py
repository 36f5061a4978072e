"""Rows about images of lenses that bend straight lines, asked by one path and judged by the other."""

from asking import ask_all
from worlds import furnished

from spargen.scene.lenses import Lens
from spargen.verify.judge import judge
from spargen.verify.lexicon import Lexicon
from spargen.verify.site import Site

TASKS = ("distance_prediction_oo", "obj_spatial_relation_oo", "camera_motion_infer", "position_matching")
FISHEYE = Lens("OPENCV_FISHEYE", (0.03, -0.01, 0, 0))


def through(lens, frames=24):
    world = furnished(frames=frames)
    world.optics = [lens] * frames
    return world.scene()


def test_rows_through_a_lens_are_right_and_wrong_through_another():
    scene = through(FISHEYE)
    rows = ask_all(scene, quota=4, tasks=TASKS).rows
    assert {row.task for row in rows} == set(TASKS)
    site, other = Site(scene, Lexicon()), Site(through(Lens("OPENCV_FISHEYE", (0.2, 0, 0, 0))), Lexicon())
    for row in rows:
        assert judge(row.record, site, row.task, row.form, None).kind == "right"
    marked = [row for row in rows if row.task == "distance_prediction_oo"]
    assert all(judge(row.record, other, row.task, row.form, None).kind == "wrong" for row in marked)
