"""Memory and time are bounded by what a file holds, not by what it claims."""

from __future__ import annotations

import gzip
import io
import struct
import zlib
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from worlds import FakeStore, furnished

from scene_adapters.formats.files import image_file_size, inflate, read_file
from scene_adapters.formats.guides import read_guide
from scene_adapters.formats.pixels import decoded
from scene_adapters.formats.sens import open_sens
from spargen.errors import SceneError
from spargen.scene.images import MOST_PIXELS
from spargen.scene.labels import MOST_OBJECTS, LabelTable, label_rules
from spargen.scene.types import Blob
from spargen.views.pictures import colour_fault, depth_image_mm
from tests.adapters.scannet_files import Room, sens_bytes


def png(width: int, height: int, data: bytes, mode: int = 0, bits: int = 8) -> bytes:
    """A PNG that claims a size, whatever its data hold."""
    chunks = (b"IHDR", struct.pack(">IIBBBBB", width, height, bits, mode, 0, 0, 0)), (b"IDAT", data), (b"IEND", b"")
    written = (struct.pack(">I", len(d)) + t + d + struct.pack(">I", zlib.crc32(t + d)) for t, d in chunks)
    return b"\x89PNG\r\n\x1a\n" + b"".join(written)


def test_no_more_is_unpacked_than_is_wanted():
    packed = zlib.compress(b"x" * 10**6)
    assert inflate(packed, 10**6) == b"x" * 10**6
    assert len(inflate(packed, 1000)) == 1001
    assert inflate(packed[2:-4], 10**6, raw=True) == b"x" * 10**6
    with pytest.raises(zlib.error, match="cut short"):
        inflate(packed[:-20], 10**6)


def test_depth_of_a_sens_file_is_no_larger_than_its_header_says(tmp_path, monkeypatch):
    room = Room()
    path = tmp_path / "scan.sens"
    monkeypatch.setattr(Room, "depth", lambda room, frame: np.zeros((3000, 2000), "<u2"))
    path.write_bytes(sens_bytes(room))
    with pytest.raises(SceneError, match="depth has 601 bytes, not 20x15x2"):
        open_sens(path).depth(0)


def test_a_sens_file_that_claims_a_size_no_camera_has(tmp_path):
    room = Room()
    room.depth_size = (100_000, 100_000)
    room.depth = lambda frame: np.zeros((15, 20), "<u2")
    (tmp_path / "scan.sens").write_bytes(sens_bytes(room))
    with pytest.raises(SceneError, match=r"image sizes .*100000, 100000.* cannot be read"):
        open_sens(tmp_path / "scan.sens")


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize("size", [(100_000, 100_000), (20_000, MOST_PIXELS // 20_000 + 1)])
def test_images_that_claim_more_than_cameras_have(tmp_path, size):
    path = tmp_path / "a.png"
    path.write_bytes(png(*size, zlib.compress(b"\0" * 1000)))
    with pytest.raises(SceneError, match=r"the image cannot be read \((it claims|Image size)"):
        decoded(path)
    assert image_file_size(path) == size


def test_a_guide_that_unpacks_to_no_text(tmp_path):
    (tmp_path / "guide.gz").write_bytes(gzip.compress(b"\n" * (64 << 20)))
    with pytest.raises(SceneError, match="the file cannot be unpacked"):
        read_guide(tmp_path / "guide.gz")


def test_a_device_is_no_file_of_a_scan(tmp_path):
    (tmp_path / "mesh.ply").symlink_to("/dev/zero")
    with pytest.raises(SceneError, match="no regular file"):
        read_file(tmp_path / "mesh.ply")
    assert image_file_size(tmp_path / "mesh.ply") is None
    with pytest.raises(SceneError, match="no regular file"):
        Blob(".jpg", path=tmp_path / "mesh.ply").read()


def test_more_objects_than_any_building_has():
    with pytest.raises(SceneError, match="20,001 objects"):
        LabelTable.of(["chair"] * (MOST_OBJECTS + 1), label_rules())


class Shown(FakeStore):
    """Hands out one file for colour and depth."""

    def __init__(self, data: bytes) -> None:
        super().__init__([(8, 8)])
        self.data = data

    def color(self, frame):
        return Blob(".png", data=self.data)

    depth = color


def test_an_image_of_another_size_is_not_decoded(monkeypatch):
    scene = furnished(frames=4).scene()
    width, height = (int(n) for n in scene.cameras.size_px[0])
    monkeypatch.setattr(Image.Image, "load", lambda image: pytest.fail("it was decoded"))
    monkeypatch.setattr("PIL.PngImagePlugin.PngImageFile.load", lambda image: pytest.fail("it was decoded"))
    big = replace(scene, store=Shown(png(9000, 9000, b"")))
    assert colour_fault(big, 0) == f"its image has 9000x9000 pixels, its camera {width}x{height}"


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize("data", [b"", b"text", png(13_000, 13_000, b"", bits=16), png(4, 4, b"\xff"), png(4, 4, b"")])
def test_no_depth_is_read_of_what_is_no_depth_image(data):
    scene = replace(furnished(frames=4).scene(), store=Shown(data))
    assert depth_image_mm(scene, 0) is None
    assert colour_fault(scene, 0)


def test_eight_bits_are_no_depth():
    buffer = io.BytesIO()
    Image.new("L", (8, 8), 9).save(buffer, "PNG")
    assert depth_image_mm(replace(furnished(frames=4).scene(), store=Shown(buffer.getvalue())), 0) is None
