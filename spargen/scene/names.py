"""Names of scenes, splits and frames: which of them a file or a folder of the output may have."""

from __future__ import annotations

_UNNAMED = " (no name for a file)"


def can_name_a_file(name: str) -> bool:
    """Tell whether a file or a folder of the output may have a name as it stands.

    It may not be empty or hidden, lead to another folder, or hold what some system allows in no file name.
    """
    safe = bool(name) and not name.startswith(".") and name == name.strip() and name.isprintable()
    return safe and not set(name) & set("/\\:")


def stand_in(name: str) -> str:
    """Return a name that `can_name_a_file` for one that cannot: it holds that of the scene's failure."""
    shown = "".join(c if can_name_a_file(f"a{c}a") else f"%{ord(c):02x}" for c in name.lstrip(".") or "empty")
    return shown[:80].strip() + _UNNAMED


def is_stand_in(name: str) -> bool:
    """Tell whether a name was made by `stand_in`."""
    return name.endswith(_UNNAMED)
