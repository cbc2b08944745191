"""A campaign that never happened whose figures are all written down."""

from __future__ import annotations

from functools import cache

from labelwright.dsl.task import (
    Budget,
    Class,
    Money,
)
from labelwright.loop.history import (
    AnnotatorScore,
    ClassScore,
    Estimate,
    Measurement,
    RoundRecord,
    Verdict,
)

from .campaign_makers import (
    ACCURACY,
    RECALL,
    Case,
    campaign_of,
    task_of,
)


@cache
def steady() -> Case:
    """Two classes, three rounds, every figure written down: the same wherever it is made."""
    classes = [Class(id="good", title="좋음"), Class(id="bad", title="bad")]
    task = task_of(
        "reviews",
        "리뷰 · Reviews",
        classes,
        criteria=(ACCURACY, RECALL),
        budget=Budget(
            annotations=1200,
            price=Money(amount=0.25, currency="USD"),
            money=Money(amount=300, currency="USD"),
        ),
    )
    figures = ((0.61, 0.52, 0.70, 0.63), (0.84, 0.76, 0.90, 0.85), (0.95, 0.93, 0.97, 0.94))
    rounds = []
    for number, (estimate, low, high, true) in enumerate(figures):
        accuracy = Estimate(estimate=estimate, low=low, high=high, n=300, method="exact")
        hits = round(150 * estimate)
        recall = Estimate(estimate=hits / 150, low=low - 0.02, high=min(1, high + 0.02), n=150)
        scores = [
            ClassScore(
                id=c.id, support=150, predicted=150, precision=recall, recall=recall, f1=recall
            )
            for c in classes
        ]
        verdicts = (
            Verdict(
                criterion=ACCURACY.text,
                status="PASS" if low >= 0.9 else "FAIL" if high < 0.9 else "NOT YET KNOWN",
                estimate=estimate,
                bound=low,
                target=0.9,
                n=300,
            ),
            Verdict(
                criterion=RECALL.text,
                status="PASS" if estimate >= 0.75 else "FAIL",
                estimate=hits / 150,
                target=0.75,
                n=150,
                note=f"lowest: good {hits / 150:.2f}",
            ),
        )
        spent = 100 * (number + 1)
        rounds.append(
            RoundRecord(
                round=number,
                annotations=spent,
                holdout_annotations=300,
                labels=spent,
                labels_per_class={"good": spent // 2, "bad": spent // 2},
                asked=100,
                phase="main" if number else "cold",
                strategy="mix(margin, random(10%))" if number else "k_means",
                money=(spent + 300) * 0.25,
                currency="USD",
                hours=0.5 * (number + 1),
                seconds=0.4 * (number + 1),
                measurement=Measurement(
                    holdout_labels=300,
                    accuracy=accuracy,
                    macro_f1=accuracy,
                    ece=Estimate(estimate=0.04, low=0.02, high=0.06, n=300),
                    alpha=Estimate(estimate=None),
                    classes=tuple(scores),
                    confusion=((hits, 150 - hits), (150 - hits, hits)),
                    verdicts=verdicts,
                    true_accuracy=true,
                ),
            )
        )
    people = (
        AnnotatorScore(annotator="김서연", annotations=350, agreement=0.97, seconds=5.0),
        AnnotatorScore(annotator="annotator 2", annotations=250, agreement=None, seconds=None),
    )
    campaign = campaign_of(
        task, tuple(rounds), annotators=people, reason="every criterion holds on the holdout"
    )
    return Case(task, campaign, {})
