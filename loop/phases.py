"""Which phase of `query` a campaign is in: the first whose `until` does not hold yet."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping

from labelwright.dsl.task import EACH_CLASS, And, Condition, MetricTest, Not, Or, Phase, Task
from labelwright.loop.errors import NotYet
from labelwright.loop.history import Measurement

OPERATORS: dict[str, Callable[[float, float], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
}


def phase(
    task: Task,
    labels_per_class: Mapping[str, int],
    annotations: int,
    round_: int,
    measured: Measurement | None,
    labels: int | None = None,
) -> Phase:
    """The phase to choose by; the last one where every `until` holds.

    labels_per_class: items with a training label by class id, parents among them; labels: all such items.
    measured: the last round's measurement.
    """
    each = frozenset(c.id for c in task.labels)

    def holds(condition: Condition) -> bool:
        if isinstance(condition, And):
            return all(holds(c) for c in condition.operands)
        if isinstance(condition, Or):
            return any(holds(c) for c in condition.operands)
        if isinstance(condition, Not):
            return not holds(condition.operand)
        if not isinstance(condition, MetricTest):
            raise NotYet("a phase can wait for what is counted or measured, not for a field")
        values = quantity(condition, labels_per_class, annotations, round_, measured, labels, each)
        compare = OPERATORS[condition.op]
        return bool(values) and all(v is not None and compare(v, condition.value) for v in values)

    for candidate in task.query.phases:
        if candidate.until is None or not holds(candidate.until):
            return candidate
    return task.query.phases[-1]


def quantity(
    test: MetricTest,
    labels_per_class: Mapping[str, int],
    annotations: int,
    round_: int,
    measured: Measurement | None,
    labels: int | None = None,
    each: frozenset[str] | None = None,
) -> list[float | None]:
    """What the test compares, a value a class where it says `of each class`; None: not known yet.

    labels: items with a label, where these are not the sum of the classes'; each: the classes meant by each.
    """
    total: float | None = None
    per_class: Mapping[str, float | None]
    match test.metric:
        case "labels":
            total = sum(labels_per_class.values()) if labels is None else labels
            per_class = labels_per_class
        case "annotations":
            return [annotations]
        case "rounds":
            return [round_]
        case "accuracy" | "exact_match":
            return [measured.accuracy.estimate if measured else None]
        case "macro_f1" | "ece" | "alpha":
            return [getattr(measured, test.metric).estimate if measured else None]
        case "micro_f1" | "micro_precision" | "micro_recall":
            if measured is None:
                return [None]
            return [(getattr(measured, test.metric) or measured.accuracy).estimate]
        case "precision" | "recall" | "f1":
            scores = measured.classes if measured else ()
            per_class = {s.id: getattr(s, test.metric).estimate for s in scores}
        case _:
            raise NotYet(f"a phase cannot wait for {test.metric} in this version")
    if test.of is None:
        return [total]
    if test.of == EACH_CLASS:
        return [v for c, v in per_class.items() if each is None or c in each]
    return [per_class.get(test.of)]
