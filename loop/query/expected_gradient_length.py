"""Expected gradient length: the items whose label would change the model most, whatever it is.

Settles, Craven & Ray 2008, "Multiple-Instance Active Learning".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from labelwright.loop.ports import Chosen
from labelwright.loop.query.contract import nothing, top
from labelwright.loop.query.modal import understood
from labelwright.loop.query.uncertain import predicted

if TYPE_CHECKING:
    import numpy as np

    from labelwright.loop.ports import QueryLearner


def expected_gradient_length(
    learner: QueryLearner, X: np.ndarray, n_instances: int, *, random_state: int = 0
) -> Chosen:
    """The items expected to move the model most. Utility: Σ_c p_c ‖p − e_c‖ · √(‖x‖² + 1).

    That is the expected length of the gradient of −ln p_label in the weights and intercepts of a
    softmax regression, (p − e_label) ⊗ (x, 1), over the labels that the model itself expects. Of any
    other model it takes the probabilities, and the gradient as if it were one. Long vectors have long
    gradients. Of equal items the lower position comes first.

    Needs labels. Reads X once, keeps 24 bytes an item.
    """
    import numpy as np

    learner = understood(learner)
    if len(X) == 0 or n_instances == 0:
        return nothing()
    errors, lengths = np.empty(len(X)), np.empty(len(X))
    for rows, block, probs in predicted(learner, X):
        errors[rows] = _expected_error(probs)
        lengths[rows] = np.sqrt(np.einsum("ij,ij->i", block, block, dtype=np.float64) + 1)
    utilities = errors * lengths
    indices = top(utilities, n_instances)
    reasons = tuple(
        f"expected error {error:.2f} at a vector of length {length:.2f}"
        for error, length in zip(errors[indices], lengths[indices], strict=True)
    )
    return Chosen(indices, utilities[indices], np.ones(len(indices)), reasons)


def _expected_error(probs: np.ndarray) -> np.ndarray:
    """Σ_c p_c ‖p − e_c‖, (n_items,), with ‖p − e_c‖² = ‖p‖² − 2 p_c + 1."""
    import numpy as np

    squares = (probs**2).sum(axis=1, keepdims=True) - 2 * probs + 1
    return np.asarray((probs * np.sqrt(np.maximum(squares, 0))).sum(axis=1))
