"""PowerBALD: items drawn at random, each with a chance in proportion to a power of its BALD.

Kirsch, Farquhar, Atighehchian, Jesson, Branchaud-Charron & Gal 2023, "Stochastic Batch Acquisition: A
Simple Baseline for Deep Active Learning". The Gumbel trick: Kool, van Hoof & Welling 2019. Chances of
a batch: Rosén 1997, "Asymptotic theory for order sampling".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from labelwright.loop.errors import StrategyError
from labelwright.loop.ports import Chosen
from labelwright.loop.query.bald import disagreement
from labelwright.loop.query.blocks import take
from labelwright.loop.query.contract import nothing, top
from labelwright.loop.query.ensemble import ensemble_of, votes
from labelwright.loop.query.modal import understood

if TYPE_CHECKING:
    import numpy as np

    from labelwright.loop.ports import QueryLearner

_LEAST = 1e-12
"""BALD of an item on which all models agree: it has a chance, but after all others."""


def power_bald(
    learner: QueryLearner,
    X: np.ndarray,
    n_instances: int,
    *,
    random_state: int = 0,
    size: int = 10,
    beta: float = 1.0,
) -> Chosen:
    """Items drawn at random, the likelier the more `size` models disagree on them (BALD).

    One after the other without repetition, with chances in proportion to BALD ** beta: the n largest
    of beta · log BALD + Gumbel noise, which is the utility. beta = 0 is a uniform draw, a large beta
    is bald. Probabilities: an item's chance of being in the batch, for one item
    exactly its share; for n items 1 − exp(−t · share), t such that the chances add up to n (Rosén's
    approximation, good to some percent for small batches and better for large ones).
    Costs what bald costs. Raises StrategyError without labels, for a size below 2 or a beta below 0.
    """
    import numpy as np

    learner = understood(learner)
    if not beta >= 0:
        raise StrategyError(f"power_bald has no beta of {beta}", "give a number from 0 up")
    if len(X) == 0 or n_instances == 0:
        return nothing()
    models = ensemble_of(learner, size, random_state)
    scores = disagreement(models, X)
    weights = beta * np.log(np.maximum(scores, _LEAST))
    utilities = weights + np.random.default_rng(random_state).gumbel(size=len(X))
    indices = top(utilities, n_instances)
    chances = inclusion(weights, len(indices))[indices]
    said = votes(models(take(X, indices)), models.classes)
    reasons = tuple(
        f"drawn, chance {chance:.2g}; BALD {value:.2f}: {text}"
        for chance, value, text in zip(chances, scores[indices], said, strict=True)
    )
    return Chosen(indices, utilities[indices], chances, reasons)


def inclusion(weights: np.ndarray, n: int) -> np.ndarray:
    """Chances to be among n drawn one after the other in proportion to exp(weights), (n_items,).

    Each item waits for a time that is exponential with its weight as rate, and the first n are
    taken: where t is about the time at which the n-th comes, an item's chance is 1 − exp(−t · w).
    """
    import numpy as np

    # Below exp(-600) a chance would be no positive number any more.
    shares = np.exp(np.maximum(weights - weights.max(), -600))
    shares /= shares.sum()
    if n >= len(shares):
        return np.ones(len(shares))
    if n == 1:
        return np.asarray(shares)
    low, high = 0.0, 650.0  # of log t
    for _ in range(60):
        middle = (low + high) / 2
        enough = -np.expm1(-np.exp(middle) * shares).sum() >= n
        low, high = (low, middle) if enough else (middle, high)
    return np.asarray(-np.expm1(-np.exp(high) * shares))
