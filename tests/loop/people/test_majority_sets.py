"""Answers that are sets: what most people gave, and how far they agree."""

from __future__ import annotations

from collections import Counter
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelwright.loop.people.agreement import krippendorff, krippendorff_sets, masi
from labelwright.loop.people.sets import majority_sets

answer = st.frozensets(st.sampled_from("abc"), max_size=3)
items = st.lists(st.lists(answer, min_size=1, max_size=4), min_size=1, max_size=6)


def told(given_: list[list[frozenset[str]]]) -> list[tuple[str, str, frozenset[str]]]:
    return [(str(i), str(p), v) for i, people in enumerate(given_) for p, v in enumerate(people)]


@given(items)
def test_alpha_of_sets_agrees_with_pairs_counted_one_by_one(
    given_: list[list[frozenset[str]]],
) -> None:
    pairable = [people for people in given_ if len(people) > 1]
    values = [v for people in pairable for v in people]
    found = krippendorff_sets(told(given_))
    observed = sum(
        masi(a, b) / (len(people) - 1) for people in pairable for a, b in permutations(people, 2)
    )
    expected = sum(masi(a, b) for a, b in permutations(values, 2))
    if not expected:
        assert found.estimate is None
        return
    assert found.n == len(pairable)
    assert found.estimate == pytest.approx(1 - (len(values) - 1) * observed / expected)


@given(st.lists(st.lists(st.sampled_from("abc"), min_size=1, max_size=4), min_size=1, max_size=8))
def test_of_sets_of_one_class_it_is_the_nominal_one(given_: list[list[str]]) -> None:
    single = [
        (str(i), str(p), float("abc".index(v)))
        for i, people in enumerate(given_)
        for p, v in enumerate(people)
    ]
    sets = told([[frozenset(v) for v in people] for people in given_])
    one, several = krippendorff(single), krippendorff_sets(sets)
    assert (one.estimate is None) == (several.estimate is None)
    if one.estimate is not None:
        assert several.estimate == pytest.approx(one.estimate)


def test_masi_by_hand() -> None:
    a, ab, bc, none = frozenset("a"), frozenset("ab"), frozenset("bc"), frozenset[str]()
    assert masi(a, a) == masi(none, none) == 0
    assert masi(a, ab) == pytest.approx(1 - 1 / 2 * 2 / 3)
    assert masi(ab, bc) == pytest.approx(1 - 1 / 3 * 1 / 3)
    assert masi(a, frozenset("b")) == masi(a, none) == 1


@given(
    st.lists(
        st.lists(st.sets(st.sampled_from("abc"), max_size=2), min_size=1, max_size=4),
        min_size=1,
        max_size=5,
    )
)
def test_what_more_than_half_gave_and_one_at_least_where_that_is_asked(
    given_: list[list[set[str]]],
) -> None:
    answers = [
        (str(i), str(p), sorted(v)) for i, people in enumerate(given_) for p, v in enumerate(people)
    ]
    plain, filled = majority_sets(answers), majority_sets(answers, least_one=True)
    overall = Counter(m for _, _, marks in answers for m in marks)
    for i, people in enumerate(given_):
        counts = Counter(m for marks in people for m in marks)
        most = {m for m, n in counts.items() if 2 * n > len(people)}
        assert set(plain[str(i)].marks) == most
        if most or not counts:
            assert filled[str(i)].marks == plain[str(i)].marks
            continue
        (one,) = filled[str(i)].marks
        assert (counts[one], overall[one]) == max((counts[m], overall[m]) for m in counts)
