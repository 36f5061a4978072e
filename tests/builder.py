"""Answers of a generated house, worked out from what its builder knows: boxes and poses that no adapter has read.

Rows and the builder's truth are all that is opened. A mark is the builder's centre or box that is shown there.
"""

import json
import math
import re
from pathlib import Path

import numpy as np

WIDTH, HEIGHT = 640, 480
WHOLE_WALK = 200
"""Frames from which on a walk shows the floor of every room."""
MARK = 12
"""Thousandths that the builder's centre may be from the mark: a scanned thing lacks a bit here and there."""
CLEAR_M = 0.03
"""Metres that a scanned box, and so a printed number, may be off beyond its rounding."""


class Builder:
    """A house as it was built."""

    def __init__(self, path):
        told = json.loads(Path(path).read_text())
        self.K, self.floor_m2 = np.array(told["K"]), told["floor_m2"]
        self.pose = {frame: np.array(T) for frame, T in told["T_world_camera"].items()}
        self.things = [thing for thing in told["objects"] if thing["ids"]]
        self.center = np.array([thing["center_m"] for thing in self.things])

    def pose_of(self, image):
        """Camera to world, of the frame that an image is called by."""
        return self.pose[re.search(r"(\d+)\.jpg$", image)[1]]

    def camera(self, image, points):
        """Right, down, forward of points (n, 3) in the camera of an image."""
        T = self.pose_of(image)
        return (np.atleast_2d(points) - T[:3, 3]) @ T[:3, :3]

    def shown(self, image, points):
        """Where points (n, 3) are shown, in thousandths; nan behind the camera."""
        x, y, z = self.camera(image, points).T
        z = np.where(z > 0.05, z, np.nan)
        u, v = self.K[0, 0] * x / z + self.K[0, 2], self.K[1, 1] * y / z + self.K[1, 2]
        return np.stack([u / WIDTH, v / HEIGHT], axis=1) * 1000

    def at(self, image, mark, named):
        """The centre of the thing of one of the labels that a point marks."""
        off = np.abs(self.shown(image, self.center) - mark).max(axis=1)
        fits = [k for k in np.flatnonzero(off <= MARK) if set(self.things[k]["labels"]) & named]
        assert fits, f"the builder has none of {named} at {mark} of {image}"
        return self.center[min(fits, key=lambda k: off[k])]


def marked(row, builder):
    """Centres by colour, and the image in which each is marked."""
    question = row["conversations"][0]["value"]
    order = [key.partition("_")[0] for key in row if re.fullmatch(r"(red|blue|green)_point", key)]
    images = row.get("point_img_idx", [[0] * len(order)])[0]
    found = {}
    for colour, number in zip(order, images, strict=True):
        named = {" ".join(words) for words in names(question, colour)}
        image = row["image"][number]
        found[colour] = builder.at(image, row[f"{colour}_point"][0], named), image
    return found


def names(question, colour):
    """The words, up to four, that stand before a mark of a colour; those in brackets are left out."""
    before = re.sub(r" \(in Frame-\d+\)", "", question).partition(f" ({colour} point)")[0].split()
    return [before[-n:] for n in range(1, 5)]


def near(printed, truth, step=0.1):
    """Whether a printed number is a truth, rounded, but for what the scan may be off."""
    return abs(float(printed) - truth) <= step / 2 + CLEAR_M


def depth(row, builder):
    of = {colour: builder.camera(image, center)[0, 2] for colour, (center, image) in marked(row, builder).items()}
    truth = abs(of["blue"] - of["green"]) if "green" in of else of["blue"]
    told = re.findall(r"(\d+(?:\.\d)?) meters", row["conversations"][0]["value"])
    return near(row["conversations"][1]["value"], truth) and any(near(number, of["red"]) for number in told)


def distance(row, builder):
    centers = [center for center, _ in marked(row, builder).values()]
    if len(centers) == 1:
        return near(row["conversations"][1]["value"], np.linalg.norm(builder.camera(row["image"][0], centers[0])))
    return near(row["conversations"][1]["value"], math.dist(*centers))


def nearer(row, builder):
    question, answer = (turn["value"] for turn in row["conversations"])
    at = {colour: center for colour, (center, _) in marked(row, builder).items()}
    gaps = {colour: math.dist(at["red"], at[colour]) for colour in ("green", "blue")}
    far = re.search(r"farther|farthest|longer|greater|larger|more distant|most distant|farther away", question)
    close = re.search(r"nearer|nearest|closer|closest|shorter|smaller|less", question)
    if bool(far) == bool(close):  # a question that names both is left to others
        return None
    said = re.search(r"\((green|blue) point\)", answer)[1]
    return said == (max if far else min)(gaps, key=gaps.get)


