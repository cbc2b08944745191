"""What a task file says against a label: hard constraints, and rules that are nearly always right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from labelwright.dsl.task import Task
from labelwright.loop.constraints import Judge
from labelwright.loop.rules.label_model import accuracies
from labelwright.loop.rules.votes import Votes, votes

STRONG = 0.9
"""How often a rule agrees with the labels where it fires, to speak against one of them."""

_FEWEST = 20  # labels on which a rule fired, before it is called strong


@dataclass(frozen=True)
class Against:
    """A rule that contradicts a label. within: (n_classes,) bool, the classes that it allows."""

    row: int
    rule: str
    accuracy: float
    within: np.ndarray


def broken(task: Task, answers: Sequence[Sequence[str]]) -> dict[int, str]:
    """By row, why the task allows no such answer (class ids): certainly wrong."""
    judge = Judge(task)
    found = {row: judge.violations(answer) for row, answer in enumerate(answers)}
    return {row: "; ".join(why) for row, why in found.items() if why}


def against(task: Task, table: pa.Table, given: np.ndarray) -> list[Against]:
    """For each label (n,) of the table's n items, the strongest rule that contradicts it, if any.

    How often a rule is right is told by the labels themselves, errors included: no better than it is. Items
    that a rule vetoes are left out. Empty where the task has no rules.
    """
    said = votes(task, table)
    if said is None:
        return []
    targets = np.eye(len(task.labels))[given]
    accuracy = accuracies(said, targets)
    strong = (accuracy >= STRONG) & (said.fired.sum(axis=0) >= _FEWEST)
    return list(_strongest(said, given, accuracy, strong))


def _strongest(
    said: Votes, given: np.ndarray, accuracy: np.ndarray, strong: np.ndarray
) -> list[Against]:
    contradicts = said.fired & ~said.within[:, given].T & strong & ~said.vetoed[:, None]
    found = []
    for row in np.flatnonzero(contradicts.any(axis=1)):
        rule = int(np.where(contradicts[row], accuracy, -1.0).argmax())
        found.append(Against(int(row), said.names[rule], float(accuracy[rule]), said.within[rule]))
    return found


def updated(probs: np.ndarray, found: Sequence[Against]) -> np.ndarray:
    """(n, n_classes) with what the rules say worked in, as one more piece of evidence each (Bayes)."""
    new = probs.copy()
    for each in found:
        inside = np.where(each.within, each.accuracy, 1 - each.accuracy)
        new[each.row] *= inside
        new[each.row] /= new[each.row].sum()
    return new
