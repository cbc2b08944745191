"""Honest probabilities, and where to cut them, for classes that an item has or has not, each by itself."""

from __future__ import annotations

import numpy as np

_SPREAD_OF_SCALE, _SPREAD_OF_SHIFT = 0.3, 0.5
"""How far classes are taken to differ: standard deviations of the logarithm of a class's scale around that
of all, and of its shift around none."""

_STEPS = 50
_LEAST, _MOST = 0.01, 0.99  # of a threshold


def sigmoid(logits: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(−logits)), without overflow."""
    return np.asarray(0.5 * (1 + np.tanh(0.5 * logits)))


def calibration(
    logits: np.ndarray, targets: np.ndarray, weights: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Scale and shift of each class, (n_classes,) each: σ(scale · logit + shift) is an honest probability.

    logits, targets (n, n_classes), weights (n,). Platt 1999, with what is common to the classes learned
    first: one scale for all (a temperature), then each class's own logarithm of it and shift, drawn to the
    common ones by a normal prior. So a class with few labels is calibrated like the others.
    """
    common = _fit(logits.reshape(-1, 1), targets.reshape(-1, 1), np.repeat(weights, logits.shape[1]),
                  np.array([1.0, 1e-6]))[0][0]  # fmt: skip
    scaled = logits * common
    scale, shift = _fit(scaled, targets, weights, np.array([_SPREAD_OF_SCALE, _SPREAD_OF_SHIFT]))
    return common * scale, shift


def _fit(
    logits: np.ndarray, targets: np.ndarray, weights: np.ndarray, spread: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """(n_classes,) scale and shift under normal priors of log scale and shift, by damped Newton steps."""
    n_classes = logits.shape[1]
    at = np.zeros((2, n_classes))  # log scale, shift
    precision = (1 / spread**2)[:, None]
    w = weights[:, None]

    def loss(point: np.ndarray) -> np.ndarray:
        z = logits * np.exp(point[0]) + point[1]
        fitted = (w * (np.logaddexp(0, z) - targets * z)).sum(axis=0)
        return np.asarray(fitted + (precision * point**2).sum(axis=0) / 2)

    value = loss(at)
    for _ in range(_STEPS):
        stretched = logits * np.exp(at[0])
        p = sigmoid(stretched + at[1])
        residual, curve = w * (p - targets), w * p * (1 - p)
        slope = np.stack([(residual * stretched).sum(0), residual.sum(0)]) + precision * at
        # Gauss-Newton: without the term that may bend downwards.
        a = (curve * stretched**2).sum(0) + precision[0]
        b = (curve * stretched).sum(0)
        d = curve.sum(0) + precision[1]
        determinant = a * d - b * b
        step = np.stack([d * slope[0] - b * slope[1], a * slope[1] - b * slope[0]]) / determinant
        length = np.ones(n_classes)
        for _ in range(30):
            worse = loss(at - length * step) > value + 1e-12
            if not worse.any():
                break
            length = np.where(worse, length / 2, length)
        else:
            length = np.where(worse, 0.0, length)
        at = at - length * step
        value = loss(at)
        if np.abs(length * step).max() < 1e-9:
            break
    return np.exp(at[0]), at[1]


def thresholds(logits: np.ndarray) -> np.ndarray:
    """(n_classes,) probabilities from which on to give a class, by calibrated logits (n, n_classes).

    The best threshold for the expected F1 is half of that F1 (Lipton, Elkan & Naryanaswamy 2014), and what
    to expect follows from calibrated probabilities alone. Halfway, in log-odds, between the best for all
    decisions together (micro F1) and the best for the class by itself (macro F1): the first by itself is
    blind to rare classes, the second gives them too freely.
    """
    own = np.array([_best(column) for column in logits.T])
    halfway = (_log_odds(own) + _log_odds(np.array(_best(logits.ravel())))) / 2
    return sigmoid(halfway)


def _best(logits: np.ndarray) -> float:
    """The threshold of greatest expected F1 if all decisions are as likely as they say."""
    p = np.sort(sigmoid(logits))[::-1]
    expected = 2 * np.cumsum(p) / (np.arange(1, len(p) + 1) + p.sum())
    return float(np.clip(expected.max() / 2, _LEAST, _MOST))


def _log_odds(p: np.ndarray) -> np.ndarray:
    return np.asarray(np.log(p) - np.log1p(-p))
