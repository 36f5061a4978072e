"""Writes files whole or not at all; where the disk cannot take them, one `OutputError` says so.

What is written lasts: a file is on the disk before it takes its name, and its folder before anything builds on it.
Whether a file still is what was written is told by its stamp. It is read for that only if it was changed after the
record of its stamp was written: each change of its bytes, its name or its links is noted by the system, with a time
that nobody can set by hand.
"""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import file_digest, sha256
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from spargen.errors import FULL, OutputError
from spargen.reading import open_file, read_bytes

JSON_LINE = orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_APPEND_NEWLINE
_PRETTY = orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | JSON_LINE
Stamp = tuple[int, str]
"""Size of a file in bytes and its SHA-256, by which it is known to be whole."""
_SEAL = "sha256"
_IN_USE = (errno.ENOTEMPTY, errno.EEXIST)
_ATTEMPTS = 5
_WAITING = 8
"""Files that are waited for at a time until they are on the disk: it writes several in hardly more time than one."""


@contextmanager
def writing(where: Path) -> Iterator[None]:
    """Turn whatever stops a write under `where` into an `OutputError`."""
    try:
        yield
    except OSError as error:
        raise _explained(error, where) from error


@contextmanager
def whole(path: Path, *, lasting: bool = True) -> Iterator[BinaryIO]:
    """Open a file that takes its name only once it is complete.

    Parameters
    ----------
    path : the file.
    lasting : see that it is on the disk, so that it outlives a power cut; False where `settle` does it for many.
    """
    with _beside(path, lasting=lasting) as file:
        yield file
    _take_name(Path(file.name), path, lasting=lasting)


@contextmanager
def _beside(path: Path, *, lasting: bool) -> Iterator[BinaryIO]:
    """Open a file under a temporary name beside its own; what stops the write removes it."""
    with writing(path):
        make_folder(path.parent)
        beside = temporary(path)
        try:
            with beside.open("xb") as file:  # never a file that is there, nor where a link leads
                yield file
                if lasting:
                    file.flush()
                    os.fsync(file.fileno())
        except Exception:
            with suppress(OSError):
                beside.unlink()
            raise


def _take_name(beside: Path, path: Path, *, lasting: bool) -> None:
    with writing(path):
        try:
            beside.replace(path)
        except OSError:
            with suppress(OSError):
                beside.unlink()
            raise
        if lasting:
            settle_folder(path.parent)


def temporary(path: Path) -> Path:
    """Return a name beside `path` to write it under, of this call alone; no scene and no image can be called so."""
    return path.with_name(f".{path.name[:40]}.{os.getpid()}-{secrets.token_hex(4)}.tmp")


def is_temporary(name: str) -> bool:
    """Tell whether a name is one of `temporary`; what bears it when no run is at work was left by one that ended."""
    return name.startswith(".") and name.endswith(".tmp")


def leftovers(folder: Path) -> Iterator[Path]:
    """Yield what bears a temporary name in a folder and those in it, when no run is at work there."""
    return (path for path in folder.rglob(".*") if is_temporary(path.name))


def put(path: Path, make: Callable[[Path], None]) -> None:
    """Make a file, such as a link, under the temporary name that `make` is given, and move it to its own."""
    make_folder(path.parent)
    beside = temporary(path)
    make(beside)
    beside.replace(path)
    beside.unlink(missing_ok=True)  # renaming onto a link to the same file does nothing


def make_folder(folder: Path) -> None:
    """Make a folder and those around it, if they are not there, to last."""
    if not folder.is_dir():
        make_folder(folder.parent)
        folder.mkdir(exist_ok=True)
        settle_folder(folder.parent)


def settle(files: Iterable[Path]) -> None:
    """See that files are on the disk, and that their folders have them; several are waited for at a time."""
    files = list(files)
    with ThreadPoolExecutor(_WAITING) as pool:
        list(pool.map(_fsync, files))
    for folder in sorted({file.parent for file in files}):
        settle_folder(folder)


def settle_folder(folder: Path) -> None:
    """See that what was named, renamed or removed in a folder is so on the disk."""
    with suppress(PermissionError):  # some systems open no folders
        _fsync(folder)


def replace_folder(beside: Path, place: Path) -> None:
    """Put a folder into the place of another one, to last. Of two processes that do so, one is the last."""
    for attempt in range(_ATTEMPTS):
        shutil.rmtree(place, ignore_errors=True)
        try:
            beside.replace(place)
            break
        except OSError as error:
            if error.errno not in _IN_USE or attempt == _ATTEMPTS - 1:
                raise
    settle_folder(place.parent)


def _fsync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_bytes(path: Path, data: bytes) -> Stamp:
    """Write a file whole."""
    return write_lines(path, [data])


def write_changed(path: Path, data: bytes, announce: Callable[[Stamp], None] | None = None) -> Stamp:
    """Write a file whole unless it holds these very bytes already; for `announce` see `write_lines`."""
    try:
        same = read_bytes(path) == data
    except OSError:
        same = False
    return (len(data), sha256(data).hexdigest()) if same else write_lines(path, [data], announce)


