"""An output folder written by hand, as a run leaves it: five cells of two data sets."""

import orjson
from PIL import Image

from spargen.run.compile import Run
from spargen.run.ledger import claim
from spargen.run.naming import Cell, images_folder
from spargen.run.scenes import SceneRef

ROWS = 6
RED, BLUE = {"colour": "red", "kind": "point"}, {"colour": "blue", "kind": "point"}


def _points(i):
    marks = [{**RED, "object": 9, "at": [250, 500], "image": 0}, {**BLUE, "object": 7, "at": [750, 500], "image": 0}]
    return {"red_point": [[250, 500]], "blue_point": [[750, 500]]}, marks, {"target_depth_m": 1.0 + i / 3}


def _row(cell, i, images, answer, keys=None, **fact):
    turns = [{"from": "human", "value": f"Question {i} of {cell.task}?"}, {"from": "gpt", "value": answer}]
    number = f"room_00_{i}"
    record = {"id": number, "conversations": turns, "image": images, "type": cell.task, **(keys or {})}
    base = {"dataset": cell.dataset, "scene": "room_00", "task": cell.task, "form": cell.form, "id": number}
    trace = {**base, "objects": [], "labels": [], "marks": [], "quantity": "", "truth": {}, "margin": None, **fact}
    return record, {**trace, "seed": 0, "split": cell.split}


def _depths(cell, i):
    keys, marks, truth = _points(i)
    margin = {"by": 0.0123456789, "unit": "m", "share": 0.01}
    about = {"objects": [9, 7], "labels": ["table", "<b>floor</b>"], "marks": marks, "truth": truth, "margin": margin}
    answer = f"{truth['target_depth_m']:.1f}" if cell.form == "fill" else f"It is {truth['target_depth_m']:.1f} meters."
    return _row(cell, i, [f"room_00/image_color/{i}.jpg"], answer, keys, frames=[str(i)], **about)


def _matching(cell, i):
    keys = {"red_bbox": [[100, 100, 400, 400]], "bbox_img_idx": [[0]]}
    marks = [{"colour": "red", "kind": "bbox", "object": 9, "at": [100, 100, 400, 400], "image": 0}]
    options = ["[0, 0, 100, 100]", "[500, 250, 750, 750]", "[0, 0, 9, 9]", "[1, 1, 9, 9]"]
    images = [f"room_00/image_color/{k}.jpg" for k in (i, i + 1)]
    frames = {"frames": [str(i), str(i + 1)], "overlap": [0.25]}
    about = {"objects": [9], "labels": ["table"], "marks": marks, "options": options, **frames}
    return _row(cell, i, images, "B", keys, **about)


def _order(cell, i):
    frames = [str(k) for k in range(32)]
    images = [f"room_00/video_color/frame{k}_{k}.jpg" for k in range(32)]
    keys = {"point_list": [[[500, 500]]], "point_img_idx": [[3]]}
    marks = [{"colour": "none", "kind": "point", "object": 9, "at": [500, 500], "image": 3}]
    about = {"frames": frames, "quantity": "bed, sofa", "marks": marks, "objects": [9], "labels": ["table"]}
    return _row(cell, i, images, "bed, sofa", keys, **about)


CELLS = {
    Cell("toy", "train", "depth_prediction_oc", "fill"): _depths,
    Cell("toy", "train", "depth_prediction_oc", "sentence"): _depths,
    Cell("toy", "train", "position_matching", "select"): _matching,
    Cell("toy", "train", "appearance_order", "fill"): _order,
    Cell("other", "train", "depth_prediction_oc", "fill"): _depths,
}


def write_output(out, root):
    """Write five cells of two data sets, of which only the first one's scene can be opened."""
    refs = tuple(SceneRef(name, "train", "room_00", i) for i, name in enumerate(("toy", "other")))
    sources = [{"adapter": "toy_room:Adapter", "dataset": None, "options": {}}] * 2
    identity = {"sources": sources, "labels": [], "settings": {}, "tasks": {}, "rows_per_cell": {}, "seed": 0}
    terms = {"toy": "none <script>", "other": "none"}
    claim(out, Run("toys", identity, ({}, {}), (str(root), str(root / "gone")), "", "", {}, refs, (), terms, ("", "")))
    for cell, make in CELLS.items():
        rows = [make(cell, i) for i in range(ROWS)]
        for path, lines in (
            (cell.row_file(ROWS), (row for row, _ in rows)),
            (cell.fact_file, (fact for _, fact in rows)),
        ):
            (out / path).parent.mkdir(parents=True, exist_ok=True)
            (out / path).write_bytes(b"".join(orjson.dumps(line) + b"\n" for line in lines))
        for name in {name for row, _ in rows for name in row["image"]}:
            path = images_folder(out, cell.dataset) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.new("RGB", (640, 480), "teal").save(path)
    return out
