"""Entropy sampling: where the probabilities are most spread out.

Settles 2009, "Active Learning Literature Survey", section 3.1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from labelwright.loop.query.uncertain import most_uncertain

if TYPE_CHECKING:
    import numpy as np

    from labelwright.loop.ports import Chosen, QueryLearner


def entropy(
    learner: QueryLearner, X: np.ndarray, n_instances: int, *, random_state: int = 0
) -> Chosen:
    """The items of greatest predictive entropy. Utility: −Σ p ln p, in nats.

    Needs labels. Of equal items the lower position comes first. Reads X once, keeps 16 bytes an item.
    """
    return most_uncertain(
        learner,
        X,
        n_instances,
        utility=utility,
        reason=lambda value, first, second: f"entropy {value:.2f}: {first}, {second}",
    )


def utility(probs: np.ndarray) -> np.ndarray:
    """−Σ p ln p, in nats, (n_items, n_classes) -> (n_items,)."""
    import numpy as np

    logs = np.log(probs, where=probs > 0, out=np.zeros_like(probs, dtype=np.float64))
    return np.asarray(-(probs * logs).sum(axis=1))
