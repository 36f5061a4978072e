"""What a view shows where parts of its image were made unrecognizable: faces, papers, screens."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from spargen.geometry.visibility import Visibility

Mask = NDArray[np.bool_]


def without_masked(vis: Visibility, masks: Iterable[Mask | None]) -> Visibility:
    """Return a table in which nothing is visible that a mask reaches into.

    An object whose printed box holds a masked pixel may be seen or not, so it is glimpsed. In a view with a mask this
    holds of all objects without a printed box too, for nobody knows where in the image they are.

    Parameters
    ----------
    vis : the table of V views and N objects.
    masks : V masks (H, W), True where the image cannot be recognized, at any size; None where there is none.
        Masks of large images are large, so they are looked at one by one.
    """
    clean = np.ones(vis.visible.shape, dtype=bool)
    for view, mask in enumerate(masks):
        if mask is not None and mask.any():
            clean[view] = vis.visible[view] & ~_any_inside(mask, vis.bbox[view])
    if clean.all():
        return vis
    noticed = vis.seen | vis.glimpsed
    return replace(
        vis,
        seen=vis.seen & clean,
        glimpsed=vis.glimpsed | noticed & ~clean,
        visible=vis.visible & clean,
        boxed=vis.boxed & clean,
        pointed=vis.pointed & clean,
    )


def _any_inside(mask: Mask, boxes: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Tell which boxes (N, 4), on the 0..1000 scale, hold or touch a pixel of a mask (H, W)."""
    height, width = mask.shape
    # Crow 1984: the sum over any rectangle from four sums from the corner.
    total = np.zeros((height + 1, width + 1), dtype=np.int64)
    total[1:, 1:] = mask.cumsum(axis=0).cumsum(axis=1)
    scaled = boxes * [width, height, width, height]
    x1, y1 = (scaled[:, :2] // 1000).clip(0, [width - 1, height - 1]).T
    x2, y2 = (-(-scaled[:, 2:] // 1000)).clip([1, 1], [width, height]).T
    x2, y2 = np.maximum(x2, x1 + 1), np.maximum(y2, y1 + 1)
    return np.asarray(total[y2, x2] - total[y1, x2] - total[y2, x1] + total[y1, x1] > 0)
