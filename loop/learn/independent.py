"""Independent logistic regressions that share their items: one a class, fitted exactly and together.

Minimises, for each class c,  C_c · [ Σ_i w_i CE(t_ic, σ(w_c·x_i + b_c)) + CE(p_c, σ(w_c·m + b_c)) ] + ½‖w_c‖²
over w_c and b_c, where m is the mean of the items. The second term is one item that is nowhere in
particular and has the class with its prior p_c: it keeps b_c finite for a class that all items have, or none.
"""

from __future__ import annotations

import numpy as np
import torch
from torch.nn.functional import softplus

from labelwright.loop.learn.lbfgs import minimise
from labelwright.loop.learn.logistic import Linear, as_float64, one_thread, span


def fit_independent(
    X: np.ndarray, targets: np.ndarray, weights: np.ndarray, C: np.ndarray, prior: np.ndarray
) -> Linear:
    """Fit to X (n, dim), targets (n, n_classes) in 0 … 1, weights (n,); C and prior (n_classes,).

    Runs L-BFGS in float64 until the gradient vanishes, in the space that the rows span.
    """
    features, T, w = as_float64(X), as_float64(targets), as_float64(weights)
    p = as_float64(prior)
    centre = (w[:, None] * features).sum(0) / w.sum()
    basis, features = span(features - centre)
    length = float(features.square().sum(1).mean().sqrt()) or 1.0
    features = features / length  # well conditioned, whatever the encoder's scale
    total = float(w.sum())
    w = (w / total)[:, None]
    n_classes, dim = T.shape[1], features.shape[1]
    shrinkage = 1.0 / (as_float64(C) * total * length**2)

    def objective(flat: torch.Tensor) -> tuple[float, torch.Tensor]:
        """Value and gradient at (W | b), flattened; each class divided by C_c · Σ w."""
        rows = flat.view(n_classes, -1)
        W, b = rows[:, :-1], rows[:, -1]
        logits = torch.addmm(b, features, W.T)
        residual = w * (torch.sigmoid(logits) - T)
        value = (w * (softplus(logits) - T * logits)).sum()
        value = value + ((softplus(b) - p * b).sum() / total)
        value = value + (shrinkage * W.square().sum(1)).sum() / 2
        slope = residual.T @ features + shrinkage[:, None] * W
        slope_b = residual.sum(0) + (torch.sigmoid(b) - p) / total
        return float(value), torch.cat([slope, slope_b[:, None]], dim=1).flatten()

    start = torch.zeros(n_classes, dim + 1, dtype=torch.float64)
    share = ((w * T).sum(0) * total + p) / (total + 1)
    start[:, -1] = torch.logit(share.clamp(1e-6, 1 - 1e-6))
    # The objective curves at least by `shrinkage`: this bounds the distance to the minimum.
    with one_thread():
        found = minimise(
            objective, start.flatten(), tolerance=1e-4 * min(float(shrinkage.min()), 1 / total)
        )
    rows = found.view(n_classes, -1)
    W, b = rows[:, :-1] / length, rows[:, -1]
    weight = W if basis is None else W @ basis.T
    return Linear(weight.numpy(), (b - weight @ centre).numpy())
