"""Can a classifier tell two samples apart? Then they are not of one distribution.

The classifier two-sample test of Lopez-Paz & Oquab 2017, with the area under the ROC curve in the place of
accuracy, so that sizes may differ. The classifier is ridge regression on principal components and on random
Fourier features of them (Rahimi & Recht 2007): the first see a mean that moved, the second a shape that
changed. How it is set hangs on no label, so that it is fitted anew for every permutation at the price of a
matrix product, and the p-value is exact where items are exchangeable. Permutations end early where it is
clear that it is no small one (Besag & Clifford 1991).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

FEWEST = 20
"""Items of the smaller sample that a test takes."""

PERMUTATIONS = 999
_COMPONENTS, _WAVES = 64, 64
_FOLDS = 5
_PAIRS = 2_000  # distances whose median is the waves' length
_BATCH = 30  # permutations at a time
_ENOUGH = 10  # of them that part the samples as well


class TwoSample(NamedTuple):
    """auc: the chance that of an item of each sample that of the second looks more like the second; 0.5 where
    they cannot be told apart. low, high: its 95% interval (Hanley & McNeil 1982). p: of a permutation test.
    """

    auc: float
    low: float
    high: float
    p: float


def two_sample(
    X: np.ndarray, Y: np.ndarray, seed: int, permutations: int = PERMUTATIONS
) -> TwoSample:
    """X (n, dim), Y (m, dim); both n and m at least `FEWEST`, else ValueError. at most so many
    permutations, 240·(n+m) bytes at a time."""
    if min(len(X), len(Y)) < FEWEST:
        raise ValueError(f"{min(len(X), len(Y))} items are fewer than {FEWEST}")
    rng = np.random.default_rng(seed)
    seen = _seen(np.concatenate([X, Y]).astype(np.float64), rng)
    n = len(seen)
    order = rng.permutation(n)  # so that equal scores fall at random
    seen, second = seen[order], order >= len(X)
    fold = rng.permutation(np.arange(n) % _FOLDS)
    solved = [_solved(seen, fold == f, min(len(X), len(Y))) for f in range(_FOLDS)]
    found = _aucs(second[:, None], fold, solved)[0]
    as_well: np.ndarray = np.zeros(0, dtype=bool)
    while len(as_well) < permutations and as_well.sum() < _ENOUGH:
        many = min(_BATCH, permutations - len(as_well))
        labels = np.stack([second[rng.permutation(n)] for _ in range(many)], axis=1)
        as_well = np.append(as_well, _aucs(labels, fold, solved) >= found - 1e-9)
    half = 1.96 * _error(found, len(X), len(Y))
    return TwoSample(
        float(found),
        max(0.0, float(found - half)),
        min(1.0, float(found + half)),
        _p(as_well),
    )


def _p(as_well: np.ndarray) -> float:
    """as_well: (B,) whether each permutation parts the samples as well; the tenth that does is the last."""
    reached = np.flatnonzero(as_well)
    if len(reached) >= _ENOUGH:
        return float(_ENOUGH / (reached[_ENOUGH - 1] + 1))
    return float((1 + len(reached)) / (1 + len(as_well)))


def _seen(Z: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(n, components + waves) float32: what the classifier reads; each half of unit mean square length."""
    Z = Z - Z.mean(axis=0)
    if Z.shape[1] > _COMPONENTS:
        values, vectors = np.linalg.eigh(Z.T @ Z if len(Z) > Z.shape[1] else Z @ Z.T)
        top = vectors[:, -_COMPONENTS:]
        Z = Z @ top if len(Z) > Z.shape[1] else top * np.sqrt(np.maximum(values[-_COMPONENTS:], 0))
    Z = _unit(Z)
    one, other = rng.integers(0, len(Z), (2, _PAIRS))
    length = float(np.median(np.sqrt(((Z[one] - Z[other]) ** 2).sum(axis=1)))) or 1.0
    waves = rng.normal(size=(Z.shape[1], _WAVES)) / length
    ripples = np.cos(Z @ waves + rng.uniform(0, 2 * np.pi, _WAVES))
    whole = np.concatenate([Z, _unit(ripples - ripples.mean(axis=0))], axis=1)
    return np.asarray(whole, dtype=np.float32)


def _unit(Z: np.ndarray) -> np.ndarray:
    return np.asarray(Z / (np.sqrt((Z**2).sum(axis=1).mean()) or 1.0))


class _Solved(NamedTuple):
    """A fold's ridge regression but for labels: `there` @ (`solve` @ labels of the rest) scores `held`."""

    held: np.ndarray  # (n,) bool
    there: np.ndarray  # (n_held, width)
    solve: np.ndarray  # (width, n_rest)


def _solved(seen: np.ndarray, held: np.ndarray, smaller: int) -> _Solved:
    """Degrees of freedom that the penalty leaves: a tenth of the smaller sample, at most half the width."""
    rest = seen[~held] - seen[~held].mean(axis=0)
    gram = (rest.T @ rest).astype(np.float64)
    values = np.maximum(np.linalg.eigvalsh(gram), 0)
    wanted = min(smaller / 10, len(gram) / 2)
    low, high = -20.0, 20.0
    for _ in range(60):
        middle = (low + high) / 2
        free = (values / (values + np.exp(middle))).sum()
        low, high = (middle, high) if free > wanted else (low, middle)
    solve = np.linalg.solve(gram + np.exp(high) * np.eye(len(gram)), rest.T.astype(np.float64))
    return _Solved(held, seen[held], solve.astype(np.float32))


def _aucs(labels: np.ndarray, fold: np.ndarray, solved: list[_Solved]) -> np.ndarray:
    """(B,) out-of-fold AUC of labels (n, B): mean over folds by the pairs they compare."""
    total, pairs = np.zeros(labels.shape[1]), np.zeros(labels.shape[1])
    for each in solved:
        rest = labels[~each.held].astype(np.float32)
        scores = each.there @ (each.solve @ (rest - rest.mean(axis=0)))
        here = labels[each.held]
        ones = here.sum(axis=0)
        # Ranks in order of score; equal scores are as good as impossible and fall as they lie.
        ranks = np.empty(scores.shape, dtype=np.float64)
        np.put_along_axis(
            ranks, np.argsort(scores, axis=0), np.arange(1.0, len(scores) + 1)[:, None], axis=0
        )
        total += (ranks * here).sum(axis=0) - ones * (ones + 1) / 2
        pairs += ones * (len(here) - ones)
    return np.asarray(total / np.maximum(pairs, 1))


def _error(auc: float, n: int, m: int) -> float:
    """The standard error of an AUC over n and m items (Hanley & McNeil 1982)."""
    q1, q2 = auc / (2 - auc), 2 * auc**2 / (1 + auc)
    variance = auc * (1 - auc) + (m - 1) * (q1 - auc**2) + (n - 1) * (q2 - auc**2)
    return float(np.sqrt(max(variance, 0) / (n * m)))
