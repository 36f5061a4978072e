"""Rounding as the answers are printed: half away from zero, and never a minus before a zero."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

SURE_SHARE = 0.0025
"""How far a box may lie off that of all pixels, of the image's sides: 3/1000 less the rounding of what is printed."""


def round_half_away(value: ArrayLike, decimals: int = 0) -> NDArray[np.float64]:
    """Round to `decimals`, halves away from zero; -0 becomes 0.

    A value that binary floating point stores just below a decimal half (2.675, 0.15) counts as the half that it
    prints as.
    """
    v = np.asarray(value, dtype=np.float64)
    scale = 10.0**decimals
    magnitude = np.floor(np.abs(v) * scale + 0.5 + 1e-9) / scale
    return np.asarray(np.copysign(magnitude, v) + 0.0)


def permille(pixels: ArrayLike, size_px: ArrayLike) -> NDArray[np.int64]:
    """Express pixel positions on the 0..1000 scale of the marks, rounded and clipped.

    Parameters
    ----------
    pixels : (..., 2) or (..., 4) positions x, y[, x2, y2].
    size_px : (..., 2) width and height.
    """
    p: NDArray[Any] = np.asarray(pixels, dtype=np.float64)
    size = np.asarray(size_px, dtype=np.float64)
    size = np.concatenate([size] * (p.shape[-1] // 2), axis=-1)
    return np.clip(round_half_away(p / size * 1000), 0, 1000).astype(np.int64)
