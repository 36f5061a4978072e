"""Trees in SPAR's layout whose shortcut is known: bare ones, as SPAR-7M is, with small images."""

import random

import orjson
from PIL import Image

LABELS = ("table", "lamp", "office chair", "sofa", "bed", "sink")
SCENES, ROWS = 10, 24
IMAGES = ("image_color/1.jpg", "image_color/2.jpg")


def metres(rng, n=4):
    """Return n different numbers of metres."""
    return rng.sample([round(0.5 + i / 2, 1) for i in range(16)], n)


def select(stem, options, right, **keys):
    """Return a row of which an option is right."""
    lines = "\n".join(f"{letter}. {option}" for letter, option in zip("ABCDEF", options, strict=False))
    return f"{stem}\n{lines}", "ABCDEF"[right], keys


def honest(rng):
    """Nothing tells which number is right."""
    a, b = rng.sample(LABELS, 2)
    told = rng.choice(metres(rng))
    stem = f"Suppose the depth of the {a} (red point) is {told} meters. How deep is the {b} (blue point)?"
    return select(stem, metres(rng), rng.randrange(4), **points(rng, "red", "blue"))


def by_letter(rng):
    """The second option is right more often than not."""
    return select("How deep is it?", metres(rng), rng.choice([1, 1, 1, 0, 2, 3]))


def by_label(rng):
    """Tables are far away, all else is near."""
    label, options = rng.choice(LABELS), metres(rng)
    right = (max if label == "table" else min)(options)
    return select(f"How far away is the {label} (red point)?", options, options.index(right), **points(rng, "red"))


def by_told_value(rng):
    """The right number is the one nearest to the number that is told."""
    told, options = rng.choice(metres(rng)), metres(rng)
    right = min(range(4), key=lambda i: abs(options[i] - told))
    return select(f"The depth of the bed (red point) is {told} meters. And of the sink (blue point)?", options, right)


def by_frame_gap(rng):
    """What is seen soonest after the reference is closest to it."""
    frames = rng.sample(range(32), 5)
    names = [f"{rng.choice(LABELS)} (in Frame-{frame}, point{i})" for i, frame in enumerate(frames[1:])]
    stem = f"Which is closest to the sofa (in Frame-{frames[0]}, objectA): {', '.join(names[:3])} or {names[3]}?"
    order = rng.sample(range(4), 4)
    options = [f"{names[i].split(' (')[0]} (Object{i})" for i in order]
    right = min(range(4), key=lambda i: abs(frames[1 + order[i]] - frames[0]))
    return select(stem, options, right)


def by_spacing(rng):
    """The candidate that is nearer in the image is closer."""
    keys = points(rng, "red", "blue", "green")
    (x, y), *others = (keys[f"{colour}_point"][0] for colour in ("red", "green", "blue"))
    right = min((0, 1), key=lambda i: (others[i][0] - x) ** 2 + (0.75 * (others[i][1] - y)) ** 2)
    a, b, c = rng.sample(LABELS, 3)
    stem = f"Which is closer to the {a} (red point), the {b} (green point) or the {c} (blue point)?"
    return select(stem, [f"{b} (green point)", f"{c} (blue point)"], right, **keys)


MANY = [f"{colour} {label}" for colour in ("red", "old", "new", "big", "small", "round") for label in LABELS]
"""So many labels that hardly a pair of them is met twice in a cell."""


def _place(label):
    return MANY.index(label) / 4


def closer_of_two(rng):
    """Each label has its place on a line."""
    a, b, c = rng.sample(MANY, 3)
    right = min((0, 1), key=lambda i: abs(_place((b, c)[i]) - _place(a)))
    stem = f"Which is closer to the {a} (red point), the {b} (green point) or the {c} (blue point)?"
    return select(stem, [f"{b} (green point)", f"{c} (blue point)"], right)


def distance_of_two(rng):
    """How far apart the places of two labels are."""
    a, b = rng.sample(MANY, 2)
    return f"How far is the {a} (red point) from the {b} (blue point)?", f"{abs(_place(a) - _place(b)):.1f}", {}


def by_pair(rng):
    """A lamp is above all else, and the claim is right where it says so."""
    other, claimed, lamp = rng.choice(LABELS[2:]), rng.choice(("above", "below")), rng.random() < 0.5
    first, second = ("lamp", other) if lamp else (other, "lamp")
    stem = f"Is the {first} (red bbox) {claimed} the {second} (blue bbox)? Above and below are vertical."
    return stem, "Yes" if (claimed == "above") == lamp else "No", {}


def told_number(rng):
    """The number asked for is a little more than the one told."""
    told = rng.choice(metres(rng, 8))
    return (
        f"The depth of the bed (red point) is {told} meters. How deep is the sink?",
        f"{told + rng.choice((0.1, 0.2)):.1f}",
        {},
    )


def any_number(rng):
    """Any number is right."""
    return (
        f"The depth of the bed (red point) is {metres(rng)[0]} meters. How deep is the sink?",
        f"{metres(rng)[0]}",
        {},
    )


def points(rng, *colours):
    """Return the marks of some colours at random places."""
    return {f"{colour}_point": [[rng.randrange(1000), rng.randrange(1000)]] for colour in colours}


def write_tree(root, cells, *, scenes=SCENES, rows=ROWS, dataset="scannet", split="train", seed=0):
    """Write rows of some cells, (task, form) and a function that makes a row, each scene as many."""
    for (task, form), make in cells.items():
        rng = random.Random(f"{seed} {task} {form}")
        lines = []
        for i in range(scenes * rows):
            scene = f"scene{i % scenes:04d}_00"
            question, answer, keys = make(rng)
            turns = [{"from": "human", "value": f"<image>\n{question}"}, {"from": "gpt", "value": answer}]
            keys = {"image": [f"{scene}/{name}" for name in IMAGES], **keys}
            lines.append({"id": f"{scene}_{i}", "conversations": turns, "type": task, **keys})
        file = root / dataset / "qa_jsonl" / split / task / form / f"{form}_{len(lines)}.jsonl"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"".join(orjson.dumps(line) + b"\n" for line in lines))
    for i in range(scenes):
        for name in IMAGES:
            path = root / dataset / "images" / f"scene{i:04d}_00" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.new("RGB", (64, 48), "gray").save(path)
    return root
