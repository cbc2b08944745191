"""Class balancing: the next items are asked of the classes that have the fewest labels.

After Aggarwal, Popescu & Hudelot 2020, "Active Learning for Imbalanced Datasets", which chooses by the
class that the model predicts.
"""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING

from labelwright.loop.errors import StrategyError
from labelwright.loop.ports import Chosen
from labelwright.loop.query.contract import nothing, top
from labelwright.loop.query.modal import understood
from labelwright.loop.query.uncertain import measure, predicted

if TYPE_CHECKING:
    import numpy as np

    from labelwright.loop.ports import QueryLearner

LIKELY = "likely"
TOWARDS = ("uniform", "pool")


def class_balancing(
    learner: QueryLearner,
    X: np.ndarray,
    n_instances: int,
    *,
    random_state: int = 0,
    toward: str = "uniform",
    within: str = "margin",
) -> Chosen:
    """Uncertain items of those classes, as the model predicts them, that have the fewest labels.

    Each item goes to the class of fewest labels so far, those of this batch counted as if the model
    were right about them, until its predicted items are used up: the counts are filled up like
    water, `toward = uniform`. With `toward = pool` labels are counted in proportion to the
    items predicted in X, so that they come to be distributed as those are. Of equal classes the first.

    within: which items of a class come first: `margin`, `entropy` or `least_confidence`, the most
    uncertain, or `likely`, those of greatest probability, of which most turn out to be of the class.
    Utility: that uncertainty, or probability; the order is that in which classes take turns.
    A class that the model never predicts gets no item, and the notes name it: see rare_class.

    X: (n_items, dim), read once; 16 bytes an item. Raises StrategyError without labels or for
    another word.
    """
    import numpy as np

    learner = understood(learner)
    if toward not in TOWARDS:
        raise StrategyError(
            f"class_balancing cannot go toward {toward}", f"it goes toward: {', '.join(TOWARDS)}"
        )
    utility = _probability if within == LIKELY else measure(within)
    if len(X) == 0 or n_instances == 0:
        return nothing()
    utilities = np.empty(len(X))
    predictions = np.empty(len(X), dtype=np.int64)
    for rows, _, probs in predicted(learner, X):
        utilities[rows] = utility(probs)
        predictions[rows] = probs.argmax(axis=1)
    n_classes = len(learner.classes)
    counts = np.bincount(learner.y_training, minlength=n_classes)
    available = np.bincount(predictions, minlength=n_classes)
    shares = available / len(X) if toward == "pool" else np.full(n_classes, 1 / n_classes)
    turns = quotas(counts, available, shares, n_instances)
    indices = np.empty(len(turns), dtype=np.int64)
    for number in np.unique(turns):
        slots = np.flatnonzero(turns == number)
        members = np.flatnonzero(predictions == number)
        indices[slots] = members[top(utilities[members], len(slots))]
    word = "probability" if within == LIKELY else within
    reasons = tuple(
        f"probably {learner.classes[number]}, which has {_labels(counts[number])}; {word} {value:.2f}"
        for number, value in zip(turns, _shown(within, utilities[indices]), strict=True)
    )
    notes = _never(learner.classes, available) if toward == "uniform" else ()
    return Chosen(indices, utilities[indices], np.ones(len(indices)), reasons, notes)


def quotas(counts: np.ndarray, available: np.ndarray, shares: np.ndarray, n: int) -> np.ndarray:
    """The class of each next item, (at most n,): always the one of least (labels / share).

    counts: (n_classes,) labels so far. available: items of each class that can be chosen; where they
    are used up the class takes no more turns. Of equal classes the lower index.
    """
    import numpy as np

    taken = np.zeros(len(counts), dtype=np.int64)
    heap = [(counts[c] / shares[c], c) for c in np.flatnonzero(available)]
    heapq.heapify(heap)
    turns: list[int] = []
    while heap and len(turns) < n:
        _, number = heap[0]
        turns.append(number)
        taken[number] += 1
        if taken[number] == available[number]:
            heapq.heappop(heap)
        else:
            level = (counts[number] + taken[number]) / shares[number]
            heapq.heapreplace(heap, (level, number))
    return np.array(turns, dtype=np.int64)


def _probability(probs: np.ndarray) -> np.ndarray:
    import numpy as np

    return np.asarray(probs.max(axis=1))


def _shown(within: str, utilities: np.ndarray) -> np.ndarray:
    """What people know by the name: a margin is small where its utility is great."""
    return 1 - utilities if within == "margin" else utilities


def _labels(count: int) -> str:
    return "1 label" if count == 1 else f"{count} labels"


def _never(classes: tuple[str, ...], available: np.ndarray) -> tuple[str, ...]:
    names = [name for name, n in zip(classes, available, strict=True) if n == 0]
    if not names:
        return ()
    shown = ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
    return (f"no item is predicted to be {shown}, so none was asked of that class",)
