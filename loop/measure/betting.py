"""Confidence sequences by betting: bounds of a mean that hold after every label at once.

Waudby-Smith and Ramdas (2024). For a candidate mean m, wealth starts at 1 and each value Z_i, in [0, 1],
multiplies it by 1 + lam_i (Z_i - m), with lam_i fixed before Z_i is seen. Were m the true mean, that would be
a fair game, so that the wealth ever reaches 1 / alpha has a chance of at most alpha (Ville). m is ruled out
once it does. Half of the wealth is spread over constant shares of the most that may be staked (a universal
portfolio), half is staked adaptively (aGRAPA), so that neither many values nor few are bet on badly.

With sampling probabilities the values are f_i + (y_i - f_i) xi_i / pi_i, shifted and scaled into [0, 1]
(`scale`). Whatever the weights, they must be fixed before the label is seen.
"""

from __future__ import annotations

import numpy as np

GRID = 401
_SHARES = np.concatenate([np.geomspace(0.002, 0.5, 14), [0.75, 0.95]])


def log_wealth(values: np.ndarray, means: np.ndarray) -> np.ndarray:
    """(n, len(means)) log of the wealth that bets against "the mean is at most m" make, after each value.

    values: (n,) in [0, 1], in the order in which they came. means: in (0, 1).
    """
    z = np.asarray(values, dtype=np.float64)[:, None]
    m = np.asarray(means, dtype=np.float64)[None, :]
    with np.errstate(divide="ignore"):
        # A stake of c / m loses at most c of the wealth, when a value is 0.
        constant = np.stack([np.cumsum(np.log1p(c / m * (z - m)), axis=0) for c in _SHARES])
        n = len(z)
        seen = np.arange(n)[:, None]
        mean = (0.5 + np.cumsum(z, axis=0) - z) / (seen + 1)
        squares = (z - mean) ** 2
        variance = (0.25 + np.cumsum(squares, axis=0) - squares) / (seen + 1)
        ahead = np.maximum(0.0, mean - m)
        bets = np.minimum(ahead / (variance + ahead**2), 0.95 / m)
        adaptive = np.cumsum(np.log1p(bets * (z - m)), axis=0)
    peak = constant.max(axis=0)
    mixed = peak + np.log(np.exp(constant - peak).mean(axis=0))
    return np.asarray(np.logaddexp(mixed, adaptive) - np.log(2))


def lower_bounds(values: np.ndarray, confidence: float, *, grid: int = GRID) -> np.ndarray:
    """(n,) lower bounds of the mean after each value, in [0, 1]; all hold at once with `confidence`."""
    values = np.asarray(values, dtype=np.float64)
    if not len(values):
        return np.zeros(0)
    means = np.linspace(0, 1, grid)[1:-1]
    out = log_wealth(values, means) >= -np.log(1 - confidence)
    ever = np.maximum.accumulate(out, axis=0)
    # The adaptive bet need not fall as m rises: count from below, up to the first m that stands.
    standing = np.where(ever.all(axis=1), len(means), np.argmin(ever, axis=1))
    return np.asarray(np.concatenate([[0.0], means])[standing])


def bounds(
    values: np.ndarray, confidence: float, *, grid: int = GRID
) -> tuple[np.ndarray, np.ndarray]:
    """(n,) lower and (n,) upper bounds after each value; each side holds at all looks with `confidence`."""
    low = lower_bounds(values, confidence, grid=grid)
    return low, 1 - lower_bounds(1 - np.asarray(values, dtype=np.float64), confidence, grid=grid)


def scale(
    right: np.ndarray, guess: np.ndarray, probability: np.ndarray, least: float
) -> tuple[np.ndarray, float, float]:
    """Values in [0, 1] of items drawn with known probabilities, and how to read a mean of them.

    right: (n,) 0 or 1 of the items drawn, NaN of the others. guess: (n,) in [0, 1], what was expected.
    probability: (n,) of being drawn, at least `least`, all fixed before any label. Returns (values, a, b):
    the mean of the values is a + b times the share that is right.
    """
    drawn = ~np.isnan(right)
    weighted = np.where(drawn, (np.nan_to_num(right) - guess) / probability, 0.0)
    reach = 1 / least
    whole = 1 + 2 * reach
    return (guess + weighted + reach) / whole, reach / whole, 1 / whole
