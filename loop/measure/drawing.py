"""From drawn items and their labels to `weighted.Weighted`, whatever an answer is: arrays in, a view out.

All of the model's answers are those on the N items of the holdout; labels are those of the n drawn ones, in
`drawn.known` where there is none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from labelwright.loop.measure import metrics
from labelwright.loop.measure.counted import cells, gaps_of
from labelwright.loop.measure.weighted import Drawn, Expected, Weighted

if TYPE_CHECKING:
    from labelwright.loop.learn.tagger import Found

Place = tuple[int, int, int]


def expect_one(
    probs: np.ndarray, parents: Mapping[str, frozenset[int]], *, trusted: bool = True
) -> Expected:
    """What probs (N, n_classes) make of one class an item."""
    predicted = probs.argmax(axis=1)
    groups = [m for m in parents.values() if len(m) != 1]
    return Expected(
        probs.max(axis=1),
        expected_cells(probs, np.eye(probs.shape[1], dtype=bool)[predicted]),
        {
            m: expected_cells(probs[:, sorted(m)].sum(axis=1), np.isin(predicted, sorted(m)))
            for m in groups
        },
        trusted,
    )


def of_one(
    drawn: Drawn,
    truth: np.ndarray,
    probs: np.ndarray,
    classes: tuple[str, ...],
    parents: Mapping[str, frozenset[int]],
    *,
    expected: Expected | None = None,
    **rest: Any,
) -> Weighted:
    """One class an item. truth: (n,) class index, anything where not known. probs: (N, n_classes).

    expected: `expect_one` of these probabilities, where it is at hand.
    """
    own = probs[drawn.rows]
    said, confidence = own.argmax(axis=1), own.max(axis=1)
    known = drawn.known
    truth = np.where(known, truth, 0)
    right = truth == said
    hot = np.eye(probs.shape[1], dtype=bool)
    groups = [m for m in parents.values() if len(m) != 1]
    return Weighted(
        drawn=drawn,
        right=right & known,
        counts=cells(hot[truth], hot[said]) * known[:, None, None],
        expected=expect_one(probs, parents) if expected is None else expected,
        classes=classes,
        kind="one",
        truth=truth,
        predicted=said,
        together={
            m: cells(np.isin(truth, sorted(m)), np.isin(said, sorted(m))) * known[:, None]
            for m in groups
        },
        gaps=gaps_of(right[:, None], confidence[:, None]) * known[:, None],
        **rest,
    )


def of_sets(
    drawn: Drawn,
    truth: np.ndarray,
    given: np.ndarray,
    probs: np.ndarray,
    classes: tuple[str, ...],
    parents: Mapping[str, frozenset[int]],
    **rest: Any,
) -> Weighted:
    """Several classes an item. truth: (n, n_classes) bool. given, probs: (N, n_classes), each class's own."""
    known, said = drawn.known, given[drawn.rows]
    groups = [sorted(m) for m in parents.values() if len(m) != 1]
    return Weighted(
        drawn=drawn,
        right=(truth == said).all(axis=1) & known,
        counts=cells(truth, said) * known[:, None, None],
        expected=Expected(
            all_right(probs, given),
            expected_cells(probs, given),
            {frozenset(m): expected_cells(probs[:, m].max(axis=1), _any(given, m)) for m in groups},
        ),
        classes=classes,
        kind="many",
        together={
            frozenset(m): cells(_any(truth, m), _any(said, m)) * known[:, None] for m in groups
        },
        gaps=gaps_of(truth, probs[drawn.rows]) * known[:, None],
        decisions=truth.shape[1],
        **rest,
    )


def of_marks(
    drawn: Drawn,
    truth: Sequence[Iterable[Place]],
    said: Sequence[Sequence[Found]],
    classes: tuple[str, ...],
    parents: Mapping[str, frozenset[int]],
    **rest: Any,
) -> Weighted:
    """Marks in texts. truth: of the n drawn; said: what the model marks in all N, with probabilities."""
    from labelwright.loop.tagging import evidence_of

    known, k = drawn.known, len(classes)
    seen = [said[row] for row in drawn.rows]
    found = evidence_of(truth, seen, classes, parents)
    gaps = np.zeros((len(known), metrics.ECE_BINS)) if found.gaps is None else found.gaps
    total = float((drawn.v * [len(marks) for marks in seen]) @ known)
    expected = np.zeros((len(said), k, 3))
    for row, marks in enumerate(said):
        for mark in marks:
            expected[row, mark.label, 0] += mark.prob
            expected[row, mark.label, 1] += 1 - mark.prob
    return Weighted(
        drawn=drawn,
        right=found.right & known,
        counts=found.counts * known[:, None, None],
        expected=Expected(
            np.array([float(np.prod([m.prob for m in marks])) for marks in said]),
            expected,
            {m: expected[:, sorted(m)].sum(axis=1) for m in found.together},
        ),
        classes=classes,
        kind="spans",
        together={m: counts * known[:, None] for m, counts in found.together.items()},
        gaps=gaps * known[:, None] if total > 0 else None,
        decisions=total / float(drawn.v[known].sum()) if total > 0 else 1,
        **rest,
    )


def _any(decisions: np.ndarray, members: list[int]) -> np.ndarray:
    return np.asarray(decisions[:, members].any(axis=1))


def expected_cells(probs: np.ndarray, given: np.ndarray) -> np.ndarray:
    """(..., 3) TP, FP, FN to expect of decisions `given` (bool), right with these probabilities."""
    return np.stack([probs * given, (1 - probs) * given, probs * ~given], axis=-1)


def all_right(probs: np.ndarray, given: np.ndarray) -> np.ndarray:
    """(N,) probability that a whole set of decisions is right, were they independent."""
    return np.asarray(np.where(given, probs, 1 - probs).prod(axis=1))
