"""What stands of a scene from earlier runs, and whether it can be kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from spargen.run.files import changed_ns
from spargen.run.images import still_there
from spargen.run.naming import images_folder
from spargen.run.parts import Part, has_text, read_part, record_file
from spargen.run.product import Product
from spargen.run.scenes import SceneRef

State = Literal["done", "missing", "stale", "damaged"]


@dataclass(frozen=True, slots=True)
class Standing:
    """What stands of one scene.

    Parameters
    ----------
    state : whole; not there; made by another version of the run; or not as it was written.
    part : what it says of itself, if it is whole.
    wordless : what a part says of itself of which nothing is amiss but that its rows and facts are not where they
        should be: files that are damaged, or that no manifest tells of, may still have them.
    has_text : whether its lines stand in the part, beside or instead of in the product.
    why : what is damaged.
    """

    state: State
    part: Part | None = None
    has_text: bool = False
    why: str = ""
    wordless: Part | None = None


def standing(out: Path, ref: SceneRef, key: str, product: Product, *, images: bool) -> Standing:
    """Look at what a scene gave.

    Parameters
    ----------
    out, ref : the output folder and the scene.
    key : of the run as it is now, for the source of the scene.
    product : what stands in the folder of earlier merges.
    images : look at the images too.
    """
    try:
        part = read_part(out, ref)
    except ValueError as error:
        return Standing("damaged", why=f"done.json: {error}")
    if part is None:
        return Standing("missing")
    if part.key != key:
        return Standing("stale")
    if images:
        since = changed_ns(record_file(out, ref))
        if not still_there(images_folder(out, ref.dataset), part.images, since):
            return Standing("damaged", why="its images are not as they were written")
    text = has_text(out, ref, part)
    if not text and not product.holds(ref, part):
        return Standing("damaged", why="its rows and facts are not as they were written", wordless=part)
    return Standing("done", part, text)


def longest_first(out: Path, refs: Sequence[SceneRef]) -> list[SceneRef]:
    """Order scenes so that the long ones do not come last, when the others are through and only they are waited for.

    How long a scene takes is told by the part that an earlier run made of it, if only by another version; those of
    which nothing is known come first, for one of them may be the longest. Rows do not depend on the order.
    """

    def seconds(ref: SceneRef) -> float:
        try:
            part = read_part(out, ref)
        except ValueError:
            part = None
        return float("inf") if part is None else sum(part.seconds.values())

    return sorted(refs, key=seconds, reverse=True)
