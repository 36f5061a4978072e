"""The command line: a thin skin over the library, one module a group of commands.

A command imports what it works with when it is called; at the top of its module stands what its options need and what
loads at once. So `spargen --help` waits for no library of numbers or pictures, and no command for those of another.
"""

from __future__ import annotations

import gc
import io
import os
import sys

# The help lists the commands in the order in which their groups are imported.
# isort: off
from spargen.cli import make, look, prove, give, measure, mix
from spargen.cli.base import app
# isort: on

OBJECTS = 50_000
"""So many more objects are made before those that nothing names any more are looked for."""

__all__ = ["app", "give", "look", "main", "make", "measure", "mix", "prove"]


def main() -> None:
    """Run the command line. What a terminal cannot show of a name is printed as its code."""
    # Matrices are small here: threads for their products, one for each core in each process, would do little but wait,
    # and keep the cores busy with it. Read when numpy is imported; whoever set it keeps it.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    # What a start brings up stays: to look through it with every 700 objects more takes a tenth of the start.
    gc.set_threshold(OBJECTS)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    app()
