"""Replies as a strict and sensible reader takes them: the default of `spargen score`. docs/scoring.md has the rules.

A reply is right by what it says and not by how it is worded; it is worth nothing if it says nothing, or two things.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from spargen.bench.metrics import AXES, accuracy, mean_relative_accuracy, metric_of, signed
from spargen.bench.row import BenchRow

_THINKING = re.compile(r"^.*</\s*think\s*>", re.IGNORECASE | re.DOTALL)
_MARKED = (
    re.compile(r"<\s*answer\s*>(.*?)<\s*/\s*answer\s*>", re.IGNORECASE | re.DOTALL),
    re.compile(r"\\boxed\{(.*?)\}", re.DOTALL),
)
_SAID = re.compile(r"\banswer\s*(?:is\b\s*:?|[:=])", re.IGNORECASE)
_NUMBER = re.compile(r"(?<![\w.])[+-]?\d*\.?\d+(?!\.?\d)")
_MOVE = re.compile(r"\b((?:move|rotate)_(?:right|left|forward|backward|up|down))\s*[:=]\s*([+-]?\d+(?:\.\d+)?)")
_YES_NO = re.compile(r"\b(?:yes|no)\b", re.IGNORECASE)


def score(reply: str, row: BenchRow) -> float:
    """Score a reply, between 0 and 1."""
    match row.form, metric_of(row.form, row.answer):
        case "select", _:
            return letter(reply, row.answer, row.offered)
        case "judge", _:
            return yes_no(reply, row.answer)
        case _, "five axes":
            return moves(reply, row.answer)
        case _, "MRA":
            return numbers(reply, row.answer)
        case _:
            return words(reply, row.answer)


def conclusion(reply: str) -> str:
    r"""Return the part of a reply that is its answer.

    What is thought aloud before does not count. Then it is the last part in ``<answer>`` or ``\boxed``, else the rest
    of the line after the last "answer is" or "answer:", else the whole.
    """
    text = _THINKING.sub("", reply)
    for mark in _MARKED:
        if found := mark.findall(text):
            return str(found[-1]).strip()
    _, *said = _SAID.split(text)
    return said[-1].strip().partition("\n")[0] if said else text.strip()


def letter(reply: str, truth: str, offered: Collection[str]) -> float:
    """Score the reply to a question with options: it must name one of the letters offered, and no other one."""
    text = conclusion(reply)
    alone = text.strip(" \n().*:`").upper()
    named = {alone} if alone in offered else {w for w in re.findall(r"(?<!\w)[A-Z](?!\w)", text) if w in offered}
    return accuracy(named, {truth})


def yes_no(reply: str, truth: str) -> float:
    """Score the reply to a claim: it must say yes or no, and not both."""
    return accuracy({word.lower() for word in _YES_NO.findall(conclusion(reply))}, {truth.lower()})


def words(reply: str, truth: str) -> float:
    """Score the reply to a question for words in an order: they must be the same, in the same order."""
    return accuracy(_words(conclusion(reply)), _words(truth))


def numbers(reply: str, truth: str) -> float:
    """Score the reply to a question for one number, or several: it must give as many, and one only once or the same."""
    true = [float(n) for n in _NUMBER.findall(truth.replace(",", ", "))]
    given = [float(n) for n in _NUMBER.findall(conclusion(reply).replace(",", ", "))]
    if len(true) == 1:
        given = list(set(given))
    if len(given) != len(true):
        return 0.0
    return sum(map(mean_relative_accuracy, given, true)) / len(true)


def moves(reply: str, truth: str) -> float:
    """Score the reply to a question for a change of view: an axis that it does not name once is worth nothing."""
    given, true = _moves(conclusion(reply).lower()), dict(_moves(truth))
    scores = []
    for axis in AXES:
        named = [(word, value) for word, value in given if word in axis]
        if len(named) == 1:
            scores.append(mean_relative_accuracy(signed(dict(named), axis), signed(true, axis)))
    return sum(scores) / len(AXES)


def _moves(text: str) -> list[tuple[str, float]]:
    return [(word, float(value)) for word, value in _MOVE.findall(text)]


def _words(text: str) -> list[str]:
    return [" ".join(part.split()).casefold() for part in text.strip(" .\n").split(",")]
