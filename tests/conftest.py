"""Sibling modules such as `worlds` are imported by their bare name, wherever the tests are run from."""

import os
import signal
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# A busy machine is no fault of the program, and who changes one thing must not meet the rare case of another:
# the same examples each time, and new ones, many more, with --hypothesis-profile=search.
PATIENT = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("same", derandomize=True, **PATIENT)
settings.register_profile("search", max_examples=3000, print_blob=True, **PATIENT)
settings.load_profile("same")

HERE = Path(__file__).resolve().parent
if str(HERE) not in sys.path:
    sys.path.insert(0, str(HERE))
if str(HERE.parent) not in sys.path:
    # Last, so that an installed package wins over a checkout.
    sys.path.append(str(HERE.parent))

# Where the tests were started in the background, interrupts are ignored, and programs they start would inherit that.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN and threading.current_thread() is threading.main_thread():
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session", autouse=True)
def _no_waiting_for_the_disk():
    """Files last as long as a test anyway; what is brought to the disk, and when, has tests of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda descriptor: None)
        yield


@pytest.fixture(scope="module", autouse=True)
def _tasks_are_those_that_are_shipped():
    """What a test registers is no task of the next ones: a run asks all there are."""
    from spargen.tasks.registry import TASKS, load_builtin_tasks

    load_builtin_tasks()
    before = dict(TASKS)
    yield
    TASKS.clear()
    TASKS.update(before)
