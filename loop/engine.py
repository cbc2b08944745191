"""Running a campaign: round after round, step after step, from wherever it stopped."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from labelwright.dsl.definition import meaning
from labelwright.dsl.task import Task
from labelwright.loop.budget import spent
from labelwright.loop.deciding import Decision, decide
from labelwright.loop.errors import DefinitionChanged, StoreError
from labelwright.loop.history import RoundRecord
from labelwright.loop.measuring import judge_again
from labelwright.loop.steps import STEPS
from labelwright.loop.store import Store
from labelwright.loop.workbench import Workbench


@dataclass(frozen=True)
class Moment:
    """A step is about to begin, or its outcome was recorded."""

    round: int
    step: str
    when: Literal["begin", "done"]
    record: RoundRecord | None = None  # with the last step of a round
    outcome: Mapping[str, Any] = field(default_factory=dict)  # of a step that is done


Observe = Callable[[Moment], None]


def last_round(store: Store) -> int:
    """The round that was begun last; -1 before the first."""
    return len(store.outcomes(STEPS[0].name)) - 1


def finished(store: Store, round_: int) -> RoundRecord | None:
    """The record of a round whose every step is done, with the wall time that they took."""
    outcome = store.outcome(round_, STEPS[-1].name)
    if outcome is None:
        return None
    return RoundRecord.model_validate({**outcome, "seconds": store.seconds(round_)})


def enter(bench: Workbench, text: str) -> None:
    """Tie the store to the task: the same seed and the same meaning as before, or an error."""
    store, task = bench.store, bench.task
    seed = store.meta("seed")
    if seed is not None and int(seed) != bench.context.seed:
        raise StoreError(
            f"this campaign runs with seed {seed}, not {bench.context.seed}",
            "leave --seed out, or begin another campaign with --state FOLDER",
        )
    check_meaning(store, task)
    with store.writing():
        store.set_meta("seed", str(bench.context.seed))
        store.set_meta("task", task.name)
        for aspect, digest in meaning(task).items():
            store.set_meta(f"meaning:{aspect}", digest)
        store.record_definition(
            bench.definition, last_round(store) + 1, text, task.model_dump_json()
        )
        store.set_meta("definition", bench.definition)


def check_meaning(store: Store, task: Task) -> None:
    """Raise DefinitionChanged where the task means something else than what was labelled."""
    changed = [
        aspect
        for aspect, digest in meaning(task).items()
        if (before := store.meta(f"meaning:{aspect}")) is not None and before != digest
    ]
    if changed:
        raise DefinitionChanged(
            f"the task file changed its meaning since labelling began: {', '.join(changed)}",
            "put the old definition back, or begin another campaign with --state FOLDER; "
            "nothing was changed",
        )


def run(bench: Workbench, observe: Observe = lambda moment: None) -> Decision:
    """Go on with the campaign until it stops or waits for people. The caller holds the lock."""
    round_ = max(0, last_round(bench.store))
    while True:
        record = finished(bench.store, round_)
        if record is None:
            record = _round(bench, round_, observe)
            if record is None:
                return Decision("waiting", f"round {round_} waits for annotators")
        decision = standing(bench, record)
        if decision.ending != "running":
            return decision
        round_ += 1


def standing(bench: Workbench, record: RoundRecord) -> Decision:
    """Where the campaign stands after a finished round, by the task as it reads now."""
    used = spent(bench.events(bench.needed(record.round, "collect")["watermark"]))
    outcome = bench.needed(record.round, "choose")
    available = outcome["open"] - outcome["asked"]
    if not available and bench.source_changed(record.round):
        return Decision("running", "rows were appended to the data")
    measurement = judge_again(bench, record)
    return decide(bench.task, measurement, used, record.round + 1, available)


def _round(bench: Workbench, round_: int, observe: Observe) -> RoundRecord | None:
    for step in STEPS:
        if bench.store.outcome(round_, step.name) is not None:
            continue
        observe(Moment(round_, step.name, "begin"))
        started = time.perf_counter()
        outcome = step.do(bench, round_)
        if outcome is None:
            return None
        with bench.store.writing():
            bench.store.add_choices(outcome.choices)
            bench.store.record_step(
                round_, step.name, outcome.values, time.perf_counter() - started
            )
        last = step is STEPS[-1]
        record = finished(bench.store, round_) if last else None
        observe(Moment(round_, step.name, "done", record, outcome.values))
    return finished(bench.store, round_)
