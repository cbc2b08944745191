"""The record of a round's measurement, with two-sided 95% intervals."""

from __future__ import annotations

import math

from labelwright.dsl.task import Task
from labelwright.loop.history import ClassScore, Estimate, Measurement
from labelwright.loop.measure.evidence import Bounded, Evidence, View
from labelwright.loop.measure.verdicts import descendants, verdicts

_EACH_SIDE = 0.975


def measurement(task: Task, evidence: View, true_accuracy: float | None = None) -> Measurement:
    """Everything that is reported of a round's model."""
    one = isinstance(evidence, Evidence)
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
        alpha=estimate(evidence.alpha),
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
        if isinstance(evidence, Evidence)
        else (),
        verdicts=verdicts(task, evidence),
        true_accuracy=true_accuracy,
    )


def estimate(figure: Bounded) -> Estimate:
    """A figure with its interval; both ends None where nothing is known."""
    if figure.estimate is None or math.isnan(figure.estimate):
        return Estimate(estimate=None, n=figure.n)
    low, high = figure.lower(_EACH_SIDE), figure.upper(_EACH_SIDE)
    # A resampled interval need not hold the estimate itself; what is shown must.
    return Estimate(
        estimate=figure.estimate,
        low=None if low is None else min(low, figure.estimate),
        high=None if high is None else max(high, figure.estimate),
        n=figure.n,
        method=figure.method if low is not None else "",
    )


__all__ = ["descendants", "estimate", "measurement"]
