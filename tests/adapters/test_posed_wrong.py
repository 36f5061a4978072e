"""Posed scenes whose parts do not belong together: what `inspect` and `generate` say of each, and how they end.

The room and the walk are those of `wrong_scans`; whatever the mistake, it is written as a person would have made it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from typer.testing import CliRunner
from worlds import DepthStore, World, furnished
from wrong_scans import another_world, turned

from scene_adapters.posed import PosedAdapter
from spargen.cli import app
from spargen.testing import check_adapter
from tests.adapters.posed_files import CAMERAS, Place, intrinsics, put, write_labels, write_ply

FRAMES = 36
GL = np.diag([1.0, -1.0, -1.0, 1.0])
Y_UP = np.array([[1.0, 0, 0, 0], [0, 0, 1, 0], [0, -1, 0, 0], [0, 0, 0, 1]])
SWAPPED = np.array([[0, 1.0, 0, 0], [1, 0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]])
UPSIDE_DOWN = np.diag([1.0, -1, -1, 1])


@cache
def walked(good: bool = True) -> tuple[World, tuple[str, ...], list[np.ndarray]]:
    world = furnished(frames=FRAMES) if good else another_world()
    scene = world.scene()
    store = DepthStore(scene)
    return world, scene.objects.label, [np.rint(store.depth_m(i) * 1000).astype(np.uint16) for i in range(FRAMES)]


def place_of(good: bool = True) -> tuple[Place, dict[int, str]]:
    """The room as a posed scene, to be changed at will, and its labels."""
    world, labels, depth_mm = walked(good)
    mesh = world.mesh()
    place = Place(K=world.intrinsics[0].copy(), size=world.sizes[0], depth_mm=[d.copy() for d in depth_mm])
    place.vertices = mesh.vertices_m.copy()
    place.faces = [tuple(face) for face in mesh.faces.tolist()]
    place.ids = [100 + o if o >= 0 else -1 for o in mesh.face_object.tolist()]
    place.poses = [pose.copy() for pose in world.poses]
    return place, {100 + o: label for o, label in enumerate(labels)}


def moved_mesh(T: np.ndarray) -> Callable[[Place], None]:
    def change(place: Place) -> None:
        place.vertices = place.vertices @ T[:3, :3].T + T[:3, 3]

    return change


def posed(move: Callable[[np.ndarray], np.ndarray]) -> Callable[[Place], None]:
    def change(place: Place) -> None:
        place.poses = [move(pose) for pose in place.poses]

    return change


def both(T: np.ndarray) -> Callable[[Place], None]:
    def change(place: Place) -> None:
        moved_mesh(T)(place)
        size = np.cbrt(np.linalg.det(T[:3, :3]))
        posed(lambda pose: T @ pose @ np.diag([1 / size, 1 / size, 1 / size, 1]))(place)

    return change


def mirrored(place: Place) -> None:
    place.vertices[:, 0] = place.vertices[:, 0].min() + place.vertices[:, 0].max() - place.vertices[:, 0]


def of_another(part: str) -> Callable[[Place], None]:
    """The poses, or the images with their depth, of another scan."""

    def change(place: Place) -> None:
        other, _ = place_of(good=False)
        if part == "poses":
            place.poses = other.poses
        else:
            place.poses, place.depth_mm, place.K = other.poses, other.depth_mm, other.K

    return change


def every_sixth(place: Place) -> None:
    other, _ = place_of(good=False)
    place.poses = [other.poses[i] if i % 6 == 1 else pose for i, pose in enumerate(place.poses)]


def nothing(place: Place) -> None:
    """Leave the scene as it is."""


class Case(NamedTuple):
    """What is wrong, what is said of it, how a run ends, what scene.yaml says, and in which form the cameras are."""

    change: Callable[[Place], None]
    says: str
    code: int = 3
    told: str = "up: z\nunit_m: 1\n"
    cameras: str = "nerfstudio"


MM = np.diag([1000.0, 1000, 1000, 1])
CASES = {
    "a good scene": Case(nothing, "^$", 0),
    "a good scene, as WAI has it": Case(nothing, "^$", 0, cameras="WAI"),
    "a good scene, as TUM has it": Case(nothing, "^$", 0, cameras="TUM"),
    "a good scene of millimetres, +Y up": Case(both(MM @ Y_UP), "^$", 0, "up: y\nunit_m: 0.001\n"),
    "poses world-to-camera": Case(posed(np.linalg.inv), "the poses are world-to-camera"),
    "poses world-to-camera, of COLMAP": Case(
        posed(np.linalg.inv), "the poses are world-to-camera", cameras="COLMAP text"
    ),
    "OpenGL's axes left in": Case(posed(lambda T: T @ GL), "the camera axes are OpenGL's"),
    "OpenGL's axes under opencv": Case(posed(lambda T: T @ GL), "the camera axes are OpenGL's", cameras="WAI"),
    "an axis of the poses' world swapped": Case(
        posed(lambda T: Y_UP @ T), "the poses' world axes are not the mesh's: one of the two is not"
    ),
    "two axes of the poses' world exchanged": Case(posed(lambda T: SWAPPED @ T), "left-handed, .* turned round: 36"),
    "two axes of the cameras exchanged": Case(posed(lambda T: T @ SWAPPED), "left-handed, .* turned round: 36"),
    "told +Z up, is +Y up": Case(both(Y_UP), r"the world is not \+Z up: to cameras and floors up is \+Y"),
    "told +Y up, is +Z up": Case(nothing, r"the world is not \+Z up: ", told="up: y\nunit_m: 1\n"),
    "upside down": Case(both(UPSIDE_DOWN), r"the world is not \+Z up: to cameras and floors up is -Z, 180 degrees"),
    "told metres, is millimetres": Case(both(MM), "mesh and poses are in millimetres"),
    "told millimetres, is metres": Case(
        nothing, "mesh and poses are 0.001 times as large as the depth images say", told="up: z\nunit_m: 0.001\n"
    ),
    "the mesh in millimetres": Case(moved_mesh(MM), "the mesh is in millimetres"),
    "the poses in millimetres": Case(
        posed(lambda T: np.vstack([np.c_[T[:3, :3], T[:3, 3] * 1000], T[3:]])), "poses are in millimetres"
    ),
    "a mirrored mesh": Case(mirrored, "the mesh is mirrored"),
    "poses of another scan": Case(of_another("poses"), "the poses are of another scan or mesh than the frames"),
    "frames of another scan": Case(of_another("frames"), "the frames are of another scan than the mesh"),
    "every sixth pose wrong": Case(every_sixth, "frames left out: 6 of 3[0-9] looked at", 0),
    "the applied transform not undone": Case(
        posed(lambda T: turned(2, 90) @ turned(0, 90) @ T), "the poses' world axes are not the mesh's"
    ),
}


def write(root: Path, case: Case) -> None:
    place, labels = place_of()
    folder = root / "room"
    case.change(place)
    write_ply(folder / "mesh.ply", place)
    write_labels(folder / "labels.json", labels)
    CAMERAS[case.cameras](folder, place)
    own = f"intrinsics: {json.dumps(intrinsics(place))}\n" if case.cameras in ("TUM", "7-Scenes") else ""
    put(folder / "scene.yaml", case.told + own)


@pytest.mark.parametrize("cameras", ["TUM", "7-Scenes", "COLMAP binary"])
def test_what_is_right_keeps_the_contract(cameras: str, tmp_path: Path) -> None:
    write(tmp_path, Case(nothing, "", cameras=cameras))
    assert int(check_adapter(PosedAdapter(tmp_path))["room"]["rows"]) > 100


@pytest.mark.parametrize("name", CASES)
def test_what_is_said_of_it(name: str, tmp_path: Path) -> None:
    case = CASES[name]
    write(tmp_path / "root", case)
    run = CliRunner()
    shown = run.invoke(app, ["inspect", "posed", str(tmp_path / "root"), "room", "--out", str(tmp_path / "seen.jpg")])
    out = tmp_path / "out"
    changes = ["rows_per_cell=4", "tasks=[depth_prediction_oc]", "settings.views_per_scene=24"]
    arguments = ["generate", "--adapter", "posed", "--root", tmp_path / "root", "--out", out, "--workers", 1]
    made = run.invoke(app, [str(a) for a in arguments] + [t for change in changes for t in ("--set", change)])
    report = json.loads((out / "report.json").read_bytes())
    notes = [
        f"{topic}: {text}"
        for scene in report["notes"].values()
        for topic, text in scene.items()
        if topic.startswith(("frames left", "scene check"))
    ]
    said = "; ".join([*report["failed"].values(), *notes])
    assert (made.exit_code, shown.exit_code) == (case.code, 1 if case.code else 0), said + shown.output
    assert re.search(case.says, said), said
    assert (report["rows"] > 0) == (case.code == 0)
    if case.code:
        assert "to mend: " in said
        assert re.search(case.says, " ".join(shown.stderr.split())), shown.stderr
        assert (tmp_path / "seen.jpg").exists() == ("left-handed" not in case.says)
