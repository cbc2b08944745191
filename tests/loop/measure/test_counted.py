"""Figures of answers that are several: against scikit-learn, against counting, and how often bounds hold."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk

from labelwright.loop.measure import metrics
from labelwright.loop.measure.counted import Counted, of_sets

NAMES = ("a", "b", "c", "d")

sets = st.integers(2, 4).flatmap(
    lambda k: st.lists(
        st.tuples(
            st.lists(st.booleans(), min_size=k, max_size=k),
            st.lists(st.booleans(), min_size=k, max_size=k),
        ),
        min_size=1,
        max_size=25,
    )
)


def evidence(truth: np.ndarray, predicted: np.ndarray, **rest: object) -> Counted:
    names = NAMES[: truth.shape[1]]
    return of_sets(truth, predicted, predicted * 0.8 + 0.1, names, {}, seed=1, **rest)


@given(sets)
@settings(max_examples=40)
def test_figures_of_sets_agree_with_scikit_learn(case: list[tuple[list[bool], list[bool]]]) -> None:
    truth, predicted = (np.array(part) for part in zip(*case, strict=True))
    view = evidence(truth, predicted)
    assert view.accuracy().estimate == pytest.approx(sk.accuracy_score(truth, predicted))
    there = np.flatnonzero((truth | predicted).any(axis=0))
    for name, score in (
        ("f1", sk.f1_score),
        ("precision", sk.precision_score),
        ("recall", sk.recall_score),
    ):
        each = score(truth, predicted, average=None, zero_division=0)
        asked = {"f1": truth | predicted, "precision": predicted, "recall": truth}[name]
        for i, expected in enumerate(each):
            found = view.of_class(name, frozenset({i}))
            assert found.n == asked[:, i].sum()
            if found.n:
                assert found.estimate == pytest.approx(expected)
                assert found.method == "exact"
            else:
                assert found.estimate is None
        if truth.any() and predicted.any():
            micro = view.average(f"micro_{name}").estimate
            assert micro == pytest.approx(score(truth, predicted, average="micro"))
        labels = np.flatnonzero(truth.any(axis=0)) if name == "recall" else there
        macro = view.average(f"macro_{name}").estimate
        if len(labels):
            assert macro == pytest.approx(each[labels].mean())
    if truth.any():
        weighted = sk.f1_score(truth, predicted, average="weighted", zero_division=0)
        assert view.average("weighted_f1").estimate == pytest.approx(weighted)


def test_counts_of_a_confusion_matrix_are_those_of_its_classes() -> None:
    rng = np.random.default_rng(0)
    truth, predicted = rng.integers(0, 4, (2, 50))
    found = metrics.counts(metrics.confusion(truth, predicted, 4))
    for c in range(4):
        it, said = truth == c, predicted == c
        assert found[c].tolist() == [(it & said).sum(), (~it & said).sum(), (it & ~said).sum()]


def test_a_parent_counts_once_however_many_of_its_classes_are_there() -> None:
    truth = np.array([[1, 1, 0], [1, 0, 0], [0, 0, 1]], dtype=bool)
    predicted = np.array([[1, 0, 0], [0, 1, 0], [0, 1, 1]], dtype=bool)
    both = frozenset({0, 1})
    view = of_sets(truth, predicted, predicted * 1.0, NAMES[:3], {"ab": both, "c": frozenset({2})})
    # The items have a or b: yes, yes, no; the model says: yes, yes, yes.
    assert view.of_class("precision", both).estimate == pytest.approx(2 / 3)
    assert view.of_class("recall", both).estimate == 1
    assert view.of_class("f1", both).estimate == pytest.approx(0.8)


@given(
    st.lists(
        st.lists(st.tuples(st.booleans(), st.floats(0, 1)), min_size=3, max_size=3),
        min_size=1,
        max_size=20,
    )
)
def test_calibration_error_is_over_the_decisions(
    items: list[list[tuple[bool, float]]],
) -> None:
    truth = np.array([[t for t, _ in item] for item in items])
    probs = np.array([[p for _, p in item] for item in items])
    view = of_sets(truth, probs > 0.5, probs, NAMES[:3], {}, seed=1)
    decisions = [pair for item in items for pair in item]
    expected = 0.0
    for b in range(metrics.ECE_BINS):
        inside = [(t, p) for t, p in decisions if min(int(p * 10), 9) == b]
        expected += abs(sum(t for t, _ in inside) - sum(p for _, p in inside)) / len(decisions)
    assert view.ece().estimate == pytest.approx(expected)


def marks(n: int, rng: np.random.Generator) -> np.ndarray:
    """(n, 2, 3) counts of spans: many in some items, which go well or badly together."""
    size = rng.poisson(1.5, (n, 2))
    quality = rng.beta(4, 1.5, (n, 1))
    found = rng.binomial(size, quality)
    made_up = rng.binomial(size + 1, 0.3 * (1 - quality))
    return np.stack([found, made_up, size - found], axis=-1)


def spans(counts: np.ndarray) -> Counted:
    return Counted((counts[..., 1:] == 0).all(axis=(1, 2)), counts, NAMES[:2], seed=3)


def test_where_an_item_counts_twice_bounds_hold_as_often_as_they_say() -> None:
    rng = np.random.default_rng(5)
    whole = marks(200_000, rng).sum(axis=0)
    figures = {
        ("micro_f1", None): float(metrics.micro_f1(whole)),
        ("macro_f1", None): float(metrics.macro_f1(whole)),
        ("recall", 0): float(metrics.recall(whole)[0]),
    }
    held = dict.fromkeys(figures, 0)
    for _ in range(60):
        view = spans(marks(120, rng))
        for (metric, c), truth in figures.items():
            bounded = view.average(metric) if c is None else view.of_class(metric, frozenset({c}))
            assert bounded.method == "jackknife"
            low, high = bounded.lower(0.95), bounded.upper(0.95)
            assert low is not None
            assert high is not None
            held[metric, c] += low <= truth <= high
    # 90% of two-sided intervals hold: 54 of 60, give or take 2.3.
    assert min(held.values()) >= 47, held


def test_a_perfect_score_of_many_marks_leaves_room_for_doubt() -> None:
    counts = np.tile(np.array([[[2, 0, 0], [1, 0, 0]]]), (30, 1, 1))
    view = spans(counts)
    assert view.average("micro_f1").estimate == 1
    lower = view.average("micro_f1").lower(0.95)
    assert lower is not None
    assert 0.85 < lower < 1
    lower = view.of_class("recall", frozenset({0})).lower(0.95)
    assert lower is not None
    assert 0.85 < lower < 1


def test_a_slice_sees_its_items_alone_and_nothing_is_known_of_none() -> None:
    rng = np.random.default_rng(4)
    truth, predicted = rng.random((2, 30, 3)) < 0.4
    here = rng.random(30) < 0.5
    view = evidence(truth, predicted, slices={"here": here, "none": np.zeros(30, dtype=bool)})
    part, whole = view.on("here"), evidence(truth[here], predicted[here])
    assert part.average("micro_f1").estimate == whole.average("micro_f1").estimate
    assert part.ece().estimate == whole.ece().estimate
    assert part.accuracy().estimate == whole.accuracy().estimate
    nothing = view.on("none")
    for found in (
        nothing.accuracy(),
        nothing.average("micro_f1"),
        nothing.ece(),
        nothing.of_class("f1", frozenset({0})),
    ):
        assert found.estimate is None
