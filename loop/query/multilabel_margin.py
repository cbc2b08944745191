"""Margins for several labels an item: where it is open whether labels apply.

`over = mean` averages over labels, as Esuli & Sebastiani 2009, "Active Learning Strategies for
Multi-Label Text Classification"; `over = most` takes the label nearest to its boundary, as
Brinker 2006, "On Active Learning in Multi-label Classification".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from labelwright.loop.errors import StrategyError
from labelwright.loop.ports import Chosen
from labelwright.loop.query.contract import nothing, top
from labelwright.loop.query.modal import understood
from labelwright.loop.query.uncertain import predicted

if TYPE_CHECKING:
    import numpy as np

    from labelwright.loop.ports import QueryLearner

OVER = ("mean", "most")


def multilabel_margin(
    learner: QueryLearner,
    X: np.ndarray,
    n_instances: int,
    *,
    random_state: int = 0,
    over: str = "mean",
) -> Chosen:
    """The items whose labels are most open. Utility: 1 − |2p − 1|, over the labels.

    The learner's probabilities, (n_items, n_labels), are those of each label by itself, within 0 … 1;
    rows need not sum to one. 1 is a label as likely as not, 0 a certain one. over: `mean`, the mean
    of the labels, or `most`, the most open label. Of equal items the lower position comes first.

    Needs labels. Reads X once, keeps 16 bytes an item. Raises StrategyError for a number that is no
    probability and an unknown `over`.
    """
    import numpy as np

    if over not in OVER:
        raise StrategyError(f"over is {over}", f"it may be: {', '.join(OVER)}")
    learner = understood(learner)
    if len(X) == 0 or n_instances == 0:
        return nothing()
    utilities, likeliest = np.empty(len(X)), np.empty(len(X))
    most = np.empty(len(X), dtype=np.int32)
    for rows, _, probs in predicted(learner, X):
        open_ = _openness(probs, rows.start)
        utilities[rows] = open_.mean(axis=1) if over == "mean" else open_.max(axis=1)
        most[rows] = open_.argmax(axis=1)
        likeliest[rows] = probs[np.arange(len(probs)), most[rows]]
    indices = top(utilities, n_instances)
    reasons = tuple(
        f"openness {value:.2f}, most of all {learner.classes[label]}: probability {p:.2f}"
        for value, label, p in zip(
            utilities[indices], most[indices], likeliest[indices], strict=True
        )
    )
    return Chosen(indices, utilities[indices], np.ones(len(indices)), reasons)


def _openness(probs: np.ndarray, first: int) -> np.ndarray:
    """1 − |2p − 1| of each label of the items from position `first` on."""
    import numpy as np

    outside = ((probs < 0) | (probs > 1)).any(axis=1)
    if outside.any():
        raise StrategyError(
            f"the model gave item {first + int(outside.argmax())} of the pool a number outside 0 … 1, "
            "which is no probability"
        )
    return np.asarray(1 - np.abs(2 * probs - 1))
