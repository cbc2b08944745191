from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from labelwright.loop.learn.calibrate import softmax
from labelwright.loop.learn.logistic import fit_logistic


def _data(n: int, dim: int, n_classes: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % n_classes
    centres = rng.normal(size=(n_classes, dim))
    return (centres[labels] + rng.normal(size=(n, dim)) * 2 + 3).astype(np.float32), labels


@pytest.mark.parametrize(
    ("n", "dim", "n_classes", "C"),
    [(60, 8, 3, 5.0), (40, 100, 4, 300.0), (50, 6, 2, 10.0), (30, 60, 2, 0.1), (200, 20, 10, 50.0)],
)
def test_it_is_scikit_learns(n: int, dim: int, n_classes: int, C: float) -> None:
    X, labels = _data(n, dim, n_classes, seed=n)
    weights = np.random.default_rng(1).uniform(0.2, 2, size=n)
    ours = fit_logistic(X, np.eye(n_classes)[labels], weights, C)
    theirs = LogisticRegression(C=C, tol=1e-10, max_iter=20_000)
    theirs.fit(X.astype(np.float64), labels, sample_weight=weights)
    fresh = _data(200, dim, n_classes, seed=n + 1)[0]
    expected = theirs.predict_proba(fresh.astype(np.float64))
    assert softmax(ours.logits(fresh)) == pytest.approx(expected, abs=1e-3)


def test_soft_targets_are_repeated_rows_with_weights() -> None:
    X, _ = _data(30, 5, 3, seed=3)
    soft = np.random.default_rng(0).dirichlet(np.ones(3), size=30)
    once = fit_logistic(X, soft, np.ones(30), 7.0)
    hard = np.tile(np.eye(3), (30, 1))
    repeated = fit_logistic(np.repeat(X, 3, axis=0), hard, soft.ravel(), 7.0)
    assert once.logits(X) == pytest.approx(repeated.logits(X), abs=1e-4)


def test_the_gradient_vanishes() -> None:
    X, labels = _data(40, 100, 4, seed=5)
    targets, C = np.eye(4)[labels], 20.0
    linear = fit_logistic(X, targets, np.ones(40), C)
    residual = softmax(linear.logits(X)) - targets
    assert np.abs(C * residual.T @ X + linear.weight).max() < 1e-2
    assert np.abs(residual.sum(axis=0)).max() < 1e-5
