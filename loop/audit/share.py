"""How many labels are wrong: what models can tell of it, and what a random sample tells for certain.

Models give bounds, not an answer. Low: what confident learning counts, items that are surely of another class
by that class's own standard; mistakes that only look doubtful are not among them. High: all the probability
that models put elsewhere, their own mistakes included. Both with what sampling adds (bootstrap over items).
A mistake that is made wherever it can be made looks like the truth to every model: neither has it. On the
human labels of ag_news, 19.75% wrong, the bounds are 4% and 17%. And models that tell the classes badly call
much wrong that is right: where they give less than `ENOUGH` of the labels, nothing is known.

A random sample that people look at again has no such blind spot: an exact binomial interval.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from labelwright.loop.audit.cleaning import joint

ENOUGH = 0.75
"""The share of labels that models must give, to say how many of the labels are wrong."""

_DRAWS = 100


@dataclass(frozen=True)
class Bounds:
    """Shares of wrong labels, 0 to 1: what is surely wrong, what is doubted at all; with sampling error.

    agreement: the share of labels that the models give, each without having seen it.
    """

    low: float
    high: float
    sure: float  # the point within, by confident learning
    doubted: float  # mean of 1 − P(label)
    agreement: float

    @property
    def known(self) -> bool:
        """Whether the models are good enough to say anything."""
        return self.agreement >= ENOUGH


def bounds(given: np.ndarray, probs: np.ndarray, first: np.ndarray, seed: int) -> Bounds:
    """From probabilities (n, n_classes) at last, and before doubtful labels were left out (`first`)."""
    rng = np.random.default_rng(seed)
    n = len(given)
    doubt = 1 - first[np.arange(n), given]
    agreement = float((first.argmax(axis=1) == given).mean())
    sure = 1 - float(np.trace(joint(given, probs)))
    drawn = [rng.integers(0, n, n) for _ in range(_DRAWS)]
    low = np.quantile([1 - np.trace(joint(given[rows], probs[rows])) for rows in drawn], 0.025)
    high = np.quantile([doubt[rows].mean() for rows in drawn], 0.975)
    return Bounds(max(0.0, float(low)), float(high), sure, float(doubt.mean()), agreement)


@dataclass(frozen=True)
class Pair:
    """Labels of one class that are likely of another. items: how many suspects say so; share: estimated

    part of the labels `given` whose class is `suggested`.
    """

    given: int
    suggested: int
    items: int
    share: float


def pairs(given: np.ndarray, probs: np.ndarray, wrong: np.ndarray) -> list[Pair]:
    """Which classes are taken for which, the most frequent first; wrong: (n,) P(wrong)."""
    whole = joint(given, probs)
    counts = np.zeros_like(whole)
    others = probs.copy()
    others[np.arange(len(given)), given] = -1
    suspected = np.flatnonzero(wrong >= 0.5)
    np.add.at(counts, (given[suspected], others[suspected].argmax(axis=1)), 1)
    rows = whole.sum(axis=1, keepdims=True)
    part = np.divide(whole, rows, out=np.zeros_like(whole), where=rows > 0)
    found = [
        Pair(i, j, int(counts[i, j]), float(part[i, j]))
        for i in range(len(whole))
        for j in range(len(whole))
        if i != j and (counts[i, j] > 0)
    ]
    return sorted(found, key=lambda p: (-p.items, -p.share, p.given, p.suggested))
