"""Every threshold of the label rules, in one place, with its default."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field


def _unquoted_off(given: object) -> object:
    return "off" if given is False else given


Strictness = Annotated[Literal["strict", "lenient", "off"], BeforeValidator(_unquoted_off)]
"""YAML reads an unquoted off as false."""

Words = Literal["full", "brief"]
"""How much a question says of what its answer needs: whole sentences, or as few words as can be."""


class Settings(BaseModel):
    """The label rules of a job. Lengths in metres, angles in degrees, shares in 0..1."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    # Whether frames and mesh belong together
    scene_check: Strictness = Field(
        "strict", description="a scene that fails is refused; lenient: asked all the same and noted; off: not checked"
    )
    check_frames: int = Field(10, ge=3, description="frames of a scene that are held against its mesh")

    # Which images are looked at
    views_per_scene: int = Field(240, ge=1, description="candidate images, evenly spaced over the valid frames")
    max_elevation_deg: float = Field(60.0, description="steeper views are not used where a direction is asked")
    max_roll_deg: float = Field(30.0, description="more tilted views are not used where a direction is asked")
    max_unannotated: float = Field(0.10, description="largest share of unannotated mesh pixels for nearest / farthest")

    # Which objects count as seen, and which may be asked about
    seen_share: float = Field(0.001, gt=0, description="an object covering this share of the image is seen")
    glimpsed_share: float = Field(0.0002, gt=0, description="from here up to seen_share it is glimpsed")
    min_short_side: float = Field(0.015, description="visible: short side of the box, as a share of the image's width")
    min_unoccluded: float = Field(0.30, description="visible: share of the pixels it would cover alone")
    min_in_frame: float = Field(0.30, description="visible: share of its surface inside the frustum")
    max_box_share: float = Field(0.90, description="a box over this share of both sides is not drawn")

    # Points
    point_disc: float = Field(0.015, description="radius of the disc around a point, as a share of the image's width")
    point_disc_share: float = Field(0.5, description="share of that disc that must show the object")
    point_gap: float = Field(0.045, description="distance of two points in one image, as a share of its width")

    # Words for directions
    word_m: float = Field(0.30, description="left / right, above / below, front / behind: a word from here on")
    empty_m: float = Field(0.10, description="no word up to here; between the two the sample is rejected")
    word_distance_m: float = Field(0.20, description="closer / farther: a word from here on ...")
    word_distance_share: float = Field(0.15, description="... and from this share of the smaller distance on")
    min_facing_m: float = Field(0.50, description="imagination: standpoint to what is faced, horizontally")

    # Quantities
    min_length_m: float = Field(0.10, description="smallest depth or distance that is asked")
    min_side_m: float = Field(0.05, description="smallest side of a box whose size is asked")
    volume_in_frame: float = Field(0.70, description="box size: share of the surface inside the frustum")
    volume_unoccluded: float = Field(0.50, description="box size: share of its pixels that is unoccluded")
    count_gap_m: float = Field(0.03, ge=0, description="two of a kind this near each other may be one thing: not asked")
    compare_m: float = Field(0.20, description="comparisons: the answer leads the runner-up by this ...")
    compare_share: float = Field(0.15, description="... and by this share of the smaller")
    compare_oc_share: float = Field(0.10, description="the share for nearest / farthest to the observer")

    # Wrong answers
    option_gap_m: float = Field(0.30, description="two length options differ by this ...")
    option_gap_share: float = Field(0.15, description="... and by this share of the larger")
    option_gap_m2: float = Field(2.0, description="two area options differ by this")
    option_box_iou: float = Field(0.5, description="two box options overlap less than this ...")
    option_box_held: float = Field(0.8, description="... and neither holds this share of the other")
    option_pixel_gap: float = Field(150.0, description="two pixel options lie this far apart, in 1/1000")
    height_share: float = Field(0.10, description="largest share of rows whose options or claims vary above / below")

    # Several views and video
    views_per_set: int = Field(3, ge=3, le=5, description="images of a multi-view question")
    video_frames: int = Field(32, ge=2, description="frames of a clip")
    min_overlap: float = Field(0.05, description="a pair shares at least this much surface")
    max_overlap: float = Field(0.90, description="at least one direction of a pair shares at most this")
    min_median_depth_m: float = Field(0.40, description="a view of a smaller median depth is in no pair or set")
    duplicate_m: float = Field(0.20, description="two views nearer than this and ...")
    duplicate_deg: float = Field(10.0, description="... turned by less than this are near-duplicates")
    max_view_roll_deg: float = Field(15.0, description="view change: largest change of roll")
    min_camera_depth_m: float = Field(0.30, description="camera motion: smallest depth of camera 2 in camera 1")

    # The size of a room
    room_stands_m: float = Field(0.15, description="what begins this near to what carries it stands there")
    room_closing_m: float = Field(0.50, description="radius of the disc that closes gaps between floor and furniture")
    room_small_m: float = Field(0.30, description="a smaller disc ...")
    room_large_m: float = Field(1.00, description="... and a larger one ...")
    room_agreement: float = Field(0.10, description="... whose areas agree within this share, or it is not asked")
    room_floor_share: float = Field(0.45, description="share of the area that the scanned floor alone makes")
    room_storey_m: float = Field(1.50, description="heights of the floor within this are one storey")
    room_seen_share: float = Field(0.80, description="share of the open floor that the clip sees at least")
