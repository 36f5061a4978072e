"""The same function over many items: here, in processes, or on a Ray cluster. Results come as they are ready."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, Literal, TypeVar

from spargen.errors import JobError

T = TypeVar("T")
R = TypeVar("R")
Kind = Literal["local", "ray"]


class WorkerLostError(Exception):
    """The process that worked on an item ended without an answer."""


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def run_each(
    function: Callable[[T], R], items: Sequence[T], *, workers: int = 1, kind: Kind = "local"
) -> Iterator[tuple[T, R | WorkerLostError]]:
    """Yield every item with its result, in the order in which they are ready.

    Parameters
    ----------
    function : importable by other processes; what it raises ends the run.
    items : what it is called with.
    workers : processes; 1 = this one.
    kind : ``ray`` spreads the items over a Ray cluster instead.
    """
    if kind == "ray":
        return _on_ray(function, items, workers)
    if workers == 1:
        return ((item, function(item)) for item in items)
    return _in_processes(function, items, workers)


class _Worker:
    """One process, and the item it is busy with."""

    def __init__(self, function: Callable[[T], R]) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.process: BaseProcess = context.Process(target=_serve, args=(function, theirs), daemon=True)
        self.process.start()
        theirs.close()
        self.item = -1

    def give(self, index: int, item: object) -> None:
        self.item = index
        with suppress(BrokenPipeError):  # it died in between: its silence is found when its answer is read
            self.pipe.send(item)

    def stop(self) -> None:
        self.process.terminate()
        self.process.join()
        self.pipe.close()


def _serve(function: Callable[[T], R], pipe: Connection) -> None:
    """Answer items until the other end closes. Ctrl-C is the parent's to handle."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    while True:
        try:
            item = pipe.recv()
        except EOFError:
            return
        try:
            pipe.send((True, function(item)))
        except Exception as error:  # noqa: BLE001 - handed to the parent, which raises it
            pipe.send((False, error))


def _end_with_parent() -> None:
    """End this process when its parent is gone, so that it cannot come in the way of the run that resumes."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


def _in_processes(
    function: Callable[[T], R], items: Sequence[T], workers: int
) -> Iterator[tuple[T, R | WorkerLostError]]:
    waiting = list(range(len(items)))[::-1]
    busy: list[_Worker] = []
    try:
        while waiting or busy:
            while waiting and len(busy) < workers:
                index = waiting.pop()
                busy.append(_Worker(function))
                busy[-1].give(index, items[index])
            ready = wait([worker.pipe for worker in busy])
            for worker in [w for w in busy if w.pipe in ready]:
                index = worker.item
                answer = _answer(worker)
                if waiting and not isinstance(answer, WorkerLostError):
                    worker.give(waiting[-1], items[waiting.pop()])
                else:
                    busy.remove(worker)
                    worker.stop()
                yield items[index], answer
    finally:
        for worker in busy:
            worker.stop()


def _answer(worker: _Worker) -> Any:
    try:
        well, answer = worker.pipe.recv()
    except (EOFError, ConnectionResetError):
        worker.process.join()
        code = worker.process.exitcode or 0
        reason = f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
        return WorkerLostError(f"its process ended with {reason}")
    if not well:
        raise answer
    return answer


def _on_ray(function: Callable[[T], R], items: Sequence[T], workers: int) -> Iterator[tuple[T, R | WorkerLostError]]:
    try:
        import ray
    except ImportError as error:
        raise JobError("Ray is not installed", where="--executor ray", mend='pip install "spargen[ray]"') from error
    if not ray.is_initialized():
        ray.init(log_to_driver=False)
    task = ray.remote(max_retries=0)(function)
    waiting = list(range(len(items)))[::-1]
    busy: dict[object, int] = {}
    try:
        while waiting or busy:
            while waiting and len(busy) < workers:
                index = waiting.pop()
                busy[task.remote(items[index])] = index
            (ready,), _ = ray.wait(list(busy), num_returns=1)
            item = items[busy.pop(ready)]
            try:
                yield item, ray.get(ready)
            except ray.exceptions.WorkerCrashedError as error:
                yield item, WorkerLostError(f"its process ended: {error}")
    finally:
        for reference in busy:
            ray.cancel(reference, force=True)
