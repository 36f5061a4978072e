"""Asks the whole program about one furnished room, and takes its rows apart."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from typing import get_args

import numpy as np
from worlds import furnished

from spargen.phrase.templates import TemplateSet
from spargen.run.engine import ask
from spargen.run.recipe import Recipe
from spargen.scene.labels import label_rules
from spargen.scene.walks import WALKS, Walk
from spargen.settings import Settings
from spargen.tasks.context import Need, TaskContext
from spargen.tasks.registry import load_builtin_tasks
from spargen.views.table import Views

TASKS = load_builtin_tasks()
TEMPLATES, BRIEF = TemplateSet.load(), TemplateSet.load(words="brief")
QUOTA = 24


def walked(scene, count=30):
    """The scene with walks over its frames: of 4 to 32 frames, each told in words of its own."""
    lengths = [4 + k % 29 for k in range(count)]
    frames = [tuple((7 * k + 2 * i) % len(scene.frames) for i in range(n)) for k, n in enumerate(lengths)]
    said_of = [f"Walk past the table {k} times and stop." for k in range(count)]
    told = [{"viewpoints": [f"v{f}" for f in of]} for of in frames]
    walks = [Walk(f"w{k}", *parts) for k, parts in enumerate(zip(said_of, frames, told, strict=True))]
    return replace(scene, extras={WALKS: tuple(walks)})


SCENE = walked(furnished().scene())


def ask_all(scene, seed=0, threads=1, quota=QUOTA, tasks=tuple(TASKS), templates=TEMPLATES, **more):
    forms = {task: TEMPLATES.forms(task) for task in tasks}
    cells = {f"{task}/{form}": quota for task in tasks for form in forms[task]}
    settings, rgbd = more.pop("settings", Settings()), more.pop("rgbd", False)
    return ask(scene, Recipe(forms, templates, cells, seed, settings, rgbd), threads=threads, **more)


def context(scene, *, settings=None, pool=400, **more):
    """What a task sees of a scene, parts of it replaced: `vis`, `pairs`, `sets`, `clip` ..."""
    settings = settings or Settings()
    views = Views(scene, settings, rules=label_rules(), seed=0, video=True, threads=1)
    # A part that is there is not made.
    vars(views).update(more)
    rng = np.random.Generator(np.random.PCG64(0))
    return TaskContext("a test", get_args(Need), views, rng, pool)


def facts_of(scene, tasks=tuple(TASKS), **more):
    """Yield name and facts of tasks, each asked by itself; all look at one table, which is drawn once."""
    shared = context(scene, **more)
    for name in tasks:
        own = replace(shared, rng=np.random.Generator(np.random.PCG64(0)), dropped=Counter(), noted=Counter())
        for fact in TASKS[name].propose(own):
            yield name, fact


def said(row):
    human, gpt = row.record["conversations"]
    return human["value"], gpt["value"]


def options(row):
    return [line[3:] for line in said(row)[0].split("\n")[1:]]


def marks(row):
    """(key, coordinates, image) of every mark in the record, in the order of the image list."""
    r = row.record
    images = next((r[k][0] for k in ("point_img_idx", "bbox_img_idx") if k in r), None)
    found = []
    for key, value in r.items():
        if re.fullmatch(r"(red|blue|green|yellow)_(point|bbox)", key):
            found.append((key, value[0]))
        elif key in ("point_list", "bbox_list"):
            found += [(key, v) for v in value[0]]
    return [(k, v, images[i] if images else 0) for i, (k, v) in enumerate(found)]
