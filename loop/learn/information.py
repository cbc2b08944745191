"""A logistic head that is sure of unlabelled items too, while its classes stay as frequent as they are.

Regularised information maximisation (Bridle, Heading & MacKay 1992; Krause, Perona & Gomes 2010), with the
labels as well: entropy minimisation (Grandvalet & Bengio 2005) that cannot collapse into one class.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch.nn.functional import log_softmax

from labelwright.loop.learn.lbfgs import Objective, minimise
from labelwright.loop.learn.logistic import Linear, one_thread

_LEAST, _MOST = 2.0, 50.0  # labels added to every class that has some, in the prior
_HELD = 2.0  # how much the prior weighs beside the entropy
_ITERATIONS = 150
_FLAT, _STILL = 5e-4, 1e-5  # what is finer costs twice the time and changes no class


class Hints(NamedTuple):
    """What somebody less reliable than the labels says of other items: X (h, dim), targets
    (h, n_classes) whose rows sum to one, weights (h,) of which a label has 1.
    """

    X: np.ndarray
    targets: np.ndarray
    weights: np.ndarray


def fit_infomax(
    X: np.ndarray,
    targets: np.ndarray,
    unlabelled: np.ndarray,
    C: float,
    strength: float = 1.0,
    hints: Hints | None = None,
) -> Linear:
    """Fit to X (n, dim), targets (n, n_classes) whose rows sum to one, and unlabelled (m, dim).

    Minimises, from the optimum without unlabelled rows on,

        Σ_i CE(t_i, p(x_i)) + Σ_h w_h CE(t_h, p(x_h)) + ½‖W‖² / C
        + strength · n · (mean H(p(u)) + 2 · KL(π ‖ mean p(u))),

    H the entropy, u the unlabelled rows, h the hints, π the `frequencies` of the labels. Not convex: the
    optimum found is the one next to where it begins. In single precision: half the time, and the same
    classes.
    """
    labelled, T, pool = (_single(part) for part in (X, targets, unlabelled))
    n, n_classes = T.shape
    prior = _single(frequencies(np.asarray(targets).sum(axis=0)))
    shrinkage = (2.0 if n_classes == 2 else 1.0) / (C * n)
    w = torch.full((n, 1), 1 / n)
    if hints is not None:
        labelled, T = (
            torch.cat([labelled, _single(hints.X)]),
            torch.cat([T, _single(hints.targets)]),
        )
        w = torch.cat([w, _single(hints.weights)[:, None] / n])

    def taught(flat: torch.Tensor) -> tuple[float, torch.Tensor]:
        W, b = _parts(flat, n_classes)
        log_probs = log_softmax(labelled @ W.T + b, dim=1)
        residual = w * (log_probs.exp() - T)
        value = -(w * T * log_probs).sum() + shrinkage / 2 * W.square().sum()
        return float(value), _joined(residual.T @ labelled + shrinkage * W, residual.sum(0))

    def objective(flat: torch.Tensor) -> tuple[float, torch.Tensor]:
        value, slope = taught(flat)
        W, b = _parts(flat, n_classes)
        told, by_logit = _information(pool @ W.T + b, prior)
        more = _joined(by_logit.T @ pool, by_logit.sum(0))
        return value + strength * told, slope + strength * more

    start = torch.zeros(n_classes * (labelled.shape[1] + 1))
    with one_thread():
        start = _low(taught, start)
        W, b = _parts(_low(objective, start) if strength else start, n_classes)
    return Linear(W.double().numpy(), b.double().numpy())


def frequencies(counts: np.ndarray) -> np.ndarray:
    """How frequent classes are, (n_classes,), of counts of labels; 0 for those without a label.

    Empirical Bayes: to every class that has labels so many are added, 2 to 50, as make the counts likeliest
    where frequencies have a symmetric Dirichlet distribution (Minka 2000, "Estimating a Dirichlet
    distribution"): counts that differ no more than chance has it are taken to be even.
    """
    from scipy.special import gammaln

    there = counts > 0
    seen = counts[there]
    added = np.geomspace(_LEAST, _MOST, 40)
    likelihood = (
        (gammaln(seen[:, None] + added) - gammaln(added)).sum(axis=0)
        + gammaln(len(seen) * added)
        - gammaln(seen.sum() + len(seen) * added)
    )
    whole = np.where(there, counts + added[int(likelihood.argmax())], 0.0)
    return np.asarray(whole / whole.sum())


def _information(logits: torch.Tensor, prior: torch.Tensor) -> tuple[float, torch.Tensor]:
    """mean H(p) + 2 · KL(π ‖ mean p) of these rows, and its slope by each logit."""
    m = len(logits)
    log_probs = log_softmax(logits, dim=1)
    probs = log_probs.exp()
    entropy = -(probs * log_probs).sum(1)
    mean = probs.mean(0).clamp_min(1e-30)
    there = prior > 0
    divergence = (prior[there] * (prior[there] / mean[there]).log()).sum()
    pull = torch.where(there, -prior / mean, torch.zeros_like(prior))
    by_logit = -probs * (log_probs + entropy[:, None])
    by_logit += _HELD * probs * (pull - (probs * pull).sum(1, keepdim=True))
    return float(entropy.mean() + _HELD * divergence), by_logit / m


def _low(objective: Objective, start: torch.Tensor) -> torch.Tensor:
    return minimise(objective, start, tolerance=_FLAT, iterations=_ITERATIONS, still=_STILL)


def _single(array: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.array(array, dtype=np.float32, order="C"))


def _parts(flat: torch.Tensor, n_classes: int) -> tuple[torch.Tensor, torch.Tensor]:
    parameters = flat.view(n_classes, -1)
    return parameters[:, :-1], parameters[:, -1]


def _joined(W: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    return torch.cat([W, b[:, None]], dim=1).flatten()
