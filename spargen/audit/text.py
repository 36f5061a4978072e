"""What stands in a question: its options, the things that it names with their marks, and its numbers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

COLOURS = ("red", "blue", "green", "yellow")
LETTERS = "ABCDEFGH"
"""Of options: a task may have as many."""
DIRECTIONS = {
    "left": ("left",),
    "right": ("right",),
    "above": ("above", "higher", "over", "upper"),
    "below": ("below", "lower", "beneath", "underneath", "under"),
    "closer": ("closer", "nearer"),
    "farther": ("farther", "further"),
    "front": ("front", "ahead"),
    "behind": ("behind", "back"),
}
"""Words of direction, by the word that answers have for them."""
_CANONICAL = {word: name for name, words in DIRECTIONS.items() for word in words}
_NEAR = {"nearest", "nearer", "closest", "closer", "shortest", "shorter", "smallest", "smaller", "lowest"}
_FAR = {"farthest", "farther", "furthest", "further", "longest", "longer", "greatest", "greater", "largest", "larger"}
_SORTED = re.compile(r"\b(?:nearest|closest|farthest|furthest|shortest|longest) first\b", re.IGNORECASE)
_OPTION = re.compile(rf"^\(?([{LETTERS}])[.):]\s*(.*?)\s*$", re.MULTILINE)
_MENTION = re.compile(r"((?:[\w'/&-]+ ){0,4}[\w'/&-]+)((?: ?\([^()]{1,40}\))+)")
_TAG = re.compile(
    r"Frame-(?P<frame>\d+)|(?P<colour>red|blue|green|yellow)[ -](?P<kind>point|bbox|box)"
    r"|\b(?:point|object|bbox)(?P<number>\d+|A)\b",
    re.IGNORECASE,
)
_BEFORE_LABELS = {
    *("the", "a", "an", "of", "and", "or", "to", "from", "is", "are", "was", "be", "it", "its", "for", "with", "than"),
    *("between", "at", "on", "in", "by", "that", "this", "these", "which", "whose", "where", "near", "does", "do"),
    *("if", "you", "me", "us", "both", "one", "depth", "distance", "center", "centre", "about", "as", "then"),
    *("move", "face"),
}
"""Words that stand before a label and are none of it."""
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_TOLD = re.compile(r"(?<![\w.-])(\d+\.\d+|\d+(?= ?(?:m|meters?|metres?|cm|centimeters?)\b))")
_NAMES = re.compile(r"Frame-\d+|\b(?:point|object|bbox)\d+\b", re.IGNORECASE)
_IMAGE = re.compile(r"\b(first|second|third|fourth|fifth) image")
_ORDINALS = ("first", "second", "third", "fourth", "fifth")


@dataclass(frozen=True, slots=True)
class Mention:
    """A thing that a text names together with its mark.

    Parameters
    ----------
    label : its name.
    role : what tells the marks of a question apart: the colour, or the number; "A" is the reference of a list.
    frame : the frame that the text names; -1 if none.
    """

    label: str
    role: str
    frame: int

    @property
    def order(self) -> tuple[int, str]:
        """Where it stands in the order of marks: that of the colours, or that of the numbers after the reference."""
        if self.role in COLOURS:
            return COLOURS.index(self.role), ""
        return (-1, "") if self.role == "A" else (int(self.role) if self.role.isdigit() else 99, self.role)


@dataclass(frozen=True, slots=True)
class Question:
    """A question taken apart: the words before the options, the options, the mentions in the order of their marks."""

    stem: str
    options: tuple[str, ...]
    mentions: tuple[Mention, ...]


@lru_cache(maxsize=65536)
def take_apart(question: str) -> Question:
    """Return a question's stem, options and mentions."""
    found = list(_OPTION.finditer(question))
    starts = [i for i, one in enumerate(found) if one[1] == "A"]
    # The last run from A on: a stem may have lines that look like options.
    run = found[starts[-1] :] if starts else []
    if [one[1] for one in run] != list(LETTERS[: len(run)]) or len(run) < 2:
        run = []
    stem = question[: run[0].start()].strip() if run else question
    first: dict[str, Mention] = {}
    for mention in mentions_in(stem):
        first.setdefault(mention.role or f"?{len(first)}", mention)
    return Question(stem, tuple(one[2] for one in run), tuple(sorted(first.values(), key=lambda m: m.order)))


