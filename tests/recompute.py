"""Recomputes every row of an output folder from the raw ScanNet files and the rows alone; imports nothing of spargen.

    python tests/recompute.py OUT RAW_ROOT

Marked objects are found by label and mark; the facts serve only where that leaves a choice (counted as "objects by
facts"), or where a question's wording hides what is asked (counted as "wording by facts"). What depends on sight is
judged on a coarse picture, with a band of tolerance around each threshold; a row that is wrong by one reading of the
main body's borders and right by the other is counted as "main body unsure", and one that is right with another box of
the same least footprint as "box by a tie". Exit code 1 if a row or a cell is wrong.
"""

from __future__ import annotations

import json
import math
import re
import sys
from collections import Counter
from itertools import combinations
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from oracle.rows import IMAGES, MARKS, SINGLE, VIDEO, Row, check_marks
from oracle.scene import SEEN, Scan
from oracle.tasks import CHECKS

SHOWN = 3  # wrong rows shown a cell
DATASETS = ("scannet", "scannetpp", "structured3d", "rxr")
ONE_OBJECT = {"distance_prediction_oc_mv", "obj_spatial_relation_oc_mv"}  # not shown by the observer's image
UNMARKED = {"obj_count", "appearance_order", "distance_infer_center_oc", "distance_infer_center_oc_mv"}


# ------------------------------------------------------------------------------------------------------------ a record
def check_record(row, images):
    """Keys, nesting, id, image paths: sections 4 and 5."""
    record, (kind, colours) = row.record, MARKS[row.task]
    keys = {"id", "conversations", "image", "type"} | ({"depth"} if "depth" in record else set())
    drawn = [f"{kind}_list"] if colours == "list" else [f"{c}_{kind}" for c in row.colours]
    if row.task != "obj_spatial_relation_oo_mv" and colours != "list":
        row.need(len(row.colours) == len(colours), f"marks {row.colours}")
    keys |= set(drawn) | ({f"{kind}_img_idx"} if kind and row.task not in SINGLE else set())
    row.need(set(record) == keys, f"keys {sorted(set(record) ^ keys)}")
    row.need([t["from"] for t in record["conversations"]] == ["human", "gpt"], "conversations")
    row.need(record["type"] == row.task, f"type {record['type']}")
    row.need(re.fullmatch(rf"{re.escape(row.scan.id)}_\d+", record["id"]), f"id {record['id']}")
    row.need(len(record["image"]) == IMAGES[row.task], f"{len(record['image'])} images")
    row.need(len({v.frame for v in row.views}) == len(row.views), "an image stands twice")
    for path in (*record["image"], *record.get("depth", ())):
        row.need(images is None or (images / path).is_file(), f"{path} is not there")
    for name in drawn:
        n = 2 if kind == "point" else 4
        good = len(record[name]) == 1 and all(
            len(m) == n for m in (record[name][0] if colours == "list" else record[name])
        )
        row.need(good, f"nesting of {name}: {record[name]}")
    if f"{kind}_img_idx" in keys:
        idx = record[f"{kind}_img_idx"]
        count = len(record[drawn[0]][0]) if colours == "list" else len(drawn)
        row.need(len(idx) == 1 and len(idx[0]) == count, f"{kind}_img_idx {idx} for {count} marks")
        row.need(all(0 <= i < len(record["image"]) for i in idx[0]), f"{kind}_img_idx {idx}")
    if row.form == "select":
        want = "AB" if row.task.startswith("distance_infer_center_oo") and "video" not in row.task else "ABCD"
        row.need("".join(row.options) == want and row.answer in row.options, f"options {row.options}, {row.answer}")
        row.need(len(set(row.options.values())) == len(row.options), f"equal options {row.options}")
    if row.task in VIDEO:
        check_clip(row, images)
    elif len(row.views) > 1:
        check_set(row)


def check_words(row):
    """What no question may say: an image token, or "picture" for the photograph."""
    row.need("<image>" not in row.text, "an <image> token")
    labels = {t.label for t in row.scan.things.values()} if row.task in UNMARKED else set(row.fact["labels"])
    if not any("picture" in label.lower() for label in labels):
        row.need(not re.search(r"\bpictures?\b", row.text + row.answer, re.I), "picture")


