"""A data set of three numbers a scene, and an engine that asks about them: all that a run needs of either.

`tiny:TinyAdapter` is the adapter. `put_in_place` puts the engine in the place of the real one; `sitecustomize.py`
beside this file calls it in every process that is started with this folder on PYTHONPATH.
"""

import os
import signal
import sys
import time
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np

from spargen.errors import SceneError
from spargen.run.naming import color_path, depth_path
from spargen.run.row import Row, SceneQuestions
from spargen.scene.adapter import SceneAdapter
from spargen.scene.cameras import Cameras
from spargen.scene.types import Blob, FrameStore, Mesh, Objects, Scene


class TinyStore(FrameStore):
    def __init__(self, folder):
        self.folder = folder

    def color(self, frame):
        return Blob(".jpg", path=self.folder / f"{frame}.jpg")

    def depth(self, frame):
        return Blob(".png", data=f"depth {self.folder.name} {frame}".encode())

    def pose_as_released(self, frame):
        return np.eye(4) * (frame + 1)

    def intrinsics_as_released(self):
        return {"intrinsic_color": np.eye(4), "extrinsic_color": np.eye(4)}


class TinyAdapter(SceneAdapter):
    dataset = "scannet"
    terms_of_use = "none"

    def __init__(self, root, flavour="plain"):
        super().__init__(root)
        self.flavour = flavour

    def scenes(self):
        return sorted(p.name for p in self.root.iterdir() if p.is_dir())

    def space(self, scene_id):
        return scene_id.partition("_")[0]

    def load(self, scene_id):
        folder = self.root / scene_id
        text = (folder / "scene.txt").read_text() if (folder / "scene.txt").exists() else "no scene.txt"
        if not text.isdigit():
            raise SceneError(f"{text!r} is no number", where=folder / "scene.txt", mend="write a number")
        n = 40
        none = np.zeros((0, 3))
        return Scene(
            id=scene_id,
            dataset="scannet",
            surface=Mesh(none, none, np.zeros(0)),
            objects=Objects(np.zeros(0), (), none, none, np.zeros((0, 3, 3))),
            cameras=Cameras(np.tile(np.eye(3), (n, 1, 1)), np.tile(np.eye(4), (n, 1, 1)), np.ones((n, 2))),
            frames=tuple(str(10 * i) for i in range(n)),
            store=TinyStore(folder),
            T_world_released=np.diag([1.0, 1.0, 1.0, 1.0]),
            fingerprint=text,
            notes={"poses dropped": 2},
        )


def record(scene, task, form, number, names, **more):
    talk = [{"from": "human", "value": f"{task}?"}, {"from": "gpt", "value": f"{number}.0"}]
    return {"id": f"{scene.id}_{number}", "conversations": talk, "image": names, "type": task, **more}


def ask(scene, recipe, *, cache=None, threads=0):
    forms, rows_per_cell, rgbd = recipe.forms, recipe.quotas, recipe.rgbd
    log = os.environ.get("TINY_LOG")
    if log:
        with Path(log).open("a") as file:
            file.write(f"{scene.id}\n")
    if os.environ.get("TINY_KILL") == scene.id:
        os.kill(os.getpid(), signal.SIGKILL)
    if os.environ.get("TINY_CRASH") == scene.id:
        raise ZeroDivisionError("a fault of the program")
    time.sleep(float(os.environ.get("TINY_SLEEP", 0)))
    questions = SceneQuestions()
    questions.dropped["depth_prediction_oc", "too near"] = 3
    for task in forms:
        for form in forms[task]:
            for number in range(min(rows_per_cell[f"{task}/{form}"], int(scene.fingerprint))):
                video = task.endswith("_video")
                frames = tuple(range(32)) if video else (number % 5,)
                names = [
                    color_path(scene.id, scene.frames[f], clip_index=i if video else None) for i, f in enumerate(frames)
                ]
                more = {"depth": [depth_path(scene.id, scene.frames[f]) for f in frames]} if rgbd and not video else {}
                row = record(scene, task, form, number, names, **more)
                fact = {
                    "truth": np.float64(number) / 3,
                    "objects": np.arange(2),
                    "words": recipe.templates.words,
                    "seed": recipe.seed,
                }
                questions.rows.append(Row(task, form, row, fact, frames, "video" if video else "image"))
            if int(scene.fingerprint) < rows_per_cell[f"{task}/{form}"]:
                questions.short[task, form] = rows_per_cell[f"{task}/{form}"] - int(scene.fingerprint)
    return questions


class TinyTemplates:
    fingerprint = "tiny"

    def __init__(self, words, rules):
        self.words, self.rules = words, rules

    @classmethod
    def load(cls, folders, words, rules):
        return cls(words, rules)

    def tasks(self):
        return ()

    def forms(self, task):
        return ("fill", "select", "sentence")

    def check(self, task, slots):
        pass

    def wording(self, task, form):
        return SimpleNamespace(questions=(), notes=(), briefs=(), ends=lambda words: (), blocks=lambda: ())


def put_in_place():
    """Stand in for the engine, the registry and the templates."""
    engine, registry, templates = (ModuleType(n) for n in ("engine", "registry", "templates"))
    engine.ask = ask
    served = SimpleNamespace(serves=lambda form, wrong: True, needs_sentence=False)
    registry.TASKS = {
        name: SimpleNamespace(
            views=views,
            level="low",
            slots=(),
            answer=served,
            wrong=0,
            marks=("red", "blue"),
            answer_image=None,
            asks="?",
        )
        for name, views in {
            "depth_prediction_oc": "single",
            "distance_prediction_oo": "single",
            "distance_prediction_oo_video": "video",
        }.items()
    }
    registry.load_builtin_tasks = lambda: None
    templates.TemplateSet = TinyTemplates
    sys.modules["spargen.run.engine"] = engine
    sys.modules["spargen.tasks.registry"] = registry
    sys.modules["spargen.phrase.templates"] = templates
