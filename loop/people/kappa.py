"""Kappas: agreement beyond chance of two people (Cohen), of several (Fleiss), and on each class by itself.

Cohen 1960, A Coefficient of Agreement for Nominal Scales; Cohen 1968, Weighted Kappa; Fleiss 1971, Measuring
Nominal Scale Agreement Among Many Raters. All with a percentile bootstrap over items.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from typing import TypeVar

import numpy as np

from labelwright.loop.measure.evidence import Bounded
from labelwright.loop.people.agreement import REPLICATES, Scale

Said = TypeVar("Said", bound=Hashable)


def cohen(
    pairs: Sequence[tuple[float, float]], *, scale: Scale = "nominal", seed: int = 0
) -> Bounded:
    """Cohen's kappa of two people who judged the same items.

    pairs: what the one and the other said of each item, as numbers. On an ordinal scale a difference weighs
    by the square of the ranks between, on an interval scale by its own square. None where both only ever
    said one and the same: there is then nothing to agree about.
    """
    if not pairs:
        return Bounded(None, 0)
    values, codes = np.unique(np.asarray(pairs, dtype=np.float64), return_inverse=True)
    codes = codes.reshape(-1, 2)
    table = np.zeros((len(values), len(values)))
    np.add.at(table, (codes[:, 0], codes[:, 1]), 1)
    apart = _apart(values, scale)
    estimate = float(_kappa(table[None], apart)[0])
    if np.isnan(estimate):
        return Bounded(None, len(pairs))
    rng = np.random.default_rng(seed)
    drawn = rng.multinomial(len(pairs), table.ravel() / len(pairs), size=REPLICATES)
    return Bounded(estimate, len(pairs), replicates=_kappa(drawn.reshape(-1, *table.shape), apart))


def fleiss(answers: Sequence[tuple[str, str, Hashable]], *, seed: int = 0) -> Bounded:
    """Fleiss' kappa over the items that two or more people judged.

    answers: (item, annotator, class); a person's last answer to an item counts. Where items have different
    numbers of people, an item weighs as one in what is observed, and each answer as one in what chance
    would give.
    """
    counts = _counts(answers)
    if not len(counts):
        return Bounded(None, 0)
    size = counts.sum(axis=1)
    alike = ((counts**2).sum(axis=1) - size) / (size * (size - 1))

    def kappa(times: np.ndarray) -> np.ndarray:
        totals = times @ counts
        chance = ((totals / totals.sum(axis=1, keepdims=True)) ** 2).sum(axis=1)
        observed = times @ alike / times.sum(axis=1)
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(np.where(chance < 1, (observed - chance) / (1 - chance), np.nan))

    return _bounded(kappa, len(counts), seed)


def each_class(
    answers: Sequence[tuple[str, str, frozenset[Said]]], *, seed: int = 0
) -> Mapping[Said, Bounded]:
    """By class, Krippendorff's alpha of whether an answer names it (nominal: named, or not).

    answers: (item, annotator, classes); a person's last answer to an item counts. For answers of one class,
    sets of one. Classes that nobody named are left out.
    """
    by_item: dict[str, dict[str, frozenset[Said]]] = defaultdict(dict)
    for item, annotator, said in answers:
        by_item[item][annotator] = said
    shared = [list(given.values()) for given in by_item.values() if len(given) > 1]
    names = list(
        dict.fromkeys(c for given in shared for said in given for c in sorted(said, key=str))
    )
    if not names:
        return {}
    index = {c: i for i, c in enumerate(names)}
    named = np.zeros((len(shared), len(names)))
    for row, given in enumerate(shared):
        for said in given:
            named[row, [index[c] for c in said]] += 1
    size = np.array([len(given) for given in shared], dtype=np.float64)
    apart = 2 * named * (size[:, None] - named) / (size[:, None] - 1)

    def alphas(times: np.ndarray) -> np.ndarray:
        n, totals = (times @ size)[:, None], times @ named
        expected = 2 * totals * (n - totals)
        with np.errstate(invalid="ignore", divide="ignore"):
            found = 1 - (n - 1) * (times @ apart) / expected
        return np.asarray(np.where(expected > 0, found, np.nan))

    estimates = alphas(np.ones((1, len(shared))))[0]
    replicates = alphas(draws(len(shared), seed))
    return {
        c: Bounded(None, len(shared))
        if np.isnan(estimates[i])
        else Bounded(float(estimates[i]), len(shared), replicates=replicates[:, i])
        for i, c in enumerate(names)
    }


def draws(n: int, seed: int) -> np.ndarray:
    """(REPLICATES, n) how often each of n items is drawn."""
    rng = np.random.default_rng(seed)
    return rng.multinomial(n, np.full(n, 1 / n), size=REPLICATES).astype(np.float64)


def _counts(answers: Sequence[tuple[str, str, Hashable]]) -> np.ndarray:
    """(n_items, n_classes) how often each class was given, of items that two or more judged."""
    by_item: dict[str, dict[str, Hashable]] = defaultdict(dict)
    for item, annotator, said in answers:
        by_item[item][annotator] = said
    shared = [list(given.values()) for given in by_item.values() if len(given) > 1]
    index: dict[Hashable, int] = {}
    codes = [[index.setdefault(said, len(index)) for said in given] for given in shared]
    counts = np.zeros((len(shared), len(index)))
    for row, given in enumerate(codes):
        np.add.at(counts[row], given, 1)
    return counts


def _bounded(figure: object, n: int, seed: int) -> Bounded:
    assert callable(figure)
    estimate = float(figure(np.ones((1, n)))[0])
    if np.isnan(estimate):
        return Bounded(None, n)
    return Bounded(estimate, n, replicates=figure(draws(n, seed)))


def _apart(values: np.ndarray, scale: Scale) -> np.ndarray:
    """(n_values, n_values) what a difference weighs."""
    if scale == "nominal":
        return 1.0 - np.eye(len(values))
    if scale == "ordinal":
        values = np.arange(len(values), dtype=np.float64)
    return np.asarray((values[:, None] - values[None, :]) ** 2)


def _kappa(tables: np.ndarray, apart: np.ndarray) -> np.ndarray:
    """(n,) kappa of each of (n, K, K) tables; NaN where chance would always agree."""
    n = tables.sum(axis=(1, 2))
    observed = (tables * apart).sum(axis=(1, 2)) / n
    rows, columns = tables.sum(axis=2), tables.sum(axis=1)
    expected = ((rows @ apart) * columns).sum(axis=1) / n**2
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(expected > 0, 1 - observed / expected, np.nan))
