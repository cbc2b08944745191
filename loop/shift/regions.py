"""The pool cut into regions of items near each other, and laid on a plane to look at."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from labelwright.loop.query.k_means import FIT_ROWS, assign, fit

_ITEMS_A_REGION = 50
_FEWEST, _MOST = 3, 24
EXAMPLES = 3
_SHOWN = 0.98  # of the items, that the plane has room for


class Regions(NamedTuple):
    """centres (k, dim); of: (n,) the region of each row; nearest: for each region the rows nearest to its
    centre; fitted: on how many rows the centres were fitted.
    """

    centres: np.ndarray
    of: np.ndarray
    nearest: tuple[np.ndarray, ...]
    fitted: int


def regions(X: np.ndarray, seed: int) -> Regions:
    """k-means of X (n, dim) into √(n / 50) regions, 3 to 24; of more than 8,000 rows fitted on a sample.

    X may be memory-mapped; it is read once, and the sample before. No region is empty.
    """
    rng = np.random.default_rng(seed)
    k = int(np.clip(round(np.sqrt(len(X) / _ITEMS_A_REGION) * 2), _FEWEST, _MOST))
    some = np.sort(rng.permutation(len(X))[:FIT_ROWS])
    rows = np.asarray(X[some], dtype=np.float32)
    k = min(k, len(np.unique(rows, axis=0)))
    centres = fit(rows, k, rng, np.zeros(0, dtype=np.int64))
    of, distance = assign(X, centres)
    there = np.unique(of)
    renumbered = np.searchsorted(there, of)
    nearest = []
    for region in range(len(there)):
        members = np.flatnonzero(renumbered == region)
        nearest.append(members[np.argsort(distance[members], kind="stable")[:EXAMPLES]])
    return Regions(centres[there], renumbered, tuple(nearest), len(some))


def plane(X: np.ndarray) -> np.ndarray:
    """(n, 2) the first two principal components of X (n, dim), each scaled into −1 … 1; what lies
    far outside stands at the edge.

    The sign of a component is that of its greatest loading: the same rows give the same picture.
    """
    centred = np.asarray(X, dtype=np.float64) - np.mean(X, axis=0, dtype=np.float64)
    _, vectors = np.linalg.eigh(centred.T @ centred)
    top = vectors[:, ::-1][:, :2]
    top = top * np.sign(top[np.abs(top).argmax(axis=0), np.arange(top.shape[1])])
    found = centred @ top
    if found.shape[1] < 2:
        found = np.concatenate([found, np.zeros((len(found), 2 - found.shape[1]))], axis=1)
    wide = np.quantile(np.abs(found), _SHOWN, axis=0) if len(found) else np.ones(2)
    return np.asarray(np.clip(found / np.maximum(wide, 1e-12), -1, 1))