def mentions_in(text: str) -> list[Mention]:
    """Return what a text names with a mark or a frame, in its order."""
    found = []
    for match in _MENTION.finditer(text):
        role, frame = "", -1
        for tag in _TAG.finditer(match[2]):
            frame = int(tag["frame"]) if tag["frame"] else frame
            role = (tag["colour"] or tag["number"] or role).lower().replace("a", "A" if tag["number"] else "a")
        if role or frame >= 0:
            found.append(Mention(_label(match[1]), role, frame))
    return found


def _label(words: str) -> str:
    """Return the label at the end of some words."""
    kept: list[str] = []
    for word in reversed(words.split()):
        if word.lower() in _BEFORE_LABELS and kept:
            break
        kept.insert(0, word)
    return " ".join(kept).lower()


def told(stem: str) -> list[float]:
    """Return the measures that a question tells."""
    return [float(number) for number in _TOLD.findall(stem)]


def numbers(text: str) -> list[float]:
    """Return the numbers of an option or an answer; those of names (Frame-3, Object2) are none."""
    return [float(number) for number in _NUMBER.findall(_NAMES.sub("", text))]


def image_named(text: str) -> int:
    """Return the position of the image that a text names; -1 if none."""
    found = _IMAGE.search(text)
    return _ORDINALS.index(found[1]) if found else -1


def polarity(stem: str) -> int:
    """Return whether a question asks for what is near (-1) or far (1) by the words that it has more of; 0 for neither.

    What comes last of things that are sorted, nearest first, is far.
    """
    words = re.findall(r"[a-z]+", stem.lower())
    more = sum(word in _FAR for word in words) - sum(word in _NEAR for word in words)
    return ((more > 0) - (more < 0)) * (-1 if _SORTED.search(stem) else 1)


def directions_in(text: str) -> tuple[str, ...]:
    """Return the words of direction in a text, in its order."""
    return tuple(_CANONICAL[word] for word in re.findall(r"[a-z]+", text.lower()) if word in _CANONICAL)


def claim(question: Question) -> str:
    """Return what a Yes/No question claims, in words of direction: those of the sentences that name marked things."""
    named = [part for part in re.split(r"(?<=[.?!:])\s+", question.stem) if mentions_in(part)]
    return " ".join(dict.fromkeys(directions_in(" ".join(named or [question.stem]))))


def masked(text: str, mentions: tuple[Mention, ...] = ()) -> str:
    """Return a text without the labels of its mentions and without numbers, so that one wording is one text."""
    for label in sorted({m.label for m in mentions}, key=len, reverse=True):
        text = re.sub(rf"\b{re.escape(label)}\b", "_", text, flags=re.IGNORECASE)
    return _NUMBER.sub("#", text)


def label_of_option(option: str) -> str:
    """Return the thing that an option names: what stands before a colon or a bracket; "" if it names none."""
    if match := re.match(r"([A-Za-z][\w'/& -]*?)\s*(?:\(|:)", option):
        return match[1].lower()
    return ""


def role_of_option(option: str) -> str:
    """Return the mark that an option names: a colour or a number; "" if none."""
    found = mentions_in(option)
    return found[0].role if found else ""


def parts_of(option: str) -> list[str]:
    """Return the words between the commas of an option without numbers: ``right, , front`` has three."""
    return [] if _NUMBER.search(_NAMES.sub("", option)) else [part.strip().lower() for part in option.split(",")]
