"""What counts as near, checked against the plain definition of the distance."""

from __future__ import annotations

import unicodedata
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelwright.dsl.suggest import closest, distance

BLOCKS = [
    "task",
    "class",
    "data",
    "existing_labels",
    "holdout",
    "rules",
    "constraints",
    "slice",
    "annotators",
    "budget",
]


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("budjet", "budget"),
        ("Budget", "budget"),
        ("anotators", "annotators"),
        ("calss", "class"),
        ("exsiting-labels", "existing_labels"),
        ("hold out", "holdout"),
        ("dat", "data"),
        ("strategy", None),
        ("x", None),
        ("", None),
    ],
)
def test_blocks(word, meant):
    assert closest(word, BLOCKS) == meant


def test_hangul_is_measured_on_its_letters():
    assert closest("겅제", ["정치", "경제", "사회"]) == "경제"
    assert closest(unicodedata.normalize("NFD", "경제"), ["경제"]) == "경제"
    assert closest("스포즈", ["정치", "스포츠"]) == "스포츠"
    assert closest("날씨", ["정치", "경제"]) is None


def test_the_nearest_wins_then_the_first():
    assert closest("lables", ["tables", "labels"]) == "tables"
    assert closest("ab_cd", ["ab_ce", "ab_cf"]) == "ab_ce"
    assert closest("word", ["word", "words"]) == "word"
    assert closest("a", []) is None


def plain(a: str, b: str) -> int:
    """Optimal string alignment, as its recursion is written."""

    @cache
    def d(i: int, j: int) -> int:
        if not i or not j:
            return i + j
        best = min(d(i - 1, j) + 1, d(i, j - 1) + 1, d(i - 1, j - 1) + (a[i - 1] != b[j - 1]))
        if i > 1 and j > 1 and a[i - 1] == b[j - 2] and a[i - 2] == b[j - 1]:
            best = min(best, d(i - 2, j - 2) + 1)
        return best

    return d(len(a), len(b))


@given(st.text("abc", max_size=7), st.text("abc", max_size=7), st.integers(0, 8))
def test_distance_is_exact_up_to_its_limit(a, b, limit):
    exact = plain(a, b)
    found = distance(a, b, limit)
    assert found == exact if exact <= limit else found > limit
