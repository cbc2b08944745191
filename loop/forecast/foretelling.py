"""The forecast of a campaign: from its rounds' records to annotations, money and hours.

What a criterion needs is the true figure reaching its target; that the holdout then shows it with the
confidence asked is another matter, and `worth` speaks of that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from labelwright.loop.forecast.noise import of_share, seen
from labelwright.loop.forecast.posterior import Posterior, posterior
from labelwright.loop.history import Band, CurvePoint, Estimate, Forecast, Reach, RoundRecord

LEAST_ROUNDS = 3
BAND = (0.05, 0.5, 0.95)
_POINTS = 24


@dataclass(frozen=True)
class Facts:
    """What the forecast goes by beside the rounds.

    targets: (criterion, value) each; pool: items that could have a label at all; budget: annotations that
    training may have taken at the end; price: of one annotation, in `currency`.
    """

    classes: int
    targets: tuple[tuple[str, float], ...]
    pool: int
    budget: int
    existing: int = 0
    overlap: int = 1
    price: float | None = None
    currency: str | None = None
    seed: int = 0


@dataclass(frozen=True)
class Outlook:
    """The curves that fit, and how labels turn into annotations. labels, annotations: now."""

    curves: Posterior
    labels: int
    annotations: int
    per_label: float

    def annotations_at(self, labels: np.ndarray) -> np.ndarray:
        """Training annotations by which there are so many labels."""
        return np.asarray(self.annotations + (labels - self.labels) * self.per_label)

    def gain(self, annotations: float) -> tuple[float, float, float]:
        """What so many further training annotations add to the figure: 5%, median, 95%."""
        further = self.labels + annotations / self.per_label
        error = self.curves.error(np.array([self.labels, further]))
        low, middle, high = self.curves.quantiles(error[:, 0] - error[:, 1], BAND)
        return low, middle, high


def usable(rounds: Sequence[RoundRecord]) -> list[RoundRecord]:
    """Rounds that measured what the last one measures, and found a figure."""
    return [
        r
        for r in rounds
        if r.definition == rounds[-1].definition
        and r.measurement.main.estimate is not None
        and r.measurement.main.n > 1
        and r.labels > 0
    ]


def outlook(rounds: Sequence[RoundRecord], facts: Facts) -> Outlook | None:
    """None where too few rounds are known."""
    known = usable(rounds)
    if len(known) < LEAST_ROUNDS:
        return None
    last = known[-1]
    labels = np.array([r.labels for r in known], dtype=float)
    figures = np.array([r.measurement.main.estimate for r in known], dtype=float)
    deviation = np.array([_deviation(r.measurement.main) for r in known])
    curves = posterior(seen(labels, figures, deviation), facts.classes, facts.seed)
    bought = last.labels - facts.existing
    per_label = last.annotations / bought if bought > 0 and last.annotations else facts.overlap
    return Outlook(curves, last.labels, last.annotations, max(1.0, float(per_label)))


def _deviation(figure: Estimate) -> float:
    """The interval's, else that of a share."""
    assert figure.estimate is not None
    if figure.method != "exact" and figure.low is not None and figure.high is not None:
        return max((figure.high - figure.low) / 3.92, 1e-3)
    return float(of_share(np.array(figure.estimate), np.array(figure.n)))


def foretell(rounds: Sequence[RoundRecord], facts: Facts) -> Forecast:
    """The curve with its 90% band up to the end of the budget or the targets, and what each target takes."""
    figure = rounds[-1].measurement.main_name if rounds else "accuracy"
    found = outlook(rounds, facts)
    if found is None:
        have = len(usable(rounds)) if rounds else 0
        why = f"a forecast needs {LEAST_ROUNDS} measured rounds of one definition; there are {have}"
        return Forecast(figure=figure, rounds=have, why_not=why)
    pace = _pace(rounds[-1])
    reaches = tuple(_reach(found, facts, text, value, pace) for text, value in facts.targets)
    return Forecast(
        figure=figure,
        rounds=len(usable(rounds)),
        points=_points(found, facts, usable(rounds)[0].labels, reaches),
        reaches=reaches,
        shapes={
            c.shape.name: w for c, w in zip(found.curves.curves, found.curves.weights, strict=True)
        },
        currency=facts.currency,
    )


def _pace(record: RoundRecord) -> float | None:
    """Hours an annotation."""
    annotations = record.annotations + record.holdout_annotations
    return record.hours / annotations if record.hours and annotations else None


def reach(
    curves: Posterior, error: float, now: float, most: float
) -> tuple[float, float, tuple[float, float, float] | None]:
    """Labels at which the error is this low, of at most so many.

    Returns the chance that no number of labels gets there, the chance that `now` is enough, and 5%, median
    and 95% of the labels where it can be reached; None where no curve gets there.
    """
    labels, weights = curves.reach(error), curves.draw_weights
    there = labels <= most
    inside = float(weights[there].sum())
    reached = float(weights[labels <= now].sum())
    if inside < 1e-3:
        return 1.0, reached, None
    found = np.maximum(labels, now)[there]
    order = np.argsort(found, kind="stable")
    total = np.cumsum(weights[there][order])
    at = np.minimum(np.searchsorted(total, np.array(BAND) * total[-1]), len(order) - 1)
    low, middle, high = (float(v) for v in found[order][at])
    return max(0.0, 1 - inside), reached, (low, middle, high)


def _reach(
    found: Outlook, facts: Facts, criterion: str, target: float, pace: float | None
) -> Reach:
    most = max(facts.pool, found.labels)
    unreachable, reached, labels = reach(found.curves, 1 - target, found.labels, most)
    if labels is None:
        nothing = Band(estimate=None)
        return Reach(criterion=criterion, target=target, unreachable=1.0, reached=0.0, more=nothing)
    low, middle, high = (round((n - found.labels) * found.per_label) for n in labels)

    def times(each: float | None) -> Band | None:
        if each is None:
            return None
        return Band(estimate=middle * each, low=low * each, high=high * each)

    return Reach(
        criterion=criterion,
        target=target,
        unreachable=unreachable,
        reached=reached,
        more=Band(estimate=middle, low=low, high=high),
        money=times(facts.price),
        hours=times(pace),
    )


def _points(
    found: Outlook, facts: Facts, first: int, reaches: Sequence[Reach]
) -> tuple[CurvePoint, ...]:
    ends: list[float] = [facts.budget, found.annotations]
    ends += [
        min(found.annotations + r.more.estimate, 3 * max(facts.budget, found.annotations))
        for r in reaches
        if r.more.estimate is not None and r.unreachable < 0.5
    ]
    end = found.labels + (max(ends) - found.annotations) / found.per_label
    end = max(found.labels, min(end, facts.pool))
    past = np.linspace(first, found.labels, _POINTS // 3, endpoint=False)
    labels = np.unique(np.round(np.concatenate([past, np.linspace(found.labels, end, _POINTS)])))
    accuracy = 1 - found.curves.error(labels)
    points = []
    for n, column in zip(found.annotations_at(labels), accuracy.T, strict=True):
        low, middle, high = found.curves.quantiles(column, BAND)
        points.append(
            CurvePoint(
                annotations=max(0, round(float(n))),
                accuracy=Band(estimate=middle, low=low, high=high),
            )
        )
    return tuple(points)
