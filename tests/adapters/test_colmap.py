"""COLMAP models, text and binary, written byte for byte; whole ones and broken ones."""

from __future__ import annotations

import struct
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scene_adapters.formats.colmap import _camera_to_world, model_files, read_model
from spargen.errors import SceneError
from spargen.scene.cameras import Cameras
from spargen.scene.lenses import Lens
from tests.adapters.colmap_files import Model, quaternion

FORMS = ("text", "binary")
PINHOLE = ("PINHOLE", 64, 48, (50.0, 51.0, 31.5, 24.25))


def turned(seed: int) -> np.ndarray:
    """A world-to-camera motion."""
    rng = np.random.default_rng(seed)
    T = np.eye(4)
    T[:3, :3] = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    T[:3, :3] *= np.linalg.det(T[:3, :3])
    T[:3, 3] = rng.uniform(-5, 5, 3)
    return T


def model() -> Model:
    points = [(1.5, 2.5, -1), (3.0, 4.0, 17)]
    return Model(
        [(3, *PINHOLE), (7, "OPENCV_FISHEYE", 100, 80, (40.0, 41.0, 50.0, 39.0, 0.1, 0.01, -0.002, 0.0003))],
        [
            (9, turned(1), 3, "b/one.jpg", points),
            (2, turned(2), 7, "two.jpg", []),
            (5, turned(3), 3, "3 c.jpg", points),
        ],
    )


def written(folder: Path, what: Model, form: str) -> Path:
    (what.write_text if form == "text" else what.write_binary)(folder)
    return folder


@pytest.mark.parametrize("form", FORMS)
def test_names_poses_and_cameras_are_read(tmp_path: Path, form: str) -> None:
    found = read_model(written(tmp_path, model(), form))
    assert found.names == ("b/one.jpg", "two.jpg", "3 c.jpg")
    for T, seed in zip(found.T_world_camera, (1, 2, 3), strict=True):
        np.testing.assert_allclose(T, np.linalg.inv(turned(seed)), atol=1e-9)
    assert found.camera.tolist() == [3, 7, 3]
    assert sorted(found.cameras) == [3, 7]
    K, lens, size = found.cameras[3]
    assert K.tolist() == [[50, 0, 31.5], [0, 51, 24.25], [0, 0, 1]]  # COLMAP's corner convention is ours
    assert not lens.bends
    assert size == (64, 48)
    assert found.cameras[7].lens == Lens("OPENCV_FISHEYE", (0.1, 0.01, -0.002, 0.0003))
    assert found.dropped == 0


def test_text_and_binary_are_the_same(tmp_path: Path) -> None:
    text, binary = (read_model(written(tmp_path / form, model(), form)) for form in FORMS)
    np.testing.assert_allclose(text.T_world_camera, binary.T_world_camera, atol=1e-12)
    assert (text.names, text.camera.tolist()) == (binary.names, binary.camera.tolist())


def test_of_both_forms_the_binary_one_is_read(tmp_path: Path) -> None:
    other = model()
    other.images = other.images[:1]
    written(tmp_path, model(), "text")
    assert len(read_model(written(tmp_path, other, "binary")).names) == 1
    (tmp_path / "images.bin").unlink()
    assert len(read_model(tmp_path).names) == 3


def test_a_camera_sees_what_colmap_says(tmp_path: Path) -> None:
    """The camera looks along world +X from (1, 2, 3), worked out by hand: its x is world -Y, its y world -Z."""
    T_camera_world = np.eye(4)
    T_camera_world[:3, :3] = [[0, -1, 0], [0, 0, -1], [1, 0, 0]]
    T_camera_world[:3, 3] = [2, 3, -1]
    found = read_model(written(tmp_path, Model([(1, *PINHOLE)], [(1, T_camera_world, 1, "a.png", [])]), "text"))
    cameras = Cameras(found.cameras[1].K[None], found.T_world_camera, np.array([[64, 48]]))
    np.testing.assert_allclose(cameras.position_m, [[1, 2, 3]], atol=1e-12)
    pixel, depth = cameras.project([[5.0, 1.0, 2.0]])  # 4 ahead, 1 right, 1 down
    np.testing.assert_allclose(pixel[0, 0], [31.5 + 50 / 4, 24.25 + 51 / 4])
    assert depth[0, 0] == pytest.approx(4)


