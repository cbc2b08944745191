"""The record of a round's measurement, with two-sided 95% intervals."""

from __future__ import annotations

import math

from labelwright.dsl.task import Task
from labelwright.loop.history import ClassScore, Estimate, Look, Measurement
from labelwright.loop.measure.evidence import Bounded, Evidence, View
from labelwright.loop.measure.looks import level
from labelwright.loop.measure.verdicts import descendants, verdicts
from labelwright.loop.measure.weighted import Weighted

_EACH_SIDE = 0.975


def measurement(
    task: Task,
    evidence: View,
    true_accuracy: float | None = None,
    *,
    look: Look | None = None,
    ceiling: Bounded | None = None,
) -> Measurement:
    """Everything that is reported of a round's model. look: which look at the holdout it is."""

    def estimate(figure: Bounded) -> Estimate:
        return estimated(figure, look)

    one = isinstance(evidence, Evidence) or (
        isinstance(evidence, Weighted) and evidence.kind == "one"
    )
    return Measurement(
        kind="one" if one else "many" if task.kind == "classification" else "spans",
        holdout_labels=len(evidence),
        accuracy=estimate(evidence.accuracy()),
        macro_f1=estimate(evidence.average("macro_f1")),
        **(
            {}
            if one
            else {
                metric: estimate(evidence.average(metric))
                for metric in ("micro_f1", "micro_precision", "micro_recall")
            }
        ),
        ece=estimate(evidence.ece()),
        alpha=estimated(evidence.alpha),
        classes=tuple(
            ClassScore(
                id=c.id,
                support=evidence.support(i),
                predicted=evidence.predicted_as(i),
                **{
                    metric: estimate(evidence.of_class(metric, frozenset({i})))
                    for metric in ("precision", "recall", "f1")
                },
            )
            for i, c in enumerate(task.labels)
        ),
        confusion=tuple(tuple(int(n) for n in row) for row in evidence.confusion)
        if isinstance(evidence, Evidence | Weighted) and one
        else (),
        verdicts=verdicts(task, evidence, look),
        look=look,
        ceiling=None if ceiling is None else estimated(ceiling),
        true_accuracy=true_accuracy,
    )


def estimated(figure: Bounded, look: Look | None = None) -> Estimate:
    """A figure with its intervals; ends None where nothing is known."""
    if figure.estimate is None or math.isnan(figure.estimate):
        return Estimate(estimate=None, n=figure.n)
    low, high = _ends(figure, _EACH_SIDE)
    low_every, high_every = _ends(figure, level(_EACH_SIDE, look)) if look else (None, None)
    return Estimate(
        estimate=figure.estimate,
        low=low,
        high=high,
        n=figure.n,
        method=figure.method if low is not None else "",
        low_every=low_every,
        high_every=high_every,
    )


def _ends(figure: Bounded, confidence: float) -> tuple[float | None, float | None]:
    """A resampled interval need not hold the estimate itself; what is shown must."""
    assert figure.estimate is not None
    low, high = figure.lower(confidence), figure.upper(confidence)
    return (
        None if low is None else min(low, figure.estimate),
        None if high is None else max(high, figure.estimate),
    )


__all__ = ["descendants", "estimated", "measurement"]
