"""The log of a command: a file of all that it said and did, and on the terminal more of that than usual."""

from __future__ import annotations

import logging
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from spargen.errors import OutputError, printable
from spargen.terminal import SHOWN

Verbose = Annotated[
    bool, typer.Option("--verbose", "-v", help="Say each step, and where in the program an error arose.")
]
LogFile = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Keep what is said and each step, with their times; it is added to.")
]


class _Lines(logging.Formatter):
    """Lines as a terminal may show them, whatever they quote."""

    def format(self, record: logging.LogRecord) -> str:
        return "\n".join(map(printable, super().format(record).split("\n")))


class _Terminal(logging.Handler):
    """Prints to stderr, whatever that is at the time, what the command does not print itself."""

    def emit(self, record: logging.LogRecord) -> None:
        if record.name != SHOWN:
            print(self.format(record), file=sys.stderr, flush=True)


@contextmanager
def logged(verbose: bool, file: Path | None) -> Iterator[None]:
    """Log what spargen does meanwhile: warnings, or every step, to stderr; all, and what it says, to a file if named.

    Raises `OutputError` if the file cannot be written.
    """
    from spargen import __version__

    logger = logging.getLogger("spargen")
    handlers: list[logging.Handler] = [_Terminal(logging.INFO if verbose else logging.WARNING)]
    handlers[0].setFormatter(_Lines())
    if file is not None:
        handlers.append(_opened(file))
    level = logger.level
    logger.setLevel(logging.DEBUG)
    for handler in handlers:
        logger.addHandler(handler)
    logging.getLogger(SHOWN).info("spargen %s: %s", __version__, shlex.join(sys.argv[1:]))
    try:
        yield
    finally:
        logger.setLevel(level)
        for handler in handlers:
            logger.removeHandler(handler)
            handler.close()


def _opened(file: Path) -> logging.Handler:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        handler = logging.FileHandler(file, encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        what = f"the log cannot be written: {error.strerror}"
        raise OutputError(what, where=file, mend="name a file in a folder of yours") from error
    handler.setLevel(logging.INFO)
    handler.setFormatter(_Lines("%(asctime)s %(levelname)s %(message)s"))
    return handler
