import io
from dataclasses import replace

import numpy as np
import pytest
import trimesh
from PIL import Image

from spargen.errors import SceneError
from spargen.run.preview import draw_boxes, sample_rows
from spargen.scene.cameras import Cameras
from spargen.scene.labels import label_rules
from spargen.scene.lists import rules_as_said
from spargen.scene.types import Blob, FrameStore, Mesh, Objects, Scene

RULES = label_rules()

# Camera X to the right, Y down, Z forward along world +Y; the second camera looks the other way.
FORWARD = np.array([[1, 0, 0, 0], [0, 0, 1, 0], [0, -1, 0, 0], [0, 0, 0, 1.0]])
BACKWARD = FORWARD @ np.diag([-1, 1, -1, 1.0])


class Black(FrameStore):
    def color(self, frame):
        buffer = io.BytesIO()
        Image.new("RGB", (400, 300)).save(buffer, "PNG")
        return Blob(".png", data=buffer.getvalue())

    def pose_as_released(self, frame):
        return np.eye(4)


@pytest.fixture
def scene():
    """A one-metre cube 4 m in front of the second camera, a smaller one hidden behind it, and a wall."""
    places = [((0, 4, 0), 1.0, "crate"), ((0, 6, 0), 0.2, "vase"), ((0, 9, 0), 0.5, "wall")]
    boxes = [trimesh.creation.box((side,) * 3).apply_translation(center) for center, side, _ in places]
    whole = trimesh.util.concatenate(boxes)
    return Scene(
        id="s",
        dataset="scannet",
        surface=Mesh(whole.vertices, whole.faces, np.repeat([0, 1, 2], 12)),
        objects=Objects(
            np.arange(3),
            tuple(label for *_, label in places),
            np.array([c for c, *_ in places]),
            np.array([[side] * 3 for _, side, _ in places]),
            np.tile(np.eye(3), (3, 1, 1)),
        ),
        cameras=Cameras(
            np.tile([[400.0, 0, 200], [0, 400, 150], [0, 0, 1]], (2, 1, 1)), [BACKWARD, FORWARD], [[400, 300]] * 2
        ),
        frames=("0", "10"),
        store=Black(),
    )


def test_what_a_job_calls_a_part_of_the_building_is_not_drawn(scene):
    own = rules_as_said([{"building": [["crates", ["crate"]]]}])
    assert np.asarray(draw_boxes(scene, RULES, "10")[0]).any()
    assert not np.asarray(draw_boxes(scene, own, "10")[0]).any()


def test_the_frame_that_shows_most_is_drawn_with_what_it_shows(scene):
    image, frame = draw_boxes(scene, RULES)
    assert frame == "10"
    drawn = np.asarray(image)
    assert drawn[150, 200].tolist() == [255, 0, 0]  # the crate's centre
    assert set(map(tuple, np.unique(drawn.reshape(-1, 3), axis=0).tolist())) >= {(0, 0, 0), (255, 0, 0)}
    assert not (drawn[..., 2] > 100).any()  # neither the hidden vase (cyan) nor the wall (yellow has none) ...
    assert not ((drawn[..., 0] > 100) & (drawn[..., 1] > 100)).any()  # ... and no yellow
    # Its near face is 3.5 m away, its far face 4.5 m: 400 / 3.5 and 400 / 4.5 pixels wide.
    columns = np.flatnonzero((drawn[..., 0] > 0).any(0))
    assert columns.min() == pytest.approx(200 - 200 / 3.5, abs=2)


def test_a_named_frame(scene):
    image, frame = draw_boxes(scene, RULES, "0")
    assert frame == "0"
    assert not np.asarray(image).any()
    with pytest.raises(SceneError, match="no frame '7'"):
        draw_boxes(scene, RULES, "7")


def test_the_first_row_of_each_form_is_a_sample(job, root, monkeypatch):
    from spargen.run.recipe import make_recipe

    buffer = io.BytesIO()
    Image.new("RGB", (64, 48), "teal").save(buffer, "JPEG")
    for file in root.glob("*/*.jpg"):
        file.write_bytes(buffer.getvalue())
    full = job(tasks=["depth_prediction_oc"])
    rows, picture = sample_rows(tiny_scene(full), make_recipe(full))
    assert [(row.form, row.record["id"]) for row in rows] == [(f, "a_00_0") for f in ("fill", "select", "sentence")]
    assert picture.width > 3 * 500
    assert {row.fact["words"] for row in rows} == {"full"}
    brief = make_recipe(job(tasks=["depth_prediction_oc"], words="brief"))
    assert {row.fact["words"] for row in sample_rows(tiny_scene(full), brief)[0]} == {"brief"}


def tiny_scene(made):
    from spargen.run.scenes import open_adapter
    from spargen.scene.labels import label_rules

    return open_adapter(made.sources[0], label_rules()).load("a_00")


def test_parts_of_the_building_are_not_drawn(scene):
    walls = replace(scene, objects=replace(scene.objects, label=("wall", "vase", "wall")))
    assert not np.asarray(draw_boxes(walls, RULES, "10")[0]).any()
    assert np.asarray(draw_boxes(scene, RULES, "10")[0]).any()
