"""What a kind of answer is: printed, balanced, compared, and wrong where a form wants something wrong."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from spargen.qa.fact import Fact
from spargen.qa.looks import honest
from spargen.qa.options import Choice, Claim, given, given_claims, shared, shared_claims
from spargen.settings import Settings

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Values = Sequence[Any] | Floats


class AnswerKind:
    """One kind of answer. The base makes no wrong answers: what it offers or claims, the facts bring (`Fact.wrong`)."""

    makes_wrong: ClassVar[bool] = False
    """Whether options and claims come from the kind where the facts bring none."""
    takes_wrong: ClassVar[bool] = True
    """Whether facts may bring their own."""
    needs_sentence: ClassVar[bool] = True
    """Whether the sentence form must put it into words; otherwise it may stand there in its fixed syntax."""
    value: ClassVar[str] = "anything"
    """What a value is, in words."""

    def takes(self, values: Sequence[Any]) -> bool:
        """Tell whether all values are such as the kind has."""
        return True

    def text(self, value: Any) -> str:
        """Print a value in its fixed syntax."""
        return str(value)

    def option(self, value: Any, truth: Any) -> str:
        """Print a value as an option of a row whose answer is `truth`."""
        return self.text(value)

    def bucket(self, value: Any) -> Any:
        """Return the class that truths are balanced over."""
        return value

    def clear(self, value: Any, others: Values, settings: Settings) -> Bools:
        """Tell which of the others are clearly different from a value, so that both may be options of one row."""
        text = self.text(value)
        return np.array([self.text(other) != text for other in others], dtype=bool)

    def apart(self, value: Any, other: Any, settings: Settings) -> bool:
        """Tell the same of one other. A kind whose `clear` is slow for so few tells it without arrays."""
        return bool(self.clear(value, [other], settings)[0])

    def away(self, value: Any, others: Values) -> Floats:
        """Tell how far the others are from a value, so that those nearest to each other share their options."""
        return np.zeros(len(others))

    def compared(self, values: Sequence[Any], one: Ints, other: Ints, settings: Settings) -> tuple[Bools, Floats]:
        """Compare P pairs of values, by their positions: which are clearly different, and how far apart, (P,) each.

        Of a value and itself it says nothing of use. A kind that has many compares them faster all at once.
        """
        pairs = [(values[a], values[b]) for a, b in zip(one.tolist(), other.tolist(), strict=True)]
        clear = np.array([self.apart(a, b, settings) for a, b in pairs], dtype=bool)
        return clear, np.array([self.away(a, [b])[0] for a, b in pairs], dtype=np.float64)

    def serves(self, form: str, wrong: int) -> bool:
        """Tell whether a task can have a form whose facts bring `wrong` wrong answers each."""
        return form not in ("select", "judge") or wrong > 0 or self.makes_wrong

    def able(self, fact: Fact, form: str, wrong: int, settings: Settings) -> bool:
        """Tell whether a fact of such a task has the wrong answers that a form takes."""
        wanted = {"select": wrong, "judge": min(wrong, 1)}.get(form, 0)
        return not wanted or len(honest(self, fact.answer, fact.wrong or (), wanted, settings)) == wanted

    def options(
        self, facts: Sequence[Fact], wrong: int, count: int, settings: Settings, rng: np.random.Generator
    ) -> list[Choice]:
        """Give up to `count` facts their options; facts without enough honest ones are left out.

        Parameters
        ----------
        facts : able to have them, in the order of preference.
        wrong : how many of a row's options come from `Fact.wrong`; 0 = the kind makes them.
        count : how many choices are wanted.
        settings : when two options are clearly different.
        rng : decides what is left to chance.
        """
        return given(self, facts, wrong, count, settings, rng)

    def claims(
        self, facts: Sequence[Fact], wrong: int, count: int, settings: Settings, rng: np.random.Generator
    ) -> list[Claim]:
        """Claim something about up to `count` facts, the truth about half of them. Parameters as for `options`."""
        return given_claims(self, facts, count, settings, rng)


class Exchangeable(AnswerKind):
    """A kind whose wrong answers are true ones of other rows, unless the facts bring their own.

    Its values are numbers, or tuples of as many numbers each; `clear` and `away` take arrays of them, too.
    """

    makes_wrong = True

    def numbers(self, values: Sequence[Any]) -> Floats:
        """Return V values as an array (V,) or, of tuples, (V, numbers of each)."""
        return np.array(values, dtype=np.float64)

    def options(
        self, facts: Sequence[Fact], wrong: int, count: int, settings: Settings, rng: np.random.Generator
    ) -> list[Choice]:
        if wrong:
            return given(self, facts, wrong, count, settings, rng)
        return shared(self, facts, count, settings, rng)

    def claims(
        self, facts: Sequence[Fact], wrong: int, count: int, settings: Settings, rng: np.random.Generator
    ) -> list[Claim]:
        claim = given_claims if wrong else shared_claims
        return claim(self, facts, count, settings, rng)