@given(st.integers(0, 10_000))
def test_quaternions_become_the_rotation_they_were_made_of(seed: int) -> None:
    T = turned(seed)
    found, good = _camera_to_world(np.array([[*3.0 * quaternion(T[:3, :3]), *T[:3, 3]]]))  # of any length
    assert good.all()
    np.testing.assert_allclose(found[0] @ T, np.eye(4), atol=1e-9)


@pytest.mark.parametrize(
    ("name", "params", "lens", "focals"),
    [
        ("SIMPLE_PINHOLE", (50.0, 32, 24), Lens(), (50, 50)),
        ("SIMPLE_RADIAL", (50.0, 32, 24, 0.1), Lens("OPENCV", (0.1,)), (50, 50)),
        ("RADIAL", (50.0, 32, 24, 0.1, 0.02), Lens("OPENCV", (0.1, 0.02)), (50, 50)),
        ("OPENCV", (50.0, 55, 32, 24, 0.1, 0.02, 0.003, 0.004), Lens("OPENCV", (0.1, 0.02, 0.003, 0.004)), (50, 55)),
        ("SIMPLE_RADIAL_FISHEYE", (50.0, 32, 24, 0.1), Lens("OPENCV_FISHEYE", (0.1,)), (50, 50)),
        ("RADIAL_FISHEYE", (50.0, 32, 24, 0.1, 0.02), Lens("OPENCV_FISHEYE", (0.1, 0.02)), (50, 50)),
    ],
)
@pytest.mark.parametrize("form", FORMS)
def test_every_model_that_is_read(
    tmp_path: Path, form: str, name: str, params: tuple, lens: Lens, focals: tuple
) -> None:
    what = Model([(1, name, 64, 48, params)], [(1, turned(1), 1, "a.png", [])])
    camera = read_model(written(tmp_path, what, form)).cameras[1]
    assert camera.lens == lens
    assert (camera.K[0, 0], camera.K[1, 1], *camera.K[:2, 2]) == (*focals, 32, 24)


@pytest.mark.parametrize("form", FORMS)
def test_other_models_are_refused_by_name_where_an_image_has_them(tmp_path: Path, form: str) -> None:
    what = model()
    what.cameras.append((8, "FULL_OPENCV", 64, 48, (50.0, 50, 32, 24, *[0.01] * 8)))
    assert len(read_model(written(tmp_path, what, form)).names) == 3
    what.images.append((11, turned(4), 8, "four.jpg", []))
    with pytest.raises(SceneError, match=r"cameras\.(txt|bin): camera 8 .*FULL_OPENCV is not read"):
        read_model(written(tmp_path, what, form))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_images_without_a_finite_pose_are_dropped_and_counted(tmp_path: Path, form: str, bad: float) -> None:
    what = model()
    for k, at in ((0, (0, 3)), (2, (0, 0))):  # one in the translation, one in the quaternion
        T = what.images[k][1].copy()
        T[at] = bad
        what.images[k] = (what.images[k][0], T, *what.images[k][2:])
    found = read_model(written(tmp_path, what, form))
    assert (found.names, found.dropped) == (("two.jpg",), 2)
    assert np.isfinite(found.T_world_camera).all()


def test_a_quaternion_of_zeros_is_no_pose(tmp_path: Path) -> None:
    written(tmp_path, model(), "text")
    lines = (tmp_path / "images.txt").read_text().splitlines()
    lines[2] = "9 0 0 0 0 1 2 3 3 b/one.jpg"
    (tmp_path / "images.txt").write_text("\n".join(lines))
    assert read_model(tmp_path).dropped == 1


@pytest.mark.parametrize("form", FORMS)
def test_a_model_without_any_pose_is_refused(tmp_path: Path, form: str) -> None:
    what = model()
    what.images = []
    with pytest.raises(SceneError, match="none of the 0 images has a pose"):
        read_model(written(tmp_path, what, form))


