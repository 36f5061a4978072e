"""Whether instance images and boxes are of one scene; where they are not, which mistake it is, in words.

What the pixels of an object show lies in its box, at the depth that they have: if poses, lenses, depths and boxes
belong together.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from spargen.geometry.claims import FEWEST, Claims, frames_agree, lattice
from spargen.geometry.images import facing, located, sample
from spargen.geometry.plausible import Planes, held_over, up_axis
from spargen.geometry.repairs import UNITS, Repair, repairs
from spargen.geometry.solid_boxes import box_corners, holds
from spargen.geometry.verdict import (
    CURED,
    ENOUGH,
    FITS,
    GOOD,
    LEANS_DEG,
    SHOWS,
    TILTED_DEG,
    WIDEST_M,
    Refusal,
    Verdict,
    best_of,
    leans_deg,
    not_upright,
    one_pose,
)
from spargen.scene.cameras import Cameras
from spargen.scene.images import NOTHING, InstanceImages
from spargen.scene.types import Objects

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

IN_BOX_M, IN_BOX_SHARE = 0.05, 0.02
"""How far outside of its box an object may be met, and by which share of the depth besides."""
TELLS_M, TELLS_SHARE = 2.0, 0.1
"""A box no side of which is shorter is as large as a room, and what lies in it tells nothing; unless it is a small
share of the room that all boxes take, for they may be in millimetres."""
TOGETHER = 0.5
"""Of the points that another frame would see, good frames show so many; wrong poses leave a third."""
STANDS_M = (0.2, 5.0)
"""Where cameras are above the lowest that they show, at the median: units that are off by ten are none."""
LOWEST, COLUMNS = 2.0, 80
"""Percentile of the heights in a frame that is the lowest in it; pixels across that tell heights and planes."""


def judge_images(
    images: InstanceImages,
    objects: Objects,
    cameras: Cameras,
    frames: Ints,
    T_world_released: Floats,
    *,
    widest_m: float = WIDEST_M,
) -> Verdict:
    """Hold the instance images of some frames against the boxes, and against each other.

    Parameters
    ----------
    images, objects, cameras : of the scene.
    frames : (F,) which of them are looked at.
    T_world_released : (4, 4) the alignment that was applied.
    widest_m : how wide a scene may be.
    """
    case = _Case(images, objects, cameras, frames, T_world_released, widest_m)
    faults = case.faults()
    refusal = case.by_boxes(sum(map(bool, faults))) or case.by_frames() or case.by_gravity() or case.by_size()
    return Verdict(faults, *(refusal or ("", "")), case.remark(faults), case.figures())


def find_image_faults(images: InstanceImages, objects: Objects, cameras: Cameras, frames: Ints) -> tuple[str, ...]:
    """Return why each of frames (F,) does not fit the boxes, "" if it does; see `judge_images`."""
    return _Case(images, objects, cameras, frames, np.eye(4), WIDEST_M).faults()


class _Case:
    """F frames: what their pixels show at the positions of the lattice, and what follows from it."""

    def __init__(
        self,
        images: InstanceImages,
        objects: Objects,
        cameras: Cameras,
        frames: Ints,
        alignment: Floats,
        widest_m: float,
    ) -> None:
        self.images, self.objects, self.alignment, self.widest_m = images.take(frames), objects, alignment, widest_m
        self.all_cameras, self.cameras = cameras, cameras.take(frames)
        found = [self._at_lattice(view) for view in range(len(frames))]
        self.ids = np.reshape([ids for ids, _ in found], (len(frames), -1))
        self.claims = Claims.of(self.cameras, np.reshape([depth_m for _, depth_m in found], self.ids.shape))
        self.compared = np.append(_tells(objects), [False, False])[self.ids] & np.isfinite(self.claims.measured_m)
        self.agree = self._in_boxes(self.claims)

    def _at_lattice(self, view: int) -> tuple[NDArray[np.int32], Floats]:
        ids, depth_m = self.images.read(view, self.cameras.size_px[view], len(self.objects))
        x, y = (lattice() * ids.shape[::-1]).astype(np.int64).T
        return ids[y, x], depth_m[y, x].astype(np.float64)

    def _in_boxes(self, claims: Claims) -> Bools:
        """Tell which of the compared pixels (F, P) show what lies in its object's box."""
        inside = np.zeros(self.compared.shape, dtype=bool)
        depth_m = claims.measured_m[self.compared]
        frame = np.nonzero(self.compared)[0]
        way = claims.directions()[self.compared] * depth_m[:, None] * claims.units
        more_m = (IN_BOX_M + IN_BOX_SHARE * depth_m) * claims.units
        inside[self.compared] = holds(
            self.objects, self.ids[self.compared], claims.T_world_camera[frame, :3, 3] + way, more_m
        )
        return inside

    @property
    def agreement(self) -> Floats:
        """(F,) share of the compared pixels that agree; nan where too few tell anything."""
        compared = self.compared.sum(axis=1)
        enough = compared >= FEWEST * self.ids.shape[1]
        return np.where(enough, self.agree.sum(axis=1) / np.maximum(compared, 1), np.nan)

    @property
    def agreement_of_all(self) -> float:
        """The same share over all frames together; nan where too few tell anything."""
        enough = self.compared.sum() >= FEWEST * self.ids.size
        return float(self.agree.sum() / self.compared.sum()) if enough and self.compared.any() else np.nan

    def faults(self) -> tuple[str, ...]:
        """Why each frame does not fit."""
        found = []
        for shown, agreement in zip((self.ids != NOTHING).mean(axis=1), self.agreement, strict=True):
            fault = f"{shown:.0%} of its pixels show anything" if shown < SHOWS else ""
            if agreement < FITS:
                fault = f"{agreement:.0%} of its pixels of objects lie in the objects' boxes"
            found.append(fault)
        return tuple(found)

    def by_boxes(self, failed: int) -> Refusal | None:
        """Refuse what does not lie in its boxes."""
        now, most_fail = self.agreement_of_all, failed > len(self.ids) / 2
        if not (now < GOOD or most_fail):
            return None
        best, then = best_of(self._repairs(), lambda repair: float(self._in_boxes(repair.claims)[self.compared].mean()))
        if now < GOOD and best is not None and then >= CURED and 1 - then <= (1 - now) / 2:
            return f"{best.mistake}: {now:.0%} of the pixels lie in their boxes, mended {then:.0%}", best.mend
        if now < ENOUGH:
            return self._unknown_mistake(now)
        what = f"most frames that were looked at do not fit the boxes: {failed} of {len(self.ids)}"
        return (what, "leave out frames whose poses are wrong") if most_fail else None

    def _repairs(self) -> Iterator[Repair]:
        """Undo every mistake that is known, those of depth images first; what is said of a mesh is said of boxes."""
        claims = self.claims
        for name, number in UNITS.items():
            in_metres = replace(claims, measured_m=claims.measured_m / number)
            yield Repair(f"the depths are in {name}", f"divide them by {number:.0f}", in_metres)
        along_ray = claims.measured_m / np.linalg.norm(claims.directions(), axis=2)
        mend = "divide each by the length of its ray whose camera Z is 1"
        yield Repair("the depths are lengths of rays, not camera Z", mend, replace(claims, measured_m=along_ray))
        corners_m = box_corners(self.objects).reshape(-1, 3)
        for repair in repairs(claims, self.alignment, np.array([corners_m.min(axis=0), corners_m.max(axis=0)])):
            yield Repair(_of_boxes(repair.mistake), _of_boxes(repair.mend), repair.claims)
        for name, number in UNITS.items():
            both = replace(claims, units=number)
            yield Repair(f"boxes and poses are in {name}", f"divide both by {number:.0f}", both)

    def _unknown_mistake(self, now: float) -> Refusal:
        figures = f"{now:.0%} of the pixels lie in their boxes, frames agree with each other at {self._together:.0%}"
        if one_pose(self.all_cameras):
            return f"all frames have one pose, such as the identity: {figures}", "give each frame its own pose"
        if self._together < TOGETHER:
            mend = "put poses and images of one scene together; see whether frames were numbered anew"
            return f"the poses are of another scene than the images: {figures}", mend
        mend = "put boxes and images of one scene together; see whether pixels name rows of the objects"
        return f"the boxes are of another scene than the images: {figures}", mend

    @cached_property
    def _together(self) -> float:
        """Share of the points of one frame that others show, of those that are not hidden; nan where none overlap."""
        return frames_agree(self.claims, hidden=False)

    def by_frames(self) -> Refusal | None:
        """Refuse frames that show what others look through, where boxes tell too little."""
        if not (np.isnan(self.agreement_of_all) and self._together < TOGETHER):
            return None
        what = f"the poses are of another scene than the images: frames agree with each other at {self._together:.0%}"
        return what, "put poses and images of one scene together; see whether frames were numbered anew"

    @cached_property
    def _seen(self) -> list[tuple[Floats, Floats]]:
        """For each frame points (P, 3) that it shows, and their normals."""
        found = []
        for view in range(len(self.ids)):
            _, depth_m, uv = sample(self.images, self.cameras, view, len(self.objects), COLUMNS)
            points_m = located(self.cameras, view, uv, depth_m)
            row, column = np.nonzero(np.isfinite(points_m).all(axis=2))
            normal = facing(points_m, row, column, self.cameras.position_m[view])
            found.append((points_m[row, column], normal))
        return found

    @cached_property
    def up(self) -> Floats | None:
        """(3,) what cameras and planes hold for up; None where cameras do not agree."""
        normal = np.concatenate([normal for _, normal in self._seen])
        area_m2 = np.linalg.norm(normal, axis=1)
        return up_axis(Planes(normal / np.maximum(area_m2, 1e-12)[:, None], area_m2), self.all_cameras.T_world_camera)

    def by_gravity(self) -> Refusal | None:
        """Refuse a world whose up is not +Z."""
        what = not_upright(self.up)
        return (what, "turn boxes and poses together") if what else None

    @property
    def _stands_m(self) -> float:
        """Median height of the cameras above the lowest that they show; nan where they show nothing."""
        lowest = [np.percentile(points_m[:, 2], LOWEST) if len(points_m) else np.nan for points_m, _ in self._seen]
        above = self.cameras.position_m[:, 2] - np.array(lowest)
        return float(np.median(above[np.isfinite(above)])) if np.isfinite(above).any() else np.nan

    def by_size(self) -> Refusal | None:
        """Refuse what is wider than any scene, or seen from where nobody stands, though all of it may agree."""
        if self._wide_m > self.widest_m:
            mend = "give metres, and leave out what lies far off; settings.widest_m allows a wider one"
            return f"the scene is {self._wide_m:,.0f} m wide", mend
        if self._stands_m < STANDS_M[0] or self._stands_m > STANDS_M[1]:
            what = f"at the median, cameras are {self._stands_m:.2f} m above the lowest that they show"
            return f"{what}: the units are wrong, it seems", "give boxes, poses and depths in metres, +Z up"
        return None

    @property
    def _wide_m(self) -> float:
        """Largest extent of what is seen, a few stray pixels apart."""
        points_m = np.concatenate([points_m for points_m, _ in self._seen])
        return float(np.ptp(np.percentile(points_m, [1, 99], axis=0), axis=0).max()) if len(points_m) else 0.0

    def remark(self, faults: tuple[str, ...]) -> str:
        """Say what a person should look at although the scene passes."""
        fits = np.array([not fault for fault in faults])
        compared, agree = int(self.compared[fits].sum()), int(self.agree[fits].sum())
        leans = leans_deg(self.up)
        remarks = {
            "no depth: poses and boxes were not verified": not np.isfinite(self.claims.measured_m).any(),
            f"{agree / max(compared, 1):.0%} of the pixels lie in their boxes: see by `inspect` whether poses, "
            "intrinsics and boxes are exact": agree < GOOD * compared,
            f"the world leans by {leans:.1f} degrees": LEANS_DEG <= leans <= TILTED_DEG,
            "the cameras are upside down: see by `inspect` whether they were held so": held_over(
                self.all_cameras.T_world_camera
            ),
            "all frames have one pose": one_pose(self.all_cameras),
        }
        return "; ".join(text for text, holds_true in remarks.items() if holds_true)

    def figures(self) -> dict[str, str]:
        """Return what was measured, in words."""
        up = "cameras do not agree" if self.up is None else f"{leans_deg(self.up):.1f} degrees off +Z"
        return {
            "pixels that lie in their object's box": _in_words(self.agreement_of_all),
            "frames that agree with each other": _in_words(self._together),
            "cameras above the lowest they show": f"{self._stands_m:.1f} m at the median",
            "up, to cameras and floors": up,
            "extent of what is seen": f"{self._wide_m:.1f} m",
        }


def _tells(objects: Objects) -> Bools:
    """Tell which boxes (N,) can be trusted and are small enough to tell anything by what lies in them."""
    corners_m = box_corners(objects).reshape(-1, 3)
    room = np.prod(corners_m.max(axis=0, initial=-np.inf) - corners_m.min(axis=0, initial=np.inf))
    small = (objects.extent_m.min(axis=1) < TELLS_M) | (objects.extent_m.prod(axis=1) < TELLS_SHARE * room)
    return np.asarray(~objects.doubtful & small)


def _of_boxes(text: str) -> str:
    return text.replace("mesh's vertices", "boxes").replace("the mesh is", "the boxes are").replace("mesh", "boxes")


def _in_words(share: float) -> str:
    return "nothing to compare" if np.isnan(share) else f"{share:.0%}"
