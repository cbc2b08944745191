"""Least confidence: where even the likeliest class is unlikely.

Lewis & Gale 1994, "A Sequential Algorithm for Training Text Classifiers".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from labelwright.loop.query.uncertain import most_uncertain

if TYPE_CHECKING:
    import numpy as np

    from labelwright.loop.ports import Chosen, QueryLearner


def least_confidence(
    learner: QueryLearner, X: np.ndarray, n_instances: int, *, random_state: int = 0
) -> Chosen:
    """The items whose likeliest class is least likely. Utility: 1 − p1.

    Needs labels. Of equal items the lower position comes first. Reads X once, keeps 16 bytes an item.
    """
    return most_uncertain(
        learner,
        X,
        n_instances,
        utility=utility,
        reason=lambda value, first, _: f"at most {1 - value:.2f}: {first}",
    )


def utility(probs: np.ndarray) -> np.ndarray:
    """1 − p1, (n_items, n_classes) -> (n_items,)."""
    import numpy as np

    return np.asarray(1 - probs.max(axis=1))
