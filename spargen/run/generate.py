"""From a job to finished folders: compile, one part a scene, merge, report."""

from __future__ import annotations

import logging
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from spargen.errors import SceneError, SpargenError, unexpected
from spargen.run.card import write_card
from spargen.run.cells import merge_parts
from spargen.run.compile import Run, compile_job
from spargen.run.executors import Kind, WorkerLostError, cores, run_each
from spargen.run.files import renew
from spargen.run.images import remove_others, remove_unnamed, write_images
from spargen.run.indexes import make_folders, write_indexes
from spargen.run.job import Job
from spargen.run.ledger import check_out, claim, remembered
from spargen.run.lock import locked
from spargen.run.manifest import write_manifest
from spargen.run.naming import images_folder
from spargen.run.parts import (
    Part,
    error_file,
    forget_failure,
    note_quick,
    record_file,
    remove_leftovers,
    remove_text,
    write_failure,
    write_part,
)
from spargen.run.product import Product, end_merge
from spargen.run.recipe import Recipe, make_recipes
from spargen.run.report import Report, make_report, write_report
from spargen.run.restore import take_back
from spargen.run.scenes import SceneRef, open_adapter, refuse_unnamed
from spargen.run.standing import longest_first, standing
from spargen.run.totals import Totals
from spargen.scene.adapter import SceneAdapter

_log = logging.getLogger(__name__)
MADE_ANEW = "made anew, for it was damaged"
"""Topic of the note that says what was not as an earlier run had written it."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one scene: made now, kept from an earlier run, or failed.

    `message` says why it failed, or what was damaged of it, so that it was made anew.
    """

    ref: SceneRef
    status: Literal["made", "kept", "failed"]
    rows: int = 0
    seconds: float = 0.0
    message: str = ""


_NEEDS = ("spargen.run.engine", "scipy.ndimage", "scipy.sparse.csgraph", "scipy.spatial")
"""What is loaded for the first scene that is asked about."""

Watch = Callable[[Outcome, int, int], None]
"""Called after every scene with its outcome, the number of scenes through, and the number of scenes."""


