"""The command line: a thin skin over the library, one module a group of commands."""

from __future__ import annotations

# The help lists the commands in the order in which their groups are imported.
# isort: off
from spargen.cli import make, look, prove, give, measure, mix
from spargen.cli.base import app
# isort: on

__all__ = ["app", "give", "look", "main", "make", "measure", "mix", "prove"]


def main() -> None:
    """Run the command line."""
    app()
