"""Krippendorff's alpha against his worked example and against pairs counted one by one."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labelwright.loop.people.agreement import Scale, krippendorff

# Krippendorff 2011, section "nominal data, any number of observers, missing data".
EXAMPLE = {
    "A": [1, 2, 3, 3, 2, 1, 4, 1, 2, None, None, None],
    "B": [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, None, 3],
    "C": [None, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, None],
    "D": [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, None],
}


@pytest.mark.parametrize(
    ("scale", "alpha"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849)]
)
def test_the_published_example(scale: Scale, alpha: float) -> None:
    answers = [
        (str(item), person, float(value))
        for person, given in EXAMPLE.items()
        for item, value in enumerate(given)
        if value is not None
    ]
    found = krippendorff(answers, scale=scale)
    assert found.estimate == pytest.approx(alpha, abs=0.0005)
    assert found.n == 11
    low, high = found.lower(0.975), found.upper(0.975)
    assert low is not None
    assert high is not None
    assert low < alpha < high


def slow_alpha(answers: list[tuple[str, str, float]], scale: Scale) -> float | None:
    """Straight from the definition: mean distance over all pairs within items, and over all pairs."""
    by_item: dict[str, list[float]] = {}
    for item, _, value in answers:
        by_item.setdefault(item, []).append(value)
    pairable = [v for v in by_item.values() if len(v) > 1]
    flat = [v for given in pairable for v in given]

    def distance(a: float, b: float) -> float:
        if scale == "nominal":
            return float(a != b)
        if scale == "interval":
            return (a - b) ** 2
        low, high = sorted((a, b))
        between = sum(low <= v <= high for v in flat)
        return (between - (flat.count(low) + flat.count(high)) / 2) ** 2 if a != b else 0.0

    n = len(flat)
    if n < 2:
        return None
    observed = (
        sum(
            distance(a, b) / (len(given) - 1)
            for given in pairable
            for a, b in permutations(given, 2)
        )
        / n
    )
    expected = sum(distance(a, b) for a, b in permutations(flat, 2)) / (n * (n - 1))
    return None if expected == 0 else 1 - observed / expected


@given(
    st.dictionaries(
        st.tuples(st.sampled_from("abcdef"), st.sampled_from("xyz")),
        st.sampled_from([0.0, 1.0, 2.0, 5.0]),
    ),
    st.sampled_from(["nominal", "ordinal", "interval"]),
)
@settings(max_examples=200)
def test_alpha_equals_pairs_counted_one_by_one(
    given_: dict[tuple[str, str], float], scale: Scale
) -> None:
    answers = [(item, person, value) for (item, person), value in given_.items()]
    expected, found = slow_alpha(answers, scale), krippendorff(answers, scale=scale).estimate
    assert (found is None) == (expected is None)
    if expected is not None:
        assert found == pytest.approx(expected)


def test_nothing_to_agree_about_is_not_perfect_agreement() -> None:
    assert krippendorff([("1", "a", 0), ("2", "b", 1)]).estimate is None
    assert krippendorff([("1", "a", 0), ("1", "b", 0)]).estimate is None
