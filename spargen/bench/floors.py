"""What can be had without looking: the scores of a reply drawn at random, and of always the same reply."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from spargen.bench.row import BenchRow


def floors(rows: Sequence[BenchRow], rule: Callable[[str, BenchRow], float]) -> tuple[float, float]:
    """Return the random and the constant floor of the rows of a task.

    Parameters
    ----------
    rows : of one task and form.
    rule : scores a reply to a row.

    Returns
    -------
    The score that is expected of a letter drawn from those offered, or else of the answer of another row drawn among
    all; and the best that one and the same reply reaches in all rows.
    """
    truths = Counter(row.answer for row in rows)
    one_of = {row.answer: row for row in rows}
    letters = sorted({letter for row in rows for letter in row.offered}) if rows[0].form == "select" else []
    guesses = dict.fromkeys(letters, 1) or dict(truths)
    means = {guess: sum(n * rule(guess, one_of[truth]) for truth, n in truths.items()) / len(rows) for guess in guesses}
    drawn = sum(weight * means[guess] for guess, weight in guesses.items()) / sum(guesses.values())
    return drawn, max(means.values())
