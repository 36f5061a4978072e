"""Texts that come from outside, made fit to stand in a question: labels, and the words that tell a walk."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

LONGEST_LABEL = 60
"""Characters of a label that may be asked about; a longer one is a remark and no name."""
_SAID = 60
"""Characters of a changed text that a note quotes."""
_IGNORED = re.compile(
    r"[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
"""What shows nothing although Unicode calls it a letter or a mark."""
_OURS = frozenset("<>()")
_TAG = re.compile(r"<[^<>]*>|[<>]")
"""What loaders and models read as a token of theirs: ``<image>``, ``<|im_end|>``."""
_MARK = re.compile(
    r"\([^()]*\b(?:(?:red|blue|green|yellow)\s+(?:point|b?box)|(?:object|point)\s?\d+|objecta|(?:frame|image)[-\s]?\d+)"
    r"\b[^()]*\)?",
    re.I,
)
"""What only a question may say of a thing: ``(red point)``, ``(Object1)``, ``(in Frame-3, point2)``."""


def harmless(text: str) -> str:
    """Return a text as a sentence or an option can say it: one line that shows all that it holds, without our signs.

    Line ends, control characters and each stretch of white space become one space; what shows nothing, such as
    characters of no width and those that turn the direction of writing, is left out; so are tags and marks.
    """
    shown = "".join(map(_shown, _IGNORED.sub("", text)))
    plain = _MARK.sub(" ", _TAG.sub(" ", shown))
    if _MARK.search(plain):  # made by taking out the one inside
        plain = re.sub(r"[()]", " ", plain)
    return " ".join(plain.split())


def label_of(text: str) -> str:
    """Return a label, harmless, and of a longer one than `LONGEST_LABEL` its last words: they tell what it is."""
    if text.isascii() and text.isprintable() and len(text) <= LONGEST_LABEL and not _OURS & set(text):
        return " ".join(text.split())
    label = harmless(text[-10 * LONGEST_LABEL :])
    if len(label) <= LONGEST_LABEL:
        return label
    end = label[-LONGEST_LABEL:]
    return end.partition(" ")[2] or end


def is_long(text: str) -> bool:
    """Tell whether a label is too long to be a name, what `label_of` leaves out counted."""
    return len(" ".join(text.split())) > LONGEST_LABEL


def differs(text: str, label: str) -> bool:
    """Tell whether a label was changed beyond its white space."""
    return text != label and " ".join(text.split()) != label


def as_released(given: Sequence[str], labels: Sequence[str], before: Sequence[str]) -> tuple[str, ...]:
    """Return the texts behind labels: those from before where they are still called so, else what is given now."""
    before = before if len(before) == len(given) else given
    return tuple(
        text if now == label == label_of(text) else now for now, label, text in zip(given, labels, before, strict=True)
    )


def released(text: str) -> str:
    """Return a text as it was released, as JSON can hold it: a half of a surrogate pair as its escape."""
    return text.encode("utf-8", "backslashreplace").decode()


def changes(texts: Sequence[str], labels: Sequence[str]) -> str:
    """Say how many labels were changed and how the first of them was, "" if none was."""
    changed = [(text, label) for text, label in zip(texts, labels, strict=True) if differs(text, label)]
    if not changed:
        return ""
    text, label = changed[0]
    return f"{len(changed)}, such as {text[:_SAID]!a}, which is called {label!r}"


def _shown(letter: str) -> str:
    if letter.isprintable():
        return letter
    return "" if unicodedata.category(letter) == "Cf" else " "
