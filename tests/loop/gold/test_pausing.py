"""When the evidence of gold answers pauses somebody."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelwright.loop.pausing import EVIDENCE, FEWEST, evidence, paused_people


def by_sums(right: int, n: int, threshold: float, steps: int = 20_000) -> float:
    """The same by adding up narrow slices."""
    wrong = n - right
    middles = [(i + 0.5) * threshold / steps for i in range(steps)]
    mixed = sum(p**right * (1 - p) ** wrong for p in middles) / steps
    best = max(threshold, right / n)
    likely: float = best**right * (1 - best) ** wrong
    return mixed / likely


@pytest.mark.parametrize(
    ("right", "n", "threshold"),
    [(0, 5, 0.8), (4, 10, 0.8), (9, 10, 0.8), (7, 20, 0.9), (30, 30, 0.5)],
)
def test_the_evidence_is_a_mean_of_likelihoods_over_the_best_one_allowed(
    right: int, n: int, threshold: float
) -> None:
    assert evidence(right, n, threshold) == pytest.approx(by_sums(right, n, threshold), rel=1e-3)


@pytest.mark.parametrize("threshold", [0.6, 0.8, 0.95])
def test_somebody_at_the_threshold_is_paused_in_at_most_one_campaign_of_twenty(
    threshold: float,
) -> None:
    """Looked at after every single answer, up to 150: the exact chance, path by path."""
    alive, ever = {0: 1.0}, 0.0
    for n in range(1, 151):
        following: dict[int, float] = {}
        for right, chance in alive.items():
            for hit, weight in ((1, threshold), (0, 1 - threshold)):
                following[right + hit] = following.get(right + hit, 0.0) + chance * weight
        out = {
            r
            for r in following
            if n >= FEWEST and r / n < threshold and evidence(r, n, threshold) >= EVIDENCE
        }
        ever += sum(following[r] for r in out)
        alive = {r: chance for r, chance in following.items() if r not in out}
    assert 0.0005 < ever <= 1 / EVIDENCE


@given(st.integers(0, 60), st.integers(0, 60), st.floats(0.05, 0.99))
def test_more_right_answers_never_speak_more_against_anybody(
    right: int, wrong: int, threshold: float
) -> None:
    n = right + wrong + 1
    assert evidence(right + 1, n, threshold) <= evidence(right, n, threshold) * (1 + 1e-9)


def test_nothing_is_known_without_answers_and_nobody_is_below_nothing() -> None:
    assert evidence(0, 0, 0.8) == 1
    assert evidence(0, 9, 0.0) == 1


def test_who_is_paused_and_on_what_grounds() -> None:
    graded = [("bo", f"i{k}", "A", "B" if k < 6 else "A") for k in range(10)]
    graded += [("ann", f"i{k}", "A", "A") for k in range(10)]
    graded += [("kim", f"i{k}", "A", "B") for k in range(FEWEST - 1)]  # too few to say
    (only,) = paused_people(graded, 0.8)
    assert (only.annotator, only.right, only.answers, only.threshold) == ("bo", 4, 10, 0.8)
    assert paused_people(graded, 0.3) == ()
