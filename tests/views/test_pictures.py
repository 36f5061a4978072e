"""Whether a colour image decodes is told without decoding all of a JPEG: the verdict is a decoder's all the same."""

import io
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from PIL import Image
from worlds import FakeStore, World

from spargen.scene.decoding import DECODER_ERRORS
from spargen.scene.types import Blob
from spargen.views.pictures import _head, colour_fault

SIZE = (64, 48)
WAYS = ({}, {"progressive": True}, {"subsampling": 0, "optimize": True}, {"restart_marker_rows": 1})
END = b"\xff\xd9"


def jpeg(mode, **way):
    channels = {"L": (), "RGB": (3,), "CMYK": (4,)}[mode]
    noise = np.random.default_rng(0).integers(0, 256, (*SIZE[::-1], *channels), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(noise, mode).save(file, "JPEG", **way)
    return file.getvalue()


FILES = [jpeg(mode, **way) for mode in ("L", "RGB", "CMYK") for way in WAYS]
SCENE = World().camera((0, 0, 1), size=SIZE).scene()


class Holding(FakeStore):
    """Hands out one file for all frames."""

    def __init__(self, data):
        super().__init__([SIZE])
        self.data = data

    def color(self, frame):
        return Blob(".jpg", data=self.data)


def fault(data):
    return colour_fault(replace(SCENE, store=Holding(data)), 0)


def decoded_whole(data):
    """The verdict of one who decodes all there is."""
    try:
        image = Image.open(io.BytesIO(data))
        if image.size != SIZE:
            return f"its image has {image.size[0]}x{image.size[1]} pixels, its camera {SIZE[0]}x{SIZE[1]}"
        image.load()
    except DECODER_ERRORS:
        return "its colour image cannot be read"
    cut = image.format == "JPEG" and data.rfind(END) < data.rfind(b"\xff\xda")
    return "its colour image is cut short" if cut else ""


def flipped(data, at, n):
    return data[:at] + bytes([data[at] ^ (1 + n)]) + data[at + 1 :]


DAMAGES = {
    "flipped": flipped,
    "cut": lambda data, at, n: data[:at],
    "cut and closed": lambda data, at, n: data[:at] + END,
    "cut and filled": lambda data, at, n: data[:at] + bytes(len(data) - at),
    "filled and closed": lambda data, at, n: data[:at] + bytes(len(data) - at) + END,
    "a hole": lambda data, at, n: data[:at] + data[at + n :],
    "more": lambda data, at, n: data[:at] + bytes(range(n)) + data[at:],
    "a marker": lambda data, at, n: data[:at] + bytes([0xFF, n]) + data[at + 2 :],
    "another file behind": lambda data, at, n: data + FILES[n % len(FILES)],
    "another one behind that is cut": lambda data, at, n: data + FILES[n % len(FILES)][: -1 - at % 500],
}


@pytest.mark.parametrize("data", FILES)
def test_sound_files(data):
    assert fault(data) == decoded_whole(data) == ""


def test_of_one_scan_only_the_head_is_decoded():
    for file, way in zip(FILES, WAYS * 3, strict=True):
        head = _head(file)
        if "progressive" in way:
            assert head is None
        else:
            assert len(head) < len(file) / 2
            assert head.endswith(END)


@pytest.mark.parametrize("file", FILES)
def test_heads_that_are_cut_and_closed(file):
    for at in range(file.find(b"\xff\xda") + 20):
        assert fault(file[:at] + END) == decoded_whole(file[:at] + END), at


def test_what_looks_like_a_scan_in_another_format():
    pixels = np.zeros((*SIZE[::-1], 3), dtype=np.uint8)
    pixels.reshape(-1)[1000:1004] = 0xFF, 0xDA, 0, 2
    png = io.BytesIO()
    Image.fromarray(pixels).save(png, "PNG", compress_level=0)
    assert fault(png.getvalue() + END) == decoded_whole(png.getvalue() + END) == ""


@hypothesis_settings(max_examples=400)
@example(0, [("cut and closed", 0.2, 1)])
@example(1, [("filled and closed", 0.9, 1)])
@given(
    st.integers(0, len(FILES) - 1),
    st.lists(
        st.tuples(st.sampled_from(sorted(DAMAGES)), st.floats(0, 1) | st.floats(0, 0.2), st.integers(0, 254)),
        max_size=3,
    ),
)
def test_damaged_files_have_the_verdict_of_a_decoder(number, damages):
    data = FILES[number]
    for name, where, n in damages:
        if data:
            data = DAMAGES[name](data, int(where * (len(data) - 1)), n)
    assert fault(data) == decoded_whole(data)
