"""What the uncertainty strategies share: score X by the learner's probabilities, take the top."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from typing import TYPE_CHECKING

from labelwright.loop.errors import StrategyError
from labelwright.loop.ports import Chosen
from labelwright.loop.query.blocks import blocks
from labelwright.loop.query.contract import nothing, top
from labelwright.loop.query.modal import understood

if TYPE_CHECKING:
    import numpy as np

    from labelwright.loop.ports import QueryLearner

MEASURES = ("least_confidence", "margin", "entropy")
"""Strategies whose utility other strategies build on, by name."""


def most_uncertain(
    learner: QueryLearner,
    X: np.ndarray,
    n_instances: int,
    *,
    utility: Callable[[np.ndarray], np.ndarray],
    reason: Callable[[float, str, str], str],
) -> Chosen:
    """The `n_instances` rows of greatest `utility(probs)`, (n_items, n_classes) -> (n_items,).

    `reason(utility, first, second)` says why, in terms of the two likeliest classes. Needs labels.
    Reads X once; keeps 16 bytes an item. Raises StrategyError where a probability is not finite.
    """
    import numpy as np

    learner = understood(learner)
    if len(X) == 0 or n_instances == 0:
        return nothing()
    utilities = np.empty(len(X))
    likeliest = np.empty((len(X), 2), dtype=np.int32)
    for rows, _, probs in predicted(learner, X):
        utilities[rows] = utility(probs)
        likeliest[rows] = _two_likeliest(probs)
    indices = top(utilities, n_instances)
    reasons = tuple(
        reason(float(value), learner.classes[first], learner.classes[second])
        for value, (first, second) in zip(utilities[indices], likeliest[indices], strict=True)
    )
    return Chosen(indices, utilities[indices], np.ones(len(indices)), reasons)


def predicted(
    learner: QueryLearner, X: np.ndarray
) -> Iterator[tuple[slice, np.ndarray, np.ndarray]]:
    """X block by block: which rows, their vectors, what the learner makes of them.

    Raises StrategyError where there are no labels yet, or where a probability is not finite.
    """
    import numpy as np

    for start, block in blocks(X):
        probs = np.asarray(learner.predict_proba(block))
        broken = ~np.isfinite(probs).all(axis=1)
        if broken.any():
            raise StrategyError(
                f"the model gave item {start + int(broken.argmax())} of the pool "
                "probabilities that are not finite"
            )
        yield slice(start, start + len(block)), block, probs


def uncertainties(
    learner: QueryLearner, X: np.ndarray, utility: Callable[[np.ndarray], np.ndarray]
) -> np.ndarray:
    """`utility(probs)` of every row of X, (n,). Raises as `predicted` does."""
    import numpy as np

    found = np.empty(len(X))
    for rows, _, probs in predicted(learner, X):
        found[rows] = utility(probs)
    return found


def measure(name: str) -> Callable[[np.ndarray], np.ndarray]:
    """The utility of one of MEASURES, (n_items, n_classes) -> (n_items,).

    Raises StrategyError for another name.
    """
    if name not in MEASURES:
        raise StrategyError(
            f"there is no uncertainty called {name}", f"there are: {', '.join(MEASURES)}"
        )
    found: Callable[[np.ndarray], np.ndarray] = import_module(
        f"labelwright.loop.query.{name}"
    ).utility
    return found


def _two_likeliest(probs: np.ndarray) -> np.ndarray:
    """(n_items, 2) class indices, of equals the lower; twice the same where there is one class."""
    import numpy as np

    first = probs.argmax(axis=1)
    if probs.shape[1] < 2:
        return np.stack([first, first], axis=1)
    others = probs.copy()
    others[np.arange(len(probs)), first] = -1
    return np.stack([first, others.argmax(axis=1)], axis=1)
