"""Figures and bounds against scikit-learn, scipy and counting; verdicts at their edges."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from sklearn import metrics as sk

from labelwright.dsl.task import (
    EACH_CLASS,
    Accept,
    Annotators,
    Budget,
    Call,
    Class,
    Criterion,
    Data,
    Encoders,
    Holdout,
    Phase,
    Query,
    Task,
    Train,
)  # fmt: skip
from labelwright.loop.measure import metrics
from labelwright.loop.measure.evidence import Evidence, of_counts
from labelwright.loop.measure.intervals import lower_bound, upper_bound
from labelwright.loop.measure.summary import measurement
from labelwright.loop.measure.verdicts import verdicts
from labelwright.loop.supported import MEASURED, unsupported_metrics

labelled = st.integers(2, 5).flatmap(
    lambda k: st.tuples(
        st.just(k),
        st.lists(st.tuples(st.integers(0, k - 1), st.integers(0, k - 1)), min_size=1, max_size=60),
    )
)


@given(labelled)
def test_figures_agree_with_scikit_learn(case: tuple[int, list[tuple[int, int]]]) -> None:
    k, pairs = case
    truth, predicted = (np.array(c) for c in zip(*pairs, strict=True))
    c = metrics.confusion(truth, predicted, k)
    there = sorted(set(truth) | set(predicted))
    labels = range(k)
    assert (c == sk.confusion_matrix(truth, predicted, labels=labels)).all()
    t = metrics.counts(c)
    assert metrics.accuracy(c) == pytest.approx(sk.accuracy_score(truth, predicted))
    arguments = {"labels": there, "average": "macro", "zero_division": 0}
    assert metrics.macro_f1(t) == pytest.approx(sk.f1_score(truth, predicted, **arguments))
    assert metrics.macro_precision(t) == pytest.approx(
        sk.precision_score(truth, predicted, **arguments)
    )
    assert metrics.macro_recall(t) == pytest.approx(
        sk.recall_score(truth, predicted, labels=sorted(set(truth)), average="macro")
    )
    assert metrics.weighted_f1(t) == pytest.approx(
        sk.f1_score(truth, predicted, labels=labels, average="weighted", zero_division=0)
    )


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 1)), min_size=1, max_size=50))
def test_calibration_error_is_the_weighted_gap_of_the_bins(items: list[tuple[bool, float]]) -> None:
    expected = 0.0
    for b in range(metrics.ECE_BINS):
        inside = [(r, c) for r, c in items if min(int(c * 10), 9) == b]
        if inside:
            gap = sum(r for r, _ in inside) - sum(c for _, c in inside)
            expected += abs(gap) / len(items)
    right, confidence = (np.array(c) for c in zip(*items, strict=True))
    assert metrics.ece(right, confidence, np.ones(len(items))) == pytest.approx(expected)


@given(st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_exact_bounds_agree_with_scipy(case: tuple[int, int]) -> None:
    right, n = case
    exact = stats.binomtest(right, n).proportion_ci(0.9, method="exact")
    assert lower_bound(right, n, 0.95) == pytest.approx(exact.low, abs=1e-9)
    assert upper_bound(right, n, 0.95) == pytest.approx(exact.high, abs=1e-9)


def test_the_bound_of_f1_is_that_of_its_share() -> None:
    f1 = of_counts(8, 10, as_f1=True)
    assert f1.estimate == pytest.approx(2 * 8 / (2 * 8 + 2))
    low = lower_bound(8, 10, 0.95)
    assert f1.lower(0.95) == pytest.approx(2 * low / (1 + low))


def test_a_perfect_score_still_has_a_width() -> None:
    truth = np.repeat(np.arange(3), 20)
    evidence = Evidence(truth, np.eye(3)[truth], ("a", "b", "c"))
    figure = evidence.average("macro_f1")
    low = figure.lower(0.95)
    assert figure.estimate == 1.0
    assert low is not None
    assert 0.9 < low < 0.99


@pytest.mark.parametrize("accuracy", [0.7, 0.9])
def test_bounds_of_an_average_cover_as_often_as_they_say(accuracy: float) -> None:
    rng = np.random.default_rng(5)
    k, n, runs = 3, 200, 300
    prior = np.array([0.5, 0.3, 0.2])
    table = np.full((k, k), (1 - accuracy) / (k - 1))
    np.fill_diagonal(table, accuracy)
    joint = prior[:, None] * table
    truth_value = float(metrics.macro_f1(metrics.counts(joint * 1e6)))
    covered = 0
    for run in range(runs):
        cells = rng.multinomial(n, joint.ravel())
        truth, predicted = (
            np.repeat(index, cells) for index in np.unravel_index(np.arange(k * k), (k, k))
        )
        evidence = Evidence(truth, np.eye(k)[predicted], tuple("abc"), seed=run)
        low = evidence.average("macro_f1").lower(0.95)
        assert low is not None
        covered += low <= truth_value
    assert covered / runs >= 0.925  # 0.95 less three standard errors of the simulation


def task(*criteria: Criterion, **more: object) -> Task:
    classes = (
        Class(id="A", title="Class A"),
        Class(id="B", title="나"),
        Class(id="P", title="Parent"),
        Class(id="P.x", title="x", parent="P"),
        Class(id="P.y", title="y", parent="P"),
        Class(id="U", title="Blurred", role="unusable"),
    )
    return Task(
        name="t", title="T", classes=classes,
        data=Data(source=Call(name="csv"), text=("body",)),
        holdout=Holdout(size=0.2, annotations=10),
        annotators=Annotators(source=Call(name="simulate")),
        budget=Budget(annotations=50),
        query=Query(phases=(Phase(name="main", strategy=Call(name="random")),)),
        train=Train(encoder=Encoders(), finetune=Call(name="head")),
        accept=Accept(criteria=criteria), **more,  # type: ignore[arg-type]
    )  # fmt: skip


def evidence(right: int, n: int, **more: object) -> Evidence:
    """`n` items of class A, `right` of them recognised, the others called B."""
    truth = np.zeros(n, dtype=np.int64)
    predicted = np.where(np.arange(n) < right, 0, 1)
    return Evidence(truth, np.eye(4)[predicted], ("A", "B", "P.x", "P.y"), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("right", "n", "status"),
    [(36, 36, "PASS"), (35, 35, "NOT YET KNOWN"), (300, 400, "FAIL"), (0, 0, "NOT YET KNOWN")],
)
def test_accuracy_of_92_percent_needs_36_right_answers(right: int, n: int, status: str) -> None:
    criterion = Criterion(metric="accuracy", op=">=", value=0.92, confidence=0.95)
    assert verdicts(task(criterion), evidence(right, n))[0].status == status


def test_a_point_estimate_is_decided_by_the_estimate() -> None:
    criterion = Criterion(metric="accuracy", op=">=", value=0.9)
    assert verdicts(task(criterion), evidence(9, 10))[0].status == "PASS"
    assert verdicts(task(criterion), evidence(8, 10))[0].status == "FAIL"


def test_each_class_reports_the_worst_by_title_and_leaves_unusable_ones_out() -> None:
    criterion = Criterion(metric="recall", of=EACH_CLASS, op=">=", value=0.5)
    verdict = verdicts(task(criterion), evidence(9, 10))[0]
    assert verdict.status == "NOT YET KNOWN"
    assert "나" in verdict.note
    truth = np.array([0, 1, 2, 3, 0, 0])
    full = Evidence(truth, np.eye(4)[[0, 1, 2, 3, 0, 1]], ("A", "B", "P.x", "P.y"))
    verdict = verdicts(task(criterion), full)[0]
    assert (verdict.status, verdict.note) == ("PASS", "lowest: Class A 0.67")


def test_a_child_counts_as_its_parents() -> None:
    criterion = Criterion(metric="recall", of="P", op=">=", value=1.0)
    swapped = Evidence(np.array([2, 3, 0]), np.eye(4)[[3, 2, 0]], ("A", "B", "P.x", "P.y"))
    assert verdicts(task(criterion), swapped)[0].estimate == 1.0


def test_slices_labels_and_upper_limits() -> None:
    both = evidence(5, 10, slices={"ko": np.arange(10) < 5}, labels_per_class={"A": 7, "P.x": 2})
    criteria = (
        Criterion(metric="accuracy", op=">=", value=0.9, on="ko"),
        Criterion(metric="labels", of="A", op=">=", value=7, confidence=0.95),
        Criterion(metric="labels", of="P", op=">=", value=3),
        Criterion(metric="ece", op="<=", value=0.9, confidence=0.8),
        Criterion(metric="alpha", op=">=", value=0.8),
    )
    found = [v.status for v in verdicts(task(*criteria), both)]
    assert found == ["PASS", "PASS", "FAIL", "PASS", "NOT YET KNOWN"]


def test_what_cannot_be_measured_is_named() -> None:
    gamma = Criterion(metric="gamma", op=">=", value=0.5)
    at = Criterion(metric="recall", of="A", op=">=", value=0.5, at=(0.9, "precision"))
    assert unsupported_metrics(task(gamma, at)) == ["gamma", "recall at N% precision"]


@pytest.mark.parametrize("metric", sorted(MEASURED))
def test_every_metric_that_is_said_to_be_measured_is(metric: str) -> None:
    of = "A" if metric in {"precision", "recall", "f1"} else None
    criterion = Criterion(metric=metric, of=of, op=">=", value=0.1, confidence=0.9)
    found = verdicts(task(criterion), evidence(9, 10, labels_per_class={"A": 3}))[0]
    assert (found.bound is None) == (metric in {"alpha", "labels"})  # a count is known exactly
    assert (found.estimate is None) == (metric == "alpha")


def test_the_record_holds_every_figure_and_goes_through_json() -> None:
    found = measurement(task(), evidence(9, 10), 0.88)
    assert type(found).model_validate_json(found.model_dump_json()) == found
    assert found.accuracy.low is not None
    assert found.accuracy.low < 0.9 < (found.accuracy.high or 0)
    assert found.classes[2].recall.estimate is None
    assert found.confusion[0] == (9, 1, 0, 0)