def generate(
    job: Job,
    *,
    scenes: Sequence[str] | None = None,
    shard: tuple[int, int] | None = None,
    workers: int | None = 1,
    executor: Kind = "local",
    watch: Watch | None = None,
) -> Report | None:
    """Make a job's output, or what is still missing of it.

    Parameters
    ----------
    job : what to make.
    scenes : only these scenes now; the output holds them beside those of earlier runs.
    shard : ``(i, n)``: only every n-th scene from the i-th on, and no merge; `merge` follows when all shards are done.
    workers, executor : how many scenes at a time, None = as many as there are cores, and where. As many processes
        merge them, if there is enough to merge.
    watch : told of every scene.

    Returns
    -------
    the report, None for a shard.

    Raises
    ------
    SpargenError
        If the job cannot be run as it is written, or its folder not be used. What is wrong with a scene ends in its
        outcome, and the others go on.
    """
    recipes = make_recipes(job)
    run = remembered(job, compile_job(job, recipes), [recipe.rules for recipe in recipes])
    todo = run.take(scenes, shard)
    check_out(job)
    with locked(job.out, shard) as lock:
        run = claim(job.out, run)
        at_once = workers
        if executor == "local" or workers is not None:
            at_once = max(1, min(workers or cores(), len(todo)))
        product = take_back(job.out, run, todo)
        maker = Maker(job, recipes, run.keys, product, max(1, cores() // at_once) if at_once else 1)
        todo = longest_first(job.out, todo)
        made = run_each(maker, todo, workers=at_once, kind=executor, needs=_NEEDS)
        for number, (ref, answer) in enumerate(made, start=1):
            lock.check()
            outcome = _failed(job.out, ref, answer) if isinstance(answer, WorkerLostError) else answer
            if watch is not None:
                watch(outcome, number, len(todo))
        return None if shard else finish(job.out, run, workers=workers or cores())


def finish(out: Path, run: Run, *, workers: int = 1) -> Report:
    """Merge all parts of an output folder; write indexes, report, manifest. Cut short, it can be called again."""
    begin = time.perf_counter()
    _log.info("merging the rows of all scenes")
    product = take_back(out, run, (*run.scenes, *run.missing))
    totals = _totals(out, run, product)
    files = merge_parts(out, totals.pieces, totals.fresh, run.identity["seed"], product, workers)
    counts = totals.counts
    make_folders(out)
    files |= write_indexes(out, counts)
    write_card(out, counts, files, run.terms)
    damaged = [f"{name} was not as it was written: what it held is made again" for name in product.damaged]
    report = make_report(out, run, totals, counts, damaged)
    report.seconds["merge"] = round(time.perf_counter() - begin, 3)
    write_report(out, report)
    write_manifest(out, run, totals.scenes, counts, files)
    end_merge(out)
    renew(out / "manifest.json")
    for ref in totals.scenes:
        remove_text(out, ref)
    remove_leftovers(out)
    return report


def _totals(out: Path, run: Run, product: Product) -> Totals:
    """Add up the parts that go into the output.

    What earlier runs made of scenes that are not on disk now stays. Images of scenes that nothing whole stands of are
    removed: no row names them any more.
    """
    totals, kept, keys = Totals(), set(), run.keys
    for ref in sorted({*run.scenes, *run.missing}):
        found = standing(out, ref, keys[ref.source], product, images=False)
        if found.part is None:
            continue
        kept.add((ref.dataset, ref.scene))
        if not error_file(out, ref).exists():
            fresh = not product.holds(ref, found.part) or (product.interrupted and found.has_text)
            totals.add(ref, found.part, fresh=fresh)
    if run.identity["images"] != "none":
        remove_others(out, kept)
    return totals


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
            status, rows, message = self._make(ref)
        except SceneError as error:
            return _failed(self.job.out, ref, error)
        except SpargenError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the other scenes go on
            return _failed(self.job.out, ref, error)
        return Outcome(ref, status, rows, time.perf_counter() - begin, message)

    def _make(self, ref: SceneRef) -> tuple[Literal["made", "kept"], int, str]:
        begin = time.perf_counter()
        out, adapter = self.job.out, self._adapter(ref.source)
        refuse_unnamed(ref.scene, adapter.root)
        found = standing(out, ref, self.keys[ref.source], self.product, images=True)
        if found.part is not None:
            renew(record_file(out, ref))
        earlier, quick = found.part, adapter.fingerprint(ref.scene)
        if earlier is not None and quick and earlier.quick == quick:
            return self._kept(ref, earlier)
        _log.info("%s: reading its files", ref.scene)
        scene = replace(adapter.load(ref.scene), id=ref.scene, dataset=ref.dataset)
        if earlier is not None and scene.fingerprint and earlier.fingerprint == scene.fingerprint:
            note_quick(out, ref, earlier, quick)
            return self._kept(ref, earlier)
        from spargen.run.engine import ask  # costs seconds, which a run that has nothing to ask does without

        loaded = time.perf_counter()
        questions = ask(scene, self.recipes[ref.source], cache=self.job.cache, threads=self.threads)
        asked = time.perf_counter()
        _log.info("%s: writing %d rows and their images", ref.scene, len(questions.rows))
        folder = images_folder(out, ref.dataset)
        images = write_images(scene, questions, folder, mode=self.job.images, rgbd=self.job.rgbd)
        if self.job.images != "none":
            remove_unnamed(folder, ref.scene, images)
        questions.seconds["load"] += loaded - begin
        questions.seconds["images"] += time.perf_counter() - asked
        if found.why:
            questions.notes[MADE_ANEW] = found.why
        return "made", write_part(out, ref, scene, questions, images, self.keys[ref.source], quick).total, found.why

    def _adapter(self, source: int) -> SceneAdapter:
        if source not in self.adapters:
            self.adapters[source] = open_adapter(self.job.sources[source], self.recipes[source].rules)
        return self.adapters[source]

    def _kept(self, ref: SceneRef, part: Part) -> tuple[Literal["kept"], int, str]:
        forget_failure(self.job.out, ref)
        return "kept", part.total, ""


def _maker(job: Job, keys: tuple[str, ...], product: Product, threads: int) -> Maker:
    return Maker(job, make_recipes(job), keys, product, threads)


def _failed(out: Path, ref: SceneRef, error: Exception) -> Outcome:
    """Leave beside the scene's part why it failed."""
    known = isinstance(error, (SceneError, WorkerLostError))
    message = str(error) if known else unexpected(error)
    if not known:
        _log.info("%s: where it failed:", ref.scene, exc_info=error)
    trace = "" if known else "".join(traceback.format_exception(error))
    write_failure(out, ref, message, trace)
    return Outcome(ref, "failed", message=message)
