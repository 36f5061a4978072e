"""What a text says: near or far, which way, how many metres, which image. It knows nothing of scenes."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterable

BOX = re.compile(r"\[(\d+), (\d+), (\d+), (\d+)\]")
NUMBER = re.compile(r"(?<![\w.-])\d+\.\d\b(?!\.\d)")
ORDINALS = ("first", "second", "third", "fourth", "fifth")

NEAR = (
    r"\b(closer|closest|close|nearer|nearest|near|shorter|shortest|smaller|smallest|lesser|least|less|lower|lowest"
    r"|minimum|sooner|inside|brighter)\b"
)
FAR = (
    r"\b(farther|farthest|far|further|furthest|longer|longest|greater|greatest|larger|largest|more|most|remotest"
    r"|higher|highest|maximum|later|outside|dimmer)\b"
)
NEITHER = (
    r"how far( away| apart)?|equally far|as far as|(as|is|are) far away|near to far|beginning with the nearest"
    r"|had to stay outside|one or more|(nearest|closest|farthest|furthest) first|far to near"
    r"|beginning with the (farthest|furthest)"
)
FROM_FAR = r"\b(farthest|furthest) first\b|\bfar to near\b|\bbeginning with the (farthest|furthest)\b"
"""How a question says that the farthest one comes first."""
TURNED = r"\b(less|least) (far|distant|remote)\b|not as far"
"""Words for far that say near."""

WORDS = {
    "lr": ("left", "", "right"),
    "ab": ("below", "", "above"),
    "fb": ("behind", "", "front"),
    "cf": ("closer", "", "farther"),
}
"""The word of each axis for a negative value, for none, and for a positive one."""
PROSE = {  # a phrase stands before those that it holds
    "lr": {
        "not clearly to either side": "",
        "neither to the left nor to the right": "",
        "to the left": "left",
        "to the right": "right",
    },
    "ab": {"at about the same height": "", "below": "below", "above": "above"},
    "fb": {
        "not clearly in front or behind": "",
        "neither in front nor behind": "",
        "behind": "behind",
        "in front": "front",
    },
    "cf": {"at about the same distance": "", "closer": "closer", "farther": "farther"},
}
"""How a sentence says a part, or said it in earlier versions."""
CLAIM = re.compile(
    r"to the (left|right) of|(above|below) (?:the|that)\b|(closer) to the [\w' ]{2,40}? than"
    r"|(farther) from the [\w' ]{2,40}? than"
)


def tenths(value: float) -> str:
    """Return one decimal, rounded half away from zero, without -0."""
    n = math.floor(abs(value) * 10 + 0.5) / 10
    return f"{math.copysign(n, value) if n else 0.0:.1f}"


def whole(value: float) -> int:
    """Return a whole number, rounded half away from zero."""
    return int(math.copysign(math.floor(abs(value) + 0.5), value))


def numbers(text: str) -> list[str]:
    """Return the decimal numbers in a text, those in the names of frames and objects left out."""
    return NUMBER.findall(re.sub(r"(Frame|Object|object|point)-?\d+", "", text))


def boxes(text: str) -> list[list[int]]:
    """Return the boxes in a text, as whole numbers."""
    return [[int(n) for n in found] for found in BOX.findall(text)]


def without_marks(text: str) -> str:
    """Return a text without what stands in brackets."""
    return re.sub(r"\([^)]*\)", "", text)


def polarity(sentence: str, *, from_far: bool = False) -> bool | None:
    """Tell whether a sentence speaks of the farther (True) or the nearer one (False); None where it does not say.

    `from_far` : whether what is sorted begins with the farthest, so that the last one is the nearest.
    """
    kept = re.sub(TURNED, "nearest", re.sub(NEITHER, "", sentence, flags=re.I), flags=re.I)
    near, far = bool(re.search(NEAR, kept, re.I)), bool(re.search(FAR, kept, re.I))
    if not near and not far:
        near = bool(re.search(r"\bfirst\b(?! (of|image|camera|view|photo|frame))", kept))
        far = bool(re.search(r"\b(second|last)\b(?! (image|camera|view|photo|frame))", kept))
        near, far = (far, near) if from_far else (near, far)
    if re.search(r"Everything else|\ball other \w+ (are|lie)\b", kept):  # what is told is told of the others
        near, far = far, near
    return far if near != far else None


def asks_for_far(question: str) -> bool | None:
    """Tell whether a question asks for the farther one, by the first sentence that says it."""
    from_far = re.search(FROM_FAR, question, re.IGNORECASE) is not None
    for sentence in re.split(r"(?<=[.?:!;]) ", without_marks(question)):
        if (found := polarity(sentence, from_far=from_far)) is not None:
            return found
    return None


def image_said(text: str) -> int | None:
    """Return the position of the image that a text names beside a box; None if it names none."""
    found = re.search(r"\b(\w+) (?:image|photo),? (?:at |in the box )?\[", text) or re.search(
        r"\](?:,? (?:of|in|from))? the (\w+) (?:image|photo)", text
    )
    return ORDINALS.index(found[1]) if found and found[1] in ORDINALS else None


def moved_first(sentence: str) -> bool:
    """Tell whether a sentence tells of the view after the move before that of the camera."""
    phrase = re.search("|".join(rf"\b{p}\b" for p in PROSE["lr"]), sentence)
    head = sentence[: phrase.start()] if phrase else ""
    back = re.search(
        r"\b(before|camera|originally|at first|now|first (image|view|frame)|Frame-0)\b", sentence[len(head) :]
    )
    return back is not None and re.search(r"\(green bbox\)|\bObject0\b", head) is not None


def said_words(sentence: str, labels: Iterable[str]) -> dict[str, list[str]]:
    """Return the words of a sentence by axis, in their order; labels, which may hold such words, are left out."""
    text = sentence
    for label in sorted((label for label in labels if label in sentence), key=len, reverse=True):
        text = re.sub(rf"(?<!\w){re.escape(label)}(?= ?[(,.;:]| is| are| lies| who)", "", text)
    text = without_marks(text)
    said: dict[str, list[str]] = defaultdict(list)
    for axis, phrases in PROSE.items():
        for phrase in re.findall("|".join(rf"\b{p}\b" for p in phrases), text):
            said[axis].append(phrases[phrase])
    return dict(said)


def claims(question: str) -> set[str]:
    """Return the words that a yes-or-no question claims."""
    return {next(word for word in found if word) for found in CLAIM.findall(without_marks(question))}
