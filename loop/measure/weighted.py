"""What a round knows about its model where holdout items were drawn with unequal probabilities.

Every figure is a mean over the holdout, or a ratio of such, estimated with the weights of `estimators`; what
the model expects of the items that nobody labelled (its calibrated probabilities) sharpens it as far as the
labels bear it out. Variances are by linearisation: an item's influence on the figure is its counts times the
figure's gradient. Bounds are those of a share with as many labels as would leave this variance (Korn and
Graubard 1998; `influence.share_bounds`): of equal weights, and without expectations, Clopper and Pearson's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal

import numpy as np

from labelwright.loop.measure import metrics
from labelwright.loop.measure.calibration import deviation
from labelwright.loop.measure.estimators import Adjusted, adjusted
from labelwright.loop.measure.evidence import Bounded
from labelwright.loop.measure.influence import bounds, clustered, gradient, share_bounds

METHOD = "weighted"
"""What these intervals are called in records."""


@dataclass(frozen=True)
class Expected:
    """What the model expects of all N items of the holdout.

    right: (N,) P(the whole answer is right). counts: (N, n_classes, 3) TP, FP, FN expected. together: by the
    indices of classes taken as one, (N, 3). trusted: whether the model's probabilities are used at all.
    """

    right: np.ndarray
    counts: np.ndarray
    together: Mapping[frozenset[int], np.ndarray] = field(default_factory=dict)
    trusted: bool = True

    def on(self, here: np.ndarray) -> Expected:
        """Of some of the items."""
        return Expected(
            self.right[here],
            self.counts[here],
            {members: counts[here] for members, counts in self.together.items()},
            self.trusted,
        )


@dataclass(frozen=True)
class Drawn:
    """The items that were drawn, (n,) each, in one order.

    rows: positions among the N of the holdout. known: whether there is a label (skipped and unusable items
    have none, and are outside every figure). v, s: of `estimators.label_weights`.
    """

    rows: np.ndarray
    known: np.ndarray
    v: np.ndarray
    s: np.ndarray

    def take(self, here: np.ndarray, rows: np.ndarray) -> Drawn:
        """Some of them, with new positions."""
        return Drawn(rows, self.known[here], self.v[here], self.s[here])


@dataclass(frozen=True)
class Weighted:
    """The holdout's view of a model, from labels with weights; implements `evidence.View`.

    drawn: n items. right: (n,) bool; counts: (n, n_classes, 3); together, gaps, decisions: as in
    `counted.Counted`, all 0 of items without a label. truth, predicted: (n,) class indices of kind `one`.
    slices: (N,) bool by name. labels_per_class, labels, alpha, seed: as in `Counted`.
    """

    drawn: Drawn
    right: np.ndarray
    counts: np.ndarray
    expected: Expected
    classes: tuple[str, ...]
    kind: Literal["one", "many", "spans"] = "one"
    truth: np.ndarray | None = None
    predicted: np.ndarray | None = None
    together: Mapping[frozenset[int], np.ndarray] = field(default_factory=dict)
    gaps: np.ndarray | None = None
    decisions: float = 1
    slices: Mapping[str, np.ndarray] = field(default_factory=dict)
    labels_per_class: Mapping[str, int] = field(default_factory=dict)
    labels: int = 0
    alpha: Bounded = field(default_factory=lambda: Bounded(None, 0))
    seed: int = 0

    def __len__(self) -> int:
        return int(self.drawn.known.sum())

    def seen(self) -> tuple[np.ndarray, ...]:
        """All that is looked at: which items, their labels, and what the model says of all."""
        return (
            self.drawn.rows,
            self.drawn.v,
            self.counts,
            self.expected.right,
            self.expected.counts.sum(axis=0),
        )

    def on(self, slice_name: str) -> Weighted:
        """The same, on the items of a slice."""
        inside = self.slices[slice_name]
        here = inside[self.drawn.rows]
        place = np.cumsum(inside) - 1

        def part(values: np.ndarray | None) -> np.ndarray | None:
            return None if values is None else values[here]

        return replace(
            self,
            drawn=self.drawn.take(here, place[self.drawn.rows[here]]),
            right=self.right[here],
            counts=self.counts[here],
            expected=self.expected.on(inside),
            truth=part(self.truth),
            predicted=part(self.predicted),
            together={members: counts[here] for members, counts in self.together.items()},
            gaps=part(self.gaps),
            slices={},
        )

    def support(self, index: int) -> int:
        """How many labels of a class there are."""
        return int(self.counts[:, index, [0, 2]].sum())

    def predicted_as(self, index: int) -> int:
        """How often the model gives a class, among the items with a label."""
        return int(self.counts[:, index, :2].sum())

    @cached_property
    def confusion(self) -> np.ndarray:
        """[true, predicted] counts as a uniform sample of as many labels would have them, rounded."""
        k = len(self.classes)
        if self.truth is None or self.predicted is None or not len(self):
            return np.zeros((k, k), dtype=int)
        known = self.drawn.known
        weights = self.drawn.v[known] * len(self) / self.drawn.v[known].sum()
        cells = np.bincount(self.truth[known] * k + self.predicted[known], weights, minlength=k * k)
        return np.rint(cells).astype(int).reshape(k, k)

    def accuracy(self) -> Bounded:
        """Share of items whose answer is right, the whole of it."""
        known = self.drawn.known.astype(np.float64)
        return self._share(self.right * known, known, self.expected.right, np.ones(self._size))

    def of_class(self, metric: str, members: frozenset[int]) -> Bounded:
        """precision, recall or f1 of a class, or of several taken together (a child counts as its parent)."""
        if members in self.together:
            counts, expected = self.together[members], self.expected.together.get(members)
        else:
            (index,) = members
            counts, expected = self.counts[:, index], self.expected.counts[:, index]
        among = counts @ metrics.AMONG[metric]
        told = None if expected is None else expected @ metrics.AMONG[metric]
        return self._share(
            counts[:, 0].astype(np.float64),
            among.astype(np.float64),
            None if expected is None else expected[:, 0],
            told,
            as_f1=metric == "f1",
        )

    def average(self, metric: str) -> Bounded:
        """micro_f1, macro_f1 and their like."""
        if self.kind == "one" and metric.startswith("micro_"):
            return self.accuracy()
        if not len(self):
            return Bounded(None, 0)
        v = self.drawn.v
        t = np.tensordot(v, self.counts, axes=1) * len(self) / v[self.drawn.known].sum()
        estimate = float(metrics.OF_COUNTS[metric](t))
        if np.isnan(estimate):
            return Bounded(None, 0)
        slope = gradient(metric, t) * len(self)
        moved = (self.counts * slope).sum(axis=(1, 2)) * self._per_known
        expected = np.tensordot(self.expected.counts, slope, axes=2) * self._per_known
        found = self._adjusted(moved, expected)
        uneven = self._kish(self.drawn.known.astype(np.float64)) * len(self)
        together = uneven * (1.0 if self.kind == "one" else float(clustered(metric, self.counts)))
        plain = self._adjusted(moved, None).variance
        together *= float(np.sqrt(found.variance / plain)) if plain > 0 else 1.0

        def both(confidence: float) -> tuple[float, float]:
            low, high = bounds(metric, t, len(self), found.variance, confidence, together=together)
            return _moved(float(low), float(high), found.shift)

        value = min(1.0, max(0.0, estimate + found.shift))
        return self._bounded(value, len(self), found, both)

    def ece(self) -> Bounded:
        """Expected calibration error; bounds as in `calibration`, of weighted gaps."""
        if self.gaps is None or not len(self):
            return Bounded(None, 0)
        v, s = self.drawn.v, self.drawn.s
        per = 1 / (v[self.drawn.known].sum() * self.decisions)
        total = v @ self.gaps
        estimate = float(np.abs(total).sum() * per)
        signed = self.gaps @ np.sign(total)
        signed = signed - (v @ signed) / v.sum() * self.drawn.known
        bins = (s[:, None] * self.gaps**2).sum(axis=0) * per**2
        variance = max(float((s * signed**2).sum()) * per**2, float(bins.sum()))
        size = float(np.sqrt((v**2 * np.abs(self.gaps).sum(axis=1) ** 2).sum() / len(self))) * per
        noise = float(np.sqrt(2 * bins / np.pi).sum())

        def both(confidence: float) -> tuple[float, float]:
            reach = float(deviation(variance, size, confidence)) if size > 0 else 0.0
            return max(0.0, estimate - noise - reach), min(1.0, estimate + reach)

        return self._bounded(estimate, len(self), Adjusted(0.0, variance, 0.0), both)

    @property
    def _size(self) -> int:
        return len(self.expected.right)

    @property
    def _per_known(self) -> float:
        """Brings influences on a mean over the items with a label to such on a mean over all drawn."""
        v = self.drawn.v
        return float(v.sum() / v[self.drawn.known].sum())

    def _adjusted(self, moved: np.ndarray, expected: np.ndarray | None) -> Adjusted:
        use = expected is not None and self.expected.trusted
        return adjusted(
            moved,
            expected[self.drawn.rows] if use and expected is not None else None,
            self.drawn.v,
            self.drawn.s,
            float(expected.mean()) if use and expected is not None else 0.0,
            self._size,
        )

    def _kish(self, among: np.ndarray) -> float:
        """One over the number of labels that equal weights would need for the same (Kish 1965)."""
        total = float((self.drawn.v * among).sum())
        return float((self.drawn.s * among**2).sum()) / total**2 if total > 0 else 1.0

    def _share(
        self,
        hits: np.ndarray,
        among: np.ndarray,
        expected_hits: np.ndarray | None,
        expected_among: np.ndarray | None,
        *,
        as_f1: bool = False,
    ) -> Bounded:
        """sum(v hits) / sum(v among) of the items drawn, with what the model expects of all."""
        v, n = self.drawn.v, round(float(among.sum()))
        total = float((v * among).sum())
        if total <= 0:
            return Bounded(None, n)
        share = float((v * hits).sum()) / total
        scale = float(v.sum()) / total
        moved = (hits - share * among) * scale
        expected = None
        if expected_hits is not None and expected_among is not None:
            expected = (expected_hits - share * expected_among) * scale
        found = self._adjusted(moved, expected)
        value = min(1.0, max(0.0, share + found.shift))
        inside = value * (1 - value)
        # What one more error moves: between that of labels without, and with, what the model expects.
        jump = self._kish(among)
        if inside > 0 and found.variance > 0:
            jump = float(np.sqrt(jump * found.variance / inside))

        def both(confidence: float) -> tuple[float, float]:
            if jump <= 0 and found.variance <= 0:
                low = high = value
            else:
                ends = share_bounds(value, found.variance, min(jump, 1e6), confidence)
                low, high = float(ends[0]), float(ends[1])
            return (_f1(low), _f1(high)) if as_f1 else (low, high)

        return self._bounded(_f1(value) if as_f1 else value, n, found, both)

    def _bounded(self, value: float, n: int, found: Adjusted, both: object) -> Bounded:
        return Bounded(
            value,
            n,
            bounds=both,  # type: ignore[arg-type]
            method=METHOD,
            spread=float(np.sqrt(found.variance * n)) if np.isfinite(found.variance) else None,
        )


def _f1(share: float) -> float:
    return 2 * share / (1 + share)


def _moved(low: float, high: float, shift: float) -> tuple[float, float]:
    return min(1.0, max(0.0, low + shift)), min(1.0, max(0.0, high + shift))
