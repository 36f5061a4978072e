"""Replies as the `SparBench` class of VLMEvalKit reads them by its rules, without a judge (snapshot e8e78f0).

Whatever a model thinks aloud, the end of the reply decides.

- A letter is looked for in the order of `_LOOKS`; a reply in which none of them finds one is wrong.
- A number is the one that opens ``<answer>``, else the last one after the thinking, else the last one at all; words up
  to twenty are numbers.
- Of a change of view, items that are no ``key:number`` are passed over, and axes that are not named count as 0: an
  empty reply is right about all axes that stand still.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable

from spargen.bench.metrics import five_axes, mean_relative_accuracy, metric_of
from spargen.bench.row import BenchRow

_TAIL, _LINES = 800, 6
"""Characters and lines at the end of a reply in which its conclusion is looked for."""
_INVISIBLE = str.maketrans("", "", "\u200b\u200c\u200d\ufeff")
_OPEN, _CLOSE = r"<\s*answer\b[^>]*>", r"<\s*/\s*answer\s*>"
_NUMBER = r"[+-]?\d*\.?\d+(?:[eE][+-]?\d+)?"
_WORDS = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"),
    *("eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty"),
)
_WORD = re.compile(rf"\b({'|'.join(_WORDS)})\b", re.IGNORECASE)
_NUMBER_IN_TAGS = re.compile(rf"{_OPEN}\s*({_NUMBER})(?!\d)[^<]*{_CLOSE}", re.IGNORECASE)
_LETTER_IN_TAGS = re.compile(rf"{_OPEN}\s*([A-J])(?s:.*?){_CLOSE}", re.IGNORECASE)
_LETTER_BEFORE = [
    re.compile(rf"(?<![A-Z])([A-F])\s*[)\]}}）】]?\s*{tag}", re.IGNORECASE) for tag in (_CLOSE, r"</\s*think\s*>")
]
_NO_CHOICE = re.compile(r"[*_>\-\s]*(?:option|选项)\s+[A-J]\s*[:：]", re.IGNORECASE)
_LINE_IS_LETTER = re.compile(r"[*_`>()（）\[\]【】]*\s*([A-F])\s*[*_`()（）\[\]【】]*", re.IGNORECASE)
_LINE_OPENS_WITH_LETTER = re.compile(r"([A-F])\s*[.．:：)\]】、-]\s+", re.IGNORECASE)
_LETTER_IN_LINE = re.compile(r"(?<![A-Za-z])([A-F])[*_`)\]}）]*(?=$|[\s.,:;!?)\]】》」』，。；、：）])")
_LETTER_AFTER = re.compile(
    r"(?:answer(?:\s*is)?|答案|结论|所以|因此|选择?)\s*[:：>＝=]?\s*[(\[{（【]?\s*([A-F])\b", re.IGNORECASE
)
_LETTER = re.compile(r"(?<![A-Za-z])[A-F](?![A-Za-z])")


def score(reply: str, row: BenchRow) -> float:
    """Score a reply, between 0 and 1."""
    match metric_of(row.form, row.answer):
        case "five axes":
            return moves(reply, row.answer)
        case "MRA":
            return number(reply, row.answer)
        case _:
            return letter(reply, row.answer)


def letter(reply: str, truth: str) -> float:
    """Score the reply to a question with options."""
    text = reply.strip().translate(_INVISIBLE)
    return float(next((found for look in _LOOKS if (found := look(text))), None) == truth)


def number(reply: str, truth: str) -> float:
    """Score the reply to a question for a number."""
    text = _WORD.sub(lambda word: str(_WORDS.index(word[0].lower())), _out_of_list(reply).strip().translate(_INVISIBLE))
    tagged = _NUMBER_IN_TAGS.search(text)
    found = [tagged[1]] if tagged else re.findall(_NUMBER, _after_thinking(text)) or re.findall(_NUMBER, text)
    return mean_relative_accuracy(float(found[-1]), float(truth)) if found else 0.0


def moves(reply: str, truth: str) -> float:
    """Score the reply to a question for a change of view."""
    return five_axes(_moves(reply), _moves(truth))


def _moves(text: str) -> dict[str, float]:
    found = {}
    for item in text.split(","):
        word, _, value = item.strip().partition(":")
        try:
            found[word.strip()] = float(value)
        except ValueError:
            continue
    return found


def _out_of_list(reply: str) -> str:
    """Return the first element of a reply that is a list, "" of one that only looks like it, else the reply."""
    if not (reply.strip().startswith("[") and reply.strip().endswith("]")):
        return reply
    try:
        value = ast.literal_eval(reply)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return ""
    return str(value[0]) if isinstance(value, list) and value else reply


def _after_thinking(text: str) -> str:
    """Return what follows the last end of thinking, else the last beginning of it, else the whole text."""
    for tag in (r"</\s*think\s*>", r"<\s*think\s*>"):
        *_, last = re.split(tag, text, flags=re.IGNORECASE)
        if last != text:
            return last.strip()
    return text


def _in_tags(text: str) -> str | None:
    found = _LETTER_IN_TAGS.search(text)
    return found[1].upper() if found else None


def _before_tag(text: str) -> str | None:
    found = next((m for look in _LETTER_BEFORE if (m := look.search(text[-_TAIL:]))), None)
    return found[1].upper() if found else None


def _in_lines(text: str) -> str | None:
    """Return the letter of the lowest of the last lines that has one, and one only."""
    for line in (line.strip() for line in reversed(text.splitlines()[-_LINES:])):
        if _NO_CHOICE.match(line):
            continue
        alone = _LINE_IS_LETTER.fullmatch(line) or _LINE_OPENS_WITH_LETTER.match(line)
        found = alone[1].upper() if alone else _only(_LETTER_IN_LINE.findall(line))
        if found:
            return found
    return None


def _after_phrase(text: str) -> str | None:
    found = _LETTER_AFTER.search(text)
    return found[1].upper() if found else None


def _anywhere(text: str) -> str | None:
    lines = (line for line in text.splitlines() if not _NO_CHOICE.match(line))
    return _only(_LETTER.findall("\n".join(lines)))


def _only(letters: Iterable[str]) -> str | None:
    """Return the letter if all are the same."""
    distinct = set(letters)
    return distinct.pop() if len(distinct) == 1 else None


_LOOKS = (
    _in_tags,
    _before_tag,
    lambda text: _in_lines(_after_thinking(text)),
    lambda text: _in_lines(text[-_TAIL:]),
    _after_phrase,
    _anywhere,
)
