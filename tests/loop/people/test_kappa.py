"""Kappas against published values, plain loops and other packages' figures."""

from __future__ import annotations

import os
from collections import Counter
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labelwright.loop.people.agreement import Scale, krippendorff
from labelwright.loop.people.kappa import cohen, each_class, fleiss

DATA = os.environ.get("LABELWRIGHT_DATA", "")

# Fleiss 1971, as in the article "Fleiss' kappa" of most text books: 10 items, 14 people, 5 classes.
FLEISS = [
    [0, 0, 0, 0, 14], [0, 2, 6, 4, 2], [0, 0, 3, 5, 6], [0, 3, 9, 2, 0], [2, 2, 8, 1, 1],
    [7, 7, 0, 0, 0], [3, 2, 6, 3, 0], [2, 5, 3, 2, 2], [6, 5, 2, 1, 0], [0, 2, 2, 3, 7],
]  # fmt: skip


def said(table: list[list[int]]) -> list[tuple[str, str, str]]:
    rows = []
    for item, counts in enumerate(table):
        given = [c for c, n in enumerate(counts) for _ in range(n)]
        rows += [(str(item), f"p{p}", str(c)) for p, c in enumerate(given)]
    return rows


def test_fleiss_published_example() -> None:
    found = fleiss(said(FLEISS))
    assert found.estimate == pytest.approx(0.210, abs=0.0005)
    assert found.n == 10
    low, high = found.lower(0.975), found.upper(0.975)
    assert low is not None
    assert high is not None
    assert low < 0.210 < high


def test_cohen_published_example() -> None:
    # 50 grant proposals, two readers: 20 both yes, 15 both no, 5 and 10 of one each.
    pairs = [(1.0, 1.0)] * 20 + [(1.0, 0.0)] * 5 + [(0.0, 1.0)] * 10 + [(0.0, 0.0)] * 15
    assert cohen(pairs).estimate == pytest.approx(0.4)


PAIRS = st.lists(
    st.tuples(st.sampled_from([0.0, 1.0, 2.0, 4.0]), st.sampled_from([0.0, 1.0, 2.0, 4.0])),
    min_size=1,
    max_size=30,
)


def slow_cohen(pairs: list[tuple[float, float]], scale: Scale) -> float | None:
    values = sorted({v for pair in pairs for v in pair})

    def apart(a: float, b: float) -> float:
        if scale == "nominal":
            return float(a != b)
        if scale == "ordinal":
            return float((values.index(a) - values.index(b)) ** 2)
        return (a - b) ** 2

    observed = sum(apart(a, b) for a, b in pairs) / len(pairs)
    expected = sum(apart(a, b) for a, _ in pairs for _, b in pairs) / len(pairs) ** 2
    return None if expected == 0 else 1 - observed / expected


@given(PAIRS, st.sampled_from(["nominal", "ordinal", "interval"]))
@settings(max_examples=100)
def test_cohen_counted_one_by_one(pairs: list[tuple[float, float]], scale: Scale) -> None:
    wanted = slow_cohen(pairs, scale)
    found = cohen(pairs, scale=scale).estimate
    assert found == (None if wanted is None else pytest.approx(wanted))


def test_cohen_as_scikit_learn_has_it() -> None:
    from sklearn.metrics import cohen_kappa_score

    rng = np.random.default_rng(1)
    one = rng.integers(0, 4, 200)
    other = np.where(rng.random(200) < 0.7, one, rng.integers(0, 4, 200))
    pairs = [(float(a), float(b)) for a, b in zip(one, other, strict=True)]
    assert cohen(pairs).estimate == pytest.approx(cohen_kappa_score(one, other))
    squared = cohen_kappa_score(one, other, weights="quadratic")
    assert cohen(pairs, scale="ordinal").estimate == pytest.approx(squared)


ANSWERS = st.dictionaries(
    st.tuples(st.sampled_from("abcdef"), st.sampled_from("pqrs")),
    st.sampled_from("XYZ"),
    max_size=24,
).map(lambda found: [(i, p, c) for (i, p), c in found.items()])


