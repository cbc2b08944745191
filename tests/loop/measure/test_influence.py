"""Bounds of averages: the gradient by differences, monotone in confidence, exact where they should be."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from labelwright.loop.measure import influence, metrics
from labelwright.loop.measure.calibration import deviation, ece_bounds
from labelwright.loop.measure.evidence import Evidence
from labelwright.loop.measure.intervals import lower_bound, upper_bound

NAMES = sorted(metrics.AVERAGES)
tables = st.integers(2, 5).flatmap(
    lambda k: arrays(np.int64, (k, k), elements=st.integers(0, 9)).filter(lambda c: c.sum() > 1)
)


def seen(c: np.ndarray) -> Evidence:
    k = len(c)
    true, said = (np.repeat(i, c.ravel()) for i in np.unravel_index(np.arange(k * k), (k, k)))
    return Evidence(true, np.eye(k)[said], tuple("abcdefgh"[:k]))


@pytest.mark.parametrize("name", NAMES)
def test_gradient_is_that_of_differences(name: str) -> None:
    rng = np.random.default_rng(3)
    t = rng.integers(2, 20, (4, 3)).astype(float)
    step = 1e-5
    for index in np.ndindex(t.shape):
        up, down = t.copy(), t.copy()
        up[index] += step
        down[index] -= step
        slope = (metrics.OF_COUNTS[name](up) - metrics.OF_COUNTS[name](down)) / (2 * step)
        assert influence.gradient(name, t)[index] == pytest.approx(float(slope), abs=1e-7)


@given(tables, st.sampled_from(NAMES))
def test_bounds_hold_the_estimate_and_widen_with_confidence(c: np.ndarray, name: str) -> None:
    figure = seen(c).average(name)
    if figure.estimate is None:
        return
    ends = [(figure.lower(q), figure.upper(q)) for q in (0.6, 0.9, 0.975, 0.9999)]
    for low, high in ends:
        assert low is not None
        assert high is not None
        assert 0 <= low <= figure.estimate + 1e-12
        assert figure.estimate - 1e-12 <= high <= 1
    lows, highs = zip(*ends, strict=True)
    assert all(a >= b - 1e-9 for a, b in pairwise(lows))
    assert all(a <= b + 1e-9 for a, b in pairwise(highs))


@pytest.mark.parametrize("n", [20, 60, 300])
def test_all_right_in_even_classes_is_about_clopper_and_pearson(n: int) -> None:
    figure = seen(np.diag([n // 4] * 4)).average("macro_recall")
    assert figure.lower(0.975) == pytest.approx(lower_bound(n, n, 0.975), abs=0.012)


def test_a_class_that_no_item_speaks_of_leaves_room_for_both_ends() -> None:
    c = np.zeros((4, 4), dtype=np.int64)
    c[:3, :3] = np.diag([50] * 3)
    figure = seen(c).average("macro_f1")
    assert figure.estimate == 1.0
    low, high = figure.lower(0.95), figure.upper(0.95)
    assert low is not None
    assert low < 0.75
    assert high == 1.0


@pytest.mark.parametrize("name", ["macro_f1", "macro_recall", "weighted_f1"])
@pytest.mark.parametrize("n", [40, 200])
def test_intervals_cover(name: str, n: int) -> None:
    rng = np.random.default_rng(n)
    shares = np.diag([0.45, 0.25, 0.12, 0.04]) + np.full((4, 4), 0.14 / 16)
    truth = float(metrics.OF_COUNTS[name](metrics.counts(shares)))
    cells = rng.multinomial(n, shares.ravel(), size=200).reshape(-1, 4, 4)
    held = 0
    for c in cells:
        figure = seen(c).average(name)
        low, high = figure.lower(0.975), figure.upper(0.975)
        assert low is not None
        assert high is not None
        held += low <= truth <= high
    assert held / 200 >= 0.91  # .95 less nearly three standard errors


@given(st.integers(0, 60), st.floats(0.6, 0.9999))
def test_deviation_of_a_count_is_the_exact_poisson_bound(count: int, confidence: float) -> None:
    from scipy import stats

    exact = stats.gamma.ppf(confidence, count + 1)
    assert float(deviation(count, 1, confidence)) == pytest.approx(exact - count)


def test_calibration_error_covers_where_the_truth_is_none() -> None:
    rng = np.random.default_rng(2)
    n, held = 60, 0
    for _ in range(300):
        c = rng.beta(8, 1.5, n)
        right = rng.random(n) < c
        gaps = metrics.bin_of(c) * (right - c)[:, None]
        low, high = ece_bounds(gaps, float(metrics.ece(right, c, np.ones(n))), 0.975)
        held += low <= 0 <= high  # calibrated: the truth is 0
    assert held / 300 >= 0.95


def test_calibration_error_of_all_right_leaves_room() -> None:
    gaps = metrics.bin_of(np.full(30, 0.99)) * 0.01
    _, high = ece_bounds(gaps, 0.01, 0.95)
    assert high >= upper_bound(0, 30, 0.95)  # so many errors may yet come


def test_answers_go_wrong_together_as_the_errors_seen_do_and_else_as_all_of_an_item() -> None:
    right = np.zeros((40, 3, 3), dtype=int)
    right[:, :, 0] = 1  # three answers an item, none wrong
    assert influence.clustered("micro_recall", right) == pytest.approx(3)
    assert influence.clustered("macro_recall", right) == 1  # of each class there is one an item
    apart, at_once = right.copy(), right.copy()
    for item in range(30):  # thirty errors, one an item
        apart[item, item % 3] = [0, 0, 1]
    at_once[:10] = [0, 0, 1]  # thirty errors, three an item
    assert influence.clustered("micro_recall", apart) == pytest.approx((30 + 5 * 3) / 35)
    assert influence.clustered("micro_recall", at_once) == pytest.approx(3)
    both = influence.clustered("micro_recall", np.stack([apart, at_once]))
    assert both == pytest.approx([45 / 35, 3])
