"""What a round knows about its model: the holdout's labels beside the model's probabilities."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Protocol

import numpy as np

from labelwright.loop.measure import influence, intervals, metrics
from labelwright.loop.measure.calibration import ece_bounds


@dataclass(frozen=True)
class Bounded:
    """A figure that can say how low or high the truth may be. `estimate` is None where unknown.

    Its bounds come from one of three: `right` of `n` (exact; `as_f1` turns the share into F1), resampled
    `replicates`, or `bounds`, from a confidence to the one-sided lower and upper bound, each valid by itself,
    with `method` their name. spread: standard deviation that one of the `n` adds (the estimate's standard
    error is about spread / sqrt(n)), for planning; None: told from the bounds.
    """

    estimate: float | None
    n: int
    right: int | None = None
    as_f1: bool = False
    replicates: np.ndarray | None = None
    bounds: Callable[[float], tuple[float, float]] | None = None
    method: str = ""
    spread: float | None = None

    def __post_init__(self) -> None:
        if not self.method:
            found = "exact" if self.right is not None else "bootstrap"
            object.__setattr__(self, "method", found)

    def lower(self, confidence: float) -> float | None:
        """One-sided lower bound."""
        if self.bounds is not None:
            return None if self.estimate is None else self.bounds(confidence)[0]
        if self.right is not None:
            bound = intervals.lower_bound(self.right, self.n, confidence) if self.n else 0.0
            return intervals.f1_of_share(bound) if self.as_f1 else bound
        return self._quantile(1 - confidence)

    def upper(self, confidence: float) -> float | None:
        """One-sided upper bound."""
        if self.bounds is not None:
            return None if self.estimate is None else self.bounds(confidence)[1]
        if self.right is not None:
            bound = intervals.upper_bound(self.right, self.n, confidence) if self.n else 1.0
            return intervals.f1_of_share(bound) if self.as_f1 else bound
        return self._quantile(confidence)

    def _quantile(self, share: float) -> float | None:
        if self.replicates is None or self.estimate is None:
            return None
        known = self.replicates[~np.isnan(self.replicates)]
        return float(np.quantile(known, share)) if len(known) else None


def of_counts(right: int, n: int, *, as_f1: bool = False) -> Bounded:
    """A proportion, or the F1 that follows from the share TP / (TP + FP + FN)."""
    share = right / n if n else None
    estimate = intervals.f1_of_share(share) if as_f1 and share is not None else share
    return Bounded(estimate, n, right=right, as_f1=as_f1)


def averaged(
    name: str, t: np.ndarray, n: int, variance: float, *, together: float = 1.0
) -> Bounded:
    """An average over classes of `metrics.AVERAGES`, of counts t (K, 3) of n items: see `influence`."""
    estimate = float(metrics.OF_COUNTS[name](t))

    def bounds(confidence: float) -> tuple[float, float]:
        low, high = influence.bounds(name, t, n, variance, confidence, together=together)
        return min(float(low), estimate), max(float(high), estimate)

    return Bounded(
        None if np.isnan(estimate) else estimate, n,
        bounds=bounds, method="jackknife", spread=float(np.sqrt(variance * n)),
    )  # fmt: skip


def calibrated(gaps: np.ndarray, estimate: float, decisions: float = 1) -> Bounded:
    """A calibration error: see `calibration`."""
    n = len(gaps)
    return Bounded(
        estimate, n, bounds=lambda confidence: ece_bounds(gaps, estimate, confidence, decisions),
        method="concentration",
    )  # fmt: skip


class View(Protocol):
    """What verdicts and the record of a round ask of the holdout, whatever an answer is.

    `Evidence` where an item has one class, `counted.Counted` where it has several, or marks.
    """

    @property
    def labels_per_class(self) -> Mapping[str, int]: ...

    @property
    def labels(self) -> int:
        """How many items have a label that trained."""

    @property
    def alpha(self) -> Bounded: ...

    def __len__(self) -> int:
        """How many items."""

    def seen(self) -> tuple[np.ndarray, ...]:
        """All that is looked at: the labels, and what the model says."""

    def on(self, slice_name: str) -> View:
        """The same, on the items of a slice."""

    def support(self, index: int) -> int:
        """How often a class is there."""

    def predicted_as(self, index: int) -> int:
        """How often the model gives a class."""

    def accuracy(self) -> Bounded:
        """Share of items whose answer is right, the whole of it."""

    def of_class(self, metric: str, members: frozenset[int]) -> Bounded:
        """precision, recall or f1 of a class; a parent class has several members (a child counts)."""

    def average(self, metric: str) -> Bounded:
        """macro_f1, micro_f1 and their like."""

    def ece(self) -> Bounded:
        """Expected calibration error."""


@dataclass(frozen=True)
class Evidence:
    """The holdout's view of a model that gives one class an item.

    truth: (n,) class index. probs: (n, n_classes). slices: (n,) bool by name. labels_per_class: what
    the model was trained on. alpha: agreement of the annotators, measured elsewhere.
    """

    truth: np.ndarray
    probs: np.ndarray
    classes: tuple[str, ...]
    slices: Mapping[str, np.ndarray] = field(default_factory=dict)
    labels_per_class: Mapping[str, int] = field(default_factory=dict)
    alpha: Bounded = field(default_factory=lambda: Bounded(None, 0))
    seed: int = 0

    def seen(self) -> tuple[np.ndarray, ...]:
        """All that is looked at: the labels, and what the model says."""
        return self.truth, self.probs

    def on(self, slice_name: str) -> Evidence:
        """The same, on the items of a slice."""
        here = self.slices[slice_name]
        return replace(self, truth=self.truth[here], probs=self.probs[here], slices={})

    @property
    def labels(self) -> int:
        """How many items have a label that trained: each has one of the classes."""
        return sum(self.labels_per_class.get(c, 0) for c in self.classes)

    def __len__(self) -> int:
        return len(self.truth)

    def support(self, index: int) -> int:
        """Items of a class."""
        return int(self.confusion[index].sum())

    def predicted_as(self, index: int) -> int:
        """Items that the model takes for a class."""
        return int(self.confusion[:, index].sum())

    @cached_property
    def predicted(self) -> np.ndarray:
        """(n,) likeliest class; the first of equals."""
        return np.asarray(np.argmax(self.probs, axis=1))

    @cached_property
    def confusion(self) -> np.ndarray:
        """[true, predicted] counts."""
        return metrics.confusion(self.truth, self.predicted, len(self.classes))

    def accuracy(self) -> Bounded:
        """Share of items that are right."""
        return of_counts(int((self.truth == self.predicted).sum()), len(self.truth))

    def of_class(self, metric: str, members: frozenset[int]) -> Bounded:
        """precision, recall or f1 of a class; a parent class has several members (a child counts)."""
        wanted = np.array(sorted(members))
        is_it, said = np.isin(self.truth, wanted), np.isin(self.predicted, wanted)
        both = int((is_it & said).sum())
        among = {"recall": is_it, "precision": said, "f1": is_it | said}[metric]
        return of_counts(both, int(among.sum()), as_f1=metric == "f1")

    def average(self, metric: str) -> Bounded:
        """macro_f1 and its like; micro_f1, precision and recall are the accuracy here."""
        if metric.startswith("micro_"):
            return self.accuracy()
        n = len(self.truth)
        if not n:
            return Bounded(None, 0)
        t = metrics.counts(self.confusion)
        grad = influence.gradient(metric, t)
        moved = grad[:, None, 2] + grad[None, :, 1]
        np.fill_diagonal(moved, grad[:, 0])
        variance = float((self.confusion * moved**2).sum()) * n / max(1, n - 1)
        return averaged(metric, t, n, variance)

    def ece(self) -> Bounded:
        """Expected calibration error."""
        n = len(self.truth)
        if not n:
            return Bounded(None, 0)
        right, confidence = self.truth == self.predicted, self.probs.max(axis=1)
        estimate = float(metrics.ece(right, confidence, np.ones(n)))
        gaps = metrics.bin_of(confidence) * (right - confidence)[:, None]
        return calibrated(gaps, estimate)
