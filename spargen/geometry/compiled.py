"""The only door to numba: functions that become machine code when they are first called, and are kept as that."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
import numpy as np
from numba.core.caching import FunctionCache
from numba.core.dispatcher import Dispatcher
from numba.core.runtime.nrt import rtsys

from spargen.fingerprint import tree

Whole = int | np.integer[Any]
"""A whole number as compiled functions hand it to each other."""
Scratch = Any
"""A line of float64 that is indexed by unsigned numbers, which numpy's types do not know."""
F = TypeVar("F", bound=Callable[..., Any])


def compiled(function: F) -> F:
    """Compile a function of arrays and numbers.

    The machine code is kept beside the module, or in the user's cache where that cannot be written (`NUMBA_CACHE_DIR`
    names another folder): compiling takes some seconds. Where neither can be written every process compiles anew.

    Other threads go on while it runs. What is divided by 0 is inf or nan, as in numpy. No sum is put in another order
    than written, so that all machines work out the same.
    """
    made = numba.njit(nogil=True, error_model="numpy")(function)
    if isinstance(made, Dispatcher):
        with suppress(RuntimeError):  # numba found no folder to keep it in
            made._cache = _Kept(function)  # type: ignore[attr-defined]
    return cast(F, made)


class _Kept(FunctionCache):
    """Machine code that is kept as long as no module beside it changes.

    numba looks at the function's own module, but functions and numbers of the others are worked into the code. What is
    damaged is made anew, and what finds no room is not kept.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__(function)
        self._cache_file._source_stamp = tree(Path(function.__code__.co_filename).parent)

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """Return what is kept for a signature, None where nothing is."""
        try:
            # numba's own way loads all that compiling takes first, for half a second. What is compiled needs but the
            # part that gives memory to arrays.
            rtsys.initialize(target_context)
            return self._load_overload(sig, target_context)
        except Exception:  # noqa: BLE001 - whatever comes out of damaged bytes
            with suppress(OSError):
                self.flush()
            return None

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep what was compiled for a signature."""
        with suppress(OSError):
            super().save_overload(sig, data)
