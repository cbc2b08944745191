"""Settles, Craven & Ray 2008: the expected length of the gradient that a label would give.

The gradient of −ln softmax(W x + b)_label, entry by entry, over W and b.
"""

from __future__ import annotations

import math
from collections.abc import Sequence


def utility(x: Sequence[float], probs: Sequence[float]) -> float:
    expected = 0.0
    for label, chance in enumerate(probs):
        gradient = []
        for c, p in enumerate(probs):
            error = p - (1 if c == label else 0)
            gradient += [error * value for value in x]
            gradient.append(error)
        expected += chance * math.sqrt(sum(entry * entry for entry in gradient))
    return expected
