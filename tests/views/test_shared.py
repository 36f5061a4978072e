"""What all tasks of a scene share is read-only: what one wrote, the next would read."""

from dataclasses import fields, replace

import numpy as np
from asking import SCENE

from spargen.scene.labels import label_rules
from spargen.settings import Settings
from spargen.views import table

SMALL = Settings(views_per_scene=10, video_frames=8)
PARTS = ("frames", "stills", "clip", "pairs", "sets")


def test_what_tasks_share_cannot_be_written_into():
    views = table.Views(SCENE, SMALL, rules=label_rules(), seed=0, video=True, threads=1)
    shared = {part: getattr(views, part) for part in PARTS}
    for whole in (views.vis, views.labels):
        arrays = {field.name: getattr(whole, field.name) for field in fields(whole)}
        shared |= {name: array for name, array in arrays.items() if isinstance(array, np.ndarray)}
    assert len(shared) > 25
    assert [name for name, array in shared.items() if array.flags.writeable] == []
    rooms = replace(SCENE, room_of_view=["a"] * len(SCENE.frames), room_of_object=["a"] * len(SCENE.objects))
    assert not table.Views(rooms, SMALL, rules=label_rules(), seed=0, video=True, threads=1).vis.pointed.flags.writeable
