"""One run at a time works in an output folder: a lock that ends with the process, however that ends.

::

    OUT/.parts/lock                     held by a run; by several shards together
    OUT/.parts/shard-<i>-of-<n>.lock    held by a shard, which is at work once
"""

from __future__ import annotations

import errno
import logging
import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from spargen.errors import OutputError
from spargen.run.files import make_folder, refuse_link, writing

try:
    import fcntl
except ImportError:  # a system that has no such locks
    fcntl = None  # type: ignore[assignment]

_log = logging.getLogger(__name__)
_HELD = (errno.EAGAIN, errno.EACCES)


@dataclass(frozen=True, slots=True)
class Lock:
    """The right to write into an output folder."""

    out: Path
    file: Path
    inode: int

    def check(self) -> None:
        """Raise `OutputError` if the folder was removed, or replaced by another one, since it was locked."""
        try:
            gone = self.file.stat().st_ino != self.inode
        except OSError:
            gone = True
        if gone:
            raise OutputError(
                "the folder was removed while a run was at work in it",
                where=self.out,
                mend="remove what is left of it, and give the same command again",
            )


@contextmanager
def locked(out: Path, shard: tuple[int, int] | None = None) -> Iterator[Lock]:
    """Keep an output folder for this run; where the file system has no locks, say so and go on.

    Parameters
    ----------
    out : the folder, made if it is not there.
    shard : of a run of which several shards work in the folder at once.

    Raises
    ------
    OutputError
        If another run, or this very shard, is at work there.
    """
    file = out / ".parts" / "lock"
    with ExitStack() as held:
        with writing(file):
            refuse_link(file.parent)
            make_folder(file.parent)
            inode = _hold(held, out, file, together=shard is not None)
            if shard is not None:
                _hold(held, out, file.with_name(f"shard-{shard[0]}-of-{shard[1]}.lock"), together=False)
        yield Lock(out, file, inode)


def at_work(out: Path) -> bool:
    """Tell whether a run is at work in an output folder. Nothing is written."""
    try:
        with (out / ".parts" / "lock").open("rb") as file:
            if fcntl is not None:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return error.errno in _HELD
    return False


def _hold(held: ExitStack, out: Path, file: Path, *, together: bool) -> int:
    """Lock a file until `held` is closed, alone or together with others, and return its inode."""
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o644)
    held.callback(os.close, descriptor)
    try:
        if fcntl is None:
            raise OSError(errno.ENOSYS, "no locks")
        fcntl.flock(descriptor, (fcntl.LOCK_SH if together else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in _HELD:
            who = os.read(descriptor, 200).decode("utf-8", "replace").strip()
            raise OutputError(
                f"another run is at work in this folder{': ' if who else ''}{who}",
                where=out,
                mend="wait until it is done, or end it; shards of one job may work side by side",
            ) from error
        _log.warning("%s: this file system has no locks: see that no other run works in there", out)
    else:
        os.truncate(descriptor, 0)
        os.pwrite(descriptor, f"process {os.getpid()} on {socket.gethostname()}\n".encode(), 0)
    return os.fstat(descriptor).st_ino
