"""Multinomial logistic regression on soft targets, fitted exactly.

Minimises  C · Σ w_i CE(t_i, softmax(W x_i + b)) + ½‖W‖²  over W and b; b is not penalised. That is
scikit-learn's LogisticRegression(C), its two-class case included, where W has one free row.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from torch.nn.functional import log_softmax

from labelwright.loop.learn.lbfgs import minimise

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
            torch.addmm(intercept, as_float64(X[start : start + _BLOCK]), weight.T)
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
    features, T, w = as_float64(X), as_float64(targets), as_float64(weights)
    centre = features.mean(0)
    basis, features = span(features - centre)
    length = float(features.square().sum(1).mean().sqrt()) or 1.0
    features = features / length  # well conditioned, whatever the encoder's scale
    total = float(w.sum())
    w = (w / total)[:, None]
    n_classes, dim = T.shape[1], features.shape[1]
    # Two classes: one row and its negative carry the penalty that one row carries elsewhere.
    shrinkage = (2.0 if n_classes == 2 else 1.0) / (C * total * length**2)

    def objective(flat: torch.Tensor) -> tuple[float, torch.Tensor]:
        """Value and gradient at (W | b), flattened; divided by C · Σ w."""
        W, b = _parts(flat, n_classes)
        log_probs = log_softmax(features @ W.T + b, dim=1)
        residual = w * (log_probs.exp() - T)
        value = -(w * T * log_probs).sum() + shrinkage / 2 * W.square().sum()
        slope_W = residual.T @ features + shrinkage * W
        return float(value), torch.cat([slope_W, residual.sum(0)[:, None]], dim=1).flatten()

    start = torch.zeros(n_classes * (dim + 1), dtype=torch.float64)
    # The objective curves at least by `shrinkage`: this bounds the distance to the minimum.
    with one_thread():
        found = minimise(objective, start, tolerance=1e-4 * shrinkage)
    W, b = _parts(found, n_classes)
    W = W / length
    weight = W if basis is None else W @ basis.T
    return Linear(weight.numpy(), (b - weight @ centre).numpy())


@contextmanager
def one_thread() -> Iterator[None]:
    """Small products lose more to a second thread than they win, and sums keep their order."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def _parts(flat: torch.Tensor, n_classes: int) -> tuple[torch.Tensor, torch.Tensor]:
    parameters = flat.view(n_classes, -1)
    return parameters[:, :-1], parameters[:, -1]


def span(features: torch.Tensor) -> tuple[torch.Tensor | None, torch.Tensor]:
    """A basis (dim, n) of the rows, and the rows in it; None and the rows where n >= dim."""
    rows, columns = features.shape
    if rows >= columns:
        return None, features
    basis, coordinates = torch.linalg.qr(features.T)
    return basis, coordinates.T.contiguous()


def as_float64(array: np.ndarray) -> torch.Tensor:
    """A copy of it for torch."""
    return torch.from_numpy(np.array(array, dtype=np.float64, order="C"))
