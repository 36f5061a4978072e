"""From a job to finished folders: compile, one part a scene, merge, report."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from spargen.errors import SceneError, SpargenError
from spargen.run.card import write_card
from spargen.run.cells import merge_parts
from spargen.run.compile import Run, compile_job
from spargen.run.executors import Kind, WorkerLostError, cores, run_each
from spargen.run.files import write_json
from spargen.run.images import still_there, write_images
from spargen.run.indexes import make_folders, write_indexes
from spargen.run.job import Job
from spargen.run.ledger import claim
from spargen.run.manifest import write_manifest
from spargen.run.naming import images_folder, is_color
from spargen.run.parts import (
    Part,
    error_file,
    has_text,
    note_quick,
    read_part,
    read_parts,
    remove_text,
    write_part,
)
from spargen.run.product import Product, end_merge, pieces_of, read_product, rows_of
from spargen.run.recipe import Recipe, make_recipes
from spargen.run.report import Report, make_report, write_report
from spargen.run.scenes import SceneRef, open_adapter
from spargen.scene.adapter import SceneAdapter


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one scene: made now, kept from an earlier run, or failed with a message."""

    ref: SceneRef
    status: Literal["made", "kept", "failed"]
    rows: int = 0
    seconds: float = 0.0
    message: str = ""


Watch = Callable[[Outcome, int, int], None]
"""Called after every scene with its outcome, the number of scenes through, and the number of scenes."""


def generate(
    job: Job,
    *,
    scenes: Sequence[str] | None = None,
    shard: tuple[int, int] | None = None,
    workers: int = 1,
    executor: Kind = "local",
    watch: Watch | None = None,
) -> Report | None:
    """Make a job's output, or what is still missing of it.

    Parameters
    ----------
    job : what to make.
    scenes : only these scenes now; the output holds them beside those of earlier runs.
    shard : ``(i, n)``: only every n-th scene from the i-th on, and no merge; `merge` follows when all shards are done.
    workers, executor : how many scenes at a time, and where.
    watch : told of every scene.

    Returns
    -------
    the report, None for a shard.
    """
    recipes = make_recipes(job)
    run = compile_job(job, recipes)
    todo = run.take(scenes, shard)
    run = claim(job.out, run)
    workers = max(1, min(workers, len(todo)))
    maker = Maker(job, recipes, run.keys, read_product(job.out), max(1, cores() // workers))
    for number, (ref, answer) in enumerate(run_each(maker, todo, workers=workers, kind=executor), start=1):
        outcome = _failed(job.out, ref, answer) if isinstance(answer, WorkerLostError) else answer
        if watch is not None:
            watch(outcome, number, len(todo))
    return None if shard else finish(job.out, run)


def finish(out: Path, run: Run) -> Report:
    """Merge all parts of an output folder; write indexes, report, manifest. Cut short, it can be called again."""
    begin = time.perf_counter()
    product = read_product(out)
    parts: dict[SceneRef, Part] = {}
    images = 0
    for ref, part in read_parts(out, run):
        if product.holds(ref, part) or has_text(out, ref, part):
            images += sum(map(is_color, part.images))
            parts[ref] = replace(part, images={})  # a million names are not kept in memory
    files = merge_parts(out, parts, run.identity["seed"], product)
    counts = {cell: rows_of(cell, pieces) for cell, pieces in pieces_of(parts).items()}
    make_folders(out)
    files |= write_indexes(out, counts)
    write_card(out, counts, files, run.terms)
    damaged = [f"{name} was not as it was written: what it held is made again" for name in product.damaged]
    report = make_report(out, run, parts, counts, images=images, remarks=damaged)
    report.seconds["merge"] = round(time.perf_counter() - begin, 3)
    write_report(out, report)
    write_manifest(out, run, parts, counts, files)
    end_merge(out)
    for ref in parts:
        remove_text(out, ref)
    return report


@dataclass(frozen=True, slots=True)
class Maker:
    """Makes the part of one scene; goes to the worker processes."""

    job: Job
    recipes: tuple[Recipe, ...]
    keys: tuple[str, ...]
    product: Product
    threads: int
    adapters: dict[int, SceneAdapter] = field(default_factory=dict)

    def __reduce__(self) -> tuple[Callable[..., Maker], tuple[Job, tuple[str, ...], Product, int]]:
        # Words are compiled code and tasks are functions: another process makes its own of both, once.
        return _maker, (self.job, self.keys, self.product, self.threads)

    def __call__(self, ref: SceneRef) -> Outcome:
        """Make a part, unless it is there already. A scene that cannot be read does not stop the others."""
        begin = time.perf_counter()
        try:
            status, rows = self._make(ref)
        except SceneError as error:
            return _failed(self.job.out, ref, error)
        except SpargenError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the other scenes go on
            return _failed(self.job.out, ref, error)
        return Outcome(ref, status, rows, time.perf_counter() - begin)

    def _make(self, ref: SceneRef) -> tuple[Literal["made", "kept"], int]:
        begin = time.perf_counter()
        out, adapter = self.job.out, self._adapter(ref.source)
        earlier, quick = self._earlier(ref), adapter.fingerprint(ref.scene)
        if earlier is not None and quick and earlier.quick == quick:
            return self._kept(ref, earlier)
        scene = replace(adapter.load(ref.scene), id=ref.scene, dataset=ref.dataset)
        if earlier is not None and scene.fingerprint and earlier.fingerprint == scene.fingerprint:
            note_quick(out, ref, earlier, quick)
            return self._kept(ref, earlier)
        from spargen.run.engine import ask  # costs seconds, which a run that has nothing to ask does without

        loaded = time.perf_counter()
        questions = ask(scene, self.recipes[ref.source], cache=self.job.cache, threads=self.threads)
        asked = time.perf_counter()
        folder = images_folder(out, ref.dataset)
        images = write_images(scene, questions, folder, mode=self.job.images, rgbd=self.job.rgbd)
        questions.seconds["load"] += loaded - begin
        questions.seconds["images"] += time.perf_counter() - asked
        return "made", write_part(out, ref, scene, questions, images, self.keys[ref.source], quick).total

    def _adapter(self, source: int) -> SceneAdapter:
        if source not in self.adapters:
            self.adapters[source] = open_adapter(self.job.sources[source], self.recipes[source].rules)
        return self.adapters[source]

    def _kept(self, ref: SceneRef, part: Part) -> tuple[Literal["kept"], int]:
        error_file(self.job.out, ref).unlink(missing_ok=True)
        return "kept", part.total

    def _earlier(self, ref: SceneRef) -> Part | None:
        """Return the part of an earlier run if all that it gave is in place: its lines here or there, its images."""
        out = self.job.out
        part = read_part(out, ref, self.keys[ref.source])
        if part is None or not (has_text(out, ref, part) or self.product.holds(ref, part)):
            return None
        return part if still_there(images_folder(out, ref.dataset), part.images) else None


def _maker(job: Job, keys: tuple[str, ...], product: Product, threads: int) -> Maker:
    return Maker(job, make_recipes(job), keys, product, threads)


def _failed(out: Path, ref: SceneRef, error: Exception) -> Outcome:
    """Leave beside the scene's part why it failed."""
    known = isinstance(error, (SceneError, WorkerLostError))
    message = str(error) if known else f"{type(error).__name__}: {error}"
    trace = "" if known else "".join(traceback.format_exception(error))
    write_json(error_file(out, ref), {"message": message, "traceback": trace})
    return Outcome(ref, "failed", message=message)
