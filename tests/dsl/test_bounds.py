"""Exact binomial bounds against scipy, and against counting."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import beta, binom

from labelwright.dsl.bounds import best_bound, errors_allowed, needed, reachable

targets = st.integers(1, 99).map(lambda n: n / 100)
alphas = st.sampled_from([0.01, 0.05, 0.1, 0.2])


@given(targets, alphas)
def test_needed_is_the_least(target: float, alpha: float) -> None:
    n = needed(target, alpha)
    assert n is not None
    assert best_bound(n, alpha) >= target - 1e-12
    assert n == 1 or best_bound(n - 1, alpha) < target


@given(st.integers(1, 400), alphas)
def test_all_right_is_clopper_pearson(n: int, alpha: float) -> None:
    assert best_bound(n, alpha) == pytest.approx(beta.ppf(alpha, n, 1))


@given(st.integers(1, 400), targets, alphas)
def test_errors_allowed_against_scipy(n: int, target: float, alpha: float) -> None:
    allowed = errors_allowed(n, target, alpha)
    wanted = [e for e in range(n) if binom.cdf(e, n, 1 - target) <= alpha]
    assert allowed == (max(wanted) if wanted else None)


def test_large_counts_do_not_underflow() -> None:
    allowed = errors_allowed(100_000, 0.5, 0.05)
    assert allowed is not None
    assert binom.cdf(allowed, 100_000, 0.5) <= 0.05 < binom.cdf(allowed + 1, 100_000, 0.5)


def test_the_figures_of_the_design() -> None:
    assert needed(0.92, 0.05) == 36
    assert round(best_bound(30, 0.05), 3) == 0.905
    assert reachable(0.92, 0.05) == (300, 284)
    assert needed(0.99, 0.05) == 299
    assert needed(1.0, 0.05) is None


@given(targets, alphas)
def test_the_example_offered_would_pass(target: float, alpha: float) -> None:
    example = reachable(target, alpha)
    assert example is not None
    n, right = example
    assert beta.ppf(alpha, right, n - right + 1) >= target - 1e-9
    assert right < n
