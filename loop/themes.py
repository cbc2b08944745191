"""A batch laid out by theme: like items one after the other, so that people need not switch so often."""

from __future__ import annotations

import numpy as np

from labelwright.loop.query.kernel import unit


def chain(vectors: np.ndarray) -> np.ndarray:
    """(n,) the rows of `vectors` (n, dim) in an order in which neighbours are alike.

    Begins with the first row and goes on to the most similar (by cosine) that is left, the lower of
    equals. Reads n² · dim numbers: a batch of 1,000 takes a second.
    """
    directions = unit(np.asarray(vectors, dtype=np.float32))
    left = np.ones(len(directions), dtype=bool)
    order = []
    here = 0
    while left.any():
        order.append(here)
        left[here] = False
        here = int(np.argmax(np.where(left, directions @ directions[here], -np.inf)))
    return np.array(order, dtype=np.int64)
