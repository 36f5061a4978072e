r"""Reward of a reply, from 0 to 1: for verl, EasyR1 and whoever trains on exported rows. Needs nothing but Python.

verl reads `compute_score`, EasyR1 `compute_score_of`. What is compared is told by the form of the true answer:

- a letter, Yes or No: the same one, as the only one in the reply or after "answer is" or in ``\boxed{}``;
- numbers: the share of the ten tolerances 50 %, 45 % .. 5 % that the relative error keeps to, averaged over them;
- a move of a camera: the same for each of the five parts with their signs, an error of 0.1 m or 5 degrees counting as
  whole where the truth is smaller than that;
- a box: the overlap of the two boxes, area of the intersection by that of the union;
- anything else: the same words.

A reply may think in ``<think>...</think>`` first, and put its answer into ``<answer>...</answer>``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

REWARD_NAME = "spargen"
REWARD_TYPE = "sequential"

_LETTER = "[A-H]"
_TOLERANCES = [0.05 * n for n in range(1, 11)]
_NUMBER = r"-?\d+(?:\.\d+)?"
_MOVES = (("right", "left"), ("down", "up"), ("forward", "backward"), ("up", "down"), ("right", "left"))
_LEAST_MOVE, _LEAST_TURN = 0.1, 5.0
_CLOSE = 1e-9


def compute_score(data_source: str, solution_str: str, ground_truth: str, *_: Any, **__: Any) -> float:  # noqa: ARG001
    """Score a reply as verl asks for it."""
    return score(solution_str, ground_truth)


def compute_score_of(reward_input: Mapping[str, Any], **_: Any) -> dict[str, float]:
    """Score a reply as EasyR1 asks for it."""
    got = score(reward_input["response"], reward_input["ground_truth"])
    return {"overall": got, "accuracy": got}


def score(reply: str, truth: str) -> float:
    """Return the reward of a reply, from 0 to 1."""
    said = _final(reply)
    if re.fullmatch(rf"{_LETTER}|Yes|No", truth):
        return float(_choice(said, truth))
    if truth.startswith("move_"):
        return _moves(said, truth)
    if re.fullmatch(r"(the \w+ image, )?\[[\d, ]+\]", truth):
        return _box(said, truth)
    if re.fullmatch(rf"[(),:\s]*{_NUMBER}(?:[(),:\s]+{_NUMBER})*", truth):
        return _numbers(said, truth)
    return float(_words(said) == _words(truth))


def _final(reply: str) -> str:
    """Return what a reply says in the end."""
    reply = re.sub(r"<think>.*?(</think>|$)", "", reply, flags=re.DOTALL)
    for pattern in (r"<answer>(.*?)</answer>", r"\\boxed\{(.*?)\}"):
        if found := re.findall(pattern, reply, flags=re.DOTALL):
            reply = found[-1]
    return reply.strip()


def _choice(said: str, truth: str) -> bool:
    """Tell whether a reply chooses the true letter or word; one that names several chooses none."""
    if truth in ("Yes", "No"):
        named = {word.capitalize() for word in re.findall(r"\b(yes|no)\b", said, flags=re.IGNORECASE)}
        return named == {truth}
    if told := re.findall(rf"answer\W+(?:is\W+)?(?:option\W+)?({_LETTER})\b", said, flags=re.IGNORECASE):
        return str(told[-1]).upper() == truth
    return set(re.findall(rf"\b{_LETTER}\b", said)) == {truth}


def _numbers(said: str, truth: str) -> float:
    wanted, given = (_read(text) for text in (truth, said))
    if len(given) != len(wanted):
        return 0.0
    return sum(_kept(abs(g - w), abs(w)) for g, w in zip(given, wanted, strict=True)) / len(wanted)


def _moves(said: str, truth: str) -> float:
    wanted, given = _signed(truth), _signed(said)
    if wanted is None or given is None:
        return 0.0
    least = [_LEAST_MOVE] * 3 + [_LEAST_TURN] * 2
    kept = [_kept(abs(g - w), max(abs(w), unit)) for g, w, unit in zip(given, wanted, least, strict=True)]
    return sum(kept) / len(kept)


def _signed(text: str) -> list[float] | None:
    """Return the five parts of a move; None unless all are there, each once, in any order."""
    found = re.findall(rf"(move|rotate)_(\w+)\s*:\s*({_NUMBER})", text)
    kinds = ("move", "move", "move", "rotate", "rotate")
    parts: list[float] = []
    for kind, (plus, minus) in zip(kinds, _MOVES, strict=True):
        values = [float(v) if way == plus else -float(v) for k, way, v in found if k == kind and way in (plus, minus)]
        if len(values) != 1:
            return None
        parts += values
    return parts


def _box(said: str, truth: str) -> float:
    a, b = (_read(text) for text in (said, truth))
    if len(a) != 4 or _image(said) != _image(truth):
        return 0.0
    shared = [max(0.0, min(a[i + 2], b[i + 2]) - max(a[i], b[i])) for i in (0, 1)]
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (a, b)]
    if min(areas) <= 0:
        return 0.0
    inside = shared[0] * shared[1]
    return inside / (sum(areas) - inside)


def _image(text: str) -> str:
    found = re.search(r"\b(first|second|third|fourth|fifth) image", text.lower())
    return found[1] if found else ""


def _kept(error: float, scale: float) -> float:
    """Return the share of the tolerances that an error keeps to."""
    if scale == 0:
        return float(error == 0)
    return sum(error / scale <= tolerance + _CLOSE for tolerance in _TOLERANCES) / len(_TOLERANCES)


def _read(text: str) -> Sequence[float]:
    return [float(number) for number in re.findall(_NUMBER, text)]


def _words(text: str) -> list[str]:
    return re.findall(r"[\w()]+", text.lower())
