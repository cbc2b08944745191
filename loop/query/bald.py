"""BALD: what an answer would tell of which model is right.

Houlsby, Huszár, Ghahramani & Lengyel 2011, "Bayesian Active Learning for Classification and
Preference Learning"; Gal, Islam & Ghahramani 2017, "Deep Bayesian Active Learning with Image Data".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from labelwright.loop.ports import Chosen
from labelwright.loop.query.blocks import take
from labelwright.loop.query.contract import nothing, top
from labelwright.loop.query.ensemble import Ensemble, ensemble_of, entropy_of, votes
from labelwright.loop.query.modal import understood

if TYPE_CHECKING:
    import numpy as np

    from labelwright.loop.ports import QueryLearner


def bald(
    learner: QueryLearner,
    X: np.ndarray,
    n_instances: int,
    *,
    random_state: int = 0,
    size: int = 10,
) -> Chosen:
    """The items on which `size` models, each sure of itself, disagree most.

    Utility: the mutual information of the answer and the model, H(mean of p) − mean of H(p), in nats,
    over models from `ensemble.ensemble_of`; between 0 and log(size). It is blind to doubt that all
    models share, and chooses items one by one: equal ones are chosen together (see batch_bald).
    Reads X once and keeps 8 bytes an item; costs `size` trainings and `size` predictions of X.
    Raises StrategyError without labels, or for a size below 2.
    """
    import numpy as np

    learner = understood(learner)
    if len(X) == 0 or n_instances == 0:
        return nothing()
    models = ensemble_of(learner, size, random_state)
    utilities = disagreement(models, X)
    indices = top(utilities, n_instances)
    said = votes(models(take(X, indices)), models.classes)
    reasons = tuple(
        f"BALD {value:.2f}: {text}" for value, text in zip(utilities[indices], said, strict=True)
    )
    return Chosen(indices, utilities[indices], np.ones(len(indices)), reasons)


def disagreement(models: Ensemble, X: np.ndarray) -> np.ndarray:
    """BALD of every row, (n,) float64, in nats."""
    import numpy as np

    found = np.empty(len(X))
    for start, probs in models.over(X):
        found[start : start + probs.shape[1]] = mutual_information(probs)
    return found


def mutual_information(probs: np.ndarray) -> np.ndarray:
    """H(mean of p) − mean of H(p) over the models: (size, n, n_classes) -> (n,), at least 0."""
    import numpy as np

    mean = probs.mean(axis=0, dtype=np.float64)
    return np.asarray(np.maximum(entropy_of(mean) - entropy_of(probs).mean(axis=0), 0))
