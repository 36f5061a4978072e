"""Scans that do not belong together, made from one good scan: what is said of each, the exit code, the rows.

    python tests/wrong_scans.py [NAME ...]

prints the table; `tests/test_wrong_scans.py` holds every line of it against what is expected here.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

HERE = Path(__file__).resolve().parent
if str(HERE) not in sys.path:
    sys.path.insert(0, str(HERE))
if str(HERE.parent) not in sys.path:
    sys.path.append(str(HERE.parent))  # last, so that an installed package wins over a checkout

import numpy as np  # noqa: E402 - the folders come first
from worlds import DepthStore, World, furnished, shell  # noqa: E402

from tests.adapters.scannet_files import (  # noqa: E402
    Room,
    rigid,
    sens_bytes,
    write_annotated,
    write_export,
)

ID, FRAMES = "scene0000_00", 36
A = rigid(40.0, (1.5, -2.0, 0.25))
FLIP = np.diag([1.0, -1.0, -1.0, 1.0])
Y_UP = np.array([[1.0, 0, 0, 0], [0, 0, 1, 0], [0, -1, 0, 0], [0, 0, 0, 1]])


class Walked(Room):
    """A world of boxes and the walk through it as ScanNet would release them: not aligned, with measured depth."""

    def __init__(self, world: World) -> None:
        scene = world.scene()
        (width, height), K = world.sizes[0], np.eye(4)
        K[:3, :3] = world.intrinsics[0] - [[0, 0, 0.5], [0, 0, 0.5], [0, 0, 0]]
        super().__init__(color_size=(width, height), depth_size=(width // 4, height // 4), k_color=K)
        self.k_depth = K.copy()
        self.k_depth[0] *= self.depth_size[0] / width
        self.k_depth[1] *= self.depth_size[1] / height
        self.k_depth[:2, 2] = K[:2, 2] * (np.array(self.depth_size) - 1) / (np.array(self.color_size) - 1)
        self.vertices = (scene.surface.vertices_m - A[:3, 3]) @ A[:3, :3]
        self.faces = scene.surface.faces
        owner = np.full(len(self.vertices), len(scene.objects))
        owner[self.faces.ravel()] = np.repeat(scene.surface.face_object, 3)
        first = {o: int(np.flatnonzero(owner == o)[0]) for o in np.unique(owner)}
        self.segments = [first[o] for o in owner.tolist()]
        self.groups = [
            {"id": o, "objectId": o, "segments": [first[o]], "label": label}
            for o, label in enumerate(scene.objects.label)
        ]
        self.poses = [np.linalg.inv(A) @ T for T in world.poses]
        self.text = f"axisAlignment = {' '.join(f'{n:.9f}' for n in A.ravel())}\n"
        store = DepthStore(scene)
        self.depths = [np.rint(store.depth_m(i) * 1000).astype("<u2") for i in range(len(world.poses))]

    def depth(self, frame: int) -> np.ndarray:
        return self.depths[frame]


def another_world() -> World:
    other = shell(World(cell_m=1.0), (0, 0, 0), (5, 8, 2.6))
    other.add("bed", (1, 7, 0.3), (1.6, 2, 0.6)).add("table", (3.5, 2, 0.4), (1.2, 1.2, 0.8))
    other.add("cabinet", (0.3, 3, 1.0), (0.6, 1.2, 2.0)).add("lamp", (4.5, 5, 0.8), (0.3, 0.3, 1.6))
    for i in range(FRAMES):
        t = 2 * np.pi * i / FRAMES
        at = (2.5 + 1.2 * np.cos(t), 4 + 2.5 * np.sin(t), 1.4)
        other.camera(at, heading_deg=720 * i / FRAMES + 30, elevation_deg=-15, f=420.0)
    return other


@cache
def _walked(good: bool) -> Walked:
    return Walked(furnished(frames=FRAMES) if good else another_world())


def good() -> Walked:
    """The scan that every case starts from, to be changed at will."""
    return deepcopy(_walked(good=True))


def other() -> Walked:
    """A scan of another place."""
    return deepcopy(_walked(good=False))


# --- how a scan goes wrong: each takes the scan's folder and the good room, and writes the scan -----------------------


def as_sens(folder: Path, room: Room, **header: object) -> None:
    write_annotated(folder, room)
    (folder / f"{ID}.sens").write_bytes(sens_bytes(room, **header))


def as_export(folder: Path, room: Room, **how: object) -> None:
    write_annotated(folder, room)
    write_export(folder, room, **how)


def posed(change: Callable[[np.ndarray], np.ndarray]) -> Callable[[Path, Walked], None]:
    def write(folder: Path, room: Walked) -> None:
        room.poses = [change(pose) for pose in room.poses]
        as_sens(folder, room)

    return write


def turned(axis: int, deg: float) -> np.ndarray:
    """A turn about a coordinate axis."""
    a, T = np.radians(deg), np.eye(4)
    i, j = [(1, 2), (2, 0), (0, 1)][axis]
    T[i, i] = T[j, j] = np.cos(a)
    T[j, i] = np.sin(a)
    T[i, j] = -T[j, i]
    return T


def shifted(x: float, y: float, z: float) -> np.ndarray:
    T = np.eye(4)
    T[:3, 3] = x, y, z
    return T


def every_sixth_pose_wrong(folder: Path, room: Walked) -> None:
    wrong = other().poses
    room.poses = [wrong[i] if i % 6 == 1 else pose for i, pose in enumerate(room.poses)]
    as_sens(folder, room)


def held_upside_down(folder: Path, room: Walked) -> None:
    room.poses = [pose @ turned(2, 180) for pose in room.poses]
    room.depths = [depth[::-1, ::-1].copy() for depth in room.depths]
    for K, (width, height) in ((room.k_color, room.color_size), (room.k_depth, room.depth_size)):
        K[:2, 2] = [width - 1 - K[0, 2], height - 1 - K[1, 2]]
    as_sens(folder, room)


def a_tripod(folder: Path, room: Walked) -> None:
    room.poses = room.poses[:1] * len(room.poses)
    room.depths = room.depths[:1] * len(room.depths)
    as_sens(folder, room)


def moved(T: np.ndarray, *, poses: bool = True, mesh: bool = True, aligned: bool = False) -> Callable:
    """Mesh, poses or both moved on disk by a motion, a mirror or a scale; without alignment unless `aligned`."""

    def write(folder: Path, room: Walked) -> None:
        if mesh:
            room.vertices = room.vertices @ T[:3, :3].T + T[:3, 3]
        if poses:
            scale = np.linalg.det(T[:3, :3]) ** (1 / 3)
            room.poses = [T @ p @ np.diag([1 / scale, 1 / scale, 1 / scale, 1.0]) for p in room.poses]
        if not aligned:
            room.text = None
        as_sens(folder, room)

    return write


def poses_of_another_mesh(folder: Path, room: Walked) -> None:
    room.poses = other().poses
    as_sens(folder, room)


def frames_of_another_scan(folder: Path, room: Walked) -> None:
    write_annotated(folder, room)
    (folder / f"{ID}.sens").write_bytes(sens_bytes(other()))


def shuffled(folder: Path, room: Walked) -> None:
    room.poses = room.poses[7:] + room.poses[:7]
    as_sens(folder, room)


def a_mirrored_mesh(folder: Path, room: Walked) -> None:
    low, high = room.vertices[:, 0].min(), room.vertices[:, 0].max()
    room.vertices = room.vertices.copy()
    room.vertices[:, 0] = low + high - room.vertices[:, 0]
    as_sens(folder, room)


def without_depth(write: Callable[[Path, Walked], None]) -> Callable[[Path, Walked], None]:
    def made(folder: Path, room: Walked) -> None:
        room.depths = [np.zeros_like(depth) for depth in room.depths]
        write(folder, room)

    return made


def export_of_size(*size: int) -> Callable[[Path, Walked], None]:
    return lambda folder, room: as_export(folder, room, size=size)


def frames_of_other_shapes(folder: Path, room: Walked) -> None:
    as_export(folder, room)
    for i, size in ((3, (480, 640)), (7, (320, 240)), (11, (640, 360))):
        (folder / "color" / f"{40 * i}.jpg").write_bytes(room.color(i, size))


def a_header_wider_than_its_images(folder: Path, room: Walked) -> None:
    small = [room.color(i, (512, 384)) for i in range(FRAMES)]
    as_sens(folder, room, colors=small)


def no_object_annotated(folder: Path, room: Walked) -> None:
    room.groups = []
    as_sens(folder, room)


def annotation_of_another_scan(folder: Path, room: Walked) -> None:
    as_sens(folder, room)
    path = folder / f"{ID}.aggregation.json"
    path.write_text(path.read_text().replace(f"scannet.{ID}", "scannet.scene0001_00"))


def with_intrinsics(change: Callable[[np.ndarray], None], *, both: bool = False) -> Callable[[Path, Walked], None]:
    def write(folder: Path, room: Walked) -> None:
        change(room.k_color)
        if both:
            change(room.k_depth)
        as_sens(folder, room)

    return write


def focal_of_1e30(K: np.ndarray) -> None:
    K[0, 0] = K[1, 1] = 1e30


def last_number_7(K: np.ndarray) -> None:
    K[2, 2] = 7.0


def zeros(K: np.ndarray) -> None:
    K[:] = 0.0


def not_a_number(K: np.ndarray) -> None:
    K[1, 2] = np.nan


def focal_of_another_lens(K: np.ndarray) -> None:
    K[0, 0] *= 1.25
    K[1, 1] *= 1.25


def wider_than_it_is(K: np.ndarray) -> None:
    K[0, 0] *= 1.15


def three_digits(folder: Path, room: Walked) -> None:
    room.poses = [np.round(pose, 3) for pose in room.poses]
    as_export(folder, room)


def some_poses_not_rigid(folder: Path, room: Walked) -> None:
    for i in (4, 5, 6):
        room.poses[i] = room.poses[i] * 1.01
    as_sens(folder, room)


def mixed_endings(folder: Path, room: Walked) -> None:
    as_export(folder, room)
    for i in range(0, FRAMES, 2):
        (folder / "color" / f"{40 * i}.jpg").unlink()
        (folder / "color" / f"{40 * i}.png").write_bytes(room.color(i, form="PNG"))


def in_an_export(*names: str, data: bytes | None = b"") -> Callable[[Path, Walked], None]:
    """Files of an export emptied, overwritten, or (None) absent."""

    def write(folder: Path, room: Walked) -> None:
        as_export(folder, room)
        for name in names:
            for path in folder.glob(name):
                path.unlink()
                if data is not None:
                    path.write_bytes(data)

    return write


def truncated(*names: str) -> Callable[[Path, Walked], None]:
    def write(folder: Path, room: Walked) -> None:
        as_export(folder, room)
        for path in (path for name in names for path in folder.glob(name)):
            path.write_bytes(path.read_bytes()[:-900])

    return write


class Case(NamedTuple):
    """How a scan is written, what the run must say of it, and how it must end; rows are expected with exit code 0."""

    write: Callable[[Path, Walked], None]
    says: str
    code: int = 3
    rgbd: bool = False


MM, CM, RESCALED = (np.diag([s, s, s, 1.0]) for s in (1000.0, 100.0, 1.4))
FEET = np.diag([3.28, 3.28, 3.28, 1.0])
UNPROVEN = "no depth: the poses were not verified against the mesh"
CASES = {
    "a good scan": Case(as_sens, "^$", 0),
    "the same, exported": Case(as_export, "^$", 0, rgbd=True),
    "a good scan without depth": Case(without_depth(as_sens), f"^scene check: {UNPROVEN}$", 0),
    "a tripod": Case(a_tripod, "^scene check: all frames have one pose$", 0),
    "a tripod, no depth": Case(without_depth(a_tripod), f"{UNPROVEN}; all frames have one pose", 0),
    "held upside down": Case(held_upside_down, "^scene check: the cameras are upside down", 0),
    "held upside down, no depth": Case(without_depth(held_upside_down), "the cameras are upside down", 0),
    # poses, mesh and frames of different scans
    "poses of another mesh": Case(poses_of_another_mesh, "the poses are of another scan or mesh than the frames"),
    "frames of another scan": Case(frames_of_another_scan, "the frames are of another scan than the mesh"),
    "frames numbered anew": Case(shuffled, "see whether frames were numbered anew"),
    "every sixth pose wrong": Case(every_sixth_pose_wrong, "frames left out: 6 of 3[0-9] looked at", 0),
    "no object annotated": Case(
        no_object_annotated, "^no rows: no object is annotated; objects: none is annotated$", 1
    ),
    "annotation of another scan": Case(annotation_of_another_scan, "sceneId is scannet.scene0001_00"),
    # conventions
    "identity poses": Case(posed(lambda T: np.eye(4)), "all frames have one pose, such as the identity"),
    "poses aligned twice": Case(posed(lambda T: A @ T), "alignment was applied twice: the poses had it before"),
    "mesh aligned twice": Case(
        moved(A, poses=False, aligned=True), "alignment was applied twice: the mesh had it before"
    ),
    "mirrored mesh": Case(a_mirrored_mesh, "the mesh is mirrored"),
    "mesh mirrored at its origin": Case(
        moved(np.diag([-1.0, 1, 1, 1]), poses=False, aligned=True), "the mesh is mirrored"
    ),
    "OpenGL axes": Case(posed(lambda T: T @ FLIP), "the camera axes are OpenGL's"),
    "world-to-camera": Case(posed(np.linalg.inv), "the poses are world-to-camera"),
    "world-to-camera, OpenGL axes": Case(
        posed(lambda T: np.linalg.inv(T @ FLIP)), "world-to-camera, and the camera axes OpenGL's"
    ),
    "a world that is +Y up": Case(moved(Y_UP), r"the world is not \+Z up: to cameras and floors up is \+Y, 90 degrees"),
    "a world that is -Z up": Case(
        moved(np.diag([1.0, -1, -1, 1])), r"the world is not \+Z up: to cameras and floors up is -Z, 180 degrees"
    ),
    "a world tilted by 2 degrees": Case(moved(turned(0, 2)), "^$", 0),
    "a world tilted by 4 degrees": Case(moved(turned(0, 4)), "^scene check: the world leans by 4.0 degrees$", 0),
    "a world tilted by 8 degrees": Case(moved(turned(0, 8)), r"the world is not \+Z up: .* nearest \+Z, 8 degrees off"),
    "a world tilted by 25 degrees": Case(
        moved(turned(0, 25)), r"the world is not \+Z up: .* nearest \+Z, 25 degrees off"
    ),
    "cameras pitched by 3 degrees": Case(posed(lambda T: T @ turned(0, 3)), "depth and mesh agree at 7[0-9]% of", 0),
    "cameras pitched by 5 degrees": Case(posed(lambda T: T @ turned(0, 5)), "frames and mesh are displaced, 0.08 m"),
    "poses +Y up, mesh +Z up": Case(
        moved(Y_UP, mesh=False, aligned=True), "the poses' world axes are not the mesh's: one of the two is not"
    ),
    # units
    "millimetres": Case(moved(MM), "mesh and poses are in millimetres"),
    "poses in millimetres": Case(moved(MM, mesh=False, aligned=True), "the poses are in millimetres"),
    "mesh in centimetres": Case(moved(CM, poses=False), "the mesh is in centimetres"),
    "mesh in centimetres, aligned": Case(moved(CM, poses=False, aligned=True), "the mesh is in centimetres"),
    "a scale of 1.4": Case(moved(RESCALED), "mesh and poses are 1.4 times as large as the depth images say"),
    # without depth the mesh alone tells
    "OpenGL axes, no depth": Case(without_depth(posed(lambda T: T @ FLIP)), "the camera axes are OpenGL's"),
    "world-to-camera, no depth": Case(without_depth(posed(np.linalg.inv)), "the poses are world-to-camera"),
    "identity poses, no depth": Case(without_depth(posed(lambda T: np.eye(4))), "all frames have one pose"),
    "millimetres, no depth": Case(without_depth(moved(MM)), "mesh and poses are in millimetres, it seems"),
    "+Y up, no depth": Case(without_depth(moved(Y_UP)), r"the world is not \+Z up"),
    "feet, no depth": Case(
        without_depth(moved(FEET)), "cameras are 4.8 m above what is below them and rooms are 9.2 m"
    ),
    "a third of a metre, no depth": Case(without_depth(moved(np.diag([0.3, 0.3, 0.3, 1.0]))), "rooms are 0.8 m high"),
    "poses turned by 90, no depth": Case(
        without_depth(posed(lambda T: turned(2, 90) @ T)), "the poses are of another scan than the mesh: 1[0-9]% of the"
    ),
    "tilted by 12 degrees, no depth": Case(without_depth(moved(turned(0, 12))), "the world is not .* 12 degrees off"),
    # what no depth image proves wrong passes with the remark that nothing was proven
    "mirrored mesh, no depth": Case(without_depth(a_mirrored_mesh), UNPROVEN, 0),
    "cameras turned by 180, no depth": Case(without_depth(posed(lambda T: T @ turned(1, 180))), UNPROVEN, 0),
    "poses 0.5 m aside, no depth": Case(without_depth(posed(lambda T: shifted(0.5, 0, 0) @ T)), UNPROVEN, 0),
    "frames numbered anew, no depth": Case(without_depth(shuffled), UNPROVEN, 0),
    "focal of another lens, no depth": Case(
        without_depth(with_intrinsics(focal_of_another_lens, both=True)), UNPROVEN, 0
    ),
    # intrinsics and sizes
    "resized colour": Case(
        export_of_size(512, 384), "colour intrinsics: intrinsic_color of 640x480 scaled to 512x384", 0
    ),
    "cropped colour": Case(export_of_size(640, 360), "no intrinsics belong to the colour images, which have 640x360"),
    "frames of other shapes": Case(frames_of_other_shapes, "frames of a shape that no intrinsics fit: 2", 0),
    "a .sens header wider than its images": Case(
        a_header_wider_than_its_images, "intrinsic_color of 640x480 scaled to 512x384", 0
    ),
    "focal 1e30": Case(with_intrinsics(focal_of_1e30), "intrinsic_depth of 160x120 scaled to 640x480", 0),
    "K[2,2] = 7": Case(with_intrinsics(last_number_7), "intrinsic_depth of 160x120 scaled to 640x480", 0),
    "zeros for intrinsics": Case(with_intrinsics(zeros), "intrinsic_depth of 160x120 scaled to 640x480", 0),
    "NaN in the intrinsics": Case(with_intrinsics(not_a_number), "intrinsic_depth of 160x120 scaled to 640x480", 0),
    "focal 1e30, depth too": Case(
        with_intrinsics(focal_of_1e30, both=True), "no intrinsics belong to the colour images"
    ),
    "focal of another lens": Case(
        with_intrinsics(focal_of_another_lens, both=True), r"the focal lengths are 1.2[0-9]* times those of the images"
    ),
    "fx of 1.15": Case(with_intrinsics(wider_than_it_is), "depth and mesh agree at 8[0-9]% of the rays: see by", 0),
    # single frames
    "poses of three digits": Case(three_digits, f"poses made rigid: {FRAMES}", 0),
    "poses that are not rigid": Case(some_poses_not_rigid, "poses dropped: 3", 0),
    "jpg and png mixed": Case(mixed_endings, "^$", 0),
    "an empty image": Case(in_an_export("color/400.jpg"), "frames whose image cannot be read: 1", 0),
    "a truncated image": Case(
        truncated("color/640.jpg"), "frames left out: 1 of [23][0-9] looked at: 640: its colour image cannot be", 0
    ),
    "truncated images beside the ten": Case(
        truncated("color/0.jpg", "color/200.jpg", "color/400.jpg"), "frames left out: 3 of 3[0-9] looked at: ", 0
    ),
    "every image truncated": Case(truncated("color/*.jpg"), "most images that were looked at cannot be used"),
    "rgbd, a depth image absent": Case(
        in_an_export("depth/40.png", data=None),
        "frames left out for want of depth: 1 of 3[0-9] looked at",
        0,
        rgbd=True,
    ),
    "rgbd, depth images damaged": Case(
        in_an_export("depth/1*.png", data=b"\x89PNG"), "frames left out for want of depth: 1[0-9] of", 0, rgbd=True
    ),
    "rgbd, no depth image": Case(in_an_export("depth/*.png", data=None), "no frame has a depth image", rgbd=True),
}


@dataclass(frozen=True)
class Outcome:
    said: str
    code: int
    rows: int


def run(case: Case, folder: Path) -> Outcome:
    """Write a case's scan, generate from it by the command line, and collect what is said."""
    from typer.testing import CliRunner

    from spargen.cli import app

    case.write(folder / "root" / "scans" / ID, good())
    out = folder / "out"
    changes = [
        "rows_per_cell=4",
        "tasks=[depth_prediction_oc,distance_prediction_oo_mv]",
        "settings.views_per_scene=24",
    ]
    changes += [f"rgbd={'true' if case.rgbd else 'false'}"]
    arguments = ["generate", "--adapter", "scannet", "--root", folder / "root", "--out", out, "--workers", 1]
    result = CliRunner().invoke(app, [str(a) for a in arguments] + [t for c in changes for t in ("--set", c)])
    report = json.loads((out / "report.json").read_bytes())
    notes = [
        f"{topic}: {text}"
        for scene in report["notes"].values()
        for topic, text in scene.items()
        if topic.split()[0] in ("frames", "poses", "colour", "scene", "no", "objects")
    ]
    said = "; ".join([*report["failed"].values(), *notes])
    return Outcome(said.replace(str(folder), "").removeprefix(f"{ID}: "), result.exit_code, report["rows"])


def main() -> None:
    chosen = sys.argv[1:] or list(CASES)
    print(f"{'input':38s} exit  rows  said")
    for name in chosen:
        with TemporaryDirectory() as folder:
            found = run(CASES[name], Path(folder))
        wrong = (
            "" if re.search(CASES[name].says, found.said) and found.code == CASES[name].code else "   <-- NOT EXPECTED"
        )
        print(f"{name:38s} {found.code:4d} {found.rows:5d}  {found.said}{wrong}", flush=True)


if __name__ == "__main__":
    main()
