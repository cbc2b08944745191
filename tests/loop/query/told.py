"""A learner that is told what to say of each row, and pools as strategies may meet them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from pools import Pool, pools

from labelwright.loop.errors import StrategyError
from labelwright.loop.query.blocks import Rows, Shards


@dataclass
class Told:
    """Says the same of the same row, whatever else it is asked with."""

    answers: dict[bytes, Any]
    X_training: np.ndarray
    y_training: np.ndarray
    classes: tuple[str, ...]

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        return np.stack([self.answers[row.tobytes()] for row in X])

    def fit_again(self, rows: np.ndarray, seed: int) -> Any:
        raise NotImplementedError


def telling(pool: Pool, answers: Any, with_labels: bool = True) -> Told:
    """answers: one for each row of the pool; equal rows have equal ones."""
    told = {row.tobytes(): answer for row, answer in zip(pool.X, answers, strict=True)}
    n = None if with_labels else 0
    return Told(told, pool.X_training[:n], pool.y_training[:n], pool.classes)


def softmaxed(pool: Pool) -> np.ndarray:
    """(n_pool, n_classes): what some linear model says of the rows."""
    weights = np.random.default_rng(pool.seed).normal(size=(pool.X.shape[1], pool.n_classes))
    logits = np.stack([(row[:, None] * weights).sum(axis=0) for row in pool.X.astype(float)])
    shares = np.exp(logits - logits.max(axis=1, keepdims=True))
    return shares / shares.sum(axis=1, keepdims=True)


def stored(pool: Pool) -> Any:
    """The pool's vectors as an array, as rows of a larger matrix, or in two parts."""
    X = pool.X
    if pool.seed % 3 == 0:
        return X
    if pool.seed % 3 == 1:
        rows = np.random.default_rng(pool.seed).permutation(3 * len(X))[: len(X)]
        matrix = np.full((3 * len(X), X.shape[1]), np.nan, dtype=np.float32)
        matrix[rows] = X
        return Rows(matrix, rows)
    return Shards([X[:3], X[3:]])


def as_good(indices: np.ndarray, utilities: list[float], n: int, tolerance: float = 0) -> bool:
    """Whether the items' utilities, by an oracle, are the n greatest there are, in that order."""
    greatest = sorted(utilities, reverse=True)[:n]
    got = [utilities[i] for i in indices]
    return len(got) == len(greatest) and bool(np.allclose(got, greatest, rtol=0, atol=tolerance))


def differing(right: Callable[[Pool], bool]) -> list[int]:
    """Seeds of the pools where a strategy does not do what its oracle says, or breaks."""
    return [pool.seed for pool in pools() if not _holds(right, pool)]


def _holds(right: Callable[[Pool], bool], pool: Pool) -> bool:
    try:
        return right(pool)
    except (StrategyError, IndexError):
        return False
