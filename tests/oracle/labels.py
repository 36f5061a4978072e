"""What labels and questions say, read anew: parts of the building, names that clash, near and far.

Nothing of spargen is imported. Of configs/labels/default.yaml only data are taken that tasks.md leaves to it (groups,
irregular singulars, uncountable and meaningless names, spellings); what is a part of the building is decided here.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import yaml

LISTS = Path("configs", "labels", "default.yaml")


def label_file():
    """The lists beside these tests, else those of the installed package."""
    places = [Path(__file__).parents[2], *(Path(p, "_data") for p in find_spec("spargen").submodule_search_locations)]
    return next(place / LISTS for place in places if (place / LISTS).is_file())


# ------------------------------------------------------------------------------------------------------ the label lists
def flat(value):
    """All the words of a list, a mapping of lists, or a text."""
    if isinstance(value, dict):
        return [w for inner in value.values() for w in flat(inner)]
    return [w for inner in value for w in flat(inner)] if isinstance(value, list) else [str(value).lower()]


@cache
def rules():
    data = yaml.safe_load(label_file().read_text(encoding="utf-8"))
    spellings = {k: v for name in ("spelling", "spellings", "misspelt", "misspellings") for k, v in pairs(data, name)}
    return {
        "meaningless": set(flat(data.get("meaningless", []))) | MEANINGLESS,
        "uncountable": set(flat(data.get("uncountable", []))),
        "groups": [flat(group) for group in data.get("groups", [])],
        "singular": data.get("singular", {}),
        "spellings": spellings,
    }


def pairs(data, name):
    """(wrong, right) of a mapping of spellings, whichever way round it is written."""
    for one, other in (data.get(name) or {}).items():
        yield from ([(w, one) for w in flat(other)] if isinstance(other, list) else [(one, other)])


MEANINGLESS = {
    *("object", "otherfurniture", "otherprop", "otherstructure", "unknown", "unlabelled", "unlabeled", "unannotated"),
    *("remove", "split", "delete", "none", "", "void", "misc", "stuff", "item", "thing", "clutter", "junk", "?"),
}


def words_of(label):
    """Lower case, without a number behind it (``chair 2``, ``wall2``, ``chair (2)``)."""
    return re.sub(r"(?s)[\s#(-]*[0-9]+\W*$", "", label).lower().replace("_", " ").split()


JOINING = {"of", "in", "on", "for", "from", "with", "w", "and", "or"}


def put_together(label):
    """The names that a label is put together from, such as box and tissue of ``box of tissue``."""
    found = [[]]
    for word in re.sub(r"([/&+,;()\[\]])", r" / ", " ".join(words_of(label))).split():
        if word == "/" or (word in JOINING and found[-1]):
            found.append([])
        else:
            found[-1].append(word)
    return [" ".join(words) for words in found if words]


def singular(word):
    if word in rules()["singular"]:
        return rules()["singular"][word]
    if re.search(r"ies$", word) and len(word) > 4:
        return word[:-3] + "y"
    if re.search(r"(ch|sh|ss|x|z)es$", word) or (word[-2:] == "es" and rules()["singular"].get(word[:-2]) == word[:-2]):
        return word[:-2]
    long = len(word) > 3 or not set("aeiou") & set(word)
    return word[:-1] if re.search(r"[^sui]s$", word) and long and len(word) > 2 else word


@cache
def key(label):
    """Lower case, single spaces, the last word singular and in its right spelling."""
    words = words_of(label)
    spelt = rules()["spellings"].get(" ".join(words))
    words = words_of(spelt) if spelt else [rules()["spellings"].get(w, w) for w in words]
    return " ".join([*words[:-1], *map(singular, words[-1:])])


# ------------------------------------------------------------------------------------------------ parts of the building
BUILDING = {
    "wall": ("wall", "drywall", "wal", "ewall", "backwall", "wallend", "wall side", "wall tile"),
    "floor": ("floor", "flooring", "floor tile", "floor board", "floorboard", "ground"),
    "ceiling": ("ceiling", "roof", "ceiling tile", "soffit"),
    "door": ("door", "dor", "doorway", "archway", "opening"),
    "door frame": (
        *("door frame", "doorframe", "doorframw", "doorway frame", "door jamb", "doorjamb", "door casing"),
        *("door post", "doorpost", "door trim"),
    ),
    "window frame": ("window frame", "windowframe", "window casing", "window trim"),
    "sill": ("window sill", "windowsill", "sill", "ledge"),
    "stairs": (
        *("stair", "stairs", "staircase", "stair case", "stairway", "stairwell", "step", "stair step"),
        *("downstair", "upstair"),
    ),
    "railing": (
        *("railing", "handrail", "hand rail", "stair rail", "guard rail", "guardrail"),
        *("banister", "bannister", "balustrade"),
    ),
    "column": ("column", "colum", "pillar"),
    "beam": ("beam", "rafter"),
    "trim": ("baseboard", "base board", "skirting board", "molding", "moulding", "trim"),
    "partition": ("partition", "divider", "bathroom stall", "toilet stall"),
    "structure": ("structure", "building", "room", "outside"),
}
KIND = {name: kind for kind, names in BUILDING.items() for name in names}
NAMED = {  # how a question names a kind
    "wall": r"walls?",
    "floor": r"floors?",
    "ceiling": r"ceilings?|roofs?",
    "door": r"doors?(?! ?frames?| and window frames?)|doorways?|openings?",
    "door frame": r"door ?frames?|doors?,? and window ?frames?|window and door ?frames?",
    "window frame": r"window ?frames?|window,? and door ?frames?|door and window ?frames?",
    "sill": r"(window ?)?sills?|ledges?",
    "stairs": r"stairs?|staircases?|steps",
    "railing": r"(hand ?)?rail(ing)?s?|banisters?",
    "column": r"columns?|pillars?",
    "beam": r"beams?",
    "trim": r"trims?|baseboards?|mou?ldings?",
    "partition": r"partitions?|dividers?|stalls?",
    "structure": r"structures?|other rooms?",
}
# Doors of furniture and cars are no part of the building. Of others (closet door, shower door) one may think either.
FURNITURE = {
    *("cabinet", "cupboard", "mirror", "oven", "panel", "car", "wardrobe", "refrigerator", "fridge", "minifridge"),
    *("freezer", "dishwasher", "microwave", "washer", "dryer", "locker", "drawer", "dresser", "desk", "stove"),
    *("stand", "fireplace", "nightstand", "machine"),
}
MAYBE_FURNITURE = {
    *("closet", "shower", "screen", "armoire", "credenza", "sideboard", "hutch", "buffet", "vanity"),
    *("shelf", "bookshelf", "bookcase", "table", "counter", "island", "console", "tv", "center"),
    *("chest", "box", "bin", "case", "safe", "rack", "unit", "storage", "furniture"),
    *("cart", "furnace", "heater", "boiler", "cooker", "range", "toaster", "grill", "cooler"),
    *("printer", "copier", "appliance", "mailbox", "cage", "crate", "pet", "dog", "cat"),
    *("toy", "house", "dollhouse", "truck", "vehicle", "drier", "minirefrigerator"),
}


def spelt(words):
    """What words, or words that they misspell, name."""
    alike = (k for name, k in KIND.items() if misspelt(words, name.split()))
    return KIND.get(" ".join(words)) or next(alike, None)


@cache
def part(label):
    """The kind of building part that a label names, `furniture door`, `some door` if unclear, or None.

    `several` if it is put together from parts and other things, or from parts of several kinds.
    """
    if "".join(words_of(label)) in ("wall/otherroom", "otherroom"):
        return "wall" if "wall" in label.lower() else "structure"
    kinds = {last_words(piece) for piece in put_together(label)} or {None}
    return kinds.pop() if len(kinds) == 1 else "several"


def last_words(label):
    """The kind of building part that last words name."""
    words = key(label).split()
    raw = words_of(label)
    for start in range(len(words)):
        kind = spelt(words[start:]) or KIND.get(" ".join(raw[start:]))
        if kind == "door" and words[-1] == "door" and start:
            before = set(map(singular, words[:start]))
            return "furniture door" if before & FURNITURE else "some door" if before & MAYBE_FURNITURE else "door"
        if kind:
            return kind
    return None


@cache
def left_out(question):
    """The kinds of building parts that a question says do not count."""
    text = question.lower()
    return {kind for kind, pattern in NAMED.items() if re.search(rf"\b({pattern})\b", text)}


def listed(label, name):
    return " ".join(words_of(label)) in rules()[name] or key(label) in rules()[name]


def askable(label):
    return part(label) is None and not listed(label, "meaningless")


def countable(label):
    return askable(label) and not listed(label, "uncountable") and put_together(label) == [key(label)]


# ---------------------------------------------------------------------------------------------------------------- clash
@cache
def groups_of(a):
    groups = [[key(w) for w in group] for group in rules()["groups"]]
    return {i for i, group in enumerate(groups) if any(a == w or a.endswith(" " + w) for w in group)}


@cache
def clash(a, b):
    """Whether two keys, or what they are put together from, must not be told apart by name."""
    ones, others = ({k, *map(key, put_together(k))} for k in (a, b))
    return any(names_clash(one, other) for one in ones for other in others)


def names_clash(a, b):
    if a.endswith(b) or b.endswith(a) or groups_of(a) & groups_of(b):
        return True
    return re.sub(r"[\W_]", "", a) == re.sub(r"[\W_]", "", b) or misspelt(a.split(), b.split())


def misspelt(one, other):
    """Equal but for one word of six letters or more that differs by one letter, or one swap, within its ends."""
    different = [(p, q) for p, q in zip(one, other, strict=False) if p != q]
    if len(one) != len(other) or len(different) != 1:
        return False
    ((p, q),) = different
    return max(len(p), len(q)) >= 6 and p[0] == q[0] and p[-1] == q[-1] and one_slip(p, q)


def one_slip(p, q):
    if len(p) == len(q):
        at = [i for i in range(len(p)) if p[i] != q[i]]
        return len(at) == 1 or (len(at) == 2 and at[1] == at[0] + 1 and p[at[0]] == q[at[1]] and p[at[1]] == q[at[0]])
    short, long = sorted((p, q), key=len)
    return any(long[:i] + long[i + 1 :] == short for i in range(len(long)))


# ----------------------------------------------------------------------------------------------------------- near, far
NEAR = (
    r"\b(closer|closest|close|nearer|nearest|near|shorter|shortest|smaller|smallest|lesser|least|less|lower|lowest"
    r"|minimum|sooner|inside|brighter)\b"
)
FAR = (
    r"\b(farther|farthest|far|further|furthest|longer|longest|greater|greatest|larger|largest|more|most|remotest"
    r"|higher|highest|maximum|later|outside|dimmer)\b"
)
NEUTRAL = (
    r"how far( away| apart)?|equally far|as far as|(as|is|are) far away|near to far|beginning with the nearest"
    r"|had to stay outside|one or more|(nearest|closest) first"
)


def polarity(sentence):
    """True = far, False = near, None = not said."""
    kept = re.sub(NEUTRAL, "", sentence, flags=re.I)
    kept = re.sub(r"\b(less|least) (far|distant|remote)\b|not as far", "nearest", kept, flags=re.I)
    near, far = bool(re.search(NEAR, kept, re.I)), bool(re.search(FAR, kept, re.I))
    if not near and not far:
        near, far = (
            bool(re.search(r"\bfirst\b(?! (of|image|camera|view|photo|frame))", kept)),
            bool(re.search(r"\b(second|last)\b(?! (image|camera|view|photo|frame))", kept)),
        )
    if re.search(r"Everything else|\ball other \w+ (are|lie)\b", kept):  # what is told is told of the others
        near, far = far, near
    return far if near != far else None
