"""Where the files that ship beside the code lie: in the wheel, or in a checkout."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Literal

from spargen.errors import SpargenError


@cache
def data_dir(kind: Literal["templates", "configs"]) -> Path:
    """Return the folder of shipped `kind` files; `SpargenError` where the installation lacks it."""
    here = Path(__file__).parent
    for folder in (here / "_data" / kind, here.parent / kind):
        if folder.is_dir():
            return folder
    raise SpargenError(f"the {kind} folder is missing", where=here, mend="install spargen again: pip install .")
