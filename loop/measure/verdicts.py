"""Every criterion is PASS, FAIL or NOT YET KNOWN.

With a confidence, PASS needs the one-sided bound on the right side of the value, FAIL the opposite
bound on the wrong side; between them it is NOT YET KNOWN. The bounds hold at every look of the campaign
at once (`looks`). Without a confidence, the estimate decides.
`of each class` asks each class by itself and reports the one that is worst off.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from labelwright.dsl.metrics import METRICS
from labelwright.dsl.task import EACH_CLASS, EACH_SLICE, Criterion, Task
from labelwright.loop.errors import NotYet
from labelwright.loop.history import Look, Status, Verdict
from labelwright.loop.measure.evidence import Bounded, View
from labelwright.loop.measure.looks import following, level
from labelwright.loop.measure.metrics import AVERAGES
from labelwright.loop.measure.planning import more, rounded
from labelwright.loop.phases import OPERATORS

_ORDER: dict[Status, int] = {"FAIL": 0, "NOT YET KNOWN": 1, "PASS": 2}


@dataclass(frozen=True)
class _Part:
    """One class or slice of a criterion, decided."""

    name: str
    status: Status
    figure: Bounded
    bound: float | None


def verdicts(task: Task, evidence: View, look: Look | None = None) -> tuple[Verdict, ...]:
    """A verdict for each criterion, in the file's order. look: None for one look only."""
    return tuple(_verdict(task, criterion, evidence, look) for criterion in task.accept.criteria)


def _verdict(task: Task, criterion: Criterion, evidence: View, look: Look | None) -> Verdict:
    asked = criterion.confidence or task.accept.confidence
    if criterion.metric == "labels":
        asked = None  # a count is known exactly
    confidence = None if asked is None else level(asked, look)
    parts = []
    for name, figure in _figures(task, criterion, evidence):
        status, bound = _decide(criterion, figure, confidence)
        parts.append(_Part(name, status, figure, bound))
    if not parts:  # `on each slice` in a task without slices
        return Verdict(criterion=criterion.text, status="NOT YET KNOWN", estimate=None,
                       target=criterion.value, note="nothing to measure it on")  # fmt: skip
    rising = criterion.op in (">=", ">")

    def badness(part: _Part) -> tuple[int, float]:
        value = part.figure.estimate
        if value is None:
            return _ORDER[part.status], -1.0 if rising else 0.0
        return _ORDER[part.status], value if rising else -value

    worst = min(parts, key=badness)
    return Verdict(
        criterion=criterion.text,
        status=worst.status,
        estimate=worst.figure.estimate,
        bound=worst.bound,
        target=criterion.value,
        n=worst.figure.n,
        note=_note(parts, worst, rising),
        level=None if worst.bound is None else confidence,
        **_plan(task, criterion, evidence, parts, asked, look),
    )


def _plan(
    task: Task,
    criterion: Criterion,
    evidence: View,
    parts: list[_Part],
    asked: float | None,
    look: Look | None,
) -> dict[str, int]:
    """How many more annotations on the holdout would decide all that is open; empty where not known."""
    if asked is None or METRICS[criterion.metric].needs == "people":
        return {}
    ahead = None if look is None else following(look, "", look.planned)
    most, beyond = 0, False
    for part in parts:
        if part.status != "NOT YET KNOWN":
            continue
        found = more(part.figure, criterion.value, level(asked, ahead))
        if found is None:
            return {}
        # Of a class or a slice, only some of the items that are asked count.
        items = math.ceil(found.labels * len(evidence) / part.figure.n)
        most, beyond = max(most, items), beyond or found.beyond
    if not most:
        return {}
    annotations = rounded(most * task.annotators.overlap)
    return {"more_than": annotations} if beyond else {"more": annotations}


def _note(parts: list[_Part], worst: _Part, rising: bool) -> str:
    if len(parts) == 1:
        return (
            "" if worst.figure.estimate is not None else "nothing in the holdout to measure it on"
        )
    word = "lowest" if rising else "highest"
    if worst.figure.estimate is None:
        return f"{worst.name}: nothing in the holdout to measure it on"
    shown = (
        f"{worst.figure.estimate:.2f}"
        if worst.figure.estimate <= 1
        else f"{worst.figure.estimate:g}"
    )
    return f"{word}: {worst.name} {shown}"


def _decide(
    criterion: Criterion, figure: Bounded, confidence: float | None
) -> tuple[Status, float | None]:
    """The status, and the bound that it rests on."""
    holds = OPERATORS[criterion.op]
    if figure.estimate is None:
        return "NOT YET KNOWN", None
    if confidence is None:
        return ("PASS" if holds(figure.estimate, criterion.value) else "FAIL"), None
    low, high = figure.lower(confidence), figure.upper(confidence)
    near, far = (low, high) if criterion.op in (">=", ">") else (high, low)
    if near is None or far is None:
        return "NOT YET KNOWN", None
    if holds(near, criterion.value):
        return "PASS", near
    return ("NOT YET KNOWN" if holds(far, criterion.value) else "FAIL"), near


def _figures(task: Task, criterion: Criterion, evidence: View) -> Iterator[tuple[str, Bounded]]:
    if criterion.on is None:
        yield from _of_classes(task, criterion, evidence)
        return
    names = [s.name for s in task.slices] if criterion.on == EACH_SLICE else [criterion.on]
    for name in names:
        for part, figure in _of_classes(task, criterion, evidence.on(name)):
            yield (f"{part} on {name}" if part else name), figure


def _of_classes(task: Task, criterion: Criterion, evidence: View) -> Iterator[tuple[str, Bounded]]:
    titles = {c.id: c.title for c in task.classes}
    if criterion.of is None:
        yield "", _figure(criterion.metric, evidence)
        return
    ids = [c.id for c in task.labels] if criterion.of == EACH_CLASS else [criterion.of]
    for identity in ids:
        members = descendants(task, identity)
        if criterion.metric == "labels":
            known = evidence.labels_per_class
            count = known.get(identity, sum(known.get(task.labels[m].id, 0) for m in members))
            yield titles[identity], Bounded(float(count), count)
        else:
            yield titles[identity], evidence.of_class(criterion.metric, members)


def descendants(task: Task, identity: str) -> frozenset[int]:
    """Indices (into `Task.labels`) of a class and all below it: a child counts as its parents."""
    return frozenset(
        i for i, c in enumerate(task.labels) if c.id == identity or c.id.startswith(f"{identity}.")
    )


def _figure(metric: str, evidence: View) -> Bounded:
    if metric in ("accuracy", "exact_match"):
        return evidence.accuracy()
    if metric in AVERAGES:
        return evidence.average(metric)
    if metric == "ece":
        return evidence.ece()
    if metric == "alpha":
        return evidence.alpha
    if metric == "labels":
        return Bounded(float(evidence.labels), evidence.labels)
    raise NotYet(f"{metric} is not measured in this version")
