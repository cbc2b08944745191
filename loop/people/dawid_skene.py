"""Dawid–Skene: each person has a confusion matrix, the labels are hidden, and EM finds both.

Dawid & Skene 1979, "Maximum Likelihood Estimation of Observer Error-Rates Using the EM Algorithm". With
q_i the belief about item i, N_j[k, l] = Σ q_i(k) over the items that j called l:

    M: π_j[k, l] = (N_j[k, l] + s T_j[k, l]) / (Σ_l N_j[k, l] + s),   p_k = (Σ_i q_i(k) + 1) / (n + K)
    E: q_i(k) ∝ p_k Π_j π_j[k, y_ij]

s T_j is a Dirichlet prior: T_j is right with one accuracy for every class, and wrong evenly or, on a scale,
the more seldom the further off. `dawid_skene` has s = 0.01, just enough that nothing is held impossible
which was not seen. `reliability` chooses among stronger ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from labelwright.loop.people.answers import resolved
from labelwright.loop.people.majority import Resolved

if TYPE_CHECKING:
    import numpy as np

    from labelwright.loop.people.scale import Scale
    from labelwright.loop.people.votes import Votes

STRENGTH = 0.01
_STEPS = 100
_CHANGE = 1e-4  # of a belief, in the mean, below which EM stops
_SHRUNK = 4.0  # answers that everybody's accuracy counts for in a person's own


@dataclass(frozen=True)
class Confusions:
    """What EM found: beliefs probs (n_items, n_classes), matrices (n_people, n_classes true, n_classes said),

    prior (n_classes,), and the log-likelihood of all answers.
    """

    probs: np.ndarray
    matrices: np.ndarray
    prior: np.ndarray
    log_likelihood: float

    def said(self, votes: Votes) -> np.ndarray:
        """(v,) the probability of each of these answers, before it is seen."""
        by_truth = self.matrices[votes.people, :, votes.classes]
        found: np.ndarray = (self.probs[votes.items] * by_truth).sum(axis=1)
        return found


def dawid_skene(
    annotations: Sequence[tuple[str, str, str]],
    classes: Sequence[str],
    on_scale: Scale | None = None,
) -> dict[str, Resolved]:
    """The likeliest class, by what each person mistakes for what (Dawid & Skene 1979)."""
    return resolved(annotations, classes, on_scale, lambda votes: fit(votes).probs)


def fit(
    votes: Votes,
    *,
    strength: float = STRENGTH,
    own_accuracy: bool = False,
    prior: np.ndarray | None = None,
    logs: np.ndarray | None = None,
    apart: np.ndarray | None = None,
    steps: int = _STEPS,
) -> Confusions:
    """EM from the shares of votes.

    strength: s; infinity for T alone. own_accuracy: T_j has the person's own accuracy, shrunk to everybody's,
    in the place of everybody's. prior: (n_classes,) how likely the classes are, learned where it is not
    given. logs: (n_items, n_classes) what is known of each item beside the answers, as log-probabilities up
    to a constant. apart: (n_classes, n_classes) how far the classes lie apart on a scale.
    """
    import numpy as np

    from labelwright.loop.people.votes import normalised

    probs = votes.shares if logs is None else normalised(np.log(votes.shares + 1e-3) + logs)[0]
    n, k = probs.shape
    for _ in range(steps):
        counts = votes.confusions(probs)
        target = _coins(counts, own_accuracy, apart)
        if np.isinf(strength):
            matrices = np.broadcast_to(target, counts.shape)
        else:
            matrices = (counts + strength * target) / (counts.sum(axis=2, keepdims=True) + strength)
        p = (probs.sum(axis=0) + 1) / (n + k) if prior is None else prior
        evidence = votes.evidence(np.log(matrices)) + np.log(p)
        before = probs
        probs, total = normalised(evidence if logs is None else evidence + logs)
        if np.abs(probs - before).mean() < _CHANGE:
            break
    return Confusions(probs, np.asarray(matrices), p, float(total.sum()))


def _coins(counts: np.ndarray, own: bool, apart: np.ndarray | None) -> np.ndarray:
    """(n_people or 1, n_classes, n_classes): right by one accuracy, wrong by `_errors`."""
    import numpy as np

    k = counts.shape[1]
    right = np.trace(counts, axis1=1, axis2=2)
    answers = counts.sum(axis=(1, 2))
    overall = (right.sum() + 1) / (answers.sum() + 2)
    accuracy = np.array([overall])
    if own:
        accuracy = (right + _SHRUNK * overall) / (answers + _SHRUNK)
    found = (1 - accuracy)[:, None, None] * _errors(counts.sum(axis=0), apart)
    found[:, np.arange(k), np.arange(k)] = accuracy[:, None]
    return np.asarray(np.maximum(found, 1e-12))


def _errors(pooled: np.ndarray, apart: np.ndarray | None) -> np.ndarray:
    """(n_classes true, n_classes said): of an error, where it falls; even, or exp(−r · distance) on a scale

    with the r that suits everybody's errors `pooled` best.
    """
    import numpy as np

    k = len(pooled)
    off = 1 - np.eye(k)
    if apart is None or k < 3:
        return off / max(k - 1, 1)
    unit = apart[apart > 0].mean() if (apart > 0).any() else 1.0
    best, found = -np.inf, off / (k - 1)
    for rate in np.arange(0, 8.25, 0.25):
        falls = np.exp(-rate * apart / unit) * off
        falls /= falls.sum(axis=1, keepdims=True)
        score = float((pooled * np.where(off > 0, np.log(np.maximum(falls, 1e-300)), 0)).sum())
        if score > best + 1e-9:
            best, found = score, falls
    return found
