"""What a forecast is measured against: pieces that have a simple oracle."""

from __future__ import annotations

import forecast
import forecast_limits
import numpy as np
import pytest

from labelwright.loop.forecast.priors import PRIORS, Prior
from labelwright.loop.forecast.shapes import SHAPES


@pytest.mark.parametrize("seed", range(20))
def test_a_target_is_reached_where_a_fine_walk_along_the_curve_reaches_it(seed: int) -> None:
    rng = np.random.default_rng(seed)
    labels = np.cumsum(rng.integers(1, 30, 8)).astype(float)
    curve = np.sort(rng.choice([0.5, 0.6, 0.61, 0.7, 0.8, 0.9], 8))  # with flat pieces
    target = rng.uniform(curve[0] - 0.05, curve[-1])
    walk = np.linspace(labels[0], labels[-1], 200_001)
    reached = walk[np.interp(walk, labels, curve) >= target][0]
    found = forecast_limits.labels_at(labels, curve, target)
    assert found == pytest.approx(reached, abs=2 * (walk[1] - walk[0]))


def test_a_target_above_the_curve_is_given_its_end() -> None:
    assert forecast_limits.labels_at(np.array([10.0, 20.0]), np.array([0.5, 0.6]), 0.7) == 20.0


@pytest.mark.parametrize("seed", range(5))
def test_the_truth_of_the_bench_is_where_its_own_curve_reaches_the_target(seed: int) -> None:
    rng = np.random.default_rng(seed)
    labels = np.arange(1, 21) * 20.0
    curve = np.maximum.accumulate(0.5 + 0.3 * np.sort(rng.random(20)))
    target, truth = forecast.true_curve(labels, curve)
    assert target == pytest.approx(curve[-1] - 0.01)
    assert truth == pytest.approx(forecast_limits.labels_at(labels, curve, target))


@pytest.mark.parametrize("classes", [2, 5, 77])
@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)
def test_parameters_give_back_what_a_prior_made_curves_of(shape, classes: int) -> None:  # type: ignore[no-untyped-def]
    prior = PRIORS[shape.name]
    z = np.random.default_rng(0).standard_normal((50, 4))
    pairs = (prior.start, prior.asymptote, prior.scale, prior.steepness)
    wanted = np.array([m + s * z[:, i] for i, (m, s) in enumerate(pairs)]).T
    found = forecast_limits.parameters(prior.curves(shape, z, classes), classes)
    np.testing.assert_allclose(found, wanted, atol=1e-6)


def test_a_learned_prior_has_the_variance_within_sets_and_of_one_more_set() -> None:
    rng = np.random.default_rng(0)
    middles = rng.standard_normal((400, 4)) * [1.0, 2.0, 0.5, 0.1] + [0.0, -2.0, 1.0, -0.7]
    by_set = [[[rng.normal(m, 0.6, (60, 4)) for _ in SHAPES]] for m in middles]
    for prior in forecast_limits.learned(by_set).values():
        assert isinstance(prior, Prior)
        pairs = (prior.start, prior.asymptote, prior.scale, prior.steepness)
        means, deviations = np.array(pairs).T
        np.testing.assert_allclose(means, [0, -2, 1, -0.7], atol=0.25)
        np.testing.assert_allclose(
            deviations, np.sqrt(np.square([1, 2, 0.5, 0.1]) + 0.36), rtol=0.1
        )
