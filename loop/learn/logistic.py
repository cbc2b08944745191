"""Multinomial logistic regression on soft targets, fitted exactly.

Minimises  C · Σ w_i CE(t_i, softmax(W x_i + b)) + ½‖W‖²  over W and b; b is not penalised. That is
scikit-learn's LogisticRegression(C), its two-class case included, where W has one free row.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch.nn.functional import log_softmax

_ITERATIONS = 1000
_BLOCK = 16_384  # rows turned into float64 at a time


@dataclass(frozen=True)
class Linear:
    """A linear map: weight (n_classes, dim), intercept (n_classes,), both float64."""

    weight: np.ndarray
    intercept: np.ndarray

    def logits(self, X: np.ndarray) -> np.ndarray:
        """(n_items, n_classes) float64."""
        weight, intercept = torch.from_numpy(self.weight), torch.from_numpy(self.intercept)
        blocks = [
            torch.addmm(intercept, _float64(X[start : start + _BLOCK]), weight.T)
            for start in range(0, len(X), _BLOCK)
        ]
        if not blocks:
            return np.zeros((0, len(self.intercept)))
        return np.asarray(torch.cat(blocks).numpy())


def fit_logistic(X: np.ndarray, targets: np.ndarray, weights: np.ndarray, C: float) -> Linear:
    """Fit to X (n, dim), targets (n, n_classes) whose rows sum to one and weights (n,).

    Runs L-BFGS in float64 until the gradient vanishes. With fewer rows than columns it works in the
    space that the rows span (the penalty is blind to rotation), so that wide vectors cost little.
    """
    features, T, w = _float64(X), _float64(targets), _float64(weights)
    centre = features.mean(0)
    basis, features = _span(features - centre)
    total = w.sum()
    w = w / total
    n_classes = T.shape[1]
    # Two classes: one row and its negative carry the penalty that one row carries elsewhere.
    shrinkage = (2.0 if n_classes == 2 else 1.0) / (2.0 * C * float(total))
    W = torch.zeros(n_classes, features.shape[1], dtype=torch.float64, requires_grad=True)
    b = torch.zeros(n_classes, dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.LBFGS(
        [W, b],
        max_iter=_ITERATIONS,
        max_eval=2 * _ITERATIONS,
        tolerance_grad=1e-8,
        tolerance_change=1e-13,
        history_size=20,
        line_search_fn="strong_wolfe",
    )

    def objective() -> float:
        optimiser.zero_grad()
        losses = -(T * log_softmax(features @ W.T + b, dim=1)).sum(1)
        value = w @ losses + shrinkage * W.square().sum()
        value.backward()
        return float(value.detach())

    with torch.enable_grad():
        optimiser.step(objective)
    weight = W.detach() if basis is None else W.detach() @ basis.T
    return Linear(weight.numpy(), (b.detach() - weight @ centre).numpy())


def _span(features: torch.Tensor) -> tuple[torch.Tensor | None, torch.Tensor]:
    """An orthonormal basis (dim, n) of the rows, and the rows in it; None and the rows where n >= dim."""
    rows, columns = features.shape
    if rows >= columns:
        return None, features
    basis, coordinates = torch.linalg.qr(features.T)
    return basis, coordinates.T.contiguous()


def _float64(array: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.array(array, dtype=np.float64, order="C"))
