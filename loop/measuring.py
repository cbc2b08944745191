"""Measuring a round's model on the holdout, and judging it again when the criteria changed."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np

from labelwright.loop.budget import spent
from labelwright.loop.conditions import mask
from labelwright.loop.constraints import Judge
from labelwright.loop.deciding import spent_up
from labelwright.loop.history import Look, Measurement, RoundRecord, Verdict
from labelwright.loop.holdout_view import weighted
from labelwright.loop.labels import closer, in_force
from labelwright.loop.measure import metrics
from labelwright.loop.measure.ceiling import ceiling
from labelwright.loop.measure.counted import cells, of_sets
from labelwright.loop.measure.evidence import Bounded, Evidence, View
from labelwright.loop.measure.looks import fingerprint, following, planned_looks
from labelwright.loop.measure.summary import measurement
from labelwright.loop.pausing import independent
from labelwright.loop.people.agreement import krippendorff, krippendorff_sets
from labelwright.loop.ports import Span
from labelwright.loop.seeds import derive_seed
from labelwright.loop.sets import Sets
from labelwright.loop.split import HOLDOUT, POOL
from labelwright.loop.supported import learnable, several
from labelwright.loop.tagging import counts_of, evidence_of, places
from labelwright.loop.workbench import Workbench


def measure(bench: Workbench, round_: int) -> dict[str, Any]:
    """The holdout's view of the model, and in a rehearsal the truth beside it, for display only."""
    view = evidence(bench, round_)
    look = _look(bench, round_, view)
    found = _judged(bench, round_, view, look, _true_accuracy(bench, round_))
    return {
        "measurement": found.model_dump(mode="json"),
        "criteria": _criteria(bench),
        "annotations": bench.needed(round_, "collect")["annotations"],
        "labels": bench.needed(round_, "resolve")["labels"],
    }


def judge_again(bench: Workbench, record: RoundRecord) -> Measurement:
    """The round's measurement, with verdicts by the criteria as the task file has them now.

    Nothing is known by them yet where the round measured another definition's classes.
    """
    if not bench.current(record.round):
        verdicts = tuple(
            Verdict(criterion=c.text, status="NOT YET KNOWN", estimate=None, target=c.value)
            for c in bench.task.accept.criteria
        )
        return record.measurement.model_copy(update={"verdicts": verdicts})
    if bench.needed(record.round, "measure")["criteria"] == _criteria(bench):
        return record.measurement
    before = record.measurement
    view = evidence(bench, record.round)
    return _judged(bench, record.round, view, before.look, before.true_accuracy)


def _look(bench: Workbench, round_: int, view: View) -> Look | None:
    """Which look at the holdout this is, under the definition that holds; None where nothing is seen."""
    if not len(view):
        return None
    pool = int((bench.split(round_) == POOL).sum())
    planned = planned_looks(bench.task, pool)
    before: Look | None = None
    for earlier in range(round_):
        if not bench.current(earlier):
            continue
        seen = bench.needed(earlier, "measure")["measurement"]
        if seen.get("look"):
            before = Look.model_validate(seen["look"])
        elif seen["holdout_labels"]:  # by an earlier version, which did not count
            before = following(before, f"round {earlier}", planned)
    return following(before, fingerprint(view.seen()), planned, last=_last(bench, round_))


def _last(bench: Workbench, round_: int) -> bool:
    """Whether the campaign ends with this round, whatever is measured now."""
    used = spent(bench.events(bench.needed(round_, "collect")["watermark"]))
    outcome = bench.needed(round_, "choose")
    return spent_up(bench.task, used, round_ + 1, outcome["open"] - outcome["asked"]) is not None


