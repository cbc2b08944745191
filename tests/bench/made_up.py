"""A made-up set for the benches' tests."""

from __future__ import annotations

import numpy as np
from sets import Set


def made_up(metric: str = "accuracy") -> Set:
    """Three blobs; 60 rows may be asked, 30 test."""
    rng = np.random.default_rng(7)
    y = rng.integers(3, size=90)
    X = (np.eye(3)[y] * 3 + rng.normal(size=(90, 3))).astype(np.float32)
    return Set("made up", X[:60], y[:60], X[60:], y[60:], ("a", "b", "c"), metric, 30, 6)
