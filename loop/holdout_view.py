"""The holdout's view of a round's model where its items were drawn in stages (`holdout_sample`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from labelwright.loop.conditions import mask
from labelwright.loop.holdout_answers import answers
from labelwright.loop.holdout_sample import drawn, staged
from labelwright.loop.measure.drawing import of_marks, of_one, of_sets
from labelwright.loop.measure.weighted import Drawn, Weighted
from labelwright.loop.sets import Sets
from labelwright.loop.supported import several
from labelwright.loop.tagging import places

if TYPE_CHECKING:
    from labelwright.loop.labels import Labels
    from labelwright.loop.workbench import Workbench


def weighted(bench: Workbench, round_: int, held: Labels, told: dict[str, Any]) -> Weighted | None:
    """From the labels of the holdout's items; None where nothing was drawn in stages, or nothing is known.

    told: labels_per_class, labels, alpha and seed, as `Weighted` has them.
    """
    if not bench.learned(round_) or not staged(bench, round_):
        return None
    sample = drawn(bench, round_)
    index = {int(row): i for i, row in enumerate(held.rows)}
    label = np.array([index.get(int(row), -1) for row in sample.rows], dtype=np.int64)
    if not (label >= 0).any():
        return None
    task, said = bench.task, answers(bench, round_, bench.final(round_))
    v, s = sample.weights()
    picked = Drawn(said.places(sample.rows), label >= 0, v, s)
    table = bench.items(round_).take(said.rows).table
    sets = Sets(task)
    rest: dict[str, Any] = {
        **told,
        "slices": {each.name: mask(each.when, table) for each in task.slices},
    }
    classes, parents = tuple(c.id for c in task.labels), sets.parents()
    if task.kind == "spans":
        known = places(task, held)
        true = [known[i] if i >= 0 else [] for i in label]
        return of_marks(picked, true, said.marks, classes, parents, **rest)
    if several(task):
        hot = sets.hot(held.answers[i] if i >= 0 else () for i in label) > 0
        return of_sets(picked, hot, said.given, said.probs, classes, parents, **rest)
    truth = held.classes[np.maximum(label, 0)]
    return of_one(picked, truth, said.probs, classes, parents, **rest)
