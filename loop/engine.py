"""Running a campaign: round after round, step after step, from wherever it stopped."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from labelwright.dsl.definition import meaning
from labelwright.dsl.diff.whole import diff
from labelwright.loop.budget import spent
from labelwright.loop.deciding import Decision, decide
from labelwright.loop.errors import DefinitionChanged, StoreError
from labelwright.loop.forecast.stopping import stops_now
from labelwright.loop.history import RoundRecord
from labelwright.loop.measuring import judge_again
from labelwright.loop.steps import STEPS
from labelwright.loop.store import Applied, Store
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


def under_way(store: Store) -> bool:
    """Whether a round was begun and is not finished."""
    begun = last_round(store)
    return begun >= 0 and finished(store, begun) is None


def enter(bench: Workbench, text: str, name: str = "FILE") -> None:
    """Tie the store to the task: the same seed and the same meaning as before, or an error.

    A definition that only reads otherwise comes into force here; one that means something else has to
    be applied (`applying`). name: what the task file is called, for the error.
    """
    store, task = bench.store, bench.task
    seed = store.meta("seed")
    if seed is not None and int(seed) != bench.context.seed:
        raise StoreError(
            f"this campaign runs with seed {seed}, not {bench.context.seed}",
            "leave --seed out, or begin another campaign with --state FOLDER",
        )
    check_meaning(bench, name)
    check_people(bench)
    with store.writing():
        store.set_meta("seed", str(bench.context.seed))
        store.set_meta("annotators", task.annotators.source.name)
        store.set_meta("task", task.name)
        store.set_meta("file", Path(name).name)
        come_into_force(bench, text, "run" if bench.versions.versions else "begin", breaks=False)


def come_into_force(
    bench: Workbench, text: str, kind: Literal["begin", "run", "plan"], *, breaks: bool
) -> None:
    """Record the bench's definition as the one that holds from now on; nothing where it does already."""
    store, versions = bench.store, bench.versions
    if versions.versions and versions.now.definition == bench.definition:
        return
    begun = last_round(store)
    lineage = versions.derive(bench.task, bench.definition)
    changes = diff(versions.now.task, bench.task) if versions.versions else ()
    store.record_definition(bench.definition, begun + 1, text, bench.task.model_dump_json())
    store.add_applied(
        Applied(
            definition=bench.definition,
            first_round=begun if breaks and under_way(store) else begun + 1,
            event=store.last_event(),
            kind=kind,
            breaks=breaks,
            lineage=lineage.model_dump_json(),
            changes=tuple(f"{c.mark} {c.text}" for c in changes),
        )
    )
    store.set_meta("definition", bench.definition)


def changed_meaning(bench: Workbench) -> list[str]:
    """Which aspects of what labels mean differ from the definition that holds."""
    versions = bench.versions
    if not versions.versions or versions.now.definition == bench.definition:
        return []
    before, now = meaning(versions.now.task), meaning(bench.task)
    changed = [aspect for aspect, digest in now.items() if before[aspect] != digest]
    lineage = versions.derive(bench.task, bench.definition)
    if "classes" not in changed and lineage.meanings != versions.now.lineage.meanings:
        changed.insert(0, "classes")
    return changed


def check_meaning(bench: Workbench, name: str = "FILE") -> None:
    """Raise DefinitionChanged where the task means something else than what was applied last."""
    if changed := changed_meaning(bench):
        raise DefinitionChanged(
            f"the task file changed its meaning since labelling began: {', '.join(changed)}",
            f"see what it would do with `labelwright plan {name}`; nothing was changed",
        )


def check_people(bench: Workbench) -> None:
    """Raise StoreError where another kind of annotators was asked before: answers that were made up must
    not pass for people's, and what was handed out in one place cannot come back from another."""
    asked = bench.store.meta("annotators")
    if asked is None and any(e.source == "simulated" for e in bench.events()):
        asked = "simulate"
    now = bench.task.annotators.source.name
    if asked in (None, now) or not bench.store.outcomes("send"):
        return
    raise StoreError(
        f"this campaign asked `{asked}` so far, and the task file says `{now}`",
        "begin another campaign with --state FOLDER; what was answered here stays here",
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
    if not bench.current(record.round):
        return Decision("running", "the definition changed: the rounds so far no longer count")
    used = spent(bench.events(bench.needed(record.round, "collect")["watermark"]))
    outcome = bench.needed(record.round, "choose")
    available = outcome["open"] - outcome["asked"]
    if not available and bench.source_changed(record.round):
        return Decision("running", "rows were appended to the data")
    measurement = judge_again(bench, record)
    settled = None
    if (rule := bench.task.budget.stop) is not None:
        before = [finished(bench.store, r) for r in range(record.round)]
        settled = stops_now(rule, [*(r for r in before if r is not None), record])
    return decide(bench.task, measurement, used, record.round + 1, available, settled)


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
