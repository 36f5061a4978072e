"""Sizes out of the first bytes of image files, against what Pillow makes of the whole ones."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from scene_adapters.formats.files import (
    HEAD_BYTES,
    image_file_size,
    image_size,
    read_json,
    read_json_list,
    read_matrix,
    read_plain,
)
from spargen.errors import SceneError


def encoded(size: tuple[int, int], form: str, mode: str = "RGB", **options: object) -> bytes:
    buffer = io.BytesIO()
    Image.new(mode, size, 77).save(buffer, form, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("size", [(1, 1), (40, 30), (1296, 968), (3, 2000)])
@pytest.mark.parametrize(
    ("form", "mode", "options"),
    [
        ("JPEG", "RGB", {}),
        ("JPEG", "L", {}),
        ("JPEG", "RGB", {"progressive": True}),
        ("JPEG", "RGB", {"exif": b"Exif\0\0" + bytes(900)}),
        ("JPEG", "RGB", {"comment": b"c" * 500}),
        ("PNG", "RGB", {}),
        ("PNG", "I;16", {}),
    ],
)
def test_the_size_of_every_kind_of_file(size: tuple[int, int], form: str, mode: str, options: dict) -> None:
    data = encoded(size, form, mode, **options)
    assert Image.open(io.BytesIO(data)).size == size
    assert image_size(data[:HEAD_BYTES]) == size


def test_segments_that_look_like_frame_headers_are_stepped_over() -> None:
    plain = encoded((40, 30), "JPEG")
    for marker in (0xC4, 0xC8, 0xCC, 0xDB, 0xFE):  # tables, a reserved one, arithmetic coding, quantisation, a comment
        segment = bytes([0xFF, marker]) + (9).to_bytes(2, "big") + b"\x08\x00\x07\x00\x09\x01\x02"
        assert image_size(plain[:2] + segment + plain[2:]) == (40, 30)


@pytest.mark.parametrize("form", ["JPEG", "PNG"])
def test_a_head_that_ends_too_early_says_nothing(form: str) -> None:
    data = encoded((40, 30), form)
    found = [image_size(data[:n]) for n in range(len(data))]
    first = found.index((40, 30))
    assert found == [None] * first + [(40, 30)] * (len(data) - first)


@given(st.binary(max_size=300))
def test_rubbish_says_nothing_wrong(data: bytes) -> None:
    for start in (b"", b"\xff\xd8\xff\xe0", b"\x89PNG\r\n\x1a\n"):
        found = image_size(start + data)
        assert found is None or min(found) > 0


def test_files_are_read_as_far_as_needed(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(encoded((40, 30), "JPEG", exif=b"Exif\0\0" + bytes(50_000)))
    assert image_file_size(path) == (40, 30)
    path.write_bytes(b"")
    assert image_file_size(path) is None
    assert image_file_size(tmp_path) is None
    assert image_file_size(tmp_path / "none.jpg") is None


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_texts_are_read_past_the_mark_of_an_editor(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "text"
    path.write_bytes("1 0 0 0 0 1 0 0 0 0 1 0 0 0 0 1\n".encode(encoding))
    assert read_plain(path) == b"1 0 0 0 0 1 0 0 0 0 1 0 0 0 0 1\n"
    assert (read_matrix(path) == np.eye(4)).all()
    path.write_bytes('{"a": 1}'.encode(encoding))
    assert read_json(path) == {"a": 1}


def test_a_text_that_is_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "text").write_bytes(b"\xff\xfe1")
    with pytest.raises(SceneError, match=r"text: the file is no text in the encoding that it begins as"):
        read_plain(tmp_path / "text")


@pytest.mark.parametrize("text", ["[" * 100_000, "[NaN, " + "[" * 50_000 + "]" * 50_001])
def test_json_that_is_nested_too_deeply_is_damaged(tmp_path: Path, text: str) -> None:
    path = tmp_path / "deep.json"
    path.write_text(text)
    with pytest.raises(SceneError, match="the file is not JSON") as error:
        read_json(path)
    assert str(path) in str(error.value)
    with pytest.raises(SceneError, match="the file is not JSON"):
        read_json_list(path)
