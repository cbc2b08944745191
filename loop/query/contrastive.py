"""Contrastive: items that the model predicts otherwise than the labelled items most like them (CAL).

Margatina, Vernikos, Barrault & Aletras 2021, "Active Learning by Acquiring Contrastive Examples".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from labelwright.loop.errors import StrategyError
from labelwright.loop.ports import Chosen
from labelwright.loop.query.blocks import BLOCK, blocks, labelled, part, probabilities
from labelwright.loop.query.candidates import among
from labelwright.loop.query.contract import nothing, top
from labelwright.loop.query.modal import understood

if TYPE_CHECKING:
    import numpy as np

    from labelwright.loop.ports import QueryLearner

_PAIRS = 2_000_000_000
"""Distances worked out at most: a million items against 2,000 labelled ones."""

_PAIRS_AT_ONCE = 16_000_000
_LEAST = 1e-12
"""Probabilities below it count as it, so that a divergence is finite."""


def contrastive(
    learner: QueryLearner,
    X: np.ndarray,
    n_instances: int,
    *,
    random_state: int = 0,
    neighbours: int = 10,
) -> Chosen:
    """The items predicted most unlike the labelled items nearest to them.

    Utility: the mean over the `neighbours` nearest labelled items l, by Euclidean distance, of
    KL(p(l) ‖ p(x)) = Σ p(l) · log(p(l) / p(x)), in nats; p (n_classes,) are the model's own
    probabilities for both. Of fewer labelled items all are neighbours.

    X: (n_items, dim). Works out n_items · n_labelled distances, and where they are more than 2 · 10⁹
    it chooses among items drawn at random, and the notes say so. Reads X twice; 2 · dim · n_items ·
    n_labelled flops; 4 · n_classes + 8 bytes an item. Raises StrategyError without labels, for less
    than one neighbour, or where a vector or a probability is not finite.
    """
    import numpy as np

    learner = understood(learner)
    if neighbours < 1:
        raise StrategyError(f"contrastive has no use for {neighbours} neighbours", "give 1 or more")
    if len(X) == 0 or n_instances == 0:
        return nothing()
    known = labelled(learner, X)
    if len(known) == 0:
        raise StrategyError("contrastive needs labels", "begin with a phase that uses k_means")
    limit = max(_PAIRS // len(known), n_instances)
    rows, notes = among(len(X), limit, random_state)
    pool = X if rows is None else part(X, rows)
    utilities = divergences(
        pool, probabilities(learner, pool), known, probabilities(learner, known), neighbours
    )
    best = top(utilities, n_instances)
    reasons = tuple(
        f"predicted unlike the labelled items nearest to it: divergence {value:.2f}"
        for value in utilities[best]
    )
    indices = best if rows is None else rows[best]
    return Chosen(indices, utilities[best], np.ones(len(best)), reasons, notes)


def divergences(
    X: np.ndarray, probs: np.ndarray, known: np.ndarray, known_probs: np.ndarray, k: int
) -> np.ndarray:
    """Mean KL(p(neighbour) ‖ p(item)) over the k nearest rows of `known`, (n_items,) float32."""
    import numpy as np

    origin = known.mean(axis=0)
    known = known - origin
    half = np.einsum("ij,ij->i", known, known) / 2
    floored = np.maximum(known_probs, _LEAST)
    negentropy = (floored * np.log(floored)).sum(axis=1)
    found = np.empty(len(X), dtype=np.float32)
    for start, block in blocks(X, min(BLOCK, _PAIRS_AT_ONCE // len(known) + 1)):
        here = slice(start, start + len(block))
        nearest = _largest((block - origin) @ known.T - half, min(k, len(known)))
        theirs = sum(floored[column] for column in nearest.T) / nearest.shape[1]
        cross = (theirs * np.log(np.maximum(probs[here], _LEAST))).sum(axis=1)
        found[here] = negentropy[nearest].mean(axis=1) - cross
    return np.maximum(found, 0)


def _largest(values: np.ndarray, k: int) -> np.ndarray:
    """Positions of the k largest values of each row, (n_rows, k); overwrites them."""
    import numpy as np

    every = np.arange(len(values))
    found = np.empty((len(values), k), dtype=np.int64)
    for column in range(k):
        found[:, column] = values.argmax(axis=1)
        values[every, found[:, column]] = -np.inf
    return found