def text_of(tmp_path: Path, change) -> Path:
    written(tmp_path, model(), "text")
    path = tmp_path / "images.txt"
    path.write_text(change(path.read_text()))
    return tmp_path


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("\n", "\r\n"),
        lambda text: "\n\n" + text + "\n\n",
        lambda text: text.replace("2 ", "# between two images\n2 ", 1) if text.startswith("2 ") else text,
        lambda text: text.rstrip("\n"),
        lambda text: text.replace(" ", "  "),
    ],
)
def test_ends_of_lines_blank_lines_and_comments(tmp_path: Path, change) -> None:
    names = {name.replace("  ", " ") for name in read_model(text_of(tmp_path, change)).names}
    assert names == {"b/one.jpg", "two.jpg", "3 c.jpg"}


def test_a_blank_line_and_a_comment_between_two_images(tmp_path: Path) -> None:
    def change(text: str) -> str:
        lines = text.splitlines()
        return "\n".join([*lines[:4], "", "# more", *lines[4:]])

    assert len(read_model(text_of(tmp_path, change)).names) == 3


def test_the_last_number_of_the_last_camera_is_not_cut(tmp_path: Path) -> None:
    written(tmp_path, model(), "text")
    path = tmp_path / "cameras.txt"
    whole = path.read_bytes()
    for cut in range(1, 4):
        path.write_bytes(whole[:-cut])
        with pytest.raises(SceneError, match=r"ends within a camera.* \(line"):
            read_model(tmp_path)
    path.write_bytes(whole.replace(b"\n", b"\r\n"))
    assert len(read_model(tmp_path).names) == 3


@pytest.mark.parametrize("name", ["3 c.jpg", "3 c", "3 "])
def test_the_name_of_the_last_image_is_not_cut(tmp_path: Path, name: str) -> None:
    """A shorter name may be that of another frame."""
    written(tmp_path, model(), "text")
    path = tmp_path / "images.txt"
    text = path.read_text()
    path.write_text(text[: text.index("3 c.jpg")] + name)
    if name.endswith(".jpg"):
        assert read_model(tmp_path).names == ("b/one.jpg", "two.jpg", name)
    else:
        with pytest.raises(SceneError, match=r"ends within the name of an image \(line"):
            read_model(tmp_path)


def test_the_last_image_may_lack_its_empty_line(tmp_path: Path) -> None:
    what = model()
    what.images = what.images[:2]
    written(tmp_path, what, "text")
    path = tmp_path / "images.txt"
    path.write_text(path.read_text().rstrip("\n"))
    assert read_model(tmp_path).names == ("b/one.jpg", "two.jpg")


def test_images_without_lines_of_points_are_refused_not_skipped(tmp_path: Path) -> None:
    def change(text: str) -> str:
        return "\n".join(line for k, line in enumerate(text.splitlines()) if k < 2 or k % 2 == 0)

    with pytest.raises(SceneError, match=r"images\.txt: image b/one.jpg has no line of points.*line 4"):
        read_model(text_of(tmp_path, change))


@pytest.mark.parametrize(
    ("file", "line", "text"),
    [
        ("images.txt", 3, "9 1 0 0 zero 0 0 0 3 one.jpg"),
        ("images.txt", 5, "2 1 0 0 0"),
        ("images.txt", 5, "two 1 0 0 0 0 0 0 3 two.jpg"),
        ("cameras.txt", 3, "3 PINHOLE 64"),
        ("cameras.txt", 4, "3 PINHOLE 64 48 50 50 32 24"),
        ("cameras.txt", 4, "7 PINHOLE wide 48 1 2 3 4"),
    ],
)
def test_a_damaged_line_is_named(tmp_path: Path, file: str, line: int, text: str) -> None:
    written(tmp_path, model(), "text")
    lines = (tmp_path / file).read_text().splitlines()
    lines[line - 1] = text
    (tmp_path / file).write_text("\n".join(lines))
    with pytest.raises(SceneError, match=rf"{file}: .*\(line {line}\)"):
        read_model(tmp_path)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "params", [(np.nan, 51.0, 31.5, 24), (0.0, 0.0, 31.5, 24), (-50.0, 50, 31.5, 24), (50.0, 50, 31.5, np.inf)]
)
def test_a_camera_that_cannot_be_one(tmp_path: Path, form: str, params: tuple) -> None:
    what = model()
    what.cameras[0] = (3, "PINHOLE", 64, 48, params)
    with pytest.raises(SceneError, match=r"cameras\.(txt|bin): "):
        read_model(written(tmp_path, what, form))


