"""Discriminative: items that a classifier can tell best from the labelled ones (DAL).

Gissin & Shalev-Shwartz 2019, "Discriminative Active Learning".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from labelwright.loop.errors import StrategyError
from labelwright.loop.ports import Chosen
from labelwright.loop.query.blocks import blocks, labelled, take
from labelwright.loop.query.candidates import among
from labelwright.loop.query.contract import nothing, top
from labelwright.loop.query.modal import understood

if TYPE_CHECKING:
    import numpy as np

    from labelwright.loop.ports import QueryLearner

_TRAINED_ON = 20_000


def discriminative(
    learner: QueryLearner,
    X: np.ndarray,
    n_instances: int,
    *,
    random_state: int = 0,
    n_sub: int = 10,
) -> Chosen:
    """The items that are surest to be unlabelled, by a classifier of labelled against unlabelled.

    The batch is chosen in `n_sub` parts of nearly equal size: for each, a logistic regression (both
    sides weigh the same) learns to tell the labelled items, the parts before among them, from the
    rest of X, and takes those it is surest to be unlabelled. Utility: its probability of that; it is
    comparable within a part only. Needs labels, but no model of the classes.

    X: (n_items, dim). Of a large pool 20,000 items, drawn at random, are learned from, and the notes
    say so; the whole of it is chosen from. Reads X `n_sub` times; 8 bytes an item beside the sample.
    Raises StrategyError without labels, for less than one part, or where a vector is not finite.
    """
    import numpy as np

    learner = understood(learner)
    if n_sub < 1:
        raise StrategyError(f"discriminative cannot choose in {n_sub} parts", "give 1 or more")
    n = min(n_instances, len(X))
    if n == 0:
        return nothing()
    known = labelled(learner, X)
    if len(known) == 0:
        raise StrategyError("discriminative needs labels", "begin with a phase that uses k_means")
    drawn, _ = among(len(X), _TRAINED_ON, random_state)
    notes: tuple[str, ...] = ()
    if drawn is None:
        drawn = np.arange(len(X))
    else:
        notes = (f"told apart by {len(drawn):,} items drawn at random out of {len(X):,}",)
    sample = take(X, drawn)
    chosen = np.zeros(0, dtype=np.int64)
    utilities = np.zeros(0)
    for size in _sizes(n, n_sub):
        unlabelled = sample[~np.isin(drawn, chosen)]
        side = _surely_unlabelled(X, np.concatenate([known, take(X, chosen)]), unlabelled)
        side[chosen] = side.min() - 1  # never again: there are enough others
        best = top(side, size)
        chosen = np.concatenate([chosen, best])
        utilities = np.concatenate([utilities, 1 / (1 + np.exp(-side[best]))])
    reasons = tuple(f"unlike the labelled items: surely so at {value:.1%}" for value in utilities)
    return Chosen(chosen, utilities, np.ones(n), reasons, notes)


def _sizes(n: int, n_sub: int) -> list[int]:
    """n in at most `n_sub` parts, the larger ones first."""
    return [n // n_sub + (part < n % n_sub) for part in range(min(n, n_sub))]


def _surely_unlabelled(X: Any, known: np.ndarray, unlabelled: np.ndarray) -> np.ndarray:
    """The log-odds of each row of X to be of the unlabelled ones, (n_items,) float32."""
    import numpy as np
    from sklearn.linear_model import LogisticRegression

    rows = np.concatenate([known, unlabelled], dtype=np.float64)
    sides = np.arange(len(rows)) >= len(known)
    model = LogisticRegression(class_weight="balanced", max_iter=1000).fit(rows, sides)
    weights, bias = model.coef_[0].astype(np.float32), np.float32(model.intercept_[0])
    found = np.empty(len(X), dtype=np.float32)
    for start, block in blocks(X):
        found[start : start + len(block)] = block @ weights + bias
    return found
