import json

import pytest
from PIL import Image

OPTIONS = "Which?\nA. one\nB. two\nC. three\nD. four"
MOVES = "move_right:1.0,move_down:0,move_backward:2.0,rotate_up:10,rotate_left:75"


@pytest.fixture
def write_cell(tmp_path):
    """Return a function that writes a cell of an output: rows of (scene, question, answer, images, marks).

    Each row is about a fact of its own, but for those whose question begins with "Again".
    """
    out = tmp_path / "out"

    def write(task, form, *rows, split="val", dataset="scannet"):
        folder = out / f"spar/{dataset}/qa_jsonl/{split}/{task}/{form}"
        facts = out / f"facts/{dataset}/{split}/{task}"
        folder.mkdir(parents=True)
        facts.mkdir(parents=True, exist_ok=True)
        records, traces = [], []
        for n, (scene, question, answer, images, marks) in enumerate(rows):
            names = [f"{scene}/image_color/{i}.jpg" for i in images]
            for name in names:
                picture(out / f"spar/{dataset}/images" / name)
            talk = [{"from": "human", "value": question}, {"from": "gpt", "value": answer}]
            record = {"id": f"{scene}_{n}", "conversations": talk, "image": names, "type": task}
            records.append(json.dumps(record))
            truth = {"number": 0 if question.startswith("Again") else n}
            traces.append(
                json.dumps({"id": f"{scene}_{n}", "scene": scene, "marks": marks, "quantity": str(n), "truth": truth})
            )
        (folder / f"{form}_{len(rows)}.jsonl").write_text("\n".join(records) + "\n")
        (facts / f"{form}.jsonl").write_text("\n".join(traces) + "\n")
        return out

    return write


def picture(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        Image.new("RGB", (160, 120), (128, 128, 128)).save(path)


@pytest.fixture
def out(write_cell):
    """Return an output of a few tasks in two splits."""
    red = [{"kind": "point", "at": [500, 500], "colour": "red", "image": 1}]
    write_cell("depth_prediction_oc", "select", *[(f"s{n % 3}", OPTIONS, "A", [0], []) for n in range(4)])
    write_cell("depth_prediction_oc", "fill", *[(f"s{n % 3}", "How deep?", "2.0", [0, 1], red) for n in range(9)])
    write_cell("depth_prediction_oc", "fill", ("t0", "How deep?", "1.0", [0], []), split="train")
    write_cell("depth_prediction_oc", "fill", ("x0", "How deep?", "3.0", [0], []), dataset="scannetpp")
    write_cell("position_matching", "fill", *[("s0", "Where?", "[1, 2, 3, 4]", [0, 1], []) for _ in range(3)])
    answers = "AAAAAABBCD"
    write_cell("position_matching", "select", *[(f"s{n % 2}", OPTIONS, a, [0], []) for n, a in enumerate(answers)])
    write_cell("view_change_infer", "fill", ("s0", "How?", MOVES, [0, 1], []))
    write_cell("appearance_order", "fill", ("s0", "In which order?", "chair, table", [0], []))
    made = write_cell("obj_frame_locate", "sentence", ("s0", "In which frames?", "Frame-3", [0], []))
    (made / "manifest.json").write_text(json.dumps({"terms_of_use": {"scannet": "Ask first."}}))
    return made
