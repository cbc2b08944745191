"""Estimates of a mean over the whole holdout from labels that were drawn with known probabilities.

y_i what is measured of item i, f_i what the model expects it to be (known for all N items), q_i the
probability with which the item was drawn in its stage. Pure functions.

- difference (Särndal 1992; "prediction-powered" Angelopoulos 2023): mean_N(f) + sum((y - f) / q) / N.
- PPI++ (Angelopoulos, Duchi & Zrnic 2023): lam f in the place of f, lam as the labels themselves say: 0 where
  f knows nothing. The labelled items are among the N here, so lam = Cov(y, f) / Var(f) without their 1 + n/N.
- stages: the estimates of several stages, T_k = known labels + (sum of f over the frame) + sum((y - f) / q),
  each unbiased given all that came before it, averaged with weights that hang on their sizes alone. As in
  LURE (Farquhar 2021), one weight a label comes of it, v = w_k / q + (sum of the w of later stages); a stage
  that has the whole frame weighs all, and uniform stages give N / n to every label: the plain mean.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


def stage_weights(frames: Sequence[int], drawn: Sequence[int]) -> np.ndarray:
    """(K,) what each stage's estimate weighs: the precision that uniform draws of these sizes would have.

    frames: items that could be drawn; drawn: items that were. Sums to 1; a stage that drew its whole frame
    leaves nothing open and weighs all.
    """
    R, m = np.asarray(frames, dtype=np.float64), np.asarray(drawn, dtype=np.float64)
    whole = m >= R
    if whole.any():
        first = np.zeros(len(R))
        first[int(whole.argmax())] = 1.0
        return first
    precision = m / (R * (R - m))
    return np.asarray(precision / precision.sum())


def label_weights(
    stage: np.ndarray, q: np.ndarray, weights: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """(n,) v, how many items each label stands for, and (n,) s, its factor in the variance of the total.

    stage: (n,) index of the stage that drew the item; q: (n,) with what probability. weights: (K,) of
    `stage_weights`. The total's variance is about sum(s e²) for residuals e: Poisson's; a fixed size
    makes it less.
    """
    later = np.cumsum(weights[::-1])[::-1] - weights
    w = weights[stage]
    return w / q + later[stage], w**2 * (1 - q) / q**2


@dataclass(frozen=True)
class Adjusted:
    """What expectations do to an estimate. shift: to be added; variance: of the sum; lam: their part."""

    shift: float
    variance: float
    lam: float


def adjusted(
    moved: np.ndarray,
    expected: np.ndarray | None,
    v: np.ndarray,
    s: np.ndarray,
    expected_mean: float,
    n_items: int,
) -> Adjusted:
    """The regression (PPI++) correction of an estimate, and its variance by linearisation.

    moved: (n,) what each label adds to the estimate, times N and centred: its influence. expected: (n,) the
    model's expectation of that; expected_mean: its mean over all N items, which is known. v, s: of
    `label_weights`. lam minimises the variance found, within 0 and 1.
    """
    n = len(moved)
    if n < 2:
        return Adjusted(0.0, float("inf"), 0.0)
    share = v / v.sum()
    scale = (n_items / v.sum()) ** 2 / n_items**2
    if expected is None or n < 10:
        return Adjusted(0.0, float((s * moved**2).sum()) * scale * n / (n - 1), 0.0)
    mean = float((share * expected).sum())
    centred = expected - mean
    spread = float((s * centred**2).sum())
    lam = float((s * moved * centred).sum()) / spread if spread > 0 else 0.0
    lam = min(1.0, max(0.0, lam))
    left = moved - lam * centred
    variance = float((s * left**2).sum()) * scale * n / (n - 1 - (lam > 0))
    return Adjusted(lam * (expected_mean - mean), variance, lam)
