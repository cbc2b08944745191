"""Rules as a teacher less reliable than labels: what their votes say of items that nobody labelled."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from labelwright.loop.learn.information import Hints, frequencies
from labelwright.loop.rules.label_model import taught
from labelwright.loop.rules.votes import Votes

_MOST = 2_000  # items that rules teach


@dataclass(frozen=True)
class Weak:
    """Votes on labelled items, and on others at `rows` of the unlabelled ones.

    coverage: (n_rules,) the share of all of them on which each rule fires.
    """

    labelled: Votes
    others: Votes
    rows: np.ndarray
    coverage: np.ndarray

    @classmethod
    def of(cls, votes: Votes, n_labelled: int, order: np.ndarray) -> Weak | None:
        """votes of the labelled items, then of the others; of those spoken of the first in this order."""
        others = votes.take(slice(n_labelled, None))
        spoken_of = others.fired.any(axis=1) & ~others.vetoed
        if not spoken_of.any():
            return None
        rows = np.sort(order[spoken_of[order]][:_MOST])
        coverage = votes.fired.mean(axis=0)
        return cls(votes.take(slice(n_labelled)), others.take(rows), rows, coverage)

    def hints(self, X: np.ndarray, targets: np.ndarray, some: np.ndarray) -> Hints:
        """What rules teach about X, the vectors of `rows`, as far as these labelled items vouch for them.

        targets (n_labelled, n_classes); some: positions in it.
        """
        prior = frequencies(targets[some].sum(axis=0))
        found, soft, weights = taught(
            self.labelled.take(some), targets[some], self.others, prior, self.coverage
        )
        return Hints(X[found], soft, weights)
