"""One dirty room as a mesh and as images of it: what both are asked has one answer."""

from functools import cache

import pytest
from asking import TASKS, ask_all
from worlds import dirty, furnished, pictured

OF_PIXELS = ("least_seen_share", "most_unseen_share")
"""Truths that are counted in pixels, and told to nobody."""


@cache
def rows(surface):
    world = furnished(36)
    world.cell_m = 0.25
    scene = dirty(world.scene())
    found = ask_all(pictured(scene) if surface == "images" else scene, quota=150).rows
    return {(r.task, r.form, *r.fact["frames"], *r.fact["objects"], r.fact["quantity"]): r for r in found}


def flat(tree, prefix=""):
    out = {}
    for k, v in tree.items():
        out |= flat(v, f"{prefix}{k}.") if isinstance(v, dict) else {f"{prefix}{k}": v}
    return out


def test_what_both_are_asked_has_one_truth():
    common = rows("mesh").keys() & rows("images").keys()
    assert len(common) > 1500
    assert len({task for task, *_ in common}) >= 22
    for key in common:
        of_mesh, of_images = (flat(rows(surface)[key].fact["truth"]) for surface in ("mesh", "images"))
        assert of_mesh.keys() == of_images.keys()
        for name, value in of_mesh.items():
            within = {"abs": 0.01} if name in OF_PIXELS else {"abs": 1e-9, "rel": 0}
            same = value == of_images[name] if isinstance(value, str | tuple | list) else None
            assert same or value == pytest.approx(of_images[name], **within), (key, name)


def test_and_one_answer():
    told = [k for k in rows("mesh").keys() & rows("images").keys() if k[1] == "fill"]
    assert len(told) > 500
    for key in told:
        of_mesh, of_images = (rows(surface)[key].record["conversations"][1]["value"] for surface in ("mesh", "images"))
        assert of_mesh == of_images, key


def test_marks_stand_in_one_place():
    for key in rows("mesh").keys() & rows("images").keys():
        one, other = (
            [(m["kind"], m["object"], m["image"], m["at"]) for m in rows(s)[key].fact["marks"]]
            for s in ("mesh", "images")
        )
        if [m[:3] for m in one] == [m[:3] for m in other]:
            for a, b in zip(one, other, strict=True):
                assert max(abs(x - y) for x, y in zip(a[3], b[3], strict=True)) <= (3 if a[0] == "bbox" else 0), key


def test_images_lack_the_size_of_rooms_alone():
    of_mesh, of_images = ({key[0] for key in rows(surface)} for surface in ("mesh", "images"))
    assert of_mesh - of_images <= {"room_size"}
    assert of_images <= set(TASKS)


def test_of_images_no_room_is_measured():
    scene = pictured(furnished(36).scene())
    found = ask_all(scene, tasks=("room_size",))
    assert not found.rows
    assert found.dropped["room_size", "images do not show all of the floor"] == 1
