"""Margin sampling: where the two likeliest classes are closest.

Scheffer, Decomain & Wrobel 2001, "Active Hidden Markov Models for Information Extraction".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from labelwright.loop.query.uncertain import most_uncertain

if TYPE_CHECKING:
    import numpy as np

    from labelwright.loop.ports import Chosen, QueryLearner


def margin(
    learner: QueryLearner, X: np.ndarray, n_instances: int, *, random_state: int = 0
) -> Chosen:
    """The items whose two likeliest classes are closest. Utility: 1 − (p1 − p2).

    Needs labels. Of equal items the lower position comes first. Reads X once, keeps 16 bytes an item.
    """
    return most_uncertain(
        learner,
        X,
        n_instances,
        utility=utility,
        reason=lambda value, first, second: f"margin {1 - value:.2f}: {first} or {second}",
    )


def utility(probs: np.ndarray) -> np.ndarray:
    """1 − (p1 − p2), (n_items, n_classes) -> (n_items,); 1 − p1 where there is one class."""
    import numpy as np

    if probs.shape[1] < 2:
        return 1 - probs[:, 0]
    best = np.partition(probs, -2, axis=1)[:, -2:]
    return np.asarray(1 - (best[:, 1] - best[:, 0]))
