"""Whether frames and a mesh are of one scan; where they are not, which mistake it is, in words.

Measured depth decides where there is any. Without, the mesh alone must tell, and much passes that is wrong: a room
looks like a room from wherever one stands in it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from spargen.geometry.claims import FEWEST, Claims, Met, frames_agree, meet
from spargen.geometry.plausible import Standing, boxed_in, fronts, held_over, is_wound, planes, standing, up_axis
from spargen.geometry.rays import Rays
from spargen.geometry.repairs import UNITS, Repair, likely, repairs, resized, with_scale
from spargen.geometry.surface import box_of_most
from spargen.scene.cameras import Cameras
from spargen.scene.types import Mesh

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

SHOWS = 0.02
"""A frame that meets the mesh with fewer of its rays shows nothing of it."""
FITS = 0.5
"""A frame fits if measured depth agrees with the mesh at this share of its rays; good ones do at 0.9, others at 0.1."""
GOOD, ENOUGH, CURED = 0.9, 0.65, 0.8
"""All frames together: nothing is looked for where this share agrees; less than the second is refused, whatever it is
(poses that are 0.2 m off leave 0.6); an undone mistake must leave the third, and halve what disagrees."""
PART, GAIN = 0.5, 1.05
"""Share of the measured rays that must meet the mesh once a mistake is undone, and by how much more must agree."""
TOGETHER, IN_COMMON = 0.4, 0.5
"""Frames of one scan agree with each other at 0.7 of the points, others at 0.1; with another scan's mesh at 0.1, or at
0.4 where both have their floors at one height."""
FRONTS, BACKS = 0.9, 0.1
"""Where a mesh has fronts, cameras see them at 0.98 of the hits; at this few, all its faces are wound the other way."""
MANY = 0.25
"""Frames without depth that may fail: those that do not are no proof that their poses are right."""
POOR, LIKELY = 0.5, 0.75
"""How plausible, in 0..1, frames without depth are at most if a mistake is looked for, at least once it is undone."""
LEANS_DEG, TILTED_DEG = 3.0, 6.0
"""From the first on a lean is remarked on, genuine scans lean by 0.1 to 0.5. From the second on it is refused: of two
things at one height and 3 m apart, one would be told to be 0.3 m above the other, for which there is a word."""
STANDS_M, HIGH_M = (0.25, 2.5), (1.8, 8.0)
"""Where cameras are, above what is below them, and how high rooms are, where no depth image tells; at the median."""
MEETS = 0.75
"""Share of the rays that meet the mesh from inside of a room, at least; genuine scans come to 0.9."""
WIDEST_M, FAR_M = 300.0, 50.0
"""No scene is so wide, unless told; nor is what half of the rays meet so far off."""
UPRIGHT = 0.5
"""Cosine of how far a camera's down axis may be from the world's."""
OFF_CENTRE, OFF_ALIKE = 0.05, 0.02
"""Image sides by which a principal point is off the middle at least, and by which x and y may differ, if an image was
resized and not its intrinsics."""
EQUAL = 0.01
"""Scores this close are one."""
SAME = 1e-6
"""How far apart the numbers of one pose may be."""

Refusal = tuple[str, str]
"""Why a scene is refused, and how to mend it."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of holding F frames against a mesh.

    Parameters
    ----------
    faults : why each of them does not fit, "" if it does.
    what, mend : why the scene is refused and how to mend it; "" if it is not.
    remark : what a person should look at although the scene passes; "" if there is nothing.
    figures : what was measured, in words.
    """

    faults: tuple[str, ...]
    what: str
    mend: str
    remark: str
    figures: Mapping[str, str]


def judge(
    mesh: Mesh,
    cameras: Cameras,
    frames: Ints,
    measured_m: Floats,
    T_world_released: Floats,
    *,
    widest_m: float = WIDEST_M,
) -> Verdict:
    """Hold some frames against the mesh.

    Parameters
    ----------
    mesh : the surface, one face at least.
    cameras : of all frames.
    frames : (F,) which of them are looked at.
    measured_m : (F, P) camera Z that their depth images have at the positions of `lattice`; nan where none.
    T_world_released : (4, 4) the alignment that was applied.
    widest_m : how wide a scene may be.
    """
    case = _Case(mesh, cameras, Claims.of(cameras.take(frames), measured_m), T_world_released, widest_m)
    faults = case.faults()
    failed = sum(map(bool, faults))
    refusal = case.by_depth(failed) if case.measured else case.by_sight(failed)
    refusal = refusal or case.by_gravity() or case.by_height() or case.by_width()
    return Verdict(faults, *(refusal or ("", "")), case.remark(faults), case.figures())


def find_faults(mesh: Mesh, cameras: Cameras, frames: Ints, measured_m: Floats) -> tuple[str, ...]:
    """Return why each of frames (F,), of which depths (F, P) were measured, does not fit the mesh; "" if it does.

    See `judge`.
    """
    return _Case(mesh, cameras, Claims.of(cameras.take(frames), measured_m), np.eye(4)).faults()


class _Case:
    """F frames and a mesh: what their rays meet, and what follows from it."""

    def __init__(
        self,
        mesh: Mesh,
        cameras: Cameras,
        claims: Claims,
        alignment: Floats,
        widest_m: float = WIDEST_M,
    ) -> None:
        self.mesh, self.cameras, self.claims, self.alignment = mesh, cameras, claims, alignment
        self.widest_m = widest_m
        self.rays = Rays(mesh.vertices_m, mesh.faces)
        self.met = meet(self.rays, claims)
        self.measured = bool(np.isfinite(claims.measured_m).mean() >= FEWEST)
        self.bounds = np.array([mesh.vertices_m.min(axis=0), mesh.vertices_m.max(axis=0)], dtype=np.float64)

    @cached_property
    def up(self) -> Floats | None:
        """(3,) what cameras and floors hold for up; None where cameras do not agree."""
        return up_axis(planes(self.mesh), self.cameras.T_world_camera)

    @cached_property
    def held_over(self) -> bool:
        """Whether the cameras are held upside down throughout."""
        return held_over(self.cameras.T_world_camera)

    @cached_property
    def standing(self) -> Standing:
        """How far floor and ceiling are from the cameras."""
        return standing(self.rays, self.claims.T_world_camera[:, :3, 3])

    @cached_property
    def has_fronts(self) -> bool:
        """Whether it tells anything from which side a face is seen; it is not looked at where depth was measured."""
        return not self.measured and is_wound(self.mesh)

    def fronts(self, claims: Claims, met: Met) -> Floats:
        """(F,) share of each frame's hits that are seen from the front; 1 where that tells nothing."""
        if not self.has_fronts or not met.hits.any():
            return np.ones(len(met.hits))
        front = np.nan_to_num(fronts(self.mesh, claims, met), nan=1.0)
        return 1 - front if np.average(front, weights=met.hits) <= BACKS else front

    def faults(self) -> tuple[str, ...]:
        """Why each frame does not fit; measured depth, where there is any, decides alone."""
        boxed, front = boxed_in(self.rays, self.claims.T_world_camera[:, :3, 3]), self.fronts(self.claims, self.met)
        found = []
        for hits, agreement, closed, seen in zip(self.met.hits, self.met.agreement, boxed, front, strict=True):
            fault = ""
            if hits < SHOWS:
                fault = f"{hits:.0%} of its rays meet the mesh"
            elif np.isfinite(agreement):
                fault = "" if agreement >= FITS else f"its depth agrees with the mesh at {agreement:.0%} of the rays"
            elif closed:
                fault = "its camera is inside something"
            elif seen < FITS:
                fault = f"it sees {1 - seen:.0%} of the surfaces from behind"
            found.append(fault)
        return tuple(found)

    def by_depth(self, failed: int) -> Refusal | None:
        """Refuse what measured depth does not agree with."""
        now = float(np.nan_to_num(self.met.agreement_of_all))
        most_fail = failed > len(self.met.hits) / 2
        if now >= GOOD and not most_fail:
            return None
        tried = [*repairs(self.claims, self.alignment, self.bounds), with_scale(self.claims, self.met)]
        best, then = best_of(filter(None, tried), lambda repair: self._agreement(repair.claims))
        if best is not None and then >= CURED and 1 - then <= (1 - now) / 2:
            return f"{best.mistake}: depth and mesh agree at {now:.0%} of the rays, mended at {then:.0%}", best.mend
        if now < ENOUGH:
            return self._unknown_mistake(now)
        what = f"most frames that were looked at do not fit the mesh: {failed} of {len(self.met.hits)}"
        return (what, "leave out frames whose poses are wrong, or lie outside of the mesh") if most_fail else None

    def _agreement(self, claims: Claims) -> float:
        """Share of the compared rays that agree once a mistake is undone; 0 if hardly more rays agree than before.

        Half of the measured ones must be compared, for a few agree by chance: floors look alike from everywhere.
        """
        met = meet(self.rays, claims)
        if met.agree.sum() < GAIN * self.met.agree.sum():
            return 0.0
        measured = np.isfinite(self.met.measured_m).sum()
        return float(met.agree.sum() / max(met.compared.sum(), PART * measured))

    def _unknown_mistake(self, now: float) -> Refusal:
        among = float(np.nan_to_num(frames_agree(self.claims)))
        figures = f"depth images agree with the mesh at {now:.0%} of the rays, with each other at {among:.0%}"
        if self._one_pose:
            return f"all frames have one pose, such as the identity: {figures}", "give each frame its own pose"
        if among < TOGETHER:
            mend = "put poses, frames and mesh of one scan together; see whether frames were numbered anew"
            return f"the poses are of another scan or mesh than the frames: {figures}", mend
        if now < IN_COMMON:
            mend = "put frames, mesh and alignment of one scan together"
            return f"the frames are of another scan than the mesh: {figures}", mend
        what = f"frames and mesh are displaced, {self.met.apart_m:.2f} m at the median: {figures}"
        return what, "see whether poses and mesh come from one reconstruction"

    def by_sight(self, failed: int) -> Refusal | None:
        """Refuse what cannot be so from the mesh alone."""
        now, front = self._plausible(self.claims), self.fronts(self.claims, self.met)
        many_fail = failed > MANY * len(self.met.hits)
        if now < GOOD and (failed or now <= POOR):
            tried = likely(self.claims, self.alignment, self.bounds)
            best, then = best_of(tried, lambda repair: self._plausible(repair.claims))
            if best is not None and then >= LIKELY and 1 - then <= (1 - now) / 2:
                return f"{best.mistake}: the poses are plausible to {now:.0%}, mended to {then:.0%}", best.mend
        if self._one_pose and self._identity:
            return "all frames have one pose, such as the identity", "give each frame its own pose"
        seen = float(np.average(front, weights=self.met.hits)) if self.met.hits.any() else 0.0
        if many_fail or seen < FRONTS:
            what = f"{self.met.hits.mean():.0%} of the rays meet the mesh, {seen:.0%} of these from its front"
            mend = "put poses, frames and mesh of one scan together"
            return f"the poses are of another scan than the mesh: {what}", mend
        return self._by_lens() or self._by_size()

    def _by_lens(self) -> Refusal | None:
        """Tell intrinsics of another size by a principal point that is off the middle by one share in x and y."""
        share = np.median(self.claims.K[:, :2, 2] / self.claims.size_px, axis=0)
        repair = resized(self.claims)
        if repair is None or abs(share[0] - share[1]) > OFF_ALIKE or np.abs(share - 0.5).min() < OFF_CENTRE:
            return None
        return repair.mistake, repair.mend

    def _by_size(self) -> Refusal | None:
        wide_m = self._wide_m
        far_m = float(np.median(self.met.depth_m[self.met.cast]))
        if wide_m <= self.widest_m and not FAR_M < far_m < np.inf:
            return None
        if wide_m < far_m < np.inf:
            what = f"half of what they see is {far_m:,.0f} m off, and the mesh {wide_m:,.0f} m wide"
            return f"the poses are of another scan than the mesh: {what}", "put poses and mesh of one scan together"
        units = next((name for name, number in UNITS.items() if far_m / number > 0.5), "no metres")
        return f"mesh and poses are in {units}, it seems: the scene is {wide_m:,.0f} m wide", "give both in metres"

    def by_width(self) -> Refusal | None:
        """Refuse what is wider than any scene, though all of it may agree."""
        if self._wide_m <= self.widest_m:
            return None
        mend = "give metres, and leave out what lies far off; settings.widest_m allows a wider one"
        return f"the scene is {self._wide_m:,.0f} m wide", mend

    @cached_property
    def _wide_m(self) -> float:
        """Largest extent of the mesh, a few stray faces and the vertices that no face uses apart."""
        low, high = box_of_most(self.mesh.vertices_m, self.mesh.faces)
        return float((high - low).max())

    def remark(self, faults: Sequence[str]) -> str:
        """Say what a person should look at although the scene passes."""
        fits = np.array([not fault for fault in faults])
        compared, agree = (int(rays[fits].sum()) for rays in (self.met.compared, self.met.agree))
        inspect = "see by `inspect` whether"
        remarks = {
            "no depth: the poses were not verified against the mesh": not self.measured,
            f"{self.met.hits.mean():.0%} of the rays meet the mesh": not self.measured and self.met.hits.mean() < MEETS,
            f"depth and mesh agree at {agree / max(compared, 1):.0%} of the rays: {inspect} poses and intrinsics are "
            "exact": self.measured and agree < GOOD * compared,
            f"the world leans by {self._leans_deg:.1f} degrees": LEANS_DEG <= self._leans_deg <= TILTED_DEG,
            f"the cameras are upside down: {inspect} they were held so": self.held_over,
            "all frames have one pose": self._one_pose,
            f"all surfaces are seen from behind: {inspect} the mesh is mirrored": self._behind,
        }
        return "; ".join(text for text, holds in remarks.items() if holds)

    @property
    def _behind(self) -> bool:
        """Tell if all surfaces are seen from behind: left and right may be exchanged, or faces wound the other way."""
        if not self.has_fronts or not self.met.hits.any():
            return False
        front = np.nan_to_num(fronts(self.mesh, self.claims, self.met), nan=1.0)
        return bool(np.average(front, weights=self.met.hits) <= BACKS)

    def by_gravity(self) -> Refusal | None:
        """Refuse a world whose up is not +Z."""
        what = not_upright(self.up)
        return (what, "turn mesh and poses together") if what else None

    def by_height(self) -> Refusal | None:
        """Tell poses or units that are not right by where most cameras are; measured depth tells it better."""
        at = self.standing
        found = []
        if at.above_floor_m < STANDS_M[0] or at.above_floor_m > STANDS_M[1]:
            found.append(f"cameras are {at.above_floor_m:.1f} m above what is below them")
        if at.room_height_m < HIGH_M[0] or at.room_height_m > HIGH_M[1]:
            found.append(f"rooms are {at.room_height_m:.1f} m high")
        if self.measured or not found:
            return None
        what = f"at the median, {' and '.join(found)}: the units or the poses are wrong, it seems"
        return what, "give mesh and poses in metres, +Z up; depth images would tell more"

    @property
    def _leans_deg(self) -> float:
        return leans_deg(self.up)

    def _plausible(self, claims: Claims) -> float:
        """How plausible poses are, in 0..1: rays meet the mesh, from its front, and cameras are upright.

        Poses as they are given may be held over; what a mistake leaves once it is undone may not.
        """
        met = meet(self.rays, claims)
        down = claims.T_world_camera[:, 2, 1] * (-1 if claims is self.claims and self.held_over else 1)
        upright = (down < -UPRIGHT).mean()
        return float((met.hits * self.fronts(claims, met)).mean() * upright)

    @property
    def _identity(self) -> bool:
        """Tell whether the first pose says nothing, before the alignment or after it."""
        first = self.claims.T_world_camera[0]
        return bool(min(np.abs(first - nothing).max() for nothing in (self.alignment, np.eye(4))) < SAME)

    @cached_property
    def _one_pose(self) -> bool:
        return one_pose(self.cameras)

    def figures(self) -> dict[str, str]:
        """Return what was measured, in words."""
        met, above = self.met, self.standing.below_m[np.isfinite(self.standing.below_m)]
        depth = f"{met.apart_m:.3f} m apart at the median, {met.agreement_of_all:.0%} of the rays agree"
        front = np.nanmean(fronts(self.mesh, self.claims, met)) if met.hits.any() else np.nan
        heights = f"{above.min():.1f} .. {above.max():.1f} m" if len(above) else "nothing is below them"
        up = "cameras do not agree" if self.up is None else f"{self._leans_deg:.1f} degrees off +Z"
        return {
            "depth images against the mesh": depth if met.compared.any() else "nothing to compare",
            "rays that meet the mesh": f"{met.hits.mean():.0%}; of the frame with fewest {met.hits.min():.0%}",
            "surfaces seen from their front": f"{front:.0%}" if met.hits.any() else "none are seen",
            "cameras above what is below": heights,
            "up, to cameras and floors": up,
            "extents of the mesh": " x ".join(f"{side:.1f}" for side in self.bounds[1] - self.bounds[0]) + " m",
        }


