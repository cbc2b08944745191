"""Candidates: the part of a pool that a strategy looks at where it cannot look at all of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from labelwright.loop.query.contract import top

if TYPE_CHECKING:
    import numpy as np


def among(n_pool: int, limit: int, random_state: int) -> tuple[np.ndarray | None, tuple[str, ...]]:
    """Which items to choose among: None for all, else `limit` positions drawn uniformly, sorted.

    The second value is for `Chosen.notes`: empty, or the one sentence that says so.
    """
    import numpy as np

    if n_pool <= limit:
        return None, ()
    drawn = np.random.default_rng(random_state).choice(n_pool, size=limit, replace=False)
    return np.sort(drawn), (f"chosen among {limit:,} items drawn at random out of {n_pool:,}",)


def most_useful(utilities: np.ndarray, limit: int) -> tuple[np.ndarray | None, tuple[str, ...]]:
    """Like `among`, but the `limit` items of greatest utility, of equal ones the lower position.

    Positions are sorted. Raises StrategyError where a utility is not a finite number.
    """
    import numpy as np

    if len(utilities) <= limit:
        return None, ()
    rows = np.sort(top(utilities, limit))
    return rows, (f"chosen among the {limit:,} most useful items out of {len(utilities):,}",)
