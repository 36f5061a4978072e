"""Calls a function for many items: in this process, in several, or on a Ray cluster. Results come as they are ready."""

from __future__ import annotations

import gc
import logging
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import islice
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from spargen.errors import JobError, SpargenError

if TYPE_CHECKING:
    from multiprocessing.context import ForkServerContext, SpawnContext

T = TypeVar("T")
R = TypeVar("R")
Kind = Literal["local", "ray"]


GUARD = 'in a script of your own, put what calls spargen below a line `if __name__ == "__main__":`'
"""How to mend it: a new process imports the script that started the first one, and without that line runs it again."""


MEMORY = "most likely the memory was full; to mend: fewer --workers, or a machine with more memory"
"""What ends a process from outside, far more often than a person does."""


_log = logging.getLogger("spargen")
"""What is logged below it by other processes is logged by this one."""


class WorkerLostError(Exception):
    """The process that worked on an item ended without an answer."""


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def refuse_second_start() -> None:
    """Raise `SpargenError` if this process reads an unguarded script because it is being started from that script."""
    # The mark by which multiprocessing refuses it too: later, and when much was done twice.
    if getattr(multiprocessing.current_process(), "_inheriting", False):
        raise SpargenError("a process was to start processes before it was up itself", where="workers", mend=GUARD)


def run_each(
    function: Callable[[T], R],
    items: Iterable[T],
    *,
    workers: int | None = 1,
    kind: Kind = "local",
    needs: Sequence[str] = (),
) -> Iterator[tuple[T, R | WorkerLostError]]:
    """Yield every item with its result, in the order in which they are ready.

    Parameters
    ----------
    function : importable by other processes; what it raises ends the run.
    items : what it is called with; taken one by one, as processes are free for them.
    workers : processes; 1 = this one, None = as many as there are cores, here or in the cluster.
    kind : ``ray`` spreads the items over a Ray cluster instead.
    needs : modules that the function will import, apart from its own: processes here come up with them, where they can.
        They must start no thread that they wait for later.
    """
    if kind == "ray":
        return _on_ray(function, items, workers)
    workers = workers or cores()
    if workers == 1:
        return ((item, function(item)) for item in items)
    return _in_processes(function, items, workers, (function.__module__, *needs))


def _starts(modules: Sequence[str]) -> ForkServerContext | SpawnContext:
    """Return what starts processes, forked from one that has loaded these modules where that is safe, else afresh.

    That one is made for the first run of this process and stays: what later runs need beyond it, their processes load
    themselves. On a Mac the system's own libraries do not survive a fork.
    """
    if sys.platform == "darwin" or "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(modules))
    return context


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Keep Ctrl-C from processes that are started meanwhile, for good: it is their parent's to handle."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()  # which would let them through again as it starts
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class _Worker:
    """One process, and the item it is busy with."""

    def __init__(self, function: Callable[[T], R], context: ForkServerContext | SpawnContext) -> None:
        self.pipe, theirs = context.Pipe()
        # Nothing large goes along: a process that ends before it has read it would keep us waiting for ever.
        self.process: BaseProcess = context.Process(target=_serve, args=(theirs,), daemon=True)
        with _interrupts_held():
            self.process.start()
        theirs.close()
        self.up = False
        self.item: Any = None
        self._send((dict(os.environ), gc.get_threshold()))
        self._send((_log.getEffectiveLevel(), function))

    def give(self, item: object) -> None:
        self.item = item
        self._send(item)

    def _send(self, value: object) -> None:
        with suppress(BrokenPipeError, ConnectionResetError):  # its silence is found when its answer is read
            self.pipe.send(value)

    def greet(self) -> None:
        """Read the message that the process is up; raise if it ended before, for the next one would end as well."""
        try:
            self.pipe.recv()
        except (EOFError, ConnectionResetError):
            self.process.join()
            if (code := self.process.exitcode or 0) > 0:
                what = f"a process for scenes ended with exit code {code} as it started"
                raise SpargenError(what, where="workers", mend=GUARD) from None
        self.up = True  # if it was killed, its answer will be missed

    def stop(self) -> None:
        self.process.terminate()
        self.process.join()
        self.pipe.close()


