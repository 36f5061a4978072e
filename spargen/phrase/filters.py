"""The template filters: articles, plurals, and directions in words."""

from __future__ import annotations

import re
from collections.abc import Callable

from spargen.qa.answers import Directions
from spargen.qa.fact import Thing
from spargen.scene.labels import label_rules

_PROSE = {
    "lr": ("to the left", "with no clear sideways offset", "to the right"),
    "ab": ("below", "at about the same height", "above"),
    "fb": ("behind", "with no clear offset in depth", "in front"),
    "cf": ("closer", "at about the same distance", "farther"),
}
_VERSUS = {
    "lr": ("to the left of", "", "to the right of"),
    "ab": ("below", "", "above"),
    "cf": ("closer to the {} than", "", "farther from the {} than"),
}
_SOUNDS_CONSONANT = re.compile(r"(?i)(uni([^nm]|$)|use|usu|uten|eu|one\b|once\b|ubiq)")
_SOUNDS_VOWEL = re.compile(r"(?i)([aeiou]|hour|honest|heir|[fhlmnrsx](?=[\s-])|(tv|lcd|led|x-ray|mp3|sd|hd)\b(?<!tv))")


def label(thing: Thing | str) -> str:
    """Return an object's bare label."""
    return thing.label if isinstance(thing, Thing) else thing


def with_article(thing: Thing | str) -> str:
    """Put ``a``, ``an`` or, before a plural, ``some`` before a name."""
    text, name = str(thing), label(thing)
    if label_rules().key(name) != " ".join(name.lower().split()):
        return f"some {text}"
    vowel = _SOUNDS_VOWEL.match(text) and not _SOUNDS_CONSONANT.match(text)
    return f"{'an' if vowel else 'a'} {text}"


def plural(name: str) -> str:
    """Return the plural of a label: its last word takes the ending."""
    rules = label_rules()
    if rules.key(name) != " ".join(name.lower().split()):
        return name
    head, _, last = name.rpartition(" ")
    irregular = {one: many for many, one in rules.singular.items() if one != many}
    if last.lower() in irregular:
        many = irregular[last.lower()]
    elif re.search(r"(s|x|z|ch|sh)$", last):
        many = last + "es"
    elif re.search(r"[^aeiou]y$", last):
        many = last[:-1] + "ies"
    else:
        many = last + "s"
    return f"{head} {many}".strip()


def prose(relation: Directions) -> str:
    """Say every part of a relation, empty ones last, as what can stand after ``is``."""
    pairs = list(zip(relation.axes, relation.states, strict=True))
    worded = [_PROSE[axis][state + 1] for axis, state in pairs if state]
    empty = [_PROSE[axis][1] for axis, state in pairs if not state]
    return ", ".join(filter(None, (_listed(worded), _listed(empty))))


def _listed(parts: list[str]) -> str:
    """Join as in ``a, b and c``."""
    return " and ".join(filter(None, (", ".join(parts[:-1]), *parts[-1:])))


def versus(claim: Directions, observer: str = "camera") -> str:
    """Say one part of a relation as what stands before the thing compared with."""
    return _VERSUS[claim.axes[0]][claim.states[0] + 1].format(observer)


FILTERS: dict[str, Callable[..., str]] = {
    "a": with_article,
    "label": label,
    "plural": plural,
    "prose": prose,
    "versus": versus,
}
