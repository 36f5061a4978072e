"""What each view shows of each object, as plain numbers, for what asks about a few of them at a time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spargen.geometry.visibility import Visibility
from spargen.scene.cameras import Cameras
from spargen.scene.labels import LabelTable

Numbers = list[list[float]]


@dataclass(frozen=True, slots=True)
class Shown:
    """What V views show of N objects, (V, N) each: lists, of which one number is read ten times faster than of arrays.

    Parameters
    ----------
    share : share of the image's pixels that show the object.
    pixels : as many as that are.
    distance_m : from the camera to its centre.
    alike : how many things the view shows that may be called what the object is called.
    bbox, point : (V, N, 4) and (V, N, 2), where its box and the point of its centre lie, on the 0..1000 scale.
    """

    share: Numbers
    pixels: Numbers
    distance_m: Numbers
    alike: list[list[int]]
    bbox: list[list[list[int]]]
    point: list[list[list[int]]]

    @classmethod
    def of(cls, vis: Visibility, cameras: Cameras, labels: LabelTable) -> Shown:
        """What a table says."""
        pixels = vis.share * cameras.size_px.prod(axis=1)[:, None]
        alike = vis.seen.astype(np.int64) @ labels.clash.T
        return cls(*(a.tolist() for a in (vis.share, pixels, vis.distance_m, alike, vis.bbox, vis.point)))
