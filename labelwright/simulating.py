"""A campaign planned before it is paid for: scenarios played through, side by side.

Without labels, `loop.scenario` plays them from what is assumed. With a column of true labels the campaign
itself is run, several times, by simulated people, in stores that are thrown away.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np

from labelwright.dsl.task import Argument, Call, Output
from labelwright.loop.errors import DataError, NotYet
from labelwright.loop.scenario import Played, Scenario, play, playable
from labelwright.loop.supported import single

if TYPE_CHECKING:
    from labelwright.dsl.task import Task
    from labelwright.project import Project

MOST = 24
"""Scenarios side by side: more is no table that anybody reads."""


@dataclass(frozen=True)
class Outlook:
    """What a scenario comes to, over all campaigns that were played. Ranges hold 90% of them.

    passing: criterion -> share of the campaigns that end with it. money, hours: of the mean campaign; None
    where nothing is known of it. agreement: Krippendorff's alpha; None with one answer an item.
    """

    scenario: Scenario
    overlap: int
    budget: int
    campaigns: int
    labels: float
    annotations: tuple[float, float, float]  # mean, and from … to
    accuracy: tuple[float, float, float]  # of the model, against the truth
    measured: float | None  # by the holdout's labels, mean
    right: float | None  # share of labels that are right; None where it was not looked at
    agreement: float | None
    money: float | None
    currency: str | None
    hours: float | None
    passes: float | None  # share of campaigns whose criteria all hold; None without a criterion
    passing: dict[str, float]


def variants(task: Task, *, overlap: Sequence[int], budget: Sequence[int]) -> list[Task]:
    """The task with each overlap and budget that is asked for; as it is where none is."""
    pairs = product(overlap or (task.annotators.overlap,), budget or (task.budget.annotations,))
    return [
        task.model_copy(
            update={
                "annotators": task.annotators.model_copy(update={"overlap": people}),
                "budget": task.budget.model_copy(update={"annotations": bought}),
            }
        )
        for people, bought in pairs
    ]


def outlooks(
    task: Task,
    scenarios: Sequence[Scenario],
    variants: Sequence[Task],
    *,
    times: int,
    seed: int,
    progress: Callable[[str, int, int], None],
) -> list[Outlook]:
    """Every scenario with every variant of the task, played `times` times from what is assumed.

    Raises NotYet for tasks whose items have several answers, DataError for a budget that buys nothing.
    """
    if not single(task):
        raise NotYet(
            "campaigns with several answers an item cannot be played through without data yet",
            "play them with their data: --truth COLUMN",
        )
    pairs = list(product(scenarios, variants))
    _refuse_many(pairs)
    found = []
    for number, (scenario, variant) in enumerate(pairs):
        _refuse_few(scenario, variant)

        def tell(done: int, number: int = number) -> None:
            progress("playing campaigns", number * times + done, len(pairs) * times)

        played = play(playable(variant), scenario, times, seed, tell)
        if not played[0].annotations or not played[0].labels:
            raise DataError(
                f"a budget of {variant.budget.annotations:,} annotations buys no label: the holdout takes "
                f"{variant.holdout.annotations:,}",
                "raise --budget, or lower `annotations` in `holdout`",
            )
        found.append(_summed(variant, scenario, played))
    return found


def rehearsals(
    project: Project,
    scenarios: Sequence[Scenario],
    variants: Sequence[Task],
    *,
    column: str,
    times: int,
    progress: Callable[[str, int, int], None],
) -> list[Outlook]:
    """The same by running the campaign on its data, `column` of which holds the truth, with `times` seeds."""
    pairs = list(product(scenarios, variants))
    _refuse_many(pairs)
    found = []
    for number, (scenario, variant) in enumerate(pairs):
        _refuse_few(scenario, variant)
        arguments: dict[str, Any] = {
            "column": column, "people": scenario.people, "error": scenario.error,
        }  # fmt: skip
        if scenario.seconds is not None:
            arguments["seconds"] = scenario.seconds
        source = Call(
            name="simulate", args=tuple(Argument(name=n, value=v) for n, v in arguments.items())
        )
        rehearsed = variant.model_copy(
            update={
                "annotators": variant.annotators.model_copy(update={"source": source}),
                "output": Output(),  # nothing of a rehearsal is written or logged
            }
        )
        played = []
        for seed in range(times):
            progress("running campaigns", number * times + seed, len(pairs) * times)
            played.append(_run(project, rehearsed, seed))
        found.append(_summed(rehearsed, scenario, played))
    progress("running campaigns", len(pairs) * times, len(pairs) * times)
    return found


def _run(project: Project, task: Task, seed: int) -> Played:
    from labelwright.project import Project

    with TemporaryDirectory() as scratch:
        own = Project(task, state=Path(scratch), data_root=project.data_root, seed=seed)
        own.run()
        campaign = own.campaign()
    last = campaign.rounds[-1]
    now = last.measurement
    return Played(
        passed=tuple(v.status == "PASS" for v in now.verdicts),
        ended=last.round + 1,
        labels=last.labels,
        annotations=last.annotations + last.holdout_annotations,
        accuracy=now.true_accuracy if now.true_accuracy is not None else float("nan"),
        measured=now.main.estimate,
        alpha=now.alpha.estimate,
        right=float("nan"),
    )


def _refuse_many(pairs: Sequence[object]) -> None:
    if len(pairs) > MOST:
        raise DataError(
            f"these are {len(pairs)} scenarios, and at most {MOST} stand side by side",
            "give fewer values of --people, --error, --overlap and --budget",
        )


def _refuse_few(scenario: Scenario, task: Task) -> None:
    if scenario.people < task.annotators.overlap:
        raise DataError(
            f"{scenario.people} people cannot give {task.annotators.overlap} answers to an item",
            "raise --people, or lower --overlap",
        )


def _summed(task: Task, scenario: Scenario, played: Sequence[Played]) -> Outlook:
    price = task.budget.price
    spent = float(np.mean([p.annotations for p in played]))
    return Outlook(
        scenario=scenario,
        overlap=task.annotators.overlap,
        budget=task.budget.annotations,
        campaigns=len(played),
        labels=float(np.mean([p.labels for p in played])),
        annotations=_range([p.annotations for p in played]),
        accuracy=_range([p.accuracy for p in played]),
        measured=_mean([p.measured for p in played]),
        right=_mean([p.right for p in played]),
        agreement=_mean([p.alpha for p in played]),
        money=None if price is None else spent * price.amount,
        currency=None if price is None else price.currency,
        hours=None if scenario.seconds is None else spent * scenario.seconds / 3600,
        passes=float(np.mean([p.all_passed for p in played])) if played[0].passed else None,
        passing={
            criterion.text: float(np.mean([p.passed[i] for p in played if p.passed]))
            for i, criterion in enumerate(task.accept.criteria)
            if i < len(played[0].passed)
        },
    )


def _mean(values: Sequence[float | None]) -> float | None:
    known = [v for v in values if v is not None and not np.isnan(v)]
    return float(np.mean(known)) if known else None


def _range(values: Sequence[float]) -> tuple[float, float, float]:
    low, high = np.quantile(values, (0.05, 0.95))
    return float(np.mean(values)), float(low), float(high)
