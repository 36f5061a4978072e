"""The command line: a thin skin over the library, one module a group of commands."""

from __future__ import annotations

import io
import sys

# The help lists the commands in the order in which their groups are imported.
# isort: off
from spargen.cli import make, look, prove, give, measure, mix
from spargen.cli.base import app
# isort: on

__all__ = ["app", "give", "look", "main", "make", "measure", "mix", "prove"]


def main() -> None:
    """Run the command line. What a terminal cannot show of a name is printed as its code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    app()
