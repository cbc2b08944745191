"""Several classes an item: the fit, its calibration, its thresholds and folds, against other ways to them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score

from labelwright.loop.errors import DataError
from labelwright.loop.learn.calibrate_several import calibration, sigmoid, thresholds
from labelwright.loop.learn.folds import balanced
from labelwright.loop.learn.independent import fit_independent
from labelwright.loop.learn.several import SeveralHead


def problem(n: int, k: int = 4, dim: int = 12, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """X (n, dim) and targets (n, k): classes from common to rare, two of them in common."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, dim))
    direction = np.random.default_rng(99).normal(size=(dim, k))
    direction[:, 1] = (direction[:, 0] + direction[:, 1]) / 2
    logits = 1.2 * X @ direction / np.sqrt(dim) * 2 - np.linspace(0, 3, k)
    return X, (rng.random((n, k)) < sigmoid(logits)).astype(float)


@pytest.mark.parametrize("n", [10, 60])
def test_each_class_is_scikit_learns_regression_with_an_item_of_the_prior(n: int) -> None:
    X, targets = problem(n, dim=20)
    weights = np.random.default_rng(1).uniform(0.5, 2, n)
    C, prior = np.array([0.3, 1.0, 3.0, 10.0]), np.array([0.5, 0.2, 0.1, 0.05])
    found = fit_independent(X, targets, weights, C, prior)
    middle = np.average(X, axis=0, weights=weights)
    rows = np.concatenate([X, middle[None], middle[None]])
    for c in range(4):
        peer = LogisticRegression(C=C[c], tol=1e-10, max_iter=5000)
        peer.fit(
            rows,
            np.append(targets[:, c], [1, 0]),
            sample_weight=np.append(weights, [prior[c], 1 - prior[c]]),
        )
        assert found.weight[c] == pytest.approx(peer.coef_[0], abs=1e-4)
        assert found.intercept[c] == pytest.approx(peer.intercept_[0], abs=1e-4)


def test_soft_targets_count_as_shares_of_both_answers() -> None:
    X, targets = problem(40)
    soft = 0.8 * targets + 0.1
    C, prior = np.full(4, 2.0), np.full(4, 0.2)
    twice = fit_independent(
        np.concatenate([X, X]),
        np.concatenate([np.ones_like(soft), np.zeros_like(soft)]),
        np.ones(80),
        C,
        prior,
    )
    found = fit_independent(X, soft, np.ones(40), C, prior)
    assert not np.allclose(found.weight, twice.weight)  # shares, not halves
    one = fit_independent(
        np.concatenate([X, X]),
        np.concatenate([np.ones((40, 1)), np.zeros((40, 1))]),
        np.concatenate([soft[:, 0], 1 - soft[:, 0]]),
        C[:1],
        prior[:1],
    )
    assert found.weight[0] == pytest.approx(one.weight[0], abs=1e-4)


def test_a_class_that_no_item_has_is_unlikely_and_one_that_all_have_is_not_certain() -> None:
    X, targets = problem(50)
    targets[:, 2], targets[:, 3] = 0, 1
    model = SeveralHead(0).fit(X, targets)
    probs = model.predict_proba(100 * X)
    assert np.isfinite(probs).all()
    assert model.predict_proba(X)[:, 2].max() < 0.05
    assert (model.predict_proba(X)[:, 2] > 0).all()
    assert 0.9 < model.predict_proba(X)[:, 3].min() < 1


def _penalised(
    logits: np.ndarray, targets: np.ndarray, weights: np.ndarray, spread: tuple[float, float]
) -> np.ndarray:
    def loss(v: np.ndarray) -> float:
        z = logits * np.exp(v[0]) + v[1]
        fitted = (weights * (np.logaddexp(0, z) - targets * z)).sum()
        return float(fitted + v[0] ** 2 / spread[0] ** 2 / 2 + v[1] ** 2 / spread[1] ** 2 / 2)

    options = {"xatol": 1e-9, "fatol": 1e-12, "maxiter": 4000}
    return np.asarray(minimize(loss, [0.0, 0.0], method="Nelder-Mead", options=options).x)


