"""Whether what a file says makes sense as a whole: the parts beside each other, without data.

Money and people here; criteria that cannot be met in `checks_accept.py`, classes and constraints in
`checks_classes.py`. A check speaks only of places that were read as they stand (`Context.sure`).
"""

from __future__ import annotations

from labelwright.dsl import task as t
from labelwright.dsl.checks_accept import check_accept
from labelwright.dsl.checks_classes import check_classes
from labelwright.dsl.checks_rules import check_rules
from labelwright.dsl.checks_train import check_train
from labelwright.dsl.context import Context, Place
from labelwright.dsl.diagnostics import Label
from labelwright.dsl.printing import money, number
from labelwright.dsl.spending import split_of_budget

_ANNOTATIONS: Place = ("budget", "annotations")
_HOLDOUT: Place = ("holdout", "annotations")
_SPENT: tuple[Place, ...] = (
    _ANNOTATIONS,
    _HOLDOUT,
    ("annotators", "overlap"),
    ("annotators", "gold"),
    ("existing_labels", "audit"),
)


def check(ctx: Context, draft: t.Task) -> None:
    """Add every contradiction in a draft; parts that were broken are left out of it."""
    check_classes(ctx, draft)
    check_rules(ctx, draft)
    _money(ctx, draft.budget)
    _spending(ctx, draft)
    _people(ctx, draft.annotators)
    check_train(ctx, draft)
    check_accept(ctx, draft)


def labels(ctx: Context, *said: tuple[Place, str]) -> tuple[Label, ...]:
    """A label for each of these places that the file states."""
    return tuple(Label(ctx.places[place], text) for place, text in said if place in ctx.places)


def _money(ctx: Context, budget: t.Budget) -> None:
    price_place, money_place = ("budget", "price"), ("budget", "money")
    if budget.price is None or budget.money is None:
        return
    if not ctx.sure(price_place, money_place):
        return
    price, purse = budget.price, budget.money
    if price.currency != purse.currency:
        ctx.error(
            "E309",
            ctx.places[price_place],
            f"the price is in {price.currency}, the money in {purse.currency}",
            "write both in one currency",
            labels=labels(ctx, (money_place, purse.currency)),
        )
        return
    cost = price.amount * budget.annotations
    if cost <= purse.amount * (1 + 1e-9) or not ctx.sure(_ANNOTATIONS):
        return
    affordable = int(purse.amount / price.amount + 1e-9)
    count = number(budget.annotations)
    ctx.error(
        "E302",
        ctx.places.get(_ANNOTATIONS, ctx.places[money_place]),
        "these annotations cost more than the money there is",
        f"at most {number(affordable)} fit",
        labels=labels(
            ctx,
            (money_place, "what there is"),
            (price_place, f"{count} of these cost {money(round(cost, 2))} {price.currency}"),
        ),
        help=f"write `annotations = {number(affordable)}`, or more money." if affordable else "",
    )


def _spending(ctx: Context, draft: t.Task) -> None:
    spending = split_of_budget(draft)
    if spending.training >= 0 or not ctx.sure(*_SPENT):
        return
    elsewhere = [
        (_HOLDOUT, spending.holdout, "the holdout"),
        (("annotators", "gold"), spending.gold, "gold"),
        (("existing_labels", "audit"), spending.audit, "the audit"),
    ]
    parts = [f"{number(n)} on {name}" for _, n, name in elsewhere if n]
    given = [place for place, n, _ in elsewhere if n and place in ctx.places]
    total = number(draft.budget.annotations)
    ctx.error(
        "E303",
        ctx.places[given[0]] if given else ctx.places[_ANNOTATIONS],
        "this spends more annotations than the budget has",
        f"the budget has {total} in all",
        labels=labels(
            ctx,
            (_ANNOTATIONS, "all that may be spent"),
            *((place, "these count too") for place in given[1:]),
        ),
        notes=(f"{', '.join(parts)}: nothing is left to train on.",),
    )


def _people(ctx: Context, annotators: t.Annotators) -> None:
    place: Place = ("annotators", "overlap")
    if not ctx.sure(("annotators", "from"), place):
        return
    people = _how_many(ctx, annotators.source)
    if people is None or annotators.overlap <= people:
        return
    there = "is 1 person" if people == 1 else f"are {people} people"
    ctx.error(
        "E304",
        ctx.places[place],
        f"each item is to be judged by {annotators.overlap} people, but there {there}",
        f"at most {people}",
        labels=labels(ctx, (("annotators", "from"), f"there {there}")),
    )


def _how_many(ctx: Context, source: t.Call) -> int | None:
    """How many annotators a source has, where its arguments or their defaults say so."""
    signature = ctx.catalogue.find("annotate", source.name)
    if signature is None:
        return None
    positions = [p.name for p in signature.parameters if p.positional and not p.variadic]
    people = next((p.default for p in signature.parameters if p.name == "people"), None)
    for position, argument in enumerate(source.args):
        name = argument.name or (positions[position] if position < len(positions) else None)
        if name == "people":
            people = argument.value
    return people if isinstance(people, int) and not isinstance(people, bool) else None
