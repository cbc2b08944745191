"""A learner that draws its own models, for the strategies that take an ensemble."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from learners import Learner
from pools import Pool


@dataclass
class Sampler(Learner):
    """Draws linear models around zero; the same seed draws the same ones for any X."""

    def predict_samples(self, X: np.ndarray, n: int, seed: int) -> np.ndarray:
        rng = np.random.default_rng(seed)
        weights = rng.normal(size=(n, X.shape[1], len(self.classes))) / 3
        logits = np.einsum("id,kdc->kic", np.asarray(X, dtype=np.float64), weights)
        # Summed in one order for every row: equal rows get equal probabilities.
        raised = np.exp(logits - logits.max(axis=2, keepdims=True))
        return raised / raised.sum(axis=2, keepdims=True)


def sampler(pool: Pool) -> Sampler:
    """The pool's learner, with models of its own."""
    return Sampler(pool.X_training, pool.y_training, pool.classes)


def opinions(pool: Pool, size: int, seed: int) -> list[list[list[float]]]:
    """What `size` models say of the pool, [model][item][class], as a strategy reads it (float32)."""
    drawn = sampler(pool).predict_samples(pool.X, size, seed)
    return drawn.astype(np.float32).astype(float).tolist()
