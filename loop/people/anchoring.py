"""Anchoring: whether people agree with a suggestion more often where they see it.

Suggestions are kept back from a random share of the items: what people answer there is what they would
have said by themselves. The difference of two proportions with Newcombe's hybrid score interval
(Newcombe 1998, "Interval estimation for the difference between independent proportions", method 10).
"""

from __future__ import annotations

from collections.abc import Iterable
from math import sqrt

from labelwright.loop.people.records import Anchoring

_Z = 1.959963984540054  # two-sided 95%


def anchoring(answers: Iterable[tuple[bool, bool]]) -> Anchoring | None:
    """answers: (the suggestion was shown, the answer agrees with it), one a judgement. None without any."""
    given = list(answers)
    if not given:
        return None
    shown = [agrees for seen, agrees in given if seen]
    hidden = [agrees for seen, agrees in given if not seen]
    found = Anchoring(
        shown=len(shown),
        shown_agreeing=sum(shown),
        hidden=len(hidden),
        hidden_agreeing=sum(hidden),
        difference=None,
    )
    if not shown or not hidden:
        return found
    one, other = sum(shown) / len(shown), sum(hidden) / len(hidden)
    low_one, high_one = wilson(sum(shown), len(shown))
    low_other, high_other = wilson(sum(hidden), len(hidden))
    return found.model_copy(
        update={
            "difference": one - other,
            "low": one - other - sqrt((one - low_one) ** 2 + (high_other - other) ** 2),
            "high": one - other + sqrt((high_one - one) ** 2 + (other - low_other) ** 2),
        }
    )


def wilson(right: int, n: int) -> tuple[float, float]:
    """Wilson's score interval for a proportion, two-sided 95%."""
    share = right / n
    middle = share + _Z**2 / (2 * n)
    half = _Z * sqrt(share * (1 - share) / n + _Z**2 / (4 * n**2))
    scale = 1 + _Z**2 / n
    return (middle - half) / scale, (middle + half) / scale
