"""A chain gone through by hand: every tagging of every text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise, product

import numpy as np

from labelwright.loop.spans.bio import forbidden
from labelwright.loop.spans.crf import Rows


@dataclass(frozen=True)
class Made:
    """Random scores of some texts."""

    emissions: np.ndarray
    start: np.ndarray
    transitions: np.ndarray
    rows: Rows
    n_tags: int

    @classmethod
    def of(cls, seed: int, lengths: tuple[int, ...], n_classes: int = 1, loud: float = 2.0) -> Made:
        rng = np.random.default_rng(seed)
        size = 1 + 2 * n_classes
        first, after = forbidden(n_classes)
        return cls(
            rng.normal(size=(sum(lengths), size)) * loud,
            np.where(first, -1e9, rng.normal(size=size)),
            np.where(after, -1e9, rng.normal(size=(size, size))),
            Rows(np.array(lengths, dtype=np.int64)),
            size,
        )

    def taggings(self, text: int) -> Iterator[tuple[tuple[int, ...], float]]:
        """Every tagging of a text with its score."""
        begin, length = int(self.rows.starts[text]), int(self.rows.lengths[text])
        for tags in product(range(self.n_tags), repeat=length):
            told = sum(self.emissions[begin + i, t] for i, t in enumerate(tags))
            told += self.start[tags[0]] if tags else 0
            told += sum(self.transitions[a, b] for a, b in pairwise(tags))
            yield tags, float(told)
