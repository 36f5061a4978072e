"""What labels say, read anew: parts of the building, what may be named or counted, and which two clash.

What is a part of the building is decided here, by lists of this module and by what a job adds to its own. From the
lists of the job is taken what nobody can tell without them: groups of like things, irregular singulars, pairs that are
no misspelling of each other, uncountable and meaningless names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

from spargen.scene.labels import LabelRules, label_rules
from spargen.scene.lists import rules_as_said

BUILDING: Mapping[str, tuple[str, ...]] = {
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
"""Kinds of parts of the building, and the last words of labels that name them."""
NAMED: Mapping[str, str] = {
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
"""How a question names a kind."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


FURNITURE = _words(
    "cabinet cupboard mirror oven panel car wardrobe refrigerator fridge minifridge freezer dishwasher microwave "
    "washer dryer locker drawer dresser desk stove stand fireplace nightstand machine"
)
"""Doors of these are no part of the building."""
MAYBE_FURNITURE = _words(
    "closet shower screen armoire credenza sideboard hutch buffet vanity shelf bookshelf bookcase table counter island "
    "console tv center chest box bin case safe rack unit storage furniture cart furnace heater boiler cooler cooker "
    "range toaster grill printer copier appliance mailbox cage crate pet dog cat toy house dollhouse truck vehicle "
    "drier minirefrigerator"
)
"""Of doors of these one may think either."""
MEANINGLESS = _words(
    "object otherfurniture otherprop otherstructure unknown unlabelled unlabeled unannotated remove split delete none "
    "void misc stuff item thing clutter junk ?"
) | {""}
"""Names that say nothing, whatever a job adds to its lists."""
JOINING = _words("of in on for from with w and or")
"""Words between the names that a label is put together from."""
OTHER_DOOR, SOME_DOOR, SEVERAL, OWN = "furniture door", "some door", "several", "named by the job"
"""What `part` says beside the kinds of `BUILDING`."""