def moved(row, builder):
    first, second = map(builder.pose_of, row["image"])
    right, down, ahead = first[:3, :3].T @ (second[:3, 3] - first[:3, 3])
    rise = [math.degrees(math.asin(T[2, 2])) for T in (first, second)]
    heading = [math.degrees(math.atan2(T[1, 2], T[0, 2])) for T in (first, second)]
    turn = (heading[0] - heading[1] + 180) % 360 - 180
    truths = zip((right, down, ahead, rise[1] - rise[0], turn), (0.1, 0.1, 0.1, 5, 5), strict=True)
    signs = {"right": 1, "left": -1, "forward": 1, "backward": -1}
    for part, (truth, step) in zip(row["conversations"][1]["value"].split(","), truths, strict=True):
        (verb, word), number = part.partition(":")[0].split("_"), float(part.partition(":")[2])
        sign = signs.get(word) or (1 if (word == "down") == (verb == "move") else -1)
        if abs(sign * number - truth) > step / 2 + 0.01:
            return False
    return True


def second_camera(row, builder):
    at = builder.pose_of(row["image"][1])[:3, 3]
    x, y, d = map(float, re.fullmatch(r"\((\d+),(\d+)\),([\d.]+)", row["conversations"][1]["value"]).groups())
    ((u, v),) = builder.shown(row["image"][0], at)
    return abs(u - x) <= 2 and abs(v - y) <= 2 and near(d, builder.camera(row["image"][0], at)[0, 2])


def sizes(row, builder):
    """The sides of some thing of the label that the box is around."""
    (box,) = row["red_bbox"]
    said = [float(number) for number in row["conversations"][1]["value"].split(",")]
    question = row["conversations"][0]["value"].replace("(red bbox)", "(red point)")
    named = {" ".join(words) for words in names(question, "red")}
    for thing in builder.things:
        if set(thing["labels"]) & named and around(builder, row["image"][0], thing, box):
            sides = sorted(thing["extent_m"][:2], reverse=True) + thing["extent_m"][2:]
            if all(abs(a - 100 * b) <= 0.5 + 100 * CLEAR_M for a, b in zip(said, sides, strict=True)):
                return True
    return False


def around(builder, image, thing, box):
    """Whether the box of what is seen of a thing lies within that of its eight corners."""
    half = np.array(thing["extent_m"]) / 2 * np.array(list(np.ndindex(2, 2, 2))) * 2 - np.array(thing["extent_m"]) / 2
    shown = builder.shown(image, np.array(thing["center_m"]) + half @ np.array(thing["R_world_box"]).T)
    if not np.isfinite(shown).all():
        return True
    low, high = shown.min(axis=0).clip(0, 1000) - 8, shown.max(axis=0).clip(0, 1000) + 8
    return bool((low <= box[:2]).all() and (high >= box[2:]).all())


def floor(row, builder):
    """The ground inside the outer walls, of which a walk must show all."""
    if len(builder.pose) < WHOLE_WALK:
        return None
    return abs(float(row["conversations"][1]["value"]) - builder.floor_m2) <= 0.5 + 0.03 * builder.floor_m2


def count(row, builder):
    """The number of things of a label that the question names in the plural."""
    words = row["conversations"][0]["value"]
    labels = {label for thing in builder.things for label in thing["labels"]} - {"object"}
    named = [label for label in labels if re.search(rf"\b{label}(s|es)?\b", words)]
    longest = max(named, key=len)
    return int(row["conversations"][1]["value"]) == sum(longest in thing["labels"] for thing in builder.things)


CHECKS = {
    **dict.fromkeys(("depth_prediction_oc", "depth_prediction_oo"), depth),
    **dict.fromkeys(("depth_prediction_oc_mv", "depth_prediction_oo_mv"), depth),
    **dict.fromkeys(("distance_prediction_oc", "distance_prediction_oc_mv"), distance),
    **{f"distance_prediction_oo{more}": distance for more in ("", "_mv", "_video")},
    **{f"distance_infer_center_oo{more}": nearer for more in ("", "_mv")},
    "view_change_infer": moved,
    "camera_motion_infer": second_camera,
    "spatial_volume_infer": sizes,
    "room_size": floor,
    "obj_count": count,
}
"""By task, what tells of a row of its form fill whether it is right, or None where it cannot tell."""


def wrong_rows(out, truths):
    """Check the rows of an output; return how many were checked, by task, and those that are wrong."""
    checked, wrong, builders = {}, [], {}
    for path in sorted((Path(out) / "spar").glob("*/qa_jsonl/*/*/fill/*.jsonl")):
        task = path.parent.parent.name
        for line in path.read_text().splitlines() if task in CHECKS else ():
            row = json.loads(line)
            scene = row["image"][0].partition("/")[0]
            if scene not in builders:
                builders[scene] = Builder(Path(truths) / f"{scene}.json")
            verdict = CHECKS[task](row, builders[scene])
            checked[task] = checked.get(task, 0) + (verdict is not None)
            if verdict is not None and not verdict:
                wrong.append((task, row["id"], row["conversations"][1]["value"]))
    return checked, wrong
