"""The .sens container: every byte back, nothing read that was not asked for, and broken files named."""

from __future__ import annotations

import io
import pickle
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from scene_adapters.formats.sens import SensFrames, open_sens
from spargen.errors import SceneError
from tests.adapters.scannet_files import COLOR_SIZE, DEPTH_SIZE, K_COLOR, K_DEPTH, LOST, Room, sens_bytes

HEADER_BYTES = 12 + len("StructureSensor") + 4 * 64 + 2 * 4 + 4 * 4 + 4 + 8


def opened(path: Path, data: bytes) -> SensFrames:
    file = path / "scene0000_00.sens"
    file.write_bytes(data)
    return open_sens(file)


def depth_array(frames: SensFrames, frame: int) -> np.ndarray:
    blob = frames.depth(frame)
    assert blob is not None
    assert blob.suffix == ".png"
    with Image.open(io.BytesIO(blob.read())) as image:
        assert image.mode == "I;16"
        return np.array(image)


@pytest.mark.parametrize("version", [3, 4])
def test_reads_back_what_was_written(tmp_path: Path, version: int) -> None:
    room = Room()
    frames = opened(tmp_path, sens_bytes(room, version=version))
    assert frames.names == ("0", "1", "2", "3")
    assert (frames.color_size_px, frames.depth_size_px, frames.incomplete) == (COLOR_SIZE, DEPTH_SIZE, 0)
    assert frames.size_px.tolist() == [list(COLOR_SIZE)] * 4
    for i, pose in enumerate(room.poses):
        np.testing.assert_array_equal(frames.pose_as_released(i), pose.astype("f4").astype("f8"))
        assert frames.color(i).suffix == ".jpg"
        assert frames.color(i).read() == room.color(i)
        np.testing.assert_array_equal(depth_array(frames, i), room.depth(i))
    matrices = frames.intrinsics_as_released()
    np.testing.assert_array_equal(matrices["intrinsic_color"], K_COLOR.astype("f4"))
    np.testing.assert_array_equal(matrices["intrinsic_depth"], K_DEPTH.astype("f4"))
    assert set(matrices) == {"intrinsic_color", "intrinsic_depth", "extrinsic_color", "extrinsic_depth"}


def test_taken_frames_keep_their_numbers_and_survive_pickling(tmp_path: Path) -> None:
    room = Room()
    frames = pickle.loads(pickle.dumps(opened(tmp_path, sens_bytes(room)).take([3, 1])))
    assert frames.names == ("3", "1")
    assert frames.color(0).read() == room.color(3)
    np.testing.assert_array_equal(depth_array(frames, 1), room.depth(1))


def test_lost_poses_are_handed_out_as_they_are(tmp_path: Path) -> None:
    room = Room()
    room.poses[1] = LOST
    assert np.isneginf(opened(tmp_path, sens_bytes(room)).pose_as_released(1)).all()


def test_payloads_are_not_read_while_indexing(tmp_path: Path) -> None:
    # Payloads of junk: whoever looked at them while opening would stumble.
    frames = opened(tmp_path, sens_bytes(Room(), colors=[b"junk"] * 4, depths=[b"rubbish"] * 4))
    assert len(frames) == 4


def test_sizes_are_those_of_the_images_and_not_of_the_header(tmp_path: Path) -> None:
    room = Room()
    plain = room.color(0)
    preface = plain[:2] + b"\xff\xe1" + struct.pack(">H", 40_002) + bytes(40_000) + plain[2:]
    colors = [preface, room.color(1, (16, 12)), b"\xff\xd8\xff\xdb", room.color(3, form="PNG")]
    frames = opened(tmp_path, sens_bytes(room, colors=colors))
    assert frames.size_px.tolist() == [list(COLOR_SIZE), [16, 12], [0, 0], [0, 0]]
    assert frames.take([1, 0]).size_px.tolist() == [[16, 12], list(COLOR_SIZE)]
    raw = [bytes(40 * 30 * 3), bytes(7), bytes(40 * 30 * 3), bytes(40 * 30 * 3)]
    frames = opened(tmp_path, sens_bytes(room, color_code=0, colors=raw))
    assert frames.size_px.tolist() == [list(COLOR_SIZE), [0, 0], list(COLOR_SIZE), list(COLOR_SIZE)]
    assert frames.color_suffix == (".png",) * 4


def test_raw_depth(tmp_path: Path) -> None:
    room = Room()
    frames = opened(tmp_path, sens_bytes(room, depth_code=0))
    np.testing.assert_array_equal(depth_array(frames, 2), room.depth(2))


def test_other_depth_shifts_become_millimetres(tmp_path: Path) -> None:
    plain = np.zeros((15, 20), "<u2")
    plain[0, :4] = 1, 5001, 65535, 0
    depths = [zlib.compress(plain.tobytes())] * 4
    fine = depth_array(opened(tmp_path, sens_bytes(Room(), shift=4000.0, depths=depths)), 0)
    assert fine[0, :4].tolist() == [0, 1250, 16384, 0]
    # 655 m do not fit 16 bits of millimetres: no depth rather than a wrong one
    coarse = depth_array(opened(tmp_path, sens_bytes(Room(), shift=100.0, depths=depths)), 0)
    assert coarse[0, :4].tolist() == [10, 50010, 0, 0]