def check_clip(row, images):
    n = len(row.scan.valid)
    clip = [row.scan.valid[math.floor(i * (n - 1) / 31 + 1e-9)] for i in range(32)]
    row.need([v.frame for v in row.views] == clip, "not the frames of the clip")
    row.need("Frame-0" in row.text, "does not say that the first frame is Frame-0")
    numbers = (images / row.scan.id / "video_idx.txt").read_text().split() if images else map(str, clip)
    row.need(list(map(int, numbers)) == clip, "video_idx.txt has other frames")


def check_set(row):
    """Two or three views that overlap, no two of them near-duplicates, none with its nose at a door: section 3."""
    for a, b in combinations(row.views, 2):
        turn = math.degrees(math.acos(min(1.0, float(a.T[:3, 2] @ b.T[:3, 2]))))
        row.need(math.dist(a.position, b.position) >= 0.2 or turn >= 10, f"{a.frame} and {b.frame} are near-duplicates")
    for view in row.views:
        depth = row.scan.median_depth(view.frame)
        row.need(depth >= 0.38, f"frame {view.frame} has a median depth of {depth:.2f} m")
    reached, frames = {row.views[0].frame}, [v.frame for v in row.views]
    for _ in frames:
        reached |= {b for a in reached for b in frames if row.scan.linked(min(a, b), max(a, b))}
    apart = sorted(set(frames) - reached)
    row.need(len(reached) == len(frames), f"frames {apart} share no surface with the rest of the set")
    if row.task in ONE_OBJECT:
        share = row.scan.share(frames[0], row.things[0])
        row.need(share < 1.2 * SEEN, f"the observer's image shows {row.things[0]} ({share:.2%})")


def check_frames_named(row):
    """Video names: the frame in the text is the image of the mark."""
    for position in range(len(row.things)):
        name = row.mark(position)[1].removeprefix(r"\((in Frame-\d+, )?")
        name = rf"\(in Frame-(\d+), {name}" if not row.colours else rf"\(in Frame-(\d+)(?:, Object\d)?\) {name}"
        found = re.findall(name, row.text + row.answer)
        row.need(found and {int(n) for n in found} == {row.image_of(position)}, f"{name}: text says Frame-{found}")


def check_row(row, images):
    try:
        check_record(row, images)
        check_words(row)
        if MARKS[row.task][0]:
            check_marks(row)
            if row.task in VIDEO:
                check_frames_named(row)
        CHECKS[row.task](row)
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, StopIteration) as error:
        row.wrong.append(f"cannot be checked: {type(error).__name__} {error}")
    if row.wrong and any(t.unsure for t in row.involved):
        row.tally["main body unsure"] += 1
        row.wrong.clear()


def right_by_a_tie(row, images):
    """Whether a wrong row is right with another box of an object that has several of the same least footprint."""
    for thing in row.involved:
        known = thing.center, thing.sides
        for box in thing.ties:
            thing.center, thing.sides = box
            again = Row(row.record, row.fact, row.scan, row.task, row.form, Counter())
            check_row(again, images)
            thing.center, thing.sides = known
            if not again.wrong:
                return True
    return False


# ------------------------------------------------------------------------------------------------------ a file, a cell
def check_file(file, out, scans, root):
    """Return the rows of a file, the wrong ones, and remarks on it as a whole."""
    dataset, _, split, task, form = file.relative_to(out / "spar").parts[:5]
    lines = file.read_text().split("\n")
    records = [json.loads(line) for line in lines[:-1]]
    facts = [
        json.loads(line) for line in (out / "facts" / dataset / split / task / f"{form}.jsonl").read_text().splitlines()
    ]
    wrong, tally, rows = [], Counter(), []
    if lines[-1] or file.name != f"{form}_{len(records)}.jsonl" or len(list(file.parent.iterdir())) != 1:
        wrong.append((file.name, ["the file's name, its end or its folder"]))
    if len({r["id"] for r in records}) != len(records):
        wrong.append((file.name, ["ids stand twice"]))
    images = out / "spar" / dataset / "images"
    for record, fact in zip(records, facts, strict=True):
        scene = record["id"].rpartition("_")[0]
        if scene not in scans:
            scans[scene] = Scan.read(root, scene)
        row = Row(record, fact, scans[scene], task, form, tally)
        there = images if any(images.iterdir()) else None
        check_row(row, there)
        if row.wrong and right_by_a_tie(row, there):
            tally["box by a tie"] += 1
            row.wrong.clear()
        rows.append(row)
        if row.wrong:
            wrong.append((record["id"], row.wrong))
    bad, remarks = whole_cell(rows, task, form)
    wrong += [(file.name, [what]) for what in bad]
    return rows, wrong, [f"{what} {n}" for what, n in sorted(tally.items()) if n] + bad + remarks


