"""The lint on phases that choose no item: one is never reached, or is over before it begins.

A campaign is in the first phase whose `until` does not hold (`loop/phases.py`). What is said here is
certain from the file alone: counted labels against the budget, and conditions that imply another.
"""

from __future__ import annotations

import math

from labelwright.dsl import task as t
from labelwright.dsl.context import Context, Place
from labelwright.dsl.diagnostics import Label
from labelwright.dsl.lints.written import Written
from labelwright.dsl.printing import number
from labelwright.dsl.spending import split_of_budget
from labelwright.dsl.tree import Span

_COUNTED: tuple[Place, ...] = (
    ("budget", "annotations"),
    ("budget", "rounds"),
    ("budget", "per_round"),
    ("annotators", "overlap"),
    ("annotators", "gold"),
    ("existing_labels",),
    ("holdout", "annotations"),
)


def lint_phases(ctx: Context, draft: t.Task, written: Written) -> None:
    """Add the first phase that is never reached, and every one that is passed over."""
    phases = draft.query.phases
    if ctx.cautious or ("query",) not in ctx.places or len(written.phases) != len(phases):
        return  # one could not be read
    heads = [node.head.span | node.labels[0].span for node in written.phases]
    ends = [node.guard.span if node.guard else None for node in written.phases]
    if any(end and phase.until is None for end, phase in zip(ends, phases, strict=True)):
        return
    held: list[tuple[t.MetricTest, int]] = []
    for position, phase in enumerate(phases[:-1]):
        end = ends[position]
        if phase.until is None or end is None:
            says = (heads[position], "this phase has no `until`: it never ends")
            _unreached(
                ctx, heads[position + 1 :], *says, "write when it ends: `until labels >= 50`"
            )
            return
        if most := _never(ctx, draft, phase.until):
            says = (end, f"the budget labels {number(most)} items for training")
            _unreached(
                ctx, heads[position + 1 :], *says, "ask for fewer before it, or raise the budget"
            )
            return
        if (why := _implied(draft, phase.until, held)) is not None:
            _passed_over(ctx, heads[position], None if why < 0 else ends[why])
        held += [(test, position) for test in _tests(phase.until)]


def _unreached(ctx: Context, heads: list[Span], where: Span, why: str, hint: str) -> None:
    ctx.error(
        "L305",
        heads[0],
        "this phase is never reached",
        hint,
        labels=(Label(where, why), *(Label(span, "nor this one") for span in heads[1:])),
        warning=True,
    )


def _passed_over(ctx: Context, head: Span, before: Span | None) -> None:
    ctx.error(
        "L305",
        head,
        "this phase is over before it begins",
        "ask for more in its `until`",
        labels=(Label(before, "by then, its own `until` holds too"),) if before else (),
        notes=() if before else ("Its `until` holds from the start.",),
        warning=True,
    )


def _tests(condition: t.Condition) -> list[t.MetricTest]:
    """Tests that all hold where the condition does."""
    if isinstance(condition, t.MetricTest):
        return [condition]
    if isinstance(condition, t.And):
        return [test for part in condition.operands for test in _tests(part)]
    return []


def _never(ctx: Context, draft: t.Task, condition: t.Condition) -> int | None:
    """How many items the budget labels, where the condition holds only when it is used up."""
    match condition:
        case t.And(operands=parts):
            return next((most for p in parts if (most := _never(ctx, draft, p))), None)
        case t.Or(operands=parts):
            found = [_never(ctx, draft, p) for p in parts]
            return found[0] if all(found) else None
        case t.MetricTest(metric="labels", op=">=" | ">"):
            budget, spending = draft.budget, split_of_budget(draft)
            most = spending.training_items
            if budget.rounds is not None:
                most = min(most, budget.rounds * budget.per_round)
            if (
                draft.existing_labels is not None
                or spending.training < 0
                or not ctx.sure(*_COUNTED)
            ):
                return None
            wanted = _least(draft, condition)
            asked = math.ceil(wanted / budget.per_round) * budget.per_round
            return most if most and asked >= most else None
    return None


def _least(draft: t.Task, test: t.MetricTest) -> float:
    """How many labels there are at least where a test on labels holds."""
    value = test.value + 1 if test.op == ">" else test.value
    one_each = draft.kind == "classification" and draft.choose == "one"
    return value * (len(draft.labels) if test.of == t.EACH_CLASS and one_each else 1)


def _implied(
    draft: t.Task, condition: t.Condition, held: list[tuple[t.MetricTest, int]]
) -> int | None:
    """The phase whose `until` makes this one hold; -1 where it always holds; None where it may not."""
    match condition:
        case t.And(operands=parts):
            found = [_implied(draft, p, held) for p in parts]
            known = [f for f in found if f is not None]
            return max(known) if len(known) == len(found) else None
        case t.Or(operands=parts):
            found = [_implied(draft, p, held) for p in parts]
            return next((f for f in found if f is not None), None)
        case t.MetricTest(metric="labels", op=">=", value=0):
            return -1
        case t.MetricTest():
            return next((p for test, p in held if _follows(draft, test, condition)), None)
    return None


def _follows(draft: t.Task, known: t.MetricTest, asked: t.MetricTest) -> bool:
    """Whether a test holds wherever the known one does."""
    if known.metric != asked.metric:
        return False
    rising, falling = (">=", ">"), ("<=", "<")
    stricter = known.op == asked.op or known.op in (">", "<")
    if known.op in rising and asked.op in rising:
        if known.of == asked.of or (known.of == t.EACH_CLASS and asked.of is not None):
            return known.value >= asked.value if stricter else known.value > asked.value
        if known.metric == "labels" and asked.of is None:
            return _least(draft, known) >= _least(draft, asked)
        return False
    if known.op in falling and asked.op in falling and known.of == asked.of:
        return known.value <= asked.value if stricter else known.value < asked.value
    return False