def _serve(pipe: Connection) -> None:
    """Say that the process is up, then answer items until the other end closes. Ctrl-C is the parent's to handle."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    with suppress(EOFError, BrokenPipeError, ConnectionResetError):  # the other end is gone
        pipe.send("up")
        environment, threshold = pipe.recv()
        os.environ.clear()  # one that was forked has that of the first run
        os.environ.update(environment)
        gc.set_threshold(*threshold)
        level, function = pipe.recv()
        _log.setLevel(level)
        _log.addHandler(_ToParent(pipe))
        while True:
            item = pipe.recv()
            try:
                pipe.send((True, function(item)))
            except Exception as error:  # noqa: BLE001 - handed to the parent, which raises it
                pipe.send((False, error))


class _ToParent(logging.Handler):
    """Hands what is logged to the parent, as text. It is the thread that answers which logs, so that nothing mixes."""

    def __init__(self, pipe: Connection) -> None:
        super().__init__()
        self._pipe = pipe

    def emit(self, record: logging.LogRecord) -> None:
        kept = {key: vars(record)[key] for key in ("name", "levelno", "levelname", "created", "msecs")}
        with suppress(BrokenPipeError, ConnectionResetError):
            self._pipe.send(logging.makeLogRecord(kept | {"msg": self.format(record)}))


def _end_with_parent() -> None:
    """End this process when its parent is gone, so that it cannot come in the way of the run that resumes."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


def _in_processes(
    function: Callable[[T], R], items: Iterable[T], workers: int, modules: Sequence[str]
) -> Iterator[tuple[T, R | WorkerLostError]]:
    refuse_second_start()
    context = _starts(modules)
    waiting = iter(items)
    busy: list[_Worker] = []
    try:
        for item in islice(waiting, workers):
            busy.append(_Worker(function, context))
            busy[-1].give(item)
        while busy:
            ready = wait([worker.pipe for worker in busy])
            for worker in [w for w in busy if w.pipe in ready]:
                if not worker.up:
                    worker.greet()
                    continue
                item, answer = worker.item, _answer(worker)
                if isinstance(answer, logging.LogRecord):
                    logging.getLogger(answer.name).handle(answer)
                    continue
                busy.remove(worker)
                for following in islice(waiting, 1):
                    lost = isinstance(answer, WorkerLostError)
                    busy.append(_Worker(function, context) if lost else worker)
                    busy[-1].give(following)
                if worker not in busy:
                    worker.stop()
                yield item, answer
    finally:
        for worker in busy:
            worker.stop()


def _answer(worker: _Worker) -> Any:
    """Return what a process says: the answer to its item, or what it logs before."""
    try:
        received = worker.pipe.recv()
    except (EOFError, ConnectionResetError):
        worker.process.join()
        code = worker.process.exitcode or 0
        reason = f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
        cause = f": {MEMORY}" if -code == signal.SIGKILL else ""
        return WorkerLostError(f"its process ended with {reason}{cause}")
    if isinstance(received, logging.LogRecord):
        return received
    well, answer = received
    if not well:
        raise answer
    return answer


def _on_ray(
    function: Callable[[T], R], items: Iterable[T], workers: int | None
) -> Iterator[tuple[T, R | WorkerLostError]]:
    try:
        import ray
    except ImportError as error:
        raise JobError("Ray is not installed", where="--executor ray", mend='pip install "spargen[ray]"') from error
    if not ray.is_initialized():
        ray.init(log_to_driver=False)

    def work(item: T) -> R:  # Ray takes functions only, not every callable
        return function(item)

    # Tried again here, not by Ray, which would bring down one node after the other with a scene that needs too much.
    task = ray.remote(max_retries=0)(work)
    at_once = workers or max(1, int(ray.cluster_resources().get("CPU", 1)))
    waiting = iter(items)
    again: list[T] = []
    busy: dict[object, tuple[T, bool]] = {}
    try:
        while True:
            while len(busy) < at_once and again:
                item = again.pop()
                busy[task.remote(item)] = item, True
            for item in islice(waiting, at_once - len(busy)):
                busy[task.remote(item)] = item, False
            if not busy:
                return
            (ready,), _ = ray.wait(list(busy), num_returns=1)
            item, was_lost = busy.pop(ready)
            try:
                yield item, ray.get(ready)
            except ray.exceptions.OutOfMemoryError:
                yield item, WorkerLostError(f"its process was ended by Ray: {MEMORY}")
            except ray.exceptions.RayTaskError as error:
                raise error.cause from error
            except ray.exceptions.RayError as error:
                if was_lost:
                    yield item, WorkerLostError(f"its process was lost twice: {_first_line(error)}; {MEMORY}")
                else:
                    again.append(item)  # its node may have gone, which is no fault of the scene
    finally:
        for reference in busy:
            ray.cancel(reference, force=True)


def _first_line(error: Exception) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__)
