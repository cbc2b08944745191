"""Whether a model's answers have anything to do with the truth: a confusion matrix against chance.

If they had nothing to do with each other, each answer could as well stand beside any other item. Over all
such orders the number of right answers has a mean and a variance that follow from the margins alone: a
permutation test of Cohen's kappa (moments after Mantel 1967). Always giving the most frequent answer is the
border of it: all orders are as right then, and nothing can be seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

FEWEST = 20
"""Below so many labels nothing is said."""

_CLEAR = NormalDist().inv_cdf(0.95)


@dataclass(frozen=True)
class Chance:
    """n: items. right: those answered rightly. expected: by chance with the same answers. most: the class
    that is most frequent, and always: its share of the items.
    """

    n: int
    right: int
    expected: float
    most: int
    always: float
    clear: bool  # right is more than chance gives in 95 of 100 orders


def against_chance(confusion: Sequence[Sequence[int]] | np.ndarray) -> Chance | None:
    """What a (n_classes, n_classes) matrix of counts [true][predicted] shows; None below `FEWEST` items."""
    counts = np.asarray(confusion, dtype=np.float64)
    n = counts.sum()
    if n < FEWEST:
        return None
    true, answered = counts.sum(axis=1), counts.sum(axis=0)
    right, expected = float(np.trace(counts)), float(true @ answered / n)
    centred = (
        np.eye(len(counts)) - answered[:, None] / n - true[None, :] / n + (true @ answered) / n**2
    )
    variance = float((np.outer(true, answered) * centred**2).sum() / (n - 1))
    most = int(true.argmax())
    return Chance(
        n=int(n),
        right=round(right),
        expected=expected,
        most=most,
        always=float(true[most] / n),
        clear=bool(right - expected > _CLEAR * np.sqrt(variance) + 1e-9),
    )