def test_a_wrong_number_of_parameters(tmp_path: Path) -> None:
    what = model()
    what.cameras[0] = (3, "PINHOLE", 64, 48, (50.0, 51.0, 31.5))
    with pytest.raises(SceneError, match=r"cameras\.txt: camera 3 \(line 3\): PINHOLE has 4 parameters, not 3"):
        read_model(written(tmp_path, what, "text"))


@pytest.mark.parametrize("form", FORMS)
def test_images_of_a_camera_that_is_not_listed(tmp_path: Path, form: str) -> None:
    what = model()
    what.images[1] = (2, turned(2), 4, "two.jpg", [])
    with pytest.raises(SceneError, match=r"two.jpg has camera 4, which cameras\.(txt|bin) lacks \((line 5|byte \d+)\)"):
        read_model(written(tmp_path, what, form))


@pytest.mark.parametrize("form", FORMS)
def test_two_images_of_one_name(tmp_path: Path, form: str) -> None:
    what = model()
    what.images[1] = (2, turned(2), 7, "b/one.jpg", [])
    with pytest.raises(SceneError, match=r"two images b/one\.jpg"):
        read_model(written(tmp_path, what, form))


@pytest.mark.parametrize("file", ["cameras.bin", "images.bin"])
def test_a_binary_file_that_is_cut_short_anywhere(tmp_path: Path, file: str) -> None:
    data = (written(tmp_path, model(), "binary") / file).read_bytes()
    for cut in range(len(data)):
        (tmp_path / file).write_bytes(data[:cut])
        with pytest.raises(SceneError, match=rf"{file}: .*\(byte \d+\)"):
            read_model(tmp_path)


def test_a_count_that_cannot_be(tmp_path: Path) -> None:
    data = (written(tmp_path, model(), "binary") / "images.bin").read_bytes()
    (tmp_path / "images.bin").write_bytes(struct.pack("<Q", 2**63) + data[8:])
    with pytest.raises(SceneError, match=rf"image 4 of {2**63} \(byte {len(data)}\)"):
        read_model(tmp_path)


def test_an_unknown_model_number(tmp_path: Path) -> None:
    what = model()
    what.cameras[1] = (7, "NEWEST", 64, 48, (1.0,))
    with pytest.raises(SceneError, match=r"camera 2 of 2 has model number 99.*byte 64"):
        read_model(written(tmp_path, what, "binary"))


def test_no_model(tmp_path: Path) -> None:
    assert model_files(tmp_path) is None
    with pytest.raises(SceneError, match="there is no COLMAP model"):
        read_model(tmp_path)


def test_files_of_newer_versions_are_passed_by(tmp_path: Path) -> None:
    written(tmp_path, model(), "binary")
    for name in ("rigs.bin", "frames.bin", "points3D.bin"):
        (tmp_path / name).write_bytes(b"rubbish")
    assert len(read_model(tmp_path).names) == 3


@pytest.mark.parametrize("form", FORMS)
def test_points_are_stepped_over_quickly(tmp_path: Path, form: str) -> None:
    """1,000 images of 2,000 points: taking each point apart takes 2 s, stepping over them a few hundredths."""
    what = model()
    what.images = [(k, turned(k), 3, f"{k}.jpg", []) for k in range(1000)]
    written(tmp_path, what, form)
    if form == "text":
        row = " ".join(["1234.567 765.4321 12345"] * 2000)
        lines = (tmp_path / "images.txt").read_text().split("\n")
        (tmp_path / "images.txt").write_text("\n".join(line or row for line in lines[:-1]))
    else:
        data = (tmp_path / "images.bin").read_bytes()
        empty, points = struct.pack("<Q", 0), struct.pack("<Q", 2000) + bytes(2000 * 24)
        (tmp_path / "images.bin").write_bytes(data[:8] + data[8:].replace(b".jpg\0" + empty, b".jpg\0" + points))
    start = time.process_time()
    assert len(read_model(tmp_path).names) == 1000
    assert time.process_time() - start < 1.0
