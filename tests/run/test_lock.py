"""One run at a time in a folder, and what a run does when its folder goes."""

import errno
import shutil
import subprocess
import sys

import pytest

from spargen.errors import OutputError
from spargen.run import lock as module
from spargen.run.generate import generate
from spargen.run.lock import at_work, locked
from spargen.run.merge import merge
from spargen.run.status import status


def test_a_second_run_in_a_folder_is_refused_and_says_who_is_at_work(job):
    made = job()
    generate(made)
    with locked(made.out):
        assert status(made.out).at_work
        for act in (lambda: generate(made), lambda: merge([made.out], made.out), lambda: generate(made, shard=(1, 2))):
            with pytest.raises(OutputError, match=r"another run is at work in this folder: process \d+ on "):
                act()
    assert not status(made.out).at_work
    generate(made)


def test_shards_work_side_by_side_but_each_of_them_once(job):
    made = job()
    with locked(made.out, (1, 2)):
        assert at_work(made.out)
        generate(made, shard=(2, 2))
        with pytest.raises(OutputError, match="another run is at work"):
            generate(made, shard=(1, 2))
        with pytest.raises(OutputError, match="another run is at work"):
            merge([made.out], made.out)
    generate(made, shard=(1, 2))
    assert merge([made.out], made.out).complete


def test_a_folder_that_is_brought_in_may_not_be_at_work(job, tmp_path):
    made = job()
    generate(made, shard=(1, 1))
    with locked(made.out, (1, 1)), pytest.raises(OutputError, match="another run is at work"):
        merge([made.out], tmp_path / "merged")


def test_a_lock_ends_with_its_process(tmp_path):
    held = f"held = locked(Path({str(tmp_path)!r}))"
    code = f"import os; from spargen.run.lock import locked; from pathlib import Path; {held}; held.__enter__()"
    subprocess.run([sys.executable, "-c", f"{code}; os.kill(os.getpid(), 9)"], check=False, timeout=60)
    assert (tmp_path / ".parts/lock").exists()
    with locked(tmp_path):
        pass


def test_where_there_are_no_locks_it_is_said_and_the_run_goes_on(job, monkeypatch, caplog):
    def refuse(*_):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(module.fcntl, "flock", refuse)
    assert generate(job()).complete
    assert "this file system has no locks" in caplog.text
    monkeypatch.setattr(module, "fcntl", None)
    assert generate(job()).complete


@pytest.mark.parametrize("again", [False, True])
def test_a_folder_that_is_removed_while_a_run_works_in_it_ends_the_run(job, again):
    made = job()

    def watch(outcome, number, total):
        if number == 2:
            shutil.rmtree(made.out)
            if again:  # another run has begun there
                with locked(made.out):
                    pass

    with pytest.raises(
        OutputError, match=r"the folder was removed while a run was at work(?s:.*)the same command again"
    ):
        generate(made, watch=watch)
    shutil.rmtree(made.out)
    assert generate(made).complete
