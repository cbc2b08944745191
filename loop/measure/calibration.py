"""How sure a calibration error is.

The expected calibration error is the sum, over bins, of the absolute mean gap between what is right and what
the model says it is sure of. Taken from few items it is too great: chance gaps do not cancel once their
signs are dropped, and resampling adds the same excess again. What holds:

- upper. With s the signs of the true gaps, the sum of absolute found gaps is at least s times the found
  gaps, which is a plain mean, and its truth is the calibration error. So a bound of that mean is one.
- lower. The found error is at most the true one plus the sum of absolute noise; that sum is about normal
  in its upper tail, with a mean of at most sqrt(2 / pi) times the sum of the bins' standard errors
  (Gaussian concentration).

The tails are those of a sum of rare events (gamma, as exact Poisson bounds): all right leaves room.
"""

from __future__ import annotations

import numpy as np


def ece_bounds(
    gaps: np.ndarray, estimate: float, confidence: float, decisions: float = 1
) -> tuple[float, float]:
    """One-sided lower and upper bound, each at `confidence`.

    gaps: (n, bins) of each item's decisions, `decisions` an item, the sum of outcome less probability in
    each bin.
    """
    n = len(gaps)
    signs = np.sign(gaps.sum(axis=0))
    scale = (n * decisions) ** 2
    bins = (gaps**2).sum(axis=0) / scale
    variance = max(float(((gaps @ signs) ** 2).sum() / scale), float(bins.sum()))
    size = max(1.0, float(np.sqrt((np.abs(gaps).sum(axis=1) ** 2).mean())))
    reach = float(deviation(variance, size / (n * decisions), confidence))
    noise = float(np.sqrt(2 * bins / np.pi).sum())
    return max(0.0, estimate - noise - reach), min(1.0, estimate + reach)


def deviation(
    variance: np.ndarray | float, jump: np.ndarray | float, confidence: float
) -> np.ndarray:
    """How far above its found value a sum of rare events may be, one-sided.

    variance: found, of the sum. jump: by what one event moves it. For a Poisson count k with jump 1 and
    variance k this is the exact upper bound less k; with many events it is the normal one.
    """
    from scipy.special import gammaincinv

    shape = 1 + np.asarray(variance) / np.asarray(jump) ** 2
    return np.asarray(jump * (gammaincinv(shape, confidence) - (shape - 1)))
