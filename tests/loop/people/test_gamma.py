"""Gamma: the best alignment against all that there are, and what it comes to where that is known."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labelwright.loop.people.gamma import Marks, apart, disorder, gamma

MARKS = st.frozensets(
    st.tuples(st.integers(0, 20), st.integers(1, 6), st.sampled_from("XY")).map(
        lambda m: (m[0], m[0] + m[1], m[2])
    ),
    max_size=4,
)


def slow_apart(u: tuple[int, int, str], v: tuple[int, int, str]) -> float:
    ends = abs(u[0] - v[0]) + abs(u[1] - v[1])
    return float((ends / (u[1] - u[0] + v[1] - v[0])) ** 2 + (u[2] != v[2]))


def slow_disorder(one: Marks, other: Marks) -> float:
    """The best of all alignments: every way to give marks a counterpart, or none."""
    few, many = sorted([sorted(one), sorted(other)], key=len)
    best = float(len(few) + len(many))
    for size in range(len(few) + 1):
        for left in permutations(few, size):
            for right in permutations(many, size):
                matched = sum(slow_apart(u, v) for u, v in zip(left, right, strict=True))
                best = min(best, matched + len(few) + len(many) - 2 * size)
    return best


@given(MARKS, MARKS)
@settings(max_examples=60)
def test_the_alignment_is_the_best_there_is(one: Marks, other: Marks) -> None:
    assert disorder(one, other) == pytest.approx(slow_disorder(one, other))
    assert disorder(one, other) == pytest.approx(disorder(other, one))


def test_apart_by_hand() -> None:
    same = apart([(0, 4, "X")], [(0, 4, "X"), (0, 4, "Y"), (2, 6, "X")])
    assert same.tolist() == [[0.0, 1.0, 0.25]]


def texts(n: int, rng: np.random.Generator) -> dict[str, Marks]:
    found = {}
    for i in range(n):
        starts = rng.choice(18, size=rng.integers(1, 4), replace=False) * 10
        found[f"t{i}"] = frozenset(
            (int(s), int(s + rng.integers(3, 10)), "XYZ"[rng.integers(3)]) for s in starts
        )
    return found


def answers(
    true: dict[str, Marks], noise: float, rng: np.random.Generator
) -> list[tuple[str, str, Marks]]:
    """Two people; each mark of each moves, changes its class or is missed with probability `noise`."""
    rows = []
    for item, marks in true.items():
        for person in "pq":
            kept = set()
            for start, end, c in marks:
                kind = rng.integers(3) if rng.random() < noise else -1
                if kind == 0:
                    kept.add((start + 2, end + 2, c))
                elif kind == 1:
                    kept.add((start, end, "XYZ"[("XYZ".index(c) + 1) % 3]))
                elif kind == -1:
                    kept.add((start, end, c))
            rows.append((item, person, frozenset(kept)))
    return rows


def test_from_full_agreement_down_to_chance() -> None:
    rng = np.random.default_rng(0)
    true = texts(80, rng)
    lengths = dict.fromkeys(true, 190)
    found = [gamma(answers(true, noise, rng), lengths).estimate for noise in (0, 0.2, 0.5)]
    assert found[0] == 1.0
    assert found[1] is not None
    assert found[2] is not None
    assert 0.5 < found[2] < found[1] < 0.95

    strangers = texts(80, rng)
    by_chance = [(i, "p", m) for i, m in true.items()] + [(i, "q", m) for i, m in strangers.items()]
    nothing = gamma(by_chance, lengths)
    low, high = nothing.lower(0.975), nothing.upper(0.975)
    assert nothing.estimate is not None
    assert low is not None
    assert high is not None
    assert low < 0.03
    assert abs(nothing.estimate) < 0.08


def test_what_is_not_known() -> None:
    marks = frozenset({(0, 3, "X")})
    assert gamma([("a", "p", marks), ("b", "q", marks)], {"a": 9, "b": 9}).estimate is None
    nothing: Marks = frozenset()
    assert gamma([("a", "p", nothing), ("a", "q", nothing)], {"a": 9}).estimate is None
    assert gamma([], {}).estimate is None


def test_the_same_arguments_give_the_same_figure() -> None:
    rng = np.random.default_rng(5)
    true = texts(20, rng)
    told = answers(true, 0.3, rng)
    one = gamma(told, dict.fromkeys(true, 190), seed=4)
    other = gamma(told[::-1], dict.fromkeys(true, 190), seed=4)
    assert one.estimate == other.estimate
