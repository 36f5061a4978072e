"""Damages the files of small scans, jobs and templates, and sees how the program takes it.

    python tests/fuzz.py [--count 1500] [--seed 0] [--layout scannet]

Each case is one file of a scan changed in one way. It must end in rows, or in one `SpargenError` that names a place and
a mend: nothing else may be raised, nothing may hang, and what damages a file may change no row without a word.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import resource
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).resolve().parent
for place in (str(HERE), str(HERE.parent)):
    if place not in sys.path:
        sys.path.append(place)

from spargen.errors import SpargenError  # noqa: E402 - the folders come first
from spargen.run.compile import compile_job  # noqa: E402
from spargen.run.engine import ask  # noqa: E402
from spargen.run.images import write_images  # noqa: E402
from spargen.run.job import load_job, make_job  # noqa: E402
from spargen.run.recipe import load_texts, make_recipe, make_recipes  # noqa: E402
from spargen.run.scenes import open_adapter, scenes_of  # noqa: E402
from tests.adapters import (  # noqa: E402
    matterport_files,
    posed_files,
    rxr_files,
    scannet_files,
    scannetpp_files,
    structured3d_files,
)

HANGS_S, PATIENCE = 30, 10
"""Seconds of work that a case takes at most, and how many times that it may wait, on a machine that is busy."""
TASKS = ("depth_prediction_oc", "distance_prediction_oo_mv", "obj_count", "room_size", "position_matching", "nav_video")
JOB = """\
name: fuzz
seed: 7
out: out
sources:
  - adapter: scannet
    root: scans-root
    splits: {train: train.txt}
