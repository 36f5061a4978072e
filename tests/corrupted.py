"""Rows spoilt in every way that is known: how many of them does `spargen verify` find?

    python tests/corrupted.py OUT [N]

spoils up to N rows of each cell of the scenes of OUT in each way, and prints a table. Some ways may leave a row true
(two things of one label change places, a view is replaced that shows nothing of what is asked): what was not found is
printed, to be read by a person.
"""

import copy
import random
import re
import sys
from collections import Counter, defaultdict
from pathlib import Path

FLIP = {
    "left": "right",
    "right": "left",
    "above": "below",
    "below": "above",
    "front": "behind",
    "behind": "front",
    "closer": "farther",
    "farther": "closer",
}
PROSE = {
    "to the left": "to the right",
    "to the right": "to the left",
    "in front": "behind",
    "behind": "in front",
    "above": "below",
    "below": "above",
    "closer": "farther",
    "farther": "closer",
}
NEAR_FAR = [
    ("closest", "farthest"),
    ("nearest", "farthest"),
    ("closer", "farther"),
    ("nearer", "farther"),
    ("smallest", "largest"),
    ("smaller", "larger"),
    ("shortest", "longest"),
    ("shorter", "longer"),
]
DECIMAL = re.compile(r"(?<![\w.-])\d+\.\d\b")
BOX = re.compile(r"\[(\d+), (\d+), (\d+), (\d+)\]")


