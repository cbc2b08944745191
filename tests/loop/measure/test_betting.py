"""Betting: a fair game under the null, bounds that hold after every label, and that learn."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from labelwright.loop.measure.betting import bounds, log_wealth, lower_bounds, scale


@pytest.mark.parametrize("mean", [0.2, 0.5, 0.9])
def test_the_game_is_fair_by_enumeration(mean: float) -> None:
    """Over all 2^8 orders of right and wrong, wealth against the true mean is 1 on average, at every step."""
    total = np.zeros(8)
    for z in itertools.product((0.0, 1.0), repeat=8):
        chance = np.prod([mean if v else 1 - mean for v in z])
        total += chance * np.exp(log_wealth(np.array(z), np.array([mean]))[:, 0])
    assert total == pytest.approx(np.ones(8))


def test_bounds_hold_at_every_label_and_close_in() -> None:
    rng = np.random.default_rng(4)
    runs, n, fails, last = 40, 150, 0, []
    for _ in range(runs):
        z = (rng.random(n) < 0.88).astype(float)
        low = lower_bounds(z, 0.95, grid=101)
        assert (np.diff(low) >= 0).all()
        fails += bool((low > 0.88).any())
        last.append(low[-1])
    assert fails / runs <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / runs)
    assert np.mean(last) > 0.75


def test_both_sides_hold_the_mean_and_widen_with_confidence() -> None:
    z = np.tile([1.0, 1.0, 0.0, 1.0], 30)
    low, high = bounds(z, 0.9)
    wide_low, wide_high = bounds(z, 0.99)
    means = np.cumsum(z) / np.arange(1, len(z) + 1)
    assert (low[20:] <= means[20:]).all()
    assert (means[20:] <= high[20:]).all()
    assert (wide_low <= low).all()
    assert (high <= wide_high).all()


def test_weighted_values_have_the_mean_that_they_say() -> None:
    rng = np.random.default_rng(6)
    n, least = 60_000, 0.2
    right = (rng.random(n) < 0.8).astype(float)
    guess = np.clip(0.8 + 0.1 * rng.standard_normal(n), 0, 1)
    probability = least + 0.8 * rng.random(n)
    drawn = rng.random(n) < probability
    values, a, b = scale(np.where(drawn, right, np.nan), guess, probability, least)
    assert values.min() >= 0
    assert values.max() <= 1
    assert (values.mean() - a) / b == pytest.approx(right.mean(), abs=0.02)


def test_nothing_seen_rules_nothing_out() -> None:
    assert len(lower_bounds(np.zeros(0), 0.95)) == 0
    assert lower_bounds(np.ones(1), 0.95)[0] < 0.1