def whole_cell(rows, task, form):
    """What only the rows together show: what breaks a rule, and what is worth a look."""
    bad, remarks = [], []
    if form in ("select", "judge"):
        counts = Counter(row.answer for row in rows)
        kinds = sorted(set("".join(rows[0].options)) if form == "select" else {"Yes", "No"})
        spread = max(abs(counts[k] - len(rows) / len(kinds)) for k in kinds)
        if spread > 3 * math.sqrt(len(rows) / len(kinds)) or (form == "judge" and spread > 1 + 0.02 * len(rows)):
            remarks.append(f"answers {dict(counts)}")
    if any(row.varied for row in rows):
        vertical = sum(1 in row.varied for row in rows)
        if vertical > math.ceil(0.1 * len(rows)):
            bad.append(f"above / below is varied or claimed in {vertical} of {len(rows)}")
        for part in sorted({p for row in rows for p in row.varied}):
            said = Counter(row.varied[part] for row in rows if part in row.varied)
            if max(said.values()) - sum(said.values()) / 2 > 1.5 * math.sqrt(sum(said.values())):
                remarks.append(f"part {part}: {dict(said)}")
    if form == "select" and not task.startswith(("obj_spatial", "spatial_imag", "distance_infer_center_o", "position")):
        known = {row.right.split(", Depth")[0] for row in rows}
        foreign = sum(o.split(", Depth")[0] not in known for row in rows for o in row.options.values())
        if foreign:  # a scene has one floor: the other areas are made up
            (remarks if task == "room_size" else bad).append(f"{foreign} options are the answer of no row here")
    if task.endswith("_mv") and MARKS[task][0] and task not in ONE_OBJECT:
        alone = sum(
            any(all(r.scan.share(v.frame, t) >= SEEN for t in r.things) for v in r.views) for r in rows if not r.wrong
        )
        text = f"{alone / len(rows):.0%} shown by one image alone"
        (bad if alone > 0.1 * len(rows) + 1 else remarks).append(text)
    return bad, remarks


def words_of_questions(rows, out):
    """The longest question of a cell in words, options apart, where the job asked for brief ones."""
    job = json.loads((out / "manifest.json").read_text())["job"] if (out / "manifest.json").is_file() else {}
    if job.get("words") != "brief" or not rows:
        return []
    limit = 90 if "imagination" in rows[0].task else 60
    long = [n for n in (len(row.question.split()) for row in rows) if n > limit]
    return [f"{len(long)} questions over {limit} words, up to {max(long)}"] if long else []


def main(out, root):
    scans, total, bad = {}, 0, 0
    print(f"{'task':<36}{'form':<10}{'rows':>6}{'wrong':>7}  remarks")
    shown = [f"no folder spar/{name}" for name in DATASETS if not (out / "spar" / name).is_dir()]
    files = out.glob("spar/scannet/qa_jsonl/*/*/*/*.jsonl")
    for file in sorted(files, key=lambda f: (list(MARKS).index(f.parts[-3]), f)):
        rows, wrong, remarks = check_file(file, out, scans, root)
        remarks += words_of_questions(rows, out)
        total, bad = total + len(rows), bad + len(wrong)
        task, form = file.parts[-3:-1]
        print(f"{task:<36}{form:<10}{len(rows):>6}{len(wrong):>7}  {'; '.join(remarks)}", flush=True)
        shown += [f"{task}/{form} {row}: {'; '.join(map(str, why))}" for row, why in wrong[:SHOWN]]
    print(f"{'all':<46}{total:>6}{bad:>7}")
    print("\n".join(shown))
    return 1 if bad or not total else 0


if __name__ == "__main__":
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    raise SystemExit(main(Path(sys.argv[1]), Path(sys.argv[2])))
