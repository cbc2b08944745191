from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from labelwright.loop.learn.information import _information, fit_infomax, frequencies
from labelwright.loop.learn.logistic import fit_logistic


def _value(logits: list[list[float]], prior: list[float]) -> float:
    """mean H(p) + 2 · KL(π ‖ mean p), in plain loops."""
    probs = []
    for row in logits:
        whole = sum(math.exp(v) for v in row)
        probs.append([math.exp(v) / whole for v in row])
    entropy = sum(-p * math.log(p) for row in probs for p in row) / len(probs)
    mean = [sum(row[c] for row in probs) / len(probs) for c in range(len(prior))]
    divergence = sum(q * math.log(q / m) for q, m in zip(prior, mean, strict=True) if q > 0)
    return entropy + 2 * divergence


@pytest.mark.parametrize("seed", range(8))
def test_value_and_slope_are_those_of_the_formula(seed: int) -> None:
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=(7, 4))
    prior = rng.dirichlet(np.ones(4))
    if seed % 2:
        prior = np.array([0.5, 0.0, 0.3, 0.2])
    value, slope = _information(torch.tensor(logits), torch.tensor(prior))
    assert value == pytest.approx(_value(logits.tolist(), prior.tolist()), abs=1e-9)
    for row, c in ((0, 0), (3, 2), (6, 1)):
        step = np.zeros_like(logits)
        step[row, c] = 1e-5
        up, down = (_value((logits + s * step).tolist(), prior.tolist()) for s in (1, -1))
        assert float(slope[row, c]) == pytest.approx((up - down) / 2e-5, abs=1e-6)


def test_of_no_strength_it_is_the_logistic_regression() -> None:
    rng = np.random.default_rng(0)
    for n_classes in (2, 3):
        X, U = rng.normal(size=(40, 5)), rng.normal(size=(60, 5))
        targets = np.eye(n_classes)[np.arange(40) % n_classes]
        found = fit_infomax(X, targets, U, 10.0, strength=0)
        wanted = fit_logistic(X, targets, np.ones(40), 10.0)
        own, theirs = found.logits(U), wanted.logits(U)
        np.testing.assert_allclose(
            own - own.mean(1, keepdims=True), theirs - theirs.mean(1, keepdims=True), atol=0.02
        )


def _moons(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Two clouds parted along the second of ten directions; the labels' chance tilt misleads."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 2
    X = rng.normal(size=(n, 10))
    X[:, 1] += np.where(y == 0, -2.5, 2.5)
    return X / np.sqrt((X**2).sum(1).mean()), y


def test_it_parts_the_unlabelled_items_where_they_part() -> None:
    gains = []
    for seed in range(5):
        X, y = _moons(400, seed)
        targets = np.eye(2)[y[:6]]
        plain = fit_logistic(X[:6], targets, np.ones(6), 50.0).logits(X[200:]).argmax(1)
        sure = fit_infomax(X[:6], targets, X[6:200], 50.0).logits(X[200:]).argmax(1)
        gains.append((sure == y[200:]).mean() - (plain == y[200:]).mean())
        assert (sure == y[200:]).mean() > 0.95
    assert min(gains) > 0


def test_the_classes_stay_as_frequent_as_the_labels_say() -> None:
    rng = np.random.default_rng(1)
    X = rng.normal(size=(300, 8))  # nothing to be found: certainty alone would fall to one class
    targets = np.eye(2)[np.r_[np.zeros(15, int), np.ones(5, int)]]
    found = fit_infomax(X[:20], targets, X[20:], 5.0).logits(X[20:]).argmax(1)
    share = frequencies(np.array([15.0, 5.0]))[1]
    assert found.mean() == pytest.approx(share, abs=0.08)


def _likelihood(counts: list[int], added: float) -> float:
    """log P(counts) under a symmetric Dirichlet, one label after the other (Pólya's urn)."""
    total, drawn = 0.0, 0
    for count in counts:
        for already in range(count):
            total += math.log((already + added) / (drawn + len(counts) * added))
            drawn += 1
    return total


@pytest.mark.parametrize("counts", [[17, 3], [9, 11], [30, 4, 2], [5, 4, 6, 5], [40, 1]])
def test_as_many_labels_are_added_as_make_the_counts_likeliest(counts: list[int]) -> None:
    grid = np.geomspace(2, 50, 400)
    best = grid[int(np.argmax([_likelihood(counts, a) for a in grid]))]
    wanted = [(c + best) / (sum(counts) + len(counts) * best) for c in counts]
    found = frequencies(np.array([*counts, 0.0]))
    assert found[:-1].tolist() == pytest.approx(wanted, abs=0.01)
    assert found[-1] == 0
