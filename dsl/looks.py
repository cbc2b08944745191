"""How a criterion's doubt is divided over the rounds of a campaign: every round looks at the holdout.

"With 95% confidence" leaves a doubt of 5% for the whole campaign. Each look spends a part of it, fixed before
the first look by the number of rounds that the budget allows, and the parts sum to no more than the whole:
then the bounds of all looks hold at once, whatever models were measured (Bonferroni; parts that grow with
the look, as in Lan and DeMets 1983). Half is for the look that the budget ends with, and some is kept back
for looks beyond the plan, where a budget is raised.
"""

from __future__ import annotations

from labelwright.dsl.spending import split_of_budget
from labelwright.dsl.task import Task

KEPT_BACK = 0.1
"""Share of the doubt for looks beyond the plan."""
FOR_THE_LAST = 0.5
"""Share of the rest for the look with which the budget ends, beside what earlier looks left."""


def share(look: int, planned: int, *, last: bool = False) -> float:
    """The part of the doubt that look number `look` (from 1) may spend, of `planned` looks.

    last: the budget ends with it. It takes what the looks before it, none of them last, left of the plan.
    """
    along = (1 - KEPT_BACK) * (1 - FOR_THE_LAST)
    if last:
        before = min(look - 1, planned)
        return 1 - KEPT_BACK - along * before * (before + 1) / (planned * (planned + 1))
    if look <= planned:
        return along * 2 * look / (planned * (planned + 1))
    return beyond(look - planned)


def beyond(look: int) -> float:
    """The part of look number `look` (from 1) of those beyond the plan."""
    return KEPT_BACK / (look * (look + 1))


def planned_looks(task: Task, items: int | None = None) -> int:
    """How many rounds the budget allows, at least 1. items: in the pool, where that is known."""
    budget = task.budget
    spending = split_of_budget(task)
    training = max(0, spending.training)
    if budget.price is not None and budget.money is not None and budget.price.amount > 0:
        affordable = int((budget.money.amount + 1e-9) / budget.price.amount)
        training = min(training, max(0, affordable - spending.holdout))
    asked = training // task.annotators.overlap
    if items is not None:
        asked = min(asked, items)
    rounds = -(-asked // max(1, budget.per_round))
    return max(1, rounds if budget.rounds is None else min(rounds, budget.rounds))