class Spoiler:
    """Spoils rows of one scene. `rows` are (task, form, record); `labels` those of the scene."""

    def __init__(self, rows, labels, seed=1):
        self.rng, self.labels = random.Random(seed), sorted(labels)
        self.stills = sorted({path for _, _, r in rows for path in r["image"] if "/image_color/" in path})
        self.marks = defaultdict(set)
        for _, _, record in rows:
            for name in drawn(record):
                self.marks[name.partition("_")[2]].add(tuple(record[name][0]))

    def spoil(self, way, record, task, form):
        """A spoilt copy, or None where there is nothing to be spoilt in this way."""
        other = copy.deepcopy(record)
        made = getattr(self, way)(other, task, form)
        return other if made and other != record else None

    # Ways that make a row false whatever it says.
    def letter(self, r, task, form):
        if form == "judge":
            return say(r, "No" if answer(r) == "Yes" else "Yes")
        letters = re.findall(r"^([A-Z])\. ", question(r), re.M)
        return form == "select" and say(r, self.rng.choice([x for x in letters if x != answer(r)]))

    def word(self, r, task, form):
        if form != "sentence" or "map" in task or not ("relation" in task or "imagination" in task):
            return False
        return self.replace_one(r, re.compile("|".join(rf"\b{p}\b" for p in PROSE)), lambda m: PROSE[m[0]])

    def word_of_an_option(self, r, task, form):
        if form != "select" or not ("relation" in task or "imagination" in task):
            return False
        line = re.search(rf"^{answer(r)}\. .*$", question(r), re.M)[0]
        word = self.rng.choice(re.findall("|".join(FLIP), line))
        return ask(r, question(r).replace(line, line.replace(word, FLIP[word], 1)))

    def number(self, r, task, form):
        if form not in ("fill", "sentence") or "Object" in answer(r):
            return False
        return self.replace_last(r, DECIMAL, lambda m: f"{abs(float(m[0]) + self.rng.choice([-0.2, 0.1, 0.2])):.1f}")

    def number_of_a_map(self, r, task, form):
        by = self.rng.choice([-0.2, 0.2])
        return "map" in task and self.replace_one(r, re.compile(r"-?\d+\.\d"), lambda m: f"{float(m[0]) + by:.1f}")

    def told_depth(self, r, task, form):
        head = question(r).split("\nA. ")[0]
        if not task.startswith("depth_prediction"):
            return False
        told = DECIMAL.search(head)
        new = f"{float(told[0]) + self.rng.choice([0.1, 0.2]):.1f}"
        return ask(r, question(r)[: told.start()] + new + question(r)[told.end() :])

    def label(self, r, task, form):
        names = re.findall(r"\bthe ([\w /-]+?) \((?:red|blue|green|yellow|in Frame|Object|object|point)", question(r))
        names = [name for name in names if name in self.labels]
        if not names:
            return False
        old = self.rng.choice(names)
        new = self.rng.choice([x for x in self.labels if x != old])
        say(r, answer(r).replace(f"{old} (", f"{new} ("))
        return ask(r, question(r).replace(f" {old} (", f" {new} ("))

    def unit(self, r, task, form):
        metres = form == "fill" and re.fullmatch(r"\d+\.\d", answer(r))
        return metres and say(r, f"{float(answer(r)) * self.rng.choice([3.28, 100]):.1f}")

    def near_for_far(self, r, task, form):
        head, *options = question(r).split("\nA. ")
        for one, other in (pair for both in NEAR_FAR for pair in (both, both[::-1])):
            if "infer_center" in task and re.search(rf"\b{one}\b", head) and not re.search(rf"\b{other}\b", head):
                return ask(r, "\nA. ".join([re.sub(rf"\b{one}\b", other, head), *options]))
        return False

    def box_of_the_answer(self, r, task, form):
        if not BOX.search(answer(r)):
            return False
        return self.replace_one(r, BOX, lambda m: str(self.moved([int(n) for n in m.groups()])))

    def drawn_mark(self, r, task, form):
        names = drawn(r)
        if names:
            name = self.rng.choice(names)
            r[name] = [self.moved(r[name][0])]
        return bool(names)

    def whole_number(self, r, task, form):
        """A count by one, a side by three centimetres, an area by a sixth."""
        change = {
            "obj_count": lambda n: n + 1,
            "spatial_volume_infer": lambda n: n + 3,
            "room_size": lambda n: n * 7 // 6 + 1,
        }
        if task not in change or form == "select":
            return False
        return self.replace_last(r, re.compile(r"\b\d+\b(?!\))"), lambda m: str(change[task](int(m[0]))))

    def frames_listed(self, r, task, form):
        listed = re.findall(r"Frame-(\d+)", answer(r))
        if task != "obj_frame_locate":
            return False
        other = sorted({*map(int, listed)} ^ {self.rng.randrange(32)})
        return say(r, ", ".join(f"Frame-{n}" for n in other))

    def order(self, r, task, form):
        names = answer(r).split(", ")
        return task == "appearance_order" and form == "fill" and say(r, ", ".join([names[1], names[0], *names[2:]]))

    def move(self, r, task, form):
        """A part of a view change turned round, or by one step more."""
        if task != "view_change_infer" or form != "fill":
            return False
        return self.replace_one(r, re.compile(r"(?<=:)[\d.]+"), lambda m: f"{float(m[0]) + 5:g}")

    # Ways that may leave a row true.
    def mark_of_another(self, r, task, form):
        names = drawn(r)
        if names:
            name = self.rng.choice(names)
            r[name] = [list(self.rng.choice(sorted(self.marks[name.partition("_")[2]])))]
        return bool(names)

    def roles(self, r, task, form):
        names = drawn(r)
        if len(names) > 1:
            a, b = self.rng.sample(names, 2)
            r[a], r[b] = r[b], r[a]
        return len(names) > 1

    def images_swapped(self, r, task, form):
        if len(r["image"]) in (2, 3):
            i, j = self.rng.sample(range(len(r["image"])), 2)
            r["image"][i], r["image"][j] = r["image"][j], r["image"][i]
        return True

    def frame_shifted(self, r, task, form):
        i = self.rng.randrange(len(r["image"]))
        if "/image_color/" not in r["image"][i]:
            return False
        at = self.stills.index(r["image"][i])
        near = [path for path in self.stills[max(0, at - 6) : at + 7] if path not in r["image"]]
        if near:
            r["image"][i] = self.rng.choice(near)
        return bool(near)

    # Tools.
    def moved(self, mark):
        i = self.rng.randrange(len(mark))
        return [*mark[:i], min(1000, max(0, mark[i] + self.rng.choice([-40, -15, 15, 40]))), *mark[i + 1 :]]

    def replace_one(self, r, pattern, by):
        found = list(pattern.finditer(answer(r)))
        return bool(found) and put(r, self.rng.choice(found), by)

    def replace_last(self, r, pattern, by):
        found = list(pattern.finditer(answer(r)))
        return bool(found) and put(r, found[-1], by)


