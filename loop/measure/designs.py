"""Which holdout items to ask, and with what probability each: before any of their labels is seen.

The holdout is asked in stages. A stage draws m items of its frame, the R items not asked before it, item i
with probability q_i, sum q = m, by systematic sampling: exactly m items, and q_i is exact. q may hang on
everything known when the stage begins, labels of earlier stages too: given these, the stage is an unbiased
sample of the rest (`estimators.label_weights`).

- uniform: q = m / R.
- active (Zrnic & Candès 2024): q ∝ (1 - tau) u / sum(u) + tau / R, u = sqrt(f (1 - f)), f = P(right).
- stratified (Neyman 1934): strata by u, m_h ∝ R_h sigma_h, mixed with tau in the same way.

tau, the part that is uniform, keeps every q_i above tau m / R: no label counts for more than 1 / tau times
what it would in a uniform sample, whatever the confidences say.
"""

from __future__ import annotations

import numpy as np

TAU = 0.2
"""The part of a draw that is uniform."""

STRATA = 5
CLOSEST = 0.02
"""Probabilities nearer to 0 and 1 than this are taken to be that far."""

DOUBT = -1.0
"""Evidence (nats) for the confidences below which they are not used."""


def clipped(sure: np.ndarray) -> np.ndarray:
    """Probabilities kept off 0 and 1."""
    return np.clip(sure, CLOSEST, 1 - CLOSEST)


def uniform(n: int, m: int) -> np.ndarray:
    """(n,) the same inclusion probability for all of n items, m drawn."""
    return np.full(n, min(m, n) / n) if n else np.zeros(0)


def doubt(probs: np.ndarray) -> np.ndarray:
    """Standard deviation of outcomes that are 1 with these probabilities, kept off 0: sqrt(f (1 - f))."""
    f = clipped(probs)
    return np.asarray(np.sqrt(f * (1 - f)))


def active(unsure: np.ndarray, m: int, tau: float = TAU) -> np.ndarray:
    """(n,) inclusion probabilities that sum to m: items that are in doubt more often.

    unsure: (n,) standard deviation to expect of what is measured less what the model expects of it.
    """
    return propensities(_mixed(unsure, tau), m)


def stratified(unsure: np.ndarray, m: int, tau: float = TAU, strata: int = STRATA) -> np.ndarray:
    """(n,) inclusion probabilities that sum to m: the same in each stratum, as Neyman allots them.

    unsure: as in `active`; sigma_h² is its mean square in the stratum.
    """
    member = strata_of(unsure, strata)
    size = np.bincount(member, minlength=strata)
    square = np.bincount(member, unsure**2, minlength=strata) / np.maximum(size, 1)
    return propensities(_mixed(np.sqrt(square)[member], tau), m)


def strata_of(unsure: np.ndarray, strata: int = STRATA) -> np.ndarray:
    """(n,) the stratum of each item, the most in doubt in 0, cut where the sum of `unsure` is even.

    Equally doubtful items are in one stratum.
    """
    found = np.zeros(len(unsure), dtype=np.int64)
    levels, which, times = np.unique(-unsure, return_inverse=True, return_counts=True)
    mass = -levels * times
    if not len(mass) or mass.sum() <= 0:
        return found
    before = np.cumsum(mass) - mass
    cut = np.minimum((before / mass.sum() * strata).astype(np.int64), strata - 1)
    return np.asarray(cut[which.reshape(-1)])


def _mixed(size: np.ndarray, tau: float) -> np.ndarray:
    total = size.sum()
    even = np.full(len(size), 1 / max(1, len(size)))
    return (1 - tau) * size / total + tau * even if total > 0 else even


def propensities(shares: np.ndarray, m: int) -> np.ndarray:
    """(n,) inclusion probabilities proportional to positive `shares`, none above 1, that sum to min(m, n)."""
    n = len(shares)
    q: np.ndarray = np.ones(n)
    if m >= n:
        return q
    full = np.zeros(n, dtype=bool)
    while True:
        q = np.where(full, 1.0, shares * ((m - full.sum()) / max(shares[~full].sum(), 1e-300)))
        more = (q >= 1) & ~full
        if not more.any():
            return q
        full |= more


def systematic(q: np.ndarray, start: float) -> np.ndarray:
    """(n,) bool, a systematic sample: item i is in it with probability q_i over a uniform `start` in 0..1.

    Madow 1949. Its size is sum(q), a whole number here. The order of the items is the caller's: at random,
    or by strata, of which each then gets its share but for one item.
    """
    if not len(q):
        return np.zeros(0, dtype=bool)
    ends = np.cumsum(q)
    ends *= round(float(ends[-1])) / ends[-1] if ends[-1] > 0 else 1.0
    marks = np.floor(np.concatenate([[0.0], ends]) - start)
    marks[-1] = np.floor(round(float(ends[-1])) - start)
    return np.asarray(np.diff(marks) > 0)


def evidence_for(right: np.ndarray, sure: np.ndarray, weights: np.ndarray) -> float:
    """By how many nats labels speak for the confidences, against one and the same for all items.

    The log-likelihood of `right` (n,) under `sure` (n,), each clipped, less that under the labels' own
    share of right answers. weights: (n,) of the labels, as they were drawn; they count as n together.
    Confidences that know nothing lose: a sure error costs more than sure right answers bring.
    """
    n = len(right)
    if not n:
        return 0.0
    w = weights * (n / weights.sum())
    y, f = right.astype(np.float64), clipped(sure)
    p = (float((w * y).sum()) + 0.5) / (n + 1)
    return float((w * (y * np.log(f / p) + (1 - y) * np.log((1 - f) / (1 - p)))).sum())


PILOT, FEWEST = 0.25, 40
"""The pilot is this part of the labels, but no fewer than this many."""


def pilot(total: int) -> int:
    """How many labels are drawn uniformly before any confidence is used."""
    return min(total, max(FEWEST, round(PILOT * total)))


def propensities_of(design: str, unsure: np.ndarray, m: int) -> np.ndarray:
    """(n,) inclusion probabilities of a stage of this design: uniform, stratified or active."""
    if design == "uniform":
        return uniform(len(unsure), m)
    return active(unsure, m) if design == "active" else stratified(unsure, m)


def order_of(design: str, unsure: np.ndarray) -> np.ndarray:
    """(n,) the order in which items that stand in random order are drawn: by strata, or as they stand."""
    if design != "stratified":
        return np.arange(len(unsure))
    return np.argsort(strata_of(unsure), kind="stable")
