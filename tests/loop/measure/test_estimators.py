"""Estimators against enumeration of every sample that could have been drawn, and against ppi-python."""

from __future__ import annotations

from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labelwright.loop.measure import designs
from labelwright.loop.measure.estimators import (
    adjusted,
    label_weights,
    stage_weights,
)

Y = np.array([1.0, 0, 1, 1, 0, 1, 1])
F = np.array([0.9, 0.2, 0.7, 0.8, 0.6, 0.95, 0.4])
N = len(Y)


def difference(y: np.ndarray, f: np.ndarray, weights: np.ndarray) -> float:
    """Särndal's: the mean of what is expected of all items, and what labels correct."""
    return float(F.mean() + (weights * (y - f)).sum() / N)


def systematic_samples(q: np.ndarray) -> list[tuple[np.ndarray, float]]:
    """(rows, probability) of every systematic sample."""
    ends = np.sort(np.unique(np.concatenate([[0.0, 1.0], np.cumsum(q) % 1])))
    found = []
    for a, b in pairwise(ends):
        if b - a > 1e-9:
            found.append((np.flatnonzero(designs.systematic(q, (a + b) / 2)), b - a))
    return found


def test_one_active_stage_is_unbiased_over_all_samples() -> None:
    q = designs.active(designs.doubt(F), 3)
    found = total = 0.0
    for rows, chance in systematic_samples(q):
        v, _ = label_weights(np.zeros(len(rows), dtype=int), q[rows], stage_weights([N], [3]))
        found += chance * difference(Y[rows], F[rows], v)
        total += chance
    assert total == pytest.approx(1)
    assert found == pytest.approx(Y.mean())


def test_stages_are_unbiased_whatever_the_labels_of_the_pilot_decide() -> None:
    """The second stage is active, stratified or uniform by what the pilot's labels are."""
    expectation = 0.0
    pilots = list(combinations(range(N), 2))
    for first in pilots:
        rest = np.array([i for i in range(N) if i not in first])
        wrong = 2 - Y[list(first)].sum()
        design = ("uniform", "active", "stratified")[int(wrong)]
        q2 = designs.propensities_of(design, designs.doubt(F[rest]), 3)
        w = stage_weights([N, N - 2], [2, 3])
        for second, chance in systematic_samples(q2):
            rows = np.concatenate([first, rest[second]])
            stage = np.array([0, 0, 1, 1, 1])
            q = np.concatenate([[2 / N, 2 / N], q2[second]])
            v, _ = label_weights(stage, q, w)
            expectation += chance / len(pilots) * difference(Y[rows], F[rows], v)
    assert expectation == pytest.approx(Y.mean())


def test_the_variance_of_a_uniform_stage_is_the_textbooks() -> None:
    """On average over all samples it is the variance that the estimate has, the pool being finite."""
    found, truth = [], []
    for rows in combinations(range(N), 4):
        pick = list(rows)
        v, s = label_weights(np.zeros(4, dtype=int), np.full(4, 4 / N), stage_weights([N], [4]))
        mean = float(np.average(Y[pick], weights=v))
        found.append(adjusted(Y[pick] - mean, None, v, s, 0.0, N).variance)
        truth.append((mean - Y.mean()) ** 2)
    assert np.mean(found) == pytest.approx(np.mean(truth))


@given(st.lists(st.integers(1, 9), min_size=1, max_size=5))
@settings(max_examples=30)
def test_uniform_stages_come_to_the_plain_mean(drawn: list[int]) -> None:
    frames, left = [], 60
    for m in drawn:
        frames.append(left)
        left -= m
    w = stage_weights(frames, drawn)
    assert w.sum() == pytest.approx(1)
    stage = np.repeat(np.arange(len(drawn)), drawn)
    q = np.array([m / R for m, R in zip(drawn, frames, strict=True)])[stage]
    v, _ = label_weights(stage, q, w)
    assert v == pytest.approx(np.full(len(v), 60 / sum(drawn)))


def test_a_stage_that_has_the_whole_frame_leaves_nothing_open() -> None:
    w = stage_weights([7, 4], [3, 4])
    v, s = label_weights(np.array([0, 0, 0, 1, 1, 1, 1]), np.array([3 / 7] * 3 + [1.0] * 4), w)
    assert v == pytest.approx(np.ones(7))
    assert s == pytest.approx(np.zeros(7))


@pytest.mark.slow  # the library takes long to import
def test_ppi_agrees_with_ppi_python() -> None:
    oracle = pytest.importorskip("ppi_py")
    rng = np.random.default_rng(0)
    f = rng.beta(5, 1, 2000)
    y = (rng.random(2000) < f).astype(float)
    n = 300
    v, s = label_weights(
        np.zeros(n, dtype=int), np.full(n, n / len(f)), stage_weights([len(f)], [n])
    )
    found = adjusted(y[:n] - y[:n].mean(), f[:n], v, s, float(f.mean()), len(f))
    estimate, variance, lam = y[:n].mean() + found.shift, found.variance, found.lam
    # Its second sample are the other items: the mean over all is a mixture of both.
    theirs = oracle.ppi_mean_pointestimate(y[:n], f[:n], f[n:], lam=lam * (1 - n / len(f)))
    assert estimate == pytest.approx(float(np.squeeze(theirs)), abs=1e-9)
    tuned = oracle.ppi_mean_pointestimate(y[:n], f[:n], f[n:], lam=None)
    sd = np.sqrt(variance)
    assert estimate == pytest.approx(float(np.squeeze(tuned)), abs=0.2 * sd)
    low, high = oracle.ppi_mean_ci(y[:n], f[:n], f[n:], alpha=0.05, lam=lam * (1 - n / len(f)))
    width = float(np.squeeze(high) - np.squeeze(low))
    # Theirs is for the population behind the items; ours for these items, of which 15% are known.
    known = y[n:].var() / (len(f))
    assert np.sqrt(variance + known) * 2 * 1.96 == pytest.approx(width, rel=0.05)


@given(
    st.lists(
        st.tuples(st.booleans(), st.floats(0.01, 0.99), st.floats(0.05, 1)),
        min_size=10,
        max_size=40,
    )
)
@settings(max_examples=30)
def test_expectations_never_widen_but_for_the_label_they_cost(
    drawn: list[tuple[bool, float, float]],
) -> None:
    right, f, q = (np.array(column, dtype=float) for column in zip(*drawn, strict=True))
    n = len(right)
    v, s = 1 / q, (1 - q) / q**2
    centred = right - np.average(right, weights=v)
    plain = adjusted(centred, None, v, s, 0.0, 100)
    with_them = adjusted(centred, f, v, s, 0.8, 100)
    assert 0 <= with_them.lam <= 1
    assert with_them.variance <= plain.variance * (n - 1) / (n - 2) * (1 + 1e-9)
    if with_them.lam == 0:
        assert with_them.shift == 0