def write_json(path: Path, value: object, announce: Callable[[Stamp], None] | None = None) -> None:
    """Write a value as indented JSON with sorted keys, unless it stands there already; for `announce` see below."""
    write_changed(path, orjson.dumps(value, option=_PRETTY), announce)


def write_sealed(path: Path, record: Mapping[str, Any]) -> None:
    """Write a record as JSON with a digest of itself in it, by which `read_sealed` knows that it is whole."""
    write_json(path, {**record, _SEAL: _seal(record)})


def read_sealed(path: Path) -> dict[str, Any]:
    """Return a record; `ValueError` if it is not as it was written. One that has no digest in it is believed."""
    record = orjson.loads(read_bytes(path))
    if not isinstance(record, dict):
        raise ValueError("no record")  # noqa: TRY004 - damage, whatever it looks like
    seal = record.pop(_SEAL, None)
    if seal not in (None, _seal(record)):
        raise ValueError("another digest")
    return record


def _seal(record: Mapping[str, Any]) -> str:
    return sha256(orjson.dumps(record, option=orjson.OPT_SORT_KEYS | orjson.OPT_SERIALIZE_NUMPY)).hexdigest()


def write_lines(path: Path, lines: Iterable[bytes], announce: Callable[[Stamp], None] | None = None) -> Stamp:
    """Write lines, each with its line end.

    Parameters
    ----------
    path, lines : the file and what it is to hold.
    announce : told of the file when it is complete and has not taken its name yet.
    """
    made = draft(path, lines)
    if announce is not None:
        with writing(path):
            announce(made.stamp)
    made.take_name()
    return made.stamp


def draft(path: Path, lines: Iterable[bytes]) -> Draft:
    """Write a file as `write_lines` does, but leave it to the caller when it takes its name."""
    size, hashed = 0, sha256()
    with _beside(path, lasting=True) as file:
        for line in lines:
            file.write(line)
            hashed.update(line)
            size += len(line)
    return Draft(path, Path(file.name), (size, hashed.hexdigest()))


@dataclass(frozen=True, slots=True)
class Draft:
    """A file that is complete and on the disk, under a temporary name beside its own; and its stamp."""

    path: Path
    beside: Path
    stamp: Stamp

    def take_name(self) -> None:
        """Give it its name, to last."""
        _take_name(self.beside, self.path, lasting=True)


def stamp_of(path: Path) -> Stamp:
    """Read a file and return its stamp."""
    with open_file(path) as file:
        return path.stat().st_size, file_digest(file, "sha256").hexdigest()


def changed_ns(path: Path) -> int:
    """Return when a file or its name was last changed, in nanoseconds; 0 where it is not there."""
    try:
        return path.lstat().st_ctime_ns
    except OSError:
        return 0


def is_whole(path: str | Path, stamp: Stamp, since_ns: int) -> bool:
    """Tell whether a file is what its stamp says.

    Parameters
    ----------
    path : the file; in the place of one that was written, a link counts as none.
    stamp : size and digest, "" where nobody took one: such a file is the data set's own, and may be a link to it.
    since_ns : when the record of the stamp was written; a file that was changed later is read.
    """
    size, digest = stamp
    try:
        found = os.lstat(path)
        if stat.S_ISLNK(found.st_mode) and not digest:
            found = os.stat(path)  # noqa: PTH116 - of a million of them a Path each would cost more than the look
        if not stat.S_ISREG(found.st_mode) or found.st_size != size:
            return False
        return not digest or found.st_ctime_ns < since_ns or stamp_of(Path(path))[1] == digest
    except OSError:
        return False


def renew(record: Path) -> None:
    """Note that what a record says was found to be so: files that were read need not be read again."""
    with suppress(OSError):
        found = record.stat()
        os.utime(record, ns=(found.st_atime_ns, found.st_mtime_ns))


def refuse_link(path: Path) -> None:
    """Raise `OutputError` if a link stands where a run has files of its own: they would be written elsewhere."""
    if path.is_symlink():
        raise OutputError(
            f"this is a link to {path.readlink()}: a run follows none in its own folder",
            where=path,
            mend="put what it leads to in its place, or choose another --out",
        )


def remove_empty_folders(root: Path) -> None:
    """Remove the folders below `root` that hold nothing."""
    for folder, _, _ in os.walk(root, topdown=False):
        if Path(folder) != root and not any(Path(folder).iterdir()):
            Path(folder).rmdir()


def _explained(error: OSError, where: Path) -> OutputError:
    place = error.filename or where
    if error.errno in FULL:
        return OutputError(
            "the disk is full", where=place, mend="make room and give the same command again: it resumes"
        )
    if isinstance(error, PermissionError) or error.errno == errno.EROFS:
        return OutputError("this cannot be written: permission denied", where=place, mend="choose another --out")
    if error.errno == errno.EFBIG:
        mend = "raise the limit on the size of files (ulimit -f), or choose another --out"
        return OutputError("this cannot be written: it is larger than a file may be", where=place, mend=mend)
    return OutputError(f"this cannot be written: {error.strerror}", where=place, mend="choose another --out")
