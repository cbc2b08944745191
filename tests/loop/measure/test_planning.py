"""How many more labels decide; what people's errors leave."""

from __future__ import annotations

import numpy as np
import pytest

from labelwright.loop.measure.ceiling import ceiling, competence, of_majority
from labelwright.loop.measure.evidence import Bounded, of_counts
from labelwright.loop.measure.planning import AT_LEAST, more, rounded


def decided(n: int, right: int, total: int, target: float, confidence: float) -> float:
    """The chance of a decision at `total` labels, by drawing: the truth from what `right` of n tell."""
    rng = np.random.default_rng(1)
    truth = rng.beta(right + 0.5, n - right + 0.5, 1_000)
    after = right + rng.binomial(total - n, truth)
    says = [of_counts(x, total) for x in range(total + 1)]
    open_ = np.array(
        [(s.lower(confidence) or 0) < target <= (s.upper(confidence) or 1) for s in says]
    )
    return float(1 - open_[after].mean())


@pytest.mark.parametrize(("right", "n"), [(92, 100), (48, 50), (168, 200)])
def test_so_many_more_decide_as_likely_as_not(right: int, n: int) -> None:
    found = more(of_counts(right, n), 0.88, 0.99)
    assert found is not None
    assert not found.beyond
    assert decided(n, right, n + found.labels, 0.88, 0.99) == pytest.approx(0.5, abs=0.13)


def test_near_the_target_it_takes_more_than_can_be_said() -> None:
    found = more(of_counts(88, 100), 0.88, 0.99)
    assert found is not None
    assert found.beyond
    assert found.labels == AT_LEAST - 100


def test_the_farther_from_the_target_the_fewer() -> None:
    labels = []
    for right in (184, 186, 190, 194):
        found = more(of_counts(right, 200), 0.88, 0.995)
        assert found is not None
        labels.append(found.labels)
    assert labels == sorted(labels, reverse=True)


def test_a_figure_with_bounds_of_its_own_is_planned_too() -> None:
    def bounds(confidence: float) -> tuple[float, float]:
        reach = 0.02 * (1 - 2 * (1 - confidence)) / 0.68
        return 0.92 - reach, 0.92 + reach

    found = more(Bounded(0.92, 200, bounds=bounds), 0.9, 0.95)
    assert found is not None
    assert 0 < found.labels < 1_000
    assert more(Bounded(None, 0), 0.9, 0.95) is None


def test_plans_are_rounded_up_to_two_digits() -> None:
    assert [rounded(n) for n in (1, 37, 99, 101, 340, 1_234)] == [1, 37, 99, 110, 340, 1_300]


@pytest.mark.parametrize("k", [2, 4, 20, None])
@pytest.mark.parametrize("p", [0.6, 0.9, 1.0])
def test_competence_undoes_agreement(k: int | None, p: float) -> None:
    agreement = p**2 + (0 if k is None else (1 - p) ** 2 / (k - 1))
    assert competence(agreement, k) == pytest.approx(p)


def test_a_majority_is_right_more_often() -> None:
    assert of_majority(0.9, 1) == of_majority(0.9, 2) == pytest.approx(0.9)
    assert of_majority(0.9, 3) == pytest.approx(0.972)


def test_the_ceiling_holds_the_truth() -> None:
    rng = np.random.default_rng(8)
    p, k, held = 0.92, 4, 0
    for _ in range(200):
        wrong = rng.integers(1, k, (80, 2))
        answers = np.where(rng.random((80, 2)) < p, 0, wrong)
        found = ceiling(answers.tolist(), k, 2)
        low, high = found.lower(0.975), found.upper(0.975)
        assert low is not None
        assert high is not None
        held += low <= p <= high
    assert held / 200 >= 0.91
    assert ceiling([[1, 1]] * 19, 4, 2).estimate is None
