"""Figures of drawn holdouts against plain ones where these must be the same, and where all is known."""

from __future__ import annotations

import numpy as np
import pytest

from labelwright.loop.learn.tagger import Found
from labelwright.loop.measure import metrics
from labelwright.loop.measure.counted import of_sets as plain_sets
from labelwright.loop.measure.drawing import of_marks, of_one, of_sets
from labelwright.loop.measure.evidence import Bounded, Evidence
from labelwright.loop.measure.weighted import Drawn, Expected
from labelwright.loop.tagging import evidence_of

CLASSES = ("a", "b", "c")
PARENTS = {"ab": frozenset({0, 1}), "c": frozenset({2})}


def holdout(n_items: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    probs = rng.dirichlet([0.4, 0.4, 0.4], n_items)
    truth = np.array([rng.choice(3, p=p) for p in probs])
    return truth, probs


def even(n: int, n_items: int) -> Drawn:
    """The first n of the items, drawn uniformly, the pool without end."""
    v = np.full(n, n_items / n)
    return Drawn(np.arange(n), np.ones(n, dtype=bool), v, v**2)


def ends(figure: Bounded) -> tuple[float | None, float | None]:
    return figure.lower(0.975), figure.upper(0.975)


def test_without_expectations_equal_weights_are_no_weights() -> None:
    truth, probs = holdout(400, 0)
    n = 80
    blind = Expected(np.zeros(400), np.zeros((400, 3, 3)), {frozenset({0, 1}): np.zeros((400, 3))})
    ours = of_one(even(n, 400), truth[:n], probs, CLASSES, PARENTS, expected=blind)
    plain = Evidence(truth=truth[:n], probs=probs[:n], classes=CLASSES)
    assert len(ours) == n
    assert ours.accuracy().estimate == plain.accuracy().estimate
    assert ends(ours.accuracy()) == pytest.approx(ends(plain.accuracy()), abs=0.004)
    assert (ours.confusion == plain.confusion).all()
    for metric in ("precision", "recall", "f1"):
        for members in (frozenset({2}), frozenset({0, 1})):
            one, two = ours.of_class(metric, members), plain.of_class(metric, members)
            assert one.estimate == pytest.approx(two.estimate)
            assert one.n == two.n
            assert ends(one) == pytest.approx(ends(two), abs=0.02)
    for metric in sorted(metrics.AVERAGES):
        one, two = ours.average(metric), plain.average(metric)
        assert one.estimate == pytest.approx(two.estimate)
        assert ends(one) == pytest.approx(ends(two), abs=0.006)
    assert ours.ece().estimate == pytest.approx(plain.ece().estimate)
    assert ends(ours.ece()) == pytest.approx(ends(plain.ece()), abs=0.02)


def test_a_holdout_of_which_every_item_was_drawn_is_known_exactly() -> None:
    truth, probs = holdout(60, 1)
    whole = Drawn(np.arange(60), np.ones(60, dtype=bool), np.ones(60), np.zeros(60))
    view = of_one(whole, truth, probs, CLASSES, PARENTS)
    right = float((truth == probs.argmax(axis=1)).mean())
    assert view.accuracy().estimate == pytest.approx(right)
    assert ends(view.accuracy()) == pytest.approx((right, right))
    t = metrics.counts(metrics.confusion(truth, probs.argmax(axis=1), 3))
    assert view.average("macro_f1").estimate == pytest.approx(float(metrics.macro_f1(t)))
    recall = view.of_class("recall", frozenset({1}))
    assert ends(recall) == pytest.approx([float(metrics.recall(t)[1])] * 2)


def test_items_without_a_label_are_outside_and_slices_keep_their_weights() -> None:
    truth, probs = holdout(200, 2)
    rng = np.random.default_rng(0)
    rows = np.sort(rng.permutation(200)[:60])
    known = rng.random(60) < 0.8
    inside = rng.random(200) < 0.5
    v = rng.uniform(1, 8, 60)
    view = of_one(
        Drawn(rows, known, v, v**2), truth[rows], probs, CLASSES, PARENTS,
        expected=Expected(np.zeros(200), np.zeros((200, 3, 3)), {frozenset({0, 1}): np.zeros((200, 3))}),
        slices={"part": inside},
    )  # fmt: skip
    right = truth[rows] == probs[rows].argmax(axis=1)
    assert len(view) == known.sum()
    expected = (v * right * known).sum() / (v * known).sum()
    assert view.accuracy().estimate == pytest.approx(expected)
    here = inside[rows]
    part = view.on("part")
    assert len(part) == (known & here).sum()
    expected = (v * right * known * here).sum() / (v * known * here).sum()
    assert part.accuracy().estimate == pytest.approx(expected)
    assert view.confusion.sum() == pytest.approx(known.sum(), abs=4)


def test_expectations_move_the_estimate_to_where_all_items_say_it_is() -> None:
    """The drawn items happen to be the hard ones: what the model expects of the others corrects it."""
    truth, probs = holdout(2000, 3)
    sure = probs.max(axis=1)
    hard = np.sort(np.argsort(sure)[100:1100:5])
    v = np.full(200, 10.0)
    view = of_one(Drawn(hard, np.ones(200, dtype=bool), v, v**2), truth[hard], probs, CLASSES, {})
    right = truth == probs.argmax(axis=1)
    plain = right[hard].mean()
    found = view.accuracy().estimate
    assert found is not None
    assert abs(found - right.mean()) < 0.5 * abs(plain - right.mean())


def test_several_classes_an_item_agree_with_plain_counts() -> None:
    rng = np.random.default_rng(4)
    probs = rng.random((300, 3))
    hot = rng.random((300, 3)) < probs
    given = probs > 0.5
    n = 90
    drawn = even(n, 300)
    view = of_sets(drawn, hot[:n], given, probs, CLASSES, PARENTS)
    plain = plain_sets(hot[:n], given[:n], probs[:n], CLASSES, PARENTS)
    assert view.kind == "many"
    assert (view.counts == plain.counts).all()
    assert view.support(1) == plain.support(1)
    assert view.predicted_as(1) == plain.predicted_as(1)
    members = frozenset({0, 1})
    assert (view.together[members] == plain.together[members]).all()
    truth = metrics.micro_f1(
        plain_sets(hot, given, probs, CLASSES, PARENTS).counts.sum(axis=0)
    )  # of all 300
    low, high = ends(view.average("micro_f1"))
    assert low is not None
    assert high is not None
    assert low < float(truth) < high
    one, two = view.average("micro_f1"), plain.average("micro_f1")
    assert high - low < 1.05 * (two.upper(0.975) or 1) - (two.lower(0.975) or 0)
    assert one.n == two.n
    assert view.ece().estimate == pytest.approx(plain.ece().estimate)


def test_marks_agree_with_plain_counts() -> None:
    said = [
        [Found(0, 3, 0, 0.9)],
        [Found(2, 5, 1, 0.6), Found(6, 8, 0, 0.7)],
        [],
        [Found(1, 2, 2, 0.8)],
    ]
    true = [[(0, 3, 0)], [(2, 5, 1)], [(4, 6, 2)], [(1, 2, 1)]]
    view = of_marks(even(4, 4), true, said, CLASSES, PARENTS)
    plain = evidence_of(true, said, CLASSES, PARENTS)
    assert (view.counts == plain.counts).all()
    assert view.average("micro_f1").estimate == pytest.approx(plain.average("micro_f1").estimate)
    assert view.ece().estimate == pytest.approx(plain.ece().estimate)
    assert view.accuracy().estimate == plain.accuracy().estimate
