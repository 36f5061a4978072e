"""Features of options as arrays over rows and options, and what follows from comparing the options of a row."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from spargen.audit.sight import Numbers, Seen
from spargen.audit.text import parts_of

Floats = NDArray[np.float64]
Columns = dict[str, Floats]

_RANKED = (
    "value", "length", "log area", "log aspect", "log width", "log height", "lower edge", "upper edge",
    "across", "down", "from the middle", "from the middle across", "number 0", "number 1", "number 2",
    "off told 0", "off told 1", "frame", "frame gap", "apart from the others",
    "mark: log spacing", "mark: spacing across", "mark: spacing down", "mark: across", "mark: down", "mark: log size",
    "mark: lower edge", "unlike the mark: log area", "unlike the mark: log aspect", "unlike the mark: sides",
    "unlike the mark: place", "unlike the mark: across", "unlike the mark: down", "log value over spacing",
)  # fmt: skip
"""Features by which options are ranked within their row, too."""
_WORDS = 30
"""A part with more different words than this is no answer of a fixed vocabulary."""


def text_columns(seen: Sequence[Seen], options: Sequence[Sequence[str]], k: int) -> Columns:
    """Return what the text tells of each option: arrays (n, k), NaN where there is nothing."""
    found = _columns([(s.shared, s.options) for s in seen], k)
    valid = np.array([[i < len(row) for i in range(k)] for row in options])
    found["letter"] = np.where(valid, np.arange(k), np.nan)
    if k > 1:
        found["apart from the others"] = _apart(found, options, valid)
        _add_spread(found)
        _add_ranks(found)
    return found | _part_codes(options, k)


def mark_columns(seen: Sequence[Seen], k: int) -> Columns:
    """Return what the marks tell of each option: arrays (n, k), NaN where there is nothing."""
    found = _columns([(s.shared_marks, s.option_marks) for s in seen], k)
    if k > 1:
        _add_ranks(found)
    return found


def ranks(values: Floats) -> Floats:
    """Return the rank of each option of a row (n, k), from 0 for the least; equal ones have their mean rank."""
    below = (values[:, None, :] < values[:, :, None]).sum(axis=2)
    equal = (values[:, None, :] == values[:, :, None]).sum(axis=2) - 1
    return np.where(np.isnan(values), np.nan, below + equal / 2)


def _columns(rows: Sequence[tuple[Numbers, list[Numbers]]], k: int) -> Columns:
    found: Columns = {}
    for n, (shared, options) in enumerate(rows):
        for i, option in enumerate(options):
            for name, value in (*shared.items(), *option.items()):
                if name not in found:
                    found[name] = np.full((len(rows), k), np.nan)
                found[name][n, i] = value
    return found


def _apart(columns: Columns, options: Sequence[Sequence[str]], valid: NDArray[np.bool_]) -> Floats:
    """Return how unlike the others each option is: a truth that was edited into options stands in their middle."""
    found = np.where(valid, 0.0, np.nan)
    for name in ("log value", "log area", "log aspect", "number 0", "number 1"):
        if name in columns:
            off = np.abs(columns[name][:, :, None] - columns[name][:, None, :])
            found += np.nansum(off, axis=2) / (np.nanstd(columns[name]) + 1e-9)
    for n, row in enumerate(options):
        parts = [parts_of(option) for option in row]
        for i, own in enumerate(parts):
            found[n, i] += sum(a != b for other in parts for a, b in zip(own, other, strict=False))
    return found


def _add_spread(columns: Columns) -> None:
    """Add where a value stands among those of its row."""
    if "log value" in columns:
        logs = columns["log value"]
        least, most = (edge(logs, axis=1, keepdims=True, initial=far, where=~np.isnan(logs))
                       for edge, far in ((np.min, np.inf), (np.max, -np.inf)))  # fmt: skip
        columns["over the least"] = logs - least
        columns["over the most"] = logs - most


def _add_ranks(columns: Columns) -> None:
    for name in [name for name in _RANKED if name in columns]:
        columns[f"rank by {name}"] = ranks(columns[name])


def _part_codes(options: Sequence[Sequence[str]], k: int) -> Columns:
    """Return a number for each word that stands between the commas of an option, or for a claim."""
    parts = [[parts_of(option) for option in row] for row in options]
    most = min(5, max((len(one) for row in parts for one in row), default=0))
    found: Columns = {}
    for place in range(most):
        known = sorted({one[place] for row in parts for one in row if len(one) > place})
        if len(known) <= _WORDS:
            column = found[f"word {place}"] = np.full((len(parts), k), np.nan)
            for n, row in enumerate(parts):
                for i, one in enumerate(row):
                    if len(one) > place:
                        column[n, i] = known.index(one[place])
    return found
