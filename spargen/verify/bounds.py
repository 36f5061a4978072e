"""The thresholds, and those of a job that sets others.

The defaults are written down anew. `spargen.settings` is not imported: a wrong default there should show.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

EDGE = 1e-6
"""How far beyond a threshold a value may lie, in metres or degrees: so near, rounding may take it to either side."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """Lengths in metres, angles in degrees, shares in 0..1; the names are those of a job's settings."""

    max_elevation_deg: float = 60.0
    max_roll_deg: float = 30.0
    max_unannotated: float = 0.10
    seen_share: float = 0.001
    glimpsed_share: float = 0.0002
    min_short_side: float = 0.015
    min_unoccluded: float = 0.30
    min_unoccluded_box: float = 0.15
    min_in_frame: float = 0.30
    max_box_share: float = 0.90
    point_disc: float = 0.015
    point_disc_share: float = 0.5
    point_gap: float = 0.045
    word_m: float = 0.30
    empty_m: float = 0.10
    word_distance_m: float = 0.20
    word_distance_share: float = 0.15
    min_facing_m: float = 0.50
    min_length_m: float = 0.10
    min_side_m: float = 0.05
    volume_in_frame: float = 0.70
    volume_unoccluded: float = 0.50
    count_gap_m: float = 0.03
    compare_m: float = 0.20
    compare_share: float = 0.15
    compare_oc_share: float = 0.10
    option_gap_m: float = 0.30
    option_gap_share: float = 0.15
    option_gap_m2: float = 2.0
    option_box_iou: float = 0.5
    option_box_held: float = 0.8
    option_pixel_gap: float = 150.0
    height_share: float = 0.10
    views_per_set: float = 3
    video_frames: float = 32
    min_overlap: float = 0.05
    max_overlap: float = 0.90
    min_median_depth_m: float = 0.40
    duplicate_m: float = 0.20
    duplicate_deg: float = 10.0
    max_view_roll_deg: float = 15.0
    min_camera_depth_m: float = 0.30
    room_stands_m: float = 0.15
    room_closing_m: float = 0.50
    room_small_m: float = 0.30
    room_large_m: float = 1.00
    room_agreement: float = 0.10
    room_floor_share: float = 0.45
    room_storey_m: float = 1.50
    room_seen_share: float = 0.80

    @classmethod
    def of(cls, settings: Mapping[str, object]) -> Bounds:
        """Return those of a job, as the record of its run has them."""
        names = {field.name for field in fields(cls)}
        return cls(**{k: float(v) for k, v in settings.items() if k in names and isinstance(v, int | float)})
