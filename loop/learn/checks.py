"""What every learner refuses, in the same words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from labelwright.loop.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sized

    import numpy as np


def require_labels(X: Sized, targets: Sized) -> None:
    """Raise DataError where there is nothing to learn from, or one label too few or too many."""
    if len(X) == 0:
        raise DataError("a model cannot learn from no label", "label some items first")
    if len(X) != len(targets):
        raise DataError(f"{len(X)} items came with {len(targets)} labels")


def require_finite(probs: np.ndarray) -> np.ndarray:
    """probs (n_items, n_classes) as they are. Raises DataError naming an item whose vector is broken."""
    import numpy as np

    if not np.isfinite(probs).all():
        row = int(np.flatnonzero(~np.isfinite(probs).all(axis=1))[0])
        raise DataError(f"the vector of item {row} holds values that are not finite numbers")
    return probs
