"""Shannon's entropy of the predicted classes, in nats (Settles 2009, section 3.1)."""

from __future__ import annotations

import math
from collections.abc import Sequence


def utility(probs: Sequence[float]) -> float:
    total = 0.0
    for p in probs:
        if p > 0:
            total -= p * math.log(p)
    return total
