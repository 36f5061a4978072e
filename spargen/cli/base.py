"""What all commands have in common: the app they belong to, how their mistakes end, options of several."""

from __future__ import annotations

import functools
import sys
import traceback
from collections.abc import Callable
from contextvars import ContextVar
from pathlib import Path
from typing import Annotated, ParamSpec

import typer

from spargen.errors import JobError, SpargenError, unexpected

EXIT_ERROR, EXIT_INCOMPLETE, EXIT_INTERRUPTED = 1, 3, 130

P = ParamSpec("P")
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print errors only.")]
Workers = Annotated[int | None, typer.Option(min=1, help="Scenes at a time.", show_default="all cores")]
Change = Annotated[list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Replace a value of the job.")]
Data = Annotated[
    list[str] | None, typer.Option(metavar="NAME=ROOT", help="Where a data set lies now, if it was moved.")
]
Trust = Annotated[
    bool, typer.Option("--trust-plugins", help="Run the adapters and tasks of its own that OUT names: whose is it?")
]

_VERBOSE = ContextVar("verbose", default=False)
"""Whether an error of the program tells where it arose."""

app = typer.Typer(
    help="Turns 3-D scenes into SPAR-format spatial question-answer data.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_show_locals=False,
)


def _version(wanted: bool) -> None:
    if wanted:
        from spargen import __version__

        print(f"spargen {__version__}")
        raise typer.Exit


@app.callback()
def general(
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Say where in the program an error arose.")] = False,
    version: Annotated[  # noqa: ARG001 - its callback says it
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say which version this is.")
    ] = False,
) -> None:
    """Turn 3-D scenes into SPAR-format spatial question-answer data."""
    _VERBOSE.set(verbose)


def command(name: str) -> Callable[[Callable[P, None]], Callable[P, None]]:
    """Register a command; mistakes of the input end in one message and an exit code."""

    def register(function: Callable[P, None]) -> Callable[P, None]:
        @functools.wraps(function)
        def careful(*args: P.args, **kwargs: P.kwargs) -> None:
            try:
                function(*args, **kwargs)
            except SpargenError as error:
                _fail(str(error))
            except BrokenPipeError:  # the reader of our output has seen enough
                raise
            except (typer.Exit, typer.Abort):
                raise
            except Exception as error:  # noqa: BLE001 - whatever it is, it is said in words
                if _VERBOSE.get():
                    traceback.print_exc()
                _fail(unexpected(error))
            except KeyboardInterrupt:
                print("stopped; the same command goes on where this one ended", file=sys.stderr)
                raise typer.Exit(EXIT_INTERRUPTED) from None

        return app.command(name)(careful)

    return register


def data_roots(texts: list[str] | None) -> dict[str, Path]:
    """Return the folders of data sets by name, as ``--data`` gives them."""
    roots = {}
    for text in texts or ():
        name, _, root = text.partition("=")
        if not name or not root:
            what = "this names no data set and its folder"
            raise JobError(what, where=f"--data {text}", mend="write scannet=/data/scannet")
        roots[name] = Path(root)
    return roots


def _fail(text: str) -> None:
    print(f"error: {text}", file=sys.stderr)
    raise typer.Exit(EXIT_ERROR)
