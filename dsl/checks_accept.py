"""Criteria that can never pass: known from the budget and the arithmetic of bounds, before any label.

Only what is certain is said: if every answer on the holdout were right, would the bound hold? A
criterion that only a perfect model would meet is a lint's matter, not an error.
"""

from __future__ import annotations

from labelwright.dsl import task as t
from labelwright.dsl.bounds import best_bound, needed, reachable
from labelwright.dsl.context import Context, Place
from labelwright.dsl.diagnostics import Label
from labelwright.dsl.looks import planned_looks, share
from labelwright.dsl.metrics import METRICS
from labelwright.dsl.printing import number
from labelwright.dsl.printing import share as percentage
from labelwright.dsl.spending import split_of_budget

MEASURED: tuple[Place, ...] = (
    ("holdout", "annotations"),
    ("annotators", "overlap"),
    ("budget", "annotations"),
    ("budget", "rounds"),
    ("budget", "per_round"),
    ("annotators", "gold"),
    ("existing_labels", "audit"),
)


def check_accept(ctx: Context, draft: t.Task) -> None:
    """Add an error for every criterion that cannot pass whatever the model does."""
    for position, criterion in enumerate(draft.accept.criteria):
        place = ("accept", str(position))
        kind = METRICS[criterion.metric].kind
        if kind == "proportion" and criterion.confidence is not None:
            _provable(ctx, draft, criterion, place)
        elif kind == "count":
            _countable(ctx, draft, criterion, place)
        elif METRICS[criterion.metric].needs == "people":
            _agreement(ctx, draft, criterion, place)


def classes_apart(draft: t.Task, criterion: t.Criterion) -> int:
    """How many classes must each have their own items: all, where an item has one class only."""
    one_each = draft.kind == "classification" and draft.choose == "one"
    return max(len(draft.labels), 1) if criterion.of == t.EACH_CLASS and one_each else 1


def best_doubt(draft: t.Task, confidence: float) -> float:
    """What the look that may doubt least leaves of 1 - confidence: no look proves more than that one."""
    planned = planned_looks(draft)
    return (1 - confidence) * share(planned, planned, last=True)


def _provable(ctx: Context, draft: t.Task, criterion: t.Criterion, place: Place) -> None:
    if not ctx.sure(*MEASURED) or (ctx.cautious and criterion.of == t.EACH_CLASS):
        return
    assert criterion.confidence is not None
    alpha = best_doubt(draft, criterion.confidence)
    sure = f"at {percentage(criterion.confidence)} confidence"
    least = needed(criterion.value, alpha)
    if least is None:
        ctx.error(
            "E301",
            ctx.places[place],
            "this criterion can never pass",
            f"{sure} nothing proves 100%",
            notes=("However many answers are right, the next one may be wrong.",),
            help=f"`>= 99%` needs at least {number(needed(0.99, alpha) or 0)} items.",
        )
        return
    items = split_of_budget(draft).holdout_items
    apart = classes_apart(draft, criterion)
    if items >= least * apart:
        return
    of_class = "" if criterion.of in (None, t.EACH_CLASS) else f" of {criterion.of}"
    whole = f" of each class, {number(least * apart)} in all" if apart > 1 else of_class
    each = max(items // apart, 0)
    notes: tuple[str, ...] = ()
    if each:
        bound = best_bound(each, alpha)
        digits = next((d for d in range(1, 6) if round(bound * 100, d) < criterion.value * 100), 6)
        per_class = " of a class" if apart > 1 else ""
        notes = (
            *looked(draft),
            f"{each} right out of {each}{per_class} still leaves a lower bound of {bound * 100:.{digits}f}%.",
        )
    if ("holdout", "annotations") not in ctx.places:
        given = number(draft.holdout.annotations)
        notes = (*notes, f"The holdout gets {given} annotations, unless it says otherwise.")
    example = reachable(criterion.value, alpha)
    per = " of each class" if apart > 1 else of_class
    ctx.error(
        "E301",
        ctx.places[place],
        "this criterion can never pass",
        f"{sure} needs at least {number(least)} items{whole}",
        labels=holdout_label(ctx, draft, items),
        notes=notes,
        help=f"with {number(example[0])} items{per}, {number(example[1])} right would pass."
        if example
        else "",
    )


def looked(draft: t.Task) -> tuple[str, ...]:
    """Why more is needed than by a single look: a note, or none."""
    planned = planned_looks(draft)
    if planned == 1:
        return ()
    return (f"The bound must hold at each of {number(planned)} looks at the holdout, one a round.",)


def holdout_label(ctx: Context, draft: t.Task, items: int) -> tuple[Label, ...]:
    """What the annotations of the holdout come to, where the file states them."""
    overlap = draft.annotators.overlap
    people = "1 person" if overlap == 1 else f"{overlap} people"
    text = f"{people} an item: {number(items)} items to measure on"
    place = ("holdout", "annotations")
    return (Label(ctx.places[place], text),) if place in ctx.places else ()


def _countable(ctx: Context, draft: t.Task, criterion: t.Criterion, place: Place) -> None:
    rounds = (("budget", "rounds"), ("budget", "per_round"))
    if not ctx.sure(*MEASURED, *rounds) or ctx.cautious or draft.existing_labels:
        return
    spending = split_of_budget(draft)
    training = spending.training_items
    if draft.budget.rounds is not None:
        training = min(training, draft.budget.rounds * draft.budget.per_round)
    most = training + spending.holdout_items
    apart = classes_apart(draft, criterion)
    if criterion.value * apart <= most or spending.training < 0:
        return
    whole = f" in all: {number(criterion.value * apart)}" if apart > 1 else ""
    where = next(
        (p for p in (("budget", "annotations"), ("budget", "rounds")) if p in ctx.places), None
    )
    ctx.error(
        "E301",
        ctx.places[place],
        "this criterion can never pass",
        f"the budget labels at most {number(most)} items",
        labels=(Label(ctx.places[where], f"enough for {number(most)} items"),) if where else (),
        notes=(f"{number(criterion.value)} items of each class are{whole}.",) if apart > 1 else (),
        help="raise the budget, or ask for fewer.",
    )


def _agreement(ctx: Context, draft: t.Task, criterion: t.Criterion, place: Place) -> None:
    overlap: Place = ("annotators", "overlap")
    if draft.annotators.overlap > 1 or not ctx.sure(overlap):
        return
    label = (Label(ctx.places[overlap], "one person an item"),) if overlap in ctx.places else ()
    ctx.error(
        "L301",
        ctx.places[place],
        f"`{criterion.metric}` compares people, but one judges each item",
        "write `overlap = 2` in `annotators`",
        labels=label,
        warning=True,
    )
