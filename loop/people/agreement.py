"""Krippendorff's alpha: how far people agree beyond chance, whoever judged which items.

Krippendorff, Computing Krippendorff's Alpha-Reliability (2011). alpha = 1 - D_o / D_e: the
disagreement observed within items over that expected if the same values were paired at random.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Literal

import numpy as np

from labelwright.loop.measure.evidence import Bounded

Scale = Literal["nominal", "ordinal", "interval"]
REPLICATES = 1000


def krippendorff(
    answers: Sequence[tuple[str, str, float]], *, scale: Scale = "nominal", seed: int = 0
) -> Bounded:
    """Alpha with a percentile bootstrap over items.

    answers: (item, annotator, value); values are class indices, ranks, or numbers on a scale. A person
    who judged an item twice counts by the last answer. None where no item was judged by two people, or
    only one value was ever used: there is then nothing to agree about.
    """
    by_item: dict[str, dict[str, float]] = defaultdict(dict)
    for item, annotator, value in answers:
        by_item[item][annotator] = value
    pairable = [list(given.values()) for given in by_item.values() if len(given) > 1]
    if not pairable:
        return Bounded(None, 0)
    values, codes = np.unique([v for given in pairable for v in given], return_inverse=True)
    owner = np.repeat(np.arange(len(pairable)), [len(g) for g in pairable])
    counts = np.zeros((len(pairable), len(values)))
    np.add.at(counts, (owner, codes), 1)
    weights = np.random.default_rng(seed).multinomial(
        len(counts), np.full(len(counts), 1 / len(counts)), size=REPLICATES
    )
    estimate = _alpha(counts, np.ones((1, len(counts))), values, scale)[0]
    if np.isnan(estimate):
        return Bounded(None, len(counts))
    return Bounded(float(estimate), len(counts), replicates=_alpha(counts, weights, values, scale))


def _alpha(counts: np.ndarray, weights: np.ndarray, values: np.ndarray, scale: Scale) -> np.ndarray:
    """(n_weights,) alpha of items counted `weights` times; NaN where only one value occurs.

    counts: (n_items, n_values) how often each value was given to an item.
    """
    size = counts.sum(axis=1)
    # Coincidences of an item: its value pairs, each item weighing as many pairs as it has values.
    pairs = counts[:, :, None] * counts[:, None, :]
    diagonal = np.arange(len(values))
    pairs[:, diagonal, diagonal] -= counts
    coincidences = np.tensordot(weights, pairs / (size - 1)[:, None, None], axes=1)
    totals = coincidences.sum(axis=-1)
    n = totals.sum(axis=-1)
    squared = np.stack([_distance(row, values, scale) for row in totals])
    observed = (coincidences * squared).sum(axis=(-2, -1))
    expected = (totals[:, :, None] * totals[:, None, :] * squared).sum(axis=(-2, -1))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(expected > 0, 1 - (n - 1) * observed / expected, np.nan))


def _distance(totals: np.ndarray, values: np.ndarray, scale: Scale) -> np.ndarray:
    """(n_values, n_values) squared distance between values."""
    if scale == "nominal":
        return 1.0 - np.eye(len(values))
    if scale == "interval":
        return np.asarray((values[:, None] - values[None, :]) ** 2)
    # Ordinal: how many values lie between, half of either end counted.
    middle = np.cumsum(totals) - totals / 2
    return np.asarray((middle[:, None] - middle[None, :]) ** 2)
