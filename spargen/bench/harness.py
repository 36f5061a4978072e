"""What the two harnesses know of SPAR-Bench: twenty tasks, each in one form."""

from __future__ import annotations

SELECT = (
    "obj_spatial_relation_oo",
    "obj_spatial_relation_oc_mv",
    "obj_spatial_relation_oo_mv",
    "spatial_imagination_oc",
    "spatial_imagination_oo",
    "spatial_imagination_oc_mv",
    "spatial_imagination_oo_mv",
    "position_matching",
    "camera_motion_infer",
    "distance_infer_center_oo",
    "distance_infer_center_oo_mv",
)
FILL = (
    "depth_prediction_oc",
    "depth_prediction_oo",
    "distance_prediction_oc",
    "distance_prediction_oo",
    "depth_prediction_oc_mv",
    "depth_prediction_oo_mv",
    "distance_prediction_oo_mv",
    "distance_prediction_oc_mv",
    "view_change_infer",
)


def knows(task: str, form: str) -> bool:
    """Tell whether lmms-eval and VLMEvalKit can score rows of a cell; they raise on all others."""
    return task in (SELECT if form == "select" else FILL if form == "fill" else ())
