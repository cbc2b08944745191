from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from learners import Learner, blobs, trained
from oracles import u_herding as oracle
from planted import planted
from pools import Pool, pools

from labelwright.loop.errors import StrategyError
from labelwright.loop.learn.calibrate import softmax
from labelwright.loop.query.contract import checked
from labelwright.loop.query.margin import margin
from labelwright.loop.query.max_herding import max_herding
from labelwright.loop.query.u_herding import best_temperature, u_herding, uncertainty


@dataclass
class _Linear:
    """Softmax of a matrix: what every model of `_learner` is, so that the oracle can be it too."""

    weight: np.ndarray

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        return softmax(np.asarray(X, float) @ self.weight)


class _Linears(Learner):
    def fit_again(self, rows: np.ndarray, seed: int) -> _Linear:
        self.fits.append(rows)
        return _model(self.X_training.shape[1], len(self.classes), len(rows))


def _model(dim: int, n_classes: int, seed: int) -> _Linear:
    return _Linear(np.random.default_rng(seed).normal(size=(dim, n_classes)))


def _learner(pool: Pool) -> _Linears:
    return _Linears(pool.X_training, pool.y_training, pool.classes)


def _agrees(choose, pool: Pool) -> bool:
    learner = _learner(pool)
    chosen = checked(
        choose(learner, pool.X, pool.n_instances, random_state=pool.seed),
        len(pool.X),
        pool.n_instances,
    )
    heat = 1.0
    if len(learner.fits) == 2:  # of all labels, then of those not held out
        held = np.setdiff1d(np.arange(len(pool.y_training)), learner.fits[1])
        assert len(held) == int(0.3 * len(pool.y_training))
        model = _model(pool.X.shape[1], pool.n_classes, len(learner.fits[1]))
        heat = oracle.temperature(
            model.predict_proba(pool.X_training[held]).tolist(), pool.y_training[held].tolist()
        )
    assert len(learner.fits[0]) == len(pool.y_training)
    probs = _model(pool.X.shape[1], pool.n_classes, len(pool.y_training)).predict_proba(pool.X)
    picks, gains = oracle.u_herding(pool.X, pool.X_training, probs, pool.n_instances, heat)
    assert chosen.notes[-1].startswith(f"u_herding: temperature {heat:.1f}, radius")
    same = chosen.indices[: len(picks)].tolist() == picks
    # float32 knows squared distances to 2e-7, and the least radius squared is 1.5e-5.
    return same and np.allclose(chosen.utilities[: len(picks)], gains, rtol=0.01, atol=1e-5)


def test_it_is_the_oracles_on_every_pool() -> None:
    for pool in pools():
        assert _agrees(u_herding, pool), pool.seed


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("1 - (best[:, -1] - second)", "best[:, -1] - second"),
        ("best[:, -2] if", "best[:, 0] if"),
        ("predict_proba(learner.X_training[held])", "predict_proba(learner.X_training[kept])"),
    ],
)
def test_the_oracle_notices_a_fault(old: str, new: str) -> None:
    faulty = planted("u_herding", old, new).u_herding

    def agrees(pool: Pool) -> bool:
        try:
            return _agrees(faulty, pool)
        except (AssertionError, ValueError):
            return False

    assert not all(agrees(pool) for pool in pools(20))


def test_without_labels_it_is_max_herding() -> None:
    for pool in pools(20):
        learner = Learner(pool.X_training[:0], pool.y_training[:0], pool.classes)
        ours = u_herding(learner, pool.X, pool.n_instances, random_state=3)
        theirs = max_herding(learner, pool.X, pool.n_instances, random_state=3)
        assert ours.indices.tolist() == theirs.indices.tolist()
        assert ours.utilities.tolist() == theirs.utilities.tolist()


def _told(n: int) -> tuple[Learner, np.ndarray]:
    """Items far apart, and a learner that is told what to say of them."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n + 9, 32)).astype(np.float32)
    probs = rng.dirichlet(np.ones(4), size=n)
    return Learner(X[n:], np.arange(9) % 4, ("w", "x", "y", "z"), probs), X[:n]


def test_within_a_tiny_radius_it_is_margin_sampling() -> None:
    learner, X = _told(300)
    ours = u_herding(learner, X, 20, kernel="rbf", sigma=0.1, temperature=1.0)
    assert ours.indices.tolist() == margin(learner, X, 20).indices.tolist()


def test_hot_it_is_max_herding() -> None:
    learner, X = _told(300)
    ours = u_herding(learner, X, 20, kernel="rbf", sigma=0.5, temperature=1e9)
    assert ours.indices.tolist() == (
        max_herding(learner, X, 20, kernel="rbf", sigma=0.5).indices.tolist()
    )


def test_a_model_too_sure_of_itself_is_smoothed_until_it_is_right() -> None:
    """Confidence 0.7 where 70% are right, written as 0.7 to the fourth."""
    rng = np.random.default_rng(0)
    true = np.tile([0.7, 0.2, 0.1], (4000, 1))
    labels = np.array([rng.choice(3, p=row) for row in true])
    cold = true**4 / (true**4).sum(axis=1, keepdims=True)
    assert best_temperature(cold, labels) == pytest.approx(4, abs=0.4)
    assert uncertainty(cold, 4.0) == pytest.approx(0.5)


def test_one_label_or_one_class_is_enough() -> None:
    X, _ = blobs(60)
    for learner in (Learner(X[:1], np.zeros(1, int), ("a", "b")),
                    Learner(X[:9], np.zeros(9, int), ("a", "b"))):  # fmt: skip
        chosen = checked(u_herding(learner, X[9:], 5), 51, 5)
        assert len(chosen.indices) == 5
        assert "temperature 1.0" in chosen.notes[-1]
    only = Learner(X[:9], np.zeros(9, int), ("a",))
    assert len(checked(u_herding(only, X[9:], 5), 51, 5).indices) == 5


def test_edges() -> None:
    X, _ = blobs(60)
    assert len(u_herding(trained(), X[:0], 3).indices) == 0
    assert len(u_herding(trained(), X, 0).indices) == 0
    assert len(checked(u_herding(trained(), X, 90), 60, 90).indices) == 60
    with pytest.raises(StrategyError, match="temperature of 0"):
        u_herding(trained(), X, 3, temperature=0)
    broken = Learner(X[:3], np.arange(3), ("a", "b", "c"), np.full((60, 3), np.nan))
    with pytest.raises(StrategyError, match="not finite"):
        u_herding(broken, X, 3, temperature=1)
