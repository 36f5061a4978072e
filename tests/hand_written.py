"""A finished output of a few rows of each kind, written by hand: single images, several, clips, two splits."""

import json
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

SIZE_PX = (320, 240)
POINTS = {"red": (250, 400), "blue": (700, 300), "green": (500, 800)}
BOXES = {"green": (100, 100, 300, 300), "blue": (400, 400, 600, 600), "red": (700, 100, 900, 400)}


@dataclass(frozen=True)
class Kind:
    """Rows of one task: how many images they have, and their marks as (colour, kind, place, image)."""

    images: int
    marks: tuple = ()
    clip: bool = False
    answer: str = "1.5"


SINGLE = Kind(1, tuple((c, "point", at, 0) for c, at in POINTS.items()))
SEVERAL = Kind(3, tuple((c, "bbox", at, i) for i, (c, at) in enumerate(BOXES.items())))
PAIR = Kind(2, (("red", "bbox", BOXES["red"], 0),), answer="[100, 200, 300, 400]")
CLIP = Kind(32, tuple(("none", "point", (200 + 100 * i, 500), 4 * i) for i in range(5)), clip=True, answer="A")
CELLS = {
    ("train", "depth_prediction_oo", "fill"): (SINGLE, 9),
    ("train", "depth_prediction_oo", "select"): (Kind(1, SINGLE.marks, answer="B"), 9),
    ("train", "distance_infer_center_oo_video", "select"): (CLIP, 4),
    ("train", "position_matching", "fill"): (PAIR, 5),
    ("train", "spatial_imagination_oc_mv", "sentence"): (SEVERAL, 7),
    ("train", "view_change_infer", "fill"): (Kind(2, answer="move_right:0"), 3),
    ("val", "depth_prediction_oo", "fill"): (SINGLE, 2),
}
ROWS = sum(rows for _, rows in CELLS.values())


def write_output(out, cells=None):
    """Write the output folder; frames are flat pictures, each of its own brightness."""
    for (split, task, form), (kind, count) in (CELLS if cells is None else cells).items():
        records, facts = [], []
        for number in range(count):
            names = [_name(kind, number, i) for i in range(kind.images)]
            for name in names:
                _frame(out / "spar/scannet/images" / name)
            row_id = f"s_00_{number}"
            question = f"Question {number} of {task} ({form})?"
            talk = [{"from": "human", "value": question}, {"from": "gpt", "value": kind.answer}]
            records.append({"id": row_id, "conversations": talk, "image": names, "type": task})
            marks = [
                {"colour": c, "kind": k, "object": 1, "at": list(at), "image": image} for c, k, at, image in kind.marks
            ]
            facts.append({"id": row_id, "scene": "s_00", "marks": marks})
        _lines(out / f"spar/scannet/qa_jsonl/{split}/{task}/{form}/{form}_{count}.jsonl", records)
        _lines(out / f"facts/scannet/{split}/{task}/{form}.jsonl", facts)
    (out / "manifest.json").write_text(json.dumps({"terms_of_use": {"scannet": "For research only."}}))
    return out


def _name(kind, number, position):
    if kind.clip:
        return f"s_00/video_color/frame{position}_{10 * position}.jpg"
    return f"s_00/image_color/{number % 3 + position}.jpg"


def _frame(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        Image.new("RGB", SIZE_PX, (90 + len(path.name) % 7, 100, 110)).save(path, quality=95)


def _lines(path, values):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(value) + "\n" for value in values))


def tree(folder):
    """Return every file of a folder with its bytes, by name."""
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(Path(folder).rglob("*")) if p.is_file()}
