"""Opens what others wrote: regular files only, text that is UTF-8, YAML that says each thing once."""

from __future__ import annotations

import codecs
import errno
import math
import os
import stat
from collections.abc import Iterator
from io import BufferedReader, BytesIO, FileIO
from pathlib import Path
from typing import Any, Literal, overload

import yaml

from spargen.errors import SpargenError

_MOST_NODES = 100_000
"""Values that a YAML text may come to, those that it repeats by aliases counted each time."""
_UNREADABLE = (yaml.YAMLError, ValueError, OverflowError, RecursionError, TypeError, AttributeError)
"""What PyYAML raises: for syntax its own errors, for scalars such as 2001-13-45 or 0x_ whatever Python does."""
_MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF32_LE: "utf-32-le",  # before UTF-16, whose mark it begins with
    codecs.BOM_UTF32_BE: "utf-32-be",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
"""The marks that editors put before a text, and how it is written then."""


@overload
def open_file(path: Path) -> BufferedReader: ...
@overload
def open_file(path: Path, buffering: Literal[0]) -> FileIO: ...
def open_file(path: Path, buffering: int = -1) -> BufferedReader | FileIO:
    """Open a regular file, or a link to one, to read its bytes.

    Raises `OSError` for anything else: a pipe would keep us waiting, and a device may have no end.
    """
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(errno.EINVAL, "it is no regular file", str(path))
    return open(handle, "rb", buffering=buffering)  # type: ignore[return-value]  # noqa: PTH123


def read_bytes(path: Path) -> bytes:
    """Return the bytes of a regular file; `OSError` as `open_file`."""
    with open_file(path) as file:
        return file.read()


def without_mark(data: bytes) -> bytes:
    """Return the bytes of a text without the mark that an editor put before it: as UTF-8 if there was one.

    Raises `UnicodeDecodeError` where a text in UTF-16 or UTF-32 is none.
    """
    mark = next((mark for mark in _MARKS if data.startswith(mark)), b"")
    if not mark:
        return data
    rest = data[len(mark) :]
    return rest if mark == codecs.BOM_UTF8 else rest.decode(_MARKS[mark]).encode()


def open_plain(path: Path) -> BufferedReader:
    """Open a file of lines of text as `open_file` does, without the mark that an editor put before it."""
    file = open_file(path)
    if not file.peek(4).startswith(tuple(_MARKS)):
        return file
    with file:
        try:
            return BufferedReader(BytesIO(without_mark(file.read())))
        except UnicodeDecodeError as error:
            raise OSError(errno.EILSEQ, "it is no text in the encoding that it begins as", str(path)) from error


def read_text(path: Path, what: str, kind: type[SpargenError]) -> str:
    """Return a file's text, without a byte-order mark; an error of a `kind` says that `what` cannot be read.

    Raises
    ------
    SpargenError
        Where it is missing, no regular file, or neither UTF-8 nor marked as UTF-16: then with the line.
    """
    try:
        data = read_bytes(path)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise kind(f"{what} cannot be read: {reason}", where=path, mend="check the path") from error
    try:
        return without_mark(data).decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        reason = "it is not UTF-8 text"
        raise kind(f"{what} cannot be read: {reason}", where=f"{path}:{line}", mend="save it as UTF-8") from error


def parse_yaml(text: str, where: str, kind: type[SpargenError]) -> tuple[Any, yaml.Node | None]:
    """Return the value of a YAML text, and its nodes, which know their lines.

    Raises
    ------
    SpargenError
        Of a `kind`, with the line: where it is no YAML, gives a key twice, holds nan, is nested too deeply, or is much
        larger with its aliases written out than it is.
    """
    try:
        node = yaml.compose(text, yaml.SafeLoader)
        for line, what, mend in _faults(node):
            raise kind(what, where=f"{where}:{line}", mend=mend)
        return yaml.safe_load(text), node
    except _UNREADABLE as error:
        deep = isinstance(error, RecursionError)
        what = "it is nested too deeply" if deep else f"not valid YAML: {' '.join(str(error).split())}"
        mark = getattr(error, "problem_mark", None)
        at = f"{where}:{mark.line + 1}" if mark is not None else where
        raise kind(what, where=at, mend="mend the syntax there") from None


def read_shipped(file: Path) -> Any:
    """Return the value of a YAML file that comes with the program, by libyaml where PyYAML was built with it."""
    return yaml.load(file.read_text(encoding="utf-8"), getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def _faults(node: yaml.Node | None) -> Iterator[tuple[int, str, str]]:
    """Yield line, fault and mend of what a YAML text must not hold."""
    if node is None:
        return
    if _size(node, {}) > _MOST_NODES:
        yield 1, "its aliases come to too much", "write out what is meant"
        return
    for found in _distinct(node):
        line = found.start_mark.line + 1
        if isinstance(found, yaml.MappingNode):
            seen: set[str] = set()
            for key, _ in found.value:
                if isinstance(key, yaml.ScalarNode) and key.value in seen and key.value != "<<":
                    yield key.start_mark.line + 1, f"`{key.value}` is given twice", "write both as one"
                seen.add(str(key.value))
        elif isinstance(found, yaml.ScalarNode) and found.tag == "tag:yaml.org,2002:float" and _is_nan(found.value):
            yield line, f"{found.value} is no number", "give a number"


def _distinct(node: yaml.Node) -> Iterator[yaml.Node]:
    """Yield each node once, in the order of the text."""
    waiting, seen = [node], set()
    while waiting:
        found = waiting.pop()
        if id(found) in seen:
            continue
        seen.add(id(found))
        yield found
        waiting += reversed(_inside(found))


def _inside(node: yaml.Node) -> list[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        return [part for pair in node.value for part in pair]
    return list(node.value) if isinstance(node, yaml.SequenceNode) else []


def _size(node: yaml.Node, known: dict[int, float]) -> float:
    """Return how many values a node comes to with its aliases written out; inf for one that holds itself."""
    if id(node) not in known:
        known[id(node)] = math.inf
        known[id(node)] = 1 + sum(_size(part, known) for part in _inside(node))
    return known[id(node)]


def _is_nan(text: str) -> bool:
    return text.lower().lstrip(".+-") == "nan"
