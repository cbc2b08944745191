"""What a model says of every item of the holdout, whether anybody labelled it or not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from labelwright.loop.measure.designs import clipped, doubt
from labelwright.loop.measure.drawing import all_right
from labelwright.loop.sets import Sets
from labelwright.loop.split import HOLDOUT
from labelwright.loop.supported import several
from labelwright.loop.tagging import places

if TYPE_CHECKING:
    from labelwright.dsl.task import Task
    from labelwright.loop.labels import Labels
    from labelwright.loop.learn.tagger import Found
    from labelwright.loop.ports import Model
    from labelwright.loop.workbench import Workbench


@dataclass(frozen=True)
class Answers:
    """A model's answers to all N items of the holdout, in the order of their rows.

    probs: (N, n_classes); given: (N, n_classes) bool, its answer; of spans, marks (N,) in their place.
    sure: (N,) P(its whole answer is right). unsure: (N,) the deviation to expect of what is measured.
    """

    rows: np.ndarray
    sure: np.ndarray
    unsure: np.ndarray
    probs: np.ndarray
    given: np.ndarray
    marks: Sequence[Sequence[Found]] = ()

    def places(self, rows: np.ndarray) -> np.ndarray:
        """Positions of these rows of the holdout."""
        return np.searchsorted(self.rows, rows)

    def right(self, task: Task, labels: Labels) -> np.ndarray:
        """(n_labels,) bool, whether the whole answer to each is right."""
        at = self.places(labels.rows)
        if task.kind == "spans":
            true = [set(marks) for marks in places(task, labels)]
            said = [{(m.start, m.end, m.label) for m in self.marks[i]} for i in at]
            return np.array([a == b for a, b in zip(true, said, strict=True)], dtype=bool)
        if several(task):
            return np.asarray(((Sets(task).hot(labels.answers) > 0) == self.given[at]).all(axis=1))
        return np.asarray(self.given[at, labels.classes])


def answers(bench: Workbench, round_: int, model: Model) -> Answers:
    """What a model says of the holdout as a round has it; the model reads what the round's learner reads."""
    task = bench.task
    rows = np.flatnonzero(bench.split(round_) == HOLDOUT)
    X = bench.seen(round_, rows)
    if task.kind == "spans":
        return _marks(rows, model, X, len(task.labels))
    probs = np.asarray(model.predict_proba(X))
    if several(task):
        sets = Sets(task)
        given = sets.decide(probs, getattr(model, "thresholds", None))
        probs = sets.coherent(probs)
        unsure = np.sqrt((doubt(probs) ** 2).sum(axis=1))
        return Answers(rows, all_right(clipped(probs), given), unsure, probs, given)
    given = np.eye(probs.shape[1], dtype=bool)[probs.argmax(axis=1)]
    sure = probs.max(axis=1)
    return Answers(rows, sure, doubt(sure), probs, given)


def _marks(rows: np.ndarray, model: Any, X: np.ndarray, n_classes: int) -> Answers:
    """Of texts: each mark may be wrong, and each class that is not marked may be missing."""
    marks = model.predict_spans(X)
    probs = np.asarray(model.predict_proba(X), dtype=np.float64)
    given = np.zeros((len(rows), n_classes), dtype=bool)
    sure, square = np.ones(len(rows)), np.zeros(len(rows))
    for i, found in enumerate(marks):
        for mark in found:
            given[i, mark.label] = True
            sure[i] *= mark.prob
            square[i] += mark.prob * (1 - mark.prob)
    missing = np.where(given, 0.0, probs)
    sure *= (1 - missing).prod(axis=1)
    square += (missing * (1 - missing)).sum(axis=1)
    return Answers(rows, sure, np.sqrt(np.maximum(square, 0.02)), probs, given, marks)
