"""The posterior against what it must be: known curves come back, bands widen, nothing hangs on chance."""

from __future__ import annotations

import numpy as np
import pytest

from labelwright.loop.forecast.foretelling import BAND, reach
from labelwright.loop.forecast.noise import of_share, seen
from labelwright.loop.forecast.posterior import Posterior, Seen, posterior
from labelwright.loop.forecast.priors import PRIORS
from labelwright.loop.forecast.shapes import SHAPES, Curves, Shape

LABELS = np.arange(20, 141, 20)


def curve(shape: Shape, start: float, asymptote: float, scale: float, steepness: float) -> Curves:
    one = (np.array([v]) for v in (start, asymptote, scale, steepness))
    return Curves(shape, *one)


@pytest.mark.parametrize("shape", SHAPES, ids=lambda s: s.name)
def test_labels_to_an_error_undo_the_error_after_labels(shape: Shape) -> None:
    known = curve(shape, 0.75, 0.08, 30, 0.8)
    for n in (1.0, 17.0, 400.0):
        error = float(known.error(np.array([n]))[0, 0])
        assert known.reach(error)[0] == pytest.approx(n, rel=1e-6)
    assert known.reach(0.08)[0] == known.reach(0.05)[0] == np.inf
    assert known.reach(0.9)[0] == 0


@pytest.mark.parametrize("shape", SHAPES, ids=lambda s: s.name)
def test_errors_fall_from_the_start_to_the_asymptote(shape: Shape) -> None:
    drawn = PRIORS[shape.name].curves(shape, np.random.default_rng(0).standard_normal((200, 4)), 4)
    errors = drawn.error(np.geomspace(1e-30, 1e12, 80))
    assert (np.diff(errors, axis=1) <= 1e-12).all()
    assert np.allclose(errors[:, 0], drawn.start, atol=0.02)
    assert (errors >= drawn.asymptote[:, None] - 1e-12).all()


@pytest.mark.parametrize("shape", SHAPES, ids=lambda s: s.name)
def test_a_simulated_curve_comes_back(shape: Shape) -> None:
    truth = curve(shape, 0.7, 0.06, 25, 0.7)
    n = np.arange(20, 801, 20)
    rng = np.random.default_rng(1)
    figures = 1 - truth.error(n)[0] + 0.002 * rng.standard_normal(len(n))
    found = posterior(seen(n, figures, np.full(len(n), 0.002), jagged=0.0), 4, 0)
    ahead = np.array([1_000, 1_600])
    low, middle, high = zip(
        *(found.quantiles(column, BAND) for column in found.error(ahead).T), strict=True
    )
    assert middle == pytest.approx(truth.error(ahead)[0], abs=0.006)
    assert (np.array(low) < truth.error(ahead)[0] + 0.002).all()
    assert (np.array(high) > truth.error(ahead)[0] - 0.002).all()
    true_labels = truth.reach(float(truth.error(np.array([600]))[0, 0]))[0]
    again = found.quantiles(found.reach(float(truth.error(np.array([600]))[0, 0])), BAND)
    assert again[0] <= true_labels <= again[2]


def test_the_posterior_is_that_of_brute_force_weighting() -> None:
    """Against importance weights of many draws from the prior, which need no moves and no heat."""
    n, figures = LABELS[:4], np.array([0.62, 0.72, 0.77, 0.80])
    known = seen(n, figures, np.full(4, 0.02))
    found = posterior(known, 4, 0)
    rng, inverse = np.random.default_rng(5), np.linalg.inv(known.covariance)
    evidence, means = [], []
    for shape in SHAPES:
        drawn = PRIORS[shape.name].curves(shape, rng.standard_normal((150_000, 4)), 4)
        off = drawn.error(known.labels) - known.error
        weights = np.exp(-0.5 * np.einsum("dt,ts,ds->d", off, inverse, off))
        evidence.append(weights.mean())
        means.append((weights @ drawn.error(np.array([300]))[:, 0]) / weights.sum())
    shares = np.array(evidence) / sum(evidence)
    assert found.weights == pytest.approx(shares, abs=0.08)
    ours = float(found.draw_weights @ found.error(np.array([300]))[:, 0])
    assert ours == pytest.approx(float(shares @ np.array(means)), abs=0.006)


def of_a_campaign(jagged: float = 0.05) -> Posterior:
    figures = 1 - (0.1 + 0.6 * (1 + LABELS / 15) ** -0.8)
    return posterior(seen(LABELS, figures, of_share(figures, np.full(7, 400)), jagged), 4, 0)


def test_bands_widen_with_distance_in_shares_of_the_error() -> None:
    found = of_a_campaign()
    n = np.array([140, 300, 1_000, 5_000])
    bands = [found.quantiles(column, BAND) for column in found.error(n).T]
    spreads = [np.log(high / low) for low, _, high in bands]
    assert (np.diff(spreads) > 0).all()
    assert (np.diff([middle for _, middle, _ in bands]) < 0).all(), "the median is monotone"


def test_a_higher_target_takes_more_and_is_less_certainly_reached() -> None:
    found = of_a_campaign()
    told = [reach(found, error, 140, 10_000) for error in (0.2, 0.17, 0.15, 0.13, 0.11)]
    unreachable = [u for u, _, _ in told]
    assert unreachable == sorted(unreachable)
    lows = [labels[0] for _, _, labels in told if labels is not None]
    assert lows == sorted(lows)


def test_what_no_label_reaches_is_said_to_be_out_of_reach() -> None:
    figures = np.full(7, 0.7)
    flat = posterior(seen(LABELS, figures, np.full(7, 0.005)), 4, 0)
    unreachable, reached, _ = reach(flat, 0.05, 140, 5_000)
    assert unreachable > 0.8
    assert reached == 0
    unreachable, reached, labels = reach(flat, 0.35, 140, 5_000)
    assert reached > 0.95
    assert labels is not None
    assert labels[1] == 140, "what is reached takes nothing more"


def test_the_same_arguments_give_the_same_curves() -> None:
    one, other = of_a_campaign(), of_a_campaign()
    assert one.weights == other.weights
    assert (one.reach(0.12) == other.reach(0.12)).all()


def test_nothing_seen_is_the_prior() -> None:
    nothing = Seen(np.zeros(0), np.zeros(0), np.zeros((0, 0)))
    assert posterior(nothing, 4, 0).weights == pytest.approx((1 / 3, 1 / 3, 1 / 3))


def test_the_level_of_a_curve_on_one_holdout_is_known_less_well_than_its_slope() -> None:
    known = seen(LABELS, np.linspace(0.6, 0.8, 7), np.full(7, 0.02), jagged=0.0).covariance
    level = np.ones(7) / 7
    slope = np.array([0, 0, 0, 0, 0, -1, 1])
    assert slope @ known @ slope < known[0, 0] / 4
    assert level @ known @ level > known[0, 0] / 2
    assert np.linalg.eigvalsh(known).min() > 0


def test_a_holdout_that_grew_shares_the_larger_ones_variance() -> None:
    known = seen(np.array([50, 50]), np.array([0.8, 0.8]), np.array([0.04, 0.02]), 0.0).covariance
    assert known[0, 1] == pytest.approx(0.02**2)
    assert known[0, 0] == pytest.approx(0.04**2, rel=1e-3)


def test_draws_reach_errors_of_their_own() -> None:
    found = of_a_campaign()
    draws = np.array([3, 1_500, 2_999])
    each = found.reach_of(draws, np.array([0.2, 0.2, 0.2]))
    assert each == pytest.approx(found.reach(0.2)[draws])
