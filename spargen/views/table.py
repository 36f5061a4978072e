"""The views of a scene that questions may use, and what each of them shows."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from tempfile import NamedTemporaryFile
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

import spargen.geometry
import spargen.scene
from spargen.fingerprint import digest, libraries, tree
from spargen.geometry.gaps import touching
from spargen.geometry.visibility import Visibility, see
from spargen.scene.cameras import Cameras
from spargen.scene.labels import LabelTable, label_rules
from spargen.scene.types import Scene
from spargen.seeds import rng_for
from spargen.settings import Settings
from spargen.views.sets import link, pick_sets

SETS = 1200
"""Pairs, and sets, of views drawn in a scene: several times the questions of the largest quota."""

_CODE = [Path(package.__path__[0]) for package in (spargen.geometry, spargen.scene)]
"""What a table is made by."""

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class ViewTable:
    """V views of one scene.

    Parameters
    ----------
    frames : (V,) positions in `scene.frames`, ascending.
    cameras : V cameras.
    candidates : rows that image questions may use.
    pairs, sets : (M, 2) and (M, 3 .. 5) rows that questions over several images may use, first image first.
    clip : rows of the video's frames, in order; empty if the scene has too few.
    labels : what the objects' labels mean.
    vis : what each view shows.
    """

    frames: Ints
    cameras: Cameras
    candidates: Ints
    pairs: Ints
    sets: Ints
    clip: Ints
    labels: LabelTable
    vis: Visibility


def evenly_spaced(total: int, count: int) -> Ints:
    """Return `count` positions evenly spaced over 0 .. total - 1, both ends included; all if there are fewer."""
    if total <= count:
        return np.arange(total)
    return np.floor(np.linspace(0, total - 1, count)).astype(np.int64)


def choose_frames(usable: Ints, settings: Settings, *, video: bool) -> tuple[Ints, Ints]:
    """Return the frames of image questions and those of the clip, evenly spaced over the usable ones."""
    stills = usable[evenly_spaced(len(usable), settings.views_per_scene)]
    has_clip = video and len(usable) >= settings.video_frames
    return stills, usable[evenly_spaced(len(usable), settings.video_frames)] if has_clip else stills[:0]


def look(
    scene: Scene,
    settings: Settings,
    *,
    seed: int,
    video: bool,
    usable: Ints | None = None,
    keep_in: Path | None = None,
    threads: int = 0,
) -> ViewTable:
    """Pick a scene's views and see what they show.

    Parameters
    ----------
    scene : the scene.
    settings : the thresholds.
    seed : of the draw of pairs and sets.
    video : whether the frames of a clip are wanted too.
    usable : positions in `scene.frames` of those that may be picked, ascending; all by default.
    keep_in : folder in which the table is kept, and looked for first.
    threads : cores for the ray casts, 0 = all.
    """
    usable = np.arange(len(scene.frames)) if usable is None else usable
    stills, clip = choose_frames(usable, settings, video=video)
    frames = np.union1d(stills, clip).astype(np.int64)
    cameras = scene.cameras.take(frames)
    labels = _labels(scene, settings)
    vis = _seen_before(scene, cameras, labels, settings, keep_in, threads)
    candidates = np.searchsorted(frames, stills)
    links = link(vis.surface, cameras, settings)
    # A nose at a door shows where nobody is.
    usable = candidates[vis.median_depth_m[candidates] >= settings.min_median_depth_m]
    pairs, sets = (
        pick_sets(links, usable, size, SETS, settings, rng_for(seed, scene.dataset, scene.id, "sets", size))
        for size in (2, settings.views_per_set)
    )
    # A pair asks something else in the other order.
    pairs = np.concatenate([pairs, pairs[:, ::-1]])
    return ViewTable(frames, cameras, candidates, pairs, sets, np.searchsorted(frames, clip), labels, vis)


def _labels(scene: Scene, settings: Settings) -> LabelTable:
    """Read the labels of a scene. Annotators split shelves: what touches another of its kind may be half a thing."""
    labels = LabelTable.of(scene.objects.label, label_rules(), scene.objects.doubtful)
    kind = np.where(labels.present, labels.kind, -1)
    return labels.doubting(touching(scene.mesh, kind, settings.count_gap_m))


def _seen_before(
    scene: Scene, cameras: Cameras, labels: LabelTable, settings: Settings, keep_in: Path | None, threads: int
) -> Visibility:
    """Read the visibility table from the folder, or make it and put it there."""

    def make() -> Visibility:
        return see(
            scene.mesh, scene.objects, cameras, labels.askable, settings, present=labels.present, threads=threads
        )

    if keep_in is None:
        return make()
    mesh, objects = scene.mesh, scene.objects
    surface = (mesh.vertices_m, mesh.faces, mesh.face_object, objects.center_m, objects.extent_m, objects.R_world_box)
    looks = (cameras.T_world_camera, cameras.K, cameras.size_px, repr(cameras.lens))
    asked = (labels.askable, labels.present, settings.model_dump(mode="json"))
    key = digest("visibility", *surface, *looks, *asked, *map(tree, _CODE), libraries())
    path = keep_in / f"{scene.dataset}-{scene.id}-{key}.npz"
    try:
        with path.open("rb") as kept, np.load(kept) as stored:
            return Visibility(*(stored[f.name] for f in fields(Visibility)))
    except (OSError, EOFError, ValueError, KeyError, BadZipFile):
        vis = make()
    keep_in.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=keep_in, suffix=".part", delete=False) as file:
        np.savez_compressed(file, **{f.name: getattr(vis, f.name) for f in fields(Visibility)})
    Path(file.name).replace(path)
    return vis
