"""From the table to written rows: how fast, where the time goes, and what bounds each stage."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace

import orjson
from measure import Taken, best_of, limit, line, title
from scenes import CountingStore

from spargen.phrase.templates import TemplateSet
from spargen.run import engine
from spargen.run.files import JSON_LINE
from spargen.run.parts import write_part
from spargen.run.recipe import Recipe
from spargen.run.row import SceneQuestions
from spargen.run.scenes import SceneRef
from spargen.scene.types import Scene
from spargen.settings import Settings
from spargen.tasks.registry import load_builtin_tasks

SPAR_SCENES, SPAR_ROWS, QUOTA, MANY = 4_500, 16_276_960, 100, 2_000
"""The last two: rows a cell, at most."""
CHECKED = Settings().check_frames


class Asker:
    """Asks every task of a scene in every form, on one core, and writes the part."""

    def __init__(self, scene: Scene, quota: int = QUOTA) -> None:
        self.scene, self.ref = scene, SceneRef(scene.dataset, "train", scene.id)
        self.words = TemplateSet.load([])
        forms = {name: self.words.forms(name) for name in load_builtin_tasks()}
        quotas = {f"{name}/{form}": quota for name in forms for form in forms[name]}
        self.recipe = Recipe(forms, self.words, quotas, 0, Settings())

    def ask(self, cache: Path | None = None) -> SceneQuestions:
        return engine.ask(self.scene, self.recipe, cache=cache, threads=1)

    def write(self, questions: SceneQuestions, out: Path) -> None:
        write_part(out, self.ref, self.scene, questions, {}, "benchmark", "")


def measure_rows(scene: Scene, runs: int) -> None:
    """Print rows a second from a table that is there to written lines."""
    asker = Asker(scene)
    with TemporaryDirectory() as folder, _stages_by_processor_time():
        out = Path(folder)
        asker.ask(out)
        questions, ask = best_of(3 * runs, lambda: asker.ask(out))
        _, write = best_of(3 * runs, lambda: asker.write(questions, out))
        asked, taken = best_of(1, lambda: Asker(scene, MANY).ask(out))
    rows = len(questions.rows)
    tasks, cells = len(asker.recipe.forms), len(asker.recipe.quotas)
    title(f"ROWS  {tasks} tasks, {cells} cells, quota {QUOTA}, the table at hand, 1 core")
    both = Taken(ask.cpu + write.cpu, ask.wall + write.wall)
    line("rows/s from table to written JSONL", rows / both.cpu, "rows/s", taken=both, least=10_000)
    line("rows", rows, "")
    stages = {**questions.seconds, "write": write.cpu}
    for stage, seconds in stages.items():
        line(f"  {stage}", 1e6 * seconds / rows, "us a row")
    _, dumped = best_of(3 * runs, lambda: [orjson.dumps(r.record, option=JSON_LINE) for r in questions.rows])
    _, traced = best_of(3 * runs, lambda: [orjson.dumps(r.fact, option=JSON_LINE) for r in questions.rows])
    size = sum(len(orjson.dumps(x, option=JSON_LINE)) for r in questions.rows for x in (r.record, r.fact))
    dump = dumped.cpu + traced.cpu
    limit(f"orjson alone, {size / dump / 1e6:,.0f} MB/s, for `write`", 1e6 * dump / rows, "us a row", dump / write.cpu)
    each = taken.cpu / len(asked.rows) / (ask.cpu / rows)
    line(f"seconds of the processor for a row at quota {MANY:,}, over one at {QUOTA}", each, "", most=1.1)
    render = 1e6 / _renders_per_s(asker, runs)
    limit("one jinja rendering a row, for `words`", render, "us a row", render * rows / 1e6 / stages["words"])


def measure_scene(scene: Scene, runs: int) -> None:
    """Print how long one whole scene takes on one core, images apart."""
    store = CountingStore(scene.store)
    asker = Asker(replace(scene, store=store))

    def whole(out: Path) -> SceneQuestions:
        store.asked.clear()
        questions = asker.ask()
        asker.write(questions, out)
        return questions

    with TemporaryDirectory() as folder, _stages_by_processor_time():
        asker.ask(Path(folder))
        questions, taken = best_of(runs, lambda: whole(Path(folder)))
    views = Settings().views_per_scene
    tasks = len(asker.recipe.forms)
    title(f"WHOLE SCENE  {len(scene.surface.faces):,} faces, {views} candidate views, {tasks} tasks, 1 core")
    line("seconds a scene, processor time", taken.cpu, "s", taken=taken, most=5)
    line("the goal beyond the aim", taken.cpu, "s", most=3)
    rows = len(questions.rows)
    line("rows/s, visibility included", rows / taken.cpu, "rows/s")
    scenes = SPAR_ROWS / rows
    line(f"hours for the {SPAR_ROWS:,} rows of SPAR-7M, 2 cores", scenes * taken.cpu / 2 / 3600, "h", most=1)
    line(f"hours for {SPAR_SCENES:,} scenes with all these rows, 2 cores", SPAR_SCENES * taken.cpu / 2 / 3600, "h")
    line("images opened, colour and depth of the frames that are checked", store.asked.total(), "", most=2 * CHECKED)


def _renders_per_s(asker: Asker, runs: int) -> float:
    """Renderings a second, by jinja, of one plain template with three slots."""
    block = asker.words.wording("depth_prediction_oc", "fill").questions[0]
    template = block.environment.from_string(block.text)
    slots = {"ref": "chair (red point)", "ref_depth_m": "1.3", "target": "table (blue point)"}
    _, taken = best_of(3 * runs, lambda: [template.render(slots) for _ in range(2000)])
    return 2000 / taken.cpu


@contextmanager
def _stages_by_processor_time() -> Iterator[None]:
    """Let the engine's clock of stages count processor time, which other work on the machine disturbs less."""
    clock, engine.time = engine.time, SimpleNamespace(perf_counter=time.process_time)  # type: ignore[assignment]
    try:
        yield
    finally:
        engine.time = clock
