"""The forecast's part of a campaign's record, and of a round's: from the bench to pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from labelwright.loop.budget import spent, training_annotations
from labelwright.loop.forecast.control import helps
from labelwright.loop.forecast.foretelling import Facts, foretell, outlook
from labelwright.loop.forecast.stopping import GAIN_OF, would_stop
from labelwright.loop.forecast.worth import worth
from labelwright.loop.history import RoundRecord
from labelwright.loop.pausing import independent
from labelwright.loop.seeds import derive_seed
from labelwright.loop.supported import single

if TYPE_CHECKING:
    from labelwright.dsl.task import Task
    from labelwright.loop.workbench import Workbench


def targets(task: Task) -> tuple[tuple[str, float], ...]:
    """Criteria that ask the main figure of the whole holdout to be at least so much."""
    main = "accuracy" if single(task) else "micro_f1"
    return tuple(
        (c.text or f"{c.metric} {c.op} {c.value:g}", c.value)
        for c in task.accept.criteria
        if c.metric == main and c.on is None and c.of is None and c.op in (">=", ">")
    )


def facts(bench: Workbench, round_: int) -> Facts:
    """What the forecast goes by beside the rounds, as they are after this one."""
    task = bench.task
    split = bench.needed(round_, "split")
    used = spent(bench.events(bench.needed(round_, "collect")["watermark"]))
    price = task.budget.price
    return Facts(
        classes=len(task.labels),
        targets=targets(task),
        pool=int(split["pool"]),
        budget=training_annotations(task, used),
        existing=int(split.get("existing", 0)),
        overlap=task.annotators.overlap,
        price=price.amount if price else None,
        currency=price.currency if price else None,
        seed=derive_seed(bench.context.seed, "forecast"),
    )


def expected_gain(bench: Workbench, record: RoundRecord) -> float | None:
    """Of the next 100 training annotations, after this round; None where there is no forecast yet."""
    before = [bench.store.outcome(r, "decide") for r in range(record.round)]
    rounds = [RoundRecord.model_validate(outcome) for outcome in before if outcome is not None]
    found = outlook([*rounds, record], facts(bench, record.round))
    return None if found is None else found.gain(GAIN_OF)[1]


def told(bench: Workbench, rounds: Sequence[RoundRecord]) -> dict[str, Any]:
    """The campaign's fields: forecast, worth, stopping, helps."""
    if not rounds:
        return {}
    last, task = rounds[-1], bench.task
    known = facts(bench, last.round)
    used = spent(bench.events(bench.needed(last.round, "collect")["watermark"]))
    left = max(0, task.budget.annotations - used.annotations)
    return {
        "forecast": foretell(rounds, known),
        "worth": worth(rounds, known, wrong_labels(bench, last), left),
        "stopping": would_stop(rounds, task.budget.stop),
        "helps": helps(last.control, known.classes, known.seed),
    }


def wrong_labels(bench: Workbench, last: RoundRecord) -> float | None:
    """The share of single judgements that are wrong, by how often two people differ on an item.

    Of two who each err in a share ν of items, about 2ν(1 − ν) of pairs differ, where errors seldom meet.
    None where fewer than 20 pairs are known, and where an item may have several classes.
    """
    if not single(bench.task):
        return None
    said: dict[str, list[str]] = {}
    watermark = bench.needed(last.round, "collect")["watermark"]
    for event in independent(bench, watermark):
        if event.source != "existing" and not event.skipped and len(event.labels) == 1:
            said.setdefault(event.item, []).append(event.labels[0])
    pairs = [pair for answers in said.values() for pair in pairwise(answers)]
    if len(pairs) < 20:
        return None
    differ = min(0.495, sum(a != b for a, b in pairs) / len(pairs))
    return float((1 - (1 - 2 * differ) ** 0.5) / 2)
