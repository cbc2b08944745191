"""The cover that max_herding, u_herding and prob_cover share; and how all four of a kind read pools."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from learners import Learner, blobs
from modAL.models import ActiveLearner
from sklearn.linear_model import LogisticRegression

from labelwright.loop.query.blocks import Rows, Shards
from labelwright.loop.query.contract import checked
from labelwright.loop.query.herding import Cover, herd
from labelwright.loop.query.kernel import Kernel, covered_by, least_distance, unit
from labelwright.loop.query.max_herding import max_herding
from labelwright.loop.query.prob_cover import prob_cover
from labelwright.loop.query.typiclust import typiclust
from labelwright.loop.query.u_herding import u_herding

STRATEGIES = (max_herding, u_herding, typiclust, prob_cover)


@pytest.mark.parametrize("kernel", [Kernel(), Kernel("rbf", 0.8), Kernel("ball", 1.0)])
def test_gains_stay_exact_however_many_are_added(kernel: Kernel) -> None:
    """Candidates and reference differ, weights and a cover are given."""
    rng = np.random.default_rng(0)
    candidates = rng.normal(size=(60, 6)).astype(np.float32)
    reference = rng.normal(size=(90, 6)).astype(np.float32)
    weights = rng.random(90)
    covered = covered_by(unit(rng.normal(size=(2, 6)).astype(np.float32)), unit(reference), kernel)
    cover = Cover(candidates, reference, kernel, weights=weights, covered=covered)
    likeness = kernel(unit(candidates), unit(reference)).astype(float)
    level = covered.astype(float)
    for candidate in rng.permutation(60)[:40]:
        wanted = (np.maximum(likeness - level, 0) * weights).sum(axis=1)
        assert cover.gains == pytest.approx(wanted, abs=1e-4)
        assert cover.add(int(candidate)) == pytest.approx(wanted[candidate], abs=1e-4)
        level = np.maximum(level, likeness[candidate])
    assert cover.gains == pytest.approx(np.maximum(likeness - level, 0) @ weights, abs=1e-4)


def test_only_what_is_allowed_is_picked() -> None:
    X = np.random.default_rng(0).normal(size=(50, 4)).astype(np.float32)
    allowed = np.arange(50) % 5 == 0
    picks, gains = herd(X, X, 20, Kernel("rbf", 0.1), allowed=allowed)
    assert sorted(picks.tolist()) == list(range(0, 50, 5))
    assert (np.diff(gains) <= 1e-4).all()


def test_kernels_by_their_formulas() -> None:
    rng = np.random.default_rng(0)
    x, y = (unit(rng.normal(size=(n, 4)).astype(np.float32)) for n in (5, 7))
    distance = np.linalg.norm(x[:, None] - y, axis=2)
    assert Kernel()(x, y) == pytest.approx(np.maximum(x @ y.T, 0), abs=1e-6)
    assert Kernel("rbf", 0.7)(x, y) == pytest.approx(np.exp(-((distance / 0.7) ** 2)), abs=1e-5)
    assert (Kernel("ball", 1.2)(x, y) == (distance < 1.2)).all()
    assert unit(np.zeros((1, 3), np.float32)).tolist() == [[0, 0, 0]]
    assert least_distance(np.concatenate([x, x])) == pytest.approx(
        min(np.linalg.norm(x[i] - x[j]) for i in range(5) for j in range(i)), rel=1e-4
    )
    assert least_distance(np.concatenate([x[:1], x[:1]])) is None


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_whatever_holds_the_pool_the_choice_is_the_same(strategy, tmp_path: Path) -> None:
    X, labels = blobs(150)
    learner = Learner(X[:12], labels[:12], tuple("abcd"), np.full((138, 4), 0.25))
    learner.fit_again = lambda rows, seed: learner
    learner.predict_proba = lambda rows: np.full((len(rows), 4), 0.25)
    half = X[12:].astype(np.float16)
    np.save(tmp_path / "pool.npy", half)
    mapped = np.load(tmp_path / "pool.npy", mmap_mode="r")
    held = (
        half.astype(np.float32),
        half,
        mapped,
        Rows(np.concatenate([half, half]), np.arange(138) + 138),
        Shards([mapped[:50], mapped[50:51], mapped[51:]]),
    )
    first, *others = (checked(strategy(learner, X, 9, random_state=1), 138, 9) for X in held)
    for other in others:
        assert other.indices.tolist() == first.indices.tolist()
        assert other.utilities.tolist() == first.utilities.tolist()
        assert other.notes == first.notes


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_modal_learner_is_understood(strategy) -> None:
    X, labels = blobs(150)
    estimator = LogisticRegression().fit(X[:30], labels[:30])
    modal = ActiveLearner(estimator)  # given labels, it would fit, which fails today
    modal.X_training, modal.y_training = X[:30], labels[:30]
    chosen = checked(strategy(modal, X[30:], 6), 120, 6)
    ours = SimpleNamespace(X_training=X[:30], y_training=labels[:30], classes=tuple("abcd"))
    ours.fit_again = lambda rows, seed: LogisticRegression().fit(X[:30][rows], labels[:30][rows])
    assert chosen.indices.tolist() == strategy(ours, X[30:], 6).indices.tolist()
