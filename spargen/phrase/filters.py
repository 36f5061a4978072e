"""The template filters: articles, plurals and their verb, and directions in words."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache, partial

from spargen.qa.answers import Directions
from spargen.qa.fact import Thing
from spargen.scene.labels import LabelRules

_PROSE = {
    "lr": ("to the left", "not clearly to either side", "to the right"),
    "ab": ("below", "at about the same height", "above"),
    "fb": ("behind", "not clearly in front or behind", "in front"),
    "cf": ("closer to the {}", "at about the same distance from the {}", "farther from the {}"),
}
_VERSUS = {
    "lr": ("to the left of", "", "to the right of"),
    "ab": ("below", "", "above"),
    "cf": ("closer to the {} than", "", "farther from the {} than"),
}
_SOUNDS_CONSONANT = re.compile(r"(?i)(u(ni([^nm]|$)|s[beu]|t[ei]|k[eu]|ri|biq|v\b|[\s-])|eu|one\b|once\b)")
_SOUNDS_VOWEL = re.compile(r"(?i)([aeiou]|hour|honest|heir|xbox|[fhlmnrsx](?=[\s-])|(lcd|led|mp3|sd|hd)\b)")


def label(thing: Thing | str) -> str:
    """Return an object's bare label."""
    return thing.label if isinstance(thing, Thing) else thing


def unnamed(thing: Thing) -> str:
    """Call a marked object nothing but ``object``, where its label would give the answer away."""
    return str(replace(thing, label="object"))


def with_article(thing: Thing | str, rules: LabelRules) -> str:
    """Put ``a``, ``an`` or, before a plural, ``some`` before a name."""
    text = str(thing)
    if rules.several(label(thing)):
        return f"some {text}"
    vowel = _SOUNDS_VOWEL.match(text) and not _SOUNDS_CONSONANT.match(text)
    return f"{'an' if vowel else 'a'} {text}"


def plural(name: str, rules: LabelRules) -> str:
    """Return the plural of a label: the last word before an ``of`` takes the ending."""
    if rules.several(name):
        return name
    kind, of, rest = name.partition(" of ")
    head, _, last = kind.rpartition(" ")
    irregular = {one: many for many, one in rules.singular.items() if one != many}
    if last.lower() in irregular:
        many = irregular[last.lower()]
    elif re.search(r"(s|x|z|ch|sh)$", last):
        many = last + "es"
    elif re.search(r"[^aeiou]y$", last):
        many = last[:-1] + "ies"
    else:
        many = last + "s"
    return f"{head} {many}".strip() + of + rest


def with_verb(thing: Thing | str, rules: LabelRules) -> str:
    """Put ``is`` or, after a plural, ``are`` behind a name."""
    return f"{thing} {'are' if rules.several(label(thing)) else 'is'}"


# There are few relations, and each is said in thousands of rows.
@lru_cache(maxsize=4096)
def prose(relation: Directions, observer: str = "observer") -> str:
    """Say every part of a relation, in order, to stand after ``is``: ``a, b and c``; ``not a, but b and c``."""
    states = zip(relation.axes, relation.states, strict=True)
    parts = [_PROSE[axis][state + 1].format(observer) for axis, state in states]
    if len(parts) > 1 and parts[0] == _PROSE["lr"][1]:  # without a "but", the "not" would deny all parts
        parts[1] = f"but {parts[1]}"
    return " and ".join(filter(None, (", ".join(parts[:-1]), *parts[-1:])))


def versus(claim: Directions, observer: str = "camera") -> str:
    """Say one part of a relation as what stands before the thing compared with."""
    return _VERSUS[claim.axes[0]][claim.states[0] + 1].format(observer)


def filters(rules: LabelRules) -> dict[str, Callable[..., str]]:
    """Return the filters by the names that templates use; `rules` tell which labels are plurals."""
    return {
        "a": partial(with_article, rules=rules),
        "is": partial(with_verb, rules=rules),
        "label": label,
        "plural": partial(plural, rules=rules),
        "prose": prose,
        "unnamed": unnamed,
        "versus": versus,
    }