tasks: {depth_prediction_oc: [fill, select], obj_count: null}
rows_per_cell: {default: 5, obj_count: 3, depth_prediction_oc/fill: 2}
templates: [mine]
labels: mine.yaml
exclude: not.txt
images: none
settings: {word_m: 0.3, empty_m: 0.1, views_per_scene: 12, scene_check: lenient}
"""


def _exported(root: Path) -> None:
    folder, room = root / "scans" / "scene0000_00", scannet_files.Room()
    scannet_files.write_annotated(folder, room)
    scannet_files.write_export(folder, room)


LAYOUTS: dict[str, tuple[str, Callable[[Path], object]]] = {
    "scannet": ("scannet", scannet_files.write_scan),
    "scannet-exported": ("scannet", _exported),
    "scannetpp": ("scannetpp", scannetpp_files.write_scene),
    "structured3d": ("structured3d", lambda root: structured3d_files.House().write(root)),
    "matterport": ("matterport", matterport_files.write_scan),
    "rxr": ("rxr", rxr_files.write_site),
    **{
        f"posed-{cameras}": ("posed", lambda root, cameras=cameras: posed_files.write_scene(root, cameras=cameras))
        for cameras in posed_files.CAMERAS
    },
}


# --- how a file is damaged; each takes the file and a source of chance --------------------------------------------


def cut(path: Path, rng: random.Random) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: rng.randrange(len(data) or 1)])


def cut_end(path: Path, rng: random.Random) -> None:
    """The last number of a text, or what closes a file, in part or whole."""
    data = path.read_bytes()
    path.write_bytes(data[: -rng.randint(1, 12)])


def emptied(path: Path, rng: random.Random) -> None:
    path.write_bytes(b"")


def zeroed(path: Path, rng: random.Random) -> None:
    path.write_bytes(bytes(len(path.read_bytes())))


def text(path: Path, rng: random.Random) -> None:
    path.write_bytes(b"<html>404 not found</html>\n" * rng.randint(1, 40))


def noise(path: Path, rng: random.Random) -> None:
    path.write_bytes(rng.randbytes(rng.randint(1, 5000)))


def gone(path: Path, rng: random.Random) -> None:
    path.unlink()


def pipe(path: Path, rng: random.Random) -> None:
    path.unlink()
    os.mkfifo(path)


def device(path: Path, rng: random.Random) -> None:
    path.unlink()
    path.symlink_to("/dev/zero")


def loop(path: Path, rng: random.Random) -> None:
    path.unlink()
    path.symlink_to(path.name)


def folder(path: Path, rng: random.Random) -> None:
    path.unlink()
    path.mkdir()


def flipped(path: Path, rng: random.Random) -> None:
    data = bytearray(path.read_bytes())
    for _ in range(rng.choice((1, 1, 8))):
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    path.write_bytes(data)


def huge_word(path: Path, rng: random.Random) -> None:
    """Four or eight bytes that are the largest number, the smallest, or none."""
    data = bytearray(path.read_bytes())
    word = rng.choice((b"\xff\xff\xff\x7f", b"\xff" * 4, b"\xff" * 8, b"\0\0\xc0\x7f", b"\0\0\0\x80"))
    at = rng.randrange(len(data))
    data[at : at + len(word)] = word
    path.write_bytes(data)


def number(path: Path, rng: random.Random) -> None:
    """A number of a text that becomes a huge one, none, or a word."""
    data = path.read_bytes()
    found = [m.span() for m in re.finditer(rb"-?\d+(\.\d+)?", data)]
    start, end = rng.choice(found) if found else (0, 0)
    other = rng.choice((b"nan", b"1e308", b"-1", b"99999999999999999999", b'"x"', b"1e-320", b"inf", b"0", b"NaN"))
    path.write_bytes(data[:start] + other + data[end:])


def deep(path: Path, rng: random.Random) -> None:
    """A number, or all of a text, that becomes lists within lists, or objects within objects."""
    data = path.read_bytes()
    found = [m.span() for m in re.finditer(rb"-?\d+(\.\d+)?", data)]
    start, end = rng.choice((rng.choice(found), (0, len(data)))) if found else (0, len(data))
    times = rng.choice((500, 1100, 5000, 200_000))
    nest = rng.choice((b"[" * times + b"]" * times, b'{"a":' * times + b"1" + b"}" * times))
    path.write_bytes(data[:start] + nest + data[end:])


def long_word(path: Path, rng: random.Random) -> None:
    """A word, such as a label or the name of a file, that becomes longer than any name can be."""
    data = path.read_bytes()
    found = [m.span() for m in re.finditer(rb"[A-Za-z][\w.-]+", data)]
    start, end = rng.choice(found) if found else (0, 0)
    other = rng.choice((b"x" * 300, b"x" * 5000, b"x/" * 3000, data[start:end] + b"\xc3\xa9" * 200))
    path.write_bytes(data[:start] + other + data[end:])


def moved_bytes(path: Path, rng: random.Random) -> None:
    """A stretch that stands elsewhere, or twice."""
    data = path.read_bytes()
    a, b, c = sorted(rng.randrange(len(data) + 1) for _ in range(3))
    path.write_bytes(rng.choice((data[:a] + data[b:c] + data[a:b] + data[c:], data[:b] + data[a:])))


def letters(path: Path, rng: random.Random) -> None:
    """Characters that no text of a scan should have."""
    data = path.read_bytes()
    at = rng.randrange(len(data) + 1)
    bad = rng.choice((b"\x1b[31m", b"\0", b"\xff\xfe", "\u202e\u200b".encode(), b"<image>", b"[" * 5000, b"{", b'"'))
    path.write_bytes(data[:at] + bad + data[at:])


def swapped(path: Path, rng: random.Random) -> None:
    """The content of another file of the scan."""
    others = sorted(other for other in path.parent.iterdir() if other.is_file() and other != path)
    if others:
        shutil.copyfile(rng.choice(others), path)


DAMAGE = (cut, cut_end, emptied, zeroed, text, noise, gone, pipe, device, loop, folder)
"""Of these, each leaves nothing that could be taken for the file: rows stay as they are, or a word is said."""
CHANGES = (flipped, huge_word, number, deep, long_word, moved_bytes, letters, swapped)
"""These may make another scan that nobody can tell from a true one."""


# --- what comes of it ------------------------------------------------------------------------------------------------


class Ended(NamedTuple):
    """How a case ended: rows, notes, or the error; `fault` says what should not have happened."""

    rows: object
    notes: dict[str, object]
    error: str
    fault: str


class HangError(BaseException):
    """Raised by the alarm; nothing may catch it."""


@contextmanager
def alarm() -> Iterator[None]:
    """Raise `HangError` in what works or waits for too long."""

    def ring(*_: object) -> None:
        raise HangError

    before = [signal.signal(number, ring) for number in (signal.SIGALRM, signal.SIGPROF)]
    signal.alarm(PATIENCE * HANGS_S)
    signal.setitimer(signal.ITIMER_PROF, HANGS_S)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.setitimer(signal.ITIMER_PROF, 0)
        for number, handler in zip((signal.SIGALRM, signal.SIGPROF), before, strict=True):
            signal.signal(number, handler)


def ended(run: Callable[[], tuple[object, dict[str, object]]]) -> Ended:
    """Run a case, and say what is wrong with the way it ends."""
    try:
        with alarm():
            rows, notes = run()
    except SpargenError as error:
        whole = error.what and error.where and error.mend and len(str(error)) < 6000
        return Ended(None, {}, str(error), "" if whole else f"a poor message: {error}")
    except HangError:
        return Ended(None, {}, "", f"it hangs, more than {HANGS_S} s")
    except BaseException as error:  # noqa: BLE001 - that is what is looked for
        trace = error.__traceback__
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        at = f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else ""
        return Ended(None, {}, "", f"{type(error).__name__} at {at}: {str(error)[:200]}")
    return Ended(rows, notes, "", "")


def asked(adapter: str, root: Path) -> tuple[object, dict[str, object]]:
    """Read every scene of a root and ask it some questions, as a run does."""
    job = make_job(
        {
            "out": root.parent / "out",
            "sources": [{"adapter": adapter, "root": root}],
            "tasks": list(TASKS),
            "rows_per_cell": 2,
            "settings": {"scene_check": "off", "views_per_scene": 6},
        }
    )
    recipe = make_recipe(job, job.sources[0])
    opened = open_adapter(job.sources[0], recipe.rules)
    rows, notes = [], {}
    for ref in scenes_of(job.sources[0], opened, 0)[0]:
        opened.fingerprint(ref.scene), opened.space(ref.scene)
        scene = replace(opened.load(ref.scene), id=ref.scene)
        found = ask(scene, recipe, threads=1)
        write_images(scene, found, root.parent / "images", mode="copy", rgbd=True)
        rows += [row.record for row in found.rows]
        notes |= {**scene.notes, **found.notes}
    return rows, notes


def compiled(folder: Path) -> tuple[object, dict[str, object]]:
    """Read a job with its lists and templates, as `spargen check` does."""
    load_texts.cache_clear()
    job = load_job(folder / "job.yaml")
    return compile_job(job, make_recipes(job)).key, {}


def write_job(folder: Path) -> None:
    """A job that names a list, label lists, templates, and a small scan."""
    scannet_files.write_scan(folder / "scans-root")
    for name, said in {
        "job.yaml": JOB,
        "train.txt": "scene0000_00\n# no more\n",
        "not.txt": "scene0707_00\n",
        "mine.yaml": "unasked:\n  - ledge of mine\ngroups:\n  - [sofa, settee]\n",
        "mine/depth_prediction_oc/fill.j2": '--- question\nHow far is {{ target }}?\n--- note\n{{ "m" if target }}.\n',
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(said)


class Case(NamedTuple):
    """One file of a layout, damaged in one way."""

    layout: str
    file: str
    how: str
    outcome: Ended


def cases(layout: str, count: int, seed: int) -> Iterator[Case]:
    """Damage the files of a layout, one at a time, each from a whole scan."""
    rng = random.Random(f"{seed} {layout}")
    with tempfile.TemporaryDirectory() as place:
        whole, at = Path(place) / "whole" / "root", Path(place) / "case" / "root"
        whole.mkdir(parents=True)
        is_job = layout == "jobs"
        write_job(whole) if is_job else LAYOUTS[layout][1](whole)

        def run() -> tuple[object, dict[str, object]]:
            return compiled(at) if is_job else asked(LAYOUTS[layout][0], at)

        good, deck = _run_on(whole, at, run), []
        yield Case(layout, "", "whole", good)
        files = [path for path in sorted(whole.rglob("*")) if path.is_file() and "scans-root" not in path.parts]
        for _ in range(count):
            deck = deck or rng.sample(files, len(files))
            file, how = deck.pop().relative_to(whole), rng.choice((*DAMAGE, *CHANGES))
            outcome = _run_on(whole, at, run, lambda file=file, how=how: how(at / file, rng))
            # Half a job or a list is one as well, and its key says that it is another.
            if how in DAMAGE and not is_job and not outcome.fault and _is_silent(good, outcome):
                outcome = outcome._replace(fault="rows changed without a word")
            yield Case(layout, str(file), how.__name__, outcome)


def _run_on(whole: Path, at: Path, run: Callable, damage: Callable[[], None] = lambda: None) -> Ended:
    shutil.rmtree(at.parent, ignore_errors=True)
    shutil.copytree(whole, at)
    with suppress(IndexError, ValueError):  # an empty file
        damage()
    return ended(run)


def _is_silent(good: Ended, found: Ended) -> bool:
    return not found.error and found.rows != good.rows and found.notes == good.notes


@cache
def layouts() -> tuple[str, ...]:
    return (*LAYOUTS, "jobs")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=1500, help="cases over all layouts")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--layout", choices=layouts())
    given = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_AS, (6_000_000_000, 6_000_000_000))
    chosen = [given.layout] if given.layout else layouts()
    counted: Counter[str] = Counter()
    for layout in chosen:
        begin = time.perf_counter()
        for case in cases(layout, given.count // len(chosen), given.seed):
            kind = "fault" if case.outcome.fault else "error" if case.outcome.error else "rows"
            counted[kind] += 1
            if case.outcome.fault:
                print(f"{layout}: {case.file}: {case.how}: {case.outcome.fault}", flush=True)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        print(f"{layout}: {time.perf_counter() - begin:.0f} s, peak {peak:.2f} GB, {dict(counted)}", flush=True)


if __name__ == "__main__":
    main()
