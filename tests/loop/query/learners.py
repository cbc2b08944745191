"""A learner as strategies see it, for tests."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from labelwright.loop.errors import StrategyError
from labelwright.loop.learn.head import head
from labelwright.loop.ports import Model


@dataclass
class Learner:
    """Trains heads on its labels; `probs`, where given, are its answer for any X."""

    X_training: np.ndarray
    y_training: np.ndarray
    classes: tuple[str, ...]
    probs: np.ndarray | None = None
    fits: list[np.ndarray] = field(default_factory=list)

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        if self.probs is not None:
            assert len(X) == len(self.probs)
            return self.probs
        if len(self.y_training) == 0:
            raise StrategyError("margin needs labels")
        return self.fit_again(np.arange(len(self.y_training)), 0).predict_proba(X)

    def fit_again(self, rows: np.ndarray, seed: int) -> Model:
        self.fits.append(rows)
        targets = np.eye(len(self.classes))[self.y_training[rows]]
        return head(random_state=seed).fit(self.X_training[rows], targets, calibrate=False)


def saying(probs: np.ndarray) -> Learner:
    """A learner that answers `probs`."""
    classes = tuple("abcdefgh"[: probs.shape[1]])
    return Learner(np.zeros((0, 2), np.float32), np.zeros(0, int), classes, probs)


def blobs(n: int, n_classes: int = 4, dim: int = 8, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Points around well separated centres, and which centre."""
    centres = np.random.default_rng(99).normal(size=(n_classes, dim)) * 6
    rng = np.random.default_rng(seed)
    labels = rng.integers(n_classes, size=n)
    return (centres[labels] + rng.normal(size=(n, dim))).astype(np.float32), labels


def trained(n: int = 30) -> Learner:
    """A learner with labels."""
    X, labels = blobs(n, seed=5)
    return Learner(X, labels, ("w", "x", "y", "z"))
