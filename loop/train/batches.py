"""Which rows each step of a training reads: shuffled by a seed, the same whenever they are asked for."""

from __future__ import annotations

import numpy as np

_WINDOW = 8  # batches whose items are sorted by length together


class Batches:
    """Passes over n rows in batches of at most `size`, whose sizes differ by one at most.

    `rows(step)` depends on nothing but the arguments and the step, so that a training can go on anywhere.
    With `lengths` (n,), items of about the same length come together: little padding, and still another
    order and other neighbours in every pass.
    """

    def __init__(self, n: int, size: int, seed: int, lengths: np.ndarray | None = None) -> None:
        if n < 1:
            raise ValueError("no rows to train on")
        self.n, self.seed, self.lengths = n, seed, lengths
        self.a_pass = -(-n // size)
        self._pass = -1
        self._order: list[np.ndarray] = []

    def rows(self, step: int) -> np.ndarray:
        """Positions of the rows of a step (from 0)."""
        which, place = divmod(step, self.a_pass)
        if which != self._pass:
            self._order, self._pass = self._shuffled(which), which
        return self._order[place]

    def _shuffled(self, which: int) -> list[np.ndarray]:
        rng = np.random.default_rng((self.seed, which))
        order = rng.permutation(self.n)
        if self.lengths is None:
            return np.array_split(order, self.a_pass)
        windows = np.array_split(order, -(-self.a_pass // _WINDOW))
        order = np.concatenate([w[np.argsort(self.lengths[w], kind="stable")] for w in windows])
        batches = np.array_split(order, self.a_pass)
        return [batches[i] for i in rng.permutation(self.a_pass)]