@given(st.integers(0, 10_000))
@settings(max_examples=15)
def test_calibration_is_the_penalised_optimum(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n, k = 40, 3
    logits = rng.normal(-1, 3, (n, k))
    targets = (rng.random((n, k)) < sigmoid(logits * rng.uniform(0.3, 1.5) + 0.5)).astype(float)
    weights = rng.uniform(0.5, 2, n)
    scale, shift = calibration(logits, targets, weights)
    common = np.exp(
        _penalised(logits.ravel(), targets.ravel(), np.repeat(weights, k), (1.0, 1e-6))[0]
    )
    for c in range(k):
        log_scale, moved = _penalised(logits[:, c] * common, targets[:, c], weights, (0.3, 0.5))
        assert scale[c] == pytest.approx(common * np.exp(log_scale), rel=1e-3)
        assert shift[c] == pytest.approx(moved, abs=1e-3)


def test_overconfident_classes_are_cooled_and_biased_ones_moved() -> None:
    rng = np.random.default_rng(3)
    truth = rng.normal(-1, 1.5, (4000, 2))
    targets = (rng.random((4000, 2)) < sigmoid(truth)).astype(float)
    scale, shift = calibration(truth * 3 + np.array([0.0, 1.5]), targets, np.ones(4000))
    assert scale == pytest.approx([1 / 3, 1 / 3], rel=0.15)
    assert shift == pytest.approx([0.0, -0.5], abs=0.15)


def test_thresholds_lie_between_the_best_of_all_decisions_and_of_the_class() -> None:
    rng = np.random.default_rng(5)
    logits = rng.normal([-3.0, 0.0, -5.0], 2, (300, 3))
    probs = sigmoid(logits)

    def best(p: np.ndarray) -> float:
        """The expected F1 of each cut, tried one by one; half of the greatest."""
        found = [
            2 * p[p >= t].sum() / ((p >= t).sum() + p.sum()) for t in np.unique(p)
        ]  # fmt: skip
        return max(found) / 2

    whole = best(probs.ravel())
    for c, t in enumerate(thresholds(logits)):
        own = best(probs[:, c])
        middle = np.log(own / (1 - own)) / 2 + np.log(whole / (1 - whole)) / 2
        assert t == pytest.approx(1 / (1 + np.exp(-middle)))
        assert min(own, whole) <= t <= max(own, whole)


@pytest.mark.parametrize("seed", range(3))
def test_thresholds_raise_macro_f1_over_one_half_and_probabilities_are_honest(seed: int) -> None:
    X, targets = problem(200, k=6, seed=seed)
    X_test, test = problem(3000, k=6, seed=100 + seed)
    model = SeveralHead(0).fit(X, targets)
    probs = model.predict_proba(X_test)
    given_ = f1_score(test, probs >= model.thresholds, average="macro", zero_division=0)
    half = f1_score(test, probs >= 0.5, average="macro", zero_division=0)
    assert given_ > half + 0.02
    assert np.abs(probs.mean(axis=0) - test.mean(axis=0)).max() < 0.12  # 200 labels: 0.033 a class


@given(
    st.integers(5, 60),
    st.integers(1, 6),
    st.integers(0, 1000),
)
def test_folds_share_every_class_and_all_items(n: int, k: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    targets = (rng.random((n, k)) < rng.uniform(0.02, 0.6, k)).astype(float)
    folds = balanced(targets, 5, seed)
    assert set(folds) <= set(range(5))
    assert (folds == balanced(targets, 5, seed)).all()
    counts = targets.sum(axis=0)
    if k == 1:  # one class is dealt out evenly
        per_fold = [targets[folds == f].sum() for f in range(5)]
        assert max(per_fold) - min(per_fold) <= 1
        sizes = np.bincount(folds, minlength=5)
        assert sizes.max() - sizes.min() <= 2
    rarest = np.where(counts > 0, counts, n + 1).argmin()
    per_fold = [targets[folds == f, rarest].sum() for f in range(5)]
    assert max(per_fold) - min(per_fold) <= 1


def test_a_model_comes_back_from_its_state_and_training_again_gives_the_same() -> None:
    X, targets = problem(80)
    learner = SeveralHead(4)
    model, again = learner.fit(X, targets), SeveralHead(4).fit(X, targets)
    back = learner.restore(model.state())
    assert (back.predict_proba(X) == model.predict_proba(X)).all()
    assert (back.thresholds == model.thresholds).all()
    assert all((model.state()[k] == again.state()[k]).all() for k in model.state())


def test_few_labels_stay_as_fitted_and_a_temperature_may_be_given() -> None:
    X, targets = problem(15)
    few = SeveralHead(0).fit(X, targets)
    assert (few.thresholds == 0.5).all()
    cool = SeveralHead(0).fit(X, targets, calibrate=2.0)
    assert cool.weight == pytest.approx(few.weight / 2)
    assert cool.intercept == pytest.approx(few.intercept / 2)


def test_what_cannot_be_learned_from_is_refused() -> None:
    X, targets = problem(15)
    with pytest.raises(DataError, match="no label"):
        SeveralHead(0).fit(X[:0], targets[:0])
    X[3, 2] = np.nan
    with pytest.raises(DataError, match="item 3"):
        SeveralHead(0).fit(X, targets)
    model = SeveralHead(0).fit(*problem(15))
    with pytest.raises(DataError, match="12 numbers"):
        model.predict_proba(np.zeros((2, 5)))


def test_one_threshold_for_all_where_that_is_asked() -> None:
    X, targets = problem(80)
    chosen, fixed = SeveralHead(0).fit(X, targets), SeveralHead(0, 0.5).fit(X, targets)
    assert (fixed.thresholds == 0.5).all()
    assert (fixed.predict_proba(X) == chosen.predict_proba(X)).all()
    assert not (chosen.thresholds == 0.5).all()
