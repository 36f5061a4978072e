"""What generated houses give of each cell, from finished outputs: the yields that `spargen check` estimates by.

    python benchmarks/yields.py OUT [OUT ...] [--into configs/yields.json]

An OUT is any output folder, such as `spargen demo --layout scannetpp --houses 4 --out OUT` writes. Rows are counted by
scene, so a job may ask for fewer rows of a scene than were asked for here; that of a cell which was full in all scenes
is only that it was full. Data sets that no OUT has keep the numbers that the file has of them.
"""

from __future__ import annotations

import argparse
import json
import re
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import spargen

FORM_REASONS = {"select": "too few honest options", "judge": "no honest claim"}
"""What drops a fact in one form only; all else drops it in all of them."""
SHIPPED = Path(__file__).parent.parent / "configs" / "yields.json"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("outs", nargs="+", type=Path, metavar="OUT")
    parser.add_argument("--into", type=Path, default=SHIPPED, help="the file (default: configs/yields.json)")
    arguments = parser.parse_args()
    found = json.loads(arguments.into.read_text()) if arguments.into.exists() else {}
    arguments.into.write_text(as_text(found | measure(arguments.outs)))


def measure(outs: list[Path]) -> dict[str, Any]:
    """Return by data set: scenes, images and seconds of each, rows by scene of cells that some scene was short of."""
    lots: dict[str, list[Path]] = defaultdict(list)
    for out in outs:
        datasets = {scene.partition("/")[0] for scene in json.loads((out / "manifest.json").read_text())["scenes"]}
        if len(datasets) > 1:
            raise SystemExit(f"{out}: {' and '.join(sorted(datasets))}: give outputs of one data set each")
        for dataset in datasets:
            lots[dataset].append(out)
    return {dataset: of_data_set(found) for dataset, found in sorted(lots.items())}


def of_data_set(outs: list[Path]) -> dict[str, Any]:
    """Return the yields of one data set, of which there are some outputs."""
    reports = [json.loads((out / "report.json").read_text()) for out in outs]
    scenes = sum(report["scenes"] for report in reports)
    # Other work on the machine only ever makes it slower: the lot that was least disturbed counts.
    seconds = min(sum(s for stage, s in r["seconds"].items() if stage != "merge") / r["scenes"] for r in reports)
    rows, why = Counter[tuple[str, str]](), defaultdict[str, Counter[str]](Counter)
    for out, report in zip(outs, reports, strict=True):
        for row in spargen.read(out):
            rows[f"{row.cell.task}/{row.cell.form}", f"{out}/{row.fact['scene']}"] += 1
        for key, times in report["dropped"].items():
            why[key.partition("/")[0]][key.partition("/")[2]] += times
    short = {f"{c['task']}/{c['form']}" for report in reports for c in report["cells"] if c["scenes_short"]}
    counts = {cell: sorted(n for (name, _), n in rows.items() if name == cell) for cell in sorted(short)}
    return {
        "scenes": scenes,
        "images": round(sum(report["images"] for report in reports) / scenes),
        "seconds": round(seconds, 1),
        "rows": {cell: [0] * (scenes - len(found)) + found for cell, found in counts.items()},
        "why": {cell: reason(cell, why[cell.partition("/")[0]]) for cell in counts},
    }


def reason(cell: str, dropped: Counter[str]) -> str:
    """Return what dropped most candidates of a cell, as far as it drops them in its form."""
    own = FORM_REASONS.get(cell.partition("/")[2])
    counted = [(what, n) for what, n in dropped.most_common() if what == own or what not in FORM_REASONS.values()]
    total = sum(n for _, n in counted)
    return (
        f"{counted[0][0]} ({100 * counted[0][1] / total:.0f} %)" if counted else "nothing more to ask about was found"
    )


def as_text(found: dict[str, Any]) -> str:
    """Return the file, with each list of numbers in one line."""
    text = json.dumps(found, indent=2, sort_keys=True)
    return (
        re.sub(
            r"\[[^\]]*\]", lambda numbers: re.sub(r"\s+", " ", numbers[0]).replace("[ ", "[").replace(" ]", "]"), text
        )
        + "\n"
    )


if __name__ == "__main__":
    main()