class Lexicon:
    """Labels by the lists of one job.

    Parameters
    ----------
    said : what the job's own label lists say, as its record has them; none for the shipped lists alone.
    """

    def __init__(self, said: Sequence[Mapping[str, Any]] = ()) -> None:
        rules, shipped = rules_as_said(said), label_rules()
        self._singular = dict(rules.singular)
        self._unlike = {frozenset(pair) for pair in rules.unlike}
        self._kind = {name: kind for kind, names in BUILDING.items() for name in names}
        self._named = dict(NAMED)
        self._keys: dict[str, str] = {}
        self._parts: dict[str, str | None] = {}
        self._clashes: dict[tuple[str, str], bool] = {}
        self._follow(rules, shipped)
        self._meaningless = {*rules.meaningless, *MEANINGLESS} - (shipped.meaningless - rules.meaningless)
        self._uncountable = set(rules.uncountable)
        self._groups: dict[str, set[int]] = {}
        for number, group in enumerate(rules.groups):
            for word in group:
                self._groups.setdefault(self.key(word), set()).add(number)

    def _follow(self, rules: LabelRules, shipped: LabelRules) -> None:
        """Follow what a job's own lists make of the parts of the building: what they take out, and what they add."""
        spelt = rules.spelt_together
        before, after = ({*map(spelt, (*chain(*r.building.values()), *r.unasked))} for r in (shipped, rules))
        self._gone = before - after
        for kind, names in BUILDING.items():
            whole = spelt(kind) in self._gone
            for name in names:
                if spelt(name) in self._gone or (whole and spelt(name) not in before):
                    del self._kind[name]
        for kind, listed in rules.building.items():
            own = self.key(kind) if self.key(kind) in BUILDING else kind
            if added := [name for name in listed if name not in shipped.building.get(kind, ())]:
                self._kind.update(dict.fromkeys(added, own))
                self._named.setdefault(own, re.escape(kind))
        self._own_parts = set(rules.unasked) - set(shipped.unasked)

    def key(self, label: str) -> str:
        """Return a label in lower case, with single spaces and its last word singular."""
        if label not in self._keys:
            words = words_of(label)
            self._keys[label] = " ".join([*words[:-1], *map(self.singular, words[-1:])])
        return self._keys[label]

    def singular(self, word: str) -> str:
        """Return a word's singular."""
        if word in self._singular:
            return self._singular[word]
        if word.endswith("ies") and len(word) > 4:
            return word[:-3] + "y"
        if re.search(r"(ch|sh|ss|x|z)es$", word) or (
            word.endswith("es") and self._singular.get(word[:-2]) == word[:-2]
        ):
            return word[:-2]
        long = len(word) > 3 or not set("aeiou") & set(word)
        return word[:-1] if re.search(r"[^sui]s$", word) and long and len(word) > 2 else word

    def plurals(self, label: str) -> list[str]:
        """Return the forms in which a question may name several of a label, the label itself among them."""
        head, of, tail = label.partition(" of ")
        irregular = {one: many for many, one in self._singular.items()}
        front, last = head.rpartition(" ")[::2]
        many = {last + "s", last + "es", re.sub("y$", "ies", last), irregular.get(last.lower(), last + "s")}
        return [label] + [f"{front} {m}".strip() + of + tail for m in sorted(many)]

    # ---------------------------------------------------------------------------------------- parts of the building
    def part(self, label: str) -> str | None:
        """Return the kind of building part that a label names, `OTHER_DOOR`, `SOME_DOOR` if unclear, or None.

        `SEVERAL` if it is put together from parts and other things, or from parts of several kinds; `OWN` what the job
        itself says may not be asked about.
        """
        if label not in self._parts:
            self._parts[label] = self._part(label)
        return self._parts[label]

    def _part(self, label: str) -> str | None:
        if "".join(words_of(label)) in ("wall/otherroom", "otherroom"):
            return "wall" if "wall" in label.lower() else "structure"
        if self._own_parts and self._ends_in(self.key(label), self._own_parts):
            return OWN
        kinds = {self._last_words(piece) for piece in put_together(label)} or {None}
        return kinds.pop() if len(kinds) == 1 else SEVERAL

    def _ends_in(self, key: str, names: set[str]) -> bool:
        return any(key == self.key(name) or key.endswith(" " + self.key(name)) for name in names)

    def _last_words(self, label: str) -> str | None:
        words, raw = self.key(label).split(), words_of(label)
        for start in range(len(words)):
            kind = self._spelt(words[start:]) or self._kind.get(" ".join(raw[start:]))
            if kind == "door" and words[-1] == "door" and start:
                before = set(map(self.singular, words[:start]))
                return OTHER_DOOR if before & FURNITURE else SOME_DOOR if before & MAYBE_FURNITURE else "door"
            if kind:
                return kind
            if _joined(" ".join(words[start:])) in self._gone:
                return None  # taken out as a whole, whatever its last word alone would say
        return None

    def _spelt(self, words: list[str]) -> str | None:
        """Return what words, or words that they misspell, name."""
        alike = (kind for name, kind in self._kind.items() if self._misspelt(words, name.split()))
        return self._kind.get(" ".join(words)) or next(alike, None)

    def left_out(self, question: str) -> set[str]:
        """Return the kinds of building parts that a question says do not count."""
        text = question.lower()
        return {kind for kind, pattern in self._named.items() if re.search(rf"\b({pattern})\b", text)}

    # ----------------------------------------------------------------------------------------------- what may be asked
    def meaningless(self, label: str) -> bool:
        """Tell whether a label says nothing."""
        return " ".join(words_of(label)) in self._meaningless or self.key(label) in self._meaningless

    def askable(self, label: str) -> bool:
        """Tell whether a thing of this label may be asked about."""
        return self.part(label) is None and not self.meaningless(label)

    def countable(self, label: str) -> bool:
        """Tell whether a thing of this label may be counted, ordered, or named without a mark."""
        several = " ".join(words_of(label)) in self._uncountable or self.key(label) in self._uncountable
        return self.askable(label) and not several and put_together(label) == [self.key(label)]

    # ----------------------------------------------------------------------------------------------------------- clash
    def clash(self, one: str, other: str) -> bool:
        """Tell whether two labels, or what they are put together from, must not be told apart by name."""
        pair = (one, other)
        if pair not in self._clashes:
            ones, others = ({self.key(label), *map(self.key, put_together(self.key(label)))} for label in pair)
            self._clashes[pair] = any(self._names_clash(a, b) for a in ones for b in others)
        return self._clashes[pair]

    def _names_clash(self, a: str, b: str) -> bool:
        if a.endswith(b) or b.endswith(a) or self._groups_of(a) & self._groups_of(b):
            return True
        return _joined(a) == _joined(b) or self._misspelt(a.split(), b.split())

    def _groups_of(self, a: str) -> set[int]:
        words = a.split(" ")
        return set().union(*(self._groups.get(" ".join(words[k:]), ()) for k in range(len(words))))

    def _misspelt(self, one: list[str], other: list[str]) -> bool:
        """Equal but for one word of six letters or more that differs by one letter, or one swap, within its ends."""
        if len(one) != len(other):
            return False
        different = [(p, q) for p, q in zip(one, other, strict=True) if p != q]
        if len(different) != 1:
            return False
        ((p, q),) = different
        long = max(len(p), len(q)) >= 6 and p[:1] == q[:1] and p[-1:] == q[-1:]
        return long and frozenset((p, q)) not in self._unlike and one_slip(p, q)


def _joined(key: str) -> str:
    return re.sub(r"[\W_]", "", key)


def words_of(label: str) -> list[str]:
    """Return a label's words in lower case, without a number behind it (``chair 2``, ``wall2``, ``chair (2)``)."""
    return re.sub(r"(?s)[\s#(-]*[0-9]+\W*$", "", label).lower().replace("_", " ").split()


def put_together(label: str) -> list[str]:
    """Return the names that a label is put together from, such as box and tissue of ``box of tissue``."""
    found: list[list[str]] = [[]]
    for word in re.sub(r"([/&+,;()\[\]])", r" / ", " ".join(words_of(label))).split():
        if word == "/" or (word in JOINING and found[-1]):
            found.append([])
        else:
            found[-1].append(word)
    return [" ".join(words) for words in found if words]


def one_slip(p: str, q: str) -> bool:
    """Tell whether two words differ by one letter, by one letter more, or by a swap of neighbours."""
    if len(p) == len(q):
        at = [i for i in range(len(p)) if p[i] != q[i]]
        swapped = len(at) == 2 and at[1] == at[0] + 1 and p[at[0]] == q[at[1]] and p[at[1]] == q[at[0]]
        return len(at) == 1 or swapped
    short, long = sorted((p, q), key=len)
    return any(shorter == short for shorter in _without_one(long))


def _without_one(word: str) -> Iterator[str]:
    return (word[:i] + word[i + 1 :] for i in range(len(word)))