def leans_deg(up: Floats | None) -> float:
    """Return how far what is up (3,) is from +Z; 0 where nobody can tell."""
    return 0.0 if up is None else float(np.degrees(np.arccos(np.clip(up[2], -1, 1))))


def not_upright(up: Floats | None) -> str:
    """Say that what is up (3,) to cameras and floors is not +Z; "" where it is, or nobody can tell."""
    if up is None or leans_deg(up) <= TILTED_DEG:
        return ""
    axis = int(np.abs(up).argmax())
    about = "" if abs(up[axis]) > np.cos(np.radians(LEANS_DEG)) else "nearest "
    named = f"{about}{'-' if up[axis] < 0 else '+'}{'XYZ'[axis]}, {leans_deg(up):.0f} degrees off"
    return f"the world is not +Z up: to cameras and floors up is {named}"


def one_pose(cameras: Cameras) -> bool:
    """Tell whether several cameras all have one pose."""
    T = cameras.T_world_camera
    return len(T) > 2 and float(np.ptp(T, axis=0).max()) < SAME


def best_of(tried: Iterable[Repair], score: Callable[[Repair], float]) -> tuple[Repair | None, float]:
    """Return the mistake whose mending scores best, the first of equals."""
    best, highest = None, 0.0
    for repair in tried:
        scored = float(np.nan_to_num(score(repair)))
        if scored > highest + EQUAL:
            best, highest = repair, scored
    return best, highest
