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


def krippendorff_sets(
    answers: Sequence[tuple[str, str, frozenset[str]]], *, seed: int = 0
) -> Bounded:
    """Alpha of answers that are sets of classes, with a percentile bootstrap over items.

    answers: (item, annotator, classes). Two sets are as far apart as MASI says (`masi`). As `krippendorff`
    in everything else.
    """
    by_item: dict[str, dict[str, frozenset[str]]] = defaultdict(dict)
    for item, annotator, value in answers:
        by_item[item][annotator] = value
    pairable = [list(given.values()) for given in by_item.values() if len(given) > 1]
    if not pairable:
        return Bounded(None, 0)
    values = list(dict.fromkeys(v for given in pairable for v in given))
    code = {value: i for i, value in enumerate(values)}
    distance = np.array([[masi(a, b) for b in values] for a in values])
    counts = np.zeros((len(pairable), len(values)))
    observed = np.zeros(len(pairable))
    for row, given in enumerate(pairable):
        codes = [code[value] for value in given]
        np.add.at(counts[row], codes, 1)
        observed[row] = distance[np.ix_(codes, codes)].sum() / (len(given) - 1)
    weights = np.random.default_rng(seed).multinomial(
        len(counts), np.full(len(counts), 1 / len(counts)), size=REPLICATES
    )

    def alpha(times: np.ndarray) -> np.ndarray:
        totals = times @ counts
        expected = ((totals @ distance) * totals).sum(axis=-1)
        with np.errstate(invalid="ignore", divide="ignore"):
            found = 1 - (totals.sum(axis=-1) - 1) * (times @ observed) / expected
        return np.asarray(np.where(expected > 0, found, np.nan))

    estimate = float(alpha(np.ones((1, len(counts))))[0])
    if np.isnan(estimate):
        return Bounded(None, len(counts))
    return Bounded(estimate, len(counts), replicates=alpha(weights))


def masi(a: frozenset[str], b: frozenset[str]) -> float:
    """How far two sets are apart, 0 … 1 (Passonneau 2006, Measuring Agreement on Set-valued Items).

    1 − Jaccard · monotonicity, which is 1 for equal sets, 2/3 where one holds the other, 1/3 where they
    overlap, 0 where they are disjoint.
    """
    if a == b:
        return 0.0
    common = len(a & b)
    monotony = 2 / 3 if a <= b or b <= a else 1 / 3 if common else 0.0
    return 1 - common / len(a | b) * monotony


def _alpha(counts: np.ndarray, weights: np.ndarray, values: np.ndarray, scale: Scale) -> np.ndarray:
    """(n_weights,) alpha of items counted `weights` times; NaN where only one value occurs.

    counts: (n_items, n_values) how often each value was given to an item.
    """
    if scale != "ordinal":
        return _alpha_of_sums(counts, weights, values, scale)
    size = counts.sum(axis=1)
    # Coincidences of an item: its value pairs, each item weighing as many pairs as it has values.
    pairs = counts[:, :, None] * counts[:, None, :]
    diagonal = np.arange(len(values))
    pairs[:, diagonal, diagonal] -= counts
    coincidences = np.tensordot(weights, pairs / (size - 1)[:, None, None], axes=1)
    totals = coincidences.sum(axis=-1)
    n = totals.sum(axis=-1)
    squared = np.stack([_distance(row) for row in totals])
    observed = (coincidences * squared).sum(axis=(-2, -1))
    expected = (totals[:, :, None] * totals[:, None, :] * squared).sum(axis=(-2, -1))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(expected > 0, 1 - (n - 1) * observed / expected, np.nan))


def _alpha_of_sums(
    counts: np.ndarray, weights: np.ndarray, values: np.ndarray, scale: Scale
) -> np.ndarray:
    """The same, where the sums of squared distances follow from simpler sums: quick with many values."""
    size = counts.sum(axis=1)
    totals = weights @ counts
    n = totals.sum(axis=1)
    if scale == "nominal":
        apart, expected = size**2 - (counts**2).sum(axis=1), n**2 - (totals**2).sum(axis=1)
    else:
        centred = values - values.mean()
        apart, expected = (
            2 * (sums.sum(axis=1) * (sums @ centred**2) - (sums @ centred) ** 2)
            for sums in (counts, totals)
        )
    observed = weights @ (apart / (size - 1))
    used = np.count_nonzero(totals, axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(used > 1, 1 - (n - 1) * observed / expected, np.nan))


def _distance(totals: np.ndarray) -> np.ndarray:
    """(n_values, n_values) squared distance: how many values lie between, half of either end counted."""
    middle = np.cumsum(totals) - totals / 2
    return np.asarray((middle[:, None] - middle[None, :]) ** 2)
