"""Writes tasks.md: what each task asks, what makes its answer true, and a question with its picture.

``python docs/tasks.py [OUT ...]`` draws samples from outputs, of each task from the first that has it. Those of other
tasks are kept as they stand in the page, and all around them is written anew.
"""

from __future__ import annotations

import io
import re
import sys
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from PIL import Image, ImageDraw

from spargen.phrase.templates import TemplateSet
from spargen.run.marks import draw, font, marks_of_fact
from spargen.run.read import PublishedRow, choose_cells, published_cells, read_cell
from spargen.tasks.registry import Task, load_builtin_tasks
from spargen.verify.layout import LAYOUTS, LIST

PAGE = Path(__file__).with_name("tasks.md")
IMAGES = PAGE.with_name("images")
FORMS = ("fill", "sentence")
"""The form of a task's sample: the first of these that it has."""
WIDE_PX, NARROW_PX, QUALITY = 320, 224, 55
"""Widths of a picture's images: of one alone, and of each of several."""
SHOWN = 4
"""Frames of a clip that are shown, if no more are marked."""
WIDTH = 116

HEAD = f"""\
# What the tasks ask

This page is written by `docs/tasks.py`. Its questions are about generated houses, as `spargen demo` makes them, and
are the first ones in their files; {SHOWN} frames of a clip are shown, or all marked ones. Marks are listed in the
order in which records list them; a row of `obj_spatial_relation_oo_mv` has two of its three. All depths, distances
and directions are those of the centres of boxes. The forms: `fill` asks for a value in a fixed syntax, `select` for
a letter, `judge` for Yes or No, `sentence` for a sentence. Labels are the data set's, with their misspellings, which
`spargen demo` has too: widnow.
"""
VIEWS = {"single": "one image", "pair": "two images", "multi": "several images", "video": "a clip", "walk": "a walk"}


class Sample(NamedTuple):
    """A question of a task: its form, the words, and the name of its picture."""

    form: str
    question: str
    answer: str
    picture: str


def page(samples: Mapping[str, Sample]) -> str:
    """Return the page, all tasks in the order in which `spargen list tasks` has them."""
    templates, tasks = TemplateSet.load(), load_builtin_tasks()
    return "\n".join([HEAD, *(_section(task, templates.forms(name), samples[name]) for name, task in tasks.items())])


def samples_in(text: str) -> dict[str, Sample]:
    """Return the samples of a page."""
    found = re.findall(
        r"^## (\w+)\n.*?^!\[.*?\]\(images/(\S+)\)\n\n```text\nQuestion, (\w+): (.*?)\n\nAnswer: (.*?)\n```",
        text,
        re.MULTILINE | re.DOTALL,
    )
    return {
        task: Sample(form, question.replace("\n", " "), answer.replace("\n", " "), picture)
        for task, picture, form, question, answer in found
    }


def draw_samples(outs: Sequence[Path]) -> dict[str, Sample]:
    """Write a picture for each task that outputs have rows of, equal ones once, and return the samples."""
    rows = {name: row for name in load_builtin_tasks() if (row := _first_row(name, outs)) is not None}
    names: dict[bytes, str] = {}
    samples = {}
    for task, row in rows.items():
        drawn = _picture(row)
        name = names.setdefault(drawn, f"{task}.jpg")
        (IMAGES / name).write_bytes(drawn)
        question, answer = (str(turn["value"]) for turn in row.record["conversations"])
        samples[task] = Sample(row.cell.form, question, answer, name)
    return samples


def _section(task: Task, forms: Iterable[str], sample: Sample) -> str:
    layout = LAYOUTS[task.name]
    kind = {"": "nothing is marked", "point": "points", "bbox": "boxes"}[layout.kind]
    colours = f": {', '.join(layout.colours)}" if layout.kind and layout.colours != LIST else ""
    marks = f"numbered {kind}" if layout.colours == LIST else f"{kind}{colours}"
    return "\n".join(
        [
            f"## {task.name}\n",
            _wrapped(task.asks) + "\n",
            f"{VIEWS[layout.images].capitalize()} · {task.level} · {', '.join(forms)} · {marks}\n",
            _wrapped(f"True is: {task.truth}") + "\n",
            f"![A sample of {task.name}](images/{sample.picture})\n",
            "```text",
            _wrapped(f"Question, {sample.form}: {sample.question}") + "\n",
            _wrapped(f"Answer: {sample.answer}"),
            "```\n",
        ]
    )


def _wrapped(text: str) -> str:
    return textwrap.fill(text, WIDTH, break_on_hyphens=False, break_long_words=False)


def _first_row(task: str, outs: Sequence[Path]) -> PublishedRow | None:
    for out in outs:
        forms = {cell.form for cell in published_cells(out) if cell.task == task}
        form = next((form for form in FORMS if form in forms), None)
        if form is not None:
            return next(read_cell(out, choose_cells(out, tasks=[task], forms=[form])[0]))
    return None


def _picture(row: PublishedRow) -> bytes:
    """Return a row's images side by side, marks drawn in, as a JPEG file."""
    marks = marks_of_fact(row.fact, len(row.images))
    clip = len(row.images) > SHOWN or row.cell.task == "nav_video"
    shown = _shown([bool(m) for m in marks]) if clip else range(len(row.images))
    small = []
    for i in shown:
        image = Image.open(row.images[i]).convert("RGB")
        width = WIDE_PX if len(row.images) == 1 else NARROW_PX
        image = image.resize((width, round(image.height * width / image.width)), Image.Resampling.LANCZOS)
        draw(image, marks[i])
        if clip:
            text = {"font": font(14), "fill": "white", "stroke_width": 2, "stroke_fill": "black"}
            ImageDraw.Draw(image).text((4, 2), f"Frame-{i}", **text)
        small.append(image)
    strip = Image.new("RGB", (sum(s.width + 4 for s in small) - 4, max(s.height for s in small)), "white")
    for n, image in enumerate(small):
        strip.paste(image, (n * (image.width + 4), 0))
    file = io.BytesIO()
    strip.save(file, "JPEG", quality=QUALITY, optimize=True)
    return file.getvalue()


def _shown(marked: Sequence[bool]) -> list[int]:
    """Return the frames that are shown: the marked ones, and others evenly spread up to `SHOWN`."""
    chosen = [i for i, is_marked in enumerate(marked) if is_marked]
    spread = [round(k * (len(marked) - 1) / (SHOWN - 1)) for k in range(SHOWN)]
    chosen += [i for i in spread if i not in chosen][: max(0, SHOWN - len(chosen))]
    return sorted(chosen)


if __name__ == "__main__":
    kept = samples_in(PAGE.read_text("utf-8"))
    PAGE.write_text(page(kept | draw_samples([Path(name) for name in sys.argv[1:]])), "utf-8")
