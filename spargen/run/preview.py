"""One scene looked at: what its adapter found drawn into a frame, and sample questions with their marks."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from PIL import Image, ImageDraw

from spargen.errors import SceneError
from spargen.geometry.noticed import noticed
from spargen.run.executors import cores
from spargen.run.images import write_images
from spargen.run.marks import font
from spargen.run.recipe import Recipe
from spargen.run.row import Row
from spargen.run.sheets import draw_tile, sheet
from spargen.scene.labels import LabelRules
from spargen.scene.types import Scene
from spargen.views.pictures import colour_fault

# Corners of a box in units of half its sides, and the pairs of them that an edge joins.
_CORNERS = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)])
_EDGES = [(a, b) for a in range(8) for b in range(a) if np.abs(_CORNERS[a] - _CORNERS[b]).sum() == 2]
_NEAR_M = 0.05
_VIEWS_TRIED = 60
_COLOURS = ("red", "cyan", "yellow", "magenta", "lime", "orange", "deepskyblue", "white")


def draw_boxes(scene: Scene, rules: LabelRules, frame: str | None = None) -> tuple[Image.Image, str]:
    """Draw boxes and centres of the objects that one frame shows, walls and the like left out.

    Parameters
    ----------
    scene, rules : the scene, and the lists that say which labels are walls and the like.
    frame : name of the frame; by default, of some, the one that shows most objects.

    Returns
    -------
    the picture, and the name of the frame.
    """
    view, shown = _best_view(scene, rules) if frame is None else _view_named(scene, rules, frame)
    image = Image.open(io.BytesIO(scene.store.color(view).read())).convert("RGB")
    draw = ImageDraw.Draw(image)
    width = max(1, image.width // 400)
    for n in sorted(shown):
        colour = _COLOURS[n % len(_COLOURS)]
        corners_m = (
            _CORNERS / 2 * scene.objects.extent_m[n] @ scene.objects.R_world_box[n].T + scene.objects.center_m[n]
        )
        pixels, depth_m = (a[0] for a in scene.cameras.take([view]).project([*corners_m, scene.objects.center_m[n]]))
        for a, b in _EDGES:
            if min(depth_m[a], depth_m[b]) > _NEAR_M:
                draw.line([*pixels[a], *pixels[b]], fill=colour, width=width)
        x, y = pixels[8]
        if depth_m[8] > _NEAR_M and 0 <= x < image.width and 0 <= y < image.height:
            r = 3 * width
            draw.ellipse([x - r, y - r, x + r, y + r], fill=colour)
            draw.text((x + r, y - r), scene.objects.label[n], fill=colour, font=font(max(12, image.width // 50)))
    return image, scene.frames[view]


def sample_rows(scene: Scene, recipe: Recipe) -> tuple[list[Row], Image.Image | None]:
    """Ask a scene a recipe's questions; return and draw the first of each cell. No picture if there is no row."""
    from spargen.run.engine import ask

    questions = ask(scene, replace(recipe, rgbd=False), threads=cores())
    first: dict[tuple[str, str], Row] = {}
    for row in questions.rows:
        first.setdefault((row.task, row.form), row)
    if not first:
        return [], None
    questions.rows = list(first.values())
    with TemporaryDirectory() as folder:
        write_images(scene, questions, Path(folder), mode="copy", rgbd=False)
        tiles = [draw_tile(row.record, row.form, Path(folder)) for row in questions.rows]
        return questions.rows, sheet(tiles)


def _view_named(scene: Scene, rules: LabelRules, frame: str) -> tuple[int, set[int]]:
    if frame not in scene.frames:
        mend = f"choose from {scene.frames[0]} .. {scene.frames[-1]}" if scene.frames else "no frame has a valid pose"
        raise SceneError(f"there is no frame {frame!r}", where=scene.id, mend=mend)
    view = scene.frames.index(frame)
    return view, _shown(scene, rules, [view])[0]


def _best_view(scene: Scene, rules: LabelRules) -> tuple[int, set[int]]:
    if not scene.frames:
        raise SceneError("no frame has a valid pose", where=scene.id, mend="check the scene's poses")
    views: list[int] = np.unique(np.linspace(0, len(scene.frames) - 1, _VIEWS_TRIED).astype(int)).tolist()
    ranked = sorted(zip(views, _shown(scene, rules, views), strict=True), key=lambda found: -len(found[1]))
    best = next((found for found in ranked if not colour_fault(scene, found[0])), None)
    if best is None:
        raise SceneError("no colour image can be read", where=scene.id, mend="export or download them again")
    return best


def _shown(scene: Scene, rules: LabelRules, views: Sequence[int]) -> list[set[int]]:
    """Return the objects that are noticed, view by view, parts of the building left out."""
    asked = np.array([rules.part(label) is None for label in scene.objects.label], dtype=bool)
    seen = noticed(scene.surface.take(views), scene.cameras.take(views), len(asked))
    return [{n for n in objects.tolist() if asked[n]} for objects in seen]
