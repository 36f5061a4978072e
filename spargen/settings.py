"""Every threshold that decides what is asked and what the answer is, with its default."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError


def _unquoted_off(given: object) -> object:
    return "off" if given is False else given


Strictness = Annotated[Literal["strict", "lenient", "off"], BeforeValidator(_unquoted_off)]
"""YAML reads an unquoted off as false."""

Words = Literal["full", "brief"]
"""How much a question says of what its answer needs: whole sentences, or as few words as can be."""


Share = Annotated[float, Field(ge=0, le=1)]
SomeShare = Annotated[float, Field(gt=0, le=1)]
Length = Annotated[float, Field(ge=0, le=10)]
SomeLength = Annotated[float, Field(gt=0, le=10)]
Radius = Annotated[float, Field(gt=0, le=5)]
Degrees = Annotated[float, Field(ge=0, le=180)]

ASCENDING = (
    ("glimpsed_share", "seen_share"),
    ("empty_m", "word_m"),
    ("empty_m", "word_distance_m"),
    ("min_overlap", "max_overlap"),
    ("room_small_m", "room_closing_m"),
    ("room_closing_m", "room_large_m"),
)
"""Pairs of settings, the first not larger than the second: what lies between the two would be both, or neither."""


class Settings(BaseModel):
    """The thresholds of a job. Lengths in metres, angles in degrees, shares in 0..1.

    Raises
    ------
    ValidationError
        Pydantic's, a ValueError: where a value is not finite or out of its bounds, or two contradict each other.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    # Whether frames and mesh belong together
    scene_check: Strictness = Field(
        "strict", description="a scene that fails is refused; lenient: asked all the same and noted; off: not checked"
    )
    check_frames: int = Field(10, ge=3, le=1000, description="frames of a scene that are held against its mesh")
    widest_m: float = Field(300.0, gt=0, le=1e5, description="a scene is no wider than this, a few stray faces apart")

    # Which images are looked at
    views_per_scene: int = Field(
        240, ge=1, le=5000, description="candidate images, evenly spaced over the valid frames"
    )
    max_elevation_deg: float = Field(
        60.0, ge=0, le=90, description="steeper views are not used where a direction is asked"
    )
    max_roll_deg: Degrees = Field(30.0, description="more tilted views are not used where a direction is asked")
    max_unannotated: Share = Field(0.10, description="largest share of unannotated mesh pixels for nearest / farthest")

    # Which objects count as seen, and which may be asked about
    seen_share: SomeShare = Field(0.001, description="an object covering this share of the image is seen")
    glimpsed_share: SomeShare = Field(0.0002, description="from here up to seen_share it is glimpsed")
    min_short_side: Share = Field(0.015, description="visible: short side of the box, as a share of the image's width")
    min_unoccluded: Share = Field(0.30, description="visible: share of the pixels it would cover alone")
    min_unoccluded_box: Share = Field(0.15, description="the same where there is no mesh: of those its box would cover")
    min_in_frame: Share = Field(0.30, description="visible: share of its surface inside the frustum")
    max_box_share: SomeShare = Field(0.90, description="a box over this share of both sides is not drawn")

    # Points
    point_disc: float = Field(
        0.015, gt=0, le=0.25, description="radius of the disc around a point, as a share of the image's width"
    )
    point_disc_share: float = Field(0.5, ge=0, le=0.95, description="share of that disc that must show the object")
    point_gap: Share = Field(0.045, description="distance of two points in one image, as a share of its width")

    # Words for directions
    word_m: SomeLength = Field(0.30, description="left / right, above / below, front / behind: a word from here on")
    empty_m: Length = Field(0.10, description="no word up to here; between the two the sample is rejected")
    word_distance_m: Length = Field(0.20, description="closer / farther: a word from here on ...")
    word_distance_share: Share = Field(0.15, description="... and from this share of the smaller distance on")
    min_facing_m: Length = Field(0.50, description="imagination: standpoint to what is faced, horizontally")

    # Quantities
    min_length_m: SomeLength = Field(0.10, description="smallest depth or distance that is asked")
    min_side_m: SomeLength = Field(0.05, description="smallest side of a box whose size is asked")
    volume_in_frame: Share = Field(0.70, description="box size: share of the surface inside the frustum")
    volume_unoccluded: Share = Field(0.50, description="box size: share of its pixels that is unoccluded")
    count_gap_m: Length = Field(0.03, description="two of a kind this near each other may be one thing: not asked")
    compare_m: Length = Field(0.20, description="comparisons: the answer leads the runner-up by this ...")
    compare_share: Share = Field(0.15, description="... and by this share of the smaller")
    compare_oc_share: Share = Field(0.10, description="the share for nearest / farthest to the observer")

    # Wrong answers
    option_gap_m: Length = Field(0.30, description="two length options differ by this ...")
    option_gap_share: Share = Field(0.15, description="... and by this share of the larger")
    option_gap_m2: float = Field(2.0, ge=0, le=100, description="two area options differ by this")
    option_box_iou: Share = Field(0.5, description="two box options overlap less than this ...")
    option_box_held: Share = Field(0.8, description="... and neither holds this share of the other")
    option_pixel_gap: float = Field(150.0, ge=0, le=1000, description="two pixel options lie this far apart, in 1/1000")
    told_share: Share = Field(0.15, description="what questions tell that share their options differs by this at most")
    rank_share: Share = Field(0.40, description="nearest / farthest: largest share of rows whose answers rank alike")
    height_share: Share = Field(0.10, description="largest share of rows whose options or claims vary above / below")

    # Several views and video
    views_per_set: int = Field(3, ge=3, le=5, description="images of a multi-view question")
    video_frames: int = Field(32, ge=2, le=128, description="frames of a clip")
    min_overlap: Share = Field(0.05, description="a pair shares at least this much surface")
    max_overlap: Share = Field(0.90, description="at least one direction of a pair shares at most this")
    min_median_depth_m: Length = Field(0.40, description="a view of a smaller median depth is in no pair or set")
    duplicate_m: Length = Field(0.20, description="two views nearer than this and ...")
    duplicate_deg: Degrees = Field(10.0, description="... turned by less than this are near-duplicates")
    max_view_roll_deg: Degrees = Field(15.0, description="view change: largest change of roll")
    min_camera_depth_m: SomeLength = Field(0.30, description="camera motion: smallest depth of camera 2 in camera 1")

    # The size of a room
    room_stands_m: Length = Field(0.15, description="what begins this near to what carries it stands there")
    room_closing_m: Radius = Field(0.50, description="radius of the disc that closes gaps between floor and furniture")
    room_small_m: Radius = Field(0.30, description="a smaller disc ...")
    room_large_m: Radius = Field(1.00, description="... and a larger one ...")
    room_agreement: Share = Field(0.10, description="... whose areas agree within this share, or it is not asked")
    room_floor_share: Share = Field(0.45, description="share of the area that the scanned floor alone makes")
    room_storey_m: Length = Field(1.50, description="heights of the floor within this are one storey")
    room_seen_share: Share = Field(0.80, description="share of the open floor that the clip sees at least")

    @model_validator(mode="after")
    def _ascend(self) -> Self:
        for low, high in ASCENDING:
            if getattr(self, low) > getattr(self, high):
                values = {"low": low, "given": getattr(self, low), "high": high, "bound": getattr(self, high)}
                text = "{low} should be less than or equal to {high}, which is {bound}, not {given}"
                raise PydanticCustomError("ascending", text, values)
        return self
