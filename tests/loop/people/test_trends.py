"""Tired people are found, and people who are not are left alone, harder items or no."""

from __future__ import annotations

import numpy as np
import pytest

from labelwright.loop.people.trends import Answered, Points, holm, slope, trends, trends_of_all

TEAM = ("ann", "bob", "cyd", "dee")


def work(
    seed: int, *, tired: tuple[str, ...] = (), harder: float = 0.0, batch: int = 60, rounds: int = 4
) -> list[Answered]:
    """Four people's answers; the tired ones lose 40 points within a batch, and grow quicker by a half.

    harder: points that everybody loses from the first round to the last, as items grow harder.
    """
    rng = np.random.default_rng(seed)
    found = []
    for person in TEAM:
        for round_ in range(rounds):
            for at in range(batch):
                late = at / batch if person in tired else 0.0
                right = 0.95 - 0.4 * late - harder * round_ / rounds
                seconds = float(np.exp(rng.normal(2.0 - 0.5 * late, 0.5)))
                purpose = "holdout" if at % 3 == 0 else "train"
                found.append(Answered(person, round_, purpose, bool(rng.random() < right), seconds))
    return found


def test_a_tired_person_is_found_and_nobody_else() -> None:
    told = trends(work(0, tired=("bob",)))
    clear = {(who, t.measure, t.along) for who, each in told.items() for t in each if t.clear}
    assert clear == {("bob", "agreement", "batch"), ("bob", "seconds", "batch")}
    agreement, seconds = (t for t in told["bob"] if t.clear)
    assert agreement.low < -0.4 < agreement.high < 0
    assert seconds.low < np.exp(-0.5) < seconds.high < 1
    assert (agreement.answers, agreement.over) == (240, 60)


@pytest.mark.parametrize("harder", [0.0, 0.4])
def test_nobody_is_blamed_for_chance_or_for_harder_items(harder: float) -> None:
    wrong = 0
    for seed in range(25):
        told = trends(work(seed, harder=harder))
        wrong += any(t.clear for each in told.values() for t in each)
    assert wrong <= 4  # 5% of 25 is 1, and three standard deviations are 3


def test_all_together_tire_on_items_drawn_at_random() -> None:
    answers = work(1, tired=TEAM)
    assert not any(t.clear for each in trends(answers).values() for t in each)
    clear = {(t.measure, t.along) for t in trends_of_all(answers) if t.clear}
    assert ("agreement", "batch") in clear
    assert ("seconds", "batch") in clear
    assert not any(t.clear for t in trends_of_all(work(2)))


def test_the_slope_is_that_of_least_squares_with_a_level_for_each_stratum() -> None:
    rng = np.random.default_rng(3)
    strata = tuple(str(s) for s in rng.integers(0, 4, 90))
    x = rng.normal(size=90)
    y = 0.3 * x + np.array([float(s) for s in strata]) + rng.normal(size=90) * (1 + np.abs(x))
    design = np.column_stack([x, *(np.array(strata) == s for s in "0123")]).astype(float)
    beta, *_ = np.linalg.lstsq(design, y, rcond=None)
    left = y - design @ beta
    bread = np.linalg.inv(design.T @ design)
    sandwich = bread @ (design.T * left**2 @ design) @ bread * 90 / (90 - 5)
    found = slope([Points(strata, x, y)])
    assert found is not None
    assert found.value == pytest.approx(beta[0])
    assert found.variance == pytest.approx(sandwich[0, 0])


def test_too_few_answers_say_nothing() -> None:
    assert trends(work(0, tired=("bob",), batch=9)) == {} or all(
        t.measure == "seconds" for each in trends(work(0, batch=9)).values() for t in each
    )
    assert trends([]) == {}
    assert trends_of_all([]) == ()
    assert trends([Answered("ann", 0, "train", True, 3.0)] * 200) == {}


def test_holm_by_hand() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == [True, False, False, True]
    assert holm([]) == []
