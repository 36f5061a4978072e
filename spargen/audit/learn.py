"""scikit-learn, imported where it is needed: it is an extra."""

from __future__ import annotations

from contextlib import AbstractContextManager
from importlib import import_module
from typing import Any

from spargen.errors import JobError


def sklearn(part: str) -> Any:
    """Return a module of scikit-learn by its name below ``sklearn``; `JobError` where it is not installed."""
    try:
        return import_module(f"sklearn.{part}")
    except ImportError as error:
        mend = 'pip install "spargen[audit]"'
        raise JobError("scikit-learn is not installed", where="spargen audit", mend=mend) from error


def one_thread() -> AbstractContextManager[Any]:
    """Keep libraries to one thread: cells are spread over processes, and sums are the same however many cores are."""
    sklearn("base")
    limits: AbstractContextManager[Any] = import_module("threadpoolctl").threadpool_limits(1)
    return limits
