"""Which items measure and which teach: decided once, by seed and group, never changed afterwards.

Pure functions over arrays; a row is `POOL`, `HOLDOUT` or `ASIDE` (neither: it would leak).
"""

from __future__ import annotations

import numpy as np

POOL, HOLDOUT, ASIDE = 0, 1, 2


def mix(values: np.ndarray, seed: int) -> np.ndarray:
    """uint64 hashes shuffled by a seed (splitmix64's finaliser); equal values stay equal."""
    with np.errstate(over="ignore"):
        z = values.astype(np.uint64) + np.uint64(seed + 1) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))


def by_size(units: np.ndarray, hashes: np.ndarray, size: float, seed: int) -> np.ndarray:
    """Whole units in random order until `size` of the rows is held out.

    units: (n,) which unit (group) a row belongs to, 0..m-1. hashes: (m,) uint64, one a unit.
    Returns (n,) POOL or HOLDOUT. At least one unit stays in the pool where there are two.
    """
    counts = np.bincount(units, minlength=len(hashes))
    order = np.argsort(mix(hashes, seed), kind="stable")
    before = np.cumsum(counts[order]) - counts[order]
    chosen = before < size * len(units) - 0.5
    if chosen.all() and len(order) > 1:
        chosen[-1] = False
    held = np.zeros(len(hashes), dtype=bool)
    held[order[chosen]] = True
    return np.where(held[units], HOLDOUT, POOL).astype(np.uint8)


def by_condition(units: np.ndarray, matches: np.ndarray) -> np.ndarray:
    """Rows that match are held out; others of the same unit are set aside: they would leak."""
    touched = np.zeros(int(units.max(initial=-1)) + 1, dtype=bool)
    touched[units[matches]] = True
    return np.select([matches, touched[units]], [HOLDOUT, ASIDE], POOL).astype(np.uint8)


def extend(units: np.ndarray, known: np.ndarray, matches: np.ndarray | None) -> np.ndarray:
    """The split after rows were appended: known rows keep theirs, new ones join the pool.

    known: (n,) int, the earlier split of a row, or -1 for a new one. matches: rows that the holdout's
    condition would claim. A new row is set aside where it would leak: its unit is (partly) held out, or
    the condition claims it, for membership of the holdout never changes.
    """
    new = known < 0
    held = np.zeros(int(units.max(initial=-1)) + 1, dtype=bool)
    held[units[known == HOLDOUT]] = True
    leaks = held[units] if matches is None else held[units] | matches
    return np.where(new, np.where(leaks, ASIDE, POOL), known).astype(np.uint8)
