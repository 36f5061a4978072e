"""Which check works out the answer of which task."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from spargen.verify.clips import appearance_order, frame_locate, obj_count, room_size
from spargen.verify.lengths import depth_oc, depth_oo, distance_oc, distance_oo, distance_oo_mv, volume
from spargen.verify.nearest import nearest_oc, nearest_oc_mv, nearest_oo, nearest_oo_video
from spargen.verify.relations import (
    imagination_map,
    imagination_oc,
    imagination_oc_hard,
    imagination_oo,
    imagination_oo_hard,
    relation_oc_mv,
    relation_oo,
)
from spargen.verify.row import Row
from spargen.verify.two_views import camera_motion, position_matching, view_change
from spargen.verify.walk import nav_video

Check = Callable[[Row], None]
CHECKS: Mapping[str, Check] = {
    "depth_prediction_oc": depth_oc,
    "depth_prediction_oo": depth_oo,
    "distance_prediction_oc": distance_oc,
    "distance_prediction_oo": distance_oo,
    "spatial_volume_infer": volume,
    "distance_infer_center_oc": nearest_oc,
    "distance_infer_center_oo": nearest_oo,
    "obj_spatial_relation_oo": relation_oo,
    "spatial_imagination_oc": imagination_oc,
    "spatial_imagination_oo": imagination_oo,
    "position_matching": position_matching,
    "view_change_infer": view_change,
    "camera_motion_infer": camera_motion,
    "depth_prediction_oc_mv": depth_oc,
    "depth_prediction_oo_mv": depth_oo,
    "distance_prediction_oc_mv": distance_oc,
    "distance_prediction_oo_mv": distance_oo_mv,
    "distance_infer_center_oc_mv": nearest_oc_mv,
    "distance_infer_center_oo_mv": nearest_oo,
    "obj_spatial_relation_oc_mv": relation_oc_mv,
    "obj_spatial_relation_oo_mv": relation_oo,
    "spatial_imagination_oc_mv": imagination_oc,
    "spatial_imagination_oo_mv": imagination_oo,
    "spatial_imagination_map_mv": imagination_map,
    "distance_prediction_oo_video": distance_oo,
    "distance_infer_center_oo_video": nearest_oo_video,
    "spatial_imagination_oc_video": imagination_oc,
    "spatial_imagination_oo_video": imagination_oo,
    "spatial_imagination_oc_video_hard": imagination_oc_hard,
    "spatial_imagination_oo_video_hard": imagination_oo_hard,
    "obj_frame_locate": frame_locate,
    "appearance_order": appearance_order,
    "room_size": room_size,
    "obj_count": obj_count,
    "nav_video": nav_video,
}
