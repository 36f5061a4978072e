"""From a job to finished folders: plan, one part a scene, merge, report."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from spargen.errors import SceneError, SpargenError
from spargen.run.executors import Kind, WorkerLostError, cores, run_each
from spargen.run.files import write_json
from spargen.run.images import write_images
from spargen.run.job import Job
from spargen.run.ledger import Ledger, claim, read_ledger, refuse_foreign
from spargen.run.manifest import write_manifest
from spargen.run.order import Order, load_texts, make_order
from spargen.run.output import write_output
from spargen.run.parts import error_file, images_folder, is_current, read_part, write_part
from spargen.run.plan import Item, Plan, make_plan, open_adapter
from spargen.run.report import Report, make_report, write_report


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one scene: made now, kept from an earlier run, or failed with a message."""

    item: Item
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
    order, plan = make_order(job), make_plan(job)
    todo = plan.take(scenes, shard)
    claim(job.out, Ledger.of(order, plan))
    workers = max(1, min(workers, len(todo)))
    maker = Maker(order, max(1, cores() // workers))
    for number, (item, answer) in enumerate(run_each(maker, todo, workers=workers, kind=executor), start=1):
        outcome = _failed(job.out, item, answer) if isinstance(answer, WorkerLostError) else answer
        if watch is not None:
            watch(outcome, number, len(todo))
    return None if shard else finish(job.out)


def check_out(job: Job) -> None:
    """Raise `OutputError` if the job's output folder belongs to another job; no scene is looked for."""
    refuse_foreign(job.out, Ledger.of(make_order(job), Plan(())))


def finish(out: Path) -> Report:
    """Merge all parts of an output folder and write what stands beside them."""
    ledger = read_ledger(out)
    done = ledger.done(out)
    begin = time.perf_counter()
    counts = write_output(out, done, ledger.identity["seed"])
    report = make_report(out, ledger, done, counts)
    report.seconds["merge"] = round(time.perf_counter() - begin, 3)
    write_report(out, report)
    write_manifest(out, ledger, done, counts)
    return report


@dataclass(frozen=True, slots=True)
class Maker:
    """Makes the part of one scene; goes to the worker processes."""

    order: Order
    threads: int

    def __call__(self, item: Item) -> Outcome:
        """Make a part, unless it is there already. A scene that cannot be read does not stop the others."""
        begin = time.perf_counter()
        try:
            status, rows = self._make(item)
        except SceneError as error:
            return _failed(self.order.job.out, item, error)
        except SpargenError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the other scenes go on
            return _failed(self.order.job.out, item, error)
        return Outcome(item, status, rows, time.perf_counter() - begin)

    def _make(self, item: Item) -> tuple[Literal["made", "kept"], int]:
        order, job = self.order, self.order.job
        templates = load_texts(tuple(job.plugins), tuple(job.templates), job.words)
        from spargen.run.engine import ask

        begin = time.perf_counter()
        scene = replace(open_adapter(job.sources[item.source]).load(item.scene), dataset=item.dataset)
        loaded = time.perf_counter()
        earlier = read_part(job.out, item, order.key)
        if earlier is not None and is_current(job.out, item, earlier, scene):
            error_file(job.out, item).unlink(missing_ok=True)
            return "kept", earlier.rows
        questions = ask(
            scene,
            tasks=tuple(order.forms),
            forms=order.forms,
            templates=templates,
            seed=job.seed,
            settings=job.settings,
            rows_per_cell=order.quotas,
            rgbd=job.rgbd,
            cache=job.cache,
            threads=self.threads,
        )
        asked = time.perf_counter()
        images = write_images(scene, questions, images_folder(job.out, item.dataset), mode=job.images, rgbd=job.rgbd)
        questions.seconds["load"] += loaded - begin
        questions.seconds["images"] += time.perf_counter() - asked
        return "made", write_part(job.out, item, order.key, scene, questions, images).rows


def _failed(out: Path, item: Item, error: Exception) -> Outcome:
    """Leave beside the scene's part why it failed."""
    known = isinstance(error, (SceneError, WorkerLostError))
    message = str(error) if known else f"{type(error).__name__}: {error}"
    trace = "" if known else "".join(traceback.format_exception(error))
    write_json(error_file(out, item), {"message": message, "traceback": trace})
    return Outcome(item, "failed", message=message)
