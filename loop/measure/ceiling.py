"""What no measurement can show: the labels themselves are people's, and people err.

A model that is always right is measured right only where the label is. How often that is follows from how
often two people agree on the holdout: if each is right with probability p, independently of the other, and
errs alike in every direction among K classes, two agree with probability p^2 + (1 - p)^2 / (K - 1), which
rises with p from 1 / K on. A label that three or more gave by majority is right more often than one person.

Only the holdout's items count: those picked for a second opinion because a model was in doubt are harder.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import combinations

import numpy as np

from labelwright.loop.measure.evidence import Bounded
from labelwright.loop.measure.influence import share_bounds

FEWEST = 20
"""Below so many items that two or more judged nothing is said."""


def ceiling(answers: Sequence[Sequence[object]], n_classes: int | None, people: int) -> Bounded:
    """The accuracy at which a model that is always right would be measured.

    answers: a list an item, one comparable answer a person. n_classes: None where errors of two people are
    hardly ever the same (sets of classes, marks). people: an item, whose majority is the label.
    """
    shared = [_agreement(a) for a in answers if len(a) > 1]
    n = len(shared)
    if n < FEWEST:
        return Bounded(None, n)
    agreed = float(np.mean(shared))
    variance = float(np.var(shared)) / (n - 1)

    def right(agreement: float) -> float:
        return of_majority(competence(agreement, n_classes), people)

    def bounds(confidence: float) -> tuple[float, float]:
        low, high = share_bounds(agreed, variance, 1 / n, confidence)
        return right(float(low)), right(float(high))

    return Bounded(right(agreed), n, bounds=bounds, method="agreement")


def _agreement(answers: Sequence[object]) -> float:
    pairs = list(combinations(answers, 2))
    return sum(a == b for a, b in pairs) / len(pairs)


def competence(agreement: float, n_classes: int | None) -> float:
    """How often one person is right where two agree so often; 1 / n_classes below what chance gives."""
    if n_classes is None:
        return math.sqrt(agreement)
    k = max(2, n_classes)
    inside = 1 - k * (1 - agreement * (k - 1))
    return min(1.0, (1 + math.sqrt(max(0.0, inside))) / k)


def of_majority(p: float, people: int) -> float:
    """How often the majority of so many is right; of two answers that tie, either is taken."""
    total = 0.0
    for right in range(people + 1):
        chance = math.comb(people, right) * p**right * (1 - p) ** (people - right)
        total += chance * (1.0 if 2 * right > people else 0.5 if 2 * right == people else 0.0)
    return min(1.0, total)