def _judged(
    bench: Workbench, round_: int, view: View, look: Look | None, true_accuracy: float | None
) -> Measurement:
    """The round's measurement; it decides nothing while answers that a change set aside are missing.

    They are not missing at random: all items of a class that was split, say.
    """
    found = measurement(bench.task, view, true_accuracy, look=look, ceiling=_ceiling(bench, round_))
    watermark = bench.needed(round_, "collect")["watermark"]
    split = bench.split(round_)
    waiting = bench.ask_again(round_, watermark, after=True)
    missing = sum(split[row] == HOLDOUT for row in waiting)
    if not missing:
        return found
    note = f"{missing:,} holdout items wait to be answered again"
    open_ = [v.model_copy(update={"status": "NOT YET KNOWN", "note": note}) for v in found.verdicts]
    return found.model_copy(update={"verdicts": tuple(open_)})


def _criteria(bench: Workbench) -> str:
    accept = bench.task.accept.model_dump(mode="json")
    slices = [s.model_dump(mode="json") for s in bench.task.slices]
    return json.dumps([accept, slices], sort_keys=True)


def evidence(bench: Workbench, round_: int) -> View:
    """Holdout labels beside the final model's answers."""
    items, task = bench.items(round_), bench.task
    _, held = bench.labels(round_, bench.needed(round_, "collect")["watermark"])
    rows = held.rows if bench.learned(round_) else held.rows[:0]
    resolved = bench.needed(round_, "resolve")
    shared: dict[str, Any] = {
        "labels_per_class": resolved["labels_per_class"],
        "alpha": _alpha(bench, round_),
        "seed": derive_seed(bench.context.seed, "measure"),
    }
    view = weighted(bench, round_, held, shared | {"labels": resolved["labels"]})
    if view is not None:
        return view
    probs = np.empty((0, len(task.labels)))
    if len(rows) and task.kind != "spans":
        probs = bench.final(round_).predict_proba(bench.seen(round_, rows))
    shown = items.take(rows).table
    told = shared | {"slices": {s.name: mask(s.when, shown) for s in task.slices}}
    classes = tuple(c.id for c in task.labels)
    if task.kind == "spans":
        model: Any = bench.final(round_) if len(rows) else None
        return evidence_of(
            places(task, held)[: len(rows)],
            model.predict_spans(bench.seen(round_, rows)) if model else [],
            classes,
            Sets(task).parents(),
            labels=resolved["labels"],
            **told,
        )
    if several(task):
        sets = Sets(task)
        return of_sets(
            sets.hot(held.answers[: len(rows)]) > 0,
            bench.given(round_, probs),
            sets.coherent(probs),
            classes,
            sets.parents(),
            labels=resolved["labels"],
            **told,
        )
    return Evidence(truth=held.classes[: len(rows)], probs=probs, classes=classes, **told)


def _alpha(bench: Workbench, round_: int) -> Bounded:
    """Krippendorff's alpha over all items that two or more people judged."""
    if not learnable(bench.task):
        return Bounded(None, 0)
    if bench.task.kind == "spans" or several(bench.task):
        return _alpha_of_sets(bench, round_)
    watermark = bench.needed(round_, "collect")["watermark"]
    index = {c.id: float(i) for i, c in enumerate(bench.task.choices)}
    judge = Judge(bench.task)
    answers = [
        (event.item, event.annotator, index[event.labels[0]])
        for _, event in in_force(
            independent(bench, watermark), bench.items(round_), bench.translation
        )
        if event.source != "existing" and event.labels and judge.allows(event)
    ]
    return krippendorff(
        answers, scale=bench.task.scale, seed=derive_seed(bench.context.seed, "alpha")
    )


