"""What all commands have in common: the app they belong to, how their mistakes end, options of several."""

from __future__ import annotations

import functools
import inspect
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from spargen.cli.logs import LogFile, Verbose, logged
from spargen.cli.written import refuse_own
from spargen.errors import JobError, SpargenError, unexpected
from spargen.terminal import complain

EXIT_ERROR, EXIT_INCOMPLETE, EXIT_INTERRUPTED = 1, 3, 130

Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print errors only.")]
Workers = Annotated[int | None, typer.Option(min=1, help="Scenes at a time.", show_default="all cores")]
Change = Annotated[list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Replace a value of the job.")]
Data = Annotated[
    list[str] | None, typer.Option(metavar="NAME=ROOT", help="Where a data set lies now, if it was moved.")
]
Trust = Annotated[
    bool, typer.Option("--trust-plugins", help="Run the adapters and tasks of its own that OUT names: whose is it?")
]

_log = logging.getLogger(__name__)

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
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say which version this is.")
    ] = False,
) -> None:
    """Turn 3-D scenes into SPAR-format spatial question-answer data."""


class _Careful(TyperCommand):
    """A command that is given nothing empty: a path would be the folder one stands in, and a list would name none."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Take the arguments apart; one that is empty ends the command."""
        given, _, order = self.make_parser(ctx).parse_args(args=list(args))
        for parameter in order:
            value = given.get(parameter.name)
            texts = value if isinstance(value, list | tuple) else [value]
            if any(isinstance(text, str) and not text.strip(" ,") for text in texts):
                mend = "write what is meant, or leave it out; is a variable of the shell empty?"
                complain(f"error: {JobError('this is given, but empty', where=parameter.opts[0], mend=mend)}")
                raise typer.Exit(EXIT_ERROR)
        return super().parse_args(ctx, args)


def command(name: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Register a command; it has a log, and mistakes of the input end in one message and an exit code."""

    def register(function: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(function)
        def careful(*, verbose: bool, log_file: Path | None, **given: Any) -> None:
            try:
                refuse_own({**given, "log_file": log_file})
                with logged(verbose, log_file):
                    _run(function, given)
            except SpargenError as error:  # the log itself, or where something is to be written
                complain(f"error: {error}")
                raise typer.Exit(EXIT_ERROR) from None

        return app.command(name, cls=_Careful)(_with_log_options(careful))

    return register


def _run(function: Callable[..., None], given: dict[str, Any]) -> None:
    """Call a command; what it raises ends in one message and an exit code."""
    try:
        function(**given)
    except SpargenError as error:
        complain(f"error: {error}")
    except BrokenPipeError:  # the reader of our output has seen enough
        raise
    except (typer.Exit, typer.Abort):
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, it is said in words
        _log.info("where it arose:", exc_info=error)
        complain(f"error: {unexpected(error)}")
    except KeyboardInterrupt:
        complain("stopped; the same command goes on where this one ended")
        raise typer.Exit(EXIT_INTERRUPTED) from None
    else:
        return
    raise typer.Exit(EXIT_ERROR)


def _with_log_options(careful: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of its log, where its signature and its annotations are looked at."""
    signature, kind = inspect.signature(careful, eval_str=True), inspect.Parameter.KEYWORD_ONLY
    options: dict[str, tuple[object, object]] = {"verbose": (Verbose, False), "log_file": (LogFile, None)}
    more = [inspect.Parameter(k, kind, annotation=a, default=d) for k, (a, d) in options.items()]
    signature = signature.replace(parameters=[*signature.parameters.values(), *more])
    vars(careful)["__signature__"] = signature
    careful.__annotations__ = {name: parameter.annotation for name, parameter in signature.parameters.items()}
    return careful


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