def test_raw_and_png_colour(tmp_path: Path) -> None:
    pixels = np.arange(30 * 40 * 3, dtype=np.uint32).astype(np.uint8).reshape(30, 40, 3)
    blob = opened(tmp_path, sens_bytes(Room(), color_code=0, colors=[pixels.tobytes()] * 4)).color(0)
    assert blob.suffix == ".png"
    with Image.open(io.BytesIO(blob.read())) as image:
        np.testing.assert_array_equal(np.array(image), pixels)
    png = Room().color(1, form="PNG")
    blob = opened(tmp_path, sens_bytes(Room(), color_code=1, colors=[png] * 4)).color(0)
    assert (blob.suffix, blob.read()) == (".png", png)


def test_frames_without_colour_or_depth(tmp_path: Path) -> None:
    room = Room()
    colors = [b"" if i == 1 else room.color(i) for i in range(4)]
    depths = [b"" if i == 2 else zlib.compress(room.depth(i).tobytes()) for i in range(4)]
    frames = opened(tmp_path, sens_bytes(room, colors=colors, depths=depths))
    assert (frames.names, frames.incomplete) == (("0", "2", "3"), 1)
    assert frames.has_depth.tolist() == [True, False, True]
    assert frames.depth(1) is None
    np.testing.assert_array_equal(depth_array(frames, 2), room.depth(3))


def cut_in_third_frame() -> tuple[bytes, int]:
    room = Room()
    sizes = [96 + len(room.color(i)) + len(zlib.compress(room.depth(i).tobytes())) for i in range(4)]
    start = HEADER_BYTES + sizes[0] + sizes[1]
    return sens_bytes(room)[: start + 96 + 10], start


def test_a_file_cut_in_a_frame_names_the_frame_and_the_byte(tmp_path: Path) -> None:
    data, start = cut_in_third_frame()
    with pytest.raises(SceneError, match=rf"ends at byte {len(data)}, in frame 2 of 4, which begins at byte {start}"):
        opened(tmp_path, data)
    with pytest.raises(SceneError, match=rf"in the header of frame 2 of 4 at byte {start}"):
        opened(tmp_path, data[: start + 50])


def test_a_file_cut_after_it_was_opened(tmp_path: Path) -> None:
    frames = opened(tmp_path, sens_bytes(Room()))
    frames.path.write_bytes(cut_in_third_frame()[0])
    assert frames.color(1).read()
    with pytest.raises(SceneError, match="frame 2 at byte"):
        frames.color(2)
    frames.path.unlink()
    with pytest.raises(SceneError, match="cannot be read"):
        frames.color(1)


def with_header(at: int, *values: int | float, form: str) -> bytes:
    data = bytearray(sens_bytes(Room()))
    struct.pack_into(form, data, at, *values)
    return bytes(data)


CODES = 12 + len("StructureSensor") + 4 * 64


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "ends within its header, at byte 0"),
        (b"PK\3\4" + b"x" * 500, "not a .sens file"),
        (sens_bytes(Room(), version=2), "not a .sens file of version 3 or 4"),
        (sens_bytes(Room())[:200], "ends within its header, at byte 200"),
        (struct.pack("<IQ", 4, 2**63) + b"x" * 500, "ends within its header"),
        (with_header(CODES, -1, form="<i"), "colour compression -1"),
        (with_header(CODES + 4, 2, form="<i"), "depth compression 2"),
        (with_header(CODES + 8, 0, form="<I"), "image sizes"),
        (with_header(CODES + 24, 0.0, form="<f"), "depth shift 0.0"),
        (with_header(CODES + 28, 2**62, form="<Q"), "frame"),
        (with_header(HEADER_BYTES + 80, 2**64 - 1, form="<Q"), "in frame 0 of 4"),
    ],
)
def test_files_that_are_no_sens(tmp_path: Path, data: bytes, message: str) -> None:
    with pytest.raises(SceneError, match=message) as caught:
        opened(tmp_path, data)
    assert caught.value.where.endswith("scene0000_00.sens")


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(SceneError, match="missing"):
        open_sens(tmp_path / "none.sens")
    with pytest.raises(SceneError, match="cannot be read"):
        open_sens(tmp_path)


def test_broken_payloads(tmp_path: Path) -> None:
    good = zlib.compress(Room().depth(0).tobytes())
    frames = opened(
        tmp_path, sens_bytes(Room(), colors=[b"junk"] * 4, depths=[b"junk", good[:-9], zlib.compress(b"short"), good])
    )
    with pytest.raises(SceneError, match=rf"frame 0 at byte {HEADER_BYTES}: colour is no .jpg"):
        frames.color(0)
    for i, message in enumerate(["no zlib stream", "no zlib stream", "5 bytes, not 20x15x2"]):
        with pytest.raises(SceneError, match=rf"frame {i} at byte \d+: depth .*{message}"):
            frames.depth(i)
    frames = opened(tmp_path, sens_bytes(Room(), color_code=0))
    with pytest.raises(SceneError, match="not 40x30x3"):
        frames.color(0)
