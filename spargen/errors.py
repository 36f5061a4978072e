"""Errors that a user can act on: each says what is wrong, where, and how to mend it."""

from __future__ import annotations

import errno
from collections.abc import Iterable
from difflib import get_close_matches
from os import PathLike
from reprlib import Repr

_MOST = 2000
"""Characters of a message at most."""
_NO_LIBRARY = "cannot open shared object file"
_PACKAGES = {"libusb-1.0": "libusb-1.0-0", "libGL.": "libgl1", "libgomp": "libgomp1", "libX11": "libx11-6"}
"""What Open3D needs of a system, by the beginnings of the files' names."""
_MENDS = {errno.ENAMETOOLONG: "give it a shorter name", errno.EMFILE: "let a process have more files open: ulimit -n"}
"""What helps where the system refuses something, by the number of its error."""
FULL = (errno.ENOSPC, errno.EDQUOT)
"""Numbers of errors that say that a disk is full, or what one may have of it."""
_ODD = "the program did not expect this: {}\n  to mend: see what is odd about the input, or report it"
_REPR = Repr()
_REPR.maxstring = _REPR.maxother = _REPR.maxlong = 80


class SpargenError(Exception):
    """Base of every error that is the input's fault and not the program's.

    Parameters
    ----------
    what : what is wrong, one sentence without the place.
    where : the file, key or object concerned.
    mend : what the reader can do about it.
    """

    def __init__(self, what: str, *, where: str | PathLike[str], mend: str) -> None:
        self.what, self.where = printable(what), printable(str(where))
        self.mend = "\n".join(map(printable, mend.split("\n")))
        super().__init__(self.what, self.where, self.mend)

    def __str__(self) -> str:
        return f"{self.where}: {self.what}\n  to mend: {self.mend}"

    def __reduce__(self) -> tuple[object, ...]:
        # Keyword-only arguments do not survive the default pickling between worker processes.
        return (_rebuild, (type(self), self.what, self.where, self.mend))


def printable(text: str) -> str:
    """Return a text as a terminal may show it, whatever it quotes: one line, no codes, its middle cut if it is long."""
    cut = text if len(text) <= _MOST else f"{text[: _MOST // 2]} ... {text[-_MOST // 4 :]}"
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in cut)


def short(value: object) -> str:
    """Return the `repr` of a value, cut: what a message quotes may be of any size."""
    return printable(_REPR.repr(value))


def unexpected(error: BaseException, odd: str = _ODD) -> str:
    """Say in one line what was raised that is none of our errors; `odd` is said of what has no text of its own."""
    if isinstance(error, TaskError):
        return str(error)
    if isinstance(error, MemoryError):
        return "there is not enough memory\n  to mend: take fewer --workers, or a machine with more"
    text = str(error)
    if isinstance(error, (OSError, ImportError)) and _NO_LIBRARY in text:
        library = printable(text.partition(":")[0])
        package = next((name for start, name in _PACKAGES.items() if library.startswith(start)), "the package it is in")
        return f"the system lacks the library {library}\n  to mend: install {package}, by the name that Debian gives it"
    if isinstance(error, OSError) and error.errno in FULL:
        place = printable(str(error.filename or "the system"))
        return f"{place}: the disk is full\n  to mend: make room and give the same command again: it resumes"
    if isinstance(error, OSError):
        what = printable(f"{error.filename or 'the system'}: {error.strerror or error}")
        return f"{what}\n  to mend: {_MENDS.get(error.errno or 0, 'see that it is there and can be read')}"
    return odd.format(printable(f"{type(error).__name__}: {error}".partition("\n")[0]))


def nearest(word: str, among: Iterable[str], otherwise: str) -> str:
    """Return ``did you mean ...?`` with the names nearest to a word, or the `otherwise` text."""
    close = get_close_matches(word, list(among), n=3, cutoff=0.6)
    return f"did you mean {' or '.join(close)}?" if close else otherwise


def _rebuild(kind: type[SpargenError], what: str, where: str, mend: str) -> SpargenError:
    return kind(what, where=where, mend=mend)


class SceneError(SpargenError):
    """A scene's files are missing, broken or contradict each other; other scenes can go on."""


class JobError(SpargenError):
    """A job cannot be run as it is written."""


class TemplateError(SpargenError):
    """A template file has a mistake in it."""


class PluginError(SpargenError):
    """An adapter or a task that was asked for cannot be loaded."""


class TaskError(Exception):
    """What a task raised that is none of our errors, in a text that says where: other scenes can go on."""


class AdapterError(SpargenError):
    """An adapter does not keep its contract: see `spargen.testing`."""


class OutputError(SpargenError):
    """The output folder cannot be used or belongs to another job."""
