"""Makes campaigns that never happened, real enough to look at: tasks, rounds, measurements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from labelwright.dsl.task import (
    Accept,
    Annotators,
    Argument,
    Budget,
    Call,
    Class,
    Criterion,
    Data,
    Encoders,
    Holdout,
    Percent,
    Phase,
    PseudoLabels,
    Query,
    Task,
    Train,
)
from labelwright.loop.history import (
    Campaign,
    ClassScore,
    Estimate,
    Measurement,
    RoundRecord,
    Verdict,
)
from labelwright.report.shown import ShownItem

MARGIN = Call(
    name="mix",
    args=(
        Argument(value=Call(name="margin")),
        Argument(value=Call(name="random", args=(Argument(value=Percent(percent=10)),))),
    ),
)


@dataclass(frozen=True)
class Case:
    """All that `render_report` is given."""

    task: Task
    campaign: Campaign
    items: Mapping[str, ShownItem]


def task_of(
    name: str,
    title: str,
    classes: Sequence[Class],
    *,
    criteria: Sequence[Criterion] = (),
    guide: str = "",
    source: Call | None = None,
    data: Mapping[str, tuple[str, ...]] | None = None,
    annotators: Call | None = None,
    overlap: int = 1,
    budget: Budget | None = None,
) -> Task:
    return Task(
        name=name,
        title=title,
        guide=guide,
        classes=tuple(classes),
        data=Data(source=source or Call(name="csv"), **(data or {})),
        holdout=Holdout(size=0.3, annotations=300),
        annotators=Annotators(source=annotators or Call(name="simulate", args=()), overlap=overlap),
        budget=budget or Budget(annotations=600, per_round=20),
        query=Query(
            phases=(
                Phase(name="cold", strategy=Call(name="k_means")),
                Phase(name="main", strategy=MARGIN),
            )
        ),
        pseudo_labels=PseudoLabels(method=Call(name="threshold"), threshold=0.95),
        train=Train(
            encoder=Encoders(default=Call(name="pixels")), finetune=Call(name="head"), seeds=(0,)
        ),
        accept=Accept(confidence=0.95, criteria=tuple(criteria)),
    )


def measurement_of(
    classes: Sequence[Class],
    accuracy: float,
    holdout: int,
    rng: np.random.Generator,
    criteria: Sequence[Criterion],
    *,
    weights: Sequence[float] | None = None,
    alpha: float | None = None,
    rehearsal: bool = True,
) -> Measurement:
    k = len(classes)
    weight = np.asarray(weights if weights is not None else np.ones(k), float)
    support = rng.multinomial(holdout, weight / weight.sum())
    confusion = np.zeros((k, k), int)
    ease = np.clip(rng.normal(accuracy, (1 - accuracy) * 0.5, k), 0.02, 0.999)
    for i in range(k):
        wrong = rng.dirichlet(np.full(k, 0.25))
        wrong[i] = 0
        p = (1 - ease[i]) * wrong / max(wrong.sum(), 1e-12)
        p[i] = max(0.0, 1 - p.sum())
        confusion[i] = rng.multinomial(support[i], p / p.sum())
    right = int(np.trace(confusion))
    scores = []
    for i, c in enumerate(classes):
        predicted = int(confusion[:, i].sum())
        hit = int(confusion[i, i])
        precision, recall = wilson(hit, predicted), wilson(hit, int(support[i]))
        f1 = None
        if predicted + support[i]:
            f1 = 2 * hit / (predicted + int(support[i]))
        width = ((recall.high or 1) - (recall.low or 0)) / 2
        scores.append(
            ClassScore(
                id=c.id,
                support=int(support[i]),
                predicted=predicted,
                precision=precision,
                recall=recall,
                f1=Estimate(
                    estimate=f1,
                    low=None if f1 is None else max(0.0, f1 - width),
                    high=None if f1 is None else min(1.0, f1 + width * 0.8),
                    n=int(support[i]),
                    method="bootstrap",
                ),
            )
        )
    total = wilson(right, holdout)
    f1s = [s.f1.estimate or 0.0 for s in scores]
    macro = float(np.mean(f1s))
    return Measurement(
        holdout_labels=holdout,
        accuracy=total,
        macro_f1=Estimate(
            estimate=macro, low=max(0, macro - 0.04), high=min(1, macro + 0.03), n=holdout
        ),
        ece=Estimate(estimate=0.031, low=0.018, high=0.052, n=holdout, method="bootstrap"),
        alpha=Estimate(estimate=alpha, low=alpha and alpha - 0.05, high=alpha and alpha + 0.04),
        classes=tuple(scores),
        confusion=tuple(tuple(int(v) for v in row) for row in confusion),
        verdicts=tuple(_verdict(c, total, scores) for c in criteria),
        true_accuracy=float(np.clip(accuracy + rng.normal(0, 0.008), 0, 1)) if rehearsal else None,
    )


def _verdict(criterion: Criterion, total: Estimate, scores: Sequence[ClassScore]) -> Verdict:
    if criterion.of is None:
        low, value, n, note = total.low or 0.0, total.estimate or 0.0, total.n, ""
        high = total.high or 1.0
    else:
        worst = min(scores, key=lambda s: 1.0 if s.recall.estimate is None else s.recall.estimate)
        value, n = worst.recall.estimate or 0.0, worst.support
        low, high = worst.recall.low or 0.0, worst.recall.high or 1.0
        note = f"lowest: {worst.id} {value:.2f}"
    status = "PASS" if low >= criterion.value else "FAIL"
    if low < criterion.value <= high:
        status = "NOT YET KNOWN"
    return Verdict(
        criterion=criterion.text,
        status=status,
        estimate=value,
        bound=low,
        target=criterion.value,
        n=n,
        note=note,
    )


def wilson(hits: int, n: int, z: float = 1.96) -> Estimate:
    if n == 0:
        return Estimate(estimate=None)
    p = hits / n
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return Estimate(
        estimate=p,
        low=float(max(0.0, middle - half)),
        high=float(min(1.0, middle + half)),
        n=n,
        method="exact",
    )


def rounds_of(
    task: Task,
    path: Sequence[float],
    *,
    holdout: int = 300,
    seed: int = 0,
    weights: Sequence[float] | None = None,
    alpha: float | None = None,
    rehearsal: bool = True,
    gate: bool = True,
) -> tuple[RoundRecord, ...]:
    rng = np.random.default_rng(seed)
    step = task.budget.per_round * task.annotators.overlap
    price = task.budget.price
    records = []
    names = [c.id for c in task.labels]
    for number, accuracy in enumerate(path):
        spent = step * (number + 1)
        labels = task.budget.per_round * (number + 1)
        share = rng.multinomial(labels, np.full(len(names), 1 / len(names)))
        open_ = gate and number >= 3
        records.append(
            RoundRecord(
                round=number,
                annotations=spent,
                holdout_annotations=holdout,
                labels=labels - number // 3,
                labels_per_class={n: int(s) for n, s in zip(names, share, strict=True)},
                asked=task.budget.per_round,
                unusable=number // 3,
                phase="cold" if number == 0 else "main",
                strategy="k_means" if number == 0 else "mix(margin, random(10%))",
                pseudo_labels=180 + 31 * number if open_ else 0,
                gate="open" if open_ else ("closed" if gate and number else "off"),
                gate_why=(
                    "Cross-validated log-loss falls from 0.412 to 0.371 with pseudo-labels."
                    if open_
                    else "Cross-validated log-loss would rise from 0.612 to 0.655."
                    if gate and number
                    else ""
                ),
                utility_spread=(0.41, 0.77, 0.98) if number else None,
                money=(spent + holdout) * price.amount if price else None,
                currency=price.currency if price else None,
                hours=(spent + holdout) * 7.3 / 3600,
                seconds=0.3 + 0.01 * number,
                measurement=measurement_of(
                    task.labels,
                    accuracy,
                    holdout,
                    rng,
                    task.accept.criteria,
                    weights=weights,
                    alpha=alpha,
                    rehearsal=rehearsal,
                ),
            )
        )
    return tuple(records)


def campaign_of(task: Task, rounds: tuple[RoundRecord, ...], **more: object) -> Campaign:
    values: dict[str, object] = {
        "task": task.name,
        "title": task.title,
        "definition": "3f9a1c55d0e2b7746a8f20c3d1be9f07",
        "version": "0.1.0",
        "seed": 7,
        "rehearsal": True,
        "items": 1797,
        "pool": 1258,
        "holdout": 539,
        "set_aside": {},
        "rounds": rounds,
        "chosen": (),
        "doubts": (),
        "annotators": (),
        "decision": "passed",
        "reason": "Every criterion holds.",
    }
    return Campaign.model_validate(values | more)


ACCURACY = Criterion(
    metric="accuracy",
    op=">=",
    value=0.90,
    confidence=0.95,
    text="accuracy >= 90% with 95% confidence",
)


RECALL = Criterion(
    metric="recall",
    of="each class",
    op=">=",
    value=0.75,
    text="recall of each class >= 75%",
)


def at_least(criterion: Criterion, percent: int) -> Criterion:
    """The criterion with another target."""
    text = criterion.text.replace(f"{criterion.value:.0%}", f"{percent}%")
    return criterion.model_copy(update={"value": percent / 100, "text": text})
