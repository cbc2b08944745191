"""What a round knows about a model whose answers are several: classes of an item, or marks in its text.

Everything follows from counts, item by item and class by class: found (TP), made up (FP), missed (FN).
With several classes an item each is 0 or 1; of spans, how many were found exactly, and so on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from labelwright.loop.measure import influence, metrics
from labelwright.loop.measure.evidence import Bounded, averaged, calibrated, of_counts


@dataclass(frozen=True)
class Counted:
    """The holdout's view of a model that gives several answers an item.

    right: (n,) bool, whether an item's whole answer is right. counts: (n, n_classes, 3) TP, FP, FN.
    together: (n, 3) the counts of classes taken as one, by their indices, for parents of several: these
    are not the sums over them. gaps: (n, ECE_BINS) of each item's decisions, the sum of outcome less
    probability in each bin, `decisions` a item; None where the model has no probability for them.
    slices: (n,) bool by name. labels_per_class, alpha: as in `Evidence`; labels: how many items trained.
    """

    right: np.ndarray
    counts: np.ndarray
    classes: tuple[str, ...]
    together: Mapping[frozenset[int], np.ndarray] = field(default_factory=dict)
    gaps: np.ndarray | None = None
    decisions: float = 1
    slices: Mapping[str, np.ndarray] = field(default_factory=dict)
    labels_per_class: Mapping[str, int] = field(default_factory=dict)
    labels: int = 0
    alpha: Bounded = field(default_factory=lambda: Bounded(None, 0))
    seed: int = 0

    def __len__(self) -> int:
        return len(self.right)

    def seen(self) -> tuple[np.ndarray, ...]:
        """All that is looked at: what labels and model's answers come to."""
        return (self.right, self.counts, *(() if self.gaps is None else (self.gaps,)))

    def on(self, slice_name: str) -> Counted:
        """The same, on the items of a slice."""
        here = self.slices[slice_name]
        return replace(
            self,
            right=self.right[here],
            counts=self.counts[here],
            together={members: counts[here] for members, counts in self.together.items()},
            gaps=None if self.gaps is None else self.gaps[here],
            slices={},
        )

    def support(self, index: int) -> int:
        """How often a class is there."""
        return int(self.counts[:, index, [0, 2]].sum())

    def predicted_as(self, index: int) -> int:
        """How often the model gives a class."""
        return int(self.counts[:, index, :2].sum())

    def accuracy(self) -> Bounded:
        """Share of items whose whole answer is right (exact match)."""
        return of_counts(int(self.right.sum()), len(self))

    def of_class(self, metric: str, members: frozenset[int]) -> Bounded:
        """precision, recall or f1 of a class, or of several taken together (a child counts as its parent).

        Exact where no item counts twice among what the figure is a share of: then these are independent.
        """
        counts = self._counts_of(members)
        if not len(self):
            return Bounded(None, 0)
        among = counts @ metrics.AMONG[metric]
        n = int(among.sum())
        if among.max() <= 1:
            return of_counts(int(counts[:, 0].sum()), n, as_f1=metric == "f1")
        total = counts.sum(axis=0, keepdims=True)
        return self._averaged(f"micro_{metric}", total, counts[:, None, :])

    def average(self, metric: str) -> Bounded:
        """micro_f1, macro_f1 and their like."""
        if not len(self):
            return Bounded(None, 0)
        return self._averaged(metric, self.counts.sum(axis=0), self.counts)

    def _averaged(self, name: str, total: np.ndarray, counts: np.ndarray) -> Bounded:
        """Of `total` (K, 3), the sum of `counts` (n, K, 3): what one item counts goes together."""
        moved = (counts * influence.gradient(name, total)).sum(axis=(1, 2))
        n = len(self)
        variance = float((moved**2).sum()) * n / max(1, n - 1)
        return averaged(name, total, n, variance, together=float(influence.clustered(name, counts)))

    def ece(self) -> Bounded:
        """Expected calibration error over the decisions: each class of each item."""
        if self.gaps is None or not len(self):
            return Bounded(None, 0)
        estimate = np.abs(self.gaps.sum(axis=0)).sum() / (len(self) * self.decisions)
        return calibrated(self.gaps, float(estimate), self.decisions)

    def _counts_of(self, members: frozenset[int]) -> np.ndarray:
        """(n, 3)"""
        if members in self.together:
            return self.together[members]
        (index,) = members
        return np.asarray(self.counts[:, index])


def of_sets(
    truth: np.ndarray,
    predicted: np.ndarray,
    probs: np.ndarray,
    classes: tuple[str, ...],
    parents: Mapping[str, frozenset[int]],
    **rest: object,
) -> Counted:
    """Evidence of several classes an item.

    truth, predicted: (n, n_classes) bool. probs: (n, n_classes), each class's own. parents: by id, the
    indices of a class and of all within. rest: slices, labels_per_class, labels, alpha, seed.
    """
    return Counted(
        right=(truth == predicted).all(axis=1),
        counts=cells(truth, predicted),
        classes=classes,
        together={
            members: cells(_any(truth, members), _any(predicted, members))
            for members in parents.values()
            if len(members) != 1
        },
        gaps=gaps_of(truth, probs),
        decisions=truth.shape[1],
        **rest,  # type: ignore[arg-type]
    )


def cells(truth: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """(..., 3) TP, FP, FN of decisions, 0 or 1."""
    return np.stack([truth & predicted, ~truth & predicted, truth & ~predicted], -1).astype(int)


def _any(decisions: np.ndarray, members: frozenset[int]) -> np.ndarray:
    """(n,) bool, whether one of the members is there."""
    return np.asarray(decisions[:, sorted(members)].any(axis=1))


def gaps_of(truth: np.ndarray, probs: np.ndarray) -> np.ndarray:
    """(n, ECE_BINS) the sum of outcome less probability over an item's decisions in each bin."""
    bins = np.minimum((probs * metrics.ECE_BINS).astype(int), metrics.ECE_BINS - 1)
    found = np.zeros((len(truth), metrics.ECE_BINS))
    np.add.at(found, (np.arange(len(truth))[:, None], bins), truth - probs)
    return found
