"""Several views as one: a log-linear opinion pool (Genest & Zidek 1986) weighted by what it is worth.

p(class) ∝ Π p_v(class) ** w_v with w ≥ 0 that minimise the log-loss on the labels as they are: a convex
problem of few numbers, so that what it fits of the labels' noise is nothing. A weight is a view's temperature
too. Then the labels that confident learning calls wrong are left out and all views learn once more, with
the same weights: models that learned from a mistake repeat it.

That neighbours stand beside linear models, and that one refit is made, was chosen on the human labels of
ag_news (bench/label_errors.py); the weights are found anew for each data set.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from labelwright.loop.audit.cleaning import issues
from labelwright.loop.audit.views import View, log_loss
from labelwright.loop.learn.calibrate import softmax

_USELESS = 0.02  # of the sum of all weights: such a view is not asked again


@dataclass(frozen=True)
class Pooled:
    """What the views come to.

    probs: (n, n_classes), each row without the item's own label; first: before anything was left out.
    weights, losses: by name of view, its weight and its own log-loss on the labels as they are. left_out:
    (n,) bool, labels that nothing learned from at last.
    """

    probs: np.ndarray
    first: np.ndarray
    weights: Mapping[str, float]
    losses: Mapping[str, float]
    left_out: np.ndarray


def pooled(
    views: Sequence[View], given: np.ndarray, folds: np.ndarray, n_classes: int, *, refits: int = 1
) -> Pooled:
    """Ask the views about labels `given` (n,), weigh them, leave out what is wrong, ask them again."""
    keep = np.ones(len(given), dtype=bool)
    found = [view.tell(given, keep, folds, n_classes) for view in views]
    weight = weights([np.log(p) for p in found], given)
    losses = {view.name: log_loss(p, given) for view, p in zip(views, found, strict=True)}
    first = probs = pool([np.log(p) for p in found], weight)
    asked = [i for i in range(len(views)) if weight[i] > _USELESS * weight.sum()]
    for _ in range(refits):
        wrong = issues(given, probs)
        keep = ~wrong
        # a class that nobody would teach any more keeps its labels
        lost = np.bincount(given[keep], minlength=n_classes) < 2
        keep |= lost[given]
        logs = [np.log(views[i].tell(given, keep, folds, n_classes)) for i in asked]
        probs = pool(logs, weight[asked])
    return Pooled(
        probs, first, {v.name: float(w) for v, w in zip(views, weight, strict=True)}, losses, ~keep
    )


def pool(logs: Sequence[np.ndarray], weight: np.ndarray) -> np.ndarray:
    """(n, n_classes) of log-probabilities (n, n_classes) and their weights (n_views,)."""
    return softmax(
        sum((w * each for w, each in zip(weight, logs, strict=True)), np.zeros_like(logs[0]))
    )


def weights(logs: Sequence[np.ndarray], given: np.ndarray) -> np.ndarray:
    """(n_views,) not negative, of least mean log-loss on the labels `given` (n,)."""
    from scipy.optimize import minimize

    stacked = np.stack(logs)  # (n_views, n, n_classes)
    own = stacked[:, np.arange(len(given)), given]

    def objective(w: np.ndarray) -> tuple[float, np.ndarray]:
        probs = pool(logs, w)
        total = np.tensordot(w, stacked, axes=1)
        peak = total.max(axis=1)
        loss = np.log(np.exp(total - peak[:, None]).sum(axis=1)) + peak - w @ own
        slope = (probs[None] * stacked).sum(axis=2) - own
        return float(loss.mean()), slope.mean(axis=1)

    start = np.full(len(logs), 1 / len(logs))
    found = minimize(objective, start, jac=True, method="L-BFGS-B", bounds=[(0, None)] * len(logs))
    weight = np.asarray(found.x)
    return weight if weight.sum() > 0 else start
