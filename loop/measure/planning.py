"""How many more holdout labels would decide a criterion that is open.

By what the labels so far foretell: with N labels in place of n the estimate will be about normal around what
it is now, with a variance of spread^2 (1/n - 1/N), and its bound about z spread / sqrt(N) away. The answer is
the least N with which a decision, either way, is as likely as not. Near the target that is far off, and then
all that is said is that it takes more than so many.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

from labelwright.loop.measure.evidence import Bounded

FARTHEST = 10
"""Plans reach to so many times the labels there are, and to `AT_LEAST` of them."""
AT_LEAST = 1_000
_NORMAL = NormalDist()
_ONE_SIGMA = _NORMAL.cdf(1)


@dataclass(frozen=True)
class More:
    """Labels beyond those there are; `beyond`: it takes more than so many."""

    labels: int
    beyond: bool = False


def more(figure: Bounded, target: float, confidence: float) -> More | None:
    """How many more of what `figure.n` counts decide on which side of `target` it is; None: not known.

    confidence: of the one-sided bound that decides.
    """
    n = figure.n
    if not n or figure.estimate is None or not 0 < confidence < 1:
        return None
    estimate, sd, sd_at = _scale(figure, target)
    if sd is None or sd_at is None or math.isnan(sd):
        return None
    if figure.as_f1:
        target = target / (2 - target)
    away, z = abs(estimate - target), _NORMAL.inv_cdf(confidence)

    def likely(labels: int) -> bool:
        reach = z * sd_at / math.sqrt(labels) + (0.5 / labels if figure.right is not None else 0)
        moves = sd * math.sqrt(1 / n - 1 / labels)
        if moves <= 0:
            return away > reach
        return _NORMAL.cdf((away - reach) / moves) + _NORMAL.cdf((-away - reach) / moves) >= 0.5

    most = max(FARTHEST * n, AT_LEAST)
    if not likely(most):
        return More(most - n, beyond=True)
    low, high = n, most
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if likely(middle) else (middle, high)
    return More(high - n)


def _scale(figure: Bounded, target: float) -> tuple[float, float | None, float | None]:
    """The estimate, what one label varies by, and the same where the figure is just the target."""
    assert figure.estimate is not None
    n = figure.n
    if figure.right is not None:
        share = figure.right / n
        smooth = (figure.right + 1) / (n + 2)
        at = target / (2 - target) if figure.as_f1 else target
        at = min(max(at, 0.001), 0.999)
        return share, math.sqrt(smooth * (1 - smooth)), math.sqrt(at * (1 - at))
    low, high = figure.lower(_ONE_SIGMA), figure.upper(_ONE_SIGMA)
    if low is None or high is None:
        return figure.estimate, None, None
    least = (high - low) / 2 * math.sqrt(n)
    return figure.estimate, least, least


def rounded(labels: int) -> int:
    """Up to two leading digits: a plan is no more exact than that."""
    step = int(10 ** max(0, len(str(labels)) - 2))
    return -(-labels // step) * step