def slow_fleiss(answers: list[tuple[str, str, str]]) -> float | None:
    by_item: dict[str, list[str]] = {}
    for item, _, c in answers:
        by_item.setdefault(item, []).append(c)
    shared = [given for given in by_item.values() if len(given) > 1]
    if not shared:
        return None
    observed = np.mean([np.mean([a == b for a, b in combinations(g, 2)]) for g in shared])
    flat = [c for g in shared for c in g]
    chance = sum((n / len(flat)) ** 2 for n in Counter(flat).values())
    return None if chance == 1 else float((observed - chance) / (1 - chance))


@given(ANSWERS)
@settings(max_examples=100)
def test_fleiss_counted_one_by_one(answers: list[tuple[str, str, str]]) -> None:
    wanted = slow_fleiss(answers)
    found = fleiss(answers).estimate
    assert found == (None if wanted is None else pytest.approx(wanted))


def test_fleiss_as_statsmodels_has_it() -> None:
    inter_rater = pytest.importorskip(
        "statsmodels.stats.inter_rater", reason="statsmodels is not installed"
    )
    rng = np.random.default_rng(2)
    table = rng.multinomial(5, [0.5, 0.3, 0.2], size=40)
    wanted = inter_rater.fleiss_kappa(table, method="fleiss")
    assert fleiss(said(table.tolist())).estimate == pytest.approx(wanted)


@given(
    st.dictionaries(
        st.tuples(st.sampled_from("abcde"), st.sampled_from("pqr")),
        st.frozensets(st.sampled_from("XYZ")),
        max_size=15,
    )
)
@settings(max_examples=60)
def test_each_class_is_alpha_of_named_or_not(
    found: dict[tuple[str, str], frozenset[str]],
) -> None:
    answers = [(i, p, marks) for (i, p), marks in found.items()]
    told = each_class(answers)
    for c in "XYZ":
        wanted = krippendorff([(i, p, float(c in marks)) for i, p, marks in answers])
        if c in told:
            assert told[c].n == wanted.n
            assert told[c].estimate == (
                None if wanted.estimate is None else pytest.approx(wanted.estimate)
            )
        else:
            assert wanted.estimate is None


def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    """Two people who err independently: the kappa that this comes to is known."""
    rng = np.random.default_rng(3)
    share, right = np.array([0.6, 0.4]), 0.9
    both = np.zeros((2, 2))
    for truth in (0, 1):
        p = np.where(np.arange(2) == truth, right, 1 - right)
        both += share[truth] * np.outer(p, p)
    chance = (both.sum(0) * both.sum(1)).sum()
    true = (np.trace(both) - chance) / (1 - chance)
    held = 0
    for seed in range(200):
        cells = rng.choice(4, size=150, p=both.ravel())
        found = cohen([(float(c // 2), float(c % 2)) for c in cells], seed=seed)
        low, high = found.lower(0.975), found.upper(0.975)
        assert low is not None
        assert high is not None
        held += low <= true <= high
    assert held >= 180  # 90%: a percentile bootstrap of 150 items is a little narrow


@pytest.mark.parametrize("name", ["hs_brexit", "conv_abuse"])
def test_real_answers_as_counted_one_by_one(name: str) -> None:
    path = Path(DATA) / name / "annotations.parquet"
    if not DATA or not path.is_file():
        pytest.skip(f"LABELWRIGHT_DATA has no {name}")
    import pyarrow.parquet as pq

    rows = pq.read_table(path, columns=["id", "annotator", "label"]).to_pylist()
    answers = [(str(r["id"]), str(r["annotator"]), str(r["label"])) for r in rows]
    found, alpha = fleiss(answers), krippendorff([(i, p, float(c)) for i, p, c in answers])
    assert found.estimate == pytest.approx(slow_fleiss(answers))
    by_item: dict[str, list[str]] = {}
    for item, _, c in answers:
        by_item.setdefault(item, []).append(c)
    n = len(answers)
    totals = Counter(c for _, _, c in answers)
    apart = sum(
        2 * g.count("0") * g.count("1") / (len(g) - 1) for g in by_item.values() if len(g) > 1
    )
    expected = 2 * totals["0"] * totals["1"] / (n - 1)
    assert alpha.estimate == pytest.approx(1 - apart / expected)
    if name == "hs_brexit":  # six people an item: Fleiss as statsmodels has it
        assert found.estimate == pytest.approx(0.34736481464618)
