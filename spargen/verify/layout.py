"""What a record of each task looks like: how many images it has, and which marks in which order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

COLOURS = G, B, R, Y = "green", "blue", "red", "yellow"
LIST = ("list",)
"""Stands for colours where marks are listed."""


class Layout(NamedTuple):
    """How many images a task's rows show, the kind of their marks ("" = none), and the marks' colours in order."""

    images: Literal["single", "pair", "multi", "video", "walk"]
    kind: Literal["", "point", "bbox"] = ""
    colours: tuple[str, ...] = ()


LAYOUTS: Mapping[str, Layout] = {
    "depth_prediction_oc": Layout("single", "point", (R, B)),
    "depth_prediction_oo": Layout("single", "point", (R, B, G)),
    "distance_prediction_oc": Layout("single", "point", (R,)),
    "distance_prediction_oo": Layout("single", "point", (R, B)),
    "spatial_volume_infer": Layout("single", "bbox", (R,)),
    "distance_infer_center_oc": Layout("single", "", ()),
    "distance_infer_center_oo": Layout("single", "point", (R, B, G)),
    "obj_spatial_relation_oo": Layout("single", "bbox", (R, B)),
    "spatial_imagination_oc": Layout("single", "bbox", (G, B, R)),
    "spatial_imagination_oo": Layout("single", "bbox", (G, B, R, Y)),
    "position_matching": Layout("pair", "bbox", (R,)),
    "view_change_infer": Layout("pair", "", ()),
    "camera_motion_infer": Layout("pair", "", ()),
    "depth_prediction_oc_mv": Layout("multi", "point", (R, B)),
    "depth_prediction_oo_mv": Layout("multi", "point", (R, B, G)),
    "distance_prediction_oc_mv": Layout("multi", "point", (R,)),
    "distance_prediction_oo_mv": Layout("multi", "point", (R, B)),
    "distance_infer_center_oc_mv": Layout("multi", "", ()),
    "distance_infer_center_oo_mv": Layout("multi", "point", (R, G, B)),
    "obj_spatial_relation_oc_mv": Layout("multi", "bbox", (R,)),
    "obj_spatial_relation_oo_mv": Layout("multi", "bbox", (R, B, G)),  # exactly two of them
    "spatial_imagination_oc_mv": Layout("multi", "bbox", (G, B, R)),
    "spatial_imagination_oo_mv": Layout("multi", "bbox", (G, B, R, Y)),
    "spatial_imagination_map_mv": Layout("multi", "bbox", LIST),
    "distance_prediction_oo_video": Layout("video", "point", (R, B)),
    "distance_infer_center_oo_video": Layout("video", "point", LIST),
    "spatial_imagination_oc_video": Layout("video", "bbox", (G, B, R)),
    "spatial_imagination_oo_video": Layout("video", "bbox", (G, B, R, Y)),
    "spatial_imagination_oc_video_hard": Layout("video", "", ()),
    "spatial_imagination_oo_video_hard": Layout("video", "", ()),
    "obj_frame_locate": Layout("video", "bbox", (R,)),
    "appearance_order": Layout("video", "", ()),
    "room_size": Layout("video", "", ()),
    "obj_count": Layout("video", "", ()),
    "nav_video": Layout("walk", "", ()),
}
