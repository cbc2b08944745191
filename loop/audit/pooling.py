"""Several views as one: a log-linear opinion pool (Genest & Zidek 1986) weighted by what it is worth.

p(class) ∝ Π p_v(class) ** w_v with w ≥ 0 that minimise the log-loss on the labels as they are: a convex
problem of few numbers, so that what it fits of the labels' noise is nothing. A weight is a view's temperature
too. What a view says is the mean over several deals of the folds (repeated cross-validation): which items
an item's models happened to learn from should not order the queue.

Then the labels that confident learning calls wrong are left out and all views learn once more, with the same
weights: models that learned from a mistake repeat it. What counts is both answers together, their geometric
mean. A refit helps much where classes are taken for each other, and harms where weak models leave out what is
right. Labels as they are do not tell which: a model that repeats systematic mistakes predicts them best.

That neighbours stand beside linear models, and that one refit is made, was chosen on the human labels of
ag_news; the mean, on these and on labels turned on purpose in four sets (bench/RESULTS.md, "Wrong labels").
The weights are found anew for each data set.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from labelwright.loop.audit.cleaning import issues
from labelwright.loop.audit.views import View, floored, log_loss
from labelwright.loop.learn.calibrate import softmax

_USELESS = 0.02  # of the sum of all weights: such a view is not asked again


@dataclass(frozen=True)
class Pooled:
    """What the views come to.

    probs: (n, n_classes), each row without the item's own label; first: before anything was left out; refit:
    by what learned without it. probs is the geometric mean of the two.
    weights, losses: by name of view, its weight and its own log-loss on the labels as they are. left_out:
    (n,) bool, labels that nothing learned from at last.
    """

    probs: np.ndarray
    first: np.ndarray
    refit: np.ndarray
    weights: Mapping[str, float]
    losses: Mapping[str, float]
    left_out: np.ndarray


def pooled(
    views: Sequence[View], given: np.ndarray, folds: np.ndarray, n_classes: int, *, refits: int = 1
) -> Pooled:
    """Ask the views about labels `given` (n,), weigh them, leave out what is wrong, ask them again.

    folds: (n,), or (n_deals, n): what a view says is then the mean over the deals.
    """
    deals = np.atleast_2d(folds)

    def ask(view: View) -> np.ndarray:
        return np.asarray(np.mean([view.tell(given, keep, f, n_classes) for f in deals], axis=0))

    keep = np.ones(len(given), dtype=bool)
    found = [ask(view) for view in views]
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
        logs = [np.log(ask(views[i])) for i in asked]
        probs = pool(logs, weight[asked])
    both = pool([np.log(floored(first)), np.log(floored(probs))], np.array([0.5, 0.5]))
    return Pooled(
        both,
        first,
        probs,
        {v.name: float(w) for v, w in zip(views, weight, strict=True)},
        losses,
        ~keep,
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
