"""The words that annotators have for things, and ScanNet's label table of them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components

from spargen.scene.labels import LabelTable, label_rules

_COLUMNS = (
    "id raw_category category count nyu40id eigen13id nyuClass nyu40class eigen13class ModelNet40 ModelNet10 "
    "ShapeNetCore55 synsetoffset wnsynsetid wnsynsetkey mpcat40index mpcat40"
)

_NYU40 = (
    "wall|floor|cabinet|bed|chair|sofa|table|door|window|bookshelf|picture|counter|blinds|desk|shelves|curtain|dresser|"
    "pillow|mirror|floor mat|clothes|ceiling|books|refridgerator|television|paper|towel|shower curtain|box|whiteboard|"
    "person|night stand|toilet|sink|lamp|bathtub|bag|otherstructure|otherfurniture|otherprop"
)

_MPCAT40 = (
    "1 wall|2 floor|7 cabinet|11 bed|3 chair|10 sofa|5 table|4 door|9 window|31 shelving|6 picture|26 counter|"
    "32 blinds|5 table|31 shelving|12 curtain|13 chest_of_drawers|8 cushion|21 mirror|39 objects|38 clothes|"
    "17 ceiling|39 objects|37 appliances|22 tv_monitor|39 objects|20 towel|12 curtain|39 objects|35 board_panel|"
    "40 misc|7 cabinet|18 toilet|15 sink|28 lighting|25 bathtub|39 objects|40 misc|36 furniture|39 objects"
)
"""What each class of NYU40 is to Matterport3D."""

# label: (ScanNet id, NYU40 id); ids from 2001 on are this house's own.
LABELS: dict[str, tuple[int, int]] = {
    "wall": (1, 1), "chair": (2, 5), "floor": (3, 2), "table": (4, 7), "door": (5, 8), "couch": (6, 6),
    "cabinet": (7, 3), "desk": (9, 14), "office chair": (10, 5), "bed": (11, 4), "pillow": (13, 18), "sink": (14, 34),
    "picture": (15, 11), "window": (16, 9), "toilet": (17, 33), "bookshelf": (18, 10), "monitor": (19, 40),
    "curtain": (21, 16), "books": (22, 23), "armchair": (23, 5), "coffee table": (24, 7), "box": (26, 29),
    "refrigerator": (27, 24), "lamp": (28, 35), "kitchen cabinet": (29, 3), "towel": (31, 27), "tv": (33, 25),
    "nightstand": (34, 32), "counter": (35, 12), "dresser": (36, 17), "stool": (38, 40), "plant": (40, 40),
    "ceiling": (41, 22), "bathtub": (42, 36), "dining table": (45, 7), "keyboard": (46, 40), "backpack": (48, 40),
    "toilet paper": (49, 40), "printer": (50, 40), "tv stand": (51, 39), "whiteboard": (52, 30), "trash can": (56, 39),
    "microwave": (59, 40), "stove": (62, 38), "shoes": (63, 40), "bottle": (65, 40), "bench": (68, 39),
    "mirror": (71, 19), "basket": (73, 39), "file cabinet": (75, 3), "laptop": (77, 40), "suitcase": (93, 40),
    "radiator": (96, 39), "wardrobe": (99, 3), "clock": (103, 40), "guitar": (112, 40), "coffee maker": (134, 40),
    "dishwasher": (136, 38), "toaster": (145, 40), "bathroom vanity": (157, 3), "laundry hamper": (169, 40),
    "mug": (230, 40), "rug": (246, 20), "bowl": (264, 40), "vase": (280, 40), "floor lamp": (312, 35),
    "door frame": (321, 8), "scale": (339, 40), "range hood": (356, 38), "coat rack": (388, 40),
    "ceiling light": (399, 38), "bath mat": (417, 20), "object": (2001, 40), "doorframe": (2002, 8),
    "shower wall": (2003, 1), "closet wall": (2004, 1), "closet floor": (2005, 2), "closet ceiling": (2006, 22),
    "closet doorframe": (2007, 8), "cabinet door": (2008, 3), "shelf": (2009, 15), "sofa": (2010, 6),
    "sofa chair": (2011, 5), "table lamp": (2012, 35), "light": (2013, 35), "trash bin": (2014, 39),
    "television": (2015, 25), "painting": (2016, 11), "carpet": (2017, 20), "curtian": (2018, 16),
    "bookshlef": (2019, 10), "picutre": (2020, 11), "cabniet": (2021, 3), "radaitor": (2022, 39),
    "kitchen cabient": (2023, 3), "widnow": (2024, 9), "armchiar": (2025, 5), "nighstand": (2026, 32),
    "pilow": (2027, 18), "miror": (2028, 19), "botle": (2029, 40),
}  # fmt: skip

OTHER_WORDS: dict[str, tuple[str, ...]] = {
    "couch": ("sofa",), "armchair": ("chair", "sofa chair"), "office chair": ("chair",), "dining table": ("table",),
    "coffee table": ("table",), "table lamp": ("lamp",), "floor lamp": ("lamp",), "ceiling light": ("lamp", "light"),
    "bookshelf": ("shelf",), "wardrobe": ("cabinet",), "dresser": ("cabinet",), "trash can": ("trash bin",),
    "tv": ("television",), "picture": ("painting",), "rug": ("carpet",),
}  # fmt: skip
"""What else a thing of a kind may be called."""

MISSPELT = {
    "armchair": "armchiar", "curtain": "curtian", "bookshelf": "bookshlef", "picture": "picutre", "cabinet": "cabniet",
    "radiator": "radaitor", "kitchen cabinet": "kitchen cabient", "window": "widnow",
    "nightstand": "nighstand", "pillow": "pilow", "mirror": "miror", "bottle": "botle",
}  # fmt: skip
"""Words with two letters swapped, or one left out."""


def word_for(kind: str, rng: np.random.Generator) -> str:
    """Return the word that an annotator writes for a thing of a kind: its own, or now and then another."""
    words = OTHER_WORDS.get(kind, ())
    return str(rng.choice(words)) if words and rng.random() < 0.4 else kind


def kin_of(kinds: Sequence[str], labels: Sequence[str]) -> NDArray[np.int64]:
    """Number (N,) what the eye takes for one kind: things of one kind, and things whose labels or kinds clash."""
    n = len(kinds)
    alike = LabelTable.of((*labels, *kinds), label_rules()).clash
    alike[np.arange(n), np.arange(n) + n] = True
    return np.asarray(connected_components(csr_matrix(alike), directed=False)[1][:n], dtype=np.int64)


def stays_alike(word: str, others: Collection[str]) -> bool:
    """Tell whether a word, misspelt, clashes with each of the other words that the right one clashes with."""
    clash = LabelTable.of((word, MISSPELT[word], *others), label_rules()).clash
    return not (clash[0] & ~clash[1]).any()


def nyu40_of(label: str) -> int:
    """Return the NYU40 class of a label."""
    return LABELS[label][1]


def nyu40_name(label: str) -> str:
    """Return what NYU40 calls a thing, in the usual spelling."""
    return _NYU40.split("|")[nyu40_of(label) - 1].replace("refridgerator", "refrigerator")


def mpcat40_of(label: str) -> str:
    """Return number and name of a label's class as Matterport3D has it."""
    return _MPCAT40.split("|")[LABELS[label][1] - 1]


def write_label_table(path: Path) -> None:
    """Write ``scannetv2-labels.combined.tsv``; columns that nothing here needs stay empty."""
    columns, classes = _COLUMNS.split(), _NYU40.split("|")
    rows = ["\t".join(columns)]
    for label, (scannet_id, nyu40) in sorted(LABELS.items(), key=lambda item: item[1]):
        known = {"id": scannet_id, "raw_category": label, "category": "book" if label == "books" else label, "count": 1}
        known |= {"nyu40id": nyu40, "nyu40class": classes[nyu40 - 1]}
        rows.append("\t".join(str(known.get(column, "")) for column in columns))
    path.write_text("\n".join(rows) + "\n", encoding="utf-8", newline="")