def _ceiling(bench: Workbench, round_: int) -> Bounded | None:
    """From the holdout's items that two or more people judged; None where one judges each."""
    task, rows = bench.task, np.flatnonzero(bench.split(round_) == HOLDOUT)
    if not learnable(task) or task.annotators.overlap < 2 or task.scale != "nominal":
        return None
    held, judge, close = set(rows.tolist()), Judge(task), closer(task)
    watermark = bench.needed(round_, "collect")["watermark"]
    answers: dict[int, list[object]] = defaultdict(list)
    for row, event in in_force(
        independent(bench, watermark), bench.items(round_), bench.translation
    ):
        if row in held and event.source != "existing" and not event.skipped and judge.allows(event):
            answers[row].append(_as_set(close(event.labels), event.spans))
    one = task.kind == "classification" and not several(task)
    return ceiling(
        list(answers.values()), len(task.labels) if one else None, task.annotators.overlap
    )


def _alpha_of_sets(bench: Workbench, round_: int) -> Bounded:
    """Of sets of classes, or of marks, by MASI distance: every answer counts, the empty one too."""
    watermark = bench.needed(round_, "collect")["watermark"]
    judge, close = Judge(bench.task), closer(bench.task)
    answers = [
        (event.item, event.annotator, _as_set(close(event.labels), event.spans))
        for _, event in in_force(
            independent(bench, watermark), bench.items(round_), bench.translation
        )
        if event.source != "existing" and not event.skipped and judge.allows(event)
    ]
    return krippendorff_sets(answers, seed=derive_seed(bench.context.seed, "alpha"))


def _as_set(labels: Sequence[str], spans: Sequence[Span]) -> frozenset[str]:
    if not spans:
        return frozenset(labels)
    return frozenset(f"{s.start}-{s.end} {c}" for c, s in zip(labels, spans, strict=True))


def _true_accuracy(bench: Workbench, round_: int) -> float | None:
    """The main figure on the whole holdout, by what the simulated people were told."""
    if not bench.annotators.rehearsal or not bench.learned(round_):
        return None
    rows = np.flatnonzero(bench.split(round_) == HOLDOUT)
    items = bench.items(round_).take(rows)
    if bench.task.kind == "spans":
        return _true_span_f1(bench, round_, rows, items.ids)
    if several(bench.task):
        return _true_micro_f1(bench, round_, rows, items.ids)
    truth = bench.annotators.truth(items.ids)  # type: ignore[attr-defined]
    index = {c.id: i for i, c in enumerate(bench.task.labels)}
    probs = bench.final(round_).predict_proba(bench.seen(round_, rows))
    right = [
        index[truth[item]] == predicted
        for item, predicted in zip(items.ids, probs.argmax(axis=1), strict=True)
        if truth.get(item) in index
    ]
    return float(np.mean(right)) if right else None


def _true_span_f1(
    bench: Workbench, round_: int, rows: np.ndarray, ids: Sequence[str]
) -> float | None:
    truth = bench.annotators.true_marks(ids)  # type: ignore[attr-defined]
    known = np.array([i for i, item in enumerate(ids) if item in truth], dtype=np.int64)
    if not len(known):
        return None
    model: Any = bench.final(round_)
    index = {c.id: i for i, c in enumerate(bench.task.labels)}
    true = [{(s.start, s.end, index[c]) for s, c in truth[ids[i]]} for i in known]
    said = model.predict_spans(bench.seen(round_, rows[known]))
    found = [{(f.start, f.end, f.label) for f in marks} for marks in said]
    f1 = metrics.micro_f1(counts_of(true, found, len(index)).sum(axis=0))
    return None if np.isnan(f1) else float(f1)


def _true_micro_f1(
    bench: Workbench, round_: int, rows: np.ndarray, ids: Sequence[str]
) -> float | None:
    truth = bench.annotators.truths(ids)  # type: ignore[attr-defined]
    known = np.array([i for i, item in enumerate(ids) if item in truth], dtype=np.int64)
    if not len(known):
        return None
    probs = bench.final(round_).predict_proba(bench.seen(round_, rows[known]))
    hot = Sets(bench.task).hot(truth[ids[i]] for i in known) > 0
    found = metrics.micro_f1(cells(hot, bench.given(round_, probs)).sum(axis=0))
    return None if np.isnan(found) else float(found)
