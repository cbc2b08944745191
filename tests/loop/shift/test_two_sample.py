"""Telling two samples apart: brute force, planted differences, and none where there is none."""

from __future__ import annotations

import numpy as np
import pytest

from labelwright.loop.shift.two_sample import _aucs, _p, _solved, two_sample


def test_the_area_is_that_of_all_pairs_within_folds() -> None:
    rng = np.random.default_rng(0)
    seen = rng.normal(size=(60, 5)).astype(np.float32)
    second = np.arange(60) < 25
    fold = rng.permutation(np.arange(60) % 3)
    solved = [_solved(seen, fold == f, 25) for f in range(3)]
    wins = pairs = 0.0
    for f in range(3):
        held = fold == f
        rest, y = seen[~held], second[~held].astype(float)
        scores = seen[held] @ (solved[f].solve @ (y - y.mean()))
        ones, others = scores[second[held]], scores[~second[held]]
        wins += sum(a > b for a in ones for b in others)
        pairs += len(ones) * len(others)
        assert len(rest) == 40
    assert _aucs(second[:, None], fold, solved)[0] == pytest.approx(wins / pairs)


def test_the_solution_is_that_of_ridge_regression() -> None:
    rng = np.random.default_rng(1)
    seen = rng.normal(size=(50, 4)).astype(np.float32)
    held = np.arange(50) < 10
    solved = _solved(seen, held, 20)
    rest = seen[~held] - seen[~held].mean(axis=0)
    hat = rest @ solved.solve
    assert np.trace(hat) == pytest.approx(min(20 / 10, 4 / 2), rel=1e-3)
    values = np.linalg.eigvalsh(hat)
    assert values.min() > -1e-5
    assert values.max() < 1


def test_a_p_value_by_permutations_that_end_early() -> None:
    assert _p(np.zeros(99, bool)) == pytest.approx(0.01)
    assert _p(np.array([True] + [False] * 98)) == pytest.approx(0.02)
    early = np.array([True] * 10 + [False] * 40)
    assert _p(early) == 1.0
    assert _p(np.array([False, True] * 25)) == pytest.approx(0.5)


@pytest.mark.parametrize("kind", ["mean", "spread", "shape"])
def test_planted_differences_are_found(kind: str) -> None:
    rng = np.random.default_rng(3)
    X, Y = rng.normal(size=(300, 12)), rng.normal(size=(200, 12))
    if kind == "mean":
        Y[:, 0] += 1
    elif kind == "spread":
        Y *= 1.6
    else:  # each coordinate for itself as before, two of them hand in hand
        X, Y = X[:, :3], Y[:, :3]
        Y[:, 1] = np.sign(Y[:, 0]) * np.abs(Y[:, 1])
    found = two_sample(X, Y, 0, 99)
    assert found.p == 0.01
    assert found.low > 0.52
    assert two_sample(X, Y, 0, 99) == found


def test_too_few_are_no_test() -> None:
    with pytest.raises(ValueError, match="fewer"):
        two_sample(np.zeros((19, 3)), np.zeros((50, 3)), 0)


def test_vectors_that_are_all_the_same_tell_nothing() -> None:
    found = two_sample(np.ones((30, 3)), np.ones((40, 3)), 0, 99)
    assert found.p > 0.05


def _alarms(seeds: range) -> np.ndarray:
    found = []
    for seed in seeds:
        Z = np.random.default_rng(seed).normal(size=(90, 6)) ** 3
        found.append(two_sample(Z[:50], Z[50:], seed, 99).p)
    return np.array(found)


def test_there_are_few_false_alarms() -> None:
    p = _alarms(range(15))
    assert (p <= 0.05).sum() <= 3  # more of 15 at 5% have a chance of 1 in 180
    assert 0.25 < p.mean() < 0.75


@pytest.mark.slow
def test_false_alarms_over_200_seeds_are_near_the_level() -> None:
    p = _alarms(range(1_000, 1_200))
    assert (p <= 0.05).sum() <= 18
    assert (p <= 0.01).sum() <= 7
