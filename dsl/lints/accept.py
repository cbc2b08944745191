"""Lints on what `accept` asks for, and on evidence that is too thin to carry it."""

from __future__ import annotations

from labelwright.dsl import task as t
from labelwright.dsl.bounds import best_bound, errors_allowed, needed, reachable
from labelwright.dsl.checks_accept import MEASURED, best_doubt, classes_apart, holdout_label, looked
from labelwright.dsl.context import Context, Place
from labelwright.dsl.diagnostics import Label
from labelwright.dsl.lints.written import Written
from labelwright.dsl.metrics import METRICS
from labelwright.dsl.printing import number, percent, share
from labelwright.dsl.spending import split_of_budget

_FEWEST_GOLD = 20
_CONFIDENCE = 0.95


def lint_accept(ctx: Context, draft: t.Task, written: Written) -> None:
    """Add criteria that only a perfect score passes, and a verdict that rests on no interval."""
    for position, criterion in enumerate(draft.accept.criteria):
        if METRICS[criterion.metric].kind == "proportion" and criterion.confidence is not None:
            _perfect(ctx, draft, criterion, ("accept", str(position)))
    if len(draft.accept.criteria) == written.criteria:  # all could be read
        _no_interval(ctx, draft)


def _perfect(ctx: Context, draft: t.Task, criterion: t.Criterion, place: Place) -> None:
    if not ctx.sure(*MEASURED) or (ctx.cautious and criterion.of == t.EACH_CLASS):
        return
    assert criterion.confidence is not None
    alpha = best_doubt(draft, criterion.confidence)
    items = split_of_budget(draft).holdout_items // classes_apart(draft, criterion)
    least = needed(criterion.value, alpha)
    if least is None or items < least or errors_allowed(items, criterion.value, alpha):
        return  # an error has said so, or there is room for a mistake
    one = criterion.of if criterion.of not in (None, t.EACH_CLASS) else ""
    per = " of each class" if criterion.of == t.EACH_CLASS else f" of {one}" if one else ""
    example = reachable(criterion.value, alpha)
    ctx.error(
        "L303",
        ctx.places[place],
        "only a perfect score passes this criterion",
        f"were all {number(items)} items {one}, not one might be wrong"
        if one
        else f"of {number(items)} items{per}, not one may be wrong",
        labels=holdout_label(ctx, draft, split_of_budget(draft).holdout_items),
        notes=(f"It must hold at {share(criterion.confidence)} confidence.", *looked(draft)),
        help=f"with {number(example[0])} items{per}, {number(example[1])} right would pass."
        if example
        else "",
        warning=True,
    )


def _no_interval(ctx: Context, draft: t.Task) -> None:
    """Criteria that are all point estimates; where one asks for confidence, its author knows of it."""
    if ctx.cautious or not ctx.sure(("accept", "confidence")):
        return
    estimated = [
        ("accept", str(position))
        for position, criterion in enumerate(draft.accept.criteria)
        if METRICS[criterion.metric].kind != "count" and METRICS[criterion.metric].needs != "people"
    ]
    if not estimated or any(c.confidence is not None for c in draft.accept.criteria):
        return
    first, *others = (ctx.places[place] for place in estimated)
    ctx.error(
        "L304",
        first,
        "this passes by an estimate, however few items it rests on",
        "write `with 95% confidence` after it",
        labels=tuple(Label(span, "and this") for span in others),
        notes=("With 20 items, a model that is right 80% of the time gets 90% one time in five.",),
        help="`confidence = 95%` at the top of `accept` says it for all criteria."
        if others
        else "",
        warning=True,
    )


def lint_evidence(ctx: Context, draft: t.Task) -> None:
    """Add gold that tells little about a person, and a figure that rests on one seed."""
    _gold(ctx, draft)
    _seed(ctx, draft)


def _gold(ctx: Context, draft: t.Task) -> None:
    place: Place = ("annotators", "gold")
    gold = draft.annotators.gold
    if place not in ctx.places or not ctx.sure(place):
        return
    if gold is None or gold.items is None or gold.items >= _FEWEST_GOLD:
        return
    bound = percent(round(best_bound(gold.items, 1 - _CONFIDENCE) * 100))
    all_right = f"All {gold.items} right" if gold.items > 1 else "One right"
    ctx.error(
        "L306",
        ctx.places[place],
        "so few gold items tell little about a person",
        f"write `{_FEWEST_GOLD} items` or more",
        notes=(f"{all_right} only shows, at 95% confidence, that a person gets {bound} right.",),
        warning=True,
    )


def _seed(ctx: Context, draft: t.Task) -> None:
    place: Place = ("train", "seeds")
    if place in ctx.places and ctx.sure(place) and len(draft.train.seeds) == 1:
        only = draft.train.seeds[0]
        ctx.error(
            "L307",
            ctx.places[place],
            "one seed cannot show how much is chance",
            f"write for example `[{only}, {only + 1}, {only + 2}]`",
            notes=("Trained again with another seed, the same labels give other figures.",),
            warning=True,
        )