FALSE = (
    *(
        "letter",
        "word",
        "word_of_an_option",
        "number",
        "number_of_a_map",
        "told_depth",
        "label",
        "unit",
        "near_for_far",
    ),
    *("box_of_the_answer", "drawn_mark", "whole_number", "frames_listed", "order", "move"),
)
MAYBE_FALSE = ("mark_of_another", "roles", "images_swapped", "frame_shifted")


def question(r):
    return r["conversations"][0]["value"]


def answer(r):
    return r["conversations"][1]["value"]


def ask(r, text):
    r["conversations"][0]["value"] = text
    return True


def say(r, text):
    r["conversations"][1]["value"] = text
    return True


def put(r, match, by):
    return say(r, answer(r)[: match.start()] + by(match) + answer(r)[match.end() :])


def drawn(r):
    return [key for key in r if re.fullmatch(r"(red|blue|green|yellow)_(point|bbox)", key)]


def spoil_all(out, each):
    """Verdicts by way, and the spoilt rows that were not found wrong: of `each` rows of each cell, in every way."""
    from spargen.run.naming import images_folder
    from spargen.run.raw import raw_scenes
    from spargen.verify.bounds import Bounds
    from spargen.verify.judge import judge
    from spargen.verify.lexicon import Lexicon
    from spargen.verify.rows import index_rows, read_rows
    from spargen.verify.run import _works, read_run
    from spargen.verify.site import Site

    index, run, table, left = index_rows(out, each), read_run(out), defaultdict(Counter), []
    bounds = Bounds.of(run.identity["settings"])
    raw = {(found.dataset, found.scene): found for found in raw_scenes(run, {}, trust=True)}
    for work in _works(out, raw, index, bounds, (), fail_fast=False, whole=False):
        site = Site(work.raw.load(), Lexicon(work.raw.said), bounds)
        rows = [(cell.task, cell.form, record) for cell, record in read_rows(dict(work.files), work.places)]
        spoiler, images = Spoiler(rows, site.labels), images_folder(out, work.raw.dataset)
        for way in (*FALSE, *MAYBE_FALSE):
            for task, form, record in rows:
                spoilt = spoiler.spoil(way, record, task, form)
                if spoilt is None:
                    continue
                verdict = judge(spoilt, site, task, form, images)
                table[way][verdict.kind] += 1
                if verdict.kind != "wrong":
                    left.append((way, task, form, verdict, record, spoilt))
    return table, left


def main(out, each=5):
    table, left = spoil_all(Path(out), int(each))
    print(f"{'spoilt':<22}{'rows':>7}{'found':>7}  not found")
    for way, found in table.items():
        rest = ", ".join(f"{kind} {n}" for kind, n in found.items() if kind != "wrong")
        print(f"{way:<22}{found.total():>7}{found['wrong']:>7}  {rest}")
    for way, task, form, verdict, record, spoilt in left:
        changed = {key: (record[key], spoilt[key]) for key in record if record[key] != spoilt[key]}
        print(f"\n{way} {task}/{form} {record['id']}: {verdict.kind} {verdict.why}")
        print(f"  {question(record)[:200]}\n  {changed}")


if __name__ == "__main__":
    main(*sys.argv[1:])
