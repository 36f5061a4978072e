"""What others wrote is opened with care: regular files, UTF-8, YAML that says each thing once."""

from __future__ import annotations

import errno
import os
import time

import pytest

from spargen.errors import JobError, SceneError, SpargenError, printable, short, unexpected
from spargen.reading import open_file, open_plain, parse_yaml, read_bytes, read_text

BOMB = "a: &a [1, 2, 3, 4, 5, 6, 7, 8, 9]\n" + "".join(
    f"{b}: &{b} [{', '.join([f'*{a}'] * 9)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize("make", [os.mkfifo, lambda path: path.symlink_to("/dev/zero"), lambda path: path.mkdir()])
def test_only_regular_files_are_opened(tmp_path, make):
    path = tmp_path / "file"
    make(path)
    for read in (open_file, read_bytes, lambda p: open_file(p, 0)):
        with pytest.raises(OSError, match="no regular file"):
            read(path)
    with pytest.raises(SceneError, match="the file cannot be read: it is no regular file"):
        read_text(path, "the file", SceneError)


def test_a_link_to_a_regular_file_is_one(tmp_path):
    (tmp_path / "file").write_bytes(b"content")
    (tmp_path / "link").symlink_to("file")
    assert read_bytes(tmp_path / "link") == b"content"
    with open_file(tmp_path / "link", 0) as file:
        assert file.read(3) == b"con"


def test_text_is_utf_8_and_the_line_that_is_not_is_named(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"\xef\xbb\xbfone\ntwo\n")
    assert read_text(path, "it", JobError) == "one\ntwo\n"
    path.write_bytes(b"one\ntwo \xe9\n")
    with pytest.raises(JobError) as caught:
        read_text(path, "it", JobError)
    assert (caught.value.what, caught.value.where) == ("it cannot be read: it is not UTF-8 text", f"{path}:2")


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_called_so(number):
    assert unexpected(OSError(number, "No space", "table")).startswith("table: the disk is full\n  to mend: make room")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_the_mark_of_an_editor_says_how_a_text_is_written(tmp_path, encoding):
    path = tmp_path / "file"
    mark = "\ufeff" if encoding.endswith(("le", "be")) else ""
    path.write_bytes((mark + "one \u00e9\ntwo\n").encode(encoding))
    assert read_text(path, "it", JobError) == "one \u00e9\ntwo\n"
    with open_plain(path) as file:
        assert list(file) == ["one \u00e9\n".encode(), b"two\n"]


def test_what_is_no_text_in_the_encoding_that_it_begins_as_is_refused(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"\xff\xfeone")
    with pytest.raises(JobError, match="it is not UTF-8 text"):
        read_text(path, "it", JobError)
    with pytest.raises(OSError, match="in the encoding that it begins as"):
        open_plain(path)


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("a: 1\nb: 2\na: 3\n", 3, "`a` is given twice"),
        ("a:\n  - b: 1\n    b: 1\n", 3, "`b` is given twice"),
        ("a:\n  b: .nan\n", 2, ".nan is no number"),
        ("a: [1,\n", 2, "not valid YAML"),
        ("a: 2001-13-45\n", None, "not valid YAML: month must be in 1..12"),
        ("a: !!int x\n", None, "not valid YAML"),
        ("a: !!python/object/apply:os.system [x]\n", 1, "not valid YAML: could not determine a constructor"),
        ("a: " + "9" * 5000, None, "not valid YAML"),
        ("a: " + "[" * 3000, None, "nested too deeply"),
        ("a: &a [*a]\n", 1, "its aliases come to too much"),
        (BOMB, 1, "its aliases come to too much"),
        ("? [a]\n: b\n", None, "not valid YAML"),
        ("a: \x07\n", None, "not valid YAML"),
    ],
)
def test_yaml_that_is_refused(text, line, what):
    begin = time.process_time()
    with pytest.raises(JobError) as caught:
        parse_yaml(text, "job.yaml", JobError)
    assert what in caught.value.what
    assert caught.value.where.startswith("job.yaml" if line is None else f"job.yaml:{line}")
    assert len(str(caught.value)) < 3000
    assert time.process_time() - begin < 5


def test_yaml_that_is_read():
    value, node = parse_yaml("a: &a {x: 1}\nb: *a\nc:\n  <<: *a\n", "", JobError)
    assert value == {"a": {"x": 1}, "b": {"x": 1}, "c": {"x": 1}}
    assert node.value[1][0].start_mark.line == 1
    assert parse_yaml("", "", JobError) == (None, None)


def test_a_message_shows_no_code_and_is_no_longer_than_a_screen():
    error = SpargenError("a\x1b[31mb\nc\u202e" + "x" * 10**6, where="\ud800\n", mend="m\x00")
    assert str(error).isprintable() is False  # it has two lines of its own
    assert all(part.isprintable() for part in str(error).split("\n"))
    assert str(error).startswith("\\ud800\\n: a\\x1b[31mb\\nc\\u202exxx")
    assert len(str(error)) < 3000
    assert len(short(["x" * 10**6] * 10**5)) < 1000
    assert printable("Tür") == "Tür"


@pytest.mark.parametrize("kind", [OSError, ImportError])
def test_a_library_that_the_system_lacks_is_named_with_its_package(kind):
    lacking = "libusb-1.0.so.0: cannot open shared object file: No such file or directory"
    assert unexpected(kind(lacking)).startswith("the system lacks the library libusb-1.0.so.0\n")
    assert "install libusb-1.0-0" in unexpected(kind(lacking))
    assert "the package it is in" in unexpected(kind(lacking.replace("libusb", "libother")))


def test_what_is_none_of_our_errors_is_said_in_words():
    assert "fewer --workers" in unexpected(MemoryError())
    assert unexpected(PermissionError(13, "Permission denied", "a\n")).startswith(
        "a\\n: Permission denied\n  to mend: see"
    )
    assert "a shorter name" in unexpected(OSError(errno.ENAMETOOLONG, "File name too long", "a"))
    assert unexpected(ZeroDivisionError("a\nb")).startswith("the program did not expect this: ZeroDivisionError: a\n")
