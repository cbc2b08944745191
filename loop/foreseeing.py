"""What the next run would ask, worked out by the steps that it would take, in a store to throw away."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from labelwright.dsl.task import Budget
from labelwright.loop.engine import enter, finished, last_round, standing
from labelwright.loop.steps import STEPS
from labelwright.loop.store import Choice
from labelwright.loop.workbench import Workbench


@dataclass(frozen=True)
class Foreseen:
    """A round's choice before it is made. outcome: of its step `choose`; notes: what stands in its way."""

    round: int
    outcome: dict[str, Any]
    choices: list[Choice]
    notes: tuple[str, ...] = ()


def foresee(bench: Workbench, text: str, name: str, n: int | None = None) -> Foreseen:
    """The next batch of a campaign; the bench's store is written to, and must not be the campaign's own.

    text, name: of the task file. n: how many items, whatever the budget says; default as many as a run
    would ask. Raises what a run would raise before it asks anybody.
    """
    store = bench.store
    enter(bench, text, name)
    begun = last_round(store)
    record = finished(store, begun) if begun >= 0 else None
    out = record is None and begun >= 0 and store.outcome(begun, "send") is not None
    notes: tuple[str, ...] = ()
    if out:
        notes = (
            f"round {begun} is being answered: this is what would follow by the labels so far",
        )
    elif record is not None and (decision := standing(bench, record)).ending != "running":
        notes = (f"a run would ask nothing more: {decision.reason}",)
    round_ = begun + 1 if out or record is not None else max(0, begun)
    if n is not None:
        bench.task = bench.task.model_copy(
            update={"budget": Budget(annotations=10**9, per_round=n)}
        )
    for step in STEPS:
        if step.name == "send":
            break
        if store.outcome(round_, step.name) is None:
            outcome = step.do(bench, round_)
            assert outcome is not None  # nobody is waited for before something is sent
            with store.writing():
                store.add_choices(outcome.choices)
                store.record_step(round_, step.name, outcome.values, 0.0)
    return Foreseen(round_, bench.needed(round_, "choose"), store.choices(round_), notes)
