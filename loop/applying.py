"""Applying a plan: all of it in one transaction, or nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from labelwright.loop.collecting import collect, pull, take_all
from labelwright.loop.engine import come_into_force, last_round, under_way
from labelwright.loop.errors import PlanOutdated
from labelwright.loop.planning import Plan, items_then, make_plan, readings

if TYPE_CHECKING:
    from labelwright.loop.store import Store
    from labelwright.loop.workbench import Workbench

AFTER_COLLECT = ("resolve", "learn", "pseudo_label", "measure")
BEFORE_CHOOSE = ("split", "pretrain", "embed")


def apply_plan(
    bench: Workbench,
    plan: Plan,
    text: str,
    drift: tuple[str, ...] = (),
    *,
    applied: Workbench | None = None,
) -> None:
    """Bring the bench's definition into force, exactly as the plan says. The caller holds the lock.

    The plan is made again within the transaction; where it would do anything else than the one given,
    nothing is done. What has to follow where people answer is written down in it too, and done after it
    (`finish`). text: of the task file. applied: the same campaign under the definition that holds, by
    which answers are read that came in this very moment. Raises PlanOutdated with the reason.
    """
    if last_round(bench.store) >= 0:
        items_then(bench)  # the data are read outside of the transaction
    with bench.store.writing():
        if applied is not None:
            take_all(applied)
        now = make_plan(bench, drift)
        if now != plan:
            raise PlanOutdated(f"the plan no longer fits: {why_not(plan, now)}", _REMEDY)
        stage = getattr(bench.annotators, "stage", None)
        if plan.breaks and under_way(bench.store):
            _take_back(bench)
        old = bench.versions.now.task
        come_into_force(bench, text, "plan", breaks=plan.breaks)
        if stage is not None:
            stage(old, readings(bench, bench.translation), drift)
    finish(bench)


def finish(bench: Workbench) -> int:
    """Do where people answer what applied plans left to be done; how many things it was."""
    do = getattr(bench.annotators, "finish", None)
    return 0 if do is None else int(do())


def drift(bench: Workbench) -> tuple[str, ...]:
    """What others changed where people answer; asks there."""
    ask = getattr(bench.annotators, "drift", None)
    return () if ask is None else tuple(ask())


_REMEDY = "nothing was changed; make a new one with `labelwright plan`"


def _take_back(bench: Workbench) -> None:
    """Let the round under way work out again what follows from its answers, or begin it anew."""
    begun = last_round(bench.store)
    chosen = bench.store.outcome(begun, "choose") is not None
    bench.store.forget_steps(begun, AFTER_COLLECT if chosen else BEFORE_CHOOSE)


def why_not(plan: Plan, now: Plan) -> str:
    """In what a plan differs from what would be done now."""
    if plan.task != now.task:
        return f"it is of task {plan.task}"
    if plan.base != now.base and not now.changes and plan.definition == now.definition:
        return f"it was applied already: definition {now.base} holds"
    if plan.base != now.base:
        return (
            f"definition {now.base} was applied since, and it was made for definition {plan.base}"
        )
    if plan.definition != now.definition:
        return "the task file changed since"
    if plan.event != now.event:
        came = now.event - plan.event
        return f"{came:,} annotations came in since" if came != 1 else "1 annotation came in since"
    if plan.data != now.data:
        return "the data changed since"
    if plan.elsewhere != now.elsewhere and now.elsewhere is not None:
        return f"something changed since at {now.elsewhere.where}"
    names = [n for n in Plan.model_fields if getattr(plan, n) != getattr(now, n)]
    return f"what it would do is not what it says ({', '.join(names)})"


def answers_awaited(store: Store) -> bool:
    """Whether a batch was sent whose answers are not all in."""
    begun = last_round(store)
    sent = under_way(store) and store.outcome(begun, "send") is not None
    return sent and store.outcome(begun, "collect") is None


def catch_up(bench: Workbench) -> int:
    """Store what was answered in the round under way, and return how many answers were new.

    The bench is of the definition that holds: what people have seen so far. Called before a plan is made or
    applied, with the lock held, so that no answer is taken for one to another question.
    """
    store, begun = bench.store, last_round(bench.store)
    before = store.last_event()
    if not answers_awaited(store):
        pull(bench)
        return store.last_event() - before
    outcome = collect(bench, begun)
    if outcome is not None:
        store.record_step(begun, "collect", outcome, 0.0)
    return store.last_event() - before
